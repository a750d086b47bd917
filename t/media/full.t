
# Cuts that encode everything: what settings do, what the files are like
# besides their frames and sound, and that the same cut is the same bytes.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Wub::Judge;
use Wub::Media;
use Wub::Streams;

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-full-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);

# a hang is a failure
alarm 300;


# ---- helpers

# a file of the cut, made with settings; the output option is the caller's
sub cut {
    my ($kind, $stream, $ranges, $file, @encode) = @_;

    my @command = ($worker, 'media', $kind, '--segments', $stream->{root},
                   '--channel', 'chan', '--quality', $stream->{quality},
                   (map { ('--range', Wub::Media::text($_->[0]) . ','
                           . Wub::Media::text($_->[1])) } @$ranges),
                   map { ('--encode', $_) } @encode);

    return Wub::Media::output(@command, '--output', $file)
        if $file !~ /streamed/;

    # a pipe is no file that could be sought in

    my $bytes = Wub::Media::output(@command, '--output', '-');
    Wub::Media::spew($file, $bytes);

    return '';
}


# the boxes of an MP4 in their order, those within others too
sub boxes {
    my ($bytes) = @_;

    my @names;

    for (my $at = 0; $at + 8 <= length $bytes; ) {
        my ($size, $name) = unpack 'Na4', substr $bytes, $at, 8;

        last if $size < 8;
        push @names, $name;
        push @names, boxes(substr $bytes, $at + 8, $size - 8)
            if $name =~ /^(?:moov|trak|edts|moof)$/;
        $at += $size;
    }

    return @names;
}


# of the video's packets: are they keys
sub keys_of {
    my ($file) = @_;

    my $text = Wub::Media::output(qw(ffprobe -v error -select_streams v
        -show_entries packet=flags -of csv=p=0), $file);

    return join '', map { /K/ ? 'K' : '.' } grep { length } split /\n/, $text;
}


# "name=value" of the streams
sub about {
    my ($file, $stream, @what) = @_;

    my $text = Wub::Media::output(qw(ffprobe -v error -select_streams),
        $stream, '-show_entries', 'stream=' . join(',', @what),
        qw(-of default=nw=1), $file);

    return { map { split /=/, $_, 2 } split /\n/, $text };
}


# times in seconds of the stream
sub range {
    my ($stream, $from, $to) = @_;

    return [map { sprintf '%.0f', ($stream->{start} + $_) * 1e6 } $from, $to];
}


my $plain = Wub::Streams->make('plain', "$dir/plain");
my $sine = Wub::Streams->make('sine', "$dir/sine");
my $ranges = [range($plain, 1.5, 4.2), range($plain, 1.1, 2.6)];


# ---- MP4: with its index in front, in fragments, as YouTube wants it

{
    my $file = "$dir/file.mp4";

    is(cut('mp4', $plain, $ranges, $file), '', 'mp4 into a file');
    is(join("\n", $judge->video('mp4', $plain, $ranges, $file)), '',
       '... is right');
    like(join(' ', boxes(Wub::Media::slurp($file))),
         qr/^ftyp moov .*\bedts elst\b.* mdat$/, '... its index is in front');

    my $streamed = "$dir/streamed.mp4";

    cut('mp4', $plain, $ranges, $streamed);
    is(join("\n", $judge->video('mp4', $plain, $ranges, $streamed)), '',
       'mp4 into a pipe is right');

    my $text = join ' ', boxes(Wub::Media::slurp($streamed));

    like($text, qr/^ftyp moov (?!.*elst).*? moof .*? mdat .*?moof .*? mdat/,
         '... in fragments');
    cmp_ok(() = $text =~ /moof/g, '>=', length(keys_of($streamed)) / 30 / 0.15,
           '... one for each tenth of a second');
}

for my $more ([], ['bframes=0'], ['bframes=1']) {
    my $file = "$dir/youtube.mp4";
    my $name = join ' ', 'youtube', @$more;

    is(cut('mp4', $plain, $ranges, $file, 'youtube', @$more), '', $name);

    # silence stands where the video's first frame is not shown yet

    is(join("\n", grep { !/^track 0 begins -[36]000 ticks late$/ }
            $judge->video('mp4', $plain, $ranges, $file)), '',
       '... is right');

    my @boxes = boxes(Wub::Media::slurp($file));

    is(join(' ', grep { /elst|moof/ } @boxes), '', '... no edit list');
    like("@boxes", qr/^ftyp moov/, '... the index in front');

    my $video = about($file, 'v', qw(profile pix_fmt has_b_frames));
    my $audio = about($file, 'a', qw(codec_name profile sample_rate));

    is_deeply([@$video{qw(profile pix_fmt)}], ['High', 'yuv420p'],
              '... the profile');
    is_deeply([@$audio{qw(codec_name profile sample_rate)}],
              ['aac', 'LC', 48000], '... the sound');
    unlike(keys_of($file), qr/\.{15}/, '... a GOP is half a second');
}


# ---- joins of sound: a wave that bends is heard

{
    my @many = map { range($sine, 0.37 + 0.31 * $_, 0.9 + 0.33 * $_) } 0 .. 15;

    for my $kind (qw(mpegts webm)) {
        my @wrong = $judge->cut($kind, $sine, \@many);

        is(join("\n", @wrong), '', "$kind: joins of sixteen ranges");
    }
}


# ---- settings

{
    my %size;

    for my $case (['mp4', 'crf=9'], ['mp4', 'crf=30'],
                  ['mp4', 'bitrate=100k', 'audio_bitrate=64k'],
                  ['mpegts', 'crf=20', 'preset=veryfast', 'bframes=2'],
                  ['webm', 'crf=40', 'speed=8', 'threads=1'])
    {
        my ($kind, @encode) = @$case;
        my $file = "$dir/settings.$kind";

        is(cut($kind, $plain, $ranges, $file, @encode), '',
           "$kind, @encode");
        $size{"@encode"} = -s $file;

        my $numbers = Wub::Media->read($file)->{numbers};

        is("@$numbers", "@{($plain->expected(@$ranges))[0]}",
           '... the frames');
    }

    cmp_ok($size{'crf=30'}, '<', $size{'crf=9'} / 2, 'crf');
    cmp_ok($size{'bitrate=100k audio_bitrate=64k'}, '<', $size{'crf=9'},
           'bitrate');
    like(cut('mp4', $plain, $ranges, "$dir/no.mp4", 'profile=baseline'),
         qr/profile=baseline has no B frames; set bframes=0/,
         'settings that exclude each other');
    is(-e "$dir/no.mp4", undef, '... no file');
}


# ---- what pictures are like

# how bright the frames are
sub luma {
    my ($file) = @_;

    return Wub::Media::output(qw(ffprobe -v error -f lavfi -i),
               "movie=$file,signalstats", '-show_entries',
               'frame_tags=lavfi.signalstats.YAVG',
               qw(-of default=nw=1:nk=1)) =~ /^(\S+)$/mg;
}

{
    my @x264 = (seconds => 4, gop => 30,
                video => [qw(-c:v libx264 -preset veryfast -crf 20)]);

    my $lace = Wub::Media->make("$dir/lace", @x264,
                                more => [qw(-x264-params tff=1)]);

    for my $kind (qw(mpegts mp4)) {
        my $file = "$dir/lace.$kind";

        is(cut($kind, $lace, [range($lace, 0.5, 3)], $file), '',
           "$kind, interlaced");

        my %seen = map { $_ => 1 } Wub::Media::output(
            qw(ffprobe -v error -select_streams v -show_entries),
            'frame=interlaced_frame', qw(-of default=nk=0), $file)
            =~ /^interlaced_frame=(\d)/mg;

        is(join(' ', keys %seen), '1', '... stays so');
    }

    # levels from 0 on amid others: they look the same

    my $plain = Wub::Media->make("$dir/levels", @x264);
    my $full = Wub::Media->make("$dir/full", @x264, format => 'yuvj420p');
    my $ranges = [range($plain, 0.5, 3.5)];

    cut('mpegts', $plain, $ranges, "$dir/before.ts");
    Wub::Media::spew($plain->{segments}[1]{path},
                     Wub::Media::slurp($full->{segments}[1]{path}));
    is(cut('mpegts', $plain, $ranges, "$dir/after.ts"), '',
       'the range of the levels changes');

    my @before = luma("$dir/before.ts");
    my @after = luma("$dir/after.ts");

    is(scalar @after, 90, '... all frames');
    is(scalar(grep { abs($before[$_] - $after[$_]) > 1 } 0 .. 89), 0,
       '... as bright as before');
}


# ---- a single frame: it lasts as long as one of the source, also elsewhere

for my $kind (qw(mpegts mp4)) {
    cut($kind, $plain, [range($plain, 1.49, 1.51)], "$dir/one.$kind");
    Wub::Media::output(qw(ffmpeg -nostdin -v error -y -i), "$dir/one.$kind",
                       qw(-map 0:v -c copy), "$dir/again.mp4");

    my $text = Wub::Media::output(
        qw(ffprobe -v error -show_entries), 'packet=duration_time,flags',
        qw(-of csv=p=0), "$dir/again.mp4");

    like($text, qr/^0\.0333\d*,K_?_?,?\s*\z/, "$kind: one frame, and again");
}


# ---- damage: it looks the same each time

{
    my $stream = Wub::Media->make("$dir/damage", seconds => 4, gop => 60,
                    video => [qw(-c:v libx264 -preset veryfast -crf 20)]);
    my %bytes;

    for my $segment (@{$stream->{segments}}) {
        my $bytes = Wub::Media::slurp($segment->{path});

        substr($bytes, 188 * int(length($bytes) / 188 * $_ / 12), 188) = ''
            for reverse 1 .. 11;
        Wub::Media::spew($segment->{path}, $bytes);
    }

    for (1 .. 6) {
        like(cut('mpegts', $stream, [range($stream, 0.5, 3.5)],
                 "$dir/damage.ts"),
             qr/frames come of damaged footage; the sound is damaged in 8/,
             'damage is told of');
        $bytes{Wub::Media::slurp("$dir/damage.ts")} = 1;
    }

    is(scalar keys %bytes, 1, '... and the bytes are the same');
}


# ---- the same bytes each time

for my $kind (qw(mpegts mp4 webm)) {
    my @bytes = map {
        cut($kind, $plain, $ranges, "$dir/same.$kind");
        Wub::Media::slurp("$dir/same.$kind");
    } 1, 2;

    ok(length $bytes[0] && $bytes[0] eq $bytes[1], "$kind: the same bytes");
}


done_testing;
