package Wub::ApiBench;

# What the editor's API costs, beside pgbench with the same statements over
# as many connections.
#
#   my $api = Wub::ApiBench->new(bench => $wub_bench, static => $folder);
#   $api->rows;
#
# The statements are those that nginx sends, as Postgres logs them, so that
# both sides always do the same work.

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Bench;
use Wub::Media;
use Wub::Nginx;

use constant {
    ROWS        => 1000,
    CONNECTIONS => 4,           # of each of nginx's two processes
    READ        => 0.5,         # of pgbench; DESIGN.md 5
    HANG        => 3,           # seconds
};


sub new {
    my ($class, %opt) = @_;

    return bless { %opt }, $class;
}


# ---- rows

sub row {
    my ($self) = @_;

    $self->server;
    $self->{bench}->compare('GET a row', sides => [
        [ ours => '/thrimshim/500' ],
        [ 'pgbench -M prepared', $self->pgbench('GET', '/thrimshim/500'),
          READ ] ]);
}


sub list {
    my ($self) = @_;

    $self->server;
    $self->{bench}->compare('GET the list of ' . ROWS, sides => [
        [ ours => '/thrimshim' ],
        [ 'pgbench -M prepared', $self->pgbench('GET', '/thrimshim') ] ]);
}


sub post {
    my ($self) = @_;

    $self->server;

    my $body = $self->body;
    my $script = "$self->{dir}/post.lua";

    Wub::Media::spew($script, <<"END");
local body = [==[$body]==]
local headers = { ["Content-Type"] = "application/json" }
request = function()
    return wrk.format("POST", "/thrimshim/" .. math.random(@{[ ROWS ]}),
                      headers, body)
end
END

    $self->{bench}->compare('POST a row', script => $script, sides => [
        [ ours => '/thrimshim/500' ],
        [ 'pgbench -M prepared', $self->pgbench('POST', '/thrimshim/500',
          $body), READ ] ]);
}


# a small request while requests wait for a database that says nothing
sub hang {
    my ($self) = @_;

    $self->server;

    my $bench = $self->{bench};
    my %p99;

    for my $side ('idle server', 'ours') {
        my ($load, @stopped);

        if ($side eq 'ours') {
            @stopped = server_pids($self->{api});
            kill 'STOP', @stopped;
            $load = $self->clients;
        }

        my $until = time + HANG;
        my @ms = map { $_->[1] } $bench->latencies('/static/small.txt',
            sub { time < $until });

        kill 'CONT', @stopped;
        kill('TERM', $load), waitpid($load, 0) if $load;

        my ($p50, $p99) = map { Wub::Bench::percentile($_, @ms) } 50, 99;

        $p99{$side} = $p99;
        $bench->detail('small request, database hangs', $side,
                       { p50 => $p50, p99 => $p99 });
    }

    my $more = $p99{ours} - $p99{'idle server'};

    $bench->row('small request, database hangs, p99', 'idle server',
        map({ sprintf '%.2f ms', $_ } @p99{'ours', 'idle server'}),
        sprintf('%+.2f ms', $more), '<= +5 ms', $more <= 5 ? 'met'
                                                          : 'missed');
}


# ---- the two sides

# a server over a database of rows that were edited
sub server {
    my ($self) = @_;

    return $self->{bench}->server($self->{nginx}) if $self->{nginx};

    my $api = $self->{api} = Wub::Api->new;
    my $conninfo = $api->conninfo;

    $api->sql('INSERT INTO events (id, sheet_name, event_start, event_end,'
        . ' category, description, notes, tags, state, upload_location,'
        . ' video_ranges, video_transitions, video_title,'
        . ' video_description, video_tags, video_channel, thumbnail_mode,'
        . ' editor, edit_time)'
        . " SELECT n::text, 'sheet', timestamp '2024-01-05' + n * interval"
        . " '1 minute', ROW(false, NULL)::end_time, 'category',"
        . " 'what happened at that time', 'notes', '{Day 1,Games}',"
        . " 'EDITED', 'local', ARRAY[ROW('2024-01-05', '2024-01-05"
        . " 00:01')::video_range], '{}', 'Bench - the title',"
        . " repeat('a description of some length ', 20), '{}', 'chan',"
        . " 'NONE', 'NOT_AUTH', now()"
        . ' FROM generate_series(1, ' . ROWS . ') AS n');
    $api->sql('ANALYZE events');

    my $nginx = $self->{nginx} = Wub::Nginx->new(
        workers     => 2,
        connections => 1024,
        log_level   => 'error',
        http_config => "    keepalive_requests  100000000;\n",
        config      => <<"CONF");
        access_log           off;
        location /static/    { alias $self->{static}/; }
        location /thrimshim  {
            wubloader           thrimshim;
            wubloader_database  "$conninfo" connections=@{[ CONNECTIONS ]};
            wubloader_auth      off;
        }
CONF

    my $error = $nginx->start;
    die "$error\n" . $nginx->log_text if $error;

    return $self->{bench}->server($nginx);
}


# what an editor sends back
sub body {
    my ($self) = @_;

    my $row = JSON::PP::decode_json($self->curl('GET', '/thrimshim/500'));

    return JSON::PP->new->canonical->encode({ %$row, state => 'EDITED',
        override_changes => JSON::PP::true });
}


sub curl {
    my ($self, $method, $path, $body) = @_;

    my @send = defined $body ? ('-H', 'Content-Type: application/json',
        '--data-binary', $body) : ();

    return Wub::Bench::output('curl', '-sfS', '-X', $method, @send,
        $self->{bench}->url($path));
}


# The same statements by pgbench, as a side of Wub::Bench: a request's are
# a transaction of a script.
sub pgbench {
    my ($self, $method, $path, $body) = @_;

    my $script = "$self->{dir}/" . lc($method) . '.sql';
    my ($text, @values) = $self->statements($method, $path, $body);

    Wub::Media::spew($script, $text);

    return sub {
        my ($seconds) = @_;
        my $out = Wub::Bench::output("$self->{api}{pg}{bin}/pgbench", '-n',
            '-M', 'prepared', '-c', 2 * CONNECTIONS, '-j', 2, '-T', $seconds,
            '-f', $script, map({ ('-D', $_) } @values),
            $self->{api}->conninfo);

        my ($rate) = $out =~ /^tps = ([\d.]+) /m
            or die "pgbench said nothing of $path:\n$out";

        return { rate => $rate, errors => 0 };
    };
}


# (script, NAME=VALUE, ...) of what one request sends to the database
sub statements {
    my ($self, $method, $path, $body) = @_;

    my $api = $self->{api};

    $self->curl($method, $path, $body);     # all of it is prepared now
    $api->sql($_) for "ALTER SYSTEM SET log_statement = 'all'",
        'SELECT pg_reload_conf()';
    sleep 0.5;

    my $from = -s $api->pg->log_file;

    $self->curl($method, $path, $body);
    sleep 0.2;

    # lines begin as Wub::Postgres sets it: time, process, program
    my @records = split
        /^\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\] .*?(?=[A-Z]{3,}: )/m,
        substr Wub::Nginx::slurp($api->pg->log_file), $from;

    $api->sql($_) for 'ALTER SYSTEM RESET ALL', 'SELECT pg_reload_conf()';
    sleep 0.5;

    my ($script, $n, @values) = ('', 0);

    while (defined(my $record = shift @records)) {
        my ($text) = $record =~ /^LOG:  (?:statement|execute \S+): (.*)/s
            or next;
        my ($detail) = @records && $records[0] =~ /^DETAIL:  parameters: (.*)/s
            ? $1 : '';
        my %name;

        while ($detail =~ /\$(\d+) = (?:NULL|'((?:[^']|'')*)')/g) {
            my ($i, $value) = ($1, $2);

            next if !defined $value;
            $name{$i} = $value eq '500' ? 'id' : 'p' . ++$n;
            push @values, "$name{$i}=" . $value =~ s/''/'/gr
                if $name{$i} ne 'id';
        }

        $text =~ s/\$(\d+)/$name{$1} ? ":$name{$1}" : 'NULL'/ge;
        $script .= $text =~ s/\s+/ /gr =~ s/;?\s*$/;\n/r;
    }

    $script ne '' or die "$method $path sends nothing to the database\n";

    # the row of each transaction is another one
    return ("\\set id random(1, @{[ ROWS ]})\n$script", @values);
}


# the server and its processes
sub server_pids {
    my ($api) = @_;
    my $pid = $api->pg->{server};

    return ($pid, split ' ', Wub::Nginx::slurp(
        "/proc/$pid/task/$pid/children"));
}


# readers of rows, who wait; the id of their process
sub clients {
    my ($self) = @_;
    my $pid = fork // die "fork: $!\n";

    return $pid if $pid;

    open STDOUT, '>', '/dev/null';
    exec 'wrk', '-t1', '-c16', '-d60s', '--timeout', '30s',
        $self->{bench}->url('/thrimshim/500')
        or POSIX::_exit(127);
}


1;
