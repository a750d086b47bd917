
package Wub::Media;

# Streams whose frames and sound say where they come from, as segment
# stores, and readers that take a video apart again.
#
#   my $stream = Wub::Media->make($folder, fps => '30000/1001', bf => 2);
#   my $video = Wub::Media->read('cut.ts');
#   $video->{numbers}   the number of each frame, from its picture
#   $video->{packets}   { video => [...], audio => [...] } of ffprobe, each
#                       with pts, dts and data_hash
#
# The number of a frame is a row of black and white blocks at its top; each
# tenth of a second a tone begins whose pitch tells which one it is.

use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Path qw(make_path);
use IPC::Open3;
use MIME::Base64 qw(encode_base64url);
use POSIX qw(floor strftime);
use Time::Local qw(timegm);

use constant {
    BITS       => 16,
    BLOCK      => 16,
    PI         => 3.14159265358979,
    TONE_EVERY => 0.1,
    TONE_LEN   => 0.05,
    TONES      => 40,
    TONE_BASE  => 400,
    TONE_STEP  => 60,
    HZ         => 90000,
};


# Makes DIR/chan/QUALITY/HOUR/... of seconds of a stream.  Options: width,
# height, fps, bf, gop (frames), seconds, segment (seconds), start (epoch),
# rate, video (list of encoder options), audio (0: none), quality, late
# (seconds added to the time stamps).
sub make {
    my ($class, $dir, %o) = @_;

    my $self = bless {
        width => 320, height => 112, fps => '30', bf => 2, gop => 60,
        seconds => 12, segment => 2, start => timegm(52, 59, 11, 5, 0, 2024),
        rate => 48000, video => ['-c:v', 'libx264', '-preset', 'veryfast',
                                 '-crf', '20'],
        more => [], audio => 1, late => 0, quality => 'source', %o,
        root => $dir, segments => [],
    }, $class;

    my ($num, $den) = split m{/}, $self->{fps};
    $self->{num} = $num;
    $self->{den} = $den || 1;
    $self->{frames} = sprintf '%.0f', $self->{seconds} * $num / $self->{den};
    $self->{per} = sprintf '%.0f', $self->{segment} * $num / $self->{den};

    my $work = "$dir/.work-$self->{quality}";
    make_path($work);

    $self->sound("$work/sound.raw") if $self->{audio};
    $self->encode($work);
    $self->store($work);

    return $self;
}


sub encode {
    my ($self, $work) = @_;

    my $per = $self->{per};
    my @command = (
        qw(ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt yuv420p),
        '-s', "$self->{width}x$self->{height}", '-r', $self->{fps},
        '-i', "$work/video.pipe",
        ($self->{audio}
         ? ('-f', 's16le', '-ar', $self->{rate}, '-ac', 1, '-i',
            "$work/sound.raw", '-c:a', 'aac', '-b:a', '96k')
         : ()),
        @{$self->{video}}, '-bf', $self->{bf}, '-g', $self->{gop},
        '-keyint_min', $self->{gop}, '-sc_threshold', 0, '-threads', 2,
        @{$self->{more}}, qw(-f mpegts), "$work/all.ts");

    POSIX::mkfifo("$work/video.pipe", 0600) or die "mkfifo: $!\n";

    my $pid = fork;
    die "fork: $!\n" unless defined $pid;

    if ($pid == 0) {
        $self->pictures("$work/video.pipe");
        POSIX::_exit(0);
    }

    system(@command) == 0 or die "ffmpeg failed\n";
    waitpid $pid, 0;
    unlink "$work/video.pipe", "$work/sound.raw";

    # whole frames, a little before the key frame that begins a segment

    my @cuts = map { sprintf '%.6f', ($_ * $per - 0.5)
                     * $self->{den} / $self->{num} }
        1 .. floor(($self->{frames} - 1) / $per);

    system(qw(ffmpeg -nostdin -v error -y -i), "$work/all.ts",
           qw(-map 0 -c copy -output_ts_offset), $self->{late},
           qw(-f segment -segment_format mpegts -segment_times),
           join(',', map { $_ + $self->{late} } @cuts),
           "$work/seg%04d.ts") == 0
        or die "ffmpeg failed\n";
}


# files get true names; the first frame of the n-th is n * segment * fps
sub store {
    my ($self, $work) = @_;

    my $per = $self->{per};
    my $n = 0;

    for my $file (sort glob "$work/seg*.ts") {
        my $last = ($n + 1) * $per;
        $last = $self->{frames} if $last > $self->{frames};
        my $start = $self->time_of($n * $per);
        my $length = ($last - $n * $per) * $self->{den} / $self->{num};

        push @{$self->{segments}},
            { %{$self->put($start, $length, 'full', slurp($file))},
              first => $n * $per, frames => $last - $n * $per };
        $n++;
    }
}


# writes one segment; returns { path, start, length }
sub put {
    my ($self, $start, $length, $type, $bytes) = @_;

    my $us = sprintf '%.0f', $start * 1e6;
    my $second = floor($us / 1e6);
    my $hour = strftime('%Y-%m-%dT%H', gmtime $second);
    my $name = sprintf '%s.%06d-%s-%s-%s.ts',
        strftime('%M:%S', gmtime $second), $us % 1_000_000,
        0 + sprintf('%.6f', $length), $type,
        encode_base64url(sha256($bytes), '');
    my $path = "$self->{root}/chan/$self->{quality}/$hour/$name";

    make_path("$self->{root}/chan/$self->{quality}/$hour");
    spew($path, $bytes);

    return { path => $path, us => $us, length => $length };
}


# The frames of ranges, [start, end] in microseconds since the epoch: how
# CONTRACT.md 0 has it, from the names and the time stamps alone.  Second,
# how many of them are in GOPs that are in a range as a whole.
sub expected {
    my ($self, @ranges) = @_;

    my (@numbers, $copied);
    my $tick = HZ * $self->{den} / $self->{num};
    for my $range (@ranges) {
        for my $segment (@{$self->{segments}}) {
            my $first = $segment->{first};

            for (my $g = 0; $g < $segment->{frames}; $g += $self->{gop}) {
                my $next = $g + $self->{gop};
                $next = $segment->{frames} if $next > $segment->{frames};

                my @in = grep {
                    my $t = $segment->{us} + floor($_ * $tick * 100 / 9 + 0.5);
                    $t >= $range->[0] && $t < $range->[1];
                } $g .. $next - 1;

                push @numbers, map { $first + $_ } @in;
                $copied += @in if @in == $next - $g;
            }
        }
    }

    return (\@numbers, $copied || 0);
}


# the time of a frame, in seconds since the epoch
sub time_of {
    my ($self, $n) = @_;

    return $self->{start} + $n * $self->{den} / $self->{num};
}


# "2024-01-05T11:59:52.000000" of microseconds since the epoch
sub text {
    my ($us) = @_;

    return strftime('%Y-%m-%dT%H:%M:%S', gmtime floor($us / 1e6))
           . sprintf '.%06d', $us % 1_000_000;
}


sub pictures {
    my ($self, $pipe) = @_;

    my ($w, $h) = @$self{qw(width height)};
    my $seed = 1;
    my @rows;

    for my $y (0 .. $h - BLOCK - 1) {
        my $row = '';

        for my $x (0 .. 2 * $w - 1) {
            $seed = ($seed * 1103515245 + 12345) % 2147483648;
            $row .= chr int(126 + 60 * sin($x / 17 + $y / 31)
                            + 30 * sin($y / 7) + ($seed >> 16) % 9);
        }

        push @rows, $row;
    }

    my $chroma = chr(118) x ($w * $h / 4) . chr(138) x ($w * $h / 4);

    open my $out, '>:raw', $pipe or POSIX::_exit(1);

    for my $n (0 .. $self->{frames} - 1) {
        my $mark = join '',
            map { chr($n >> $_ & 1 ? 235 : 16) x BLOCK } 0 .. BITS - 1;
        my $rest = $w - length $mark;
        my $picture = ($mark . chr(126) x $rest) x BLOCK;

        for my $y (BLOCK .. $h - 1) {
            $picture .= substr $rows[$y - BLOCK], ($n * 3) % $w, $w;
        }

        print {$out} $picture, $chroma or POSIX::_exit(1);
    }

    close $out;
}


my %sounds;

sub sound {
    my ($self, $file) = @_;

    my $rate = $self->{rate};
    my $length = $self->{frames} * $self->{den} / $self->{num};
    my @samples;

    if ($sounds{"$rate $length"}) {
        spew($file, $sounds{"$rate $length"});
        return;
    }

    for my $i (0 .. floor($length * $rate) - 1) {
        my $t = $i / $rate;
        my $k = floor($t / TONE_EVERY + 1e-9);
        my $in = $t - $k * TONE_EVERY;

        push @samples, $in < TONE_LEN
            ? int(12000 * sin(2 * PI * tone($k) * $in)) : 0;
    }

    $sounds{"$rate $length"} = pack 's<*', @samples;
    spew($file, $sounds{"$rate $length"});
}


sub tone {
    my ($k) = @_;

    return TONE_BASE + TONE_STEP * ($k % TONES);
}


# Takes a video apart.  noise: what ffmpeg said while it decoded all of it.
sub read {
    my ($class, $file, $rate) = @_;

    my $base = "$file.read";
    my @audio = $rate
        ? (qw(-map 0:a -ac 1 -f s16le -ar), $rate, "$base.sound") : ();

    my $noise = output(
        qw(ffmpeg -nostdin -v warning -y -i), $file,
        qw(-map 0:v -vf), 'crop=iw:' . BLOCK . ':0:0,format=gray',
        qw(-fps_mode passthrough -f rawvideo), "$base.video", @audio);

    my %packets = (video => [], audio => []);
    my $width;

    for my $line (split /\n/, probe($file)) {
        my %row = map { split /=/, $_, 2 } split /\|/, $line;

        $width = $row{width} if $row{width};
        push @{$packets{$row{codec_type}}}, \%row if exists $row{pts};
    }

    my $self = {
        noise => $noise,
        packets => \%packets,
        numbers => numbers("$base.video", $width),
    };

    $self->{tones} = tones("$base.sound", $rate) if $rate;
    unlink "$base.video", "$base.sound";

    return $self;
}


# lines of "name=value|..." for the packets and the streams
sub probe {
    my ($file) = @_;

    my $text = output(
        qw(ffprobe -v error -show_packets -show_streams -show_data_hash MD5
           -of compact=p=0 -show_entries),
        'packet=codec_type,pts,dts,data_hash:stream=codec_type,width', $file);

    # what comes behind side data has a line of its own

    return $text =~ s/\n\|/|/gr;
}


sub numbers {
    my ($file, $width) = @_;

    my $bytes = slurp($file);
    my $size = $width * BLOCK;
    my @numbers;

    for (my $at = 0; $at + $size <= length $bytes; $at += $size) {
        my $n = 0;
        my $row = $at + $width * BLOCK / 2 + BLOCK / 2;

        for my $bit (0 .. BITS - 1) {
            my $v = ord substr $bytes, $row + $bit * BLOCK, 1;
            $n |= 1 << $bit if $v > 126;
        }

        push @numbers, $n;
    }

    return \@numbers;
}


# [seconds from the first sample, index modulo TONES] of each tone's begin
sub tones {
    my ($file, $rate) = @_;

    my @s = unpack 's<*', slurp($file);
    my $step = int($rate / 1000);
    my (@found, $quiet);

    for (my $i = 0; $i + $step <= @s; $i += $step) {
        my $peak = 0;

        for (my $j = $i; $j < $i + $step; $j += 4) {
            $peak = abs $s[$j] if abs $s[$j] > $peak;
        }

        if ($peak < 3000) {
            $quiet++;
            next;
        }

        # the pitch, from the crossings of zero in its middle

        if (($quiet || 0) >= 30 && $i + 0.04 * $rate < @s) {
            my @cross;

            for my $j ($i + int(0.008 * $rate) .. $i + int(0.038 * $rate)) {
                push @cross, $j - $s[$j] / ($s[$j] - $s[$j - 1])
                    if $s[$j - 1] < 0 && $s[$j] >= 0;
            }

            if (@cross > 2) {
                my $hz = $#cross * $rate / ($cross[-1] - $cross[0]);
                my $k = floor(($hz - TONE_BASE) / TONE_STEP + 0.5);
                push @found, [$i / $rate, $k];
            }
        }

        $quiet = 0;
    }

    return \@found;
}


# standard output and error of a program, as one text
sub output {
    my (@command) = @_;

    my $pid = open3(my $in, my $out, undef, @command);
    close $in;
    local $/;
    my $text = <$out>;
    waitpid $pid, 0;

    return defined $text ? $text : '';
}


sub slurp {
    my ($file) = @_;

    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;

    return scalar <$in>;
}


sub spew {
    my ($file, $bytes) = @_;

    open my $out, '>:raw', $file or die "$file: $!\n";
    print {$out} $bytes;
    close $out or die "$file: $!\n";
}


1;
