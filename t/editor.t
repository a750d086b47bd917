# The editor's pages on the editor's API (CONTRACT.md 5): what they ask, in
# their order, with their forms of times and bodies, and each field of an
# answer that they read, with the type that they count on.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

use Wub::Api;
use Wub::Browser;
use Wub::Editor qw(edit_event edit_json json_false json_true PNG_BASE64);
use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;
use Wub::Tokens;

my $json = JSON::PP->new->utf8->allow_nonref;
my $browser = Wub::Browser->new;
my $api = Wub::Api->new;
my $tokens = Wub::Tokens->new->rsa('k');
my $store = Wub::Store->new;

$store->run('desertbus', $_, '2024-02-29T22:58:00', 2, 600)
    for 'source', '480p';

my $root = $store->write;
my $keys = Wub::Nginx::temp_dir('keys') . '/keys.json';
my $other = Wub::Nginx::free_port();

open my $out, '>', $keys or die "$keys: $!\n";
print $out $tokens->set('k');
close $out;

my $settings = <<'END';
            client_max_body_size 20m;
            wubloader_default_channel desertbus;
            wubloader_bustime_start 2024-02-28T00:00:00;
            wubloader_title_header DB;
            wubloader_description_footer "Desert Bus\n- for hope";
            wubloader_upload_locations youtube archive;
END

# the second server is another origin, and asks who writes
my $auth = $api->location(config => <<"END");
            $settings
            wubloader_auth_keys file:$keys;
            wubloader_auth_clients client;
END

my $nginx = Wub::Nginx->new(
    config => $api->location(config => "$settings wubloader_auth off;")
        . <<"END",
        wubloader_root $root;
        location /playlist { wubloader playlist; }
        location /segments { wubloader segments; }
        location = /page { default_type text/html; return 200 "<title>"; }
END
    http_config => <<"END",
    server {
        listen 127.0.0.1:$other;
$auth
    }
END
);

is($nginx->start, '', 'nginx starts');

my $port = $nginx->port;
my @json_headers = ('Accept: application/json',
                    'Content-Type: application/json');


# ---- a page

# fetch(): the answer, with ok as a page sees it
sub fetch {
    my ($method, $path, $body, %opt) = @_;

    my $res = http_request($opt{port} // $port, $method, $path,
        headers => $opt{headers} // ($method eq 'POST' ? \@json_headers : []),
        defined $body ? (body => ref $body ? edit_json($body) : $body) : ());

    $res->{ok} = ($res->{status} // 0) =~ /^2/ ? 1 : 0;
    return $res;
}


# what GET answers, which has to be JSON
sub load {
    my ($path, %opt) = @_;

    my $res = fetch('GET', $path, undef, %opt);

    is($res->{status}, 200, "GET $path") or diag($res->{body});
    is($res->{headers}{'content-type'}[0], 'application/json',
       "GET $path is JSON");

    return eval { $json->decode($res->{body}) };
}


# The body that the page posts of a row that it loaded: everything that it
# does not show goes back as it came.  %form: what the person changed.
sub form {
    my ($row, $state, %form) = @_;

    my %body = (
        video_ranges => $row->{video_ranges}
            || [['2024-02-29T23:00:00.000', '2024-02-29T23:05:00.500']],
        video_transitions  => $row->{video_transitions} || [],
        video_title        => $row->{video_title} // '',
        video_description  => $row->{video_description}
                              // $row->{description},
        video_tags         => $row->{video_tags}
                              // [ split /,/, join(',',
                                   @{ $row->{tags} }), -1 ],
        allow_holes        => $row->{allow_holes},
        upload_location    => $row->{upload_locations}[0],
        public             => $row->{public},
        video_channel      => $row->{video_channel},
        video_quality      => $row->{video_quality},
        uploader_whitelist => $row->{uploader_whitelist},
        state              => $state,
        thumbnail_mode     => 'TEMPLATE',
        thumbnail_template => $row->{thumbnail_template},
        thumbnail_crop     => [182, 0, 1738, 824],
        thumbnail_location => [45, 45, 1235, 675],
        thumbnail_time     => '2024-02-29T23:05:00.000',
        thumbnail_image    => undef,
        map({ $_ => $row->{$_} } qw(sheet_name event_start event_end
            category description notes tags)),
        %form,
    );

    return \%body;
}


# what the page shows after a submit
sub shown {
    my ($res, $state) = @_;

    return { EDITED => 'Submitted edit', UNEDITED => 'Saved draft',
             MODIFIED => 'Submitted changes' }->{$state} if $res->{ok};
    return "409: $res->{body}" if $res->{status} == 409;
    return 'Unauthorized. Did you remember to sign in?'
        if $res->{status} == 401;
    return "$res->{reason}: $res->{body}";
}


# posts a form and checks what is shown
sub submit {
    my ($name, $row, $state, $want, %form) = @_;

    my $res = fetch('POST', "/thrimshim/$row->{id}",
                    form($row, $state, %form));
    my $shown = shown($res, $state);

    ref $want ? like($shown, $want, $name) : is($shown, $want, $name);
    return $res;
}


# a button that shows what went wrong, or that it went well
sub press {
    my ($name, $path, $body, $want) = @_;

    my $res = fetch('POST', "/thrimshim/$path", $body);

    is($res->{ok} ? 'ok' : "$res->{reason}: $res->{body}", $want, $name);
    return $res;
}


# columns of the database: texts that are compared as JSON
sub kept {
    my ($name, $id, %want) = @_;

    my $row = $api->row($id);

    is(edit_json($row->{$_}), edit_json($want{$_}), "$name: $_")
        for sort keys %want;

    return;
}


sub same {
    my ($name, $got, %want) = @_;

    is(edit_json($got->{$_}), edit_json($want{$_}), "$name: $_")
        for sort keys %want;

    return;
}


# ---- types

my $text = qr/"(?:[^"\\]|\\.)*"/;
my $time = qr/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?"/;
my $bool = qr/true|false/;
my $texts = qr/\[(?:$text(?:,$text)*)?\]/;
my $box = qr/\[-?\d+(?:,-?\d+){3}\]/;

# what scripts read of a row; null where it is said
my %types = (
    id => $text, sheet_name => $text, category => $text,
    description => $text, notes => $text, state => $text, tags => $texts,
    event_start => qr/$time|null/, event_end => qr/$time|null/,
    submitter_winner => $text, poster_moment => $bool,
    image_links => $texts, allow_holes => $bool, public => $bool,
    uploader_whitelist => qr/$texts|null/,
    upload_location => qr/$text|null/,
    video_ranges => qr/null|\[(?:\[(?:$time|null),(?:$time|null)\],?)+\]/,
    video_transitions => qr/null|\[(?:(?:\[$text,[\d.]+\]|null),?)*\]/,
    video_title => qr/$text|null/, video_description => qr/$text|null/,
    video_tags => qr/$texts|null/, video_channel => $text,
    video_quality => $text, thumbnail_mode => qr/"[A-Z]+"/,
    thumbnail_time => qr/$time|null/, thumbnail_template => qr/$text|null/,
    thumbnail_image => qr{"[A-Za-z0-9+/]+=*"|null},
    thumbnail_last_written => qr/$text|null/,
    thumbnail_crop => qr/$box|null/, thumbnail_location => qr/$box|null/,
    map({ $_ => qr/$text|null/ } qw(uploader error video_id video_link
        editor)),
    map({ $_ => qr/$time|null/ } qw(edit_time upload_time last_modified)),
    title_prefix => $text, title_max_length => qr/\d+/,
    bustime_start => $text, upload_locations => $texts,
);


sub typed {
    my ($name, $row, %types) = @_;

    my @wrong = grep { !exists $row->{$_}
                       || edit_json($row->{$_}) !~ /\A(?:$types{$_})\z/ }
        sort keys %types;

    is(join(', ', map { "$_ " . edit_json($row->{$_}) } @wrong), '',
       "$name: each field is there, of its type");
    return;
}


# opens edit.html?id=ID
sub open_page {
    my ($name, $id) = @_;

    my $row = load("/thrimshim/$id");

    typed($name, $row, %types);
    return $row;
}


# ---- index.html, and what edit.html loads beside the row

my $defaults = load('/thrimshim/defaults');

typed('defaults', $defaults, map { $_ => $types{$_} } qw(video_channel
    bustime_start title_prefix title_max_length upload_locations));
same('defaults', $defaults, video_channel => 'desertbus',
     bustime_start => '2024-02-28T00:00:00', title_prefix => 'DB - ',
     upload_locations => ['youtube', 'archive']);

my $transitions = load('/thrimshim/transitions');

cmp_ok(scalar @$transitions, '>=', 60, 'there are transitions');
typed("transition $_->{name}", $_, name => qr/"[a-z]+"/,
      description => qr/"[^"\\]{10,}"/) for @$transitions;
is_deeply(load('/thrimshim/templates'), [], 'no templates yet');


# ---- templates: thumbnail_manager.html

my %picture = (
    name => "night watch \xc3\xa9", image => PNG_BASE64,
    description => "two\nlines", attribution => 'Art by Ann',
    crop => [182, 0, 1738, 824], location => [45, 45, 1235, 675],
);
my $encoded = 'night%20watch%20%C3%A9';

utf8::decode($picture{name});
press('a template', 'add-template', \%picture, 'ok');
press('twice', 'add-template', \%picture, "Bad Request: Template with name "
    . "night watch \xc3\xa9 already exists\n");
press('which is no picture', 'add-template', { %picture, name => 'x',
    image => encode_base64('GIF89a and more', '') },
    "Bad Request: Template image must be a PNG\n");
press('a field that is not filled in', 'add-template',
    { %picture, name => 'x', crop => [undef, 0, 1, 1] },
    "Bad Request: Template crop must hold whole numbers from 0 to 16384\n");
press('a second template', 'add-template',
    { %picture, name => 'zeta', attribution => '', description => '' },
    'ok');

my $list = load('/thrimshim/templates');

is_deeply([ map { $_->{name} } @$list ], [$picture{name}, 'zeta'],
          'templates by name');
typed("template $_->{name}", $_, name => $text, description => $text,
      attribution => $text, crop => $box, location => $box) for @$list;

my $image = fetch('GET', "/thrimshim/template/$encoded.png");

is($image->{headers}{'content-type'}[0], 'image/png', 'its picture');
is($image->{body}, decode_base64(PNG_BASE64), 'is what was sent');

my %renamed = (%picture, name => 'night', crop => [0, 0, 10, 10]);

delete $renamed{image};
press('another name and crop, the same picture',
      "update-template/$encoded", \%renamed, 'ok');
press('which is not there', "update-template/$encoded", \%renamed,
      "Bad Request: Template with name night watch \xc3\xa9 does not "
      . "exist\n");
press('into a name that is taken', 'update-template/night',
      { %renamed, name => 'zeta' },
      "Bad Request: A template of that name already exists\n");
is(fetch('GET', '/thrimshim/template/night.png')->{body},
   decode_base64(PNG_BASE64), 'the picture is still there');
same('renamed', load('/thrimshim/template-metadata/night'),
     name => 'night', crop => [0, 0, 10, 10], attribution => 'Art by Ann');


# ---- a row is opened, and played

$api->insert('playlists', id => 1, name => 'All of it', tags => [],
    playlist_id => 'PL-all', show_in_description => 't',
    default_template => 'zeta');
$api->event('new', tags => ['Music', 'RDP'], notes => "see <this>\n& that",
            description => "Ann \xe2\x99\xa5 the bus");

my $row = open_page('a new row', 'new');

same('a new row', $row, state => 'UNEDITED', video_channel => 'desertbus',
     title_prefix => 'DB - ', title_max_length => 95, video_ranges => undef,
     video_title => undef, video_description => undef, video_tags => undef,
     thumbnail_template => 'zeta', thumbnail_mode => 'TEMPLATE',
     thumbnail_time => '2024-02-29T23:05:00', tags => ['Music', 'RDP'],
     event_end => '2024-02-29T23:10:00', allow_holes => json_false,
     public => json_true, thumbnail_crop => undef);
is($row->{notes}, "see <this>\n& that", 'its notes');

# a minute before the event's start to two after its end
my $query = 'start=2024-02-29T22%3A59%3A00.000&end='
    . '2024-02-29T23%3A12%3A00.000';
my $master = fetch('GET', "/playlist/$row->{video_channel}.m3u8?$query");

is($master->{status}, 200, 'its master playlist');
is_deeply([ sort $master->{body} =~ /STREAM-INF:.*NAME="([^"]+)"/g ],
          ['480p', 'source'], 'has names of qualities');

my ($media) = grep { m{/source\.m3u8} } split /\n/, $master->{body};
my $fragments = fetch('GET', $media);

is($fragments->{status}, 200, 'its media playlist');
is(() = $fragments->{body} =~ /^#EXT-X-PROGRAM-DATE-TIME:/mg,
   () = $fragments->{body} =~ /^#EXTINF:/mg, 'each fragment has its time');
like($fragments->{body}, qr/PROGRAM-DATE-TIME:2024-02-29T23:10:00\.000000Z/,
     'the end of the event is in it');


# ---- a draft, which is found again as it was left

my %draft = (
    video_ranges => [['2024-02-29T23:00:01.250', '2024-02-29T23:02:00.000'],
                     ['2024-02-29T23:04:00.000', undef]],
    video_transitions => [['fade', 1.5]], video_title => '',
    video_description => "What it is\n==========\n00:00 - first - of all",
    video_tags => [''], public => json_false, allow_holes => json_true,
    upload_location => 'archive', uploader_whitelist => ['node1', 'node2'],
    thumbnail_mode => 'BARE', thumbnail_template => undef,
    thumbnail_crop => undef, thumbnail_location => undef,
    thumbnail_time => '2024-02-29T23:01:00.033',
);

submit('a draft', $row, 'UNEDITED', 'Saved draft', %draft);
$row = open_page('the draft', 'new');
same('the draft', $row, %draft, state => 'UNEDITED', error => undef,
     video_ranges => [['2024-02-29T23:00:01.250000', '2024-02-29T23:02:00'],
                      ['2024-02-29T23:04:00', undef]],
     thumbnail_time => '2024-02-29T23:01:00.033000',
     thumbnail_template => 'zeta');
submit('the draft is no edit yet', $row, 'EDITED', "Bad Request: Range 2 has "
    . "no end: only a draft may leave it open\n", video_title => 'T');

# the newer page posts a range that nobody filled in, cuts by their empty
# name, and dates as JavaScript has them
submit('a draft with a new range', $row, 'UNEDITED', 'Saved draft',
    video_ranges => [['2024-02-29T23:00:01.250', '2024-02-29T23:02:00.000'],
                     [undef, undef]],
    video_transitions => [['', 0]], override_changes => json_false,
    thumbnail_time => '2024-02-29T23:01:00.033Z');
$row = open_page('the draft with a new range', 'new');
same('the draft with a new range', $row,
     video_ranges => [['2024-02-29T23:00:01.250000', '2024-02-29T23:02:00'],
                      [undef, undef]], video_transitions => [undef],
     thumbnail_time => '2024-02-29T23:01:00.033000');
submit('which has to be filled in', $row, 'EDITED', "Bad Request: Range 2 "
    . "has no start: only a draft may leave it open\n", video_title => 'T');


# ---- an edit

my %edit = (
    video_ranges => [['2024-02-29T23:00:01.250', '2024-02-29T23:02:00.000'],
                     ['2024-02-29T23:04:00.000', '2024-02-29T23:05:00.000'],
                     ['2024-02-29T23:06:00.000', '2024-02-29T23:06:30.000']],
    video_transitions => [undef, ['clockwipe', 0.5]],
    video_title => 'The bus', video_description => 'All about it',
    video_tags => ['bus', 'hope'], thumbnail_template => 'night',
    thumbnail_mode => 'TEMPLATE', thumbnail_crop => [0, 0, 10, 10],
    thumbnail_location => [1, 2, 30, 40], allow_holes => json_false,
);

my $res = submit('an edit', $row, 'EDITED', 'Submitted edit', %edit);

is_deeply([ sort keys %{ $json->decode($res->{body}) } ], ['warnings'],
          'the answer has warnings');

my $edited = open_page('the edit', 'new');

same('the edit', $edited, %edit, state => 'EDITED',
     video_ranges => [map { [map { s/\.000$//r =~ s/\.250$/.250000/r } @$_] }
                      @{ $edit{video_ranges} }]);
kept('in the database', 'new', video_title => 'DB - The bus',
     video_description => "All about it\n\nThis video is part of the "
         . "following playlists:\n- All of it "
         . "[https://youtube.com/playlist?list=PL-all]\n\n"
         . "Thumbnail Credit: Art by Ann\nDesert Bus\n- for hope");


# ---- the sheet changes meanwhile

$api->sql("UPDATE events SET event_end = ROW(false, '2024-02-29T23:12:00')"
    . "::end_time, notes = 'new notes', tags = '{Music}' WHERE id = 'new'");

my $changes = "409: Sheet columns have changed since editing has begun. "
    . "Please review changes\n"
    . "event_end: 2024-02-29T23:10:00 => 2024-02-29T23:12:00\n"
    . "notes: see <this>\n& that => new notes\n"
    . "tags: ['Music', 'RDP'] => ['Music']\n";

submit('the sheet has changed', $edited, 'EDITED', qr/\A\Q$changes\E\n?\z/);
submit('submit anyway', $edited, 'EDITED', 'Submitted edit',
       override_changes => json_true);
kept('submitted anyway', 'new', notes => 'new notes', state => 'EDITED');


# ---- cancel, while it waits and while somebody cuts it

for my $state ('EDITED', 'CLAIMED') {
    $api->sql("UPDATE events SET state = '$state', uploader = 'them', "
        . "editor = 'NOT_AUTH', error = 'e' WHERE id = 'new'");
    same("a row that is $state", open_page($state, 'new'),
         state => $state, uploader => 'them', error => 'e');

    my $res = press("$state is cancelled", 'reset/new?force=false', {}, 'ok');

    is($res->{status}, 200, 'with 200');
    is($res->{body}, '', 'without a body');
    kept("$state is cancelled", 'new', state => 'UNEDITED',
         uploader => undef, error => undef, editor => undef,
         video_title => 'DB - The bus');
}

$api->sql("UPDATE events SET state = 'CLAIMED', uploader = 'them', "
    . "editor = 'NOT_AUTH' WHERE id = 'new'");
$row = open_page('a job', 'new');
submit('a job is taken back', $row, 'UNEDITED', 'Saved draft');
kept('a job is taken back', 'new', state => 'UNEDITED', uploader => undef);


# ---- a published video

$api->sql("UPDATE events SET state = 'DONE', upload_location = 'youtube', "
    . "video_id = 'v', video_link = 'https://youtu.be/v', uploader = 'them', "
    . "upload_time = '2024-03-01T00:00:00.25', thumbnail_last_written = '\\x00'"
    . " WHERE id = 'new'");
$row = open_page('a published video', 'new');
same('a published video', $row, state => 'DONE', video_title => 'The bus',
     video_description => 'All about it', video_tags => ['bus', 'hope'],
     upload_time => '2024-03-01T00:00:00.250000');

# a page without its player has no times
submit('its metadata', $row, 'MODIFIED', 'Submitted changes',
    video_title => 'Another', video_description => 'More', public =>
    json_false, video_tags => ['a', 'b'], thumbnail_mode => 'CUSTOM',
    thumbnail_image => PNG_BASE64, thumbnail_template => undef,
    thumbnail_time => undef, thumbnail_crop => undef,
    thumbnail_location => undef, video_ranges => [[undef, undef]],
    upload_location => '');
$row = open_page('a modified video', 'new');
same('a modified video', $row, state => 'MODIFIED', public => json_false,
     video_title => 'Another', video_description => 'More',
     video_tags => ['a', 'b'], thumbnail_mode => 'CUSTOM',
     thumbnail_image => PNG_BASE64, upload_location => 'youtube',
     video_ranges => $edited->{video_ranges},
     video_link => 'https://youtu.be/v', video_id => 'v');

my $thumbnail = fetch('GET', '/thrimshim/event-thumbnail/new.png');

is($thumbnail->{body}, decode_base64(PNG_BASE64), 'its thumbnail');
is($thumbnail->{headers}{'content-type'}[0], 'image/png', 'a PNG');

# the picture that is there already is sent back
submit('once more', $row, 'MODIFIED', 'Submitted changes',
    map { $_ => $row->{$_} } qw(thumbnail_mode thumbnail_image));
submit('it is not cut again', $row, 'EDITED',
       "Forbidden: Video already published\n", %edit);
submit('a thumbnail that is none', $row, 'MODIFIED',
       "Bad Request: thumbnail_image must be a PNG\n",
       thumbnail_mode => 'CUSTOM', thumbnail_image => 'R0lGODlh');
press('nor cancelled', 'reset/new?force=false', {},
      "Not Found: Row id = new not found or not in cancellable state\n");
press('but reset', 'reset/new?force=true', {}, 'ok');
same('a row that is reset', open_page('reset', 'new'), state => 'UNEDITED',
     video_link => undef, video_id => undef, upload_time => undef,
     uploader => undef, last_modified => undef, video_title => 'Another');

for my $state ('FINALIZING', 'TRANSCODING') {
    edit_event($api, lc $state, $state);

    my $busy = open_page($state, lc $state);

    submit("$state is not edited", $busy, 'EDITED',
           "Forbidden: Video already published\n", video_title => 'T');
    submit("$state is not modified", $busy, 'MODIFIED', "Forbidden: Video is "
        . "in state $state and cannot be modified\n", video_title => 'T');
}


# ---- a link to a video that was made elsewhere

$res = fetch('POST', '/thrimshim/manual-link/new', { link => 'https://x/',
    upload_location => 'youtube-manual' });
is($res->{status}, 400, 'no link of YouTube');
press('a link', 'manual-link/new', { link => 'https://youtu.be/abcdefghijk',
    upload_location => 'youtube-manual' }, 'ok');
same('a link', open_page('a link', 'new'), state => 'DONE',
     video_id => 'abcdefghijk', upload_location => 'youtube-manual',
     video_link => 'https://youtu.be/abcdefghijk', thumbnail_mode => 'NONE');
press('once', 'manual-link/new', { link => 'https://x/',
    upload_location => 'manual' },
    "Forbidden: Invalid state DONE for manual video link\n");

# a row that nobody edited
$api->event('bare', event_start => undef,
            event_end => \'ROW(false, NULL)::end_time');
press('of a row without times', 'manual-link/bare', { link => 'https://x/',
    upload_location => 'manual' }, 'ok');
$row = open_page('a linked row without times', 'bare');
same('a linked row', $row, event_start => undef, event_end => undef,
     video_link => 'https://x/', video_ranges => undef);
submit('its title, of which the database wants more', $row, 'MODIFIED',
    "Bad Request: The video was never edited and has no video_channel: reset "
    . "it first\n",
    video_title => 'T', thumbnail_mode => 'NONE', map { $_ => undef }
    qw(thumbnail_template thumbnail_crop thumbnail_location thumbnail_time));


# ---- what is refused, as the page shows it

$api->event('no');
$row = open_page('a row', 'no');

for my $case (
    ['a title that is too long', "Bad Request: Title must be 100 characters "
     . "or less, including prefix\n", video_title => 'x' x 96],
    ['brackets', "Bad Request: Description may not contain a < character\n",
     video_description => '<b>'],
    ['no title', "Bad Request: Video title must not be blank\n",
     video_title => ''],
    ['a range of nothing', "Bad Request: Range start must be less than end\n",
     video_ranges => [['2024-02-29T23:00:00.000', '2024-02-29T23:00:00.000']]],
    ['no upload location', "Bad Request: Fields upload_location must be "
     . "non-null for video to be cut\n", upload_location => ''],
    ['a transition that is too long', "Bad Request: Transition 1 of "
     . "video_transitions is longer than a range beside it\n",
     video_ranges => $edit{video_ranges},
     video_transitions => [['fade', 90], undef]],
    ['no transition', "Bad Request: There must be exactly 2 transitions for 3"
     . " ranges\n", video_ranges => $edit{video_ranges}],
) {
    my ($name, $want, %form) = @$case;
    my $res = submit($name, $row, 'EDITED', $want, video_title => 'T', %form);

    is($res->{headers}{'content-type'}[0], 'text/plain', "$name: a text");
}

kept('what is refused', 'no', state => 'UNEDITED', video_title => undef);
is(fetch('GET', '/thrimshim/none')->{status}, 404, 'a row that is not there');
submit('to such a one', { %$row, id => 'none' }, 'EDITED',
       "Not Found: Row id = none not found\n", video_title => 'T');

# more than any page sends; JSON::PP would read it for seconds
my $large = decode_base64(PNG_BASE64) . 'x' x 3_000_000;
my $base64 = encode_base64($large, '');

submit('a large thumbnail', $row, 'UNEDITED', 'Saved draft',
       thumbnail_mode => 'CUSTOM', thumbnail_image => $base64);
ok(fetch('GET', '/thrimshim/event-thumbnail/no.png')->{body} eq $large,
   'is there');
cmp_ok(index(fetch('GET', '/thrimshim/no')->{body}, "\"$base64\""), '>', 0,
       'and in the row');
submit('a small one', $row, 'UNEDITED', 'Saved draft',
       thumbnail_mode => 'CUSTOM', thumbnail_image => PNG_BASE64);


# ---- the list, for those who read all rows

my $rows = load('/thrimshim');
my @columns = split /\n/, $api->value(q(SELECT string_agg(column_name, E'\n')
    FROM information_schema.columns WHERE table_name = 'events'));

for my $item (@$rows) {
    is(join(' ', sort keys %$item), join(' ', sort @columns),
       "$item->{id}: the columns of the table");
    typed("$item->{id} of the list", $item,
        (map { exists $item->{$_} ? ($_ => $types{$_}) : () } keys %types),
        event_end => qr/\[(?:true|false|null),(?:$time|null)\]|null/,
        video_channel => qr/$text|null/);
}


# ---- who it is: another server, which asks

$api->insert('roles', email => 'ann@example.com', name => 'Ann',
             editor => 't', artist => 'f');
$api->insert('roles', email => 'art@example.com', name => 'Art',
             editor => 'f', artist => 't');

my $ann = $tokens->token('k');
my $art = $tokens->token('k', claims => { email => 'art@example.com' });
my $eve = $tokens->token('k', claims => { email => 'eve@example.com' });

for my $case (
    ['nobody', 401, "User token required\n", 'auth-test', {}],
    ['Ann', 200, '"ann@example.com"', 'auth-test', { token => $ann }],
    ['Art is no editor', 403, "Unknown user. Access denied.\n", 'auth-test',
     { token => $art }],
    ['Eve', 403, "Unknown user. Access denied.\n", 'auth-test',
     { token => $eve }],
    ['garbage', 403, "Invalid token. Access denied.\n", 'auth-test',
     { token => "${ann}x" }],
    ['Art adds a template', 201, '', 'add-template',
     { %picture, name => 'arts', token => $art }],
    ['Ann is no artist', 403, "Unknown user. Access denied.\n",
     'add-template', { %picture, name => 'anns', token => $ann }],
    ['nobody resets', 401, "User token required\n", 'reset/no?force=true',
     {}],
    ['Ann resets', 200, '', 'reset/no?force=true', { token => $ann }],
    ['nobody edits', 401, "User token required\n", 'no',
     form($row, 'EDITED', video_title => 'T')],
    ['Ann edits', 201, '{"warnings": []}', 'no',
     form($row, 'EDITED', video_title => 'T', token => $ann)],
    ['Ann links', 403, "Invalid state EDITED for manual video link\n",
     'manual-link/no', { link => 'https://x/', upload_location => 'manual',
                         token => $ann }],
) {
    my ($name, $status, $want, $path, $body) = @$case;
    my $res = fetch('POST', "/thrimshim/$path", $body, port => $other);

    is($res->{status}, $status, $name);
    is($res->{body}, $want, "$name: the text");
}

kept('who it was', 'no', editor => 'ann@example.com', state => 'EDITED');
same('an address is not for all', load('/thrimshim/no'), editor => undef);
same('but for editors', load('/thrimshim/no', port => $other,
    headers => ["Authorization: Bearer $ann"]), editor => 'ann@example.com');


# ---- in a browser

my $json_post = { Accept => 'application/json',
                  'Content-Type' => 'application/json' };
my $here = "http://127.0.0.1:$port/thrimshim";
my $there = "http://127.0.0.1:$other/thrimshim";

sub request {
    my ($url, $body, $headers) = @_;

    return [$url, { method => 'POST', body => edit_json($body),
                    headers => $headers || $json_post }];
}

$api->event('b');
$row = load('/thrimshim/b');

my $body = form($row, 'EDITED', video_title => 'From a browser');
my @got = $browser->fetch("http://127.0.0.1:$port/page",
    ["$here/b", {}], request("$here/b", $body), ["$here/b", {}],
    ["$there/b", {}], request("$there/b", $body),
    request("$there/b", { %$body, token => $ann, notes => 'old' }),
    request("$there/b", { %$body, token => $ann, state => 'UNEDITED' }),
    request("$there/b", { %$body, token => $ann }, {}),
    request("$there/auth-test", {}, { %$json_post,
        Authorization => "Bearer $ann" }),
    request("$there/reset/b?force=true", { token => "$ann." }),
    ["$there/none", {}], ["$there/event-thumbnail/b.png", {}],
    ["$there/templates", {}], ["$here", {}],
);

sub browser {
    my ($name, $status, $want) = @_;

    my $got = shift @got || { error => 'no answer' };

    is($got->{error} // $got->{status}, $status, "a browser: $name");
    ref $want ? like($got->{text}, $want, "a browser: $name, the text")
              : is($got->{text}, $want, "a browser: $name, the text");
    return;
}

browser('a row', 200, qr/"state":"UNEDITED"/);
browser('submits it', 201, '{"warnings": []}');
browser('and sees that at once', 200, qr/"state":"EDITED"/);
browser('of another origin, too', 200, qr/"state":"EDITED"/);
browser('nobody submits there', 401, "User token required\n");
browser('the sheet has changed', 409,
        qr/\ASheet columns have changed.*\nnotes: old => \n/s);
browser('Ann saves a draft', 201, '{"warnings": []}');
browser('a form of another site', 415, qr/application\/json/);
browser('by a header', 200, '"ann@example.com"');
browser('no token', 403, "Invalid token. Access denied.\n");
browser('no row', 404, "Row id = none not found\n");
browser('no thumbnail', 404, "Row id = b has no thumbnail of its own\n");
browser('templates', 200, qr/"name" ?: ?"arts"/);
browser('all rows', 200, qr/"id":"b"/);
kept('after all that', 'b', state => 'UNEDITED', editor => 'ann@example.com');

is_deeply([ grep { !/a token is refused/ } $nginx->unexpected ], [],
          'nothing unexpected in the log');

done_testing();
