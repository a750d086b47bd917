package Wub::Postgres;

# A private Postgres cluster: a unix socket in a folder of its own, no TCP,
# gone when the object or the program ends.
#
#   my $pg = Wub::Postgres->new;            # or (dir => ..., fsync => 1)
#   my $conninfo = $pg->conninfo('wub');    # makes the database if need be
#   my @rows = $pg->psql('wub', 'SELECT 1, 2');     # ([1, 2])
#
# As root the server runs as the user postgres (or nobody), in a folder that
# is that user's; nothing of the source tree need be readable for it.

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use POSIX qw(WNOHANG);
use Scalar::Util qw(weaken);


# a socket's path may have 107 bytes, and its name is .s.PGSQL.5432
use constant SOCKET_DIR_MAX => 107 - length '/.s.PGSQL.5432';

my %running;


# dir: where the cluster lies and stays, instead of a temporary folder
# fsync: true to survive a crash of the machine
# timeout: seconds that the server has to start
sub new {
    my ($class, %opt) = @_;

    my $self = bless {
        pid     => $$,
        fsync   => $opt{fsync} // 0,
        timeout => $opt{timeout} // 60,
        bin     => _bin(),
        user    => _user(),
        db      => {},
    }, $class;

    $self->_folders($opt{dir});
    $self->_initdb if ! -e "$self->{data}/PG_VERSION";
    $self->start if $opt{start} // 1;

    return $self;
}


sub _bin {
    for my $dir (split(/:/, $ENV{PATH} // ''), reverse sort {
            ($a =~ m{/(\d+)/bin})[0] <=> ($b =~ m{/(\d+)/bin})[0]
        } glob('/usr/lib/postgresql/[0-9]*/bin'))
    {
        # a link in PATH leads to the folder that holds all of them
        my $real = abs_path("$dir/initdb") // next;
        $real =~ s{/[^/]*$}{};
        return $real if 3 == grep { -x "$real/$_" } qw(initdb postgres psql);
    }

    croak "no initdb in PATH or /usr/lib/postgresql: run \"make deps\"\n";
}


# undef unless root; else the name, uid and gid to run as
sub _user {
    return undef if $> != 0;

    for my $name ('postgres', 'nobody') {
        my @pw = getpwnam($name);
        return { name => $name, uid => $pw[2], gid => $pw[3] } if @pw;
    }

    croak "neither a user postgres nor nobody: Postgres refuses to run as "
        . "root\n";
}


sub _folders {
    my ($self, $dir) = @_;

    my $tmp = $ENV{TMPDIR} || '/tmp';
    my $made = tempdir('wubpg.XXXXXX', DIR => _reachable($self, $tmp)
                       ? $tmp : '/tmp', CLEANUP => 0);
    if (length(abs_path($made)) > SOCKET_DIR_MAX) {
        rmdir $made;
        $made = tempdir('wubpg.XXXXXX', DIR => '/tmp', CLEANUP => 0);
    }

    $self->{made} = abs_path($made);
    $self->{socket} = $self->{made};
    $self->{base} = $self->{made};

    if (defined $dir) {
        make_path($dir);
        $self->{base} = abs_path($dir);
        croak "$dir cannot be entered by the user $self->{user}{name}\n"
            if !_reachable($self, $self->{base});
    }

    $self->{data} = "$self->{base}/data";
    $self->{log} = "$self->{base}/postgres.log";

    chmod 0700, $self->{made};
    if ($self->{user}) {
        chown $self->{user}{uid}, $self->{user}{gid}, $self->{made},
            $self->{base};
    }
}


# whether the server's user may pass through all of a path
sub _reachable {
    my ($self, $path) = @_;

    my $user = $self->{user} or return 1;
    $path = abs_path($path) // return 0;

    while (1) {
        my @st = stat $path or return 0;
        my $shift = $st[4] == $user->{uid} ? 6
                  : $st[5] == $user->{gid} ? 3 : 0;
        return 0 if !($st[2] >> $shift & 1);
        return 1 if $path eq '/';
        $path =~ s{/[^/]*$}{};
        $path = '/' if $path eq '';
    }
}


# a child that becomes the server's user and runs a command there
sub _spawn {
    my ($self, $out, @cmd) = @_;

    my $pid = fork // croak "fork: $!\n";
    return $pid if $pid;

    # END blocks and destructors are the parent's
    eval {
        chdir $self->{base} or die "$self->{base}: $!\n";
        if (my $user = $self->{user}) {
            ($), $() = ("$user->{gid} $user->{gid}", $user->{gid});
            ($<, $>) = ($user->{uid}, $user->{uid});
            die "cannot become $user->{name}\n" if $> != $user->{uid};
        }
        # Ctrl-C is for us, who then stop the server in order
        setpgrp(0, 0);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $out or die "$out: $!\n";
        open STDERR, '>&', \*STDOUT;
        delete @ENV{grep /^PG/, keys %ENV};
        $ENV{LC_ALL} = 'C';
        $ENV{TZ} = 'UTC';
        exec { $cmd[0] } @cmd;
    };
    print STDERR "$cmd[0]: ", $@ || $!, "\n";
    POSIX::_exit(127);
}


sub _initdb {
    my ($self) = @_;

    # a name of its own until it is whole
    my $new = "$self->{data}.new";
    remove_tree($new);

    my $log = "$self->{base}/initdb.log";
    my $pid = $self->_spawn($log, "$self->{bin}/initdb",
        '-D', $new, '-U', 'wubloader', '-A', 'trust', '-E', 'UTF8',
        '--locale=C', '--no-instructions', '--no-sync');
    waitpid $pid, 0;
    croak "initdb failed:\n" . _slurp($log) if $? != 0;

    rename $new, $self->{data} or croak "$self->{data}: $!\n";
}


sub start {
    my ($self) = @_;

    return $self if $self->{server};

    my @set = ('listen_addresses=', "unix_socket_directories=$self->{socket}",
               'port=5432', 'max_connections=60', 'timezone=UTC',
               'log_timezone=UTC', 'logging_collector=off',
               'log_line_prefix=%m [%p] %a ');
    push @set, 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off',
               'shared_buffers=16MB', 'autovacuum=off'
        if !$self->{fsync};

    # should we be killed without a word, the server goes too
    my @cmd = -x '/usr/bin/setpriv'
        ? ('/usr/bin/setpriv', '--pdeathsig', 'INT') : ();

    $self->{server} = $self->_spawn($self->{log}, @cmd, "$self->{bin}/postgres",
        '-D', $self->{data}, map { ('-c', $_) } @set);
    weaken($running{$self->{server}} = $self);

    my $end = time + $self->{timeout};
    until ($self->_ready) {
        if (waitpid($self->{server}, WNOHANG) != 0) {
            delete $running{delete $self->{server}};
            croak "postgres did not start:\n" . _slurp($self->{log});
        }
        croak "postgres was not ready in $self->{timeout} s, see "
            . "$self->{log}\n" if time >= $end;
        select undef, undef, undef, 0.05;
    }

    return $self;
}


sub _ready {
    my ($self) = @_;

    open my $fh, '<', "$self->{data}/postmaster.pid" or return 0;
    my @line = <$fh>;

    return @line >= 8 && $line[7] =~ /^ready/ && $line[0] == $self->{server};
}


# smart waits for clients, fast breaks them off, immediate is as a crash
my %signal = (smart => 'TERM', fast => 'INT', immediate => 'QUIT');

sub stop {
    my ($self, $mode) = @_;

    my $pid = delete $self->{server} or return $self;
    local ($?, $!);

    kill $signal{$mode // 'fast'} // croak("no such mode: $mode\n"), $pid;

    # the second time it is asked less gently
    for my $try (1 .. 1200) {
        last if waitpid($pid, WNOHANG) != 0;
        kill 'QUIT', $pid if $try == 600;
        select undef, undef, undef, 0.02;
    }
    delete $running{$pid};

    return $self;
}


sub restart {
    my ($self, $mode) = @_;

    return $self->stop($mode)->start;
}


# kill -9 of the whole server; start() recovers
sub kill {
    my ($self) = @_;

    my $pid = delete $self->{server} or return $self;
    local ($?, $!);

    CORE::kill 'KILL', $pid;
    waitpid $pid, 0;
    delete $running{$pid};

    # backends see the postmaster die; the next one waits for the last
    select undef, undef, undef, 0.1;
    unlink "$self->{data}/postmaster.pid";

    return $self;
}


sub socket_dir { return $_[0]{socket} }
sub log_file   { return $_[0]{log} }
sub pid        { return $_[0]{server} }


# for libpq; the database is made when it is not there
sub conninfo {
    my ($self, $db) = @_;

    $self->createdb($db) if defined $db;

    return sprintf 'host=%s port=5432 user=wubloader dbname=%s',
        $self->{socket}, $db // 'postgres';
}


sub createdb {
    my ($self, $db) = @_;

    croak "bad name of a database: $db\n" if $db !~ /^[a-z][a-z0-9_]*$/;
    return $self if $self->{db}{$db}++ || $db eq 'postgres';

    my @row = $self->psql('postgres',
        "SELECT 1 FROM pg_database WHERE datname = '$db'");
    $self->psql('postgres', qq(CREATE DATABASE "$db")) if !@row;

    return $self;
}


# Runs SQL, of which one statement gives rows, by psql; returns the rows as
# array references, undef for null; dies with psql's message when a
# statement fails.
sub psql {
    my ($self, $db, $sql) = @_;

    my ($rc, $out, $err) = $self->_psql($db, $sql);
    croak "psql: $err" if $rc != 0;

    # no row is nothing at all, one empty value is a newline
    return if $out eq '';
    chomp $out;

    my @rows;
    for my $line ($out eq '' ? '' : split /\x1e/, $out, -1) {
        my @value = $line eq '' ? '' : split /\x1f/, $line, -1;
        push @rows, [map { $_ eq "\x02" ? undef : $_ } @value];
    }

    return @rows;
}


# the first column of the first row
sub value {
    my ($self, $db, $sql) = @_;

    my @rows = $self->psql($db, $sql);

    return @rows ? $rows[0][0] : undef;
}


# (status, output, messages); never dies for the SQL's sake
sub psql_try {
    my ($self, @args) = @_;

    my ($rc, $out, $err) = $self->_psql(@args);
    chomp $out;

    return ($rc, $out, $err);
}


sub _psql {
    my ($self, $db, $sql, @args) = @_;

    my $out = File::Temp->new;
    my $err = File::Temp->new;
    my $in = File::Temp->new;
    binmode $in, ':utf8' if utf8::is_utf8($sql // '');
    print $in $sql // '';
    close $in;

    my $info = $self->conninfo($db);
    my $pid = fork // croak "fork: $!\n";
    if (!$pid) {
        delete @ENV{grep /^PG/, keys %ENV};
        open STDIN, '<', "$in";
        open STDOUT, '>&', $out;
        open STDERR, '>&', $err;
        exec { "$self->{bin}/psql" } 'psql', '-XqAt', '-d', $info,
            '-v', 'ON_ERROR_STOP=1', '-F', "\x1f", '-R', "\x1e",
            '-P', "null=\x02", @args
            or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $rc = $?;

    return ($rc, _slurp("$out"), _slurp("$err"));
}


# psql -f, as by hand: without ON_ERROR_STOP unless it is among the arguments
sub psql_file {
    my ($self, $db, $file, @args) = @_;

    return $self->psql_try($db, '', '-v', 'ON_ERROR_STOP=0', @args,
                           '-f', $file);
}


sub _slurp {
    my ($file) = @_;

    open my $fh, '<', $file or return '';
    local $/;

    return scalar(<$fh>) // '';
}


sub DESTROY {
    my ($self) = @_;

    return if $$ != ($self->{pid} // 0);
    local ($?, $!, $@);
    $self->stop($self->{base} eq $self->{made} ? 'immediate' : 'fast');
    remove_tree($self->{made}) if $self->{made};
}


# Signals that would end the program without END must pass by it.  A handler
# that the program has set itself stays.
my %number = (HUP => 1, INT => 2, PIPE => 13, TERM => 15);

for my $name (keys %number) {
    $SIG{$name} //= sub { exit 128 + $number{$_[0]} };
}

END {
    local ($?, $!);
    for my $pg (grep { defined } values %running) {
        $pg->DESTROY if $pg->{pid} == $$;
    }
}


1;
