# Variables for the log: $wubloader_channel, _quality, _hours, _holes and
# _cache_status.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Store;

our $store = Wub::Store->new;
our $hour = '2024-02-29T23';

our @names = $store->run('chan', 'source', "$hour:59:50", 2, 7);
$store->run('chan', 'source', '2024-03-01T02:00:00', 2, 2);
$store->run('my.chan', '480p', "$hour:00:00", 2, 1);
our $dead = $store->segment('chan', 'source', "$hour:10:00", 2);
$store->tombstone('chan', 'source', $hour, $dead);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('http_config', <<'END');
    log_format seen '[$wubloader_channel|$wubloader_quality|'
                    '$wubloader_hours|$wubloader_holes|'
                    '$wubloader_cache_status] $uri $status';
    access_log logs/access.log seen;
END
    $block->set_value('config', <<'END') if !defined $block->config;
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    wubloader_max_implicit_range 30d;
    location /files { wubloader files; }
    location /playlist { wubloader playlist; }
    location /segments { wubloader segments; }
    location /cut { wubloader cut; wubloader_render @render; }
    location @render { return 200 "rendered\n"; }
    location /denied { wubloader playlist; deny all; }
    location /other { return 200 "other\n"; }
END
    $block->set_value('user_files', $store->user_files('store'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a media playlist: hours and holes of the range
--- request eval
"GET /playlist/chan/source.m3u8?start=$::hour:59:50&end=2024-03-01T00:00:20"
--- response_body_like: EXTINF
--- access_log
[chan|source|2|1|-] /playlist/chan/source.m3u8 200



=== TEST 2: no hole
--- request eval
"GET /playlist/chan/source.m3u8?start=$::hour:59:50&end=2024-03-01T00:00:04"
--- response_body_like: ENDLIST
--- access_log
[chan|source|2|0|-] /playlist/chan/source.m3u8 200



=== TEST 3: of all there is
--- request
GET /playlist/chan/source.m3u8
--- response_body_like: EXTINF
--- access_log
[chan|source|3|3|-] /playlist/chan/source.m3u8 200



=== TEST 4: a name with a dot; a master playlist has no quality
--- request eval
[map { "GET /playlist/my.chan$_.m3u8?start=$::hour:00:00&end=$::hour:00:02" }
 "/480p", ""]
--- response_body_like eval
["ENDLIST", "STREAM-INF"]
--- access_log eval
["[my.chan|480p|1|0|-]", qr/\[my\.chan\|-\|\d+\|-\|-\]/]



=== TEST 5: listings
--- request eval
["GET /files", "GET /files/chan", "GET /files/chan/source",
 "GET /files/chan/source/2024-03-01T02", "GET /files/chan/source/none"]
--- response_body_like eval
["chan", "source", "2024", "00:02", "^\\[\\]\$"]
--- access_log eval
["[-|-|-|-|-] /files 200", "[chan|-|-|-|-] /files/chan 200",
 "[chan|source|-|-|-] /files/chan/source 200",
 "[chan|source|1|-|-] /files/chan/source/2024-03-01T02 200",
 "[chan|source|-|-|-] /files/chan/source/none 200"]



=== TEST 6: segments
--- request eval
"GET /segments/chan/source/2024-02-29T23/$::names[0]"
--- response_body_like: segment
--- access_log eval
"[chan|source|-|-|-] /segments/chan/source/2024-02-29T23/$::names[0] 200"



=== TEST 7: a cut, also after it went to the renderer
--- request eval
[map { "GET /cut/chan/source.ts?$_&end=$::hour:59:54" }
 "type=rough&start=$::hour:59:50", "type=smart&start=$::hour:59:50",
 "type=rough&start=$::hour:50:00"]
--- error_code eval
[200, 200, 406]
--- response_body_like eval
["segment", "^rendered\$", "holes"]
--- access_log eval
["[chan|source|1|0|-] /cut/chan/source.ts 200",
 "[chan|source|1|0|-] /cut/chan/source.ts 200",
 "[chan|source|1|1|-] /cut/chan/source.ts 406"]



=== TEST 8: what never came to its handler, and what is not ours
--- request eval
["GET /denied/chan/source.m3u8", "GET /other"]
--- error_code eval
[403, 200]
--- response_body_like eval
["denied", "other"]
--- error_log
access forbidden by rule
--- access_log eval
["[chan|source|-|-|-] /denied/chan/source.m3u8 403",
 "[-|-|-|-|-] /other 200"]



=== TEST 9: paths that name nothing
--- request eval
["GET /playlist/.x.m3u8", "GET /playlist/chan/",
 "POST /playlist/chan/source.m3u8", "GET /files/.x/y"]
--- error_code eval
[403, 404, 405, 403]
--- response_body_like eval
["period", "m3u8", "Only GET", "period"]
--- access_log eval
["[.x|-|-|-|-] /playlist/.x.m3u8 403", "[chan|-|-|-|-] /playlist/chan/ 404",
 "[chan|source|-|-|-] /playlist/chan/source.m3u8 405",
 "[.x|y|-|-|-] /files/.x/y 403"]
