
# Smart cuts of what real streams contain: open GOPs, HEVC, damage, several
# forms and tracks.  Each frame carries its number; what is copied, what is
# encoded and what a decoder says of it is compared with what went in.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Wub::Judge;
use Wub::Media;
use Wub::Streams;

my $dir = tempdir('wub-join-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);

my @x264 = (video => [qw(-c:v libx264 -preset veryfast -crf 20)]);

# what an encoded frame must keep of its source, dB
use constant LEAST => 45;

my $hurt = qr/^wubloader-worker: warning: \d+ frames come of damaged footage$/;

# a hang is a failure
alarm 300;


# ---- helpers

*spans = \&Wub::Judge::spans;


# (exit status, standard error) of a cut into DIR/cut.ts
sub cut {
    return $judge->run('smart', @_, '--output', "$dir/cut.ts");
}


# [from, to] in frames, as times in microseconds
sub frames {
    my ($stream, @frames) = @_;

    return [map { $stream->{segments}[0]{us} + sprintf '%.0f',
                  $_ * 1e6 * $stream->{den} / $stream->{num} } @frames];
}


# A cut of ranges of frames.  Options: want, the frames if they are not just
# those; blurred, numbers cannot be read in all; copied, how many packets are
# those of the source, at least; says, what is said; more, options.
sub check {
    my ($name, $stream, $ranges, %o) = @_;

    my ($status, $err) = cut($stream, [map { frames($stream, @$_) } @$ranges],
                             @{$o{more} || []});

    my $says = $o{says} || qr/^$/;

    if ($status ne '0' || $err !~ $says) {
        fail("$name: exit status $status, $err");
        return;
    }

    my @want = map { $_->[0] .. $_->[1] - 1 } @{$o{want} || $ranges};
    my $video = Wub::Media->read("$dir/cut.ts");
    my @numbers = @{$video->{numbers}};
    my @packets = @{$video->{packets}{video}};
    my @pts = sort { $a <=> $b } map { $_->{pts} } @packets;
    my (@wrong, %source);

    push @wrong, 'frames ' . spans(@numbers) . ', not ' . spans(@want)
        if "@numbers" ne "@want" && !$o{blurred};
    push @wrong, @numbers . ' frames, not ' . @want if @numbers != @want;
    push @wrong, "ffmpeg says: $video->{noise}" if $video->{noise} ne '';

    for my $segment (@{$stream->{segments}}) {
        $source{$_}++ for Wub::Media::probe($segment->{path})
                          =~ /data_hash=(\S+)/g;
    }

    my $copied = grep { $source{$_->{data_hash}} } @packets;
    push @wrong, "$copied frames are copied, not $o{copied}"
        if $copied < ($o{copied} || 0);

    push @wrong, "the first frame is shown at $pts[0]" if $pts[0] != 90000;
    push @wrong, 'a negative decoding time' if grep { $_->{dts} < 0 } @packets;
    push @wrong, 'decoding times that do not rise'
        if grep { $packets[$_]{dts} <= $packets[$_ - 1]{dts} } 1 .. $#packets;
    push @wrong, 'a frame decoded after it is shown'
        if grep { $_->{dts} > $_->{pts} } @packets;

    my $tick = Wub::Media::HZ * $stream->{den} / $stream->{num};
    push @wrong, 'frames are not evenly spaced'
        if !$o{want} && grep { $pts[$_] - $pts[$_ - 1] != $tick } 1 .. $#pts;

    is(join('; ', @wrong), '', $name);

    return $video;
}


# The least PSNR of a cut of [from, to) against the source, of its frames.
# each: a filter for each segment by itself, where they are not one stream.
sub alike {
    my ($name, $stream, $from, $to, $each) = @_;

    cut($stream, [frames($stream, $from, $to)]);

    my @files = map { $_->{path} } @{$stream->{segments}};
    my $last = $to - 1;
    my $source = '[1:v]';

    if ($each) {
        $source = join('', map { "[$_:v]$each\[v$_];" } 1 .. @files)
                  . join('', map { "[v$_]" } 1 .. @files)
                  . 'concat=n=' . @files . ',';

    } else {
        Wub::Media::spew("$dir/source.ts", join '', map {
            Wub::Media::slurp($_) } @files);
        @files = ("$dir/source.ts");
    }

    Wub::Media::output(
        qw(ffmpeg -nostdin -v error -i), "$dir/cut.ts",
        (map { ('-i', $_) } @files), '-filter_complex',
        "${source}select=between(n\\,$from\\,$last),settb=1/30,setpts=N[s];"
        . "[0:v]settb=1/30,setpts=N[c];[c][s]psnr=stats_file=$dir/psnr",
        qw(-f null -));

    my @psnr = Wub::Media::slurp("$dir/psnr") =~ /psnr_avg:(\S+)/g;
    my ($least) = sort { $a <=> $b } map { $_ eq 'inf' ? 999 : $_ } @psnr;

    is(scalar @psnr, $to - $from, "$name: every frame is compared");
    cmp_ok($least, '>=', LEAST, "$name: encoded frames are alike (dB)");
}


# takes packets out of a segment: the first inside a picture from each of
# these parts of the file on
sub damage {
    my ($segment, @parts) = @_;

    my $bytes = Wub::Media::slurp($segment->{path});
    my $n = length($bytes) / 188;

    for my $part (sort { $b <=> $a } @parts) {
        my $k = int($part * $n);

        # video, and no beginning of a picture
        $k = ($k + 1) % $n
            while (unpack('n', substr $bytes, $k * 188 + 1, 2) & 0x5fff)
                  != 0x100;
        substr($bytes, $k * 188, 188) = '';
    }

    Wub::Media::spew($segment->{path}, $bytes);
}


# what the frames of a cut have in a field
sub values_of {
    my ($field) = @_;

    my %values = map { $_ => 1 } Wub::Media::output(
        qw(ffprobe -v error -select_streams v -show_entries),
        "frame=$field", qw(-of default=nk=0), "$dir/cut.ts")
        =~ /^$field=(\d+)/mg;

    return join ' ', sort { $a <=> $b } keys %values;
}


sub x265 {
    my ($params) = @_;

    return (video => [qw(-c:v libx265 -preset ultrafast -x265-params),
                      "log-level=none:scenecut=0:keyint=30:min-keyint=30"
                      . ":$params"], gop => 30, audio => 0);
}


# ---- open GOPs

{
    my $open = Wub::Media->make("$dir/open", @x264, bf => 3, gop => 30,
                                seconds => 6, open => 1,
                                more => ['-x264-params', 'open-gop=1']);

    check('open GOPs, all of it', $open, [[0, 180]], copied => 180);
    check('open GOPs, not from the first on', $open, [[1, 180]], copied => 0);
    check('open GOPs, to within', $open, [[0, 100]], copied => 80);

    # about the first key frame of the second segment

    for my $n (56 .. 61) {
        check("open GOPs, to frame $n", $open, [[50, $n]]);
        check("open GOPs, from frame $n", $open, [[$n, 70]]);
    }

    check('open GOPs, single frames', $open,
          [[58, 59], [59, 60], [119, 120], [120, 121], [59, 61]]);
    check('open GOPs, ranges that repeat', $open,
          [[0, 65], [0, 65], [55, 62], [40, 119]], copied => 110);
    alike('open GOPs', $open, 5, 125);

    # a hole: what refers to it cannot be decoded

    unlink $open->{segments}[1]{path};
    splice @{$open->{segments}}, 1, 1;

    my @pts = sort { $a <=> $b } map { /pts=(\d+)/ } grep { /video/ }
              split /\n/, Wub::Media::probe($open->{segments}[0]{path});

    cmp_ok(scalar @pts, '<', 60, 'a segment that ends before its last frame');
    check('open GOPs, over a hole', $open, [[20, 150]],
          want => [[20, scalar @pts], [120, 150]],
          more => ['--allow-holes'],
          says => qr/warning: [1-4] frames could not be decoded/);
}


# ---- HEVC

{
    my $closed = Wub::Media->make("$dir/hevc", x265('open-gop=0:bframes=3'),
                                  bf => 3, seconds => 4);

    check('HEVC, all of it', $closed, [[0, 120]], copied => 120);
    check('HEVC, edges', $closed, [[10, 115]], copied => 55);
    check('HEVC, joins', $closed, [[70, 100], [20, 50], [0, 65]],
          copied => 50);
    alike('HEVC', $closed, 10, 115);

    my $open = Wub::Media->make("$dir/hopen", x265('open-gop=1:bframes=3'),
                                bf => 3, seconds => 4, open => 1);

    check('HEVC, open GOPs', $open, [[0, 120]], copied => 120);
    check('HEVC, open GOPs, edges', $open, [[57, 62], [10, 59], [0, 58]],
          copied => 25);
    check('HEVC, single frames', $open, [[58, 59], [59, 60], [60, 61]]);

    damage($closed->{segments}[0], 0.7);
    check('HEVC, damaged', $closed, [[0, 120]], copied => 85,
          says => $hurt);
}


# ---- damage

{
    my $stream = Wub::Media->make("$dir/damage", @x264, gop => 30,
                                  seconds => 6);

    damage($stream->{segments}[1], 0.3);
    check('a packet is missing', $stream, [[0, 180]], copied => 145,
          says => $hurt);
    check('... within the range of one GOP', $stream, [[70, 85]],
          says => $hurt);

    damage($stream->{segments}[2], 0.1, 0.4, 0.8);
    check('... four are', $stream, [[10, 175]], copied => 55,
          says => $hurt);

    my $bytes = Wub::Media::slurp("$dir/cut.ts");
    cut($stream, [frames($stream, 10, 175)]);
    is(Wub::Media::slurp("$dir/cut.ts") eq $bytes, 1,
       '... the same cut is the same bytes');

    # of a key frame: pictures, though not their own, and all of them

    $stream = Wub::Media->make("$dir/key", @x264, gop => 30, seconds => 4);
    damage($stream->{segments}[1], 0);
    check('... of a key frame', $stream, [[0, 120]], copied => 85,
          blurred => 1, says => qr/30 frames come of damaged footage$/);
}


# ---- other forms

{
    my %o = (@x264, gop => 30, seconds => 6);
    my $small = Wub::Media->make("$dir/small", %o);
    my $other = Wub::Media->make("$dir/other", %o, width => 480,
                                 height => 168);

    Wub::Media::spew($small->{segments}[1]{path},
                     Wub::Media::slurp($other->{segments}[1]{path}));
    check('another size amid', $small, [[20, 170]], copied => 55,
          blurred => 1);
    is(values_of('width'), '320', '... one size comes out');
    alike('another size', $small, 20, 170,
          'scale=320:112:flags=lanczos+accurate_rnd+full_chroma_int'
          . '+full_chroma_inp');

    my $deep = Wub::Media->make("$dir/deep", %o, seconds => 4, video =>
        [qw(-pix_fmt yuv420p10le -c:v libx264 -preset veryfast -crf 20)]);

    check('10 bits', $deep, [[10, 110]], copied => 55);
    Wub::Media::spew($small->{segments}[1]{path},
                     Wub::Media::slurp($deep->{segments}[1]{path}));
    check('10 bits amid', $small, [[20, 170]], copied => 55);

    my $lace = Wub::Media->make("$dir/lace", %o, seconds => 4,
                                more => [qw(-x264-params tff=1)]);

    check('interlaced', $lace, [[10, 110]], copied => 55);
    is(values_of('interlaced_frame'), '1', '... stays so');
}


# ---- decoding times

# PES packets of a file with the time of showing alone
sub without_dts {
    my ($file) = @_;

    my $bytes = Wub::Media::slurp($file);

    for (my $at = 0; $at < length $bytes; $at += 188) {
        next if (unpack('n', substr $bytes, $at + 1, 2) & 0x5fff) != 0x4100;

        my $has = ord(substr $bytes, $at + 3, 1) & 0x20;
        my $pes = $at + 4 + ($has ? 1 + ord substr $bytes, $at + 4, 1 : 0);

        next if (ord(substr $bytes, $pes + 7, 1) & 0xc0) != 0xc0;

        # flags, the mark of the time, and stuffing where the other was
        substr($bytes, $pes + 7, 1) = chr(0x80 | 0x3f
                                          & ord substr $bytes, $pes + 7, 1);
        substr($bytes, $pes + 9, 1) = chr(0x20 | 0x0f
                                          & ord substr $bytes, $pes + 9, 1);
        substr($bytes, $pes + 14, 5) = "\xff" x 5;
    }

    Wub::Media::spew($file, $bytes);
}

{
    my $stream = Wub::Media->make("$dir/dts", @x264, gop => 30, seconds => 4,
                                  audio => 0);

    without_dts($_->{path}) for @{$stream->{segments}};
    check('decoding times are missing', $stream, [[0, 120]], copied => 120);
    check('... edges', $stream, [[10, 70], [5, 95]], copied => 55);
}


# ---- sound

# [number of packets, steps from one to the next] of each track
sub tracks {
    my %pts;

    for (split /\n/, Wub::Media::output(
             qw(ffprobe -v error -select_streams a -show_entries),
             'packet=stream_index,pts', qw(-of csv=p=0), "$dir/cut.ts"))
    {
        push @{$pts{$1}}, $2 if /^(\d+),(\d+)/;
    }

    return map {
        my @pts = sort { $a <=> $b } @{$pts{$_}};
        my %steps = map { $pts[$_] - $pts[$_ - 1] => 1 } 1 .. $#pts;

        scalar(@pts) . ' of ' . join ' ', sort { $a <=> $b } keys %steps;
    } sort keys %pts;
}

{
    my %o = (@x264, seconds => 6);
    my $two = Wub::Media->make("$dir/two", %o, tracks => 2);

    check('two tracks', $two, [[10, 100], [50, 55], [100, 170], [1, 40]]);
    like(join(', ', tracks()), qr/^(31[89] of 1920), \1$/,
         '... each goes on over all joins');

    # a segment without sound is silent, but for less than a frame

    my $whole = qr/^\d+ of 1920(?: [23]\d{3})?$/;

    my $gap = Wub::Media->make("$dir/gap", %o);
    my $file = $gap->{segments}[1]{path};

    system(qw(ffmpeg -nostdin -v error -y -i), $file, qw(-map 0:v -c copy
           -copyts -muxdelay 0 -muxpreload 0), "$dir/mute.ts") == 0
        or die "ffmpeg failed\n";
    Wub::Media::spew($file, Wub::Media::slurp("$dir/mute.ts"));
    check('a segment without sound', $gap, [[10, 170]]);
    like(join(', ', tracks()), $whole, '... there is silence');

    # of sound that begins late nothing is there

    my $late = Wub::Streams->make('late', "$dir/late");

    check('sound that begins late', $late, [[6, 30], [90, 100]]);
    like(join(', ', tracks()), $whole, '... silence from the first frame on');

    # counters of each segment begin anew: the sound that was sent late is
    # with the next segment

    my $anew = Wub::Streams->make('anew', "$dir/anew");

    check('counters begin anew', $anew, [[20, 230]], copied => 100);
    like(join(', ', tracks()), qr/^\d+ of 1920$/,
         '... the sound goes on over all of them');

    # sound of another rate cannot be copied

    my $rate = Wub::Media->make("$dir/rate", %o, rate => 44100);

    Wub::Media::spew($file, Wub::Media::slurp($rate->{segments}[1]{path}));
    unlink "$dir/cut.ts";

    my ($status, $err) = cut($gap, [frames($gap, 10, 170)]);

    is($status, 1, 'another rate: exit status');
    like($err, qr/segment\ 2024-01-05T11\/59:54\S+\ has\ audio\ of\ 44100\ Hz
                  \ .*\ from\ 2024-01-05T11:59:5(?:3\.9|4\.0)\d+\ on,
                  .*\ use\ mp4\ or\ mpegts/x, '... the sentence');
    is(-e "$dir/cut.ts", undef, '... no file is left');
}

done_testing;
