# Reload under load loses no request: clients of all routes run while nginx
# is told to reload again and again; a long cut outlives its configuration.

use strict;
use warnings;

use IO::Select;
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Http qw(http_connect http_exchange http_parse http_request);
use Wub::Nginx;
use Wub::Store;

my ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');
my $store = Wub::Store->new;
my @names = $store->run('chan', 'source', "$h1:59:20", 2, 40,
                        size => 50_000);
my @big = $store->run('chan', 'big', "$h1:00:00", 2, 30, size => 500_000);

my $root = $store->write;
my %bytes = map { $_ => $store->bytes($_) } $store->paths;
my $all = join '', map { $bytes{$_} }
    grep { /full/ } $store->paths('chan/source');
my $big = join '', map { $bytes{"chan/big/$h1/$_"} } @big;

my $nginx = Wub::Nginx->new(workers => 2, config => <<"END");
        wubloader_root $root;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /segments { wubloader segments; }
        location /cut { wubloader cut; }
END

is($nginx->start, '', 'nginx starts');

my $range = "start=$h1:59:20&end=$h2:00:40";
my @targets = ("/files/chan/source/$h1", '/playlist/chan.m3u8',
    "/playlist/chan/source.m3u8?$range", "/segments/chan/source/$h1/$names[0]",
    "/cut/chan/source.ts?type=rough&$range", '/files/none');
my %want;

for my $target (@targets) {
    my $res = http_request($nginx->port, 'GET', $target);

    is($res->{status}, 200, "$target is there");
    $want{$target} = $res->{body};
}

is($want{$targets[4]}, $all, 'the cut is whole');


# a client asks for all targets in turn until it is told to end, and counts
# what went wrong: over and over on new connections, as browsers do with
# what they may repeat when a connection that was kept is closed
sub client {
    my ($pipe, $until) = @_;

    my ($good, $bad, $first) = (0, 0, '');

    while (time < $until) {
        my $target = $targets[($$ + $good + $bad) % @targets];
        my $res = http_request($nginx->port, 'GET', $target);

        if ($res && $res->{status} == 200 && $res->{complete}
            && $res->{body} eq $want{$target})
        {
            $good++;
            next;
        }

        $bad++;
        $first ||= "$target: " . ($res ? $res->{status} : 'no answer');
    }

    syswrite $pipe, "$good $bad $first\n";
    return;
}

my $until = time + 3;
my @clients;

for (1 .. 3) {
    pipe my $read, my $write or die "pipe: $!\n";
    my $pid = fork;

    defined $pid or die "fork: $!\n";

    if ($pid == 0) {
        client($write, $until);

        # nothing of the parent's is to be cleaned up here
        require POSIX;
        POSIX::_exit(0);
    }

    close $write;
    push @clients, [ $pid, $read ];
}

# one that reads slowly, through all of it
my $sock = http_connect($nginx->port) or die;

setsockopt($sock, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 65536);
syswrite $sock, "GET /cut/chan/big.ts?type=rough&start=$h1:00:00&"
    . "end=$h1:01:00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
sysread $sock, my $raw, 50_000;

my ($reloads, $failed) = (0, 0);

while (time < $until - 0.3) {
    $nginx->reload ? $reloads++ : $failed++;
    sleep 0.1;
}

my ($good, $bad) = (0, 0);

for my $client (@clients) {
    my ($pid, $read) = @$client;
    my ($g, $b, $first) = split ' ', scalar(<$read>), 3;

    waitpid $pid, 0;
    $good += $g;
    $bad += $b;
    diag($first) if $b;
}

cmp_ok($reloads, '>=', 5, "$reloads reloads");
is($failed, 0, 'each brought new workers');
cmp_ok($good, '>=', 50, "$good requests");
is($bad, 0, 'none was lost');

while (sysread $sock, my $data, 200_000) {
    $raw .= $data;
}

my $got = http_parse($raw, 'GET');

ok($got && $got->{complete} && $got->{body} eq $big,
   'the slow cut of the first configuration is whole');
ok($nginx->reload(wait_old => 1), 'the old workers end when it is done');


# a configuration that changes is what new requests see

$nginx->{config} =~ s{wubloader_root}{wubloader_segments_uri /elsewhere;
        wubloader_root};
$nginx->write_config;
ok($nginx->reload(wait_old => 1), 'a new configuration');
like(http_request($nginx->port, 'GET', $targets[2])->{body},
     qr{^/elsewhere/chan/source/}m, 'is what playlists come from');

# one that is refused leaves the running one alone
$nginx->{config} .= "        location /x { wubloader nonsense; }\n";
$nginx->write_config;
ok(!$nginx->reload(timeout => 0.5), 'a bad configuration is refused');
is(http_request($nginx->port, 'GET', '/files')->{body}, '["chan"]',
   'and the old one goes on');

is($nginx->stop, '', 'nginx ends by itself');
is_deeply([ $nginx->unexpected(qr/"wubloader" knows no "nonsense"/) ], [],
          'its log is clean');
unlike($nginx->log_text, qr/\[error\]/, 'nothing is an error');

done_testing();
