# The editor's API: what a POST is refused with, status and sentence.  The
# rows, one of each state, stay as they are.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';

use Wub::Api;
use Wub::Editor qw(edit edit_json edit_states json_true PNG_BASE64);

our $api = Wub::Api->new;

edit_states($api);
$api->insert('templates', name => 'there', image => \"'\\x89'",
             crop => \"'{0,0,1,1}'", location => \"'{0,0,1,1}'");

my $before = $api->value('SELECT md5(string_agg(e::text, \',\' ORDER BY id))'
    . ' FROM events e');

# the request of an edit: id, what differs from a good one
sub post {
    my ($id, %set) = @_;

    return "POST /thrimshim/$id\n" . edit_json(edit($id, %set));
}

# of any other write
sub write_to {
    my ($path, $body) = @_;

    return "POST /thrimshim/$path\n" . (ref $body ? edit_json($body) : $body);
}

sub template {
    my (%set) = @_;

    return { name => 'new', description => '', attribution => '',
             crop => [0, 0, 1, 1], location => [0, 0, 1, 1],
             image => PNG_BASE64, %set };
}

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', $api->location(config => <<'END'))
            wubloader_auth off;
            wubloader_title_header Head;
            wubloader_description_footer Foot;
END
        if !defined $block->config;
    $block->set_value('more_headers', 'Content-Type: application/json')
        if !defined $block->more_headers;
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

add_cleanup_handler(sub {
    Test::More::is($api->value('SELECT md5(string_agg(e::text, \',\' '
        . 'ORDER BY id)) FROM events e'), $before, 'the rows are as they were');
});

run_tests();

__DATA__

=== TEST 1: a form
--- request
POST /thrimshim/unedited
{}
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 415
--- response_headers
Content-Type: text/plain
Access-Control-Allow-Origin: *
--- response_body
The body has to be JSON, sent with Content-Type: application/json.



=== TEST 2: text that could be JSON
--- request
POST /thrimshim/unedited
{}
--- more_headers
Content-Type: text/plain
--- error_code: 415



=== TEST 3: a type that begins like JSON's
--- request
POST /thrimshim/unedited
{}
--- more_headers
Content-Type: application/jsonp
--- error_code: 415



=== TEST 4: no type at all
--- request
POST /thrimshim/unedited
{}
--- more_headers
X: y
--- error_code: 415



=== TEST 5: a type with a parameter, in another case
--- request
POST /thrimshim/auth-test
{}
--- more_headers
Content-Type: Application/JSON ; charset=utf-8
--- response_headers
Content-Type: application/json
--- response_body chomp
"NOT_AUTH"



=== TEST 6: nothing
--- request
POST /thrimshim/unedited
--- error_code: 400
--- response_body_like chomp
^Malformed JSON



=== TEST 7: half of JSON
--- request
POST /thrimshim/unedited
{"a": [1, 2
--- error_code: 400
--- response_body_like chomp
^Malformed JSON .*it ends too early



=== TEST 8: a key twice
--- request
POST /thrimshim/unedited
{"state": "EDITED", "state": "UNEDITED"}
--- error_code: 400
--- response_body_like chomp
a key is given twice



=== TEST 9: too deep
--- request eval
"POST /thrimshim/unedited\n" . '[' x 100 . ']' x 100
--- error_code: 400
--- response_body
The JSON has lists and objects within each other more than 16 deep.



=== TEST 10: not an object
--- request
POST /thrimshim/unedited
["state"]
--- error_code: 400
--- response_body
The body has to be a JSON object.



=== TEST 11: all keys are missing
--- request
POST /thrimshim/unedited
{}
--- error_code: 400
--- response_body eval
'Fields missing in JSON: upload_location, video_ranges, video_transitions, '
. 'video_channel, video_quality, video_title, video_description, video_tags, '
. 'public, thumbnail_mode, state, sheet_name, event_start, event_end, '
. "category, description, notes, tags\n"



=== TEST 12: one is missing
--- request eval
main::post('unedited', public => \undef)
--- error_code: 400
--- response_body
Fields missing in JSON: public



=== TEST 13: no such row
--- request eval
main::post('nobody')
--- error_code: 404
--- response_body
Row id = nobody not found



=== TEST 14: no such row, of a name that is not plain
--- request eval
main::post('a%20b%C3%A9%2Fc')
--- error_code: 404
--- response_body eval
"Row id = a b\xc3\xa9/c not found\n"



=== TEST 15: a title that is too long with its prefix
--- request eval
main::post('unedited', video_title => 'x' x 94)
--- error_code: 400
--- response_body
Title must be 100 characters or less, including prefix



=== TEST 16: a description that is too long with its footer
--- request eval
main::post('unedited', video_description => 'x' x 4995)
--- error_code: 400
--- response_body
Description must be 5000 characters or less, including footer



=== TEST 17: a title with a bracket
--- request eval
main::post('unedited', video_title => 'a < b')
--- error_code: 400
--- response_body
Title may not contain a < character



=== TEST 18: a description with a bracket
--- request eval
main::post('unedited', video_description => 'a > b')
--- error_code: 400
--- response_body
Description may not contain a > character



=== TEST 19: no title
--- request eval
main::post('unedited', video_title => '')
--- error_code: 400
--- response_body
Video title must not be blank



=== TEST 20: no ranges
--- request eval
main::post('unedited', video_ranges => [])
--- error_code: 400
--- response_body
Ranges must contain at least one range



=== TEST 21: too many transitions
--- request eval
main::post('unedited', video_transitions => [undef])
--- error_code: 400
--- response_body
There must be exactly 0 transitions for 1 ranges



=== TEST 22: a range that is empty
--- request eval
main::post('unedited', video_ranges => [[('2024-02-29T23:00:00') x 2]])
--- error_code: 400
--- response_body
Range start must be less than end



=== TEST 23: a range without an end, of a video to be cut
--- request eval
main::post('unedited', video_ranges => [['2024-02-29T23:00:00', undef]])
--- error_code: 400



=== TEST 24: null where a video needs a value
--- request eval
main::post('unedited', video_channel => undef, video_title => undef)
--- error_code: 400
--- response_body
Fields video_channel, video_title must be non-null for video to be cut



=== TEST 25: an image without CUSTOM
--- request eval
main::post('unedited', thumbnail_image => Wub::Editor::PNG_BASE64)
--- error_code: 400
--- response_body
Can only upload custom image when thumbnail_mode = "CUSTOM"



=== TEST 26: an image that is no base64
--- request eval
main::post('unedited', thumbnail_mode => 'CUSTOM', thumbnail_image => '!')
--- error_code: 400
--- response_body
thumbnail_image must be valid base64



=== TEST 27: an image that is no PNG
--- request eval
main::post('unedited', thumbnail_mode => 'CUSTOM', thumbnail_image => 'AAAA')
--- error_code: 400
--- response_body
thumbnail_image must be a PNG



=== TEST 28: no such state
--- request eval
main::post('unedited', state => 'CLAIMED')
--- error_code: 400
--- response_body
Invalid state CLAIMED



=== TEST 29: an edit of what is being sent
--- request eval
main::post('finalizing')
--- error_code: 403
--- response_body
Video already published



=== TEST 30: a draft of what is published
--- request eval
main::post('done', state => 'UNEDITED')
--- error_code: 403
--- response_body
Video already published



=== TEST 31: a change of what is not published
--- request eval
main::post('transcoding', state => 'MODIFIED')
--- error_code: 403
--- response_body
Video is in state TRANSCODING and cannot be modified



=== TEST 32: the sheet is another now
--- request eval
main::post('claimed', category => 'Songs', notes => 'new')
--- error_code: 409
--- response_body eval
"Sheet columns have changed since editing has begun. Please review changes\n"
. "category: Songs => Games\nnotes: new => \n"



=== TEST 33: a change that is null
--- request eval
main::post('done', state => 'MODIFIED', video_title => undef)
--- error_code: 400
--- response_body
Fields video_title must be non-null for modified video



=== TEST 34: a rule of the database
--- request eval
main::post('unedited', thumbnail_mode => 'TEMPLATE')
--- error_code_like: ^4\d\d$
--- response_body_like chomp
thumbnail



=== TEST 35: a link that is no video
--- request eval
main::write_to('manual-link/unedited', { link => 'https://example.com',
                                         upload_location => 'youtube-manual' })
--- error_code: 400
--- response_body eval
'Link does not appear to be a youtube.com or youtu.be video link. '
. "Try removing any extra query params (after the video id).\n"



=== TEST 36: a link to nowhere
--- request eval
main::write_to('manual-link/unedited', { link => 'x', upload_location => 'x' })
--- error_code: 400
--- response_body
Upload location must be "manual" or "youtube-manual"



=== TEST 37: a link for nobody
--- request eval
main::write_to('manual-link/nobody', { link => 'https://x/' })
--- error_code: 404
--- response_body
Row id = nobody not found



=== TEST 38: a link for what is edited
--- request eval
main::write_to('manual-link/edited', { link => 'https://x/' })
--- error_code: 403
--- response_body
Invalid state EDITED for manual video link



=== TEST 39: a reset of what is published
--- request
POST /thrimshim/reset/done
{}
--- error_code: 404
--- response_body
Row id = done not found or not in cancellable state



=== TEST 40: a reset of nobody, by force
--- request
POST /thrimshim/reset/nobody?force=true
{}
--- error_code: 404
--- response_body
Row id = nobody not found or not in cancellable state



=== TEST 41: a reset by what is no force
--- request
POST /thrimshim/reset/done?force=yes
{}
--- error_code: 400
--- response_body
force must be one of: true, false



=== TEST 42: a template that is there
--- request eval
main::write_to('add-template', main::template(name => 'there'))
--- error_code: 400
--- response_body
Template with name there already exists



=== TEST 43: a template that is not there
--- request eval
main::write_to('update-template/none', main::template())
--- error_code: 400
--- response_body
Template with name none does not exist



=== TEST 44: a template without anything
--- request
POST /thrimshim/add-template
{}
--- error_code: 400
--- response_body_like chomp
^Fields missing in JSON: name,



=== TEST 45: a template that is no PNG
--- request eval
main::write_to('add-template', main::template(image => 'AAAA'))
--- error_code: 400
--- response_body_like chomp
PNG



=== TEST 46: without a database
--- config
    location /thrimshim { wubloader thrimshim; wubloader_auth off; }
--- request
POST /thrimshim/unedited
{}
--- error_code: 501



=== TEST 47: without a word about who may write
--- config eval
$main::api->location(config => '')
--- request
POST /thrimshim/unedited
{}
--- error_code: 403



=== TEST 48: a body larger than nginx takes
--- config eval
$main::api->location(config => 'wubloader_auth off; client_max_body_size 1k;')
--- request eval
main::write_to('unedited', { a => 'x' x 2000 })
--- error_log
client intended to send too large body
--- error_code: 413
--- response_body
The body of the request is too large.



=== TEST 49: one query of which nothing can be made
--- request
POST /thrimshim/reset/done?force=%zz
{}
--- error_code: 400
