# Cuts: wubloader cut; type=rough is served, the rest is rendered elsewhere.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Store;

our $store = Wub::Store->new;
our ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');

# twelve seconds over the end of a leap day, of sizes that differ; "holes"
# lacks its third segment and ends with a partial one; "many" has 60, as
# "tiny" has of few bytes
our %bytes;

sub add {
    my ($quality, $hour, $name) = @_;

    push @{ $bytes{$quality} }, $store->bytes("chan/$quality/$hour/$name");
    return $name;
}

for my $i (0 .. 5) {
    my $t = Wub::Store::add_us("$h1:59:54", $i * 2_000_000);

    for my $quality (qw(source holes)) {
        my $name = add($quality, substr($t, 0, 13),
            $store->segment('chan', $quality, $t, 2, 'full',
                            size => 1000 + 100 * $i));
        $store->tombstone('chan', 'holes', $h1, $name)
            if $i == 2 && $quality eq 'holes';
    }
}

add('holes', $h2, $store->segment('chan', 'holes', "$h2:00:06", '1.5',
                                  'partial', size => 500));
add('many', $h1, $_)
    for $store->run('chan', 'many', "$h1:00:00", 1, 60, size => 777);

add('tiny', $h1, $_)
    for $store->run('chan', 'tiny', "$h1:00:00", 1, 60, size => 9);

# segments of no bytes between others, and alone
add('zero', $h1, $store->segment('chan', 'zero', "$h1:00:00", 2, 'full',
                                 bytes => 'first'));
$store->segment('chan', 'zero', "$h1:00:02", 2, 'full', bytes => '',
                hash => 'x' x 43);
add('zero', $h1, $store->segment('chan', 'zero', "$h1:00:04", 2, 'full',
                                 bytes => 'second'));
$store->segment('chan', 'zero', "$h1:00:06", 2, 'full', bytes => '',
                hash => 'y' x 43);
$store->file('chan/empty/.keep', '');

our $all = join '', @{ $bytes{source} };
our $tiny = join '', @{ $bytes{tiny} };
our $many = join '', @{ $bytes{many} };
our $size = length $all;
our $url = '/cut/chan/source.ts?type=rough';
our $range = "start=$h1:59:54&end=$h2:00:06";

our $holes = "Requested time range contains holes or is incomplete.\n";
our $none = "We have no content available within the requested time range.\n";
our $ends = "Ends must be after starts\n";
our $error = "Content-Type: text/plain\nCache-Control: no-cache\n"
    . 'Access-Control-Allow-Origin: *';

add_block_preprocessor(sub {
    my ($block) = @_;

    if (!defined $block->config) {
        $block->set_value('config', <<'END');
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /cut { wubloader cut; }
END
    }

    $block->set_value('user_files', $store->user_files('store'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

run_tests();

__DATA__

=== TEST 1: whole segments, one after the other
--- request eval
"GET $::url&$::range"
--- response_headers eval
"Content-Type: video/mp2t
Content-Length: $::size
Accept-Ranges: bytes
Cache-Control: no-cache
Access-Control-Allow-Origin: *
!Last-Modified"
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body eval
$::all



=== TEST 2: what a range touches
--- request eval
["GET $::url&start=$::h1:59:55&end=$::h1:59:57",
 "GET $::url&start=$::h1:59:58&end=$::h2:00:00",
 "GET $::url&range=$::h1:59:55,$::h1:59:57"]
--- response_body eval
my @b = @{ $::bytes{source} };
["$b[0]$b[1]", $b[2], "$b[0]$b[1]"]



=== TEST 3: several ranges, in their order, also twice, also backwards
--- request eval
["GET $::url&range=$::h1:59:54,$::h1:59:56&range=$::h2:00:02,$::h2:00:05",
 "GET $::url&range=$::h2:00:02,$::h2:00:04&range=$::h1:59:54,$::h1:59:55"
 . "&range=$::h2:00:02,$::h2:00:04"]
--- response_body eval
my @b = @{ $::bytes{source} };
["$b[0]$b[4]$b[5]", "$b[4]$b[0]$b[4]"]



=== TEST 4: range beats start and end, whatever they hold
--- request eval
"GET $::url&start=x&range=$::h1:59:54,$::h1:59:56&end="
--- response_body eval
$::bytes{source}[0]



=== TEST 5: forms of a time within a range
--- request eval
[map { "GET $::url&range=$_" }
 "2024-02-29T23:59:54Z,2024-02-29T23:59:56Z",
 "2024-03-01T00:59:54+01:00,2024-03-01T00:59:56+01:00",
 "2024-03-01T00%3A59%3A54%2B01%3A00%2C2024-02-29T23:59:56",
 "2024-02-29+23:59:54,2024-02-29%2023:59:56",
 "2024-02-29+23:59:54,2024-03-01+00:59:56+01"]
--- response_body eval
[($::bytes{source}[0]) x 5]



=== TEST 6: neither start nor end: from the first hour to the last
--- request eval
["GET $::url&allow_holes=true",
 "GET $::url&allow_holes=true&start=$::h2:00:00",
 "GET $::url&allow_holes=true&end=$::h2:00:00", "GET $::url"]
--- error_code eval
[200, 200, 200, 406]
--- response_body eval
my @b = @{ $::bytes{source} };
[$::all, "$b[3]$b[4]$b[5]", "$b[0]$b[1]$b[2]", $::holes]



=== TEST 7: holes, asked for and not
--- request eval
[map { "GET /cut/chan/holes.ts?type=rough&start=$::h1:59:54&$_" }
 "end=$::h2:00:06", "end=$::h2:00:06&allow_holes=false",
 "end=$::h2:00:06&allow_holes=true", "end=$::h1:59:58",
 "end=$::h2:00:07", "end=$::h2:00:07&allow_holes=TRUE"]
--- error_code eval
[406, 406, 200, 200, 406, 200]
--- response_body eval
my @b = @{ $::bytes{holes} };
[$::holes, $::holes, "$b[0]$b[1]$b[3]$b[4]$b[5]", "$b[0]$b[1]", $::holes,
 "$b[0]$b[1]$b[3]$b[4]$b[5]$b[6]"]



=== TEST 8: nothing there, in one range and in one of several
--- request eval
[map { "GET $::url&$_" }
 "start=2020-01-01T00:00&end=2020-01-01T01:00&allow_holes=true",
 "start=2020-01-01T00:00&end=2020-01-01T01:00",
 "range=$::h1:59:54,$::h1:59:56&range=$::h2:01:00,$::h2:02:00"
 . "&allow_holes=true",
 "range=2020-01-01T00:00,2020-01-01T00:01&range=$::h1:59:54,$::h1:59:56"]
--- error_code eval
[406, 406, 406, 406]
--- response_headers eval
[($::error) x 4]
--- response_body eval
[$::none, $::holes, $::none, $::holes]



=== TEST 9: no such channel, quality or hour
--- request eval
["GET /cut/none/source.ts?type=rough&$::range",
 "GET /cut/chan/none.ts?type=rough", "GET /cut/chan/empty.ts?type=rough",
 "GET /cut/chan/empty.ts?type=rough&$::range",
 "GET /cut/chan/empty.ts?type=rough&start=$::h1:00:00"]
--- error_code eval
[404, 404, 404, 406, 404]
--- response_body eval
["There is no such channel or quality.\n",
 "There is no such channel or quality.\n",
 "This quality has no segments yet; give start and end.\n", $::holes,
 "This quality has no segments yet; give start and end.\n"]



=== TEST 10: ends before starts, however given
--- request eval
[map { "GET $::url&$_" }
 "start=$::h2:00:06&end=$::h1:59:54", "start=$::h1:59:54&end=$::h1:59:54",
 "range=$::h2:00:06,$::h1:59:54",
 "range=$::h1:59:54,$::h1:59:56&range=$::h1:59:54,$::h1:59:54",
 "start=2030-01-01T00:00", "end=2020-01-01T00:00", "end=1970-01-01T00:00"]
--- error_code eval
[(400) x 7]
--- response_headers eval
[($::error) x 7]
--- response_body eval
[($::ends) x 7]



=== TEST 11: ranges that are none
--- request eval
[map { "GET $::url&range=$_" } "", ",", "$::h1:59:54", "$::h1:59:54,",
 ",$::h1:59:54", "a,b", "$::h1:59:54,$::h1:59:56,$::h1:59:58",
 "$::h1:59:54,$::h1:59:56&range=", "$::h1:59:54;$::h1:59:56",
 "$::h1:59:54,null"]
--- error_code eval
[(400) x 10]
--- response_headers eval
[($::error) x 10]
--- response_body_like eval
my $tail = "write both as YYYY-MM-DDTHH:MM:SS.\$";
[map { "^range is not START,END: '\Q$_\E'; $tail" } "", ",", "$::h1:59:54",
 "$::h1:59:54,", ",$::h1:59:54", "a,b",
 "$::h1:59:54,$::h1:59:56,$::h1:59:58", "", "$::h1:59:54;$::h1:59:56",
 "$::h1:59:54,null"]



=== TEST 12: transitions: a hard cut, all joints or fewer
--- request eval
my $two = "range=$::h1:59:54,$::h1:59:56&range=$::h2:00:02,$::h2:00:04";
[map { "GET $::url&$two&$_" }
 "transition=", "transition=fade,1", "transition=clockwipe,2",
 "transition=revealdown,0.5&range=$::h1:59:56,$::h1:59:58",
 "transition=&transition=batman,2.0&range=$::h1:59:56,$::h1:59:58",
 "transition"]
--- response_body eval
my @b = @{ $::bytes{source} };
["$b[0]$b[4]", "$b[0]$b[4]", "$b[0]$b[4]", "$b[0]$b[4]$b[1]",
 "$b[0]$b[4]$b[1]", "$b[0]$b[4]"]



=== TEST 13: too many transitions
--- request eval
["GET $::url&$::range&transition=", "GET $::url&transition=fade,1",
 "GET $::url&range=$::h1:59:54,$::h1:59:56&transition=",
 "GET $::url&range=$::h1:59:54,$::h1:59:56&range=$::h1:59:54,$::h1:59:56"
 . "&transition=&transition="]
--- error_code eval
[(400) x 4]
--- response_headers eval
[($::error) x 4]
--- response_body eval
[("Too many transitions\n") x 4]



=== TEST 14: transitions that are none
--- request eval
my $two = "range=$::h1:59:54,$::h1:59:56&range=$::h2:00:02,$::h2:00:04";
[map { "GET $::url&$two&transition=$_" } "fade", "fade,", ",1", "fade,x",
 "fade,-1", "fade,0", "fade,1e0", "fade,1,2", "fade,nan", "Fade,1",
 "fade,99999999", "fade,+1"]
--- error_code eval
[(400) x 12]
--- response_body_like eval
[map { "^transition is not TYPE,SECONDS: '\Q$_\E'; leave it empty for a "
       . "hard cut.\$" }
 "fade", "fade,", ",1", "fade,x", "fade,-1", "fade,0", "fade,1e0",
 "fade,1,2", "fade,nan", "Fade,1", "fade,99999999", "fade,+1"]



=== TEST 15: transitions that are unknown, or too long for a neighbour
--- request eval
my $two = "range=$::h1:59:54,$::h1:59:58&range=$::h2:00:02,$::h2:00:04";
[map { "GET $::url&$two&transition=$_" } "sparkle,1", "fade,2.000001",
 "fade,4", "fade,2"]
--- error_code eval
[400, 400, 400, 200]
--- response_body_like eval
["^Unknown transition 'sparkle'\$",
 "^transition 'fade,2.000001' is longer than a range beside it.\$",
 "^transition 'fade,4' is longer than a range beside it.\$", ""]



=== TEST 40: two transitions that are together longer than what is between
--- request eval
my $three = "range=$::h1:59:54,$::h1:59:58&range=$::h2:00:02,$::h2:00:04"
    . "&range=$::h1:59:54,$::h1:59:58";
[map { "GET $::url&$three&transition=$_" } "fade,1.5&transition=batman,0.6",
 "fade,1&transition=batman,1"]
--- error_code eval
[400, 200]
--- response_body_like eval
["^transition 'fade,1.5' and transition 'batman,0.6' are together longer "
 . "than the range between them.\$", ""]



=== TEST 16: allow_holes that is neither
--- request eval
[map { "GET $::url&$::range&allow_holes=$_" } "", "1", "yes", "true,false"]
--- error_code eval
[(400) x 4]
--- response_body eval
[("allow_holes must be one of: true, false\n") x 4]



=== TEST 17: types that are rendered elsewhere, and one that is not known
--- request eval
[map { "GET /cut/chan/source.ts?$::range$_" } "", "&type=fast",
 "&type=smart", "&type=mpegts", "&type=webm", "&type=mp4", "&type=",
 "&type=Rough", "&type=x%0ay%00"]
--- error_code eval
[(501) x 6, 400, 400, 400]
--- response_headers eval
[($::error) x 9]
--- response_body eval
[(map { "This server does not render cuts of type $_; ask for type=rough.\n" }
  qw(fast fast smart mpegts webm mp4)),
 "Unknown type ''\n", "Unknown type 'Rough'\n",
 "The query string holds a percent sign without two hexadecimal digits "
 . "behind it, or a zero byte.\n"]



=== TEST 18: an unknown type is said in letters that do no harm
--- request eval
["GET /cut/chan/source.ts?$::range&type=%3Cb%3E%0d%0aX:%20y%ff",
 "GET /cut/chan/source.ts?$::range&type=" . "z" x 500]
--- error_code eval
[400, 400]
--- response_body eval
["Unknown type '<b>??X: y?'\n", "Unknown type '" . "z" x 80 . "...'\n"]



=== TEST 19: order of errors: ranges, transitions, allow_holes, existence,
selection, type
--- request eval
my $two = "range=$::h1:59:54,$::h1:59:58&range=$::h2:00:02,$::h2:00:04";
["GET /cut/chan/none.ts?range=x&transition=x&transition=y&allow_holes=x",
 "GET /cut/chan/none.ts?$two&transition=&transition=&allow_holes=x&type=x",
 "GET /cut/chan/none.ts?$two&transition=sparkle,1&allow_holes=x&type=x",
 "GET /cut/chan/none.ts?$two&transition=&allow_holes=x&type=x",
 "GET /cut/chan/none.ts?$two&type=x",
 "GET /cut/chan/holes.ts?$::range&type=x",
 "GET /cut/chan/source.ts?$two&type=x"]
--- error_code eval
[400, 400, 400, 400, 404, 406, 400]
--- response_body_like eval
["^range is", "^Too many", "^Unknown tr", "^allow_holes", "^There is no",
 "^Requested", "^Unknown type 'x'"]



=== TEST 20: a named location renders what nginx does not, after the checks;
it gets the request complete, and HEAD is not rendered at all
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /cut { wubloader cut; wubloader_render @render; }
    location @render { return 200 "rendered $request_uri $uri?$args"; }
--- request eval
["GET /cut/chan/source.ts?$::range", "HEAD /cut/chan/source.ts?$::range",
 "GET /cut/chan/source.ts?$::range&type=mp4",
 "GET /cut/chan/source.ts?$::range&type=x",
 "GET /cut/chan/holes.ts?$::range", "GET $::url&$::range",
 "GET /cut/chan/none.ts"]
--- error_code eval
[200, 200, 200, 400, 406, 200, 404]
--- response_headers eval
[("Access-Control-Allow-Origin: *") x 7]
--- response_body eval
my $whole = "/cut/chan/source.ts?range=$::h1:59:54.000000Z,"
    . "$::h2:00:06.000000Z&allow_holes=false";
["rendered /cut/chan/source.ts?$::range $whole&type=fast", "",
 "rendered /cut/chan/source.ts?$::range&type=mp4 $whole&type=mp4",
 "Unknown type 'x'\n", $::holes, $::all,
 "There is no such channel or quality.\n"]



=== TEST 21: a renderer that is not there: 502, in our words, with CORS
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /cut { wubloader cut; wubloader_render @render; }
    location @render {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/no.sock;
    }
--- request eval
"GET /cut/chan/source.ts?$::range"
--- error_code: 502
--- response_headers
Content-Type: text/plain
Access-Control-Allow-Origin: *
--- response_body
The renderer does not answer.
--- error_log
[crit]
no.sock failed



=== TEST 39: the operator's own page for it is left alone
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /cut { wubloader cut; wubloader_render @render; }
    location @render {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/no.sock;
        error_page 502 /own.html;
    }
    location = /own.html { return 200 "<b>mine</b>"; default_type text/html; }
--- request eval
"GET /cut/chan/source.ts?$::range"
--- error_code: 502
--- response_headers
Content-Type: text/html
Access-Control-Allow-Origin: *
--- response_body chomp
<b>mine</b>
--- error_log
[crit]
no.sock failed



=== TEST 22: a renderer through a proxy
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /cut { wubloader cut; wubloader_render @render; }
    location @render {
        set $path /echo;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT$path;
    }
    location = /echo {
        add_header Access-Control-Allow-Origin upstream;
        return 200 "over there";
    }
--- request eval
"GET /cut/chan/source.ts?$::range"
--- response_headers
Access-Control-Allow-Origin: upstream
--- response_body chomp
over there



=== TEST 23: more files than are open at once
--- request eval
"GET /cut/chan/many.ts?type=rough&start=$::h1:00:00&end=$::h1:01:00"
--- response_headers
Content-Length: 46620
--- response_body eval
$::many



=== TEST 38: windows of a few bytes do not wait for postpone_output
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /cut { wubloader cut; sendfile on; }
--- request eval
"GET /cut/chan/tiny.ts?type=rough&start=$::h1:00:00&end=$::h1:01:00"
--- timeout: 2
--- response_body eval
$::tiny



=== TEST 24: the same, with small buffers, without sendfile, in threads
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /a/ { wubloader cut; sendfile off; output_buffers 1 512; }
    location /b/ { wubloader cut; sendfile on; sendfile_max_chunk 1k; }
    location /c/ { wubloader cut; sendfile on; aio threads; }
    location /d/ { wubloader cut; sendfile off; aio threads;
                   output_buffers 2 1k; }
    location /e/ { wubloader cut; sendfile on; postpone_output 0; }
    location /f/ { wubloader cut; sendfile on; limit_rate 100k; }
    location /g/ { wubloader cut; sendfile on; directio 1; }
--- request eval
my $q = "type=rough&start=2024-02-29T23:00:00&end=2024-02-29T23:01:00";
[map { "GET /$_/chan/many.ts?$q" } "a" .. "g"]
--- response_body eval
[($::many) x 7]



=== TEST 25: HEAD
--- request eval
"HEAD $::url&$::range"
--- response_headers eval
"Content-Type: video/mp2t
Content-Length: $::size
Accept-Ranges: bytes"
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body



=== TEST 26: single ranges: within a file, over files, first, last
--- request eval
[("GET $::url&$::range") x 8]
--- more_headers eval
[map { "Range: bytes=$_" } "0-0", "10-19", "950-1049", "999-1000",
 "1000-2099", "0-", "-10", "1000-"]
--- error_code eval
[(206) x 8]
--- response_headers eval
my $n = $::size;
my $m = $n - 1;
my $l = $n - 10;
[map { "Content-Range: bytes $_/$n" } "0-0", "10-19", "950-1049", "999-1000",
 "1000-2099", "0-$m", "$l-$m", "1000-$m"]
--- response_body eval
[map { substr($::all, $_->[0], $_->[1]) } [0, 1], [10, 10], [950, 100],
 [999, 2], [1000, 1100], [0, $::size], [$::size - 10, 10],
 [1000, $::size - 1000]]



=== TEST 27: ranges over many files, in small pieces
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /cut { wubloader cut; sendfile on; sendfile_max_chunk 1k; }
--- request eval
my $q = "type=rough&start=2024-02-29T23:00:00&end=2024-02-29T23:01:00";
[("GET /cut/chan/many.ts?$q") x 4]
--- more_headers eval
[map { "Range: bytes=$_" } "1000-40000", "20000-", "-1", "46619-50000"]
--- error_code eval
[(206) x 4]
--- response_body eval
[substr($::many, 1000, 39001), substr($::many, 20000), substr($::many, -1),
 substr($::many, -1)]



=== TEST 28: several ranges get it all, one outside gets 416
--- request eval
[("GET $::url&$::range") x 3]
--- more_headers eval
["Range: bytes=0-1,5-6", "Range: bytes=$::size-", "Range: lines=0-1"]
--- error_code eval
[200, 416, 200]
--- response_body eval
[$::all, "The range lies outside of the file.\n", $::all]



=== TEST 29: If-Range and If-None-Match
--- request eval
[("GET $::url&$::range") x 4]
--- more_headers eval
my $md5 = sub {
    my ($quality) = @_;
    my $data = "";
    for my $path ($::store->paths("chan/$quality")) {
        my ($h, $name) = $path =~ m{^chan/\w+/([^/]+)/(.*)$};
        my $us = $h eq $::h1 ? 1709247600 : 1709251200;
        $data .= pack("q", $us * 1_000_000) . "$name/"
            . pack("Q", length $::store->bytes($path));
    }
    return Digest::MD5::md5_hex($data);
};
use Digest::MD5;
my $tag = '"' . $md5->("source") . '"';
["Range: bytes=0-1\nIf-Range: $tag", "Range: bytes=0-1\nIf-Range: \"x\"",
 "If-None-Match: $tag", "If-None-Match: \"x\""]
--- error_code eval
[206, 200, 304, 200]
--- response_body eval
[substr($::all, 0, 2), $::all, "", $::all]



=== TEST 30: the tag is that of names, sizes and order
--- request eval
["GET $::url&range=$::h1:59:54,$::h1:59:56&range=$::h1:59:56,$::h1:59:58",
 "GET $::url&range=$::h1:59:56,$::h1:59:58&range=$::h1:59:54,$::h1:59:56",
 "GET $::url&range=$::h1:59:54,$::h1:59:58"]
--- response_body eval
my @b = @{ $::bytes{source} };
["$b[0]$b[1]", "$b[1]$b[0]", "$b[0]$b[1]"]



=== TEST 31: segments of no bytes
--- request eval
[map { "GET /cut/chan/zero.ts?type=rough&start=$::h1:00:0$_" }
 "0&end=$::h1:00:08", "2&end=$::h1:00:04", "2&end=$::h1:00:06"]
--- response_headers eval
["Content-Length: 11", "Content-Length: 0", "Content-Length: 6"]
--- response_body eval
["firstsecond", "", "second"]



=== TEST 32: paths
--- request eval
[map { "GET /cut$_" } "", "/", "/chan.ts", "/chan/source", "/chan/.ts",
 "/chan/source.mp4", "/chan/source.ts/", "/a/b/c.ts", "/a/b/c/d.ts",
 "/x/" . "y" x 256 . ".ts", "/.ts", "/x//.ts"]
--- error_code eval
[(404) x 12]



=== TEST 33: hidden parts
--- request eval
[map { "GET /cut$_" } "/.chan/source.ts", "/chan/.source.ts", "/.chan.ts"]
--- error_code eval
[403, 403, 403]
--- response_body eval
[map { "Bad $_: May not start with a period\n" } "channel", "quality",
 "channel"]



=== TEST 34: methods
--- request eval
["POST $::url&$::range\nx", "OPTIONS $::url"]
--- error_code eval
[405, 204]
--- response_headers eval
[("Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Origin: *") x 2]



=== TEST 35: as many ranges as a request line holds
--- request eval
"GET $::url" . "&range=$::h1:59:54,$::h1:59:56" x 160
--- response_body eval
$::bytes{source}[0] x 160



=== TEST 36: more ranges than there may be
--- http_config
    large_client_header_buffers 4 256k;
--- request eval
my $r = "&range=2024-02-29T23:59,2024-03-01T00:00";
["GET $::url" . $r x 1001, "GET $::url&allow_holes=true" . $r x 1000,
 "GET $::url" . "&x" x 2100]
--- error_code eval
[400, 200, 400]
--- response_body_like eval
["^range is given more than 1000 times.\$", "^segment",
 "^The query string holds more than 2100 parameters.\$"]



=== TEST 37: a pipeline on one connection
--- pipelined_requests eval
["GET $::url&$::range", "HEAD $::url&$::range", "GET $::url&range=x",
 "GET $::url&$::range"]
--- error_code eval
[200, 200, 400, 200]
--- response_body_like eval
[quotemeta($::all), "^\$", "^range is", quotemeta($::all)]
