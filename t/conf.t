# Directives: what nginx -t refuses and with which sentence, contexts,
# inheritance, and where a location's prefix ends.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Store;

our $store = Wub::Store->new;
$store->run('chan', 'source', '2024-02-29T23:00:00', 2, 2);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('user_files', $store->user_files('store'))
        if !defined $block->must_die;
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

run_tests();

__DATA__

=== TEST 1: every directive at every level
--- http_config
    wubloader_root $TEST_NGINX_HTML_DIR/none;
    wubloader_segments_uri https://cdn.example/segments/;
    wubloader_tolerance 20ms;
    wubloader_live_hold 30s;
    wubloader_target_duration 6;
    wubloader_segment_max_age 5m;
    wubloader_max_implicit_range 1d;
    wubloader_render @render;
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store/;
    wubloader_segments_uri /;
    wubloader_tolerance 0;
    wubloader_live_hold 0;
    wubloader_target_duration auto;
    wubloader_segment_max_age 0;
    wubloader_max_implicit_range 1h;
    wubloader_render @render;
    location /files {
        wubloader files;
        wubloader_root $TEST_NGINX_HTML_DIR/store;
        wubloader_segments_uri /s;
        wubloader_tolerance 10ms;
        wubloader_live_hold 15s;
        wubloader_target_duration 3600;
        wubloader_segment_max_age 1h;
        wubloader_max_implicit_range 12h;
        wubloader_render @render;
    }
    location @render { return 200 rendered; }
--- request
GET /files
--- response_body chomp
["chan"]



=== TEST 2: inherited root, relative to the prefix, with slashes at its end
--- http_config
    wubloader_root html/store//;
--- config
    location /files { wubloader files; }
--- request
GET /files/chan
--- response_body chomp
["source"]



=== TEST 3: a location's root beats the server's
--- http_config
    wubloader_root $TEST_NGINX_HTML_DIR/none;
--- config
    location /files {
        wubloader files;
        wubloader_root $TEST_NGINX_HTML_DIR/store;
    }
--- request
GET /files/chan
--- response_body chomp
["source"]



=== TEST 4: inside of if and limit_except the handler goes on
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files {
        wubloader files;
        if ($arg_x) { set $y 1; }
    }
--- request
GET /files/chan?x=1
--- response_body chomp
["source"]



=== TEST 5: nested locations
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /api {
        location /api/files { wubloader files; }
        location = /api/list { wubloader files; }
    }
--- request eval
["GET /api/files/chan", "GET /api/list", "GET /api/other"]
--- error_code eval
[200, 200, 404]
--- response_body eval
['["source"]', '["chan"]', qr/404/]
--- error_log
/api/other



=== TEST 6: prefix without a slash: only the whole word
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files { wubloader files; }
--- request eval
["GET /files", "GET /files/", "GET /filesx", "GET /files.json",
 "GET /files/chan", "GET /files/chan/", "GET /files//chan"]
--- error_code eval
[200, 200, 404, 404, 200, 404, 200]
--- response_body eval
['["chan"]', '["chan"]', "There is nothing at this path.\n",
 "There is nothing at this path.\n", '["source"]',
 "There is nothing at this path; the quality is empty or too long.\n",
 '["source"]']



=== TEST 7: prefix with a slash at its end
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files/ { wubloader files; }
--- request eval
["GET /files/", "GET /files/chan"]
--- response_body eval
['["chan"]', '["source"]']



=== TEST 8: exact location
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location = /files { wubloader files; }
--- request
GET /files
--- response_body chomp
["chan"]



=== TEST 9: a prefix of one letter
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /f { wubloader files; }
--- request eval
["GET /f", "GET /f/chan", "GET /fchan"]
--- error_code eval
[200, 200, 404]
--- response_body eval
['["chan"]', '["source"]', "There is nothing at this path.\n"]



=== TEST 10: a rewrite that takes the prefix away is 404
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files {
        rewrite ^/files(.*)$ /other$1 break;
        wubloader files;
    }
--- request
GET /files/chan
--- error_code: 404
--- response_body
There is nothing at this path.



=== TEST 11: a value that is not there
--- config
    location /x { wubloader everything; wubloader_root /srv; }
--- must_die
--- error_log
"wubloader" knows no "everything"; it serves files, playlist, segments



=== TEST 12: a value of a later version
--- config
    location /x { wubloader digest; }
--- must_die
--- error_log
"wubloader digest" is not in this version; remove this location



=== TEST 13: what is rendered needs the store, and a location that is there
--- config
    wubloader_root /srv;
    location /x { wubloader thumbnail; wubloader_render @nowhere; }
--- must_die
--- error_log
"wubloader_render @nowhere" of location "/x" names no location of its server



=== TEST 14: rendered pictures without a store
--- config
    location /x { wubloader frame; }
--- must_die
--- error_log
"wubloader frame" in location "/x" needs "wubloader_root"



=== TEST 15: regex location
--- config
    location ~ ^/files { wubloader files; wubloader_root /srv; }
--- must_die
--- error_log
"wubloader" may not be in the regex location "^/files"; use a prefix or



=== TEST 16: named location
--- config
    location @files { wubloader files; wubloader_root /srv; }
--- must_die
--- error_log
"wubloader" may not be in the named location "@files"



=== TEST 17: twice
--- config
    location /x { wubloader files; wubloader cut; wubloader_root /srv; }
--- must_die
--- error_log
"wubloader" directive is duplicate



=== TEST 18: a second handler behind it
--- config
    location /x { wubloader files; wubloader_root /srv; stub_status; }
--- must_die
--- error_log
location "/x" has a handler besides "wubloader files"; give each a



=== TEST 19: no root
--- config
    location /x { wubloader playlist; }
--- must_die
--- error_log
"wubloader playlist" in location "/x" needs "wubloader_root", the path



=== TEST 20: not in a server
--- config
    wubloader files;
--- must_die
--- error_log
"wubloader" directive is not allowed here



=== TEST 21: no value
--- config
    location /x { wubloader; }
--- must_die
--- error_log
invalid number of arguments in "wubloader" directive



=== TEST 22: root empty
--- config
    wubloader_root "";
--- must_die
--- error_log
"wubloader_root" directive may not be empty; give the path of the segment store



=== TEST 23: root with a variable
--- config
    wubloader_root /srv/$host;
--- must_die
--- error_log
"wubloader_root" directive may not hold variables



=== TEST 24: root twice
--- config
    wubloader_root /srv; wubloader_root /srv;
--- must_die
--- error_log
"wubloader_root" directive is duplicate



=== TEST 25: segments_uri that is no path
--- config
    wubloader_segments_uri segments;
--- must_die
--- error_log
"wubloader_segments_uri" directive must begin with "/", "http://" or "https://"



=== TEST 26: segments_uri empty
--- config
    wubloader_segments_uri "";
--- must_die
--- error_log
must begin with "/", "http://" or "https://"



=== TEST 27: segments_uri with a query
--- config
    wubloader_segments_uri "/s?x=1";
--- must_die
--- error_log
may hold only characters of a URI's path



=== TEST 28: segments_uri with a line end
--- config
    wubloader_segments_uri "/s
";
--- must_die
--- error_log
may hold only characters of a URI's path



=== TEST 29: segments_uri without a host
--- config
    wubloader_segments_uri https://;
--- must_die
--- error_log
"wubloader_segments_uri" directive names no host



=== TEST 30: tolerance that is no time
--- config
    wubloader_tolerance 10x;
--- must_die
--- error_log
"wubloader_tolerance" directive invalid value



=== TEST 31: negative hold
--- config
    wubloader_live_hold -5s;
--- must_die
--- error_log
"wubloader_live_hold" directive invalid value



=== TEST 32: target duration 0
--- config
    wubloader_target_duration 0;
--- must_die
--- error_log
"wubloader_target_duration" directive must be "auto" or whole seconds



=== TEST 33: target duration 3601
--- config
    wubloader_target_duration 3601;
--- must_die
--- error_log
must be "auto" or whole seconds from 1 to 3600



=== TEST 34: target duration with a fraction
--- config
    wubloader_target_duration 2.5;
--- must_die
--- error_log
must be "auto" or whole seconds from 1 to 3600



=== TEST 35: max age that is no time
--- config
    wubloader_segment_max_age soon;
--- must_die
--- error_log
"wubloader_segment_max_age" directive invalid value



=== TEST 36: implicit range that is no time
--- config
    wubloader_max_implicit_range "";
--- must_die
--- error_log
"wubloader_max_implicit_range" directive invalid value



=== TEST 37: render that is no named location
--- config
    wubloader_render /render;
--- must_die
--- error_log
"wubloader_render" directive must be a named location, such as "@render"



=== TEST 38: render without a name
--- config
    wubloader_render @;
--- must_die
--- error_log
must be a named location



=== TEST 39: render to a location that is not there
--- config
    location /cut {
        wubloader cut;
        wubloader_root /srv;
        wubloader_render @nowhere;
    }
--- must_die
--- error_log
"wubloader_render @nowhere" of location "/cut" names no location of its
server; add "location @nowhere { ... }"



=== TEST 40: render twice
--- config
    wubloader_render @a; wubloader_render @a;
--- must_die
--- error_log
"wubloader_render" directive is duplicate



=== TEST 41: a tolerance that joins everything
--- config
    wubloader_tolerance 61m;
--- must_die
--- error_log
"wubloader_tolerance" directive must be at most 1h



=== TEST 42: a hold longer than a year
--- config
    wubloader_live_hold 366d;
--- must_die
--- error_log
"wubloader_live_hold" directive must be at most 365d



=== TEST 43: a range of more than can be counted
--- config
    wubloader_max_implicit_range 100000000000s;
--- must_die
--- error_log
"wubloader_max_implicit_range" directive must be at most 36500d



=== TEST 44: an age of more than can be counted
--- config
    wubloader_segment_max_age 4000000000s;
--- must_die
--- error_log
"wubloader_segment_max_age" directive must be at most 36500d
