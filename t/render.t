# What nginx does not render itself: frames, waveforms and cuts are checked,
# their segments are looked for, and a good request goes on, complete.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Store;
use Wub::Upstream;

our $store = Wub::Store->new;
our $up = Wub::Upstream->new(tell => ['content-length', 'host',
                                      'if-none-match', 'transfer-encoding']);
our ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');

# twelve seconds over the end of a leap day; "holes" lacks what begins at
# 23:59:58 and has 5 ms too little at 23:59:56; its last one is partial
$store->run('chan', 'source', "$h1:59:54", 2, 6, size => 10);

for my $i (0, 1, 3) {
    $store->segment('chan', 'holes',
                    Wub::Store::add_us("$h1:59:54", $i * 2_000_000),
                    $i == 0 ? '1.995' : 2, 'full');
}

$store->segment('chan', 'holes', "$h2:00:02", 2, 'partial');

# names that a URI has to encode, and those that Wub::Upstream knows
our @odd = ('a b', "\xc3\xa9\xff", 'q?x=1', 'c#d', 'x.y..', '100%', '%41',
            'a&b=c;d+e', '"quoted"', "new\nline");

$store->run($_, $_, "$h1:59:54", 2, 1, size => 10)
    for @odd, qw(busy refused broken large slow);

our $at = "timestamp=$h1:59:55";
our $atz = "timestamp=$h1:59:55.000000Z";
our $range = "start=$h1:59:54&end=$h2:00:00";
our $rangez = "start=$h1:59:54.000000Z&end=$h2:00:00.000000Z";
our $none = "We have no content available within the requested time range.\n";
our $error = "Content-Type: text/plain\nCache-Control: no-cache\n"
    . 'Access-Control-Allow-Origin: *';

# what the renderer is sent
sub sent {
    my ($path, %has) = @_;

    return "GET $path HTTP/1.1\ncontent-length: -\nhost: localhost\n"
        . 'if-none-match: ' . ($has{tag} // '-')
        . "\ntransfer-encoding: -\n";
}

sub encoded {
    return $_[0] =~ s{([^\w.~&=;+-])}{sprintf '%%%02X', ord $1}ger;
}

add_block_preprocessor(sub {
    my ($block) = @_;
    my $path = $up->path;

    if (!defined $block->config) {
        $block->set_value('config', <<"END");
    wubloader_root \$TEST_NGINX_HTML_DIR/store;
    wubloader_render \@render;
    location /frame { wubloader frame; }
    location /waveform { wubloader waveform; }
    location /cut { wubloader cut; }
    location /a/b/frame/ { wubloader frame; }
    location /a/b/cut { wubloader cut; }
    location /no/frame { wubloader frame; }
    location \@render {
        proxy_pass http://unix:$path;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffering off;
    }
END
    }

    $block->set_value('user_files', $store->user_files('store'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

run_tests();

__DATA__

=== TEST 1: a frame, of either format
--- request eval
["GET /frame/chan/source.png?$::at",
 "GET /frame/chan/source.png?$::at&format=png",
 "GET /frame/chan/source.png?format=jpg&timestamp=2024-03-01+00:59:55%2B01",
 "GET /frame/chan/source.png?$::at.1234567&x=y&t=1"]
--- response_headers eval
[("Content-Type: text/x-told\nAccess-Control-Allow-Origin: *\n"
  . "ETag: \"told\"") x 4]
--- response_body eval
my $path = "/frame/chan/source.png?timestamp=$::h1:59:55";
[(main::sent("$path.000000Z&format=png")) x 2,
 main::sent("$path.000000Z&format=jpg"),
 main::sent("$path.123456Z&format=png")]



=== TEST 2: a waveform, with what the editor sends
--- request eval
["GET /waveform/chan/source.png?size=1920x125&$::range&t=1709251200",
 "GET /waveform/chan/source.png?$::range",
 "GET /waveform/chan/holes.png?$::range&format=json&size=1x1"]
--- response_body eval
[main::sent("/waveform/chan/source.png?$::rangez&size=1920x125&format=png"),
 main::sent("/waveform/chan/source.png?$::rangez&size=1024x64&format=png"),
 main::sent("/waveform/chan/holes.png?$::rangez&size=1x1&format=json")]



=== TEST 3: cuts: ranges, transitions, ends that were not given, a plan
--- request eval
my $r = "range=$::h1:59:54,$::h1:59:56&range=$::h2:00:02,$::h2:00:04";
["GET /cut/chan/source.ts?$r&type=smart",
 "GET /cut/chan/source.ts?$r&transition=batman,0.5&type=webm",
 "GET /cut/chan/source.ts?allow_holes=true&type=mp4",
 "GET /cut/chan/source.ts?allow_holes=TRUE&start=$::h2:00:00",
 "GET /cut/chan/source.ts?$::range&plan=1",
 "GET /cut/chan/source.ts?$::range&plan=1&type=rough"]
--- response_body eval
my $r = "/cut/chan/source.ts?range=$::h1:59:54.000000Z,$::h1:59:56.000000Z"
    . "&range=$::h2:00:02.000000Z,$::h2:00:04.000000Z";
my $one = "/cut/chan/source.ts?range=$::h1:59:54.000000Z,"
    . "$::h2:00:00.000000Z&allow_holes=false";
my $all = "/cut/chan/source.ts?range=$::h1:00:00.000000Z,"
    . "2024-03-01T01:00:00.000000Z&allow_holes=true";
[main::sent("$r&transition=&allow_holes=false&type=smart"),
 main::sent("$r&transition=batman,0.500000&allow_holes=false&type=webm"),
 main::sent("$all&type=mp4"),
 main::sent($all =~ s/29T23:00/01T00:00/r =~ s/02-01/03-01/r . "&type=fast"),
 main::sent("$one&type=fast&plan=1"), main::sent("$one&type=rough&plan=1")]



=== TEST 4: the location's own path is not passed on
--- request eval
["GET /a/b/frame/chan/source.png?$::at", "GET /a/b/frame//chan/x.png?$::at",
 "GET /a/b/cut/chan/source.ts?$::range&type=fast"]
--- error_code eval
[200, 404, 200]
--- response_body eval
[main::sent("/frame/chan/source.png?$::atz&format=png"),
 "There is no such channel or quality.\n",
 main::sent("/cut/chan/source.ts?range=$::h1:59:54.000000Z,"
            . "$::h2:00:00.000000Z&allow_holes=false&type=fast")]



=== TEST 5: channels of odd names, encoded here and there
--- request eval
[map { my $name = s{([^\w.-])}{sprintf '%%%02x', ord $1}ger;
       "GET /frame/$name/$name.png?$::at" } @::odd]
--- response_body eval
[map { my $name = main::encoded($_);
       main::sent("/frame/$name/$name.png?$::atz&format=png") } @::odd]



=== TEST 6: HEAD is checked and answered, and never rendered
--- request eval
["HEAD /frame/chan/source.png?$::at",
 "HEAD /frame/chan/source.png?$::at&format=jpg",
 "HEAD /waveform/chan/source.png?$::range",
 "HEAD /waveform/chan/source.png?$::range&format=json",
 (map { "HEAD /cut/chan/source.ts?$::range&type=$_" }
  qw(fast smart mpegts webm mp4 mp4&plan=1 rough&plan=1)),
 "HEAD /frame/chan/none.png?$::at", "HEAD /frame/chan/source.png",
 "HEAD /frame/chan/holes.png?timestamp=$::h1:59:58"]
--- error_code eval
[(200) x 11, 404, 400, 406]
--- response_headers eval
[(map { "Content-Type: $_\nAccess-Control-Allow-Origin: *\n!Content-Length\n"
        . "Cache-Control: no-cache" }
  qw(image/png image/jpeg image/png application/json video/mp2t video/mp2t
     video/mp2t video/webm video/mp4 application/json application/json)),
 ("Content-Type: text/plain\nAccess-Control-Allow-Origin: *") x 3]
--- response_body eval
[("") x 14]



=== TEST 7: frames: what is wrong with a request
--- request eval
["GET /frame/chan/source.png", "GET /frame/chan/source.png?timestamp=",
 "GET /frame/chan/source.png?timestamp=%0a%ff",
 "GET /frame/chan/source.png?$::at&format=gif",
 "GET /frame/chan/source.png?$::at&format=json",
 "GET /frame/chan/source.png?timestamp=%"]
--- error_code eval
[(400) x 6]
--- response_headers eval
[($::error) x 6]
--- response_body eval
["timestamp is missing; write YYYY-MM-DDTHH:MM:SS.\n",
 "timestamp is not a time: ''; write YYYY-MM-DDTHH:MM:SS.\n",
 "timestamp is not a time: '\?\?'; write YYYY-MM-DDTHH:MM:SS.\n",
 ("format must be one of: png, jpg\n") x 2,
 "The query string holds a percent sign without two hexadecimal digits "
 . "behind it, or a zero byte.\n"]



=== TEST 8: waveforms: what is wrong with a request
--- request eval
[map { "GET /waveform/chan/source.png?$_" } "", "start=$::h1:00:00",
 "end=$::h1:00:00", "start=x&end=y", "start=$::h1:00:00&end=$::h1:00:00",
 "start=2024-01-01T00:00&end=2024-01-01T06:00:00.000001",
 "$::range&size=12", "$::range&size=axb", "$::range&size=0x1",
 "$::range&size=1x4097", "$::range&format=jpg"]
--- error_code eval
[(400) x 11]
--- response_headers eval
[($::error) x 11]
--- response_body eval
["start is missing; write YYYY-MM-DDTHH:MM:SS.\n",
 "end is missing; write YYYY-MM-DDTHH:MM:SS.\n",
 "start is missing; write YYYY-MM-DDTHH:MM:SS.\n",
 "start is not a time: 'x'; write YYYY-MM-DDTHH:MM:SS.\n",
 "End must be after start\n", "Range may not be longer than 6 hours\n",
 "Invalid size\n", "Invalid size\n",
 ("Image size must be between 1x1 and 4096x4096\n") x 2,
 "format must be one of: png, json\n"]



=== TEST 9: plans: what is wrong with a request, and its order
--- request eval
[map { "GET /cut/chan/source.ts?$::range&$_" } "plan=", "plan=true",
 "plan=2&type=x", "plan=1&type=x", "allow_holes=x&plan=x"]
--- error_code eval
[(400) x 5]
--- response_body eval
[("plan must be one of: 0, 1\n") x 3, "Unknown type 'x'\n",
 "allow_holes must be one of: true, false\n"]



=== TEST 10: no such path, channel or quality
--- request eval
["GET /frame/none/source.png?$::at", "GET /frame/chan/none.png?$::at",
 "GET /waveform/chan/none.png?$::range", "GET /frame/chan/source?$::at",
 "GET /frame/chan/source.jpg?$::at&format=jpg",
 "GET /waveform/chan/source.json?$::range&format=json",
 "GET /frame/chan.png?$::at", "GET /frame?$::at",
 "GET /waveform/a/b/c.png?$::range", "GET /frame/a/b/c/d.png?$::at",
 "GET /frame/.chan/source.png?$::at", "GET /waveform/chan/.x.png?$::range"]
--- error_code eval
[(404) x 10, 403, 403]
--- response_headers eval
[($::error) x 12]
--- response_body eval
[("There is no such channel or quality.\n") x 3,
 ("There is nothing at this path; it has to end in .png.\n") x 3,
 "There is no frame here; ask for CHANNEL/QUALITY.png.\n",
 "There is nothing at this path; it has to end in .png.\n",
 "There is no waveform here; ask for CHANNEL/QUALITY.png.\n",
 "There is nothing at this path; it has too many parts.\n",
 "Bad channel: May not start with a period\n",
 "Bad quality: May not start with a period\n"]



=== TEST 11: frames at the edges of segments and of holes
--- request eval
[map { "GET /frame/chan/holes.png?timestamp=$_" } "$::h1:59:53.999999",
 "$::h1:59:54", "$::h1:59:55.994999", "$::h1:59:55.995", "$::h1:59:55.999999",
 "$::h1:59:57.999999", "$::h1:59:58", "$::h1:59:59.999999", "$::h2:00:00",
 "$::h2:00:02", "$::h2:00:03.999999", "$::h2:00:04", "2020-01-01T00:00",
 "0001-01-01T00:00", "9999-12-31T23:59:59.999999"]
--- error_code eval
[406, 200, 200, 200, 200, 200, 406, 406, 200, 200, 200, 406, 406, 406, 406]
--- response_body_like eval
my $t = "^GET /frame/chan/holes.png";
["^$::none", ($t) x 5, ("^$::none") x 2, ($t) x 3, ("^$::none") x 4]



=== TEST 12: waveforms of nothing, and of what has holes
--- request eval
["GET /waveform/chan/holes.png?start=$::h1:59:58&end=$::h2:00:00",
 "GET /waveform/chan/holes.png?start=$::h1:59:58&end=$::h2:00:00.000001",
 "GET /waveform/chan/source.png?start=$::h2:00:06&end=$::h2:00:07",
 "GET /waveform/chan/source.png?start=$::h1:00:00&end=$::h2:59:00"]
--- error_code eval
[406, 200, 406, 200]
--- response_body_like eval
["^$::none", "^GET", "^$::none", "^GET"]



=== TEST 13: a server that renders nothing
--- config
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /frame { wubloader frame; }
    location /waveform { wubloader waveform; }
    location /cut { wubloader cut; }
--- request eval
["GET /frame/chan/source.png?$::at", "HEAD /frame/chan/source.png?$::at",
 "GET /waveform/chan/source.png?$::range",
 "GET /cut/chan/source.ts?$::range", "GET /cut/chan/source.ts?$::range&plan=1",
 "GET /cut/chan/source.ts?$::range&type=rough&plan=1",
 "GET /frame/chan/source.png", "GET /frame/chan/x.png?$::at",
 "GET /frame/chan/holes.png?timestamp=$::h1:59:59"]
--- error_code eval
[(501) x 6, 400, 404, 406]
--- response_headers eval
[($::error) x 9]
--- response_body eval
my $no = "; its operator has to set wubloader_render.\n";
["This server does not render a frame$no", "",
 "This server does not render a waveform$no",
 "This server does not render cuts of type fast; ask for type=rough.\n",
 ("This server does not render a plan$no") x 2,
 "timestamp is missing; write YYYY-MM-DDTHH:MM:SS.\n",
 "There is no such channel or quality.\n", $::none]



=== TEST 14: methods
--- request eval
["POST /frame/chan/source.png?$::at\nx", "PUT /waveform/chan/source.png\nx",
 "DELETE /frame", "OPTIONS /frame/chan/source.png", "OPTIONS /waveform"]
--- error_code eval
[405, 405, 405, 204, 204]
--- response_headers eval
[("Allow: GET, HEAD, OPTIONS\nAccess-Control-Allow-Origin: *") x 5]
--- response_body eval
[("Only GET and HEAD are answered here.\n") x 3, "", ""]



=== TEST 15: what the renderer refuses comes through, with CORS
--- request eval
["GET /cut/busy/busy.ts?start=$::h1:59:54&end=$::h1:59:56",
 "GET /frame/refused/refused.png?$::at"]
--- error_code eval
[503, 406]
--- response_headers eval
["Content-Type: text/plain\nRetry-After: 2\nAccess-Control-Allow-Origin: *",
 "Content-Type: text/plain\nAccess-Control-Allow-Origin: *"]
--- response_body eval
["Too busy; wait.", "hole!!"]



=== TEST 16: a condition is the renderer's to look at
--- request eval
"GET /frame/chan/source.png?$::at"
--- more_headers
If-None-Match: "mine"
--- response_body eval
main::sent("/frame/chan/source.png?$::atz&format=png", tag => '"mine"')



=== TEST 17: a long answer, piece by piece
--- request eval
"GET /cut/large/large.ts?start=$::h1:59:54&end=$::h1:59:56"
--- response_headers
Content-Type: video/mp2t
Transfer-Encoding: chunked
--- response_body eval
CORE::join '', map { chr(97 + $_ % 26) x 10_000 } 1 .. 300



=== TEST 18: a GET with a body, which is not passed on
--- request eval
"GET /frame/chan/source.png?$::at\n" . "x" x 10
--- response_body eval
main::sent("/frame/chan/source.png?$::atz&format=png")



=== TEST 19: one whose body is still to come
--- raw_request eval
"GET /frame/chan/source.png?$::at HTTP/1.1\r\nHost: localhost\r\n"
. "Content-Length: 100\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_headers eval
$::error
--- response_body
The body of this request is not wanted; send it without one.



=== TEST 20: a rewrite within the location of the renderer
--- config eval
my $path = $::up->path;
<<"END";
    wubloader_root \$TEST_NGINX_HTML_DIR/store;
    location /frame { wubloader frame; wubloader_render \@render; }
    location \@render {
        rewrite ^/frame/(.*)\$ /other/\$1 break;
        proxy_pass http://unix:$path;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
END
--- request eval
"GET /frame/chan/source.png?$::at"
--- response_body eval
main::sent("/other/chan/source.png?$::atz&format=png")



=== TEST 21: the log has what the client asked
--- config eval
my $path = $::up->path;
<<"END";
    wubloader_root \$TEST_NGINX_HTML_DIR/store;
    location /frame { wubloader frame; wubloader_render \@render; }
    location \@render {
        add_header X-Seen "\$request_uri \$wubloader_channel \$wubloader_holes";
        proxy_pass http://unix:$path;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
END
--- request eval
"GET /frame/chan/holes.png?$::at&more=%41"
--- response_headers eval
"X-Seen: /frame/chan/holes.png?$::at&more=%41 chan 0"
