package Wub::Bench;

# What a benchmark measures, and the tables it prints.  Nothing here passes
# or fails.
#
#   my $bench = Wub::Bench->new(seconds => 3, rounds => 2);
#   $bench->server($nginx);                     # a Wub::Nginx that runs
#   $bench->compare('a file', sides => [ [ ours => '/a' ],
#       [ 'static file' => '/b', 0.8 ] ]);
#   $bench->print_tables;
#
# A side is measured rounds times, in turn with the others, so that what
# else the machine does hits all alike; all begin with the same warm-up.
# The round with the most requests counts, for all numbers of its row; how
# far the worst is below it is printed as "spread".

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use List::Util qw(max min sum0);
use Socket qw(MSG_TRUNC);
use Time::HiRes qw(time sleep);

use Wub::Nginx;

use constant {
    MB      => 1024 * 1024,
    WARM_UP => 1,           # seconds; wrk knows no fraction
    AT_ONCE => 4 * 1024 * 1024,
    HEADER  => 2048,        # bytes, more than any header has
};


sub new {
    my ($class, %opt) = @_;

    return bless { seconds => 3, rounds => 2, rows => [], details => [],
                   memory => [], %opt }, $class;
}


# the server that is measured from now on
sub server {
    my ($self, $nginx) = @_;

    $self->{nginx} = $nginx if defined $nginx;
    return $self->{nginx};
}


# ---- measuring

# Sides are [ name, path, least ratio ours may have to it ], ours first; in
# place of a path, a function of the seconds that returns what load() does.
# %opt: connections (16), encoding (none), unit of what is compared
# ("/s", or " MB/s"), large (measured by pulls, not by wrk), script (of wrk).
sub compare {
    my ($self, $what, %opt) = @_;

    my @sides = @{ $opt{sides} };
    my $load = $opt{large} ? 'pulls' : 'load';
    my %best;

    my $measure = sub {
        my ($path, $seconds) = @_;

        return ref $path ? $path->($seconds)
            : $self->$load($path, %opt, seconds => $seconds);
    };

    for my $side (@sides) {
        my ($name, $path) = @$side;

        $best{$name} = { rounds => [], fetched => ref $path ? {}
                         : $self->fetch($path, %opt) };
        $measure->($path, WARM_UP);
    }

    for (1 .. $self->{rounds}) {
        push @{ $best{$_->[0]}{rounds} },
            $measure->($_->[1], $self->{seconds}) for @sides;
    }

    for my $side (@sides) {
        my $best = $best{$side->[0]};
        my @sorted = sort { $b->{rate} <=> $a->{rate} } @{ $best->{rounds} };

        %$best = (%{ $sorted[0] }, bytes => $best->{fetched}{bytes},
            spread => 1 - $sorted[-1]{rate} / ($sorted[0]{rate} || 1),
            errors => sum0(map { $_->{errors} } @sorted));
        $self->detail($what, $side->[0], $best);
    }

    $self->_compare_row($what, $best{$sides[0][0]}, $best{$_->[0]}, $_,
        $opt{unit} // '/s') for @sides[1 .. $#sides];
    return;
}


sub _compare_row {
    my ($self, $what, $ours, $theirs, $side, $unit) = @_;

    my ($name, undef, $target) = @$side;
    my @rates = map { $unit eq ' MB/s' ? $_->{rate} * $_->{bytes} / MB
                                      : $_->{rate} } $ours, $theirs;
    my $ratio = $rates[1] > 0 ? $rates[0] / $rates[1] : 0;
    my $errors = $ours->{errors} + $theirs->{errors};

    $self->row($what, $name, map({ _rate($_) . $unit } @rates),
        sprintf('%.2fx', $ratio), defined $target ? ">= ${target}x" : '-',
        $errors ? "$errors errors" : _verdict($target, defined $target
        && $ratio >= $target));
    return;
}


# three digits that mean something
sub _rate {
    my ($rate) = @_;

    return sprintf $rate < 100 ? '%.1f' : '%.0f', $rate;
}


# One load by wrk.  CPU is what nginx's workers used, all their threads.
sub load {
    my ($self, $path, %opt) = @_;

    my @workers = $self->server->workers;
    my $seconds = $opt{seconds} // $self->{seconds};
    my @command = ('wrk', '-t1', '-c' . ($opt{connections} // 16),
        "-d${seconds}s", '--timeout', '30s', '--latency',
        map({ ('-H', "Accept-Encoding: $_") } grep { defined }
            $opt{encoding}), map({ ('-s', $_) } grep { defined }
            $opt{script}), $self->url($path));

    my $cpu = _cpu(@workers);
    my $text = output(@command);
    $cpu = _cpu(@workers) - $cpu;

    my %unit = (us => 0.001, ms => 1, s => 1000, m => 60_000);
    my %ms;

    $ms{$1} = $2 * $unit{$3}
        while $text =~ /^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)$/mg;

    my ($requests) = $text =~ /(\d+) requests in /;
    my ($rate) = $text =~ m{Requests/sec:\s+([\d.]+)};
    my $errors = sum0($text =~ /Non-2xx or 3xx responses: (\d+)/,
        map { /(\d+)/g } $text =~ /Socket errors: (.*)/);

    defined $rate or die "wrk said nothing of $path:\n$text";
    print STDERR "   $path: $errors errors\n" if $errors;

    return { rate => $rate, errors => $errors, p50 => $ms{50}, p99 => $ms{99},
             cpu => $requests ? $cpu / $requests : undef };
}


# Answers of many megabytes, which wrk would read more slowly than nginx
# sends, and of which it would not count those that it cuts off at the end:
# here each is read to its end, and what arrives is dropped by the kernel.
# Each request has a connection of its own; 0 seconds: one for each.
sub pulls {
    my ($self, $path, %opt) = @_;

    my @workers = $self->server->workers;
    my $until = time + ($opt{seconds} // $self->{seconds});
    my $select = IO::Select->new;
    my ($start, $cpu, $errors) = (time, _cpu(@workers), 0);
    my (%pull, @ms);

    my $begin = sub {
        my $socket = $self->_ask($path, $opt{encoding});

        $pull{$socket} = { began => time };
        $select->add($socket);
    };

    $begin->() for 1 .. $opt{connections} // 16;

    while ($select->count) {
        for my $socket ($select->can_read) {
            my $pull = $pull{$socket};

            next if _pull_some($socket, $pull);

            push @ms, 1000 * (time - $pull->{began});
            $errors++ if $pull->{left};
            delete $pull{$socket};
            $select->remove($socket);
            $begin->() if time < $until;
        }
    }

    return { rate => @ms / (time - $start), errors => $errors,
             p50 => percentile(50, @ms), p99 => percentile(99, @ms),
             cpu => (_cpu(@workers) - $cpu) / @ms };
}


# The first bytes tell what is to come: true until all of it was there.
sub _pull_some {
    my ($socket, $pull) = @_;

    my $first = !defined $pull->{left};
    my $from = $socket->recv(my $buffer, $first ? HEADER : AT_ONCE,
        $first ? 0 : MSG_TRUNC);

    if ($first) {
        my ($length) = $buffer =~ m{^HTTP/1\.1\ 200\ .*
            ^Content-Length:\ (\d+)\r\n.*?\r\n\r\n}smxi;

        # what is not so is an error that stays to be seen
        $pull->{left} = ($length // -1) + ($+[0] // 0);
    }

    $pull->{left} -= length $buffer if defined $from;
    return defined $from && length $buffer && $pull->{left};
}


# Microseconds that these processes ran, user and system, all threads.
# /proc/PID/stat tells the same in ticks of 10 ms, which is too coarse for
# a single request.
sub _cpu {
    my $ns = 0;

    for my $file (map { glob "/proc/$_/task/*/schedstat" } @_) {
        $ns += (split ' ', Wub::Nginx::slurp($file))[0] // 0;
    }

    $ns or die "$_[0]: no CPU time in /proc, is nginx gone?\n";
    return $ns / 1000;
}


# One request by curl, its body into $opt{to}: bytes and seconds.  It dies
# when the answer is not encoded as asked, since then it measures nothing.
sub fetch {
    my ($self, $path, %opt) = @_;

    my $encoding = $opt{encoding} // 'identity';
    my @workers = $self->server->workers;
    my $cpu = _cpu(@workers);
    my $text = output('curl', '-sfS', '-o', $opt{to} // '/dev/null', '-H',
        "Accept-Encoding: $encoding", '-w',
        '%{size_download} %{time_total} %header{content-encoding}',
        $self->url($path));
    my ($bytes, $seconds, $coded) = split ' ', $text;

    ($coded || 'identity') eq $encoding
        or die "$path is not encoded as $encoding\n";

    return { bytes => $bytes, seconds => $seconds,
             cpu => _cpu(@workers) - $cpu };
}


sub url {
    my ($self, $path) = @_;

    return 'http://127.0.0.1:' . $self->server->port . $path;
}


# what /metrics tells of the cache, by name without its prefix
sub cache_metrics {
    my ($self) = @_;

    my %value = output('curl', '-sfS', $self->url('/metrics'))
        =~ /^wubloader_cache_(\w+)(?:\{[^}]*\})? ([\d.e+]+)$/mg;

    return \%value;
}


# One request on a connection of its own, read to the end.
sub raw_get {
    my ($self, $path) = @_;

    my $socket = $self->_ask($path);
    my ($bytes, $got) = (0, undef);

    $bytes += $got while $got = sysread $socket, my $buffer, 65536;

    $bytes or die "no answer to $path\n";
    return $bytes;
}


sub _ask {
    my ($self, $path, $encoding) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->server->port) or die "connect: $@\n";

    # nginx compresses nothing for HTTP/1.0
    $socket->syswrite("GET $path HTTP/1.1\r\nHost: localhost\r\n"
        . 'Accept-Encoding: ' . ($encoding // 'identity')
        . "\r\nConnection: close\r\n\r\n") or die "$path: $!\n";
    return $socket;
}


# Asks for a path every 2 ms for as long as $more->() is true: a list of
# [ time of the request, milliseconds until its answer ].  A request that
# the one before it has delayed counts from when it was due, or a stall
# would be one slow answer among many quick ones that nobody had asked for.
sub latencies {
    my ($self, $path, $more) = @_;

    my $due = time;
    my @samples;

    while ($more->()) {
        my $now = time;

        if ($now < $due) {
            sleep $due - $now;
            $now = time;

        } else {
            $now = $due;
        }

        $self->raw_get($path);
        push @samples, [ $now, 1000 * (time - $now) ];
        $due += 0.002;
    }

    return @samples;
}


# the sample that this percentage of them does not exceed
sub percentile {
    my ($percent, @values) = @_;

    @values = sort { $a <=> $b } @values;
    return $values[ int($#values * $percent / 100 + 0.5) ];
}


# What nginx holds, in bytes: rss and pss of its processes (the zone is in
# both; rss counts shared pages once for each), used pages of the zone, and
# of the folder of texts, if any, what lies in the page cache, and on the
# disk.
sub memory {
    my ($self, $folder) = @_;

    my $nginx = $self->server;
    my %sum = (rss => 0, pss => 0);

    for my $pid ($nginx->pid, $nginx->workers) {
        my $text = Wub::Nginx::slurp("/proc/$pid/smaps_rollup");

        /^(rss|pss):\s+(\d+) kB/i and $sum{lc $1} += 1024 * $2
            for split /\n/, $text;
    }

    my @files = defined $folder ? grep { -f } glob "$folder/* $folder/*/*"
                                : ();

    $sum{zone} = $self->cache_metrics->{bytes} // 0;
    $sum{disk} = sum0(map { 512 * (stat)[12] } @files);
    $sum{cached} = 0;

    while (my @some = splice @files, 0, 200) {
        $sum{cached} += sum0(split ' ', output('fincore', '--bytes',
            '--noheadings', '--raw', '--output', 'RES', @some));
    }

    return \%sum;
}


# what a program says; it dies when the program fails
sub output {
    my @command = @_;

    open my $in, '-|', @command
        or die "$command[0] does not start: $!; run `make deps`\n";
    local $/;
    my $text = <$in>;
    close $in or die "$command[0] failed: @command\n";

    return $text // '';
}


# ---- tables

# work, against, ours, peer, ratio, target, verdict
sub row {
    my ($self, @row) = @_;

    push @{ $self->{rows} }, \@row;
    return;
}


# seconds, where less is better; without a target nothing is judged
sub row_time {
    my ($self, $what, $peer, $ours, $theirs, $target) = @_;

    my $ratio = $theirs > 0 ? $ours / $theirs : 0;

    $self->row($what, $peer, map({ sprintf '%.3f s', $_ } $ours, $theirs),
        sprintf('%.2fx', $ratio), defined $target ? "<= ${target}x" : '-',
        _verdict($target, defined $target && $ratio <= $target));
    return;
}


# a number that may not pass a limit
sub row_limit {
    my ($self, $what, $value, $limit, $format) = @_;

    $self->row($what, '-', sprintf($format, $value), '-', '-',
        '<= ' . sprintf($format, $limit), _verdict(1, $value <= $limit));
    return;
}


sub _verdict {
    my ($target, $met) = @_;

    return !defined $target ? '' : $met ? 'met' : 'missed';
}


# rate, p50 and p99 in ms, CPU in us for each request, bytes, spread
sub detail {
    my ($self, $what, $side, $d) = @_;

    my @of = ([ rate => '%.1f' ], [ p50 => '%.2f' ], [ p99 => '%.2f' ],
        [ cpu => '%.0f' ], [ bytes => '%d' ]);

    push @{ $self->{details} }, [ $what, $side,
        map({ defined $d->{$_->[0]} ? sprintf $_->[1], $d->{$_->[0]} : '-' }
            @of),
        defined $d->{spread} ? sprintf '%.0f%%', 100 * $d->{spread} : '-' ];
    return;
}


sub detail_memory {
    my ($self, $when, $m) = @_;

    push @{ $self->{memory} }, [ $when,
        map { sprintf '%.1f', $_ / MB } @$m{qw(rss pss zone cached disk)} ];
    return;
}


sub print_tables {
    my ($self) = @_;

    _table([ 'work', 'against', 'ours', 'peer', 'ratio', 'target', '' ],
        $self->{rows}, 2);
    _table([ 'work', 'side', 'req/s', 'p50 ms', 'p99 ms', 'CPU us/req',
        'bytes', 'spread' ], $self->{details}, 2);
    _table([ 'memory of nginx, MB', 'RSS', 'PSS', 'zone', 'page cache',
        'disk' ], $self->{memory}, 1);
    return;
}


# as Markdown; the columns from $right on are numbers
sub _table {
    my ($head, $rows, $right) = @_;

    my @width = map { my $i = $_; max(3, map { length $_->[$i] } $head,
                      @$rows) } 0 .. $#$head;
    my @side = map { $_ < $right || $head->[$_] eq '' ? '-' : '' }
               0 .. $#$head;
    my $format = '| ' . join(' | ', map { "%$side[$_]$width[$_]s" }
                 0 .. $#$head) . " |\n";

    return if !@$rows;

    printf $format, @$head;
    print '|', join('|', map { '-' x ($width[$_] + 1)
        . ($side[$_] eq '' ? ':' : '-') } 0 .. $#$head), "|\n";
    printf $format, @$_ for @$rows;
    print "\n";
    return;
}


1;
