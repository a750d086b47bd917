# Clients that leave in the middle of work in the database, too many of them
# at a time, reloads and ends of processes: nothing is left behind.

use strict;
use warnings;

use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Probe;

my $api = Wub::Api->new;
Wub::Probe::prepare($api);

my $probe = Wub::Probe->new($api->directive(qw(connections=3 timeout=3s)));
my $nginx = $probe->nginx;


sub start {
    my ($what) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $nginx->port) or die "connect: $!\n";

    print {$sock} "GET /probe?do=$what HTTP/1.0\r\n\r\n";
    $sock->flush;

    return $sock;
}


# waits for what all must come to in the end
sub settles {
    my ($name) = @_;

    my ($metrics, $open);
    my $until = time + 4;

    while (time < $until) {
        $metrics = $probe->metrics;
        $open = $api->connections("state <> 'idle'");
        last if $open == 0 && !grep { $metrics->{$_} }
            'wubloader_database_queue_length',
            'wubloader_database_connections{state="busy"}',
            'wubloader_database_connections{state="connecting"}';
        sleep 0.05;
    }

    cmp_ok(time, '<', $until, "$name: nothing goes on");
    is($api->connections, $metrics->{
        'wubloader_database_connections{state="idle"}'},
       "$name: the server has as many connections as we");
    like($probe->get('text:a'), qr/^200 /, "$name: work goes on");

    return;
}


$probe->crowd(3, sub { $probe->get('sleep:0.1') })->();

my $sockets = $probe->sockets;


# somebody else holds what is to be changed
sub blocked {
    my $crowd = $probe->crowd(1, sub {
        $api->sql('BEGIN; UPDATE probe_n SET n = n; SELECT pg_sleep(0.8)');
    });

    sleep 0.02 until $api->value('SELECT count(*) FROM pg_stat_activity '
        . q(WHERE wait_event = 'PgSleep' AND application_name = 'psql'));

    return $crowd;
}


# connections are lost, and new ones are accepted, but not answered
sub stopped {
    my $pid = $api->pg->pid;

    $api->pg->psql('postgres', 'SELECT pg_terminate_backend(pid) FROM '
        . q(pg_stat_activity WHERE application_name = 'wubloader-nginx'));
    sleep 0.1;
    kill 'STOP', $pid;

    return sub { kill 'CONT', $pid };
}


# clients that leave, by what their work is at

my @phases = (
    [ 'connecting', \&stopped, 'insert:gone,sleep:0.3&write=1&transaction=1',
      0.2 ],
    [ 'reading', sub {}, 'sleep:0.3', 0.1 ],
    [ 'in a transaction', sub {},
      'insert:gone,sleep:0.3,insert:gone&transaction=1&write=1', 0.1 ],
    [ 'waiting for a lock', \&blocked,
      'insert:gone,bump:a&transaction=1&write=1', 0.2 ],
    [ 'reading a long answer', sub {}, 'rows:30000', 0.02 ],
    [ 'begun again', sub {}, 'serial:100000&transaction=1', 0.05 ],
);

for my $phase (@phases) {
    my ($name, $before, $what, $seconds) = @$phase;
    my $after = $before->();

    # more than there are connections: the last ones leave from the queue
    my @socks = map { start($what) } 1 .. 8;

    sleep $seconds if $seconds;
    close $_ for @socks;
    sleep 0.1;
    $after->() if $after;
    settles($name);
}

is($api->value("SELECT count(*) FROM probe WHERE v = 'gone'"), 0,
   'nothing of a client that left is written');
is($api->value('SELECT sum(n) FROM probe_n'), 0, 'nor changed');

my @kept = map { start('insert:kept&write=1') } 1 .. 3;
sleep 0.3;
close $_ for @kept;
is($api->value("SELECT count(*) FROM probe WHERE v = 'kept'"), 3,
   'but what was committed stays');


# too many

my @many = map { start('sleep:0.005') } 1 .. 700;
my %answers;

for my $sock (@many) {
    my $text = do { local $/; readline $sock } // '';

    $answers{ $text =~ m{^HTTP/1.1 (200)} ? 'well'
            : $text =~ m{^HTTP/1.1\ 503.*\r\nRetry-After:\ 1\r\n.*
                         Too\ many\ requests\ wait}xs ? 'refused'
            : 'wrong' }++;
}

is($answers{wrong}, undef, 'a full queue has one answer');
cmp_ok($answers{well} // 0, '>=', 512, 'what is in it is done');
cmp_ok($answers{refused} // 0, '>', 0, 'what is not is refused');
settles('too many');

is($probe->sockets, $sockets, 'no descriptor is left behind');


# what a process holds does not grow

sub resident {
    my ($pid) = $nginx->workers;

    open my $in, '<', "/proc/$pid/status" or die "$pid: $!\n";
    my ($kb) = join('', <$in>) =~ /^VmRSS:\s+(\d+)/m;

    return $kb;
}

sub round {
    $probe->crowd(4, sub {
        for my $i (1 .. 150) {
            $probe->get($i % 3 ? 'rows:200' : 'text:%ff');
        }
    })->();

    return resident();
}

round();
my $size = round();
cmp_ok(round() - $size, '<', 700, 'no memory is left behind (kB)')
    if ($ENV{WUB_BUILD} // '') !~ /asan/ && !$ENV{TEST_NGINX_USE_VALGRIND};


# reloads

$api->sql('UPDATE probe_n SET n = 0');

my $until = time + 3;
my $crowd = $probe->crowd(6, sub {
    $probe->asks($until, 'bump:a,sleep:0.03', 'transaction', 'write');
});

for (1 .. 5) {
    sleep 0.4;
    $nginx->reload;
}

my @got = $crowd->();
my $good = 0;
$good += $_->[0] for @got;

is(join('', map { $_->[3] // '' } @got), '', 'no reload is noticed');
is($api->value("SELECT n FROM probe_n WHERE k = 'a'"), $good,
   'and no write is lost or done twice');

$until = time + 5;
sleep 0.05 while scalar($nginx->workers) > 1 && time < $until;
is(scalar(my @workers = $nginx->workers), 1, 'old processes end');
settles('reloads');
cmp_ok($api->connections, '<=', 3, 'with their connections');


# the end

my $last = start('sleep:0.5');
sleep 0.2;
is($nginx->stop // '', '', 'nginx ends');
like(do { local $/; readline $last }, qr/done at try 1/,
     'but answers first');
is_deeply([ $nginx->unexpected ], [], 'with nothing on its log');
sleep 0.1;
is($api->connections, 0, 'and no connection');

done_testing();
