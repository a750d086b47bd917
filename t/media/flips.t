# One bit of footage is another: in a time stamp, in the header of a packet,
# of a frame of sound or of a picture.  The cut is made, what lies outside of
# the damaged access unit is what was asked for, sound stays in step, and the
# damage is told.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Wub::Judge;
use Wub::Streams;

use constant {
    PACKET => 188,
    AUDIO  => 0x101,        # the packet identifier that ffmpeg gives
};

my $dir = tempdir('wub-flips-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);
my $seed = $ENV{WUB_SEED} || ($ENV{WUB_LONG} ? time : 1);

# a hang is a failure
alarm 300;

srand $seed;
diag "WUB_SEED=$seed" if $ENV{WUB_SEED};


# ---- places in a segment; all of them are [byte, bit]

# where the payload of the packet at a byte begins
sub payload {
    my ($bytes, $at) = @_;

    my ($control, $length) = unpack 'CC', substr $bytes, $at + 3, 2;

    return $at + ($control & 0x20 ? 5 + $length : 4);
}


# a bit of the header of a unit's n-th transport packet, or of its last one
sub packet {
    my ($unit, $n, $byte, $bit) = @_;

    return sub {
        my @inside = Wub::Streams::inside($_[0], $unit);

        return [$inside[$n > $#inside ? -1 : $n] + $byte, $bit];
    };
}


# a bit of a section, which the n-th packet of all holds
sub section {
    my ($n, $byte, $bit) = @_;

    return sub { return [payload($_[0], $n * PACKET) + 1 + $byte, $bit] };
}


# a bit of the PES header of a unit
sub pes {
    my ($unit, $byte, $bit) = @_;

    return sub {
        my ($at) = Wub::Streams::inside($_[0], $unit);

        return [payload($_[0], $at) + $byte, $bit];
    };
}


# a bit of the 33 of a time stamp, the second one is that of decoding
sub stamp {
    my ($at, $bit, $second) = @_;

    $at += 9 + ($second ? 5 : 0);

    return $bit >= 30 ? [$at, $bit - 29]
           : $bit >= 22 ? [$at + 1, $bit - 22]
           : $bit >= 15 ? [$at + 2, $bit - 14]
           : $bit >= 7 ? [$at + 3, $bit - 7] : [$at + 4, $bit + 1];
}


sub pts {
    my ($unit, $bit, $second) = @_;

    return sub {
        my ($at) = Wub::Streams::inside($_[0], $unit);

        return stamp(payload($_[0], $at), $bit, $second);
    };
}


sub dts { return pts(@_, 1) }


# a bit of the NAL unit of a type in a unit, of its header or a byte behind it
sub nal {
    my ($unit, $type, $bit, $byte) = @_;

    return sub {
        my ($at) = Wub::Streams::inside($_[0], $unit);
        pos($_[0]) = $at;
        $_[0] =~ /\x00\x00\x01(?=[$type])/g or die "no such NAL unit\n";

        return [pos($_[0]) + ($byte || 0), $bit];
    };
}


# the sound without its packets: [byte of each byte], and where PES begin
sub tape {
    my ($bytes) = @_;

    my (@from, @pes);

    for (my $at = 0; $at < length $bytes; $at += PACKET) {
        my $head = unpack 'n', substr $bytes, $at + 1, 2;
        my $body = payload($bytes, $at);

        next if ($head & 0x1fff) != AUDIO;

        if ($head & 0x4000) {
            push @pes, $body;
            $body += 9 + ord substr $bytes, $body + 8, 1;
        }

        push @from, $body .. $at + PACKET - 1;
    }

    return (\@from, \@pes);
}


# a bit of the header of the n-th frame of sound, from behind if negative
sub adts {
    my ($n, $byte, $bit) = @_;

    return sub {
        my ($from) = tape($_[0]);
        my @frames;

        for (my $i = 0; $i < @$from; ) {
            my @b = map { ord substr $_[0], $from->[$i + $_], 1 } 3 .. 5;

            push @frames, $i;
            $i += ($b[0] & 3) << 11 | $b[1] << 3 | $b[2] >> 5;
        }

        return [$from->[$frames[$n] + $byte], $bit];
    };
}


# a bit of the time stamp of the n-th packet of sound
sub heard {
    my ($n, $bit) = @_;

    return sub { return stamp((tape($_[0]))[1][$n], $bit) };
}


# ---- cuts

my $stream = Wub::Streams->make('plain', "$dir/plain", gop => 30);
my @bytes = map { Wub::Media::slurp($_->{path}) } @{$stream->{segments}};
my $us = $stream->{segments}[0]{us};


# Cuts into kinds of all but the ends of the footage with a bit flipped in
# each of some of its segments.  loose: units of segments that cannot be
# relied on, with what follows them in their GOP; says: what is told.
sub check {
    my ($name, $flips, %o) = @_;

    my @segments = @{$stream->{segments}};

    $stream->{loose} = {};
    $_->{damaged} = {} for @segments;

    for my $n (sort keys %$flips) {
        my $flipped = $bytes[$n];

        for my $flip (@{$flips->{$n}}) {
            my ($byte, $bit) = @{$flip->($bytes[$n])};
            substr($flipped, $byte, 1) ^= chr(1 << $bit);
        }

        Wub::Streams::replace($stream, $n, $flipped);
    }

    for (@{$o{loose} || []}) {
        my ($n, $unit) = @$_;
        Wub::Streams::hurt($stream, $segments[$n], $unit);
    }

    local $stream->{noisy} = $o{noisy} || 0;

    for my $kind (@{$o{kinds} || [qw(smart mpegts)]}) {
        my $file = "$dir/cut.ts";
        my $range = [[$us + 300_000, $us + 11_700_000]];
        my ($status, $err) = $judge->run($kind, $stream, $range, '--output',
                                         $file);
        my @wrong = $status ne '0' ? "exit status $status"
                    : $judge->video($kind, $stream, $range, $file);

        push @wrong, "says: $err"
            if $err !~ ($o{says} || qr/^$/) || @wrong;
        is(join('; ', @wrong), '', "$name: $kind");
    }

    Wub::Streams::replace($stream, $_, $bytes[$_]) for keys %$flips;
}


# ---- time stamps: every picture is there, copied, and at its time

my $mended = sub { qr/^\S+ warning: \Q$_[0]\E damaged footage$/ };

check('times of hours later', {
    0 => [pts(20, 32)],
    1 => [pts(0, 32)],
    2 => [pts(0, 31), dts(0, 31)],
    3 => [dts(0, 32)],
    4 => [pts(59, 30)],
    5 => [pts(40, 29)],
}, says => $mended->('6 frames come of'));

check('times that are near', {
    0 => [pts(30, 16)],
    1 => [pts(0, 12), pts(29, 12)],
    2 => [pts(3, 15)],
    3 => [dts(1, 13)],
    4 => [pts(31, 14), pts(55, 17)],
    5 => [pts(1, 20)],
}, says => $mended->('8 frames come of'));

# whether there is a time, and whether there are two

check('a time that is missing', {
    1 => [pes(17, 7, 7)],
    2 => [pes(0, 7, 7)],
    3 => [pes(7, 7, 6)],
}, says => qr/warning: [23] frames come of damaged footage$/);


# ---- sound: all of it is there

my $hurt = sub { qr/^\S+ warning: the sound is damaged in $_[0] places?$/ };

check('headers of sound', {
    0 => [adts(40, 2, 2), adts(70, 2, 7)],
    1 => [adts(0, 2, 3)],
    2 => [adts(50, 3, 6)],
    3 => [adts(33, 0, 3), adts(60, 1, 5)],
    4 => [adts(-1, 2, 4)],
    5 => [adts(20, 4, 4), adts(50, 3, 0), adts(70, 6, 0)],
}, says => $hurt->(10));

check('times of sound', {
    0 => [heard(2, 32)],
    1 => [heard(0, 31)],
    2 => [heard(3, 17)],
    3 => [heard(-1, 30)],
    4 => [heard(1, 12)],
    5 => [heard(0, 32)],
}, says => $hurt->(6));


# ---- headers of packets

check('where a picture begins', {
    1 => [packet(20, 0, 1, 6)],
    2 => [packet(0, 0, 1, 6)],
});

check('headers of transport packets', {
    0 => [packet(20, 1, 1, 7)],
    1 => [packet(35, 1, 1, 6)],
    2 => [packet(33, 1, 2, 3)],
    3 => [packet(33, 1, 3, 0)],
    4 => [packet(36, 1, 3, 7)],
    5 => [packet(6, 1, 0, 5)],
}, loose => [[0, 20], [1, 35], [2, 33], [3, 33], [4, 36], [5, 5]],
   says => qr/warning: \d+ frames (?:come|could)/);

check('headers of PES packets', {
    1 => [pes(20, 5, 4)],
    2 => [pes(33, 2, 0)],
    3 => [pes(40, 8, 1)],
    4 => [pes(0, 3, 7)],
}, loose => [[1, 20], [2, 32], [3, 40], [4, 0]],
   says => qr/warning: \d+ frames? (?:come|could)/);


# a segment without its first key frame begins with the second one

check('where a segment begins', {
    1 => [pes(0, 6, 6)],
    3 => [packet(0, 0, 2, 7)],
}, loose => [[1, 0], [3, 0]],
   says => qr/warning: 2 segments have less footage .* by 1\.000 s$/);


# ---- tables of the program: they are sent again

check('what streams there are', {
    1 => [section(1, 11, 0)],
    2 => [section(2, 15, 6)],
    3 => [section(2, 12, 2), section(2, 17, 1)],
    4 => [section(1, 2, 3), section(2, 2, 2)],
});


# ---- parameter sets

# a picture seems to be a field

check('the form of pictures', {
    1 => [nal(0, '\x67', 2, 5)],
    2 => [nal(30, '\x67', 1, 6)],
    3 => [nal(0, '\x67', 7, 1)],
    4 => [nal(0, '\x67', 5, 1), nal(30, '\x67', 5, 1)],
}, loose => [[1, 0], [2, 30], [3, 0], [4, 0], [4, 30]], noisy => 1,
   says => qr/^(?:\S.*\n)?$/);


# ---- headers of NAL units

for my $bit (0 .. 7) {
    check("bit $bit of the header of a slice", {
        1 => [nal(20, '\x41\x01\x61', $bit)],
        2 => [nal(0, '\x65', $bit)],
        3 => [nal(30, '\x67', $bit)],
    }, loose => [[1, 20], [2, 0], [3, 0], [3, 30]], noisy => 1,
       kinds => [$bit % 2 ? 'smart' : 'mpegts'], says => qr/^(?:\S.*\n)?$/);
}


check('a key frame that is none', {
    1 => [nal(20, '\x41\x61', 2)],
    4 => [nal(9, '\x01', 2)],
}, loose => [[1, 20], [4, 9]], noisy => 1, says => qr/^(?:\S.*\n)?$/);


# ---- pictures

# it is made up of those before it, which bear other numbers

check('within a picture', {
    4 => [packet(0, 6, 70, 6)],
}, loose => [[4, 0]], noisy => 1, says => qr/^(?:\S.*\n)?$/);


# ---- anywhere

for my $turn (1 .. 6) {
    my $n = 1 + int rand 4;
    my $at = int rand length $bytes[$n];
    my $bit = int rand 8;

    check("byte $at, bit $bit of segment $n (WUB_SEED=$seed)",
          { $n => [sub { [$at, $bit] }] },
          loose => [[$n, 0], [$n, 30]], noisy => 1,
          kinds => [$turn % 2 ? 'smart' : 'mpegts'],
          says => qr/^(?:\S.*\n)?$/);
}

done_testing;
