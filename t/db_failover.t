# A standby takes over: the primary is killed under load and the standby is
# promoted.  What was answered as written is there, what is there was asked
# for, and nobody is told anything else than to try again.

use strict;
use warnings;

use POSIX qw(_exit);
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Editor qw(edit edit_event edit_get edit_post);
use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Postgres;

use constant { WRITERS => 4, READERS => 2, BEFORE => 1, AFTER => 3 };

my $api = Wub::Api->new;
my $primary = $api->pg;
my $standby = standby($primary);

# what was answered must not depend on which of them is asked

$primary->psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = '*'");
$primary->psql('postgres', 'ALTER DATABASE wub SET synchronous_commit = on');
$primary->psql('postgres', 'SELECT pg_reload_conf()');

edit_event($api, "row$_", 'UNEDITED') for 1 .. WRITERS;

my $hosts = join ',', map { $_->socket_dir } $primary, $standby;
my $nginx = Wub::Nginx->new(workers => 2, config => <<"END");
        location /thrimshim {
            wubloader           thrimshim;
            wubloader_auth      off;
            wubloader_database  "host=$hosts port=5432,5432 dbname=wub
                                 user=wubloader
                                 options=-csearch_path=pg_catalog
                                 target_session_attrs=read-write"
                                connections=4 timeout=10s;
        }
END

is($nginx->start, '', 'nginx starts');

my $port = $nginx->port;
my $promoted;
my @writers = map { my $n = $_; crowd(sub { write_some($n, @_) }) }
    1 .. WRITERS;
my @readers = map { crowd(\&read_some) } 1 .. READERS;

sleep BEFORE;
$primary->kill;
sleep 0.3;
$standby->psql('postgres', 'SELECT pg_promote()');
$promoted = time;

my %odd;

for my $n (1 .. WRITERS) {
    my @log = told($writers[$n - 1]);
    my $row = edit_get($port, "/thrimshim/row$n") || {};
    my ($last) = $row->{video_title} =~ /^title (\d+)$/;
    my $known = 0;

    # (number, status, when) of each; 503 may have been written, or not

    for my $try (@log) {
        $known = $try->[0] if $try->[1] == 201;
        $odd{$try->[1]}++ if $try->[1] !~ /^(?:201|503)$/;
    }

    cmp_ok($known, '>', 1, "writer $n: edits are answered");
    cmp_ok($last // -1, '>=', $known, "writer $n: the last one is there")
        or diag("$known of ", scalar @log);
    is(scalar(grep { $_->[1] != 201 && $_->[2] > $promoted + 1 } @log), 0,
       "writer $n: a second later all is well");
}

for my $reader (@readers) {
    my @log = told($reader);

    $odd{$_->[1]}++ for grep { $_->[1] !~ /^(?:200|503)$/ } @log;
    cmp_ok(scalar(grep { $_->[1] == 200 } @log), '>', 10, 'rows are read');
    is(scalar(grep { $_->[1] != 200 && $_->[2] > $promoted + 1 } @log), 0,
       'and a second later all of them');
}

is_deeply(\%odd, {}, 'nobody is told anything else');
is($standby->value('wub', 'SELECT count(*) FROM events'), WRITERS,
   'the rows are there once');
is($nginx->stop, '', 'nginx ends');

done_testing();


# a copy of a server that follows it
sub standby {
    my ($of) = @_;

    my $copy = Wub::Postgres->new(start => 0);
    my $data = $copy->{data};
    my ($uid, $gid) = (stat $data)[4, 5];

    system('rm', '-rf', $data);
    system("$of->{bin}/pg_basebackup", '-h', $of->socket_dir, '-p', 5432,
        '-U', 'wubloader', '-D', $data, '-R', '-X', 'stream', '-c', 'fast')
        == 0 or die "pg_basebackup failed\n";
    system('chown', '-R', "$uid:$gid", $data) == 0 or die "chown failed\n";
    $copy->start;

    return $copy;
}


# a process that does something until the time is over, and tells of each
# (number, status, when) on a pipe
sub crowd {
    my ($try) = @_;

    my $until = time + BEFORE + AFTER;
    my $pid = open(my $out, '-|') // die "fork: $!\n";

    return $out if $pid;

    for (my $i = 1; time < $until; $i++) {
        my $status = $try->($i);

        print "$i $status ", time, "\n";
    }

    STDOUT->flush;
    _exit(0);
}


sub told {
    my ($from) = @_;
    my @log = map { [split] } <$from>;

    close $from;
    return @log;
}


sub write_some {
    my ($n, $i) = @_;

    return (edit_post($port, "/thrimshim/row$n",
        edit("row$n", video_title => "title $i")))[0];
}


sub read_some {
    my ($i) = @_;
    my $res = http_request($port, 'GET', '/thrimshim/row' . (1 + $i % WRITERS),
        timeout => 12);

    return $res ? $res->{status} : 0;
}
