
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
use Symbol qw(gensym);
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
    TRACK_STEP => 20,
    SLACK      => 10_000,
    HZ         => 90000,
};


# Makes DIR/chan/QUALITY/HOUR/... of seconds of a stream.  Options: width,
# height, block (pixels of a bit), format (of pixels), fps, uneven (frames are
# not evenly spaced), bf, gop (frames), keys (key frames instead of gop),
# cuts (first frames of segments), open (GOPs are), seconds, segment
# (seconds), start (epoch), rate, channels, tracks, sine (a steady tone), from
# (the second with the first sound), video (list of encoder options), audio
# (0: none), quality, first (the number of the first frame), late (seconds
# added to the time stamps).
sub make {
    my ($class, $dir, %o) = @_;

    my $self = bless {
        width => 320, height => 112, fps => '30', bf => 2, gop => 60,
        seconds => 12, segment => 2, start => timegm(52, 59, 11, 5, 0, 2024),
        rate => 48000, video => ['-c:v', 'libx264', '-preset', 'veryfast',
                                 '-crf', '20'],
        more => [], audio => 1, late => 0, quality => 'source', first => 0,
        block => BLOCK, format => 'yuv420p', channels => 1, tracks => 1,
        from => 0, %o, root => $dir, segments => [],
    }, $class;

    my ($num, $den) = split m{/}, $self->{fps};
    $self->{num} = $num;
    $self->{den} = $den || 1;
    $self->{frames} = sprintf '%.0f', $self->{seconds} * $num / $self->{den};
    $self->{per} = sprintf '%.0f', $self->{segment} * $num / $self->{den};

    my $work = "$dir/.work-$self->{quality}";
    make_path($work);

    $self->{cuts} ||= [map { $_ * $self->{per} }
                       1 .. floor(($self->{frames} - 1) / $self->{per})];

    if ($self->{audio}) {
        $self->sound("$work/sound$_.raw", $_) for 0 .. $self->{tracks} - 1;
    }

    $self->encode($work);
    $self->store($work);

    return $self;
}


sub encode {
    my ($self, $work) = @_;

    my @sounds = $self->{audio} ? 0 .. $self->{tracks} - 1 : ();
    my @keys = $self->{keys}
        ? ('-g', 9999, '-force_key_frames', join ',', map {
              sprintf '%.6f', $_ * $self->{den} / $self->{num} }
              @{$self->{keys}})
        : ('-g', $self->{gop}, '-keyint_min', $self->{gop});
    my @uneven = $self->{uneven}
        ? ('-vf', 'settb=1/90000,setpts=' . uneven('N', 'mod', 'floor'),
           qw(-fps_mode passthrough -enc_time_base 1/90000)) : ();
    my @command = (
        qw(ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt yuv420p),
        '-s', "$self->{width}x$self->{height}", '-r', $self->{fps},
        '-i', "$work/video.pipe",
        (map { ('-itsoffset', $self->{from}, '-f', 's16le', '-ar',
                $self->{rate}, '-ac', $self->{channels}, '-i',
                "$work/sound$_.raw") } @sounds),
        qw(-map 0:v), (map { ('-map', $_ + 1 . ':a') } @sounds),
        (@sounds ? ('-c:a', 'aac', '-b:a', '96k') : ()),
        @{$self->{video}}, '-pix_fmt', $self->{format}, @uneven,
        '-bf', $self->{bf}, @keys, '-sc_threshold', 0, '-threads', 2,
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
    unlink "$work/video.pipe", glob "$work/sound*.raw";

    # in decoding order, where a key frame comes before what is shown first

    my $early = $self->{open} ? $self->{bf} + 1 : 0;

    system(qw(ffmpeg -nostdin -v error -y -i), "$work/all.ts",
           qw(-map 0 -c copy -output_ts_offset), $self->{late},
           qw(-f segment -segment_format mpegts -segment_frames),
           join(q(,), map { $_ - $early } @{$self->{cuts}}),
           "$work/seg%04d.ts") == 0
        or die "ffmpeg failed\n";
}


# Perl or an expression of ffmpeg: ticks of the n-th frame.  All of them go
# forward, after two seconds one of them by a third of a second more.
sub uneven {
    my ($n, $mod, $floor) = @_;

    return "($n*3000+$mod($n*$n*373\\,2300)+30000*min(1\\,$floor($n/70)))"
        if $mod;

    return $n * 3000 + $n * $n * 373 % 2300 + ($n < 70 ? 0 : 30000);
}


# where the n-th frame of the stream is, in seconds
sub spot {
    my ($self, $n) = @_;

    return $self->{uneven} ? uneven($n) / HZ : $n * $self->{den} / $self->{num};
}


# Files get true names.  What is in them is read from their time stamps: for
# each segment, in decoding order, [number, ticks behind its key frame, is it
# a key frame].
sub store {
    my ($self, $work) = @_;

    my @files = sort glob "$work/seg*.ts";
    my @packets = map { [/pts=(-?\d+)/, /flags=(K?)/] } grep { /pts=/ }
        split /\n/, output(
            qw(ffprobe -v error -select_streams v -show_entries),
            'packet=pts,flags', qw(-of compact=p=0), "$work/all.ts");
    my @pts = sort { $a <=> $b } map { $_->[0] } @packets;
    my %rank = map { ($pts[$_] => $_) } 0 .. $#pts;
    my %cut = map { ($_ => 1) } @{$self->{cuts}};
    my (@units, @first);

    die "$#pts + 1 frames, not $self->{frames}\n" if @pts != $self->{frames};

    for my $packet (@packets) {
        my ($pts, $key) = @$packet;
        my $rank = $rank{$pts};

        if ($rank == 0 || ($key && $cut{$rank})) {
            push @first, $pts;
            push @units, [];
        }

        push @{$units[-1]}, [$self->{first} + $rank, $pts - $first[-1],
                             $key ? 1 : 0];
        $self->{times}{$self->{first} + $rank} = ($pts - $pts[0]) / HZ;
    }

    die @files . ' segments, not ' . @units . "\n" if @files != @units;
    push @first, $pts[-1] + HZ * $self->{den} / $self->{num};

    for my $n (0 .. $#files) {
        my $segment = $self->put(
            $self->{start} + ($first[$n] - $pts[0]) / HZ,
            ($first[$n + 1] - $first[$n]) / HZ, 'full', slurp($files[$n]));

        push @{$self->{segments}}, { %$segment, units => $units[$n],
            damaged => {}, first => $n == 0, open => $self->{open} };
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
# how many of them a smart cut copies, and third, for each frame, whether,
# if it has the form of the output.
sub expected {
    my ($self, @ranges) = @_;

    my (@numbers, @copied);

    for my $range (@ranges) {
        my ($behind, $was);

        for my $segment (@{$self->{segments}}) {
            my $us = $segment->{us};
            my $next = defined $behind && abs($us - $behind) <= SLACK;
            my @frames;

            $was = 0 if !$next;
            $behind = $us + 1e6 * $segment->{length};

            for my $gop (gops($segment)) {
                my ($key, @units) = @$gop;

                # what is shown before its key frame needs the GOP before

                @units = grep { $_->[1] >= $units[0][1] } @units
                    if $key eq 'open' && !$next;
                $next = 1;

                my @in = grep { my $t = $us + ticks($_->[1]);
                    $t >= $range->[0] && $t < $range->[1] } @units;

                $was = @in == @{$gop} - 1 && $key ne 'damaged'
                       && ($was || $key eq 'closed');
                push @frames, map { [@$_, $was ? 1 : 0] } @in;
            }

            for my $frame (sort { $a->[1] <=> $b->[1] } @frames) {
                push @numbers, $frame->[0];
                push @copied, $frame->[3];
            }
        }
    }

    return (\@numbers, scalar(grep { $_ } @copied), \@copied);
}


# ["closed", "open" or "damaged", unit, ...] of each GOP
sub gops {
    my ($segment) = @_;

    my @gops;

    for my $unit (@{$segment->{units}}) {
        if ($unit->[2]) {
            push @gops, [$segment->{open} && !($segment->{first} && @gops == 0)
                         ? 'open' : 'closed'];
        }

        push @{$gops[-1]}, $unit;
        $gops[-1][0] = 'damaged' if $segment->{damaged}{$unit->[0]};
    }

    return @gops;
}


# microseconds, rounded; there are no ties between ninths
sub ticks {
    my ($ticks) = @_;

    return floor(($ticks * 200 + 9) / 18);
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

    my ($w, $h, $block) = @$self{qw(width height block)};
    my $seed = 1;
    my @rows;

    for my $y (0 .. $h - $block - 1) {
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
        my $number = $self->{first} + $n;
        my $mark = join '', map { chr($number >> $_ & 1 ? 235 : 16) x $block }
                   0 .. BITS - 1;
        my $rest = $w - length $mark;
        my $picture = ($mark . chr(126) x $rest) x $block;

        for my $y ($block .. $h - 1) {
            $picture .= substr $rows[$y - $block], ($n * 3) % $w, $w;
        }

        print {$out} $picture, $chroma or POSIX::_exit(1);
    }

    close $out;
}


# Each track's tones are a little higher than those of the track before it.
sub sound {
    my ($self, $file, $track) = @_;

    my ($rate, $channels) = @$self{qw(rate channels)};
    my $each = $rate * TONE_EVERY;
    my $count = floor($rate * ($self->spot($self->{frames} - 1)
                               + $self->{den} / $self->{num}));
    my $from = sprintf '%.0f', $self->{from} * $rate;
    my $text = '';

    for (my $k = 0; $k * $each < $count; $k++) {
        my $hz = $self->{sine} || tone($k, $track);
        my $long = $self->{sine} ? $each : TONE_LEN * $rate;
        my $start = $self->{sine} ? $k * TONE_EVERY : 0;
        my @tone = map { int(12000 * sin(2 * PI * $hz * ($start + $_ / $rate)))
                       } 0 .. $long - 1;

        $text .= pack 's<*', map { ($_) x $channels } @tone;
        $text .= "\0" x (2 * $channels * ($each - $long));
    }

    spew($file, substr $text, 2 * $channels * $from,
         2 * $channels * ($count - $from));
}


sub tone {
    my ($k, $track) = @_;

    return TONE_BASE + TONE_STEP * ($k % TONES) + TRACK_STEP * ($track || 0);
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


# (exit status or "signal N", standard output, standard error) of a command
sub ran {
    my (@command) = @_;

    my $err = gensym;
    my $pid = open3(my $in, my $out, $err, @command);
    close $in;
    local $/;
    my $stdout = <$out>;
    my $stderr = <$err>;
    waitpid $pid, 0;

    return ($? & 127 ? 'signal ' . ($? & 127) : $? >> 8, $stdout // '',
            $stderr // '');
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
