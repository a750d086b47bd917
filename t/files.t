# Listings: wubloader files.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Store;

our $store = Wub::Store->new;
our $hour = '2024-02-29T23';

our @names = $store->run('chan', 'source', "$hour:00:00", 2, 3);
our $temp = $store->segment('chan', 'source', "$hour:00:06", 2, 'temp');
our $dead = $store->segment('chan', 'source', "$hour:00:08", 2, 'partial');
our $tomb = $store->tombstone('chan', 'source', $hour, $dead);

$store->file("chan/source/$hour/odd.ts", 'x');
$store->file("chan/source/$hour/q\"\\\x01\xc3\xa9\xff.ts", 'x');
$store->file("chan/source/$hour/.hidden.ts", 'x');
$store->file("chan/source/$hour/notes.txt", 'x');
$store->file("chan/source/$hour/lone.tombstone", '');
$store->file("chan/source/$hour/lone.tombstone-reason", 'why');
$store->file("chan/source/not an hour/a.ts", 'x');
$store->file('chan/source/2024-03-01T00.ts', 'x');
$store->file('chan/.secret/x', 'x');
$store->file('zeta/source/2024-03-01T00/x.ts', 'x');
$store->file('Alpha/source/2024-03-01T00/x.ts', 'x');
$store->file('chan_source_name_0.mkv', 'x');
our $chat = $store->chat('chan', $hour, '00:00', "{}\n");
our $gone = $store->chat('chan', $hour, '01:00', "[]\n");
$store->tombstone('chan', 'chat', $hour, $gone);

our $all = join ',', map { qq("$_") } @names, 'odd.ts';
our $tombs = join ',', map { qq("$_") } @names, $tomb;
our $quoted = qq("q\\"\\\\\\u0001\xc3\xa9\xef\xbf\xbd.ts");

add_block_preprocessor(sub {
    my ($block) = @_;

    if (!defined $block->config) {
        $block->set_value('config', <<'END');
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files { wubloader files; }
END
    }

    $block->set_value('user_files', $store->user_files('store'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: channels are the directories of the root, in order of bytes
--- request
GET /files
--- response_headers
Content-Type: application/json
Content-Length: 23
Cache-Control: no-cache
Vary: Accept-Encoding
Access-Control-Allow-Origin: *
Access-Control-Allow-Headers: *, Authorization
Access-Control-Allow-Methods: GET,POST,HEAD
Access-Control-Allow-Credentials: false
Access-Control-Max-Age: 86400
!Last-Modified
!Accept-Ranges
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body chomp
["Alpha","chan","zeta"]



=== TEST 2: qualities, chat among them, hidden ones not
--- request
GET /files/chan
--- response_body chomp
["chat","source"]



=== TEST 3: hours, and what only looks like one of the directories
--- request
GET /files/chan/source
--- response_body chomp
["2024-02-29T23","not an hour"]



=== TEST 4: segments: odd names too; not temp, tombstoned, hidden or other
--- request eval
"GET /files/chan/source/$::hour"
--- response_body eval
"[$::all,$::quoted]"



=== TEST 5: with tombstones
--- request eval
["GET /files/chan/source/$::hour?tombstones=true",
 "GET /files/chan/source/$::hour?tombstones=TRUE",
 "GET /files/chan/source/$::hour?tombstones=%74rue&tombstones=false"]
--- response_body eval
[("[$::tombs,\"lone.tombstone\",\"odd.ts\",$::quoted]") x 3]



=== TEST 6: without, said so
--- request eval
["GET /files/chan/source/$::hour?tombstones=false",
 "GET /files/chan/source/$::hour?tombstones=False&tombstones=x",
 "GET /files/chan/source/$::hour?other=1"]
--- response_body eval
[map { "[$::all,$::quoted]" } 1 .. 3]



=== TEST 7: tombstones that are neither
--- request eval
["GET /files/chan/source/$::hour?tombstones=",
 "GET /files/chan/source/$::hour?tombstones",
 "GET /files/chan/source/$::hour?tombstones=1",
 "GET /files/chan/source/$::hour?tombstones=true%20",
 "GET /files/c/q/h?tombstones=yes"]
--- error_code eval
[400, 400, 400, 400, 400]
--- response_headers eval
[map { "Content-Type: text/plain\nCache-Control: no-cache\n"
       . "Access-Control-Allow-Origin: *" } 1 .. 5]
--- response_body eval
[map { "tombstones must be one of: true, false\n" } 1 .. 5]



=== TEST 8: chat batches are files
--- request eval
["GET /files/chan/chat", "GET /files/chan/chat/$::hour"]
--- response_body eval
["[\"$::hour\"]", "[\"$::chat\"]"]



=== TEST 9: what is missing is an empty list
--- request eval
["GET /files/none", "GET /files/chan/none", "GET /files/chan/source/none",
 "GET /files/none/none/none", "GET /files/chan/source/2024-03-01T01"]
--- response_body eval
[("[]") x 5]
--- response_headers eval
[("Content-Type: application/json\nContent-Length: 2") x 5]



=== TEST 10: a leading period, and which argument it is
--- request eval
["GET /files/.x", "GET /files/chan/.secret", "GET /files/chan/source/.h",
 "GET /files/%2ex", "GET /files/...", "GET /files/.a/.b"]
--- error_code eval
[(403) x 6]
--- response_headers eval
[("Content-Type: text/plain\nAccess-Control-Allow-Origin: *") x 6]
--- response_body eval
["Bad channel: May not start with a period\n",
 "Bad quality: May not start with a period\n",
 "Bad hour: May not start with a period\n",
 ("Bad channel: May not start with a period\n") x 3]



=== TEST 11: dots that nginx resolves never leave the root
--- request eval
["GET /files/chan/..", "GET /files/chan/../zeta",
 "GET /files/chan/%2e%2e/zeta", "GET /files/chan%2f..%2fzeta"]
--- error_code eval
[200, 200, 200, 200]
--- response_body eval
['["Alpha","chan","zeta"]', ('["source"]') x 3]



=== TEST 12: paths with too many or empty parts
--- request eval
["GET /files/a/b/c/d", "GET /files/a/b/c/", "GET /files/a/"]
--- error_code eval
[404, 404, 404]
--- response_headers eval
[("Content-Type: text/plain") x 3]
--- response_body eval
["There is nothing at this path; it has too many parts.\n",
 "There is nothing at this path; it has too many parts.\n",
 "There is nothing at this path; the quality is empty or too long.\n"]



=== TEST 13: names as long as a directory's can be, and longer
--- request eval
["GET /files/" . "x" x 255, "GET /files/a/" . "x" x 256]
--- error_code eval
[200, 404]
--- response_body eval
["[]", "There is nothing at this path; the quality is empty or too long.\n"]



=== TEST 14: percent-encoded and raw UTF-8
--- request eval
["GET /files/ch%61n", "GET /files/%e2%82%ac", "GET /files/\xe2\x82\xac",
 "GET /files/a%20b", "GET /files/%ff%fe"]
--- response_body eval
['["chat","source"]', ("[]") x 4]



=== TEST 15: HEAD has the same header and no body
--- request
HEAD /files
--- response_headers
Content-Type: application/json
Content-Length: 23
Cache-Control: no-cache
Vary: Accept-Encoding
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body



=== TEST 16: HEAD of an error
--- request
HEAD /files/.x
--- error_code: 403
--- response_headers
Content-Type: text/plain
Content-Length: 41
--- response_body



=== TEST 17: If-None-Match, plain, weak, in a list, the compressed form
--- request eval
[("GET /files") x 8]
--- more_headers eval
my $tag = '7f5a7d4eb29c70e1a2c7d8d0e3ffd18c';
use Digest::MD5;
$tag = Digest::MD5::md5_hex('["Alpha","chan","zeta"]');
["If-None-Match: \"$tag\"", "If-None-Match: W/\"$tag\"",
 "If-None-Match: \"a\", W/\"b,c\" ,\"$tag\"", "If-None-Match: \"$tag-gz\"",
 "If-None-Match: W/\"$tag-gz\"", "If-None-Match: *",
 "If-None-Match: \"x$tag\"", "If-None-Match: \"$tag-xz\""]
--- error_code eval
[304, 304, 304, 304, 304, 304, 200, 200]
--- response_body eval
[("") x 6, ('["Alpha","chan","zeta"]') x 2]



=== TEST 18: the header of a 304
--- request
GET /files
--- more_headers eval
use Digest::MD5;
"If-None-Match: \"" . Digest::MD5::md5_hex('["Alpha","chan","zeta"]') . '"'
--- error_code: 304
--- response_headers
Cache-Control: no-cache
Vary: Accept-Encoding
Access-Control-Allow-Origin: *
!Content-Type
!Last-Modified
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body



=== TEST 19: If-None-Match that is broken matches nothing
--- request eval
[("GET /files") x 6]
--- more_headers eval
["If-None-Match: ", "If-None-Match: \"", "If-None-Match: ,,,",
 "If-None-Match: W/", "If-None-Match: \"a", "If-None-Match: x" . "," x 3000]
--- response_body eval
[('["Alpha","chan","zeta"]') x 6]



=== TEST 20: If-Match that fails is nginx's 412, in our words
--- request
GET /files
--- more_headers
If-Match: "x"
--- error_code: 412
--- response_headers
Content-Type: text/plain
Access-Control-Allow-Origin: *
--- response_body
A condition of the request does not hold.



=== TEST 21: Range is not for listings
--- request
GET /files
--- more_headers
Range: bytes=0-1
--- response_headers
!Content-Range
--- response_body chomp
["Alpha","chan","zeta"]



=== TEST 22: other methods
--- request eval
["POST /files\nabc", "PUT /files/chan\nabc", "DELETE /files/chan",
 "PATCH /files\nx", "PROPFIND /files"]
--- error_code eval
[(405) x 5]
--- response_headers eval
[("Allow: GET, HEAD, OPTIONS\nContent-Type: text/plain\n"
  . "Access-Control-Allow-Origin: *") x 5]
--- response_body eval
[("Only GET and HEAD are answered here.\n") x 5]



=== TEST 23: OPTIONS
--- request
OPTIONS /files/chan
--- more_headers
Origin: https://example.org
Access-Control-Request-Method: GET
--- error_code: 204
--- response_headers
Allow: GET, HEAD, OPTIONS
Access-Control-Allow-Origin: *
Access-Control-Allow-Headers: *, Authorization
Access-Control-Allow-Methods: GET,POST,HEAD
!Content-Type
!Content-Length
--- response_body



=== TEST 24: a body with GET is thrown away, the connection goes on
--- pipelined_requests eval
["GET /files/chan\nsome body", "POST /files\nother body", "HEAD /files",
 "GET /files"]
--- error_code eval
[200, 405, 200, 200]
--- response_body eval
['["chat","source"]', "Only GET and HEAD are answered here.\n", "",
 '["Alpha","chan","zeta"]']



=== TEST 25: ours is not compressed once more, nor made weak, by nginx
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    gzip on; gzip_types *; gzip_min_length 1; gzip_vary on;
    location /files { wubloader files; }
--- request eval
["GET /files", "GET /files"]
--- more_headers eval
use Digest::MD5;
my $tag = Digest::MD5::md5_hex('["Alpha","chan","zeta"]');
["Accept-Encoding: gzip",
 "Accept-Encoding: gzip\nIf-None-Match: W/\"$tag\""]
--- error_code eval
[200, 304]
--- response_headers_like eval
["Content-Encoding: gzip\nETag: \"[0-9a-f]{32}-gz\"\nVary: Accept-Encoding",
 "ETag: \"[0-9a-f]{32}-gz\"\nVary: Accept-Encoding"]
--- response_body_like eval
["^\x1f\x8b", "^\$"]



=== TEST 26: nginx's own errors in our location: text, with CORS
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files { wubloader files; deny all; }
--- request
GET /files
--- error_code: 403
--- response_headers
Content-Type: text/plain
Content-Length: 18
Access-Control-Allow-Origin: *
--- response_body
Access is denied.
--- error_log
access forbidden by rule



=== TEST 27: nginx's own errors before it looks for a location
--- request eval
"GET /files/" . "x" x 9000
--- error_code: 414
--- response_headers
Content-Type: text/plain
Access-Control-Allow-Origin: *
--- response_body
The path and query of the request are too long.



=== TEST 28: headers that are too large
--- request
GET /files
--- more_headers eval
"X-Long: " . "x" x 9000
--- error_code: 400
--- response_headers
Content-Type: text/plain
Access-Control-Allow-Origin: *
--- response_body
The request is malformed, or its headers are too large.



=== TEST 29: a NUL in the path
--- request
GET /files/a%00b
--- error_code: 400
--- response_headers
Content-Type: text/plain
Access-Control-Allow-Origin: *
--- response_body
The request is malformed, or its headers are too large.



=== TEST 30: an error page of the operator's is left alone
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files { wubloader files; deny all; error_page 403 /own.html; }
    location = /own.html { return 200 "<b>mine</b>"; default_type text/html; }
--- request
GET /files
--- error_code: 403
--- response_headers
Content-Type: text/html
--- response_body chomp
<b>mine</b>
--- error_log
access forbidden by rule



=== TEST 31: a server without our locations is left alone
--- config
    location /x { return 404; }
--- request
GET /x
--- error_code: 404
--- response_headers
Content-Type: text/html
!Access-Control-Allow-Origin
--- response_body_like chomp
<html>



=== TEST 32: other locations of our server are left alone
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files { wubloader files; }
    location /x { return 404; }
--- request
GET /x
--- error_code: 404
--- response_headers
Content-Type: text/html
!Access-Control-Allow-Origin
--- response_body_like chomp
<html>



=== TEST 33: HTTP/1.0
--- request
GET /files HTTP/1.0
--- response_body chomp
["Alpha","chan","zeta"]
