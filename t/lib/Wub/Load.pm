package Wub::Load;

# Many HTTP clients in one process, on one select loop: each has a script
# that says what to ask next and judges what came.  Only what HTTP allows is
# forgiven: a request on a connection that was idle may be repeated when the
# server closed it meanwhile (RFC 9112, 9.3.1), and never read the request;
# all else that breaks is kept with the process of the server that broke it.

use strict;
use warnings;

use Compress::Zlib ();
use Digest::SHA qw(sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use Socket qw(IPPROTO_TCP PF_INET SOCK_NONBLOCK SOCK_STREAM SOL_SOCKET
              SO_ERROR SO_RCVBUF TCP_NODELAY);
use Time::HiRes qw(sleep time);

use constant {
    CHUNK    => 262_144,        # bytes taken at once
    TURN     => 0.02,           # seconds between looks at who is due
    PATIENCE => 20,             # seconds for an answer
    KEPT     => 20,             # complaints that are told
};


# Wub::Load->start($name, $port, $until, @clients): a process that runs them
# until that time.  A client is a hash:
#   next   called with the client; returns a request or nothing (it is done)
#   kind   what it is, in the account
# and a request is a hash:
#   target, method (GET), headers (lines), delay (seconds before it),
#   rate (bytes a second it is read with), close (true: a connection of its
#   own), check => sub ($res, $client): '' or what is wrong with the answer
# $res has status, headers (lower-case name => value), body (decoded) and
# bytes (as they came).
sub start {
    my ($class, $name, $port, $until, @clients) = @_;

    pipe my $read, my $write or die "pipe: $!\n";

    my $pid = fork;
    defined $pid or die "fork: $!\n";

    if ($pid == 0) {
        close $read;

        my $load = bless { port => $port, until => $until,
            clients => \@clients, by_fd => {}, rbits => '', wbits => '',
            account => { requests => 0, retries => 0, bytes => 0,
                         broken => [], wrong => [], times => {} } }, $class;

        my $account = eval { $load->run } || { died => "$@" };

        print $write JSON::PP::encode_json($account);
        close $write;

        # nothing of the parent's is to be cleaned up here
        POSIX::_exit(0);
    }

    close $write;
    return bless { name => $name, pid => $pid, read => $read }, $class;
}


# what the process has seen, when it has ended: a hash of
#   requests, retries, bytes; wrong: sentences
#   broken: [ { pid (of nginx; 0: not known), at, what } ]
#   times: kind => seconds of each answer
#   told: what clients left in their hash's "tell", by kind
sub finish {
    my ($self) = @_;

    local $/;
    my $text = readline $self->{read};

    waitpid $self->{pid}, 0;
    return JSON::PP::decode_json($text || '{"died":"no account"}');
}


sub run {
    my ($self) = @_;

    local $SIG{PIPE} = 'IGNORE';
    my $account = $self->{account};

    $self->next_request($_) for @{ $self->{clients} };

    while (grep { !$_->{done} } @{ $self->{clients} }) {
        $self->turn;
        last if time > $self->{until} + PATIENCE + 5;
    }

    for my $client (@{ $self->{clients} }) {
        push @{ $account->{told}{$client->{kind}} }, $client->{tell}
            if defined $client->{tell};
    }

    return $account;
}


sub turn {
    my ($self) = @_;

    my $now = time;

    for my $client (@{ $self->{clients} }) {
        next if $client->{done};

        if ($client->{due}) {
            $now >= $self->{until} ? $self->end_client($client)
                : $now >= $client->{due} ? $self->send_request($client) : 0;
            next;
        }

        if ($client->{resume} && $now >= $client->{resume}) {
            delete $client->{resume};
            vec($self->{rbits}, fileno $client->{sock}, 1) = 1;
        }

        $self->broken($client, 'no answer in ' . PATIENCE . ' s')
            if $now > $client->{since} + PATIENCE;
    }

    my ($r, $w) = ($self->{rbits}, $self->{wbits});
    my $until = time + TURN;

    # many small wake-ups would cost more than what they do
    select $r, $w, undef, TURN or return;

    for my $fd (keys %{ $self->{by_fd} }) {
        my $client = $self->{by_fd}{$fd};

        if (vec $w, $fd, 1) {
            $self->connected($client);

        } elsif (vec $r, $fd, 1) {
            $self->receive($client);
        }
    }

    my $left = $until - time;
    sleep $left / 2 if $left > 0;
    return;
}


sub next_request {
    my ($self, $client) = @_;

    my $now = time;
    my $request = $now < $self->{until} ? $client->{next}->($client) : undef;

    return $self->end_client($client) if !defined $request;

    $client->{request} = $request;
    $client->{retried} = 0;
    $client->{due} = $now + ($request->{delay} || 0);
    return;
}


sub end_client {
    my ($self, $client) = @_;

    $self->close_client($client);
    $client->{done} = 1;
    return;
}


sub send_request {
    my ($self, $client) = @_;

    my $request = $client->{request};

    delete $client->{due};
    @$client{qw(raw header_end since)} = ('', 0, time);
    $client->{reused} = defined $client->{sock} ? 1 : 0;

    if (!$client->{reused}) {
        $self->connect_client($client) or return;
    }

    my $fd = fileno $client->{sock};

    vec($self->{wbits}, $fd, 1) = 1;
    vec($self->{rbits}, $fd, 1) = 1;
    return;
}


sub connect_client {
    my ($self, $client) = @_;

    socket my $sock, PF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0
        or die "socket: $!\n";

    setsockopt $sock, SOL_SOCKET, SO_RCVBUF, 65536
        if $client->{request}{rate};
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;

    @$client{qw(sock pid)} = ($sock, 0);
    $self->{by_fd}{fileno $sock} = $client;

    return 1 if connect $sock, Socket::pack_sockaddr_in($self->{port},
                                   Socket::inet_aton('127.0.0.1'));
    return 1 if $!{EINPROGRESS};

    $self->broken($client, "connect: $!");
    return 0;
}


sub close_client {
    my ($self, $client) = @_;

    my $sock = delete $client->{sock};
    return if !defined $sock;

    my $fd = fileno $sock;

    delete $self->{by_fd}{$fd};
    vec($self->{rbits}, $fd, 1) = 0;
    vec($self->{wbits}, $fd, 1) = 0;
    close $sock;
    return;
}


# the socket takes bytes: the request goes out in one piece
sub connected {
    my ($self, $client) = @_;

    my $sock = $client->{sock};
    my $request = $client->{request};

    vec($self->{wbits}, fileno $sock, 1) = 0;
    $! = unpack 'i', getsockopt $sock, SOL_SOCKET, SO_ERROR;

    if ($! == 0) {
        my $text = join "\r\n",
            ($request->{method} || 'GET') . " $request->{target} HTTP/1.1",
            'Host: localhost', @{ $request->{headers} || [] },
            $request->{close} ? 'Connection: close' : (), '', '';

        my $n = syswrite $sock, $text;
        return if defined $n && $n == length $text;
    }

    return $self->broken($client, "sending: $!", 'unread');
}


sub receive {
    my ($self, $client) = @_;

    my $rate = $client->{request}{rate};
    my $n = sysread $client->{sock}, $client->{raw},
        $rate ? 1 + int $rate / 10 : CHUNK, length $client->{raw};

    if (!defined $n) {
        return if $!{EAGAIN};
        return $self->broken($client, "$!", $!{ECONNRESET});
    }

    # A system that refuses bytes says so at once; a server that took the
    # request and went away does not.
    return $self->broken($client, 'closed',
                         unpack 'i', getsockopt $client->{sock}, SOL_SOCKET,
                                                SO_ERROR) if $n == 0;

    $self->{account}{bytes} += $n;

    if ($rate) {
        $client->{resume} = time + $n / $rate;
        $client->{since} = time;
        vec($self->{rbits}, fileno $client->{sock}, 1) = 0;
    }

    $self->header($client) if !$client->{header_end};
    $self->complete($client) if $client->{header_end}
        && length $client->{raw} >= $client->{whole};
    return;
}


sub header {
    my ($self, $client) = @_;

    my $end = index $client->{raw}, "\r\n\r\n";
    return if $end < 0;

    my ($first, @lines) = split /\r\n/, substr $client->{raw}, 0, $end;
    my ($status) = $first =~ /^HTTP\/1\.1 (\d{3}) /;
    my %headers;

    for my $line (@lines) {
        my ($name, $value) = $line =~ /^([^:\s]+):\s*(.*?)\s*$/ or next;
        $headers{lc $name} = $value;
    }

    my $bare = ($client->{request}{method} || '') eq 'HEAD'
        || ($status || 0) == 304;
    my $length = $bare ? 0 : $headers{'content-length'};

    @$client{qw(status headers header_end)} = ($status || 0, \%headers,
                                               $end + 4);
    $client->{pid} = $headers{'x-pid'} || $client->{pid};

    # every answer of ours says how long it is
    if (!defined $length) {
        push @{ $self->{account}{wrong} }, $self->about($client)
            . "status $client->{status} without a length";
        $length = 0;
        $headers{connection} = 'close';
    }

    $client->{whole} = $end + 4 + $length;
    return;
}


sub complete {
    my ($self, $client) = @_;

    my $request = $client->{request};
    my $account = $self->{account};
    my $res = { status => $client->{status}, headers => $client->{headers} };

    delete $client->{resume};
    $account->{requests}++;
    push @{ $account->{times}{$client->{kind}} },
        sprintf('%.4f', time - $client->{since}) + 0
        if !$request->{rate};

    $res->{bytes} = substr $client->{raw}, $client->{header_end};
    $res->{body} = ($res->{headers}{'content-encoding'} || '') eq 'gzip'
        && length $res->{bytes} ? unpacked($res->{bytes}) : $res->{bytes};

    my $wrong = length $client->{raw} > $client->{whole}
        ? 'more bytes than it said'
        : defined $res->{body} ? $request->{check}->($res, $client)
                               : 'gzip that does not unpack';

    $self->wrong($client, $wrong) if $wrong ne '';

    $self->close_client($client) if $request->{close} || $wrong ne ''
        || lc($res->{headers}{connection} || '') eq 'close';

    # what the server does to an idle connection shows when it is used again
    vec($self->{rbits}, fileno $client->{sock}, 1) = 0
        if defined $client->{sock};

    $self->next_request($client);
    return;
}


# undef: not one whole gzip member, whose length and checksum are right
sub unpacked {
    my ($bytes) = @_;

    my ($stream) = Compress::Zlib::inflateInit(
        -WindowBits => Compress::Zlib::WANT_GZIP());
    my ($text, $status) = $stream->inflate($bytes);

    return $status == Compress::Zlib::Z_STREAM_END() && !length $bytes
        ? $text : undef;
}


sub about {
    my ($self, $client) = @_;

    return sprintf '%s: %s %s: ', $client->{kind},
        $client->{request}{method} || 'GET', $client->{request}{target};
}


sub wrong {
    my ($self, $client, $what) = @_;

    my $list = $self->{account}{wrong};

    push @$list, $self->about($client) . $what if @$list < KEPT;
    return;
}


# The connection is gone.  A request on a connection that was idle, and that
# the server did not read, is asked again, once; so is one on a new
# connection, after it was noted.
sub broken {
    my ($self, $client, $what, $unread) = @_;

    my $excused = $client->{reused} && $client->{raw} eq '' && $unread
        && !$client->{retried};
    my $pid = $client->{pid};

    $self->close_client($client);
    delete $client->{resume};

    if ($excused) {
        $self->{account}{retries}++;
        $client->{retried} = 1;

    } else {
        push @{ $self->{account}{broken} }, {
            pid => $pid, at => time,
            what => $self->about($client) . "$what after "
                . length($client->{raw}) . ' bytes',
        };
    }

    # a server that refuses all must not be asked without end
    $client->{due} = time + ($excused ? 0 : 0.1);
    return;
}


# ---- checks that scripts share

# '' when the bytes are those that the name of a segment tells of
sub check_segment {
    my ($name, $bytes) = @_;

    my ($hash) = $name =~ /^[^-]*-[^-]*-[^-]*-([\w-]{43})\.ts$/
        or return "$name is no segment";

    return encode_base64url(sha256($bytes)) eq $hash ? ''
        : length($bytes) . " bytes that are not those of $name";
}


# The same for a playlist: '' when it begins as one and ends with a line.
sub check_playlist {
    my ($body) = @_;

    return 'does not begin with #EXTM3U' if index($body, "#EXTM3U\n") != 0;
    return 'ends within a line' if substr($body, -1) ne "\n";
    return '';
}


# names in a JSON list of plain names, and what is wrong with it
sub check_list {
    my ($body) = @_;

    return ([], 'no JSON list')
        if $body !~ /\A\[(?:"[^"\\]*"(?:, ?"[^"\\]*")*)?\]\n?\z/;

    my @names = $body =~ /"([^"]*)"/g;

    for my $i (1 .. $#names) {
        return (\@names, "not sorted: $names[$i]")
            if $names[$i - 1] ge $names[$i];
    }

    return (\@names, '');
}


1;
