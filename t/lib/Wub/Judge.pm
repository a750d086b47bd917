package Wub::Judge;

# What must be true of every cut, whatever made it, and of what.
#
#   my $judge = Wub::Judge->new($folder);
#   my @wrong = $judge->cut('smart', $stream, \@ranges);
#   my @wrong = $judge->video('smart', $stream, \@ranges, $file);
#
# $stream is of Wub::Streams, ranges are [start, end] in microseconds, and
# nothing that is wrong is an empty list.

use strict;
use warnings;

use List::Util qw(max min);
use POSIX qw(floor);

use Wub::Media;
use Wub::Sound;

use constant HZ => Wub::Media::HZ;

# Of a kind: its file, how coarse its clock is (ticks), by how much its sound
# may be off (in frames of sound), whether pictures are copied, and what
# judges it if it takes whole segments.
my %kinds = (
    smart  => { end => 'ts',   clock => 1,  copies => 1, off => 1 },
    mpegts => { end => 'ts',   clock => 1,  off => 0.5 },
    mp4    => { end => 'mp4',  clock => 2,  off => 0.5 },
    webm   => { end => 'webm', clock => 91, off => 0.5, frame => 0.02 },
    rough  => { end => 'ts',   whole => \&rough },
    archive => { end => 'mkv', clock => 91, copies => 1, off => 1,
                 whole => \&archive },
);

# of any Opus that ffmpeg copies from WebM, its own included
my $OPUS_IN_MP4 = qr/codec frame size is not set/;

use constant {
    PSNR        => 45,
    PSNR_SCALED => 33,
    FIRST       => 1.5,     # seconds, where the first frame is at latest
    SHOWN       => 3,       # of each thing that is wrong
};


sub new {
    my ($class, $dir) = @_;

    my $build = $ENV{WUB_BUILD} || 'build';

    return bless { dir => $dir, worker => "$build/wubloader-worker",
                   tools => "$build/t/tools", cuts => 0 }, $class;
}


# those that are exact to the frame
sub kinds {
    return sort grep { !$kinds{$_}{whole} } keys %kinds;
}


# makes the cut, and tells what is wrong with it
sub cut {
    my ($self, $kind, $stream, $ranges, @more) = @_;

    my $file = "$self->{dir}/cut$$." . ($kinds{$kind}{end} || 'ts');
    my ($status, $err) = $self->run($kind, $stream, $ranges, '--output',
                                    $file, @more);
    my $refuse = $stream->{refuse}{$kind} // $stream->{refuse}{all};

    # what is not as it was is told, but is no failure

    $err =~ s/^\S+ warning: \d+ frames? .*\n//gm
        if $stream->{holes} || %{$stream->{loose}};
    $err =~ s/^\S+ warning: the sound is damaged in \d+ places?\n//gm
        if $stream->{twice};

    $self->{cuts}++;

    # what may be refused is refused with a sentence, or is right

    return () if $refuse && $status eq '1' && $err =~ $refuse;
    return "exit status $status, $err" if $status ne '0' || $err ne '';

    my $how = $kinds{$kind}{whole} || \&video;
    my @wrong = $how->($self, $kind, $stream, $ranges, $file);

    unlink $file if !@wrong || !$ENV{WUB_KEEP};

    return @wrong;
}


# (exit status, standard error) of a cut
sub run {
    my ($self, $kind, $stream, $ranges, @more) = @_;

    return (Wub::Media::ran($self->command($kind, $stream, $ranges),
                            @more))[0, 2];
}


sub command {
    my ($self, $kind, $stream, $ranges) = @_;

    return ($self->{worker}, 'media', $kind, '--segments', $stream->{root},
            '--channel', 'chan', '--quality', $stream->{quality},
            ($stream->{holes} ? '--allow-holes' : ()),
            map { ('--range', join ',', map { Wub::Media::text($_) } @$_) }
            @$ranges);
}


# a video file
sub video {
    my ($self, $kind, $stream, $ranges, $file) = @_;

    my $k = $kinds{$kind};
    my ($want, undef, $copied) = $stream->expected(@$ranges);
    my $video = $self->look($file, $self->references($stream));
    my ($lines, @wrong) = lines($stream, $want, $video->{frames});

    # what a decoder makes up where bytes were lost has any picture's number

    $video->{frames}[$_]{loose} = !defined $lines->[$_] for 0 .. $#$lines;

    my @long = map { floor($_ + 0.5) } lengths($stream);

    $self->hashes($stream) if $k->{copies};

    push @wrong, few('says: ', @{$video->{noise}})
        if !($stream->{noisy} && $k->{copies});
    push @wrong, stamps($k, $stream, $video);
    push @wrong, spaces($k, $stream, $video);
    push @wrong, pictures($k, $stream, $video, $lines, $copied);
    push @wrong, Wub::Sound::sound_wrong($k, $stream, $video);
    push @wrong, $self->again($file, $video, @{$video->{frames}} == 1
                                             || $long[1] - $long[0] > 2)
        if !($stream->{noisy} && $k->{copies});

    return @wrong;
}


# the segments of each range, one behind the other
sub rough {
    my ($self, $kind, $stream, $ranges, $file) = @_;

    my $want = join '', map { Wub::Media::slurp($_->{path}) }
               map { segments($stream, $_) } @$ranges;

    return $want eq Wub::Media::slurp($file) ? () : 'other bytes';
}


# all that is in the segments of a range
sub archive {
    my ($self, $kind, $stream, $ranges, $file) = @_;

    $self->references($stream);
    $self->hashes($stream);

    my $part = bless { %$stream, segments => [segments($stream,
                                                       $ranges->[0])] },
               ref $stream;

    return $self->video($kind, $part, [[0, 1e18]], $file);
}


# those that a range touches
sub segments {
    my ($stream, $range) = @_;

    return grep { $_->{us} < $range->[1]
                  && $_->{us} + 1e6 * $_->{length} > $range->[0] }
           @{$stream->{segments}};
}


# the first things of many
sub few {
    my ($what, @things) = @_;

    my $more = @things - SHOWN;

    splice @things, SHOWN if $more > 0;

    return map { "$what$_" } @things, $more > 0 ? "... $more more" : ();
}


# ---- readers

# what wub_look and wub_listen tell
sub look {
    my ($self, $file, $prefix) = @_;

    my $v = { packets => {}, frames => [], noise => [], audio => [],
              tones => {}, gaps => [], sounds => {} };
    my @lines = split /\n/, Wub::Media::output(
        "$self->{tools}/wub_look", $prefix ? ('-r', $prefix) : (), $file);

    push @lines, split /\n/, Wub::Media::output("$self->{tools}/wub_listen",
                                                $file);

    for my $line (@lines) {
        my ($what, @f) = split / /, $line;

        if ($what eq 'packet') {
            push @{$v->{packets}{$f[0]}},
                { pts => $f[1], dts => $f[2], long => $f[3], hash => $f[5] };

        } elsif ($what eq 'frame') {
            push @{$v->{frames}}, { pts => $f[0], number => $f[1],
                form => "$f[2]x$f[3].$f[4]", hash => $f[5], psnr => $f[6] };

        } elsif ($what eq 'video') {
            $v->{video} = $f[0];

        } elsif ($what eq 'audio') {
            push @{$v->{audio}}, { stream => $f[0], rate => $f[2] };

        } elsif ($what eq 'tone') {
            push @{$v->{tones}{$f[0]}}, [@f[1, 2]];

        } elsif ($what eq 'gap') {
            push @{$v->{gaps}}, [@f];

        } elsif ($what eq 'sound') {
            $v->{sounds}{$f[0]} = { first => $f[1], end => $f[2],
                                    bend => $f[3] };

        } else {
            push @{$v->{noise}}, $line =~ s/^noise | @ 0x\w+//gr;
        }
    }

    return $v;
}


# The pictures of the stream before anything happened to it, in each form:
# rows of raw pictures at the place of their numbers.
sub references {
    my ($self, $stream) = @_;

    return $stream->{reference} if $stream->{reference};

    for my $form (@{$stream->{forms}}) {
        my ($w, $h, $format) = $form =~ /^(\d+)x(\d+)\.(\w+)$/;
        my $size = $w * $h * ($format eq 'yuv444p' || $format =~ /10/ ? 3
                              : 1.5);

        open my $out, '>:raw', "$stream->{root}/reference.$form"
            or die "$stream->{root}: $!\n";

        for my $i (0 .. $#{$stream->{sources}}) {
            open my $in, '-|:raw', qw(ffmpeg -nostdin -v error -i),
                $stream->{sources}[$i], '-vf',
                "scale=$w:$h:flags=bicubic+accurate_rnd+bitexact",
                qw(-fps_mode passthrough -f rawvideo -pix_fmt), $format, '-'
                or die "ffmpeg: $!\n";
            seek $out, $stream->{starts}[$i] * $size, 0;

            while (read $in, my $bytes, $size) {
                print {$out} $bytes;
            }

            close $in or die "ffmpeg failed\n";
        }

        close $out or die "$stream->{root}: $!\n";
    }

    return $stream->{reference} = "$stream->{root}/reference";
}


# of each picture, by its number
sub hashes {
    my ($self, $stream) = @_;

    $stream->{hashes} ||= { map { ($_->{number} => $_->{hash}) }
        map { @{$self->look($_)->{frames}} } @{$stream->{sources}} };
}


# ---- checks

# Are the frames those that were asked for?  First, for each of them, which
# one of the wanted it is; undefined where bytes were lost.
sub lines {
    my ($stream, $want, $frames) = @_;

    my $loose = $stream->{loose};
    my ($i, $spare) = (0, 0);
    my (@lines, @wrong);

    for my $n (map { $_->{number} } @$frames) {
        my $j = $i;

        $j++ while $j < @$want && $loose->{$want->[$j]} && $want->[$j] != $n;

        if ($j < @$want && $want->[$j] == $n) {
            $spare += $j - $i;
            push @lines, $loose->{$n} ? undef : $j;
            $i = $j + 1;

        } elsif ($j > $i || ($i > 0 && $loose->{$want->[$i - 1]})) {

            # a picture that took the place of one that was lost

            push @lines, undef;

            if ($j > $i) {
                $i++;

            } elsif (--$spare < 0) {
                push @wrong, "$n once too often";
            }

        } else {
            push @wrong, @lines;
            last;
        }
    }

    my @rest = grep { !$loose->{$_} } @$want[$i .. $#$want];

    return (\@lines) if !@wrong && !@rest && @lines == @$frames;

    return (\@lines, 'frames ' . spans(map { $_->{number} } @$frames)
                     . ', not ' . spans(@$want));
}


# "45-217 60-119" for a list of numbers
sub spans {
    my (@spans);

    for my $n (@_) {
        if (@spans && $spans[-1][1] == $n - 1) {
            $spans[-1][1] = $n;

        } else {
            push @spans, [$n, $n];
        }
    }

    return join ' ', map { "$_->[0]-$_->[1]" } @spans;
}


# of packets: they rise, none is negative
sub stamps {
    my ($k, $stream, $video) = @_;

    my @wrong;

    for my $i (sort keys %{$video->{packets}}) {
        my @packets = @{$video->{packets}{$i}};
        my $what = $i == $video->{video} ? 'video' : "sound $i";

        # Matroska has no dts

        @packets = grep { $_->{dts} ne '-' } @packets if $k->{whole};

        if (grep { $_->{pts} eq '-' || $_->{dts} eq '-' } @packets) {
            push @wrong, "$what has no time";
            next;
        }

        push @wrong, few("$what begins with a negative dts, ",
                         map { $_->{dts} } grep { $_->{dts} < 0 } @packets);
        push @wrong, few("$what has a pts below its dts, ",
                         map { $_->{dts} } grep { $_->{pts} < $_->{dts} }
                         @packets);
        push @wrong, few("$what has dts ", map {
            "$packets[$_]{dts} behind $packets[$_ - 1]{dts}" } grep {
            $packets[$_]{dts} <= $packets[$_ - 1]{dts} } 1 .. $#packets);
    }

    my $first = min(map { $_->{pts} } @{$video->{frames}}) // -1;

    push @wrong, "the first frame is shown at $first ticks"
        if $first < 0 || $first > FIRST * HZ;

    return @wrong;
}


# from each frame to the next it is as long as in the stream; where something
# is left out, as long as a frame
sub spaces {
    my ($k, $stream, $video) = @_;

    my @frames = @{$video->{frames}};
    my @long = lengths($stream);
    my @wrong;

    for my $i (1 .. $#frames) {
        my ($a, $b) = map { $_->{number} } @frames[$i - 1, $i];
        my $got = $frames[$i]{pts} - $frames[$i - 1]{pts};
        my ($ta, $tb) = map { $stream->{times}{$_} } $a, $b;
        my ($least, $most) = @long;

        next if !defined $ta || !defined $tb;

        if (grep { $frames[$_]{loose} } $i - 1, $i) {
            ($least, $most) = (0, 2 * HZ);

        } elsif ($b == $a + 1) {
            ($least, $most) = (HZ * ($tb - $ta)) x 2;

        } elsif (grep { $stream->{loose}{$_} } $a + 1, $b - 1) {
            ($least, $most) = (0, 2 * HZ);
        }

        push @wrong, "$got ticks from frame $a to frame $b, not $least"
            if $got < $least - $k->{clock} - 1
               || $got > $most + $k->{clock} + 1;
    }

    return few('', @wrong);
}


# the shortest and the longest frame
sub lengths {
    my ($stream) = @_;

    my $times = $stream->{times};
    my @all = map { HZ * ($times->{$_ + 1} - $times->{$_}) }
              grep { defined $times->{$_ + 1} } keys %$times;

    return (min(@all), max(@all));
}


# copied ones bit by bit, the others alike
sub pictures {
    my ($k, $stream, $video, $lines, $copied) = @_;

    my @frames = @{$video->{frames}};
    my $form = @frames ? $frames[0]{form} : '';
    my (@wrong, $last);

    push @wrong, map { "a picture of $_->{form} behind $form" }
        grep { $_->{form} ne $form } @frames;

    for my $i (grep { defined $lines->[$_] } 0 .. $#$lines) {
        my ($frame, $j) = ($frames[$i], $lines->[$i]);
        my $n = $frame->{number};
        my $own = ($stream->{starts}[1] // 1e9) > $n
                  ? $stream->{forms}[0] : $stream->{forms}[-1];
        my $least = $own eq $form ? PSNR : PSNR_SCALED;

        push @wrong, "frame $n was copied, but is another picture"
            if $k->{copies} && $copied->[$j] && $own eq $form
               && $frame->{hash} ne $stream->{hashes}{$n};
        push @wrong, "frame $n has a PSNR of $frame->{psnr} dB"
            if $frame->{psnr} eq '-' || $frame->{psnr} < $least;
    }

    return few('', @wrong);
}


# ---- afterwards

# what becomes of it on a site that puts it into another container
sub again {
    my ($self, $file, $video, $uneven) = @_;

    my $mp4 = "$file.again.mp4";
    my $noise = Wub::Media::output(qw(ffmpeg -nostdin -v warning -y -i),
        $file, qw(-map 0 -c copy), $mp4);
    my $again = $self->look($mp4);
    my @numbers = map { join ' ', map { $_->{number} } @{$_->{frames}} }
                  $video, $again;
    my @wrong = map { s/ @ 0x\w+//r } grep { !/$OPUS_IN_MP4/ }
                split /\n/, $noise;

    # of a transport stream with a single frame, or uneven ones, ffmpeg does
    # not know how long the last one is, and its list of edits ends before it

    $numbers[0] =~ s/ ?\d+$// if $uneven && $numbers[0] ne $numbers[1];
    push @wrong, 'other frames' if $numbers[0] ne $numbers[1];
    push @wrong, @{$again->{noise}};
    unlink $mp4;

    return few('in mp4: ', @wrong);
}


1;
