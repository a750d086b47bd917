# Master playlists: wubloader playlist, CHANNEL.m3u8.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Nginx;
use Wub::Store;

our $store = Wub::Store->new;


# bits per second of the newest hour
our %average = (source => 70_000, '360p' => 160_000, '480p' => 160_000);

# what a master has for a quality: a group of its own with one rendition
sub variant {
    my ($name, $bandwidth, $query, $prefix) = @_;

    $query = defined $query && $query ne '' ? "?$query" : '';
    $prefix = '/playlist' if !defined $prefix;

    return qq(#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="$name",NAME="$name",)
        . 'AUTOSELECT=YES,DEFAULT=YES' . "\n"
        . qq(#EXT-X-STREAM-INF:BANDWIDTH=$bandwidth,VIDEO="$name",)
        . qq(NAME="$name",AVERAGE-BANDWIDTH=$average{$name}\n)
        . qq($prefix/chan/$name.m3u8$query\n);
}


# what a master that came tells of each quality by name, but for rates
sub known {
    my ($text) = @_;

    return join '', sort map { s/,AVERAGE-BANDWIDTH=\d+//r }
           $text =~ /^#EXT-X-STREAM-INF:.*,NAME=(.*\n)/mg;
}


our ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');

# bits per second: the peak of the newest hour, not of older ones
$store->segment('chan', 'source', "$h1:00:00", 2, 'full', size => 90_000);
$store->segment('chan', 'source', "$h2:00:00", 2, 'full', size => 10_000);
$store->segment('chan', 'source', "$h2:00:02", 2, 'full', size => 25_000);
$store->segment('chan', 'source', "$h2:00:04", 2, 'partial', size => 99_000);
our $dead = $store->segment('chan', 'source', "$h2:00:06", 2, 'full',
                            size => 88_000);
$store->tombstone('chan', 'source', $h2, $dead);
$store->segment('chan', '480p', "$h2:00:00", 2, 'full', size => 40_000);
$store->segment('chan', '360p', "$h1:00:00", 2, 'full', size => 40_000);
$store->chat('chan', $h2, '00:00', "{}\n");
$store->file('chan/.hidden/x', 'x');
$store->file('chan/file.txt', 'x');
$store->file('nothing/.hidden/x', 'x');
$store->chat('chatonly', $h2, '00:00', "{}\n");

# a transport stream of 854x480 at 30 frames a second with AAC, one of
# fields without sound, and one of metadata, H.264 and two sounds
our ($film, $fields, $mixed)
    = map { Wub::Nginx::slurp("t/fuzz/corpus/probe/$_") }
      qw(h264-aac fields metadata-two-sounds);

# the same, its sound only behind what is read first
our $big = substr($film, 0, -188)
    . ("\x47\x1f\xff\x10" . "\xff" x 184) x 1600 . substr($film, -188);

# told by the newest complete segment that can be read, of three
$store->segment('film', 'source', "$h1:59:58", 2, 'full', bytes => $fields);
$store->segment('film', 'source', "$h2:00:00", 2, 'full', bytes => $film);
$store->segment('film', 'source', "$h2:00:02", 2, 'full');
$store->segment('film', 'source', "$h2:00:04", 2, 'partial',
                bytes => $fields);
$dead = $store->segment('film', 'source', "$h2:00:06", 2, 'full',
                        bytes => $fields);
$store->tombstone('film', 'source', $h2, $dead);
$store->segment('film', 'older', "$h1:59:58", 2, 'full', bytes => $fields);
$store->segment('film', 'older', "$h2:00:00", 2, 'partial', bytes => $film);
$store->segment('film', 'mixed', "$h2:00:00", 2, 'full', bytes => $mixed);
$store->segment('film', 'big', "$h2:00:00", 2, 'full', bytes => $big);
$store->segment('film', 'garbage', "$h2:00:00", 2, 'full', bytes => $film);
$store->segment('film', 'garbage', "$h2:00:0$_", 1, 'full') for 2 .. 4;
$store->segment('film', 'empty', "$h2:00:00", 2, 'full', bytes => '');
$store->file("film/folder/$h2/00:00.0-2.0-full-x.ts/x", 'x');

# a target of four seconds: of two of one second each, not of one
$store->segment('peak', 'a', "$h2:00:00", 4, 'full', size => 4_000);
$store->segment('peak', 'a', "$h2:00:04", 1, 'full', size => 3_000);
$store->segment('peak', 'a', "$h2:00:05", 1, 'full', size => 1_000);
$store->segment('peak', 'b', "$h2:00:00", 4, 'full', size => 4_000);
$store->segment('peak', 'b', "$h2:00:04", 1, 'full', size => 3_000);
$store->segment('peak', 'b', "$h2:00:05.010001", 1, 'full', size => 1_000);
$store->file('bare/720p/.keep', 'x');
$store->file('bare/odd name"/not an hour/x', 'x');

our $source = '100000';
our $all = "#EXTM3U\n" . variant('source', 100_000, '')
    . variant('360p', 160_001) . variant('480p', 160_000);

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

=== TEST 1: source first, then by bandwidth, none twice; no chat
--- request
GET /playlist/chan.m3u8
--- response_headers
Content-Type: application/vnd.apple.mpegurl
Cache-Control: no-cache
Vary: Accept-Encoding
Access-Control-Allow-Origin: *
!Last-Modified
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body eval
$::all



=== TEST 2: the query goes on to the qualities, as it is
--- request eval
"GET /playlist/chan.m3u8?start=$::h1:30:00&x=%41+b&&"
--- response_body eval
my $q = "start=$::h1:30:00&x=%41+b&&";
"#EXTM3U\n" . main::variant("source", 100_000, $q)
. main::variant("360p", 160_001, $q) . main::variant("480p", 160_000, $q)



=== TEST 3: qualities outside of the range, hour by hour, are left out
--- request eval
[map { "GET /playlist/chan.m3u8?$_" }
 "start=$::h2:00:00.000001", "end=$::h1:59:59",
 "start=$::h1:10:00&end=$::h1:20:00"]
--- response_body eval
my $q = "start=$::h2:00:00.000001";
my $r = "end=$::h1:59:59";
my $s = "start=$::h1:10:00&end=$::h1:20:00";
["#EXTM3U\n" . main::variant("source", 100_000, $q)
 . main::variant("480p", 160_000, $q),
 "#EXTM3U\n" . main::variant("source", 100_000, $r)
 . main::variant("360p", 160_000, $r),
 "#EXTM3U\n" . main::variant("source", 100_000, $s)
 . main::variant("360p", 160_000, $s)]



=== TEST 4: no channel, no quality, none within the range
--- request eval
[map { "GET /playlist/$_" }
 "none.m3u8", "nothing.m3u8", "chatonly.m3u8", "chan.m3u8?end=2020-01-01T00:00",
 "chan.m3u8?start=2030-01-01T00:00", "bare.m3u8?start=2020-01-01T00:00"]
--- error_code eval
[(404) x 6]
--- response_headers eval
[("Content-Type: text/plain\nCache-Control: no-cache\n"
  . "Access-Control-Allow-Origin: *") x 6]
--- response_body eval
[("There is no such channel, or it has no quality within the requested "
  . "time range.\n") x 6]



=== TEST 5: qualities without hours have the usual bandwidths
--- request
GET /playlist/bare.m3u8
--- response_body_like eval
'BANDWIDTH=6846146,.*\n/playlist/bare/odd%20name%22.m3u8\n'
. '.*BANDWIDTH=2373000,VIDEO="720p".*\n/playlist/bare/720p.m3u8\n$'



=== TEST 6: the location's own prefix
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /a/b/ { wubloader playlist; }
    location /p { wubloader playlist; }
--- request eval
["GET /a/b/chan.m3u8?start=$::h2:30:00&end=$::h2:40:00",
 "GET /p/chan.m3u8?start=$::h2:30:00&end=$::h2:40:00"]
--- response_body eval
my $q = "start=$::h2:30:00&end=$::h2:40:00";
[map { "#EXTM3U\n" . main::variant("source", 100_000, $q, $_)
       . main::variant("480p", 160_000, $q, $_) } "/a/b", "/p"]



=== TEST 7: HEAD and 304
--- request eval
["HEAD /playlist/chan.m3u8", "GET /playlist/chan.m3u8",
 "GET /playlist/chan.m3u8?x"]
--- more_headers eval
use Digest::MD5;
my $tag = Digest::MD5::md5_hex($::all);
["X: y", "If-None-Match: \"$tag\"", "If-None-Match: \"$tag\""]
--- error_code eval
[200, 304, 200]
--- response_body_like eval
["^\$", "^\$", "^#EXTM3U"]



=== TEST 8: a channel that is a file
--- request
GET /playlist/file.m3u8
--- init
open my $out, '>', "$ENV{TEST_NGINX_HTML_DIR}/store/file";
--- error_code: 404
--- response_body_like chomp
^There is no such channel
--- error_log
store/file" is not a directory



=== TEST 9: what a segment tells, and nothing where none can be read
--- request
GET /playlist/film.m3u8
--- response_body_filters eval
\&main::known
--- response_body
"big",CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=854x480,FRAME-RATE=30.000
"empty"
"folder"
"garbage"
"mixed",CODECS="avc1.4d401f,mp4a.40.1,mp4a.40.2",RESOLUTION=854x480
"older",CODECS="avc1.4d401f",RESOLUTION=854x480,FRAME-RATE=25.000
"source",CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=854x480,FRAME-RATE=30.000



=== TEST 10: the peak is that of segments that touch, half a target at least
--- request
GET /playlist/peak.m3u8
--- response_body_like eval
'BANDWIDTH=16000,VIDEO="a",NAME="a",AVERAGE-BANDWIDTH=10667\n.*'
. 'BANDWIDTH=11200,VIDEO="b",NAME="b",AVERAGE-BANDWIDTH=10667\n'
