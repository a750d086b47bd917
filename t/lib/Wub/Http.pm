package Wub::Http;

# A raw HTTP/1.1 client: it sends the bytes it is given, as fast or as slow
# as it is told, and hands back the bytes that came.  Nothing is repaired
# on the way, so that a test sees what a client on the wire would see.

use strict;
use warnings;

use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(http_connect http_exchange http_parse http_request);


# http_connect($port): a connected socket to 127.0.0.1, or undef with $!
sub http_connect {
    my ($port) = @_;

    return IO::Socket::INET->new(
        PeerAddr => '127.0.0.1',
        PeerPort => $port,
        Proto    => 'tcp',
        Timeout  => 5,
    );
}


# http_exchange(%opt) sends packets and reads until the server closes.
#   port       where to connect, or socket: a socket that is connected
#   packets    [ { value => BYTES, delay_before => SECONDS }, ... ]
#   timeout    seconds without a byte in either direction (5)
#   read_rate  bytes a second that a slow client takes (no limit)
#   read_max   close the connection after as many bytes (never)
#   shutdown   true: shut down the sending side once all is sent
# Returns { raw => BYTES, timed_out => BOOL, error => TEXT or '' }.
sub http_exchange {
    my (%opt) = @_;

    my $sock = $opt{socket} || http_connect($opt{port})
        or return { raw => '', timed_out => 0, error => "connect: $!" };

    local $SIG{PIPE} = 'IGNORE';
    $sock->blocking(0);

    my $state = {
        sock    => $sock,
        select  => IO::Select->new($sock),
        packets => [ @{ $opt{packets} } ],
        out     => '',
        due     => time,
        raw     => '',
        opt     => \%opt,
        timeout => $opt{timeout} || 5,
        last    => time,
    };

    _next_packet($state);

    my $end = '';
    $end = _turn($state) while $end eq '';

    $sock->close if !$opt{socket};

    return {
        raw       => $state->{raw},
        timed_out => $end eq 'timeout' ? 1 : 0,
        error     => $end =~ /^error: (.*)/s ? $1 : '',
    };
}


sub _next_packet {
    my ($state) = @_;

    my $packet = shift @{ $state->{packets} };

    if (!defined $packet) {
        shutdown($state->{sock}, 1) if $state->{opt}{shutdown};
        $state->{sent} = 1;
        return;
    }

    $state->{out} = $packet->{value};
    $state->{due} = time + ($packet->{delay_before} || 0);
    return;
}


# one turn of the loop; '' to go on, else why it ended
sub _turn {
    my ($state) = @_;

    my $writable = !$state->{sent} && time >= $state->{due};
    my $wait = $state->{sent} || $writable ? 0.5 : $state->{due} - time;
    my $sock = $state->{sock};

    my ($read, $write) = IO::Select->select($state->{select},
        $writable ? $state->{select} : undef, undef,
        $wait < 0 ? 0 : $wait > 0.5 ? 0.5 : $wait);

    if ($read && @$read) {
        my $end = _read($state);
        return $end if $end ne '';
    }

    if ($write && @$write) {
        my $n = syswrite $sock, $state->{out};

        # what the server said before it closed is still to be read
        if (!defined $n && !$!{EAGAIN}) {
            $state->{sent} = 1;
            return '';
        }

        $state->{last} = time;
        substr($state->{out}, 0, $n || 0, '');
        _next_packet($state) if $state->{out} eq '';
    }

    my $since = $state->{last} > $state->{due} ? $state->{last}
                                               : $state->{due};
    return time - $since > $state->{timeout} ? 'timeout' : '';
}


sub _read {
    my ($state) = @_;

    my $rate = $state->{opt}{read_rate};
    my $max  = $state->{opt}{read_max};
    my $size = $rate ? int($rate / 20) || 1 : 65536;
    my $left = defined $max ? $max - length $state->{raw} : $size;

    return 'closed' if $left <= 0;

    my $n = sysread $state->{sock}, $state->{raw},
        $size < $left ? $size : $left, length $state->{raw};

    return '' if !defined $n && $!{EAGAIN};
    return "error: $!" if !defined $n;
    return 'eof' if $n == 0;

    $state->{last} = time;
    sleep $n / $rate if $rate;

    return 'closed' if defined $max && length $state->{raw} >= $max;
    return '';
}


# http_parse($raw, $method) reads one response from the front of $raw.
# Returns undef when $raw holds no response, else a hash of status, reason,
# version, raw_headers (with the status line), headers (lower-case name to
# all values, in order), body (chunks joined), complete (the whole body is
# there) and rest (the bytes behind it).  Interim 100 answers are skipped.
sub http_parse {
    my ($raw, $method) = @_;

    my $res;

    do {
        $raw =~ s/\A(HTTP\/(\d\.\d)\ (\d{3})([^\r\n]*)\r\n
                  (?:[^\r\n]+\r\n)*)\r\n//x
            or return;

        $res = { raw_headers => $1, version => $2, status => $3,
                 reason => $4 };
        $res->{reason} =~ s/^ //;

    } while ($res->{status} eq '100');

    $res->{headers} = _headers($res->{raw_headers});

    my $coding = $res->{headers}{'transfer-encoding'};
    my $length = $res->{headers}{'content-length'};

    if (uc($method || 'GET') eq 'HEAD' || $res->{status} =~ /^(?:1|204|304)/)
    {
        @$res{qw(body rest complete)} = ('', $raw, 1);

    } elsif ($coding && lc $coding->[-1] eq 'chunked') {
        @$res{qw(body rest complete)} = _chunks($raw);

    } elsif ($length) {
        my $n = $length->[0];
        my $whole = length $raw >= $n;

        @$res{qw(body rest complete)} = (substr($raw, 0, $n),
            $whole ? substr($raw, $n) : '', $whole ? 1 : 0);

    } else {
        @$res{qw(body rest complete)} = ($raw, '', 1);
    }

    return $res;
}


sub _headers {
    my ($text) = @_;

    my %headers;

    for my $line (split /\r\n/, $text) {
        next if $line !~ /^([^:\s]+):\s*(.*?)\s*$/;
        push @{ $headers{lc $1} }, $2;
    }

    return \%headers;
}


# (body, rest, complete)
sub _chunks {
    my ($raw) = @_;

    my $body = '';

    while ($raw =~ s/\A[ \t]*([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        my $n = hex $1;

        if ($n == 0) {
            my $whole = $raw =~ s/\A(?:[^\r\n]+\r\n)*\r\n// ? 1 : 0;
            return ($body, $whole ? $raw : '', $whole);
        }

        $body .= substr($raw, 0, $n);
        return ($body, '', 0) if length $raw < $n + 2;

        $raw = substr($raw, $n);
        return ($body, '', 0) if $raw !~ s/\A\r\n//;
    }

    return ($body, '', 0);
}


# http_request($port, $method, $target, %opt): one request on a connection
# of its own, and the parsed response; undef when none came.  %opt: headers
# => [ 'Name: value', ... ], body, and those of http_exchange.
sub http_request {
    my ($port, $method, $target, %opt) = @_;

    my @lines = ("$method $target HTTP/1.1", @{ $opt{headers} || [] });
    my $body  = defined $opt{body} ? $opt{body} : '';

    push @lines, 'Host: localhost' if !grep { /^host:/i } @lines;
    push @lines, 'Connection: close' if !grep { /^connection:/i } @lines;
    push @lines, 'Content-Length: ' . length $body
        if defined $opt{body} && !grep { /^content-length:/i } @lines;

    my $got = http_exchange(%opt, port => $port, packets =>
        [ { value => join("\r\n", @lines, '', '') . $body } ]);

    return http_parse($got->{raw}, $method);
}


1;
