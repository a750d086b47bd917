package Wub::Png;

# PNG files, read and written without libav: what pictures are judged by,
# and templates of every kind.
#
#   my $png = Wub::Png::parse($bytes);
#   my $bytes = Wub::Png::build(%png);
#
# A picture is { width, height, bits, colour, samples, palette, alphas }:
# colour is the type that PNG gives it, samples are numbers, row by row,
# palette is [[r, g, b], ...], alphas the bytes of tRNS.

use strict;
use warnings;

use Compress::Raw::Zlib qw(crc32);
use Compress::Zlib qw(compress uncompress);

# samples of a pixel
my %channels = (0 => 1, 2 => 3, 3 => 1, 4 => 2, 6 => 4);


# dies where it is not one that is whole
sub parse {
    my ($bytes) = @_;

    die "no PNG\n" if substr($bytes, 0, 8) ne "\x89PNG\r\n\x1a\n";

    my (%png, $data, $end);

    for (my $at = 8; $at < length $bytes; ) {
        my ($size, $type) = unpack 'Na4', substr $bytes, $at, 8;
        my $chunk = substr $bytes, $at + 8, $size;

        die "a chunk $type is broken\n"
            if unpack('N', substr $bytes, $at + 8 + $size, 4)
               != crc32($type . $chunk);

        @png{qw(width height bits colour)} = unpack 'NNCC', $chunk
            if $type eq 'IHDR';
        $data .= $chunk if $type eq 'IDAT';
        $end = 1 if $type eq 'IEND';
        $at += 12 + $size;
    }

    die "it ends too soon\n" if !$end;
    die "not of 8 bits\n" if $png{bits} != 8 || !$channels{$png{colour}};

    $png{samples} = unfilter(uncompress($data), $png{width} *
                             $channels{$png{colour}}, $channels{$png{colour}},
                             $png{height});

    return \%png;
}


# bytes of all rows
sub unfilter {
    my ($data, $width, $pixel, $height) = @_;

    my @above = (0) x $width;
    my @all;

    die "other bytes than pixels\n" if length $data != ($width + 1) * $height;

    for my $y (0 .. $height - 1) {
        my ($filter, @row) = unpack 'C*', substr $data, ($width + 1) * $y,
                                                 $width + 1;

        for my $x ($filter ? (0 .. $width - 1) : ()) {
            my $left = $x < $pixel ? 0 : $row[$x - $pixel];
            my $corner = $x < $pixel ? 0 : $above[$x - $pixel];

            $row[$x] = ($row[$x] + ($filter == 1 ? $left
                : $filter == 2 ? $above[$x]
                : $filter == 3 ? int(($left + $above[$x]) / 2)
                : paeth($left, $above[$x], $corner))) & 255;
        }

        push @all, @row;
        @above = @row;
    }

    return \@all;
}


sub paeth {
    my ($left, $above, $corner) = @_;

    my $sum = $left + $above - $corner;
    my ($l, $a, $c) = map { abs $sum - $_ } $left, $above, $corner;

    return $l <= $a && $l <= $c ? $left : $a <= $c ? $above : $corner;
}


# [r, g, b] or [r, g, b, a]
sub pixel {
    my ($png, $x, $y) = @_;

    my $n = $channels{$png->{colour}};
    my $at = $n * ($y * $png->{width} + $x);

    return [@{$png->{samples}}[$at .. $at + $n - 1]];
}


sub build {
    my (%png) = @_;

    my $n = $channels{$png{colour}} * $png{width};
    my $rows = '';

    for my $y (0 .. $png{height} - 1) {
        my @row = @{$png{samples}}[$n * $y .. $n * ($y + 1) - 1];
        my $bits = join '', map { sprintf "%0$png{bits}b", $_ } @row;

        $rows .= "\0" . ($png{bits} == 8 ? pack 'C*', @row
                         : $png{bits} == 16 ? pack 'n*', @row
                         : pack 'B*', $bits);
    }

    return "\x89PNG\r\n\x1a\n"
        . chunk('IHDR', pack 'NNCCCCC', @png{qw(width height bits colour)},
                0, 0, 0)
        . ($png{palette} ? chunk('PLTE', pack 'C*',
                                 map { @$_ } @{$png{palette}}) : '')
        . (defined $png{alphas} ? chunk('tRNS', $png{alphas}) : '')
        . chunk('IDAT', compress($rows)) . chunk('IEND', '');
}


sub chunk {
    my ($type, $bytes) = @_;

    return pack('N', length $bytes) . $type . $bytes
           . pack 'N', crc32($type . $bytes);
}


1;
