# The editor's API, reading: rows, the list, thumbnails, on a Postgres of the
# test's own.  What the database makes of each type is t/worker/sql_api.t.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use MIME::Base64 qw(encode_base64);
use Wub::Api;
use Wub::Checks;
use Wub::Nginx;

our $api = Wub::Api->new;
our $png = "\x89PNG\r\n\x1a\n" . join '', map { chr $_ % 256 } 0 .. 5000;
our $large = "\x89PNG\r\n\x1a\n" . join '', map { chr rand 256 } 1 .. 300_000;

# an odd text, as SQL's and as JSON's; everything is bytes of UTF-8 here
our $odd = "\xc3\xa9\"\\\n\x01\xf0\x9f\x98\x80</x>{,}'";
our $odd_json = '\u00e9\"\\\\\n\u0001\ud83d\ude00</x>{,}\'';

our %null = map { $_ => 'null' } qw(uploader_whitelist upload_location
    video_ranges video_transitions video_tags thumbnail_crop
    thumbnail_location thumbnail_image thumbnail_last_written uploader error
    video_id video_link editor edit_time upload_time last_modified progress
    progress_note cut_type video_title video_description thumbnail_template
    video_channel);
our %common = (
    %null, sheet_name => '"1"', event_start => '"2024-02-29T23:00:00"',
    event_end => '"2024-02-29T23:10:00"', category => '"Games"',
    submitter_winner => '""', poster_moment => 'false', image_links => '[]',
    tags => '[]', public => 'true', video_quality => '"source"',
    state => '"UNEDITED"', notes => '""', allow_holes => 'false',
    thumbnail_mode => '"TEMPLATE"', thumbnail_time => 'null',
);
our %extra = (title_prefix => '""', title_max_length => 100,
    bustime_start => 'null', upload_locations => '[]');

sub png { return \("'\\x" . unpack('H*', $_[0]) . "'::bytea") }

sub json {
    my (%members) = @_;

    return '{' . CORE::join(', ', map { "\"$_\": $members{$_}" }
                            sort keys %members) . '}';
}

# the row of an event that has no more than sheet sync gives it
sub row {
    my ($id, %more) = @_;

    return json(%common, %extra, id => "\"$id\"",
        description => "\"what happened in $id\"",
        thumbnail_time => '"2024-02-29T23:05:00"', %more);
}

$api->event('plain');
$api->event('null', sheet_name => '', event_start => undef,
    event_end => \'ROW(false, NULL)::end_time', category => '',
    description => '');
$api->event($odd, map({ $_ => $odd } qw(sheet_name category description notes
    upload_location video_title video_description video_channel
    video_quality thumbnail_template uploader error video_id video_link
    progress_note)), tags => [$odd, ''], image_links => [$odd],
    uploader_whitelist => [], video_tags => [$odd],
    event_start => '2024-03-01T00:00:00.5',
    event_end => \"ROW(true, '2024-03-01T00:00:00.5')::end_time",
    video_ranges => \"ARRAY[('2024-03-01', '2024-03-02'),
        ('2024-03-01 00:00:01.25', NULL)]::video_range[]",
    video_transitions => \"ARRAY[('fade', 1.5)]::video_transition[]",
    thumbnail_mode => 'CUSTOM', thumbnail_image => png($png),
    thumbnail_crop => \"'{1,2,3,4}'", editor => 'Ann@Example.org',
    thumbnail_last_written => \"sha256('\\x')", progress => 0.25,
    edit_time => '2024-03-02', cut_type => 'fast');
$api->event('a/b c%d', editor => 'NOT_AUTH');
$api->event('large', event_start => '2024-03-02', notes => 'x' x 200_000,
    thumbnail_mode => 'CUSTOM', thumbnail_image => png($large));
$api->event('archive', sheet_name => 'Archive', tags => ['T'],
    description => 'an old tape');
$api->event('edited', event_start => '2024-02-28', state => 'EDITED',
    upload_location => 'l', editor => 'e', category => 'rdp', notes => 'n',
    tags => ['a', 'Night'], video_channel => 'c', video_tags => [],
    video_ranges => \"ARRAY[('2024-02-29', '2024-03-01')]::video_range[]",
    video_transitions => \"'{}'", video_title => 'DB - a title',
    video_description => "what it is\n\nthe end", thumbnail_time =>
    '2024-02-29 23:00:01.5', thumbnail_template => 'zeta');
$api->insert('playlists', id => 1, name => 'nights', tags => ['night'],
    default_template => 'moon');
$api->insert('playlists', id => 2, name => 'all', tags => [],
    default_template => 'sun');
$api->insert('playlists', id => 3, name => 'odd', tags => \"'{{a,b},{c,d}}'",
    default_template => 'bad');

our $dir = Wub::Nginx::temp_dir('notes');
open my $out, '>', "$dir/notes.json" or die "$dir: $!\n";
print $out '{"RDP": "Who won?", "other": "x"}';
close $out;

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', $api->location(config => '')
        . $api->location(path => '/full', config => <<"END")
            wubloader_default_channel desertbus;
            wubloader_bustime_start 2024-02-28T00:00:00Z;
            wubloader_title_header DB;
            wubloader_description_footer "the end";
            wubloader_upload_locations youtube archive;
            wubloader_archive Archive archive;
            wubloader_category_notes $dir/notes.json;
            if (\$arg_inside) { set \$x 1; }
END
        . 'location /none { wubloader thrimshim; }'
        . 'location /moved { rewrite ^/moved(.*) /thrimshim$1; }')
        if !defined $block->config;
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a row as sheet sync leaves it
--- request
GET /thrimshim/plain
--- response_headers
Content-Type: application/json
Cache-Control: no-cache
Vary: Authorization, Accept-Encoding
Access-Control-Allow-Origin: *
!Last-Modified
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body_json eval
main::row('plain', thumbnail_template => '"sun"')



=== TEST 2: a row with nothing in it
--- request
GET /thrimshim/null
--- response_body_json eval
main::row('null', event_start => 'null', event_end => 'null',
    category => '""', description => '""', sheet_name => '""',
    thumbnail_time => 'null', thumbnail_template => '"sun"')



=== TEST 3: a row of odd texts
--- request eval
'GET /thrimshim/' . $::odd =~ s/([^\w])/sprintf '%%%02x', ord $1/ger
--- response_body_json eval
my $o = "\"$::odd_json\"";

main::row($::odd_json,
    map({ $_ => $o } qw(sheet_name category description notes
        upload_location video_title video_description video_channel
        video_quality thumbnail_template uploader error video_id video_link
        progress_note)), tags => "[$o, \"\"]", image_links => "[$o]",
    uploader_whitelist => '[]', video_tags => "[$o]",
    event_start => '"2024-03-01T00:00:00.500000"',
    event_end => '"2024-03-01T00:00:00.500000"',
    video_ranges => '[["2024-03-01T00:00:00", "2024-03-02T00:00:00"],
                      ["2024-03-01T00:00:01.250000", null]]',
    video_transitions => '[["fade", 1.5]]', thumbnail_mode => '"CUSTOM"',
    thumbnail_image => '"' . main::encode_base64($::png, '') . '"',
    thumbnail_crop => '[1, 2, 3, 4]',
    thumbnail_time => '"2024-03-01T00:00:00.500000"',
    thumbnail_last_written =>
        '"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="',
    progress => '0.25', edit_time => '"2024-03-02T00:00:00"',
    cut_type => '"fast"')



=== TEST 4: an id with a slash, a blank and a percent sign
--- request
GET /thrimshim/a/b%20c%25d
--- response_body_json eval
main::row('a/b c%d', editor => '"NOT_AUTH"',
    thumbnail_template => '"sun"')



=== TEST 5: all that is configured, and the defaults of a row
--- request
GET /full/plain
--- response_body_json eval
main::row('plain', title_prefix => '"DB - "', title_max_length => 95,
    bustime_start => '"2024-02-28T00:00:00Z"', video_channel => '"desertbus"',
    upload_locations => '["youtube", "archive"]',
    thumbnail_template => '"sun"')



=== TEST 6: what is put around texts is taken off; notes on a category
--- request eval
["GET /full/edited", "GET /full/edited?inside=1"]
--- response_body_json eval
[(main::row('edited', title_prefix => '"DB - "', title_max_length => 95,
    bustime_start => '"2024-02-28T00:00:00Z"', video_channel => '"c"',
    upload_locations => '["youtube", "archive"]', state => '"EDITED"',
    event_start => '"2024-02-28T00:00:00"', upload_location => '"l"',
    editor => '"e"', category => '"rdp"', notes => '"n\n\nWho won?"',
    tags => '["a", "Night"]', video_tags => '[]',
    video_ranges => '[["2024-02-29T00:00:00", "2024-03-01T00:00:00"]]',
    video_transitions => '[]', video_title => '"a title"',
    video_description => '"what it is"', thumbnail_template => '"zeta"',
    thumbnail_time => '"2024-02-29T23:00:01.500000"')) x 2]



=== TEST 7: another location has another configuration
--- request
GET /thrimshim/edited
--- response_body_like eval
qr/"DB - a title", "video_description": "what it is\\n\\nthe end"/



=== TEST 8: the archive
--- request
GET /full/archive
--- response_body_json eval
main::row('archive', title_max_length => 100, sheet_name => '"Archive"',
    bustime_start => '"2024-02-28T00:00:00Z"', video_channel => '"desertbus"',
    upload_locations => '["archive", "youtube"]', tags => '["T"]',
    description => '"an old tape"', video_title => '"an old tape"',
    allow_holes => 'true', thumbnail_mode => '"NONE"',
    thumbnail_time => 'null')



=== TEST 9: no such row
--- request eval
["GET /thrimshim/none", "HEAD /thrimshim/none",
 "GET /thrimshim/event-thumbnail/%C3%A9.png", "GET /thrimshim/encodes",
 "GET /thrimshim/bus/buscam", "GET /thrimshim/plain%00"]
--- error_code eval
[404, 404, 404, 404, 404, 400]
--- response_body_like eval
["^Row id = none not found\n\\z", "^\\z",
 "^Row id = \xc3\xa9 not found\n\\z", "^Row id = encodes not found\n\\z",
 "^Row id = bus/buscam not found\n\\z", "."]



=== TEST 10: a large row, whole and compressed
--- request
GET /thrimshim/large
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Vary: Authorization, Accept-Encoding
--- response_headers_like
ETag: "[0-9a-f]{32}-gz"
--- response_body_filters eval
sub {
    require IO::Uncompress::Gunzip;
    IO::Uncompress::Gunzip::gunzip(\$_[0] => \my $text) or die;
    return $text;
}
--- response_body_json eval
main::row('large', event_start => '"2024-03-02T00:00:00"',
    notes => '"' . 'x' x 200_000 . '"', thumbnail_mode => '"CUSTOM"',
    thumbnail_time => '"2024-03-01T11:35:00"',
    thumbnail_template => '"sun"',
    thumbnail_image => '"' . main::encode_base64($::large, '') . '"')



=== TEST 11: the same as it is
--- request
GET /thrimshim/large
--- response_body_json eval
main::row('large', event_start => '"2024-03-02T00:00:00"',
    notes => '"' . 'x' x 200_000 . '"', thumbnail_mode => '"CUSTOM"',
    thumbnail_time => '"2024-03-01T11:35:00"',
    thumbnail_template => '"sun"',
    thumbnail_image => '"' . main::encode_base64($::large, '') . '"')



=== TEST 12: the client has it, a small one and a large one
--- request eval
["GET /thrimshim/plain", "HEAD /thrimshim/large", "GET /thrimshim"]
--- more_headers
If-None-Match: "a", *
--- error_code eval
[304, 304, 304]
--- response_body eval
["", "", ""]



=== TEST 13: the client has another
--- request eval
["GET /thrimshim/plain", "HEAD /thrimshim/plain"]
--- more_headers
If-None-Match: "d3c838a6abe620633848158183d5e700"
--- error_code eval
[200, 200]
--- response_body_like eval
["^\\{", "^\\z"]



=== TEST 14: the list, in order, without addresses
--- request
GET /thrimshim
--- response_headers
Content-Type: application/json
Vary: Authorization, Accept-Encoding
--- response_body_filters eval
sub {
    return CORE::join '', map {
        my $id = $_->{id} =~ /\n/ ? 'odd' : $_->{id};
        "$id, " . ($_->{editor} // '-') . "\n"
    } @{ JSON::PP->new->utf8->decode($_[0]) };
}
--- response_body
edited, e
a/b c%d, NOT_AUTH
archive, -
plain, -
odd, -
large, -
null, -



=== TEST 15: a row of the list, as the table has it
--- request
GET /full?state=EDITED
--- response_body_json eval
my %row = (%::common, id => '"edited"', state => '"EDITED"',
    description => '"what happened in edited"', upload_location => '"l"',
    event_start => '"2024-02-28T00:00:00"', editor => '"e"',
    event_end => '[false, "2024-02-29T23:10:00"]', category => '"rdp"',
    notes => '"n"', tags => '["a", "Night"]', video_tags => '[]',
    video_channel => '"c"', video_transitions => '[]',
    video_ranges => '[["2024-02-29T00:00:00", "2024-03-01T00:00:00"]]',
    video_title => '"DB - a title"', thumbnail_template => '"zeta"',
    video_description => '"what it is\n\nthe end"',
    thumbnail_time => '"2024-02-29T23:00:01.500000"');

'[' . main::json(%row) . ']'



=== TEST 16: rows of some states
--- request eval
["GET /thrimshim?state=DONE", "GET /thrimshim?state=EDITED,DONE",
 "GET /thrimshim?state=DONE&x=y&state=EDITED",
 "GET /thrimshim?state=EDITED%2CEDITED",
 "GET /thrimshim?state=UNEDITED&state=EDITED"]
--- response_body_like eval
my $edited = '\A\[\{"id":"edited",[^\n]*\}\]\z';
my $all = CORE::join ',\n', map { "\\{\"id\":\"$_\\W[^\n]*\\}" }
    qw(edited a/b archive plain \\W large null);

["^\\[\\]\\z", $edited, $edited, $edited, "\\A\\[$all\\]\\z"]



=== TEST 17: no such state
--- request eval
["GET /thrimshim?state=", "GET /thrimshim?state=EDITED,",
 "GET /thrimshim?state=edited", "GET /thrimshim?state=DONE&state=%C3%A9\">"]
--- error_code eval
[400, 400, 400, 400]
--- response_body eval
my $is = "it is UNEDITED, EDITED, CLAIMED, FINALIZING, TRANSCODING, DONE or "
         . "MODIFIED.\n";

["state is not a state of a row: ''; $is",
 "state is not a state of a row: ''; $is",
 "state is not a state of a row: 'edited'; $is",
 "state is not a state of a row: '??\">'; $is"]



=== TEST 18: a thumbnail of its own
--- request
GET /thrimshim/event-thumbnail/large.png
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Type: image/png
Content-Length: 300008
!Content-Encoding
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body eval
$::large



=== TEST 19: a small one
--- request eval
'GET /thrimshim/event-thumbnail/'
    . $::odd =~ s/([^\w])/sprintf '%%%02x', ord $1/ger . '.png'
--- response_body eval
$::png



=== TEST 20: HEAD
--- request
HEAD /thrimshim/event-thumbnail/large.png
--- response_headers
Content-Type: image/png
Content-Length: 300008
--- response_body chomp




=== TEST 21: none
--- request
GET /thrimshim/event-thumbnail/plain.png
--- error_code: 404
--- response_body
Row id = plain has no thumbnail of its own



=== TEST 22: by a rewrite
--- request eval
["GET /moved/none", "GET /moved?state=DONE"]
--- error_code eval
[404, 200]
--- response_body eval
["Row id = none not found\n", "[]"]



=== TEST 23: without a database
--- request eval
["GET /none", "GET /none/x", "GET /none/event-thumbnail/x.png",
 "HEAD /none/x"]
--- error_code eval
[501, 501, 501, 501]
--- response_body eval
my $what = "This needs a database; the operator of this server has to set "
           . "wubloader_database.\n";
[$what, $what, $what, '']



=== TEST 24: two on one connection, and one in between
--- pipelined_requests eval
["GET /thrimshim/none", "GET /thrimshim/defaults", "GET /thrimshim?state=DONE"]
--- error_code eval
[404, 200, 200]
--- response_body_like eval
["^Row id = none", "^\\{\"video_channel\"", "^\\[\\]\\z"]
