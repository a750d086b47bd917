package Wub::Request;

# What the sections of a Test::Nginx block stand for: the request sections,
# packet by packet, and user_files.
# A block that makes no sense dies with a sentence.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(block_requests parse_user_files);


# a section's value in scalar context: undef when it is not there
sub _section {
    my ($block, $name) = @_;

    my $value = $block->$name;
    return $value;
}


# What the block sends: ([ { packets, methods }, ... ], number of requests),
# one element for each connection.
sub block_requests {
    my ($block) = @_;

    my $raw = _section($block, 'raw_request');
    return _raw_connection($block, $raw) if defined $raw;

    my $pipelined = _section($block, 'pipelined_requests');
    return _pipeline($block, $pipelined) if defined $pipelined;

    my $request = _section($block, 'request');

    die "there is no --- request\n" if !defined $request;

    my @requests = ref $request ? @$request : ($request);
    my @connections;

    for my $i (0 .. $#requests) {
        my @packets = ref $requests[$i] ? @{ $requests[$i] }
                                        : ($requests[$i]);
        push @connections, _connection($block, $i, 'close', @packets);
    }

    return (\@connections, scalar @requests);
}


sub _raw_connection {
    my ($block, $raw) = @_;

    my $delay = _section($block, 'raw_request_middle_delay');
    my @parts = ref $raw ? @$raw : ($raw);
    my @packets = map { { value => $_, delay_before => $delay || 0 } } @parts;

    $packets[0]{delay_before} = 0;

    my ($method) = join('', @parts) =~ /^\s*([A-Z]+)/;

    return ([ { packets => \@packets, methods => [ $method || 'GET' ] } ],
            1);
}


sub _pipeline {
    my ($block, $requests) = @_;

    die "pipelined_requests is not an array\n" if ref $requests ne 'ARRAY';

    my ($value, @methods) = ('');

    for my $i (0 .. $#$requests) {
        my $part = _connection($block, $i,
            $i == $#$requests ? 'close' : 'keep-alive', $requests->[$i]);

        $value .= join '', map { $_->{value} } @{ $part->{packets} };
        push @methods, @{ $part->{methods} };
    }

    return ([ { packets => [ { value => $value } ], methods => \@methods } ],
            scalar @$requests);
}


# One request, given in packets: text, or { value, delay_before }.  Only
# the first packet is completed with a version and headers, so it has to
# hold the whole request line.
sub _connection {
    my ($block, $index, $connection, @packets) = @_;

    @packets = map { ref $_ ? { %$_ } : { value => $_ } } @packets;

    my $first = shift @packets;
    my $text = $first->{value};

    1 while $text =~ s/\A\s*#[^\n]*\n//;

    my ($method, $target, $version, $body) =
        $text =~ /\A\s*(\S+)[ \t]*(\S*)[ \t]*([^\s]*)[^\n]*(?:\n(.*))?\z/s;

    die "the request is empty\n" if !defined $method;

    $target = '/' if $target eq '';
    $version = 'HTTP/1.1' if $version eq '';
    $body = '' if !defined $body;

    my $headers = _more_headers($block, $index);
    my $rest = join '', map { $_->{value} } @packets;

    if ($headers !~ /^Transfer-Encoding:\s*chunked/mi
        && $headers !~ /^Content-Length:/mi
        && "$body$rest" =~ /\S/)
    {
        $body =~ s/\A\s+//;
        $body =~ s/\s+\z// if !@packets;
        $packets[-1]{value} =~ s/\s+\z// if @packets;

        $headers .= 'Content-Length: ' . length(join '', $body,
            map { $_->{value} } @packets) . "\r\n";
    }

    $headers = "Connection: $connection\r\n$headers"
        if $headers !~ /^Connection/mi;
    $headers = "Host: localhost\r\n$headers" if $headers !~ /^Host:/mi;

    $first->{value} = "$method $target $version\r\n$headers\r\n$body";

    return { packets => [ $first, @packets ], methods => [ $method ] };
}


sub _more_headers {
    my ($block, $index) = @_;

    my $text = _section($block, 'more_headers');

    $text = $text->[$index] if ref $text;
    return '' if !defined $text;

    my $out = '';

    for my $line (split /\n+/, $text) {
        next if $line =~ /^\s*#/;
        my ($key, $value) = split /:[ \t]*/, $line, 2;
        $out .= "$key: " . (defined $value ? $value : '') . "\r\n";
    }

    return $out;
}


# ">>> NAME [TIME]" heads each file: [ [ name, text, time ], ... ]
sub parse_user_files {
    my ($text) = @_;

    my @files;

    for my $line (split /(?<=\n)/, $text) {
        if ($line =~ /^>>> (\S+)(?:[ \t]+(\S+))?\s*$/) {
            push @files, [ $1, '', $2 ];
            next;
        }

        $files[-1][1] .= $line if @files;
    }

    return \@files;
}


1;
