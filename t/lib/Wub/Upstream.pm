package Wub::Upstream;

# A stand-in for the renderer: an HTTP/1.1 server on a unix socket that says
# what it was asked, so that a test sees what nginx passes on.  One process a
# connection; gone when the test is gone.
#
#   my $up = Wub::Upstream->new;
#   ... proxy_pass http://unix:$path; with $up->path
#   $up->requests       how many there were
#
# The body of an answer is the request line, the headers that are given with
# "tell", and the body that came, or its length and MD5 where it is long.
# A channel named so is answered otherwise:
#   busy    503 with Retry-After         refused   406 with a sentence
#   same    304 with a length of 0
#   broken  a chunk, and then the end    slow      nothing, for 30 s
#   large   300 chunks of 10,000 bytes

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use IO::Socket::UNIX;
use POSIX ();

use Wub::Nginx;


my %answers = (
    busy => [ 'HTTP/1.1 503 Service Unavailable', 'Content-Type: text/plain',
              'Retry-After: 2', 'Content-Length: 15', '',
              "Too busy; wait." ],
    refused => [ 'HTTP/1.1 406 Not Acceptable', 'Content-Type: text/plain',
                 'Content-Length: 6', '', 'hole!!' ],
    same => [ 'HTTP/1.1 304 Not Modified', 'ETag: "told"',
              'Content-Length: 0', '', '' ],
    broken => [ 'HTTP/1.1 200 OK', 'Content-Type: video/mp2t',
                'Transfer-Encoding: chunked', '', "5\r\nbegun\r\n" ],
    large => [ 'HTTP/1.1 200 OK', 'Content-Type: video/mp2t',
               'Transfer-Encoding: chunked', '',
               join('', map { sprintf "%x\r\n%s\r\n", 10_000,
                              chr(97 + $_ % 26) x 10_000 } 1 .. 300)
               . "0\r\n\r\n" ],
);


# tell: names of headers, in lower case
sub new {
    my ($class, %opt) = @_;

    my $dir = Wub::Nginx::temp_dir('upstream');
    my $self = bless {
        path  => "$dir/render.sock",
        count => "$dir/count",
        tell  => $opt{tell} || [],
        owner => $$,
    }, $class;

    my $listen = IO::Socket::UNIX->new(Local => $self->{path}, Listen => 64)
        or die "$self->{path}: $!\n";

    # nginx may run as somebody else
    chmod 0777, $self->{path} or die "$self->{path}: $!\n";
    chmod 0755, $dir or die "$dir: $!\n";

    $self->{pid} = fork // die "fork: $!\n";

    if (!$self->{pid}) {
        setpgrp;
        open STDOUT, '>', '/dev/null';
        eval { $self->_serve($listen) };
        POSIX::_exit(0);
    }

    return $self;
}


sub path { return $_[0]{path} }


sub requests {
    my ($self) = @_;

    return -s $self->{count} || 0;
}


sub _serve {
    my ($self, $listen) = @_;

    local $SIG{CHLD} = 'IGNORE';
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{TERM} = 'DEFAULT';

    # the test may be killed
    while (kill 0, $self->{owner}) {
        my $ready = '';

        vec($ready, fileno $listen, 1) = 1;
        next if select($ready, undef, undef, 1) <= 0;

        my $sock = $listen->accept or next;
        my $pid = fork;

        if (defined $pid && !$pid) {
            local $SIG{ALRM} = sub { POSIX::_exit(1) };
            alarm 60;
            eval { $self->_answer($sock) };
            POSIX::_exit(0);
        }
    }

    return;
}


sub _answer {
    my ($self, $sock) = @_;

    my ($head, $body) = ('', '');

    while ($head !~ /\r\n\r\n/) {
        sysread $sock, $head, 65536, length $head or return;
    }

    ($head, $body) = split /\r\n\r\n/, $head, 2;

    my ($line, @headers) = split /\r\n/, $head;
    my %header = map { /^([^:]+): *(.*)$/ ? (lc $1 => $2) : () } @headers;
    my $length = $header{'content-length'} || 0;

    while (length $body < $length) {
        sysread $sock, $body, 1 << 20, length $body or return;
    }

    open my $count, '>>', $self->{count} or return;
    syswrite $count, 'x';
    close $count;

    my ($channel) = $line =~ m{^\w+ /\w+/([^/]+)/};

    if (($channel // '') eq 'slow') {
        my $ready = '';

        vec($ready, fileno $sock, 1) = 1;
        select $ready, undef, undef, 30;
        return;
    }

    my $told = join '', "$line\n",
        map { "$_: " . ($header{$_} // '-') . "\n" } @{ $self->{tell} };

    $told .= $length > 100 ? "$length bytes, MD5 " . md5_hex($body) . "\n"
                           : $body;

    my $answer = $answers{$channel // ''}
        || [ 'HTTP/1.1 200 OK', 'Content-Type: text/x-told',
             'ETag: "told"', 'Content-Length: ' . length $told, '', $told ];
    my $out = join "\r\n", @$answer;

    while (length $out) {
        my $n = syswrite $sock, $out or return;
        substr $out, 0, $n, '';
    }

    return;
}


sub DESTROY {
    my ($self) = @_;

    local ($?, $!);

    if ($self->{owner} == $$ && $self->{pid}) {
        kill 'TERM', -$self->{pid}, $self->{pid};
        waitpid $self->{pid}, 0;
    }

    return;
}


1;
