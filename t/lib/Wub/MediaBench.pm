package Wub::MediaBench;

# What cuts cost, beside ffmpeg with the same footage and settings.
#
#   my $media = Wub::MediaBench->new(bench => $wub_bench, dir => $folder,
#       worker => 'build/wubloader-worker', rounds => 2);
#   $media->smart;
#
# The footage is a minute of 720p, 4 Mbit/s in segments of two seconds, that
# is repeated; its counters begin anew with each minute.  All that is
# compared is written to files of the same folder, without a sync.

use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Path qw(make_path);
use JSON::PP qw(decode_json);
use List::Util qw(max min);
use MIME::Base64 qw(encode_base64url);
use POSIX qw(strftime WNOHANG);
use Time::HiRes qw(time sleep);

use constant {
    EPOCH    => 1_700_000_000 - 1_700_000_000 % 3600,
    MB       => 1024 * 1024,
    HOUR     => 60,         # minutes
    FULL     => 20,         # seconds that are encoded
    EDGE     => 0.7,        # seconds that are cut off a GOP of 2 s
    COPY     => 0.7,        # of ffmpeg -c copy; DESIGN.md 5
    CPU      => 1.05,       # of ffmpeg
    FLAT     => 1.1,        # memory for six times the length
    GOP      => 2,
};


sub new {
    my ($class, %opt) = @_;

    return bless { made => 0, store => "$opt{dir}/media", %opt }, $class;
}


# ---- rows

# The encoder's part is measured by itself: the two partial GOPs alone, less
# the time of a cut that copies one GOP.
sub smart {
    my ($self) = @_;

    my $end = 60 * HOUR;
    my $what = 'smart cut of ' . HOUR . ' min';
    my @head = (EDGE, GOP);
    my @tail = ($end - GOP, $end - EDGE);
    my (%least, %cpu);

    $self->footage;

    my $cat = $self->spent('cat', sub { exec 'xargs', '-a',
        "$self->{dir}/media.list", 'cat' })->{seconds};

    for (1 .. $self->{rounds}) {
        my %now = (
            ours => $self->cut('smart', [EDGE, $end - EDGE]),
            copy => $self->spent('copy', sub {
                exec qw(ffmpeg -nostdin -v error -y -f mpegts -i),
                    "$self->{dir}/cat.out", qw(-c copy -f mpegts),
                    "$self->{dir}/ffmpeg.ts" }),
            both => $self->cut('smart', \@head, \@tail),
            one  => $self->cut('smart', [2 * GOP, 3 * GOP]),
        );

        for my $side (keys %now) {
            my ($seconds, $cpu) = @{$now{$side}}{qw(seconds cpu)};
            $least{$side} = min($seconds, $least{$side} // $seconds);
            $cpu{$side} = min($cpu, $cpu{$side} // $cpu);
        }
    }

    my $encode = max(0, $least{both} - $least{one});
    my $ratio = ($least{ours} - $encode) / $least{copy};

    $self->{bench}->row($what, 'ffmpeg -c copy',
        map({ sprintf '%.3f s', $_ } @least{qw(ours copy)}),
        sprintf('%.2fx + %.3f s', $ratio, $encode),
        sprintf('<= %.1fx + %.3f s', COPY, $encode),
        $ratio <= COPY ? 'met' : 'missed');
    $self->{bench}->row_time($what, 'cat', $least{ours}, $cat);
    $self->{bench}->row_time("$what, CPU less the encoder's",
        'ffmpeg -c copy', max(0, $cpu{ours} - $cpu{both} + $cpu{one}),
        $cpu{copy});
    $self->tidy;
}


# CPU of all threads, user and system
sub full {
    my ($self) = @_;

    my $list = "$self->{dir}/full.list";
    my @files = @{$self->footage}[1 .. FULL / GOP];

    spew($list, join '', map { "$_\n" } @files);
    $self->spent('cat', sub { exec 'xargs', '-a', $list, 'cat' });

    for my $kind (qw(mpegts mp4 webm)) {
        my @range = (GOP, GOP + FULL);
        my @command = $self->ffmpeg($kind, @range);
        my (@ours, @peer);

        # VP9 takes minutes

        for (1 .. $kind eq 'webm' ? 1 : $self->{rounds}) {
            push @ours, $self->cut($kind, [@range])->{cpu};
            push @peer, $self->spent($kind, sub { exec @command })->{cpu};
        }

        $self->{bench}->row_time("$kind of " . FULL . ' s, CPU', 'ffmpeg',
                                 min(@ours), min(@peer), CPU);
    }

    $self->tidy;
}


# the same settings as a command of ffmpeg
sub ffmpeg {
    my ($self, $kind, @range) = @_;

    my $plan = $self->output($self->command($kind, [@range]), '--plan');
    my $set = decode_json($plan)->{encode};
    my @x264 = (qw(-c:v libx264 -preset), $set->{preset} // '', '-crf',
                $set->{crf}, '-bf', $set->{bframes} // 0, '-x264-params',
                'cpu-independent=1');
    my @video = $kind eq 'webm'
        ? (qw(-c:v libvpx-vp9 -deadline good -row-mt 1 -tile-columns 2),
           '-b:v', 0, '-crf', $set->{crf}, '-cpu-used', $set->{speed})
        : @x264;

    return (qw(ffmpeg -nostdin -v error -y -f mpegts -i),
            "$self->{dir}/cat.out", @video, '-g', 30 * $set->{gop},
            '-pix_fmt', 'yuv420p', '-threads', $set->{threads}, '-c:a',
            $kind eq 'webm' ? 'libopus' : 'aac', '-b:a',
            $set->{audio_bitrate}, $kind eq 'mp4' ? qw(-movflags faststart)
            : (), '-f', $kind, "$self->{dir}/ffmpeg.$kind");
}


# the most memory that cuts of 10 and of 60 minutes had
sub memory {
    my ($self) = @_;

    my @encode = qw(--encode preset=ultrafast --encode crf=40);
    my %minutes = (smart => [10, 60], mp4 => [1, 6]);

    $self->footage;

    for my $kind (qw(smart mp4)) {
        my ($short, $long) = @{$minutes{$kind}};
        my @peak = map { $self->cut($kind, [EDGE, 60 * $_ - EDGE],
            $kind eq 'mp4' ? @encode : ())->{peak} / MB } $short, $long;
        my $ratio = $peak[1] / $peak[0];

        $self->{bench}->row("$kind of $long min, memory", "of $short min",
            map({ sprintf '%.1f MB', $_ } @peak[1, 0]),
            sprintf('%.2fx', $ratio), '<= ' . FLAT . 'x',
            $ratio <= FLAT ? 'met' : 'missed');
    }

    $self->tidy;
}


# ---- measuring

# A cut to stdout, which is a file: with --output it would also be synced.
sub cut {
    my ($self, $kind, @ranges) = @_;

    my @options = grep { !ref } @ranges;
    my @command = ($self->command($kind, grep { ref } @ranges), @options,
                   qw(--output -));

    return $self->spent($kind, sub { exec @command });
}


sub command {
    my ($self, $kind, @ranges) = @_;

    return ($self->{worker}, 'media', $kind, '--segments', $self->{store},
            qw(--channel media --quality source),
            map { ('--range', join ',', map { iso($_) } @$_) } @ranges);
}


# Runs what code execs, its output in a file: seconds, seconds of CPU, and
# bytes of the most memory that it held.
sub spent {
    my ($self, $name, $code) = @_;

    my @before = times;
    my $start = time;
    my $pid = fork // die "fork: $!\n";
    my $peak = 0;

    if ($pid == 0) {
        open STDOUT, '>', "$self->{dir}/$name.out" or POSIX::_exit(1);
        $code->();
        POSIX::_exit(127);
    }

    # the peak only rises, so the last look is at most this old

    until (waitpid $pid, WNOHANG) {
        $peak = max($peak, peak($pid));
        sleep 0.005;
    }

    $? == 0 or die "$name failed\n";

    my $seconds = time - $start;
    my @after = times;

    return { seconds => $seconds, peak => $peak,
             cpu => $after[2] + $after[3] - $before[2] - $before[3] };
}


sub peak {
    my ($pid) = @_;

    open my $in, '<', "/proc/$pid/status" or return 0;
    local $/;

    return (<$in> // '') =~ /^VmHWM:\s+(\d+) kB/m ? 1024 * $1 : 0;
}


sub output {
    my ($self, @command) = @_;

    open my $in, '-|', @command or die "$command[0]: $!\n";
    local $/;
    my $text = <$in>;
    close $in or die "$command[0] failed\n";

    return $text;
}


# ---- footage

# the store, made once; returns its segments in order
sub footage {
    my ($self) = @_;

    my $dir = $self->{dir};

    return $self->{files} if $self->{files};

    system('ffmpeg', '-nostdin', '-v', 'error', '-f', 'lavfi', '-i',
        'testsrc2=size=1280x720:rate=30', '-f', 'lavfi', '-i',
        'sine=frequency=440:sample_rate=48000', '-t', '60', '-c:v', 'libx264',
        '-preset', 'ultrafast', '-bf', '2', '-g', '60', '-keyint_min', '60',
        '-sc_threshold', '0', '-x264-params', 'open-gop=0', '-b:v', '4M',
        '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'segment',
        '-segment_time', GOP, '-segment_format', 'mpegts', "$dir/m%03d.ts")
        == 0 or die "ffmpeg failed\n";

    my @minute = glob "$dir/m[0-9][0-9][0-9].ts";
    my @files;

    for my $i (0 .. @minute * HOUR - 1) {
        my $at = EPOCH + GOP * $i;
        my $path = "$self->{store}/media/source/"
                   . strftime('%Y-%m-%dT%H', gmtime $at);

        make_path($path);
        push @files, sprintf '%s/%s.000000-2.0-full-%s.ts', $path,
            strftime('%M:%S', gmtime $at),
            encode_base64url(sha256("media $i"));
        link $minute[$i % @minute], $files[-1] or die "link: $!\n";
    }

    spew("$dir/media.list", join '', map { "$_\n" } @files);

    return $self->{files} = \@files;
}


sub iso {
    my ($at) = @_;

    return strftime('%Y-%m-%dT%H:%M:%S', gmtime EPOCH + int $at)
           . sprintf '.%06d', ($at - int $at) * 1e6 + 0.5;
}


sub spew {
    my ($path, $text) = @_;

    open my $file, '>', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
}


sub tidy {
    my ($self) = @_;

    unlink glob "$self->{dir}/*.out $self->{dir}/ffmpeg.*";
}


1;
