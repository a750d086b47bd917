package Wub::Cutter;

# A rig for tests of the role cut: a private database, a store with a short
# stream, a folder for videos, and workers that end with the test.
#
#   my $rig = Wub::Cutter->new;
#   $rig->submit('job', ranges => [[1, 3.5]]);      # seconds of the stream
#   my $worker = $rig->start(name => 'node1');
#   $rig->wait('job', 'DONE');
#
# A gate makes the next step of any job wait inside the database, so that a
# test can do something at just that moment:
#
#   my $gate = $rig->gate('renew');     # claim, renew, finalize, done
#   my @children = $rig->freeze($worker, $gate);
#
# freeze() waits until a worker stands at the gate, stops its children and
# lets the step happen: they hold still just after it.

use strict;
use warnings;

use Carp qw(croak);
use File::Temp qw(tempdir);
use JSON::PP ();
use POSIX ();
use Scalar::Util ();
use Time::HiRes qw(sleep time);

use Wub::Media;
use Wub::Postgres;


use constant TIMEOUT => 60;

# pids of workers that have not been reaped, and whose they are
my %running;
my $owner = $$;

my %gates = (
    claim => [1, "OLD.state = 'EDITED' AND NEW.state = 'CLAIMED'"],
    renew => [2, "OLD.state = 'CLAIMED' AND NEW.state = 'CLAIMED'"],
    finalize => [3, "OLD.state = 'CLAIMED' AND NEW.state = 'FINALIZING'"],
    done => [4, "OLD.state = 'FINALIZING' AND NEW.state = 'DONE'"],
);

my @columns = qw(upload_location video_ranges video_transitions video_title
    video_description video_tags video_channel video_quality thumbnail_mode
    thumbnail_time thumbnail_image allow_holes uploader_whitelist cut_type);


# seconds: of the stream
sub new {
    my ($class, %opt) = @_;

    my $self = bless {
        dir => tempdir('wubcut.XXXXXX', TMPDIR => 1, CLEANUP => 1),
        build => $ENV{WUB_BUILD} || 'build',
        workers => {},
    }, $class;

    $self->{segments} = "$self->{dir}/segments";
    $self->{videos} = "$self->{dir}/videos";
    mkdir $_ or croak "$_: $!\n" for @$self{qw(segments videos)};

    $self->{media} = Wub::Media->make($self->{segments},
                                      seconds => $opt{seconds} || 12);
    $self->{pg} = Wub::Postgres->new;
    $self->{conninfo} = $self->{pg}->conninfo('wub');

    my $said = `"$self->{build}/wubloader-worker" migrate --database \\
                "$self->{conninfo}" 2>&1`;
    croak "migrate: $said" if $? != 0;

    $self->gates;

    return $self;
}


sub gates {
    my ($self) = @_;

    my $sql = <<'END';
CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    PERFORM pg_advisory_xact_lock_shared(77, TG_ARGV[0]::integer);
    RETURN NEW;
END $$;
END

    for my $name (sort keys %gates) {
        my ($n, $when) = @{$gates{$name}};
        $sql .= "CREATE TRIGGER gate_$name BEFORE UPDATE ON events"
              . " FOR EACH ROW WHEN ($when) EXECUTE FUNCTION gate($n);\n";
    }

    $self->{pg}->psql('wub', $sql);
}


# closes a gate; the object's open() opens it
sub gate {
    my ($self, $name) = @_;

    my $n = $gates{$name}[0];
    my $pid = open my $in, '|-', 'psql', '-XqAt', '-o', '/dev/null', '-d',
        $self->{conninfo};
    croak "psql: $!\n" if !$pid;

    $in->autoflush(1);
    print {$in} "SELECT pg_advisory_lock(77, $n);\n";
    $self->until("the gate $name to close", sub {
        $self->value("SELECT count(*) FROM pg_locks WHERE classid = 77"
                     . " AND objid = $n AND locktype = 'advisory'"
                     . " AND mode = 'ExclusiveLock' AND granted");
    });

    return bless { in => $in }, 'Wub::Cutter::Gate';
}


# until n workers wait at a gate
sub at_gate {
    my ($self, $n) = @_;

    $n ||= 1;
    $self->until('a worker at the gate', sub {
        $n <= $self->value("SELECT count(*) FROM pg_locks WHERE classid = 77"
                           . " AND locktype = 'advisory' AND NOT granted");
    });
}


# the children, stopped just after their step at this gate
sub freeze {
    my ($self, $worker, $gate, $n) = @_;

    $self->at_gate($n);
    my @children = $worker->children;
    CORE::kill 'STOP', @children;
    $gate->open;

    $self->until('the step to be done', sub {
        0 == $self->value("SELECT count(*) FROM pg_stat_activity"
                          . " WHERE application_name LIKE '% job'"
                          . " AND state = 'active'");
    });

    return @children;
}


# a worker with one job in hand that holds still after the step of a gate
sub frozen {
    my ($self, $id, $name, %o) = @_;

    my $gate = $self->gate($name);
    $self->submit($id, %o);
    my $worker = $self->start;
    my ($child) = $self->freeze($worker, $gate);

    return ($worker, $child);
}


# many short ranges: a job of some seconds
sub slow {
    my ($self) = @_;

    return [map { [0.3 + 2 * ($_ % 6), 1.7 + 2 * ($_ % 6)] } 0 .. 59];
}


sub value {
    my ($self, $sql) = @_;

    return $self->{pg}->value('wub', $sql);
}


sub sql {
    my ($self, $sql) = @_;

    return $self->{pg}->psql('wub', $sql);
}


# a time of the stream, seconds from its start, as text
sub time_of {
    my ($self, $seconds) = @_;

    return Wub::Media::text(sprintf '%.0f',
                            ($self->{media}{start} + $seconds) * 1e6);
}


# An EDITED row; ranges in seconds of the stream, all else as columns.
sub submit {
    my ($self, $id, %o) = @_;

    my $ranges = delete $o{ranges} || [[1, 3]];
    my $state = delete $o{state} || 'EDITED';

    my %value = (
        upload_location => "'here'",
        video_ranges => 'ARRAY[' . join(',', map {
            sprintf "('%s','%s')", map { $self->time_of($_) } @$_
        } @$ranges) . ']::video_range[]',
        video_transitions => 'array_fill(NULL::video_transition, ARRAY['
            . $#$ranges . '])',
        video_title => "'A title'",
        video_description => "'A description'",
        video_tags => q('{one,two}'),
        video_channel => "'chan'",
        thumbnail_mode => "'NONE'",
    );

    for my $column (sort keys %o) {
        croak "no such column: $column" if !grep { $_ eq $column } @columns;
        $value{$column} = $o{$column};
    }

    my @names = sort keys %value;
    local $" = ', ';
    $self->sql("INSERT INTO events (id, sheet_name, event_end, editor, state,"
               . " @names) VALUES ('$id', 'sheet', (false, NULL), 'me\@here',"
               . " '$state', @value{@names})");
}


sub row {
    my ($self, $id) = @_;

    my $json = $self->value("SELECT row_to_json(e) FROM events e"
                            . " WHERE id = '$id'");

    return JSON::PP::decode_json($json);
}


sub job {
    my ($self, $id) = @_;

    my $json = $self->value("SELECT row_to_json(j) FROM event_jobs j"
                            . " WHERE id = '$id'");

    return defined $json ? JSON::PP::decode_json($json) : undef;
}


# until the row has this state, and if given an error like this
sub wait {
    my ($self, $id, $state, $error) = @_;

    my $row;
    $self->until("$id to be $state" . (defined $error ? " $error" : ''), sub {
        $row = $self->row($id);
        return $row->{state} eq $state
            && (!defined $error || ($row->{error} // '') =~ $error);
    }, sub { "state $row->{state}, error " . ($row->{error} // 'none') });

    return $row;
}


sub until {
    my ($self, $what, $done, $now) = @_;

    my $end = time + TIMEOUT;
    until ($done->()) {
        if (time >= $end) {
            my $log = join '', map { $_->log } values %{$self->{workers}};
            croak "waited in vain for $what"
                . ($now ? '; now ' . $now->() : '') . "\n$log";
        }
        sleep 0.03;
    }
}


# paths of all that lies in the folder of videos
sub files {
    my ($self) = @_;

    opendir my $dh, $self->{videos} or croak "$self->{videos}: $!\n";

    my @names = sort grep { !/^\.\.?$/ } readdir $dh;

    return @names;
}


# no jobs and no videos, for the next test
sub clear {
    my ($self) = @_;

    $self->sql('DELETE FROM events');
    unlink map { "$self->{videos}/$_" } $self->files;
}


# arguments of the role; videos: another folder, limit: blocks of 1 KiB
sub command {
    my ($self, %o) = @_;

    my $location = JSON::PP->new->canonical->encode({
        here => { type => 'local', path => $o{videos} || $self->{videos},
                  write_info => JSON::PP::true, %{$o{location} || {}} },
    });

    return ("$self->{build}/wubloader-worker", 'cut',
            '--segments', $self->{segments},
            '--database', $o{database} || $self->{conninfo},
            '--name', $o{name} || 'node1', '--locations', $location,
            '--log-level', 'debug', @{$o{args} || []});
}


sub start {
    my ($self, %o) = @_;

    my $log = File::Temp->new(DIR => $self->{dir});
    my @command = $self->command(%o);
    @command = ('bash', '-c', "ulimit -f $o{limit}; exec \"\$\@\"",
                'bash', @command) if $o{limit};

    my $pid = fork // croak "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(HUP INT TERM);
        open STDERR, '>&', $log;
        open STDOUT, '>&', $log;
        exec 'setpriv', '--pdeathsig', 'KILL', @command
            or POSIX::_exit(127);
    }
    $running{$pid} = 1;

    my $worker = bless { pid => $pid, file => $log, rig => $self },
        'Wub::Cutter::Worker';
    $self->{workers}{$pid} = $worker;
    Scalar::Util::weaken($worker->{rig});

    return $worker;
}


# one round; exit status and log
sub once {
    my ($self, %o) = @_;

    my $worker = $self->start(%o, args => ['--once', @{$o{args} || []}]);
    my $status = $worker->wait;

    return ($status, $worker->log);
}


# also for tests that died; children of a worker die with it
END {
    local ($?, $!);
    my @left = $$ == $owner ? keys %running : ();
    CORE::kill 'KILL', @left;
    waitpid $_, 0 for @left;
}


package Wub::Cutter::Gate;

# Opens when it is asked to or forgotten.
sub open {
    my ($self) = @_;

    close delete $self->{in} if $self->{in};
}


sub DESTROY {
    my ($self) = @_;

    local ($?, $!);
    $self->open;
}


package Wub::Cutter::Worker;

use Time::HiRes qw(sleep time);


sub log {
    my ($self) = @_;

    CORE::open my $fh, '<', "$self->{file}" or return '';
    local $/;

    return scalar(<$fh>) // '';
}


sub kill {
    my ($self, $signal) = @_;

    CORE::kill $signal, $self->{pid} if !exists $self->{status};
}


# the children at work just now
sub children {
    my ($self) = @_;

    CORE::open my $fh, '<', "/proc/$self->{pid}/task/$self->{pid}/children"
        or return;

    return split ' ', scalar(<$fh>) // '';
}


# its exit status, or 128 and the signal that killed it
sub wait {
    my ($self) = @_;

    return $self->{status} if exists $self->{status};

    my $end = time + Wub::Cutter::TIMEOUT;
    while (waitpid($self->{pid}, POSIX::WNOHANG) == 0) {
        if (time >= $end) {
            CORE::kill 'KILL', $self->{pid};
            waitpid $self->{pid}, 0;
            last;
        }
        sleep 0.01;
    }
    delete $running{$self->{pid}};
    $self->{status} = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    delete $self->{rig}{workers}{$self->{pid}} if $self->{rig};

    return $self->{status};
}


# asked to end in order
sub stop {
    my ($self) = @_;

    $self->kill('TERM');

    return $self->wait;
}


1;
