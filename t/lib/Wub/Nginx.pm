package Wub::Nginx;

# An nginx of a test's own: a folder, a configuration, a process; started,
# reloaded and stopped by its process id, and gone when the test is gone.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Path qw(make_path remove_tree);
use File::Spec;
use File::Temp;
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);
use Scalar::Util qw(refaddr weaken);
use Time::HiRes qw(sleep time);


# lines that no run may leave in error.log unless its test expects them
my $BAD_LINE = qr/\[(?:alert|crit|emerg)\]
                |==\d+==
                |\bruntime\ error:
                |AddressSanitizer|UndefinedBehaviorSanitizer
                |\bAssertion\ .*failed/x;

my %live;       # address of each server that may need an end: the server
my %folders;    # folders to remove at the end: the process that made them


# Wub::Nginx->new(%opt); nothing runs yet.
#   config        text inside server {}
#   http_config   text inside http {}
#   main_config   text outside
#   port          what to listen on (a free one)
#   root          the server's folder (a temp_dir)
#   workers       worker processes (1)
#   master        master process, needed to reload (on)
#   log_level     of error.log (info)
#   modules       dynamic modules to load (Wub::Nginx::modules())
#   no_root_location  leave out "location / { root html; }"
sub new {
    my ($class, %opt) = @_;

    my $self = bless {
        config      => '',
        http_config => '',
        main_config => '',
        workers     => 1,
        connections => 256,
        master      => 1,
        log_level   => $ENV{TEST_NGINX_LOG_LEVEL} || 'info',
        owner       => $$,
        %opt,
    }, $class;

    $self->{port} ||= free_port();
    $self->{modules} ||= [ modules() ];

    $self->{root} ||= temp_dir('nginx');

    make_path(map { "$self->{root}/$_" } qw(conf html logs));

    $live{refaddr $self} = $self;
    weaken $live{refaddr $self};

    return $self;
}


# A folder under TMPDIR that is gone when the test ends, however it ends;
# TEST_NGINX_NO_CLEAN leaves it.
sub temp_dir {
    my ($label) = @_;

    my $path = File::Temp::tempdir("wub-$label-XXXXXXXX", TMPDIR => 1);

    $folders{$path} = $$;
    return $path;
}


sub port     { return $_[0]{port} }
sub pid      { return $_[0]{pid} }
sub root     { return $_[0]{root} }
sub html     { return "$_[0]{root}/html" }
sub log_file { return "$_[0]{root}/logs/error.log" }


# A port on 127.0.0.1 that nobody has.  It is taken from below the range of
# the kernel's own choices, so that no client's socket takes it meanwhile.
sub free_port {
    for (1 .. 200) {
        my $port = 12000 + int rand 20000;
        my $sock = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Proto     => 'tcp',
            Listen    => 1,
        ) or next;

        $sock->close;
        return $port;
    }

    die "no free port between 12000 and 32000 on 127.0.0.1\n";
}


# The modules to load: TEST_NGINX_LOAD_MODULES, even if it is empty; else
# the one built into WUB_BUILD.
sub modules {
    my $list = $ENV{TEST_NGINX_LOAD_MODULES};

    if (!defined $list) {
        my $build = $ENV{WUB_BUILD} || 'build';
        $list = "$build/ngx_http_wubloader_module.so";
    }

    my @modules = split ' ', $list;

    for my $module (@modules) {
        -e $module or die "$module is not there: run `make` first\n";
        $module = abs_path($module);
    }

    return @modules;
}


sub binary {
    return $ENV{TEST_NGINX_BINARY} || 'nginx';
}


# what has to be loaded before a binary that was built without sanitizers
sub _preload {
    my ($self) = @_;

    for my $module (@{ $self->{modules} }) {
        my $text = slurp($module);
        next if $text !~ /\b(libasan\.so\.\d+)/;

        open my $gcc, '-|', 'gcc', "-print-file-name=$1"
            or die "gcc, which tells where $1 lies, does not start: $!\n";
        chomp(my $path = <$gcc>);
        close $gcc;

        return $path;
    }

    return;
}


sub _command {
    my ($self) = @_;

    my $preload = $self->_preload;
    my $root = $self->{root};
    my @command = (binary(), '-p', "$root/", '-c', "$root/conf/nginx.conf");
    my $valgrind = $ENV{TEST_NGINX_USE_VALGRIND};

    if ($valgrind) {
        my @options = $valgrind =~ /^\d+$/
            ? qw(--num-callers=30 --leak-check=full --show-leak-kinds=definite)
            : split ' ', $valgrind;

        push @options, '--suppressions=t/valgrind.suppress'
            if -e 't/valgrind.suppress';

        @command = ('valgrind', '-q', @options, @command);
    }

    if ($preload) {
        my $asan = join ':', grep { defined $_ && length $_ }
            $ENV{ASAN_OPTIONS}, 'detect_leaks=0', 'detect_odr_violation=0';

        @command = ('env', "LD_PRELOAD=$preload", "ASAN_OPTIONS=$asan",
            'UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1', @command);
    }

    # so that a test that is killed leaves no server behind
    @command = ('setpriv', '--pdeathsig', 'TERM', '--', @command)
        if _in_path('setpriv');

    return @command;
}


sub _in_path {
    my ($name) = @_;

    return grep { -x "$_/$name" } File::Spec->path;
}


sub write_config {
    my ($self) = @_;

    my $root = $self->{root};
    my $text = $self->_config_text;

    open my $out, '>', "$root/conf/nginx.conf"
        or die "$root/conf/nginx.conf: $!\n";
    print $out $text;
    close $out or die "$root/conf/nginx.conf: $!\n";
    return;
}


sub _config_text {
    my ($self) = @_;

    my $root   = $self->{root};
    my $master = $self->{master} ? 'on' : 'off';
    my $user   = $> == 0 ? "user  root;\n" : '';
    my $load   = join '', map { "load_module  $_;\n" } @{ $self->{modules} };

    # a user may not write where the packaged nginx keeps these
    my $temp = join '', map { "    $_  $root/$_;\n" }
        grep { $self->{http_config} !~ /\b$_\b/ }
        map { "${_}_temp_path" } qw(client_body proxy fastcgi uwsgi scgi);

    my $slash = $self->{no_root_location} ? '' : <<"END";
        location / {
            root  $root/html;
        }
END

    return <<"END";
daemon  off;
master_process  $master;
worker_processes  $self->{workers};
error_log  $root/logs/error.log  $self->{log_level};
pid  $root/logs/nginx.pid;
$user$load
$self->{main_config}

events {
    accept_mutex  off;
    worker_connections  $self->{connections};
}

http {
    access_log  $root/logs/access.log;
    default_type  text/plain;
    keepalive_timeout  68;
$temp
$self->{http_config}

    server {
        listen  127.0.0.1:$self->{port};
        server_name  localhost;
        client_max_body_size  30M;

$self->{config}

$slash    }
}
END
}


# Starts nginx and waits until it listens: '' or what went wrong.
sub start {
    my ($self) = @_;

    $self->write_config;
    unlink "$self->{root}/logs/nginx.pid";
    delete @$self{qw(status pid)};

    my @command = $self->_command;
    my $log = $self->log_file;
    my $pid = fork;

    die "fork: $!\n" if !defined $pid;

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $log;
        open STDERR, '>>', $log;
        exec { $command[0] } @command or POSIX::_exit(127);
    }

    $self->{pid} = $pid;

    my $until = time + ($ENV{TEST_NGINX_USE_VALGRIND} ? 60 : 15);

    while (time < $until) {
        return '' if -s "$self->{root}/logs/nginx.pid";
        return "nginx did not start, status $self->{status}"
            if !$self->running;
        sleep 0.01;
    }

    $self->stop;
    return 'nginx did not listen in time';
}


# For configurations that must be refused: the wait status, or undef when
# nginx did start (it is stopped then).
sub start_refused {
    my ($self) = @_;

    my $error = $self->start;

    if ($error eq '') {
        $self->stop;
        return;
    }

    return $self->{status};
}


sub running {
    my ($self) = @_;

    return 0 if !$self->{pid};

    if (waitpid($self->{pid}, WNOHANG) == $self->{pid}) {
        $self->{status} = $?;
        delete $self->{pid};
        return 0;
    }

    return 1;
}


# process ids of the workers
sub workers {
    my ($self) = @_;

    return $self->{pid} ? children($self->{pid}) : ();
}


sub children {
    my ($parent) = @_;

    my @pids;

    for my $file (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $file or next;
        my $line = <$in>;
        next if !defined $line;
        push @pids, $1 if $line =~ /^(\d+) \(.*\) \S \Q$parent\E /;
    }

    return @pids;
}


# Sends HUP and waits until new workers are there: true if they came.  With
# wait_old it waits until the old ones are gone, too.
sub reload {
    my ($self, %opt) = @_;

    my %old = map { $_ => 1 } $self->workers;
    my $until = time + ($opt{timeout} || 5);

    kill 'HUP', $self->{pid};

    while (time < $until) {
        my @now = $self->workers;
        my $new = grep { !$old{$_} } @now;
        my $gone = !grep { $old{$_} } @now;

        return 1 if $new >= $self->{workers} && ($gone || !$opt{wait_old});
        sleep 0.01;
    }

    return 0;
}


# Ends nginx as an operator does, then with force: '' or what went wrong.
# A server that does not end by itself holds a request that nobody ends.
sub stop {
    my ($self, %opt) = @_;

    return '' if !$self->running;

    my $patience = $opt{timeout} || 5;
    $patience *= 6 if $ENV{TEST_NGINX_USE_VALGRIND};

    my @steps = (['QUIT', $patience], ['TERM', 3], ['KILL', 3]);
    @steps = (['TERM', 3], ['KILL', 3]) if $opt{fast};

    my $problem = '';

    for my $step (@steps) {
        my ($signal, $seconds) = @$step;
        my @workers = $self->workers;

        kill $signal, $self->{pid};
        kill $signal, @workers if $signal eq 'KILL';

        my $until = time + $seconds;

        while (time < $until) {
            return $problem if !$self->running;
            sleep 0.01;
        }

        $problem ||= "nginx did not end within ${seconds} s of $signal: "
                     . 'a request is stuck';
    }

    return 'nginx cannot be ended';
}


sub log_text {
    my ($self) = @_;

    return slurp($self->log_file);
}


# lines of error.log from $from on that no pattern (text or qr//) expects
sub unexpected {
    my ($self, @patterns) = @_;

    my @lines;

    for my $line (split /\n/, $self->log_text) {
        next if $line !~ $BAD_LINE;
        next if $line =~ /could not open error log file/;
        next if grep { ref $_ ? $line =~ $_ : index($line, $_) >= 0 }
                     @patterns;
        push @lines, $line;
    }

    return @lines;
}


sub slurp {
    my ($path) = @_;

    open my $in, '<:raw', $path or return '';
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}


sub remove {
    my ($self) = @_;

    return if $self->{owner} != $$;

    $self->stop(fast => 1);
    delete $live{refaddr $self};
    return;
}


sub DESTROY {
    my ($self) = @_;

    local ($?, $@, $!);
    $self->remove;
}


sub remove_all {
    for my $self (grep { defined $_ } values %live) {
        $self->remove;
    }

    return if $ENV{TEST_NGINX_NO_CLEAN};

    for my $path (grep { $folders{$_} == $$ } keys %folders) {
        remove_tree($path);
        delete $folders{$path};
    }

    return;
}


# a signal must not leave a server behind
for my $signal (qw(INT TERM HUP)) {
    $SIG{$signal} = sub {
        remove_all();
        $SIG{$signal} = 'DEFAULT';
        kill $signal, $$;
    } if !defined $SIG{$signal} || $SIG{$signal} eq 'DEFAULT';
}


END {
    local ($?, $@, $!);
    remove_all();
}


1;
