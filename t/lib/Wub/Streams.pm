package Wub::Streams;

# The streams that cuts are tried on: what real stores have, a few seconds
# of each.
#
#   my $stream = Wub::Streams->make('open', $folder);
#
# A stream is a Wub::Media, with in addition
#   holes   it has holes, which a cut has to be allowed
#   loose   { number => 1 } frames of which bytes were lost: they may be
#           missing, or be other pictures, which may then follow also
#   noisy   bytes are wrong where only a decoder finds out
#   twice   some of its sound comes twice, which is told as damage
#   mixed   where two encoders meet, a frame of sound may be missing
#   forms   what pictures it has, "WIDTHxHEIGHT.FORMAT", each once
#   refuse  { kind or "all" => what the sentence of a refusal says }

use strict;
use warnings;

use File::Path qw(remove_tree);
use List::Util qw(max min);
use POSIX qw(floor);

use Wub::Media;

use constant {
    PACKET => 188,
    VIDEO  => 0x100,        # the packet identifier that ffmpeg gives
    WRAP   => 2 ** 33,
};

my @x264 = qw(-c:v libx264 -preset veryfast -crf 20);
my @x265 = qw(-c:v libx265 -preset ultrafast -crf 20);

# name => options of Wub::Media->make, and of what is done then:
#   mix      [options] of a second stream, from whose segments those of the
#            list at are taken
#   change   function of the stream and its folder
my %streams = (
    plain    => { seconds => 12 },
    short    => { bf => 0, gop => 20 },
    open     => { open => 1, bf => 3,
                  more => [qw(-x264-params open-gop=1)] },
    hevc     => { bf => 3, video => [@x265],
                  more => [qw(-x265-params log-level=none:open-gop=0)] },
    hevcopen => { bf => 3, video => [@x265], open => 1,
                  more => [qw(-x265-params log-level=none:open-gop=1)] },
    wrap     => { late => 95439.5, fps => 25, gop => 25, rate => 44100 },
    anew     => { change => \&anew },
    holes    => { seconds => 12, change => \&holes },
    openhole => { seconds => 12, open => 1, change => \&holes,
                  more => [qw(-x264-params open-gop=1)] },
    uneven   => { uneven => 1, bf => 2, seconds => 6 },
    tails    => { keys => [map { (61 * $_, 61 * $_ + 60) } 0 .. 3],
                  cuts => [61, 122, 183] },
    ntsc     => { fps => '30000/1001', bf => 3, segment => 2.002,
                  seconds => 8.008 },
    fast     => { fps => '60000/1001', segment => 1.001, seconds => 6.006 },
    equal    => { mix => [video => [qw(-c:v libx264 -preset veryfast),
                                    qw(-crf 12)]],
                  at => [1], change => \&equal },
    sets     => { mix => [bf => 1, video => [@x264, qw(-x264-params),
                                             'cabac=0:ref=4:8x8dct=0']],
                  at => [1, 3] },
    size     => { mix => [width => 480, height => 168, block => 24],
                  at => [2, 3] },
    rates    => { mix => [fps => 50, gop => 100], at => [2, 3] },
    colours  => { mix => [format => 'yuv444p'], at => [2, 3] },
    deep     => { mix => [format => 'yuv420p10le'], at => [2, 3] },
    stereo   => { mix => [channels => 2], at => [2, 3],
                  refuse => { smart => qr/from 2024-01-05T11:59:5\d\.\d+ on/ }
                },
    resample => { mix => [rate => 44100], at => [2, 3],
                  refuse => { smart => qr/from 2024-01-05T11:59:5\d\.\d+ on/ }
                },
    mute     => { audio => 0 },
    late     => { from => 3.3 },
    tracks   => { tracks => 2 },
    sine     => { sine => 440 },
    tail     => { change => \&tail },
    dropped  => { change => \&dropped },
    flipped  => { noisy => 1, change => \&flipped },
    garbage  => { twice => 1, change => \&garbage },
    refresh  => { bf => 0, open => 1,
                  refuse => { all => qr/decoding can begin|refresh/ },
                  more => [qw(-x264-params intra-refresh=1)] },
);


sub names {
    return sort keys %streams;
}


# more: options of Wub::Media->make
sub make {
    my ($class, $name, $dir, %more) = @_;

    my %o = (seconds => 8, video => \@x264, holes => 0, loose => {},
             noisy => 0, refuse => {}, name => $name, %{$streams{$name}},
             %more);
    my ($mix, $at, $change) = delete @o{qw(mix at change)};
    my $stream = Wub::Media->make($dir, %o);

    $stream->{forms} = [form($stream)];
    $stream->{sources} = ["$dir/.work-source/all.ts"];
    $stream->{starts} = [0];
    mix($stream, "$dir.other", [%o, @$mix], $at) if $mix;
    $change->($stream) if $change;

    return $stream;
}


sub form {
    my ($stream) = @_;

    return "$stream->{width}x$stream->{height}.$stream->{format}";
}


# numbers of the second stream begin with 1000
sub mix {
    my ($stream, $dir, $options, $at) = @_;

    my $other = Wub::Media->make($dir, @$options, first => 1000);

    for my $n (@$at) {
        my $segment = $other->{segments}[$n];
        my $old = $stream->{segments}[$n];

        my $bytes = Wub::Media::slurp($segment->{path});

        # one encoder goes on where the other one was

        shift_stamps(\$bytes, stamp_of($old) - stamp_of($segment));
        unlink $old->{path};
        $stream->{segments}[$n] = { %$segment, first => 0, %{$stream->put(
            $old->{us} / 1e6, $old->{length}, 'full', $bytes)} };
        $stream->{replaced}[$n] = $old;
    }

    $stream->{mixed} = 1;
    $stream->{times} = { %{$stream->{times}}, %{$other->{times}} };
    push @{$stream->{forms}}, form($other)
        if form($other) ne form($stream);
    push @{$stream->{sources}}, "$dir/.work-source/all.ts";
    push @{$stream->{starts}}, 1000;
}


# ---- what is done to the segments

# writes other bytes in the place of a segment
sub replace {
    my ($stream, $n, $bytes) = @_;

    my $segment = $stream->{segments}[$n];

    unlink $segment->{path};
    %$segment = (%$segment, %{$stream->put($segment->{us} / 1e6,
        $segment->{length}, 'full', $bytes)});
}


# the counters of each segment begin anew
sub anew {
    my ($stream) = @_;

    for my $n (0 .. $#{$stream->{segments}}) {
        my $bytes = Wub::Media::slurp($stream->{segments}[$n]{path});

        shift_stamps(\$bytes, WRAP - 90000 * 2 * $n + 7000);
        replace($stream, $n, $bytes);
    }
}


# adds ticks to all stamps of a transport stream, or to those of a stream of
# it
sub shift_stamps {
    my ($bytes, $ticks, $pid) = @_;

    for (my $at = 0; $at + PACKET <= length $$bytes; $at += PACKET) {
        my ($head, $control) = unpack 'nC', substr $$bytes, $at + 1, 3;
        my $body = $at + 4;

        next if $pid && ($head & 0x1fff) != $pid;

        if ($control & 0x20) {
            my $length = ord substr $$bytes, $body, 1;

            if ($length > 0 && ord(substr $$bytes, $body + 1, 1) & 0x10) {
                my ($high, $low) = unpack 'Nn', substr $$bytes, $body + 2, 6;
                my $base = ($high * 2 + ($low >> 15) + $ticks) % WRAP;

                substr $$bytes, $body + 2, 6, pack 'Nn', $base >> 1,
                    ($base & 1) << 15 | $low & 0x7fff;
            }

            $body += 1 + $length;
        }

        next if !($head & 0x4000)
             || substr($$bytes, $body, 3) ne "\0\0\1";

        my $has = ord(substr $$bytes, $body + 7, 1) >> 6;
        shift_stamp($bytes, $body + 9, $ticks) if $has & 2;
        shift_stamp($bytes, $body + 14, $ticks) if $has == 3;
    }
}


# the stamp of the first picture
sub stamp_of {
    my ($segment) = @_;

    my $bytes = Wub::Media::slurp($segment->{path});
    my ($packet) = packets($bytes);
    my $body = $packet->[0] + 4;

    $body += 1 + ord substr $bytes, $body, 1
        if ord(substr $bytes, $body - 1, 1) & 0x20;

    my ($mark, $middle, $low) = unpack 'Cnn', substr $bytes, $body + 9, 5;

    return ($mark & 14) << 29 | ($middle >> 1) << 15 | $low >> 1;
}


sub shift_stamp {
    my ($bytes, $at, $ticks) = @_;

    my ($mark, $middle, $low) = unpack 'Cnn', substr $$bytes, $at, 5;
    my $stamp = (($mark & 14) << 29 | ($middle >> 1) << 15 | $low >> 1)
                + $ticks;

    $stamp %= WRAP;
    substr $$bytes, $at, 5, pack 'Cnn', $mark & 0xf1 | $stamp >> 29 & 14,
        ($stamp >> 15 & 0x7fff) << 1 | 1, ($stamp & 0x7fff) << 1 | 1;
}


sub holes {
    my ($stream) = @_;

    for my $n (4, 2) {
        unlink $stream->{segments}[$n]{path};
        splice @{$stream->{segments}}, $n, 1;
    }

    $stream->{holes} = 1;
}


# Of copies with the same start the larger one counts, if it is whole; so the
# old one of the second segment, which is smaller, and a broken one of the
# fourth are not seen.
sub equal {
    my ($stream) = @_;

    my $second = $stream->{replaced}[1];
    my $fourth = $stream->{segments}[3];
    my $other = Wub::Media::slurp($stream->{segments}[1]{path});

    $stream->put($second->{us} / 1e6, $second->{length}, 'full',
                 Wub::Media::slurp($stream->{segments}[0]{path}));
    $stream->put($fourth->{us} / 1e6, $fourth->{length}, 'partial',
                 $other . $other);
}


# where packets of video begin: [byte, does a picture begin]
sub packets {
    my ($bytes) = @_;

    my @packets;

    for (my $at = 0; $at + PACKET <= length $bytes; $at += PACKET) {
        my $head = unpack 'n', substr $bytes, $at + 1, 2;

        push @packets, [$at, $head & 0x4000 ? 1 : 0]
            if ($head & 0x1fff) == VIDEO;
    }

    return @packets;
}


# Frames of a GOP from the n-th access unit of a segment on cannot be relied
# on.
sub hurt {
    my ($stream, $segment, $n) = @_;

    my @units = @{$segment->{units}};

    for my $unit (@units[$n .. $#units]) {
        last if $unit->[2] && $unit != $units[$n];
        $stream->{loose}{$unit->[0]} = 1;
        $segment->{damaged}{$unit->[0]} = 1;
    }
}


# the last bytes of a segment are missing, and its last packet is broken
sub tail {
    my ($stream) = @_;

    my $segment = $stream->{segments}[1];
    my $bytes = Wub::Media::slurp($segment->{path});
    my @packets = packets($bytes);

    # up to the middle of a packet of the last picture

    replace($stream, 1, substr $bytes, 0, $packets[-1][0] + 100);
    hurt($stream, $segment, $#{$segment->{units}});
}


# packets are missing in the middle of pictures, and a whole picture
sub dropped {
    my ($stream) = @_;

    for my $case ([1, 20, 3], [2, 31, 1], [3, 0, 2]) {
        my ($n, $unit, $from) = @$case;
        my $bytes = Wub::Media::slurp($stream->{segments}[$n]{path});
        my @inside = inside($bytes, $unit);

        # an access unit of a single packet loses all of it

        $from = $#inside if $from > $#inside;
        substr $bytes, $inside[$from], PACKET, '';
        replace($stream, $n, $bytes);
        hurt($stream, $stream->{segments}[$n], $unit);
    }
}


# bytes within the second packet of two pictures
sub flipped {
    my ($stream) = @_;

    for my $case ([1, 9], [2, 0]) {
        my ($n, $unit) = @$case;
        my $bytes = Wub::Media::slurp($stream->{segments}[$n]{path});
        my @inside = inside($bytes, $unit);
        my $at = $inside[$#inside > 4 ? 4 : -1] + 60;

        substr($bytes, $at, 20) ^= "\x5a" x 20;
        replace($stream, $n, $bytes);
        hurt($stream, $stream->{segments}[$n], $unit);
    }
}


# where the packets of the n-th access unit begin
sub inside {
    my ($bytes, $n) = @_;

    my $unit = -1;
    my @inside;

    for my $packet (packets($bytes)) {
        $unit += $packet->[1];
        push @inside, $packet->[0] if $unit == $n;
    }

    return @inside;
}


# A segment begins with the end of the GOP before it, and with packets that
# are nothing.
sub garbage {
    my ($stream) = @_;

    my ($before, $bytes) = map {
        Wub::Media::slurp($stream->{segments}[$_]{path}) } 1, 2;
    my @begins = map { $_->[0] } grep { $_->[1] } packets($before);
    my ($first) = map { $_->[0] } packets($bytes);

    replace($stream, 2, substr($bytes, 0, $first)
            . "\x47\x1f\xff\x10" . "\xff" x 184
            . substr($before, $begins[-8]) . substr($bytes, $first));
}


# where the last of a range begins that has that much footage
sub last_of {
    my ($stream, $start, $end, $long) = @_;

    return $end - $long if !$stream->{holes};

    for my $segment (reverse @{$stream->{segments}}) {
        my $from = max($segment->{us}, $start);
        my $to = min($segment->{us} + 1e6 * $segment->{length}, $end);

        next if $to <= $from;
        return $to - $long if $to - $from >= $long;
        $long -= $to - $from;
    }

    return $start;
}


1;
