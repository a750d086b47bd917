
# The cut engine, type smart: each frame carries its number and each tenth
# of a second of sound its own pitch, and what comes out is compared with
# what CONTRACT.md 0 says of the names and time stamps that went in.

use strict;
use warnings;

use File::Temp qw(tempdir);
use IPC::Open3;
use POSIX qw(floor);
use Symbol qw(gensym);
use Test::More;

use Wub::Judge;
use Wub::Media;

# Linux; Perl's Fcntl does not have it
use constant F_SETPIPE_SZ => 1031;

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-smart-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);
my $seed = $ENV{WUB_SEED} || time;
my $cuts = 0;

# a hang is a failure
alarm 600;

srand $seed;
diag "WUB_SEED=$seed" if $ENV{WUB_SEED};


# ---- helpers

*spans = \&Wub::Judge::spans;


# (exit status, standard error) of "media smart" with ranges in microseconds
sub cut {
    return $judge->run('smart', @_);
}


# [from, to] in frames, with microseconds beside them, as times
sub frames {
    my ($stream, $from, $to, $from_us, $to_us) = @_;

    return [sprintf('%.0f', $stream->time_of($from) * 1e6) + ($from_us || 0),
            sprintf('%.0f', $stream->time_of($to) * 1e6) + ($to_us || 0)];
}


# everything that must be true of every cut; returns the video taken apart
sub check {
    my ($name, $stream, $ranges, @more) = @_;

    my $file = "$dir/cut.ts";
    my ($status, $err) = cut($stream, $ranges, '--output', $file, @more);
    $cuts++;

    if ($status ne '0' || $err ne '') {
        fail("$name: exit status $status, $err");
        return;
    }

    my ($want, $copied) = $stream->expected(@$ranges);
    my $video = Wub::Media->read($file, $stream->{audio} && $stream->{rate});
    my @wrong;

    push @wrong, 'frames ' . spans(@{$video->{numbers}})
                 . ', not ' . spans(@$want)
        if "@{$video->{numbers}}" ne "@$want";
    push @wrong, "ffmpeg says: $video->{noise}" if $video->{noise} ne '';

    push @wrong, stamps($stream, $video);
    push @wrong, copies($stream, $video, $copied);
    push @wrong, sound($stream, $video) if $stream->{audio};

    is(join('; ', @wrong), '', $name);
    unlink $file;

    return $video;
}


# time stamps: rising, even, from 1 s on
sub stamps {
    my ($stream, $video) = @_;

    my @wrong;
    my @packets = @{$video->{packets}{video}};
    my $spacing = Wub::Media::HZ * $stream->{den} / $stream->{num};
    my @pts = sort { $a <=> $b } map { $_->{pts} } @packets;

    push @wrong, "the first frame is shown at $pts[0]"
        if $pts[0] < Wub::Media::HZ || $pts[0] >= 1.5 * Wub::Media::HZ;
    push @wrong, 'a negative dts' if grep { $_->{dts} < 0 } @packets;

    for my $i (1 .. $#packets) {
        push @wrong, "dts $packets[$i]{dts} after $packets[$i - 1]{dts}"
            if $packets[$i]{dts} - $packets[$i - 1]{dts} != $spacing;
        push @wrong, "pts $pts[$i] after $pts[$i - 1]"
            if $pts[$i] - $pts[$i - 1] != $spacing;
    }

    push @wrong, 'dts after pts' if grep { $_->{dts} > $_->{pts} } @packets;

    return @wrong[0 .. ($#wrong < 2 ? $#wrong : 2)];
}


# packets that are those of the source, bit by bit
sub copies {
    my ($stream, $video, $want) = @_;

    $stream->{hashes} ||= hashes($stream);

    my $got = grep { $stream->{hashes}{$_->{data_hash}} }
              @{$video->{packets}{video}};

    return $got == $want ? () : "$got frames are copied, not $want";
}


sub hashes {
    my ($stream) = @_;

    my %hashes;

    for my $segment (@{$stream->{segments}}) {
        my $text = Wub::Media::output(
            qw(ffprobe -v error -select_streams v -show_packets
               -show_data_hash MD5), $segment->{path});

        $hashes{$1} = 1 while $text =~ /^data_hash=(\S+)/mg;
    }

    return \%hashes;
}


# no gap and no overlap in the sound, and in step with the frames
sub sound {
    my ($stream, $video) = @_;

    my @wrong;
    my @audio = @{$video->{packets}{audio}};
    my $length = 1024 * Wub::Media::HZ / $stream->{rate};
    my $spacing = Wub::Media::HZ * $stream->{den} / $stream->{num};
    my @pts = sort { $a <=> $b } map { $_->{pts} }
              @{$video->{packets}{video}};

    return 'no sound' if @audio == 0;

    for my $i (1 .. $#audio) {
        my $gap = $audio[$i]{pts} - $audio[$i - 1]{pts} - $length;
        push @wrong, "a gap of $gap ticks in the sound at $audio[$i]{pts}"
            if abs $gap > 1.5;
    }

    my $begin = $audio[0]{pts} - $pts[0];
    my $end = $audio[-1]{pts} + $length - $pts[-1] - $spacing;

    push @wrong, "sound begins $begin ticks late" if abs $begin > $length;
    push @wrong, "sound ends $end ticks late" if abs $end > $length;

    # a tone begins where the frames say that its tenth of a second does

    my $at = sub {
        my ($time) = @_;
        my $i = floor(($time * Wub::Media::HZ - $pts[0]) / $spacing);

        return undef if $i < 0 || $i >= @{$video->{numbers}};

        return ($video->{numbers}[$i] * $spacing
                + $time * Wub::Media::HZ - $pts[0] - $i * $spacing)
               / Wub::Media::HZ;
    };

    my $heard = 0;

    for my $tone (@{$video->{tones}}) {
        my $time = $audio[0]{pts} / Wub::Media::HZ + $tone->[0];
        my ($s, $s0, $s1) = map { $at->($time + $_) } 0, -0.05, 0.05;

        next if grep { !defined } $s, $s0, $s1;
        next if abs($s1 - $s0 - 0.1) > 0.001;

        my $late = $s - $tone->[1] * Wub::Media::TONE_EVERY;
        my $round = Wub::Media::TONES * Wub::Media::TONE_EVERY;
        $late -= $round * floor($late / $round + 0.5);
        $heard++;

        push @wrong, sprintf('sound is %.1f ms off at %.3f s', -1000 * $late,
                             $time)
            if abs $late > $length / Wub::Media::HZ + 0.004;
    }

    push @wrong, 'no tone is heard' if $heard == 0 && @pts * $spacing > 60000;

    return @wrong[0 .. ($#wrong < 2 ? $#wrong : 2)];
}


# a cut whose frames must be right, whatever the rest
sub taken {
    my ($name, $stream, $ranges) = @_;

    my @got = cut($stream, [$ranges], '--output', "$dir/cut.ts");
    my ($want) = $stream->expected($ranges);

    is("@got", '0 ', "$name: exit status");
    is(spans(@{Wub::Media->read("$dir/cut.ts")->{numbers}}), spans(@$want),
       "$name: frames");
}


# a cut that must be refused with a sentence, and leaves nothing behind
sub refused {
    my ($name, $stream, $ranges, $status, $sentence, @more) = @_;

    my @got = cut($stream, $ranges, '--output', "$dir/refused.ts", @more);

    is($got[0], $status, "$name: exit status");
    like($got[1], $sentence, "$name: the sentence");
    unlike($got[1], qr/\[\w+ @ 0x/, "$name: nothing of libav's own");
    is(join(' ', glob "$dir/refused.ts*"), '', "$name: no file is left");
}


# ---- the streams

my $long = Wub::Media->make("$dir/long");
my $short = Wub::Media->make("$dir/short", bf => 0, gop => 30, seconds => 8);
my $ntsc = Wub::Media->make("$dir/ntsc", fps => '30000/1001', bf => 3,
                            segment => 2.002, seconds => 8.008);
my $pal = Wub::Media->make("$dir/pal", fps => 25, gop => 25, rate => 44100,
                           seconds => 8, late => 95439.5);


# ---- edges

my @edges = (
    ['all of it', [0, 360]],
    ['whole segments', [60, 180]],
    ['a microsecond after a frame, to one after another', [60, 180, 1, 1]],
    ['a microsecond before a frame, to one before another', [60, 180, -1, -1]],
    ['inside one GOP', [70, 75]],
    ['one frame', [100, 100, 0, 1]],
    ['the last frame of a GOP, and the first of the next', [119, 121]],
    ['a head and a whole GOP', [100, 180]],
    ['a whole GOP and a tail', [120, 200]],
    ['from the middle of a frame to the middle of another',
     [30, 250, 16000, 16000]],
    ['across the hour', [200, 300]],
    ['two ranges', [10, 100], [200, 290]],
    ['touching ranges', [33, 77], [77, 200], [200, 201]],
    ['overlapping ranges', [50, 170], [100, 220]],
    ['ranges backward', [250, 340], [130, 170], [0, 45]],
    ['the same range three times', [90, 160], [90, 160], [90, 160]],
);

for my $edge (@edges) {
    my ($name, @ranges) = @$edge;

    check($name, $long, [map { frames($long, @$_) } @ranges]);
}

for my $stream ($short, $ntsc, $pal) {
    my $what = "$stream->{fps} fps";

    for my $turn (1 .. 3) {
        my @ranges;

        for (1 .. $turn) {
            my $from = floor(rand($stream->{frames} - 3));
            my $to = $from + 2 + floor(rand($stream->{frames} - $from - 2));

            push @ranges, frames($stream, $from, $to,
                                 (map { (-1, 0, 0, 1, 5000)[rand 5] } 1, 2));
            $ranges[-1][0] = $stream->{segments}[0]{us}
                if $ranges[-1][0] < $stream->{segments}[0]{us};
        }

        check("$what, random: " . join(' ', map { "@$_" } @ranges), $stream,
              \@ranges);
    }
}

# a frame of video that is shorter than one of audio

{
    my $fast = Wub::Media->make("$dir/fast", fps => 60, gop => 60, seconds => 2,
                                segment => 1, rate => 32000);

    check("frame $_ of 60 fps", $fast, [frames($fast, $_, $_ + 1)])
        for 1, 61, 62;
}

# a hundred joins add up to nothing

check('a hundred ranges', $long,
      [map { frames($long, 37 + $_, 44 + 2 * $_, 1, 0) } 1 .. 100]);


# ---- what real stores have

{
    my $stream = Wub::Media->make("$dir/real", bf => 2, seconds => 12);
    my @segments = @{$stream->{segments}};

    # a copy with another name, a partial one, and 5 ms of overlap

    $stream->put($segments[1]{us} / 1e6, 2, 'partial',
                 substr(Wub::Media::slurp($segments[1]{path}), 0, 18800));
    my $bytes = Wub::Media::slurp($segments[3]{path});
    unlink $segments[3]{path};
    my $early = $stream->put($segments[3]{us} / 1e6 - 0.005, 2.005, 'full',
                             $bytes);
    @{$segments[3]}{qw(us path)} = @$early{qw(us path)};

    check('a partial copy and an overlap of 5 ms', $stream,
          [[$segments[0]{us} + 500_000, $segments[5]{us} + 700_000]]);
    check('an edge inside the overlap', $stream,
          [[$segments[3]{us} + 1, $segments[3]{us} + 1_000_000],
           [$segments[3]{us} - 50_000, $segments[3]{us} + 5_001]]);

    # a hole

    unlink $segments[4]{path};
    splice @{$stream->{segments}}, 4, 1;

    my $over = [[$segments[0]{us} + 1_000_000, $segments[5]{us} + 900_000]];

    refused('a hole', $stream, $over, 1,
            qr/has a hole from 2024-01-05T12:00:00\.000000 to 2024-01-05/);
    refused('a hole in the second range', $stream,
            [[$segments[0]{us}, $segments[1]{us}], @$over], 1,
            qr/has a hole from/);

    # sound of the last frames before it was sent after it

    my $video = check_holes('over a hole', $stream, $over);
}


# as check(), without what sound must be where footage is missing
sub check_holes {
    my ($name, $stream, $ranges) = @_;

    local $stream->{audio} = 0;

    return check($name, $stream, $ranges, '--allow-holes');
}


# time stamps that begin anew in each file

{
    my $stream = Wub::Media->make("$dir/anew", seconds => 8);

    for my $segment (@{$stream->{segments}}) {
        system(qw(ffmpeg -nostdin -v error -y -i), $segment->{path},
               qw(-c copy -f mpegts), "$dir/anew.ts") == 0 or die;
        Wub::Media::spew($segment->{path},
                         Wub::Media::slurp("$dir/anew.ts"));
    }

    check_holes('time stamps that begin anew', $stream,
                [frames($stream, 25, 200)]);
}


# a second GOP whose parameter sets were sent with the first one only

{
    my $stream = Wub::Media->make("$dir/sets", bf => 0, gop => 30,
                                  seconds => 4);
    my $path = $stream->{segments}[0]{path};
    my $bytes = Wub::Media::slurp($path);
    my $second = rindex $bytes, "\0\0\1\x67";

    for my $type ("\x67", "\x68") {
        my $at = index $bytes, "\0\0\1$type", $second;

        # filler data, which decoders pass over
        substr($bytes, $at + 3, 1) = "\x0c";
    }

    cmp_ok($second, '>', 20000, 'parameter sets of the second GOP');
    Wub::Media::spew($path, $bytes);

    my $file = "$dir/sets.ts";
    is((cut($stream, [frames($stream, 20, 70)], '--output', $file))[0], 0,
       'parameter sets that are missing at a join: exit status');

    my $video = Wub::Media->read($file);
    is(spans(@{$video->{numbers}}), '20-69', '... the frames');
    is($video->{noise}, '', '... a decoder finds the sets');
    is(join('; ', copies($stream, $video, 29)), '', '... one is changed');
}


# no sound at all

{
    my $stream = Wub::Media->make("$dir/mute", audio => 0, seconds => 6);
    my $video = check('without audio', $stream, [frames($stream, 25, 140)]);

    is(scalar @{$video->{packets}{audio}}, 0, 'without audio: none is made');
}


# ---- a store that changes under the cut

{
    # more than what waits between a cut and its output

    my @long = (seconds => 30, video => [qw(-c:v libx264 -preset ultrafast
                                            -qp 1)]);
    my $stream = Wub::Media->make("$dir/gone", @long);
    my $last = $stream->{segments}[-1]{path};

    like(pulled($stream, sub { unlink $last }),
         qr/^1: .*12\/00:20\S+ vanished while it was needed/,
         'a segment that vanishes');

    $stream = Wub::Media->make("$dir/dead", @long);
    $last = $stream->{segments}[-1]{path};

    like(pulled($stream, sub {
             Wub::Media::spew($last =~ s/\.ts$/.tombstone/r, '');
         }), qr/^1: .*00:20\S+ cannot be opened: .*tombstone/,
         'a segment that gets a tombstone');
}


# a cut into a pipe that is read only after something was done to the store
sub pulled {
    my ($stream, $done) = @_;

    my $err = gensym;
    my $range = join ',', map { Wub::Media::text($_) }
                @{frames($stream, 0, $stream->{frames})};
    my $pid = open3(my $in, my $out, $err, $worker, qw(media smart),
                    '--segments', $stream->{root}, qw(--channel chan),
                    qw(--quality source --output - --range), $range);

    # a small pipe: the cut waits before it has come to the last segment

    fcntl $out, F_SETPIPE_SZ, 4096;
    sysread $out, my $byte, 1;
    $done->();
    local $/;
    my $rest = <$out>;
    my $text = <$err>;
    waitpid $pid, 0;

    return ($? >> 8) . ": $text";
}


# footage of which only the beginning is there

{
    my $stream = Wub::Media->make("$dir/broken", seconds => 6, bf => 0);
    my $segment = $stream->{segments}[1];
    my $bytes = Wub::Media::slurp($segment->{path});

    unlink $segment->{path};
    $stream->put($segment->{us} / 1e6, 2, 'partial',
                 substr($bytes, 0, int(0.6 * length $bytes)));

    my $file = "$dir/broken.ts";
    my @over = ($stream, [frames($stream, 30, 150)], '--output', $file);

    like((cut(@over))[1], qr/has a hole from 2024-01-05T11:59:5[46]/,
         'a partial segment is a hole');
    is((cut(@over, '--allow-holes'))[0], 0, '... that may be allowed');

    my $video = Wub::Media->read($file);

    like(spans(@{$video->{numbers}}), qr/^30-(?:8|9|10)\d 120-149$/,
         '... the frames');
    is($video->{noise}, '', '... no frame is broken');
    is(join('; ', stamps($stream, $video)), '', '... time stamps go on');
}


# ---- quality, sameness, stdout

{
    my $range = [frames($long, 15, 255)];
    my @files = map { "$dir/same$_.ts" } 1 .. 2;

    is((cut($long, $range, '--output', $_))[0], 0, 'cut once more')
        for @files;
    is(Wub::Media::slurp($files[0]) eq Wub::Media::slurp($files[1]), 1,
       'the same cut is the same bytes');

    Wub::Media::spew("$dir/source.ts", join '', map {
        Wub::Media::slurp($_->{path}) } @{$long->{segments}});
    Wub::Media::output(
        qw(ffmpeg -nostdin -v error -i), $files[0], '-i', "$dir/source.ts",
        '-filter_complex', '[1:v]select=between(n\,15\,254),setpts=N/30/TB[s];'
        . '[0:v]setpts=N/30/TB[c];[c][s]psnr=stats_file=' . "$dir/psnr",
        qw(-f null -));

    my @psnr = Wub::Media::slurp("$dir/psnr") =~ /psnr_avg:(\S+)/g;
    my ($least) = sort { $a <=> $b } map { $_ eq 'inf' ? 999 : $_ } @psnr;

    is(scalar @psnr, 240, 'every frame is compared');
    is(scalar(grep { $_ eq 'inf' } @psnr), 180, 'copied frames are the same');
    cmp_ok($least, '>=', 45, 'encoded frames are alike (dB)');

    my $command = join ' ', $worker, 'media', 'fast', '--segments',
        $long->{root}, qw(--channel chan --quality source --output - --range),
        join ',', map { Wub::Media::text($_) } @{$range->[0]};

    is(`$command` eq Wub::Media::slurp($files[0]), 1,
       'fast is smart, and - is stdout');

    is(`{ $command 2>&1 >&3; echo " \$?" >&2; } 3>&1 2>$dir/err | head -c 1`,
       'G', 'a reader that goes away');
    like(Wub::Media::slurp("$dir/err"), qr/^\s*1$/m, '... ends the cut');
}


# ---- what cannot be cut

{
    my $whole = sub { [frames($_[0], 10, 50)] };
    my %x264 = (video => ['-c:v', 'libx264', '-preset', 'veryfast']);
    my $make = sub {
        my ($name, %o) = @_;
        return Wub::Media->make("$dir/$name", seconds => 4, audio => 0, %o);
    };

    my $mpeg2 = $make->('mpeg2', bf => 0, video => ['-c:v', 'mpeg2video']);
    refused('MPEG-2', $mpeg2, $whole->($mpeg2), 1,
            qr/2024-01-05T11\/59:52\S+ holds MPEG-2 video; only H\.264/);

    my $hevc = $make->('hevc', bf => 0, video =>
        [qw(-c:v libx265 -preset ultrafast -x265-params log-level=none)]);
    taken('HEVC', $hevc, $whole->($hevc)->[0]);

    my $lace = $make->('lace', %x264, more => [qw(-x264-params tff=1)]);
    taken('interlaced', $lace, $whole->($lace)->[0]);

    my $open = $make->('open', %x264, more => [qw(-x264-params open-gop=1)]);
    taken('open GOP', $open, frames($open, 10, 100));

    my $mp3 = $make->('mp3', %x264, audio => 1, more => [qw(-c:a mp2)]);
    refused('MPEG audio', $mp3, $whole->($mp3), 1,
            qr/holds MPEG-1 audio; only AAC audio/);

    my $opus = $make->('opus', %x264, audio => 1, more => [qw(-c:a libopus)]);
    refused('Opus', $opus, $whole->($opus), 1,
            qr/holds Opus audio; only AAC audio/);

    # a segment of another size, or of no media at all

    my $small = $make->('small', %x264, width => 288, audio => 1);
    Wub::Media::spew($small->{segments}[1]{path},
                     Wub::Media::slurp($short->{segments}[1]{path}));
    for my $case (['empty', ''], ['text', 'words ' x 1000],
                  ['zeros', "\0" x 10000])
    {
        my ($name, $bytes) = @$case;

        Wub::Media::spew($small->{segments}[1]{path}, $bytes);
        refused("a segment of $name", $small, [frames($small, 70, 100)], 1,
                qr/is not an MPEG transport stream/);
    }
}


# ---- what is asked wrongly

refused('nothing there', $long, [[1e15, 1e15 + 1e6]], 1,
        qr/There is no footage of chan\/source from 2001-09-09T01:46:40/);
refused('a range that is backward', $long, [frames($long, 50, 10)], 2,
        qr/must be after its start|after the start/);
refused('a range of years', $long, [[frames($long, 10, 50)->[0], 2e17]], 1,
        qr/Range 1 is longer than 1000 hours/);

{
    my ($status, undef, $err) = Wub::Media::ran(
        $worker, qw(media mosaic --segments), $long->{root},
        qw(--channel chan --output), "$dir/refused.ts",
        '--range', '2024-01-05T11:59:52,2024-01-05T11:59:53');
    is($status, 2, 'another kind: exit status');
    like($err, qr/mosaic/, 'another kind: the sentence');

    ($status, $err) = cut($long, [frames($long, 10, 50)], '--output',
                          "$dir/none/cut.ts");
    is($status, 1, 'no folder: exit status');
    like($err, qr{none/? cannot be opened}, 'no folder: the sentence');

    ($status, $err) = cut($long, [frames($long, 10, 50)], '--output',
                          '/dev/full');
    is($status, 1, 'no room: exit status');
    like($err, qr/No space left/, 'no room: the sentence');
}

is(join(' ', glob "$dir/*.temp"), '', 'no temporary file is left');

done_testing;
