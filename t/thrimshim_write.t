# The editor's API: what writes leave in the database, what they answer, and
# that a row that is read and written unchanged is the same.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use Test::More;

use Wub::Api;
use Wub::Editor qw(edit edit_event edit_get edit_json edit_post edit_states
                   json_false json_true PNG_BASE64);
use Wub::Nginx;
use Wub::Store;

my $api = Wub::Api->new;
my $store = Wub::Store->new;

# an hour with a hole of two seconds at 23:02:00
$store->run('chan', 'source', '2024-02-29T23:00:00', 2, 60);
$store->run('chan', 'source', '2024-02-29T23:02:02', 2, 300);

my $root = $store->write;
my $dir = Wub::Nginx::temp_dir('templates');

for my $file (['dir.png', decode_base64(PNG_BASE64)], ['dir.json',
    '{"crop": [0, 0, 1, 1], "location": [0, 0, 1, 1], '
    . '"attribution": "A directory"}'])
{
    open my $out, '>:raw', "$dir/$file->[0]" or die "$dir: $!\n";
    print $out $file->[1];
    close $out;
}

my $words = <<"END";
            wubloader_templates $dir;
            wubloader_auth off;
            wubloader_title_header Head;
            wubloader_description_footer "The footer";
            wubloader_upload_locations test other;
            wubloader_archive Archive archive;
            wubloader_default_channel chan;
END

my $nginx = Wub::Nginx->new(workers => 2, config =>
    $api->location(config => "$words wubloader_root $root;")
    . $api->location(path => '/plain', config => $words)
    . $api->location(path => '/gone',
                     config => "$words wubloader_root $root/gone;"));

is($nginx->start, '', 'nginx starts');

my $port = $nginx->port;
my $json = JSON::PP->new->utf8->allow_nonref;
my $tiny = 'encode(thumbnail_image, \'base64\')';


# posts and wants a status; returns the answer's body
sub posts {
    my ($name, $status, $path, $body, %opt) = @_;

    my ($got, $text) = edit_post($port, $path, $body, %opt);

    is($got, $status, $name) or diag($text);
    return $text;
}


sub warned {
    my ($name, $text, @want) = @_;

    my $got = eval { $json->decode($text) } || {};

    is(join("\n", @{ $got->{warnings} || ['none'] }), join("\n", @want),
       $name);
    return;
}


sub has {
    my ($name, $id, %want) = @_;

    my $row = $api->row($id);

    for my $column (sort keys %want) {
        my ($got, $want) = map { edit_json($_) } $row->{$column},
            $want{$column};
        is($got, $want, "$name: $column");
    }

    return;
}


sub recent {
    my ($name, $id, $column) = @_;

    is($api->value("SELECT (now() AT TIME ZONE 'UTC') - $column "
        . "BETWEEN '0' AND interval '1 minute' FROM events "
        . "WHERE id = '$id'"), 't', "$name: $column is now, UTC");
    return;
}


# ---- an edit

$api->event('a', event_start => '2024-02-29T23:00:00', error => 'old',
            uploader => 'them', progress => 0.5, progress_note => 'x',
            allow_holes => 't', uploader_whitelist => ['me'],
            thumbnail_crop => \"'{1,2,3,4}'::box_coords", cut_type => 'fast',
            video_link => 'https://old/');
warned('no warnings', posts('an edit', 201, '/plain/a', edit('a')));
has('an edit', 'a', state => 'EDITED', uploader => undef, error => undef,
    progress => undef, progress_note => undef, editor => 'NOT_AUTH',
    upload_location => 'test', video_channel => 'chan',
    video_quality => 'source', video_title => 'Head - A title',
    video_description => "A description\n\nThe footer",
    video_tags => ['one', 'two words'], public => json_true,
    thumbnail_mode => 'NONE', video_transitions => [],
    video_ranges => [{ start => '2024-02-29T23:00:00',
                       end => '2024-02-29T23:05:00.5' }],
    sheet_name => '1', category => 'Games');
has('keys that are missing', 'a', allow_holes => json_true,
    uploader_whitelist => ['me'], thumbnail_crop => [1, 2, 3, 4],
    cut_type => 'fast', video_link => 'https://old/');
recent('an edit', 'a', 'edit_time');

posts('all keys', 201, '/plain/a', edit('a', allow_holes => json_false,
    uploader_whitelist => undef, thumbnail_time => '2024-02-29T23:01:00+01:00',
    thumbnail_template => 'fancy', thumbnail_image => PNG_BASE64,
    thumbnail_mode => 'CUSTOM', thumbnail_crop => [0, 0, 10, 20],
    thumbnail_location => [1, 1, 2, 2], cut_type => 'smart',
    video_link => 'https://mine/', uploader => 'me', error => 'mine',
    id => 'b', override_changes => json_false, token => 'none',
    video_ranges => [['2024-02-29T23:00', '2024-02-29 23:01Z'],
                     ['2024-02-29T23:03:00', '2024-02-29T23:04:00']],
    video_transitions => [['fade', 1.5]]));
has('all keys', 'a', allow_holes => json_false, uploader_whitelist => undef,
    thumbnail_time => '2024-02-29T22:01:00', thumbnail_template => 'fancy',
    thumbnail_mode => 'CUSTOM', thumbnail_crop => [0, 0, 10, 20],
    thumbnail_location => [1, 1, 2, 2], cut_type => 'smart',
    video_transitions => [{ type => 'fade', duration => 1.5 }],
    video_link => 'https://old/', uploader => undef, error => undef);
is($api->value("SELECT encode(thumbnail_image, 'hex') FROM events "
    . "WHERE id = 'a'"), unpack('H*', decode_base64(PNG_BASE64)), 'the image');

$api->event('draft');
posts('a draft', 201, '/plain/draft', edit('draft', state => 'UNEDITED',
    video_ranges => [['2024-02-29T23:00:00', undef]], video_title => '',
    upload_location => undef));
has('a draft', 'draft', state => 'UNEDITED', upload_location => undef,
    video_ranges => [{ start => '2024-02-29T23:00:00', end => undef }]);

$api->event('sheet', category => 'New');
posts('changes', 409, '/plain/sheet', edit('sheet'));
posts('changes, anyway', 201, '/plain/sheet', edit('sheet',
    override_changes => json_true));
has('changes, anyway', 'sheet', category => 'New', state => 'EDITED');

$api->event('old', sheet_name => 'Archive');
posts('an archive', 201, '/plain/old', edit('old', sheet_name => 'Archive'));
has('an archive', 'old', video_title => 'A title',
    video_description => 'A description');

$api->insert('playlists', id => 'p', name => 'Play', tags => ['ONE'],
             playlist_id => 'PL_x', show_in_description => 't');
$api->insert('templates', name => 'fancy', image => \"'\\x89'",
             crop => \"'{0,0,1,1}'", location => \"'{0,0,1,1}'",
             attribution => 'An artist');
$api->event('tagged', tags => ['one', 'x']);
posts('playlists and credit', 201, '/plain/tagged', edit('tagged',
    tags => ['X', 'one'], thumbnail_mode => 'TEMPLATE',
    thumbnail_template => 'fancy', thumbnail_time => '2024-02-29T23:00:00'));

{
    my $text = $api->row('tagged')->{video_description};

    like($text, qr/^A description\n\n.*following playlists:\n- Play \[https/s,
         'playlists');
    like($text, qr/An artist/, 'credit');
    like($text, qr/The footer\z/, 'footer');
}

posts('a template that it has', 201, '/plain/tagged', edit('tagged',
    tags => ['X', 'one'], thumbnail_mode => 'TEMPLATE'));
like($api->row('tagged')->{video_description}, qr/An artist/,
     'credit of a template that the edit does not name');
posts('a template of a directory', 201, '/plain/tagged', edit('tagged',
    tags => ['X', 'one'], thumbnail_mode => 'TEMPLATE',
    thumbnail_template => 'dir'));
like($api->row('tagged')->{video_description}, qr/A directory/,
     'credit of a template of a directory');


# ---- a job that is edited

edit_event($api, 'job', 'CLAIMED');
$api->sql("INSERT INTO event_jobs (id, claim_token, node, lease_until, "
    . "upload_session) VALUES ('job', gen_random_uuid(), 'them', "
    . "now() + interval '1 hour', '{}')");
posts('a claimed job', 201, '/plain/job', edit('job'));
is_deeply([$api->sql('SELECT claim_token, lease_until, upload_session, node '
    . "FROM event_jobs WHERE id = 'job'")], [[undef, undef, undef, 'them']],
    'its claim is void');
has('a claimed job', 'job', state => 'EDITED', uploader => undef);


# ---- a change of what is published

edit_event($api, 'out', 'DONE', error => 'old', thumbnail_mode => 'CUSTOM',
           thumbnail_image => \"'\\x01'::bytea",
           thumbnail_last_written => \"'\\x02'::bytea");
warned('published: no warnings',
       posts('published', 201, '/thrimshim/out', edit('out',
    state => 'MODIFIED', upload_location => 'other', video_quality => '480p',
    video_ranges => [['2024-02-28T00:00:00', '2024-02-28T09:00:00']],
    video_title => 'Another', public => json_false, allow_holes => json_true,
    thumbnail_mode => 'BARE', thumbnail_time => '2024-02-29T23:00:01',
    cut_type => 'rough', video_link => 'https://mine/')));
has('published', 'out', state => 'MODIFIED', upload_location => 'test',
    video_quality => 'source', video_title => 'Head - Another',
    public => json_false, allow_holes => json_false, cut_type => undef,
    thumbnail_mode => 'BARE', thumbnail_time => '2024-02-29T23:00:01',
    thumbnail_image => '\\x01', video_link => 'https://x/v', error => undef,
    editor => 'someone@example.com', edit_time => '2024-02-29T23:30:00',
    video_ranges => [{ start => '2024-02-29T23:00:00',
                       end => '2024-02-29T23:05:00.5' }]);
recent('published', 'out', 'last_modified');


# ---- links and resets

$api->event('link');
is(posts('a link', 200, '/plain/manual-link/link',
         { link => 'https://example.com/v' }), '', 'no body');
has('a link', 'link', state => 'DONE', upload_location => 'manual',
    video_link => 'https://example.com/v', video_id => undef,
    editor => 'NOT_AUTH', thumbnail_mode => 'NONE');
recent('a link', 'link', $_) for qw(edit_time upload_time);

$api->event('tube');
posts('a link to YouTube', 200, '/plain/manual-link/tube', {
    link => 'https://youtu.be/abcdefghijk',
    upload_location => 'youtube-manual' });
has('a link to YouTube', 'tube', video_id => 'abcdefghijk',
    upload_location => 'youtube-manual');
posts('a second link', 403, '/plain/manual-link/tube',
      { link => 'https://example.com/v' });

my %clear = map { $_ => undef } qw(error video_id video_link uploader editor
    edit_time upload_time last_modified);

edit_event($api, 'cancel', 'CLAIMED', error => 'e', progress => 0.3);
$api->sql("INSERT INTO event_jobs (id, claim_token, node) "
    . "VALUES ('cancel', gen_random_uuid(), 'them')");
is(posts('a reset', 200, '/plain/reset/cancel', {}), '', 'no body');
has('a reset', 'cancel', %clear, state => 'UNEDITED', progress => undef,
    video_title => 'A title');
is($api->value("SELECT claim_token IS NULL FROM event_jobs "
    . "WHERE id = 'cancel'"), 't', 'a reset: its claim is void');

edit_event($api, 'undo', 'MODIFIED');
posts('a reset without force', 404, '/plain/reset/undo?force=false', {});
posts('a reset by force', 200, '/plain/reset/undo?force=true', {});
has('a reset by force', 'undo', %clear, state => 'UNEDITED');


# ---- templates

my %template = (name => 'neu ü', description => 'D', attribution => '',
                crop => [0, 1, 2, 3], location => [4, 5, 6, 7],
                image => PNG_BASE64);

is(posts('a template', 201, '/plain/add-template', \%template), '',
   'no body');
posts('again', 400, '/plain/add-template', \%template);

my $update = sub {
    my ($name, $status, %set) = @_;
    my %body = (%template, %set);

    delete $body{image} if !$set{image};
    return posts($name, $status, '/plain/update-template/neu%20%C3%83%C2%BC',
                 \%body);
};

$update->('an update', 200, attribution => 'Me', crop => [0, 0, 5, 5]);
is_deeply([$api->sql("SELECT attribution, crop, location, image IS NOT NULL "
    . "FROM templates WHERE description = 'D'")],
    [['Me', '{0,0,5,5}', '{4,5,6,7}', 't']], 'the image is still there');
$update->('to the name of another', 400, name => 'fancy');
$update->('to another name', 200, name => 'x');
is($api->value("SELECT count(*) FROM templates WHERE name = 'x'"), 1,
   'another name');
$update->('the name that it had', 400);
is(posts('one of a directory', 400, '/plain/update-template/dir',
         \%template), "Template with name dir is read-only: it lies in a "
   . "directory of this server\n", 'cannot be changed');
posts('a name of a directory', 201, '/plain/add-template',
      { %template, name => 'dir' });
posts('is then of the database', 200, '/plain/update-template/dir',
      { %template, name => 'dir' });


# ---- warnings

$api->event('warn');

my @long = (['2024-02-29T23:00:00', '2024-03-01T03:00:01']);
my @twice = (['2024-02-29T23:00:00', '2024-02-29T23:01:00'],
             ['2024-02-29T23:00:30', '2024-02-29T23:01:30']);
my @hole = (['2024-02-29T23:00:10', '2024-02-29T23:01:30'],
            ['2024-02-29T23:01:50', '2024-02-29T23:02:10']);

sub warns {
    my ($name, $path, $ranges, @want) = @_;

    my @more = ref $want[0] ? @{ shift @want } : ();

    warned("$name: warnings", posts($name, 201, "$path/warn", edit('warn',
        video_ranges => $ranges, video_transitions => [(undef) x $#$ranges],
        @more)), @want);
    return;
}

my $span = sub { "from 2024-$_[0].000000 to 2024-$_[1].000000." };

warns('whole', '/thrimshim', [$hole[0]]);
warns('a hole', '/thrimshim', \@hole, 'Range 2 has 1 hole in its footage: '
    . $span->('02-29T23:01:50', '02-29T23:02:10'));
warns('nobody looks', '/plain', \@hole);
warns('overlapping', '/plain', \@twice, 'Ranges 1 and 2 overlap: '
    . $span->('02-29T23:00:30', '02-29T23:01:00'));
warns('long', '/plain', \@long, 'Range 1 is longer than 4 hours: '
    . $span->('02-29T23:00:00', '03-01T03:00:01'));
warns('nothing there', '/thrimshim', [$hole[0]],
    [video_channel => 'none'], 'Range 1 has 1 hole in its footage: '
    . $span->('02-29T23:00:10', '02-29T23:01:30'));
warns('a draft', '/thrimshim', [['2024-02-29T23:00:00', undef]],
    [state => 'UNEDITED']);
warns('a range of years', '/thrimshim', [['2014-02-28T00:00:00',
    '2024-02-29T00:00:00'], $hole[1]],
    'Range 1 is longer than 4 hours: from 2014-02-28T00:00:00.000000 to '
    . '2024-02-29T00:00:00.000000.');
warns('a store that is away', '/gone', \@hole);
like(Wub::Nginx::slurp($nginx->log_file),
     qr/gone" of "wubloader_root" cannot be read/,
     'which the log tells');


# ---- what the database says

$api->sql(<<'END');
CREATE SEQUENCE tries;
CREATE FUNCTION obstacle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id = 'again' AND nextval('tries') < 3 THEN
        RAISE EXCEPTION 'once more' USING ERRCODE = '40001';
    ELSIF NEW.id = 'value' THEN
        RAISE EXCEPTION 'too much' USING ERRCODE = '22003';
    ELSIF NEW.id LIKE 'lost%' THEN
        RETURN NULL;
    END IF;

    RETURN NEW;
END $$;
CREATE TRIGGER obstacle BEFORE UPDATE ON events FOR EACH ROW
    EXECUTE FUNCTION obstacle();
ALTER TABLE events ADD CONSTRAINT house_rule CHECK (video_title !~ 'rude');
END

$api->event($_) for qw(again value lost rule);
edit_event($api, 'lost-out', 'DONE');

posts('an edit that has to be tried again', 201, '/plain/again',
      edit('again'));
is($api->value('SELECT last_value FROM tries'), 3, 'was tried three times');
has('an edit that was tried again', 'again', video_title => 'Head - A title',
    video_description => "A description\n\nThe footer");

is(posts('a value that is none', 400, '/plain/value', edit('value')),
   "A value is not one that the database can hold.\n", 'a sentence');
is(posts('an edit that is lost', 403, '/plain/lost', edit('lost')),
   "Video likely already published\n", 'a sentence');
is(posts('a change that is lost', 409, '/plain/lost-out',
         edit('lost-out', state => 'MODIFIED')),
   "Video changed state while we were updating - maybe it was reset?\n",
   'a sentence');
is(posts('a link that is lost', 409, '/plain/manual-link/lost',
         { link => 'https://x/' }),
   "Video changed state while we were updating - maybe it was reset?\n",
   'a sentence');
is(posts('a rule of the house', 400, '/plain/rule',
         edit('rule', video_title => 'rude')),
   "The database refuses this edit\n", 'a sentence');
like(Wub::Nginx::slurp($nginx->log_file), qr/refuses it: .*house_rule/,
     'and the log names it');

$api->sql('ALTER TABLE events RENAME progress_note TO note');
is(posts('a database of another version', 503, '/plain/rule', edit('rule')),
   'The database lacks what this version needs; its operator has to run '
   . "wubloader-worker migrate.\n", 'a sentence');
$api->sql('ALTER TABLE events RENAME note TO progress_note');
posts('which is mended', 201, '/plain/rule', edit('rule'));


# ---- conditions, which nginx would look at when all is written

edit_event($api, 'conditions', 'EDITED');

for my $header ('If-Match: "x"', 'If-None-Match: *', 'If-None-Match: "x"',
                'If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT')
{
    is(posts("a write with $header", 412, '/plain/reset/conditions', {},
             headers => [$header]),
       'A write takes no condition in a header; what was seen of a row goes '
       . "into the body.\n", 'a sentence');
    is($api->value("SELECT state FROM events WHERE id = 'conditions'"),
       'EDITED', 'and nothing is written');
}

posts('a write with If-Modified-Since', 200, '/plain/reset/conditions', {},
      headers => ['If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT']);


# ---- who did it

is($api->value("SELECT application_name FROM audit.logged_actions "
    . "WHERE table_name = '$_->[0]' AND key LIKE '$_->[1]' "
    . "ORDER BY event_id DESC LIMIT 1"), 'wubloader-nginx NOT_AUTH',
    "the history of $_->[1] names who did it")
    for ['events', 'a'], ['events', 'out'], ['events', 'link'],
        ['events', 'cancel'], ['templates', 'neu%'];


done_testing();
