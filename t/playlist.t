# Media playlists: wubloader playlist, CHANNEL/QUALITY.m3u8.

use strict;
use warnings;

use POSIX qw(strftime);
use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Store;

our $store = Wub::Store->new;


# the lines that a playlist has for a segment
sub entry {
    my ($quality, $hour, $name, $uri) = @_;

    my ($rest, $d) = $name =~ /^(\d\d:\d\d\.\d{6})-([\d.]+)-/;
    my $path = $name;

    $path =~ s/:/%3A/g;
    $uri = '/segments' if !defined $uri;

    return sprintf("#EXT-X-PROGRAM-DATE-TIME:%s:%sZ\n#EXTINF:%.6f,live\n"
                   . "%s/chan/%s/%s/%s\n", $hour, $rest, $d, $uri, $quality,
                   $hour, $path);
}


sub head {
    my ($target, $vod) = @_;

    return "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:$target\n"
        . ($vod ? "#EXT-X-PLAYLIST-TYPE:VOD\n" : '')
        . "#EXT-X-MEDIA-SEQUENCE:0\n";
}


our $end = "#EXT-X-ENDLIST\n";
our $cut = "#EXT-X-DISCONTINUITY\n";
our ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');

# twelve seconds over the end of a leap day, the third one withdrawn from
# "holes", whose last is partial
our @a = $store->run('chan', 'source', "$h1:59:54", 2, 6);
our @b = $store->run('chan', 'holes', "$h1:59:54", 2, 6);
$store->tombstone('chan', 'holes', $h1, $b[2]);
our $partial = $store->segment('chan', 'holes', "$h2:00:06", '1.5', 'partial');
$store->file('chan/source/not an hour/x', 'x');
$store->file('chan/source/2024-02-30T00/x', 'x');
$store->file('chan/source/.hidden/x', 'x');
$store->file('chan/empty/.keep', 'x');
$store->file('chan/nohours/lost+found/x', 'x');

# up to the very end of its hour; over the end of its hour
our $full = $store->segment('chan', 'full', "$h1:59:58", 2);
our $span = $store->segment('chan', 'span', "$h1:59:58.5", 3);
$store->file("chan/span/$h2/.keep", 'x');

# 13 hours, an end each
$store->segment('chan', 'long', '2024-01-01T00:00:00', 2);
$store->segment('chan', 'long', '2024-01-01T12:00:00', 2);
$store->segment('chan', 'twelve', '2024-01-01T00:00:00', 2);
$store->segment('chan', 'twelve', '2024-01-01T11:00:00', 2);

# live: 8 s, a hole of 2 s that ended 60 s ago, 4 s; in the hour it falls to
our $now = time - 80;
our @live;

for my $i (0 .. 6) {
    my $t = strftime('%Y-%m-%dT%H:%M:%S', gmtime($now + 2 * $i));
    my $name = $store->segment('chan', 'live', $t, 2);

    $store->remove('chan/live/' . substr($t, 0, 13) . "/$name") if $i == 4;
    push @live, entry('live', substr($t, 0, 13), $name) if $i != 4;
}

our $from = strftime('%Y-%m-%dT%H:%M:%S', gmtime($now));
our $till = strftime('%Y-%m-%dT%H:%M:%S', gmtime($now + 14));
our $later = strftime('%Y-%m-%dT%H:%M:%S', gmtime($now + 7200));

our @s = ((map { entry('source', $h1, $_) } @a[0 .. 2]),
          (map { entry('source', $h2, $_) } @a[3 .. 5]));
our @o = ((map { entry('holes', $h1, $_) } @b[0 .. 2]),
          (map { entry('holes', $h2, $_) } @b[3 .. 5], $partial));
our $all = "@s";
$all =~ s/\n /\n/g;

our $url = '/playlist/chan/source.m3u8';
our $range = "start=$h1:59:54&end=$h2:00:06";

add_block_preprocessor(sub {
    my ($block) = @_;

    if (!defined $block->config) {
        $block->set_value('config', <<'END');
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /playlist { wubloader playlist; }
END
    }

    $block->set_value('user_files', $store->user_files('store'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

run_tests();

__DATA__

=== TEST 1: a past range without a hole, over the end of an hour
--- request eval
"GET $::url?$::range"
--- response_headers
Content-Type: application/vnd.apple.mpegurl
Cache-Control: no-cache
Vary: Accept-Encoding
Access-Control-Allow-Origin: *
!Last-Modified
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body eval
main::head(2, 1) . $::all . $::end



=== TEST 2: all legal forms of a time
--- request eval
[map { "GET $::url?$_" }
 "start=2024-02-29T23:59:54Z&end=2024-03-01T00:00:06Z",
 "start=2024-02-29%2023:59:54&end=2024-03-01%2000:00:06",
 "start=2024-02-29+23:59:54&end=2024-03-01+00:00:06",
 "start=2024-03-01T00:59:54+01:00&end=2024-03-01T01:00:06+01:00",
 "start=2024-03-01T00%3A59%3A54%2B01%3A00&end=2024-03-01T01:00:06%2B0100",
 "start=2024-02-29T15:59:54-08&end=2024-02-29T16:00:06.000000-08:00",
 "start=2024-02-29T23:59:54.0&end=2024-03-01T00:00:06.0000009",
 "end=2024-03-01T00:00:06&start=2024-02-29T23:59:54&t=1&x&=&y=z",
 "start=2024-02-29T23:59:54&start=x&end=2024-03-01T00:00:06&end="]
--- error_code eval
[(200) x 9]
--- response_body eval
[(main::head(2, 1) . $::all . $::end) x 9]



=== TEST 3: parts: the segments that a range touches, whole
--- request eval
[map { "GET $::url?$_" }
 "start=$::h1:59:55&end=$::h1:59:57",
 "start=$::h1:59:56&end=$::h1:59:58",
 "start=$::h1:59:57.999999&end=$::h2:00:00"]
--- response_body eval
[main::head(2, 1) . $::s[0] . $::s[1] . $::end,
 main::head(2, 1) . $::s[1] . $::end,
 main::head(2, 1) . $::s[1] . $::s[2] . $::end]



=== TEST 4: a hole, and a last segment that is not full
--- request eval
[map { "GET /playlist/chan/holes.m3u8?$_" }
 "start=$::h1:59:54&end=$::h2:00:06", "start=$::h1:59:54&end=$::h2:00:07"]
--- response_body eval
["${\main::head(2, 1)}$::o[0]$::o[1]$::cut$::o[3]$::o[4]$::o[5]$::end",
 "${\main::head(2)}$::o[0]$::o[1]$::cut$::o[3]$::o[4]$::o[5]$::o[6]"]



=== TEST 5: holes before and behind emit nothing, but no end is told
--- request eval
[map { "GET $::url?$_" }
 "start=$::h1:00:00&end=$::h2:00:06", "start=$::h1:59:54&end=$::h2:30:00",
 "start=2020-01-01T00:00:00&end=2020-01-01T01:00:00"]
--- response_body eval
[main::head(2, 1) . $::all . $::end, main::head(2) . $::all, main::head(1)]



=== TEST 6: start at or after end: empty, and no end
--- request eval
[map { "GET $::url?$_" }
 "start=$::h2:00:06&end=$::h2:00:06", "start=$::h2:00:06&end=$::h1:59:54",
 "start=$::h1:59:55&end=$::h1:59:55",
 "start=9999-12-31T23:59:59.999999&end=1970-01-01T00:00",
 "start=2030-01-01T00:00:00"]
--- response_body eval
[(main::head(1)) x 5]



=== TEST 7: the widest range there is
--- request eval
[map { "GET $::url?$_" }
 "start=1970-01-01T00:00&end=9999-12-31T23:59:59.999999",
 "start=0001-01-01T00:00%2B14:00&end=9999-12-31T23:59:59-14:00"]
--- response_body eval
[(main::head(2) . $::all) x 2]



=== TEST 8: implicit ends: from the first hour to the last, which may grow
--- request eval
[map { "GET $::url$_" }
 "", "?", "?start=$::h1:59:54", "?end=$::h2:00:06", "?start=$::h2:00:00",
 "?end=$::h1:30:00"]
--- response_body eval
[main::head(2) . $::all, main::head(2) . $::all, main::head(2) . $::all,
 main::head(2, 1) . $::all . $::end, main::head(2) . "$::s[3]$::s[4]$::s[5]",
 main::head(1)]



=== TEST 27: an open end is none, even where the last segment reaches it
--- request eval
["GET /playlist/chan/full.m3u8",
 "GET /playlist/chan/full.m3u8?start=$::h1:59:58&end=$::h2:00:00"]
--- response_body eval
[main::head(2) . main::entry("full", $::h1, $::full),
 main::head(2, 1) . main::entry("full", $::h1, $::full) . $::end]



=== TEST 28: a segment that begins in the hour before
--- request eval
"GET /playlist/chan/span.m3u8?start=$::h2:00:00&end=$::h2:00:01"
--- response_body eval
main::head(3, 1) . main::entry("span", $::h1, $::span) . $::end



=== TEST 9: implicit ranges of more than twelve hours
--- request eval
[map { "GET /playlist/chan/$_" }
 "long.m3u8", "long.m3u8?start=2024-01-01T00:59:59.999999",
 "long.m3u8?end=2024-01-01T12:00:00.000001",
 "source.m3u8?start=1970-01-01T00:00"]
--- error_code eval
[400, 400, 400, 400]
--- response_headers eval
[("Content-Type: text/plain\nCache-Control: no-cache\n"
  . "Access-Control-Allow-Origin: *") x 4]
--- response_body eval
[("Implicit range may not be longer than 12 hours\n") x 4]



=== TEST 10: ranges of just twelve hours, and explicit ones of more
--- request eval
[map { "GET /playlist/chan/$_" }
 "twelve.m3u8", "long.m3u8?start=2024-01-01T01:00:00",
 "long.m3u8?end=2024-01-01T12:00:00",
 "long.m3u8?start=2024-01-01T00:00:00&end=2024-01-01T13:00:00"]
--- error_code eval
[200, 200, 200, 200]



=== TEST 11: the limit is the directive's
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /a { wubloader playlist; wubloader_max_implicit_range 1h; }
    location /b { wubloader playlist; wubloader_max_implicit_range 90m; }
    location /c { wubloader playlist; wubloader_max_implicit_range 13h; }
--- request eval
["GET /a/chan/source.m3u8", "GET /b/chan/source.m3u8",
 "GET /c/chan/long.m3u8"]
--- error_code eval
[400, 400, 200]
--- response_body_like eval
["^Implicit range may not be longer than 1 hours\$",
 "^Implicit range may not be longer than 5400 seconds\$", "^#EXTM3U"]



=== TEST 12: no such channel, quality or hour
--- request eval
[map { "GET /playlist/$_" }
 "none/source.m3u8", "chan/none.m3u8", "chan/none.m3u8?$::range",
 "chan/empty.m3u8", "chan/nohours.m3u8", "chan/empty.m3u8?start=$::h1:00:00",
 "chan/empty.m3u8?$::range"]
--- error_code eval
[(404) x 6, 200]
--- response_body eval
[("There is no such channel or quality.\n") x 3,
 ("This quality has no segments yet; give start and end.\n") x 3,
 main::head(1)]



=== TEST 13: a file where the quality should be
--- request
GET /playlist/chan/file.m3u8
--- init
open my $out, '>', "$ENV{TEST_NGINX_HTML_DIR}/store/chan/file";
--- error_code: 404
--- response_body
There is no such channel or quality.
--- error_log
store/chan/file" is not a directory



=== TEST 14: a file where an hour should be: the hour has nothing
--- request eval
"GET /playlist/chan/empty.m3u8?$::range"
--- init
open my $out, '>', "$ENV{TEST_NGINX_HTML_DIR}/store/chan/empty/$::h1";
--- response_body eval
main::head(1)
--- error_log eval
"store/chan/empty/$::h1\" is not a directory"



=== TEST 15: paths
--- request eval
[map { "GET /playlist$_" } "", "/", "/.m3u8", "/chan/.m3u8", "/chan/source",
 "/chan/source.m3u", "/chan/source.m3u8/", "/chan/source/x.m3u8",
 "/chan//source.m3u8", "/a/b/c/d.m3u8", "/" . "x" x 256 . ".m3u8"]
--- error_code eval
[(404) x 8, 200, 404, 404]



=== TEST 16: hidden parts
--- request eval
[map { "GET /playlist$_" } "/.chan.m3u8", "/.chan/source.m3u8",
 "/chan/.source.m3u8", "/...m3u8", "/chan/..m3u8"]
--- error_code eval
[(403) x 5]
--- response_body eval
["Bad channel: May not start with a period\n",
 "Bad channel: May not start with a period\n",
 "Bad quality: May not start with a period\n",
 "Bad channel: May not start with a period\n",
 "Bad quality: May not start with a period\n"]



=== TEST 17: live: an old hole is passed
--- request eval
"GET /playlist/chan/live.m3u8?start=$::from"
--- response_body eval
"${\main::head(2)}$::live[0]$::live[1]$::live[2]$::live[3]$::cut$::live[4]"
. $::live[5]



=== TEST 18: live: a young hole holds back what is behind it
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    wubloader_live_hold 10m;
    location /playlist { wubloader playlist; }
--- request eval
[map { "GET /playlist/chan/live.m3u8?start=$::from$_" } "", "&end=$::later",
 "&end=$::till"]
--- response_body eval
[("${\main::head(2)}$::live[0]$::live[1]$::live[2]$::live[3]") x 3]



=== TEST 19: live hold 0 holds nothing
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    wubloader_live_hold 0;
    location /playlist { wubloader playlist; }
--- request eval
"GET /playlist/chan/live.m3u8?start=$::from&end=$::till"
--- response_body eval
"${\main::head(2, 1)}$::live[0]$::live[1]$::live[2]$::live[3]$::cut"
. "$::live[4]$::live[5]$::end"



=== TEST 20: an end in the future is no end
--- request eval
"GET /playlist/chan/live.m3u8?start=$::from&end=$::later"
--- response_body_unlike eval
qr/ENDLIST|VOD/



=== TEST 21: segments elsewhere
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /a/ { wubloader playlist;
                   wubloader_segments_uri https://cdn.example/x/; }
    location /b/ { wubloader playlist; wubloader_segments_uri /; }
--- request eval
[map { "GET $_/chan/source.m3u8?start=$::h1:59:54&end=$::h1:59:56" }
 "/a", "/b"]
--- response_body eval
[map { main::head(2, 1) . main::entry("source", $::h1, $::a[0], $_) . $::end }
 "https://cdn.example/x", ""]



=== TEST 22: target duration of the configuration is the least
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /a { wubloader playlist; wubloader_target_duration 6; }
    location /b { wubloader playlist; wubloader_target_duration 1; }
--- request eval
["GET /a/chan/source.m3u8?$::range", "GET /b/chan/source.m3u8?$::range"]
--- response_body eval
[main::head(6, 1) . $::all . $::end, main::head(2, 1) . $::all . $::end]



=== TEST 23: tolerance of the configuration
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /a { wubloader playlist; wubloader_tolerance 2s; }
    location /b { wubloader playlist; }
--- request eval
["GET /a/chan/holes.m3u8?start=$::h1:59:54&end=$::h2:00:06",
 "GET /b/chan/holes.m3u8?start=$::h1:59:54&end=$::h2:00:06"]
--- response_body eval
[map { "${\main::head(2, 1)}$::o[0]$::o[1]$_$::o[3]$::o[4]$::o[5]$::end" }
 "", $::cut]



=== TEST 24: HEAD, and a tag that matches
--- request eval
["HEAD $::url?$::range", "GET $::url?$::range", "GET $::url?$::range"]
--- more_headers eval
use Digest::MD5;
my $tag = Digest::MD5::md5_hex(main::head(2, 1) . $::all . $::end);
["X: y", "If-None-Match: \"$tag\"", "If-None-Match: \"$tag-gz\""]
--- error_code eval
[200, 304, 304]
--- response_headers eval
["Content-Type: application/vnd.apple.mpegurl\nCache-Control: no-cache",
 ("Cache-Control: no-cache\nVary: Accept-Encoding\n!Content-Type") x 2]
--- response_body eval
["", "", ""]



=== TEST 25: what changes, changes the tag
--- request eval
"GET $::url?$::range"
--- more_headers eval
use Digest::MD5;
'If-None-Match: "' . Digest::MD5::md5_hex(main::head(2, 1) . $::all . $::end)
. '"'
--- init
open my $out, '>',
    "$ENV{TEST_NGINX_HTML_DIR}/store/chan/source/$::h1/"
    . $::a[1] =~ s/ts$/tombstone/r;
--- response_body eval
"${\main::head(2, 1)}$::s[0]$::cut$::s[2]$::s[3]$::s[4]$::s[5]$::end"



=== TEST 26: methods
--- request eval
["POST $::url\nx", "OPTIONS $::url"]
--- error_code eval
[405, 204]
--- response_headers eval
[("Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Origin: *") x 2]
