# Files of the store: wubloader segments.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Store;

our $store = Wub::Store->new;
our $hour = '2024-02-29T23';

our $name = $store->segment('chan', 'source', "$hour:00:00", 2, 'full',
                            size => 3000);
our $bytes = $store->bytes("chan/source/$hour/$name");
our ($hash) = $name =~ /-full-(.*)\.ts$/;
our $dead = $store->segment('chan', 'source', "$hour:00:02", 2);
our $tomb = $store->tombstone('chan', 'source', $hour, $dead);
our $temp = $store->segment('chan', 'source', "$hour:00:04", 2, 'temp',
                            hash => 'z' x 43);
our $empty = $store->segment('chan', 'source', "$hour:00:06", 2, 'suspect',
                             bytes => '');
our $gone = $store->chat('chan', $hour, '01:00', "{}\n");
$store->tombstone('chan', 'chat', $hour, $gone);
$store->file("chan/source/$hour/deleted.tombstone", '');
$store->file("chan/source/$hour/deleted.tombstone-reason", "why\n");
$store->file("chan/source/$hour/.hidden.ts", 'x');
$store->file('a.ts', 'ts');
$store->file('a.json', 'json');
$store->file('maps/a.png', 'png');
$store->file('maps/a.html', 'html');
$store->file('a.mkv', 'mkv');
$store->file('a.m3u8', 'm3u8');
$store->file('a.txt', 'txt');
$store->file('.ts', 'x');
$store->file('noending', 'x');
$store->file('deep/1/2/3/4/5/6', 'deep');

add_block_preprocessor(sub {
    my ($block) = @_;

    if (!defined $block->config) {
        $block->set_value('config', <<'END');
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /segments { wubloader segments; }
END
    }

    $block->set_value('user_files', $store->user_files('store',
        "chan/source/$hour/$name" => '202403010405.06'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a segment
--- request eval
"GET /segments/chan/source/$::hour/$::name"
--- response_headers eval
"Content-Type: video/mp2t
Content-Length: 3000
Last-Modified: Fri, 01 Mar 2024 04:05:06 GMT
ETag: \"$::hash-bb8\"
Cache-Control: max-age=60, must-revalidate
Accept-Ranges: bytes
Access-Control-Allow-Origin: *
Access-Control-Max-Age: 86400"
--- response_body eval
$::bytes



=== TEST 2: percent-encoded, as playlists have it
--- request eval
my $name = $::name;
$name =~ s/:/%3A/g;
"GET /segments/chan/source/$::hour/$name"
--- response_body eval
$::bytes



=== TEST 3: HEAD
--- request eval
"HEAD /segments/chan/source/$::hour/$::name"
--- response_headers
Content-Type: video/mp2t
Content-Length: 3000
--- response_body



=== TEST 4: ranges
--- request eval
[("GET /segments/chan/source/$::hour/$::name") x 3]
--- more_headers eval
["Range: bytes=0-9", "Range: bytes=2990-", "Range: bytes=-5"]
--- error_code eval
[206, 206, 206]
--- response_headers eval
["Content-Range: bytes 0-9/3000", "Content-Range: bytes 2990-2999/3000",
 "Content-Range: bytes 2995-2999/3000"]
--- response_body eval
[substr($::bytes, 0, 10), substr($::bytes, -10), substr($::bytes, -5)]



=== TEST 5: several ranges in one answer
--- request eval
"GET /segments/chan/source/$::hour/$::name"
--- more_headers
Range: bytes=0-1,10-11
--- error_code: 206
--- response_headers_like
Content-Type: multipart/byteranges; boundary=\d+
--- response_body_like chomp
bytes 10-11/3000



=== TEST 6: a range outside of the file
--- request eval
"GET /segments/chan/source/$::hour/$::name"
--- more_headers
Range: bytes=3000-
--- error_code: 416
--- response_headers
Content-Type: text/plain
Content-Range: bytes */3000
Access-Control-Allow-Origin: *
--- response_body
The range lies outside of the file.



=== TEST 7: If-Range
--- request eval
[("GET /segments/chan/source/$::hour/$::name") x 3]
--- more_headers eval
["Range: bytes=0-9\nIf-Range: \"$::hash-bb8\"",
 "Range: bytes=0-9\nIf-Range: \"x\"",
 "Range: bytes=0-9\nIf-Range: Fri, 01 Mar 2024 04:05:06 GMT"]
--- error_code eval
[206, 200, 206]
--- response_body eval
[substr($::bytes, 0, 10), $::bytes, substr($::bytes, 0, 10)]



=== TEST 8: conditions
--- request eval
[("GET /segments/chan/source/$::hour/$::name") x 3]
--- more_headers eval
["If-None-Match: \"$::hash-bb8\"",
 "If-Modified-Since: Fri, 01 Mar 2024 04:05:06 GMT",
 "If-None-Match: \"y\""]
--- error_code eval
[304, 304, 200]
--- response_headers eval
[("Cache-Control: max-age=60, must-revalidate") x 3]
--- response_body eval
["", "", $::bytes]



=== TEST 9: withdrawn: the segment is gone, its tombstone is there
--- request eval
["GET /segments/chan/source/$::hour/$::dead",
 "HEAD /segments/chan/source/$::hour/$::dead",
 "GET /segments/chan/source/$::hour/$::tomb",
 "GET /segments/chan/chat/$::hour/$::gone"]
--- error_code eval
[410, 410, 200, 410]
--- response_headers eval
["Content-Type: text/plain\nCache-Control: no-cache\n"
 . "Access-Control-Allow-Origin: *", "Content-Type: text/plain",
 "Content-Type: application/octet-stream\nContent-Length: 0",
 "Content-Type: text/plain"]
--- response_body eval
["This segment was withdrawn; a tombstone marks it.\n", "", "",
 "This segment was withdrawn; a tombstone marks it.\n"]



=== TEST 10: withdrawn, and deleted since
--- request eval
["GET /segments/chan/source/$::hour/deleted.ts",
 "GET /segments/chan/source/$::hour/deleted.tombstone-reason",
 "GET /segments/chan/source/$::hour/deleted.png"]
--- error_code eval
[410, 200, 404]
--- response_body eval
["This segment was withdrawn; a tombstone marks it.\n", "why\n",
 "There is no such file in the segment store.\n"]



=== TEST 11: a segment of no bytes
--- request eval
"GET /segments/chan/source/$::hour/$::empty"
--- response_headers
Content-Type: video/mp2t
Content-Length: 0
--- response_body



=== TEST 12: a file that is being written has no lasting tag
--- request eval
"GET /segments/chan/source/$::hour/$::temp"
--- response_headers_like
ETag: "[0-9a-f]+-bc-[0-9a-f]+"



=== TEST 13: types
--- request eval
[map { "GET /segments/$_" } qw(a.ts a.json maps/a.png maps/a.html a.mkv
                               a.m3u8 a.txt noending)]
--- response_headers eval
[map { "Content-Type: $_" } qw(video/mp2t application/json image/png
  text/html video/x-matroska application/vnd.apple.mpegurl
  application/octet-stream application/octet-stream)]
--- response_body eval
[qw(ts json png html mkv m3u8 txt x)]



=== TEST 14: hidden parts
--- request eval
["GET /segments/.ts", "GET /segments/chan/source/$::hour/.hidden.ts",
 "GET /segments/.x/y", "GET /segments/chan/.x/y", "GET /segments/%2e%2e%2e"]
--- error_code eval
[(403) x 5]
--- response_headers eval
[("Content-Type: text/plain\nAccess-Control-Allow-Origin: *") x 5]
--- response_body eval
[("Bad path: May not start with a period\n") x 5]



=== TEST 15: missing files, directories, files used as directories
--- request eval
["GET /segments/none", "GET /segments/chan", "GET /segments/chan/source",
 "GET /segments/chan/source/none/x.ts", "GET /segments/a.ts/b",
 "GET /segments/chan/source/$::hour/none.ts"]
--- error_code eval
[(404) x 6]
--- response_headers eval
[("Content-Type: text/plain\nCache-Control: no-cache\n"
  . "Access-Control-Allow-Origin: *") x 6]
--- response_body eval
[("There is no such file in the segment store.\n") x 6]



=== TEST 16: empty and long parts
--- request eval
["GET /segments", "GET /segments/", "GET /segments/chan/",
 "GET /segments/" . "x" x 256, "GET /segments/" . "x" x 255,
 "GET /segments/" . "y/" x 3000 . "z"]
--- error_code eval
[(404) x 6]
--- response_body eval
[("There is nothing at this path; the path is empty or too long.\n") x 4,
 ("There is no such file in the segment store.\n") x 2]



=== TEST 17: deep
--- request
GET /segments/deep/1/2/3/4/5/6
--- response_body chomp
deep



=== TEST 19: max age of the configuration
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /segments/ { wubloader segments; wubloader_segment_max_age 1h; }
--- request
GET /segments/a.ts
--- response_headers
Cache-Control: max-age=3600, must-revalidate



=== TEST 20: without sendfile
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    sendfile off;
    location /segments/ { wubloader segments; }
--- request eval
["GET /segments/chan/source/$::hour/$::name",
 "GET /segments/chan/source/$::hour/$::empty"]
--- response_body eval
[$::bytes, ""]



=== TEST 21: read in threads
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    sendfile on; aio threads;
    location /segments/ { wubloader segments; }
--- request eval
["GET /segments/chan/source/$::hour/$::name",
 "GET /segments/chan/source/$::hour/$::empty"]
--- response_body eval
[$::bytes, ""]



=== TEST 22: other methods
--- request eval
["POST /segments/a.ts\nx", "DELETE /segments/a.ts", "OPTIONS /segments/a.ts"]
--- error_code eval
[405, 405, 204]
--- response_headers eval
[("Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Origin: *") x 3]



=== TEST 23: a pipeline on one connection
--- pipelined_requests eval
["GET /segments/a.ts", "GET /segments/none", "HEAD /segments/a.ts",
 "GET /segments/chan/source/$::hour/$::empty", "GET /segments/a.json"]
--- error_code eval
[200, 404, 200, 200, 200]
--- response_body eval
["ts", "There is no such file in the segment store.\n", "", "", "json"]
