package Wub::Render;

# A store with a small stream, and render services over it.
#
#   my $rig = Wub::Render->new;
#   my $service = $rig->start(kinds => { cut => { children => 1 } });
#   my $answer = $rig->get('/frame/chan/source.png?...');
#   $answer->{status}, {headers}{etag}, {body}, {exit} of curl, {seconds}
#
# A service that is forgotten is killed, and its children die with it.

use strict;
use warnings;

use Carp;
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use JSON::PP;
use POSIX ();
use Scalar::Util;
use Time::HiRes qw(sleep time);

use Wub::Media;

use constant TIMEOUT => 20;

my $owner = $$;
my %running;


# seconds: of the stream
sub new {
    my ($class, %o) = @_;

    my $self = bless {
        dir => tempdir('wubrender.XXXXXX', TMPDIR => 1, CLEANUP => 1),
        build => $ENV{WUB_BUILD} || 'build',
    }, $class;

    $self->{segments} = "$self->{dir}/segments";
    $self->{socket} = "$self->{dir}/render.sock";
    mkdir $self->{segments} or croak "$self->{segments}: $!\n";

    $self->{media} = Wub::Media->make($self->{segments},
                                      seconds => $o{seconds} || 8);
    return $self;
}


# a time of the stream, in seconds from its start
sub at {
    my ($self, $seconds) = @_;

    my $media = $self->{media};

    return Wub::Media::text(1e6 * ($media->{start} + $seconds));
}


sub range {
    my ($self, @ends) = @_;

    return 'range=' . join ',', map { $self->at($_) } @ends;
}


# A copy of the stream's quality in which each segment has bytes of empty
# packets behind its own: a rough cut of it fills every buffer.
sub fatten {
    my ($self, $quality, $bytes) = @_;

    my $packet = "\x47\x1f\xff\x10" . "\xff" x 184;
    my $root = "$self->{segments}/chan";

    for my $segment (@{$self->{media}{segments}}) {
        my ($hour, $name) = $segment->{path} =~ m{([^/]+)/([^/]+)$};

        mkdir "$root/$quality";
        mkdir "$root/$quality/$hour";
        Wub::Media::spew("$root/$quality/$hour/$name",
                         Wub::Media::slurp($segment->{path})
                         . $packet x ($bytes / length $packet));
    }
}


# Options: what stands in "render" of the configuration; wrap: a command
# that runs the service; wait: 0 to not wait until it listens.
sub start {
    my ($self, %o) = @_;

    my $wrap = delete $o{wrap} || [];
    my $wait = delete $o{wait} // 1;
    my $log = File::Temp->new(DIR => $self->{dir});
    my $config = File::Temp->new(DIR => $self->{dir});

    print {$config} JSON::PP->new->encode({
        segments => $self->{segments},
        render => { listen => "unix:$self->{socket}", %o },
    });
    close $config;
    chmod 0644, "$config";

    my $pid = fork // croak "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(HUP INT TERM);
        open STDIN, '<', '/dev/null';
        open STDERR, '>&', $log;
        open STDOUT, '>&', $log;
        exec 'setpriv', '--pdeathsig', 'KILL', @$wrap,
             "$self->{build}/wubloader-worker", 'render', '--config',
             "$config", '--log-level', 'debug'
            or POSIX::_exit(127);
    }
    $running{$pid} = 1;

    my $service = bless { pid => $pid, file => $log, config => $config },
        'Wub::Render::Service';

    $self->until('the service to listen', sub {
        !$service->running || $service->log =~ /msg=rendering/ }) if $wait;

    return $service;
}


sub until {
    my ($self, $what, $done) = @_;

    my $end = time + TIMEOUT;

    while (!$done->()) {
        croak "waited in vain for $what\n" if time >= $end;
        sleep 0.01;
    }
}


# One request by curl.  path: behind the host, or a whole URL, which then
# does not go through the socket; args: more of curl's.
sub get {
    my ($self, $path, @args) = @_;

    return $self->wait_for($self->ask($path, @args));
}


# the same, without waiting for the end
sub ask {
    my ($self, $path, @args) = @_;

    my $base = "$self->{dir}/curl." . ++$self->{asked};
    my @where = $path =~ m{^http} ? $path
        : ('--unix-socket', $self->{socket}, "http://localhost$path");
    my $pid = fork // croak "fork: $!\n";

    if (!$pid) {
        open STDOUT, '>', "$base.said";
        open STDERR, '>', '/dev/null';
        exec 'curl', '-s', '-g', '--max-time', TIMEOUT, '-D', "$base.head",
             '-o', "$base.body", '-w', '%{time_starttransfer} %{time_total}',
             @args, @where or POSIX::_exit(127);
    }

    return { pid => $pid, base => $base };
}


# A client that has the beginning of an answer and takes no more of it until
# it is waited for.
sub begun {
    my ($self, $path, @args) = @_;

    my $asked = $self->ask($path, '--limit-rate', '1M', @args);

    $self->until('bytes', sub { -s "$asked->{base}.body" });
    CORE::kill 'STOP', $asked->{pid};

    return $asked;
}


sub wait_for {
    my ($self, $asked) = @_;

    CORE::kill 'CONT', $asked->{pid};
    waitpid $asked->{pid}, 0;

    my %answer = (exit => $? >> 8, headers => {}, status => 0);
    my $base = $asked->{base};
    my ($said, $head, $body) = map { -e "$base.$_"
        ? Wub::Media::slurp("$base.$_") : '' } qw(said head body);

    unlink map { "$base.$_" } qw(said head body);

    # what comes before the last one is 100 Continue

    ($head) = $head =~ m{.*^(HTTP/.*)}ms;
    @answer{qw(first seconds)} = split ' ', $said;
    $answer{body} = $body;

    if (defined $head && $head =~ m{^HTTP/\S+ (\d+)}) {
        $answer{status} = $1;
        $answer{headers}{lc $1} = $2
            while $head =~ /^([\w-]+): *(.*?)\r?$/mg;
    }

    return \%answer;
}


# a connection that is written to by hand
sub raw {
    my ($self, $text) = @_;

    my $socket = IO::Socket::UNIX->new(Peer => $self->{socket})
        or croak "$self->{socket}: $!\n";
    $socket->autoflush(1);
    print {$socket} $text if defined $text;

    return $socket;
}


# what still comes on it, until its end or seconds have passed
sub rest {
    my ($self, $socket, $seconds) = @_;

    my $text = '';
    my $end = time + ($seconds // TIMEOUT);

    $socket->blocking(0);
    while (time < $end) {
        my $n = sysread $socket, $text, 65536, length $text;
        last if defined $n ? $n == 0 : !$!{EAGAIN};
        sleep 0.005 if !$n;
    }

    return $text;
}


# a request whose head does not end: its child waits for the rest
sub hold {
    my ($self, $path) = @_;

    return $self->raw("GET $path HTTP/1.1\r\nHost: localhost\r\n");
}


# name{labels} => value
sub metrics {
    my ($self) = @_;

    return { map { /^([^#]\S*) (\S+)$/ ? ($1 => $2) : () }
             split /\n/, $self->get('/metrics')->{body} };
}


END {
    local ($?, $!);
    my @left = $$ == $owner ? keys %running : ();
    CORE::kill 'KILL', @left;
    waitpid $_, 0 for @left;
}


package Wub::Render::Service;

use Time::HiRes qw(sleep time);


sub log {
    my ($self) = @_;

    open my $fh, '<', "$self->{file}" or return '';
    local $/;

    return scalar(<$fh>) // '';
}


sub children {
    my ($self) = @_;

    open my $fh, '<', "/proc/$self->{pid}/task/$self->{pid}/children"
        or return;

    return split ' ', scalar(<$fh>) // '';
}


# its descriptors, and its memory that is shared
sub fds {
    my ($self) = @_;

    return scalar(() = glob "/proc/$self->{pid}/fd/*");
}


sub shared {
    my ($self) = @_;

    open my $fh, '<', "/proc/$self->{pid}/status" or return -1;

    return (map { /^RssShmem:\s*(\d+)/ ? $1 : () } <$fh>)[0];
}


sub kill {
    my ($self, $signal) = @_;

    CORE::kill $signal, $self->{pid} if $self->running;
}


sub running {
    my ($self) = @_;

    return 0 if exists $self->{status};
    return 1 if waitpid($self->{pid}, POSIX::WNOHANG()) == 0;

    delete $running{$self->{pid}};
    $self->{status} = $? & 127 ? 128 + ($? & 127) : $? >> 8;

    return 0;
}


# its exit status, or 128 and the signal that killed it
sub wait {
    my ($self) = @_;

    my $end = time + Wub::Render::TIMEOUT;

    while ($self->running) {
        CORE::kill 'KILL', $self->{pid} if time >= $end;
        sleep 0.01;
    }

    return $self->{status};
}


sub stop {
    my ($self) = @_;

    $self->kill('TERM');

    return $self->wait;
}


sub DESTROY {
    my ($self) = @_;

    local ($?, $!, $@);
    return if $$ != $owner || !$self->running;
    CORE::kill 'KILL', $self->{pid};
    $self->wait;
}


1;
