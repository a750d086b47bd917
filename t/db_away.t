# A database that is restarted, killed, away, that hangs or takes no writes,
# and one of several servers: no wrong answer, and few that are bad.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Http qw(http_request);
use Wub::Probe;

my $one = Wub::Api->new;
my $two = Wub::Api->new;

for my $api ($one, $two) {
    Wub::Probe::prepare($api);
    $api->sql('UPDATE probe_n SET n = ' . ($api == $one ? 1 : 2));
}

my ($port, $tcp) = Wub::Probe::tcp($one->pg);
my ($port2) = Wub::Probe::tcp($two->pg);
my ($dir1, $dir2) = map { $_->pg->socket_dir } $one, $two;
my $user = 'dbname=wub user=wubloader';


# a server for some checks, which leaves nothing behind
sub with {
    my ($directive, $code) = @_;

    my $probe = Wub::Probe->new("wubloader_database $directive;");

    $code->($probe);
    is($probe->nginx->stop // '', '', 'nginx ends');
    is_deeply([ $probe->nginx->unexpected ], [], 'with nothing on its log');

    return;
}


sub terminate {
    return $_[0]->pg->psql('postgres', 'SELECT pg_terminate_backend(pid) FROM '
        . q(pg_stat_activity WHERE application_name = 'wubloader-nginx'));
}


with(qq("host=$dir1 $user" connections=4 timeout=4s), sub {
    my ($probe) = @_;

    # a connection that ends at each place

    my @cases = (
        [ 'a read', qr/^200 .*try 2/s, 'sleep:0.5' ],
        [ 'a transaction', qr/^200 .*\[1\] \[tx\].*try 2/s,
          'insert:tx,sleep:0.5,count:tx', 'transaction', 'write' ],
        [ 'a write of its own', qr/^503 The database was lost while/,
          'sleep:0.5', 'write' ],
        [ 'a second write of its own', qr/^503 The database was lost while/,
          'insert:alone,sleep:0.5', 'write' ],
    );

    for my $case (@cases) {
        my ($what, $want, @args) = @$case;
        my $crowd = $probe->crowd(1, sub { $probe->get(@args) });

        sleep 0.25;
        terminate($one);
        like(($crowd->())[0][0], $want, "$what whose connection is lost");
    }

    is($one->value("SELECT count(*) FROM probe WHERE v = 'tx'"), 1,
       'is written once');
    is($one->value("SELECT count(*) FROM probe WHERE v = 'alone'"), 1,
       'and never twice');

    # an idle one that ended

    $probe->crowd(4, sub { $probe->get('sleep:0.1') })->();
    terminate($one);
    like($probe->get('insert:idle', 'write'), qr/^200 /,
         'a connection that ended is not used');

    # restarts that nobody notices

    for my $how (qw(fast immediate)) {
        my $until = time + 2.5;
        my $crowd = $probe->crowd(6, sub {
            $probe->asks($until, 'text:a,n:a', 'transaction');
        });

        sleep 0.3;
        $one->pg->stop($how);
        sleep 0.7;
        $one->pg->start;

        my @got = $crowd->();
        is(join('', map { $_->[3] // '' } @got), '',
           "a restart ($how) is invisible");
        cmp_ok((sort { $b <=> $a } map { $_->[2] } @got)[0], '<', 2.5,
               'and short');
    }

    # away for long

    $one->pg->stop;

    my ($seconds, $text) = $probe->timed('text:a');
    like($text, qr/^503 The database cannot be reached/, 'away');
    ok($seconds > 2 && $seconds < 4.2, 'is waited for') or diag $seconds;

    like($probe->get('text:a'), qr/^503 The database cannot/, 'still away');
    ($seconds, $text) = $probe->timed('text:a');
    like($text, qr/^503 The database cannot be reached/, 'and still');
    cmp_ok($seconds, '<', 0.5, 'at once');

    $one->pg->start;

    my $until = time + 10;
    until (time > $until || $probe->get('text:a') =~ /^200 /) {
        sleep 0.1;
    }

    cmp_ok(time, '<', $until - 4, 'it is found again');

    # a backend that hangs

    $probe->get('text:a');
    my @pids = map { $_->[0] } $one->pg->psql('postgres', 'SELECT pid FROM '
        . q(pg_stat_activity WHERE application_name = 'wubloader-nginx'));
    kill 'STOP', @pids;

    my @got = $probe->crowd(scalar @pids, sub { $probe->get('text:a') })->();
    like($got[0][0], qr/^503 The database took too long/, 'one that hangs');
    like($probe->get('text:a'), qr/^200 /, 'is not used again');
    kill 'CONT', @pids;
    sleep 0.3;
    is($one->connections, 1, 'and is gone when it wakes up');
});


# all of a server hangs, behind a name

with(qq("host=localhost port=$port $user" timeout=1s), sub {
    my ($probe) = @_;

    like($probe->get('n:a'), qr/^200 .*\[1\]/, 'a server by its name');

    kill 'STOP', $tcp;

    my $crowd = $probe->crowd(8, sub { $probe->get('n:a') });
    my $longest = 0;

    for (1 .. 100) {
        my $start = time;
        my $res = http_request($probe->nginx->port, 'GET', '/static');

        $longest = time - $start if time - $start > $longest;
        sleep 0.005;
    }

    cmp_ok($longest, '<', 0.25, 'what needs no database does not wait');
    is(scalar(grep { $_->[0] =~ /^503/ } $crowd->()), 8, 'all else is 503');

    kill 'CONT', $tcp;

    my $until = time + 10;
    until (time > $until || $probe->get('n:a') =~ /^200 /) { sleep 0.1 }
    cmp_ok(time, '<', $until, 'until it answers again');
});


# servers of one conninfo

with(qq("host=$dir1,$dir2 $user" timeout=2s connections=2), sub {
    my ($probe) = @_;

    like($probe->get('n:a'), qr/\[1\]/, 'the first one');
    $one->pg->stop;
    like($probe->get('n:a'), qr/\[2\]/, 'the other one, when it is gone');
    $one->pg->start;

    $one->sql('ALTER SYSTEM SET default_transaction_read_only = on');
    $one->sql('SELECT pg_reload_conf()');
    $two->pg->restart;
    sleep 0.2;
    like($probe->get('insert:else,n:a', 'transaction', 'write'), qr/\[2\]/,
         'and when it takes no writes');
    is($two->value("SELECT count(*) FROM probe WHERE v = 'else'"), 1,
       'which then are there');
});

with(qq("host=$dir1,$dir2 $user target_session_attrs=read-write"), sub {
    like($_[0]->get('n:a'), qr/\[2\]/, 'the one that takes writes');
});

with(qq("host=$dir1,$dir2 $user target_session_attrs=prefer-standby"), sub {
    like($_[0]->get('n:a'), qr/\[1\]/, 'no standby: any');
});

with(qq("host=$dir1 $user" timeout=1s), sub {
    like($_[0]->get('insert:x', 'transaction', 'write'),
         qr/^503 The database cannot/, 'nobody takes writes');
    like($_[0]->get('n:a'), qr/^200/, 'but reads are answered');
});

kill 'STOP', $tcp;

with(qq("postgresql://wubloader\@127.0.0.1:$port,127.0.0.1:$port2/wub" )
     . 'timeout=2s', sub {
    my ($probe) = @_;

    my ($seconds, $text) = $probe->timed('n:a');
    like($text, qr/\[2\]/, 'one that hangs as it is connected to');
    ok($seconds > 0.8 && $seconds < 1.8, 'takes its share of the time')
        or diag $seconds;

    my @got = $probe->crowd(3, sub {
        ($probe->timed('sleep:0.1'))[0];
    })->();
    is(scalar(grep { $_->[0] < 0.8 } @got), 3, 'and is not tried at once');
});

kill 'CONT', $tcp;

with(qq("host=no-such-host.invalid,$dir2 $user"), sub {
    like($_[0]->get('n:a'), qr/\[2\]/, 'a name that is not found');
});

done_testing();
