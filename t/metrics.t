# Metrics: wubloader metrics, as Prometheus reads them.  What is counted,
# and that the numbers outlive a reload and a process that is killed.

use strict;
use warnings;

use File::Temp ();
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Http qw(http_connect http_exchange http_parse http_request);
use Wub::Nginx;
use Wub::Store;

my $hour = '2024-02-29T23';
my $store = Wub::Store->new;
my ($name) = $store->run('chan', 'source', "$hour:00:00", 2, 3);

$store->run('a"b\\c', '480p', "$hour:00:00", 2, 3);
$store->run($_, 'source', "$hour:00:00", 2, 1)
    for "bad\xff", "bad\xfe", "bad\xef\xbf\xbd";
$store->run('chan', 'big', "$hour:00:00", 2, 8, size => 4_000_000);

my $root = $store->write;
my $nginx = Wub::Nginx->new(workers => 2, config => <<"END");
        wubloader_root $root;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /segments { wubloader segments; }
        location /cut { wubloader cut; }
        location /metrics { wubloader metrics; }
        location /denied { wubloader cut; deny all; }
        location /gone { wubloader files; wubloader_root $root/gone; }
        location /other { return 200 "other"; }
END

is($nginx->start, '', 'nginx starts');

my $range = "start=$hour:00:00&end=$hour:00:06";
my $play = "/playlist/chan/source.m3u8?$range";


sub get {
    my ($target, $method, $headers) = @_;

    return http_request($nginx->port, $method || 'GET', $target,
                        headers => $headers || []);
}


# a request is counted when its last byte is sent, which is not yet when the
# client has it: asks until the value is right
sub metrics {
    my ($want, $name) = @_;
    my ($text, %value);

    for (1 .. 40) {
        $text = get('/metrics')->{body};
        %value = map { /^(\S[^{ ]*(?:\{.*\})?) (\S+)$/ ? ($1, $2) : () }
            split /\n/, $text;

        last if !$want || !grep { ($value{$_} // 'none') ne $want->{$_} }
            keys %$want;
        sleep 0.05;
    }

    for my $series (sort keys %{ $want || {} }) {
        is($value{$series} // 'none', $want->{$series}, "$name: $series");
    }

    return ($text, \%value);
}


sub count {
    my ($endpoint, $status, $method) = @_;

    return sprintf 'http_request_latency_all_count{endpoint="%s",'
        . 'method="%s",status="%s"}', $endpoint, $method || 'GET', $status;
}


# ---- the answer

{
    my $res = get('/metrics');

    is($res->{status}, 200, 'metrics');
    is($res->{headers}{'content-type'}[0],
       'text/plain; version=0.0.4; charset=utf-8', 'their content type');
    metrics({ nginx_processes => 2 }, 'all workers');
    like($res->{body}, qr/^process_start_time_seconds \d{10}\./m, 'start');
    unlike($res->{body}, qr/wubloader_cache/, 'no cache, no numbers of it');

    for my $service (qw(nginx restreamer thrimshim)) {
        like(get("/metrics/$service")->{body}, qr/^# HELP http_request/,
             "metrics/$service is the same");
    }

    my $none = get('/metrics/cutter');

    is($none->{status}, 404, 'no other service');
    is($none->{body}, "There are no metrics of that name here; ask for "
       . "/metrics.\n", 'and says so');
    is(get('/metrics', 'HEAD')->{body}, '', 'HEAD');
    is(get('/metrics', 'POST')->{status}, 405, 'POST');
}


# ---- what nginx refuses before it finds a location of ours

{
    my $pids = join ' ', $nginx->workers;
    my $zero = get('/files/a%00b');

    is($zero->{status}, 400, 'a zero byte is refused');
    is($zero->{headers}{'content-type'}[0], 'text/plain', 'as text');
    is(get('/files', 'TRACE')->{status}, 405, 'TRACE is refused');
    is(get('/other')->{status}, 200, 'others are answered');
    is(join(' ', $nginx->workers), $pids, 'by the same processes');
    unlike(get('/metrics')->{body},
           qr/^http_request_latency_all_count\{endpoint="[^m][^}]*="4/m,
           'these are not counted');
}


# ---- what is counted

{
    my @requests = (
        ['list_channels', 200, '/files'],
        ['list_channels', 200, '/files/'],
        ['list_qualities', 200, '/files/chan'],
        ['list_hours', 200, '/files/chan/source'],
        ['list_segments', 200, "/files/chan/source/$hour"],
        ['list_segments', 400, "/files/chan/source/$hour?tombstones=1"],
        ['generate_master_playlist', 200, '/playlist/chan.m3u8'],
        ['generate_media_playlist', 200, $play],
        ['generate_media_playlist', 404, '/playlist/chan/none.m3u8'],
        ['segments', 200, "/segments/chan/source/$hour/$name"],
        ['segments', 404, "/segments/chan/source/$hour/none.ts"],
        ['cut', 200, "/cut/chan/source.ts?type=rough&$range"],
        ['cut', 501, "/cut/chan/source.ts?$range"],
        ['cut', 403, '/denied/chan/source.ts'],
    );
    my %want;

    for my $request (@requests) {
        my ($endpoint, $status, $target) = @$request;

        is(get($target)->{status}, $status, "GET $target");
        $want{count($endpoint, $status)}++;
    }

    get('/other');
    get('/files', 'HEAD');
    get('/files', 'OPTIONS');
    get('/files', 'PATCH');

    $want{count('list_channels', 200, 'HEAD')} = 1;
    $want{count('list_channels', 204, 'other')} = 1;
    $want{count('list_channels', 405, 'other')} = 1;

    $want{'wubloader_playlist_requests_total{channel="chan",'
          . 'quality="source"}'} = 1;
    $want{'wubloader_playlist_requests_untold_total'} = 0;

    my ($text, $value) = metrics(\%want, 'counted');

    my @all = grep { /^http_request_latency_all_count/
                     && !/"metrics"/ } keys %$value;
    is(scalar @all, scalar(grep { /^http/ } keys %want), 'nothing else');

    my ($labels) = count('cut', 200) =~ /\{(.*)\}/;
    my @buckets = $text =~ /^http_request_latency_all_bucket
                            \{\Q$labels\E,le="(.*?)"\}/gmx;

    is("@buckets", '0.001 0.005 0.01 0.05 0.1 0.5 1.0 5.0 10.0 30.0 60.0 '
       . '120.0 300.0 600.0 +Inf', "upstream's buckets");
    is($value->{"http_request_latency_all_bucket{$labels,le=\"+Inf\"}"}, 1,
       'the last one has all');
    cmp_ok($value->{"http_request_latency_all_sum{$labels}"}, '>', 0,
           'it took time');
    cmp_ok($value->{"http_request_latency_all_sum{$labels}"}, '<', 5,
           'and not much');
    cmp_ok($value->{'http_response_sent_bytes_total{endpoint="cut"}'}, '>',
           3 * 188, 'bytes');
    cmp_ok($value->{process_resident_memory_bytes}, '>', 1e6, 'memory');
    cmp_ok($value->{process_resident_memory_bytes}, '<', 1e9, 'in bytes');
    cmp_ok($value->{nginx_http_requests_total}, '>', 20, 'of all locations');
}


# ---- lines on the error log

{
    is(get('/gone')->{status}, 503, 'a store that is gone');
    metrics({ 'log_count_total{level="ERROR",module="nginx",'
              . 'function="list_channels"}' => 1,
              count('list_channels', 503) => 1 }, 'error');
}


# ---- sessions

{
    # the minute after the one in which they were

    for my $agent (map { "player $_" } 1 .. 40) {
        get($play, 'GET', ["User-Agent: $agent"]) for 1, 2;
    }

    get('/playlist/a%22b%5Cc/480p.m3u8?' . $range);

    my ($text) = metrics({
        'wubloader_playlist_requests_total{channel="chan",'
        . 'quality="source"}' => 81,
        'wubloader_playlist_requests_total{channel="a\\"b\\\\c",'
        . 'quality="480p"}' => 1,
    }, 'playlists');

    like($text, qr/^wubloader_playlist_sessions\{channel="chan",
                   quality="source"\}\ \d+$/mx, 'sessions');
}


# ---- names that are not UTF-8, which Prometheus could not tell apart

{
    is(get("/playlist/bad$_/source.m3u8?$range")->{status}, 200, "bad$_")
        for qw(%ff %fe %EF%BF%BD);

    my ($text) = metrics({
        'wubloader_playlist_requests_untold_total' => 2,
        "wubloader_playlist_requests_total{channel=\"bad\xef\xbf\xbd\","
        . 'quality="source"}' => 1,
    }, 'not UTF-8');

    my @bad = $text =~ /^(wubloader_playlist_\w+\{channel="bad)/gm;

    is(scalar @bad, 2, 'no label stands twice');
}


# ---- a long answer is counted while it lasts, and whole

{
    my $sock = http_connect($nginx->port);
    my $cut = "/cut/chan/big.ts?type=rough&start=$hour:00:00&end=$hour:00:16";

    print {$sock} "GET $cut HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    sysread $sock, my $some, 1000;

    my ($text) = metrics({ 'http_request_concurrency_all{endpoint="cut",'
                           . 'method="GET"}' => 1 }, 'while it is sent');
    my ($before) = $text =~ /^http_request_latency_all_sum\{endpoint="cut",
                             method="GET",status="200"\}\ (\S+)/mx;

    sleep 0.4;
    1 while sysread $sock, $some, 1 << 20;
    close $sock;

    ($text) = metrics({
        'http_request_concurrency_all{endpoint="cut",method="GET"}' => 0,
        count('cut', 200) => 2,
    }, 'after it');

    my ($after) = $text =~ /^http_request_latency_all_sum\{endpoint="cut",
                            method="GET",status="200"\}\ (\S+)/mx;

    cmp_ok($after - $before, '>=', 0.4, 'the body counts');
}


# ---- what is served is what Prometheus takes

{
    my $file = File::Temp->new;

    print {$file} get('/metrics')->{body};
    close $file;

    my $said = `promtool check metrics < "$file" 2>&1`;

    is($? >> 8, 0, 'promtool takes it') or diag($said
        || 'promtool is not there: apt-get install prometheus');
    is($said, '', 'and has nothing to say');
}


# ---- reload, and processes that are killed

{
    my ($text, $before) = metrics();

    ok($nginx->reload, 'reload');

    my (undef, $after) = metrics();

    is($after->{count('list_hours', 200)}, 1, 'counters outlive a reload');
    is($after->{process_start_time_seconds},
       $before->{process_start_time_seconds}, 'the start, too');
    cmp_ok($after->{process_cpu_seconds_total}, '>=',
           $before->{process_cpu_seconds_total}, 'time only grows');

    # a request that a killed process had is no request any more

    my $sock = http_connect($nginx->port);
    my $cut = "/cut/chan/big.ts?type=rough&start=$hour:00:00&end=$hour:00:16";

    print {$sock} "GET $cut HTTP/1.1\r\nHost: x\r\n\r\n";
    sysread $sock, my $some, 1000;

    metrics({ 'http_request_concurrency_all{endpoint="cut",method="GET"}'
              => 1 }, 'before the kill');

    my @workers = $nginx->workers;

    kill 'KILL', @workers;
    sleep 0.3;

    my (undef, $last) = metrics({
        'http_request_concurrency_all{endpoint="cut",method="GET"}' => 0,
        'nginx_processes' => 2,
        count('list_hours', 200) => 1,
    }, 'after the kill');

    cmp_ok($last->{process_cpu_seconds_total}, '>=',
           $after->{process_cpu_seconds_total}, 'time still only grows');
}

$nginx->stop;

my @bad = grep { !/exited on signal 9/ } $nginx->unexpected;

is("@bad", '', 'error.log is clean but for the kill');


# ---- the cache

$nginx = Wub::Nginx->new(
    http_config => <<'END',
        wubloader_cache zone=hours:2m;
        log_format found '$wubloader_cache_status';
END
    config => <<"END");
        wubloader_root $root;
        access_log logs/found.log found;
        location /playlist { wubloader playlist; }
        location /metrics { wubloader metrics; access_log off; }
END

# what is as new as this is not kept

sleep 0.1;
is($nginx->start, '', 'nginx with a cache starts');
is(get($play)->{status}, 200, "the playlist ($_)") for 1 .. 3;

my (undef, $cache) = metrics({ wubloader_cache_fills_total => 1,
                               wubloader_cache_misses_total => 1,
                               wubloader_cache_hits_total => 2,
                               wubloader_cache_bypasses_total => 0,
                               wubloader_cache_waits_total => 0,
                               wubloader_cache_evictions_total => 0,
                               wubloader_cache_waiters => 0,
                               wubloader_cache_items => 1,
                               wubloader_cache_size_bytes => 2 << 20 },
                             'cache');

cmp_ok($cache->{wubloader_cache_bytes}, '>', 4096, 'cache: bytes');
cmp_ok($cache->{wubloader_cache_bytes}, '<', 2 << 20, 'cache: not all');

is($nginx->stop, '', 'nginx with a cache ends');
is(Wub::Nginx::slurp($nginx->root . '/logs/found.log'), "MISS\nHIT\nHIT\n",
   '$wubloader_cache_status');
done_testing;
