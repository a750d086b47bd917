package Wub::Sound;

# What must be true of the sound of every cut: it has its tracks, begins and
# ends with the pictures, has no gap and no click, and each tone is where the
# frames say that its tenth of a second is.  A part of Wub::Judge.

use strict;
use warnings;

use List::Util qw(max);
use POSIX qw(floor);

use Wub::Media;

use constant {
    HZ   => Wub::Media::HZ,
    HEAR => 0.003,      # seconds, how exactly a tone can be heard
    BEND => 0.03,       # of a sine of 440 Hz that an encoder had
};


# what is wrong with the sound of a video; arguments as Wub::Judge has them
sub sound_wrong {
    my ($k, $stream, $video) = @_;

    my $tracks = $stream->{audio} ? $stream->{tracks} : 0;
    my @audio = @{$video->{audio}};

    return @audio . " tracks of sound, not $tracks" if @audio != $tracks;

    return map { track($k, $stream, $video, $_) } 0 .. $tracks - 1;
}


sub track {
    my ($k, $stream, $video, $track) = @_;

    my $audio = $video->{audio}[$track];
    my $i = $audio->{stream};
    my $sound = $video->{sounds}{$i};
    my @frames = @{$video->{frames}};
    my $last = $frames[-1]{number};
    my $times = $stream->{times};
    my $end = $frames[-1]{pts} + HZ * (defined $times->{$last + 1}
        ? $times->{$last + 1} - $times->{$last}
        : $stream->{den} / $stream->{num});
    my @wrong;

    # over a hole and where bytes were lost there may be less of it

    my $whole = !$stream->{holes} && !%{$stream->{loose}}
                && !$stream->{from} && defined $times->{$last};

    return $whole ? "track $track has no sound" : () if !$sound;

    # sound goes on where the last pictures were lost

    my $lost = $last;
    $lost++ while $stream->{loose}{$lost + 1};
    my $late = HZ * ($times->{$lost} - $times->{$last});

    # a frame that is shown for long may hide where copied sound ends

    $end = max($end, $sound->{end}) if $k->{copies} && $stream->{uneven};

    my $frame = ($k->{frame} // 1024 / $audio->{rate}) * HZ;
    my $slack = $k->{whole} ? HZ / 4 : $frame + 90 + $k->{clock};
    my $gap = !$whole ? HZ : $stream->{mixed} && $k->{copies} ? 2 * $frame : 0;

    push @wrong, map { "track $track has a gap of $_->[2] ticks at $_->[1]" }
        grep { $_->[0] == $i && ($_->[2] < 0 || $_->[2] > $gap) }
        @{$video->{gaps}};

    my $begins = $sound->{first} - $frames[0]{pts};
    my $ends = $sound->{end} - $end;

    push @wrong, "track $track begins $begins ticks late"
        if $begins < -$slack || ($whole && $begins > $slack);
    push @wrong, "track $track ends $ends ticks late"
        if $ends > $slack + $late || ($whole && $ends < -$slack);

    push @wrong, tones($k, $stream, $video, $track, $frame)
        if !$stream->{sine};
    push @wrong, "track $track clicks: its wave bends by $sound->{bend}"
        if $stream->{sine} && $sound->{bend} > BEND;

    return Wub::Judge::few('', @wrong);
}


# a tone begins where the frames say that its tenth of a second does
sub tones {
    my ($k, $stream, $video, $track, $frame) = @_;

    my @frames = @{$video->{frames}};
    my $round = Wub::Media::TONES * Wub::Media::TONE_EVERY;
    my $step = Wub::Media::TRACK_STEP;
    my $heard = 0;
    my @wrong;

    for my $tone (@{$video->{tones}{$video->{audio}[$track]{stream}}}) {
        my $pitch = floor(($tone->[1] - Wub::Media::TONE_BASE) / $step + 0.5);
        my ($at, $from, $to) = map { source($stream, \@frames,
                                            $tone->[0] + $_ * HZ) }
                               0, -0.05, 0.05;

        next if grep { !defined } $at, $from, $to;
        next if $stream->{mixed} && near_seam($stream, $at);
        next if abs($to - $from - 0.1) > 0.002;

        my $per = Wub::Media::TONE_STEP / $step;
        push @wrong, "track $track has a tone of track " . $pitch % $per
            if $pitch % $per != $track;

        my $late = $at - floor($pitch / $per) * Wub::Media::TONE_EVERY;
        $late -= $round * floor($late / $round + 0.5);
        $heard++;

        push @wrong, sprintf('track %d is %.1f ms late at %.3f s', $track,
                             1000 * $late, $tone->[0] / HZ)
            if abs $late > $k->{off} * $frame / HZ + HEAR;
    }

    # each tenth of a second, but for what is near a join

    my $long = ($frames[-1]{pts} - $frames[0]{pts}) / HZ;

    push @wrong, "$heard tones are heard in $long s"
        if !$stream->{from} && !%{$stream->{loose}} && $long > 1.5
           && $heard == 0;

    return @wrong;
}


# Where two encoders meet, half of what the first frames hold is missing: an
# echo is heard.
sub near_seam {
    my ($stream, $at) = @_;

    return grep { abs(($_->{us} - $stream->{segments}[0]{us}) / 1e6 - $at)
                  < 0.15 } @{$stream->{segments}};
}


# what time of the stream is shown at a time of the video
sub source {
    my ($stream, $frames, $at) = @_;

    my ($low, $high) = (0, scalar @$frames);

    return undef if $at < $frames->[0]{pts};

    while ($high - $low > 1) {
        my $middle = ($low + $high) >> 1;

        ($low, $high) = $frames->[$middle]{pts} <= $at ? ($middle, $high)
                                                       : ($low, $middle);
    }

    my $frame = $frames->[$low];
    my $time = $stream->{times}{$frame->{number}};

    # the last one is shown as long as any is

    return undef if !defined $time || $frame->{loose}
                 || ($low == $#$frames && $at - $frame->{pts}
                     > HZ * $stream->{den} / $stream->{num});

    return $time + ($at - $frame->{pts}) / HZ;
}


1;
