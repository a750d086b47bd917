package Wub::Probe;

# nginx with the module of t/probe over a database of the test's own, and
# clients for it, one or a crowd.
#
#   my $probe = Wub::Probe->new($api->directive('connections=2'));
#   my $text = $probe->get('text:a,sleep:1', 'transaction');
#       # "200 rows=1 affected=1 [a] [4711]\n..."; "none" without an answer
#   my @texts = $probe->crowd(8, sub { ... })->();

use strict;
use warnings;

use Cwd qw(abs_path);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep time);

use Wub::Http qw(http_request);
use Wub::Nginx;


my %children;       # processes to end with the test: who made them


# tables and functions that the statements of the probe use
sub prepare {
    my ($api) = @_;

    $api->sql(<<'END');
ALTER DATABASE wub SET deadlock_timeout = '100ms';
CREATE TABLE probe (v text);
CREATE TABLE probe_n (k text PRIMARY KEY, n integer NOT NULL DEFAULT 0);
INSERT INTO probe_n VALUES ('a'), ('b');
CREATE TABLE probe_late (v text
    REFERENCES probe_n (k) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE probe_star (v text);
INSERT INTO probe_star VALUES ('star');
CREATE SEQUENCE probe_turns;
CREATE FUNCTION probe_serial(n text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('probe_turns') % n::integer <> 0 THEN
        RAISE EXCEPTION 'others were first' USING ERRCODE = '40001';
    END IF;
    RETURN 'at last';
END $$;
END

    return;
}


# directive: that of the database; any other: those of Wub::Nginx->new
sub new {
    my ($class, $directive, %opt) = @_;

    my $build = $ENV{WUB_BUILD} || 'build';
    my $self = bless {}, $class;

    $self->{nginx} = Wub::Nginx->new(
        connections => 2048,
        modules => [ Wub::Nginx::modules(),
                     abs_path("$build/t/probe.so") ],
        %opt,
        config => "        location /probe { wubloader_probe; $directive }\n"
            . "        location /static { return 200 ok; }\n"
            . "        location /metrics { wubloader metrics; }\n",
    );

    my $error = $self->{nginx}->start;
    die "$error\n", $self->{nginx}->log_text if $error ne '';

    return $self;
}


sub nginx { return $_[0]{nginx} }


# what: statements; flags: transaction, write; opt of http_request
sub get {
    my ($self, $what, @flags) = @_;

    my $opt = @flags && ref $flags[-1] ? pop @flags : {};
    my $res = http_request($self->{nginx}->port, 'GET',
        "/probe?do=$what" . join('', map { "&$_=1" } @flags),
        timeout => 30, %$opt);

    return $res ? "$res->{status} $res->{body}" : 'none';
}


# seconds of the last one that is asked for, and its text
sub timed {
    my ($self, @args) = @_;

    my $start = time;
    my $text = $self->get(@args);

    return (time - $start, $text);
}


# Runs code(i) in n processes; the function returned waits for them and
# gives a reference to each one's list of texts.
sub crowd {
    my ($self, $n, $code) = @_;

    my @crowd;

    for my $i (0 .. $n - 1) {
        pipe my $in, my $out or die "pipe: $!\n";
        my $pid = fork // die "fork: $!\n";

        if (!$pid) {
            close $in;
            print {$out} join "\x00", eval { $code->($i) }, $@ ? $@ : ();
            close $out;
            POSIX::_exit(0);
        }

        $children{$pid} = $$;
        push @crowd, [ $pid, $in ];
    }

    return sub {
        return map {
            my ($pid, $in) = @$_;
            my $text = do { local $/; readline $in };
            waitpid $pid, 0;
            delete $children{$pid};
            [ split /\x00/, $text // '' ];
        } @crowd;
    };
}


# Asks again and again until a time: how often it was well, how often not,
# the longest wait, and the first bad answer.
sub asks {
    my ($self, $until, @args) = @_;

    my ($good, $bad, $longest, $first) = (0, 0, 0, '');

    while (time < $until) {
        my ($seconds, $text) = $self->timed(@args);

        $longest = $seconds if $seconds > $longest;
        $text =~ /^200 / ? $good++ : $bad++;
        $first = $text if $bad && $first eq '';
    }

    return ($good, $bad, $longest, $first);
}


# the metrics, by name and labels
sub metrics {
    my ($self) = @_;

    my $res = http_request($self->{nginx}->port, 'GET', '/metrics');

    return { $res->{body} =~ /^(wubloader_database\S*) (\S+)$/mg };
}


# descriptors of the one worker that are sockets
sub sockets {
    my ($self) = @_;

    my ($pid) = $self->{nginx}->workers;

    return scalar grep { (readlink($_) // '') =~ /^socket:/ }
        glob "/proc/$pid/fd/*";
}


# A TCP port of a server's socket: (port, process).  While the process is
# stopped the server hangs.
sub tcp {
    my ($pg) = @_;

    my $port = Wub::Nginx::free_port();
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => $port, Listen => 64, ReuseAddr => 1)
        or die "port $port: $!\n";
    my $pid = fork // die "fork: $!\n";

    if (!$pid) {
        $SIG{TERM} = 'DEFAULT';
        $SIG{PIPE} = 'IGNORE';
        eval { _forward($listen, $pg->socket_dir . '/.s.PGSQL.5432') };
        POSIX::_exit(1);
    }

    $children{$pid} = $$;

    return ($port, $pid);
}


sub _forward {
    my ($listen, $path) = @_;

    my $select = IO::Select->new($listen);
    my %peer;

    while (1) {
        for my $fh ($select->can_read) {

            if ($fh == $listen) {
                my $client = $listen->accept or next;
                my $server = IO::Socket::UNIX->new(Peer => $path) or next;

                @peer{$client, $server} = ($server, $client);
                $select->add($client, $server);
                next;
            }

            my $other = $peer{$fh} or next;

            if (!sysread $fh, my $data, 65536) {
                $select->remove($fh, $other);
                delete @peer{$fh, $other};
                close $_ for $fh, $other;

            } else {
                syswrite $other, $data;
            }
        }
    }

    return;
}


END {
    local ($?, $!);

    for my $pid (grep { $children{$_} == $$ } keys %children) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
    }
}


1;
