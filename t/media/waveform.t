# Waveforms: the picture is that of ffmpeg's showwavespic, trimmed to the
# range, with nothing where there is no footage; long ones are sampled.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use List::Util qw(max sum);
use POSIX qw(floor);
use Test::More;

use Wub::Media;
use Wub::Png;

use constant {
    RATE   => 48000,
    START  => 1704455992,       # 2024-01-05T11:59:52
    LENGTH => 3,                # seconds of a segment
    NUMBER => 4,                # of segments
};

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-waveform-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# a hang is a failure
alarm 300;


# ---- helpers

# (exit status, standard output, standard error); seconds from the start
sub wave {
    my ($quality, $from, $to, @more) = @_;

    return Wub::Media::ran($worker, qw(media waveform --channel chan),
        '--segments', "$dir/store", '--quality', $quality, '--output', '-',
        '--range', join(',', map { Wub::Media::text(1e6 * (START + $_)) }
                             $from, $to), @more);
}


sub picture {
    my ($status, $out, $err) = wave(@_);

    return $status eq '0' ? Wub::Png::parse($out) : die "$status: $err";
}


sub json {
    my ($status, $out, $err) = wave(@_, '--format', 'json');

    return $status eq '0' ? decode_json($out) : die "$status: $err";
}


# puts files behind each other, those that are not undef
sub store {
    my ($quality, @files) = @_;

    my $stream = bless { root => "$dir/store", quality => $quality },
                 'Wub::Media';

    for my $n (0 .. $#files) {
        $stream->put(START + LENGTH * $n, LENGTH, 'full',
                     Wub::Media::slurp($files[$n])) if defined $files[$n];
    }
}


# segments of a sound, an expression of ffmpeg's aevalsrc; '': none
sub make {
    my ($name, $sound, @more) = @_;

    my $seconds = LENGTH * NUMBER;

    system(qw(ffmpeg -nostdin -v error -y -f lavfi -i),
           "color=s=64x64:r=30:d=$seconds",
           ($sound ? ('-f', 'lavfi', '-i',
                      "aevalsrc=$sound:s=${\RATE}:d=$seconds") : ()),
           qw(-c:v libx264 -preset ultrafast -g 90 -keyint_min 90),
           qw(-sc_threshold 0 -c:a aac -b:a 128k), @more, '-f', 'segment',
           '-segment_format', 'mpegts', '-segment_time', LENGTH,
           "$dir/$name%d.ts") == 0 or die "ffmpeg failed\n";

    return map { "$dir/$name$_.ts" } 0 .. NUMBER - 1;
}


# [mean of each channel, of 32768], [loudest, root of mean square] by column
sub columns {
    my ($samples, $channels, $from, $to, $width) = @_;

    return map {
        my ($begin, $end) = map { floor(RATE * ($from + ($to - $from) * $_
                                                / $width) + 0.5) }
                            $_, $_ + 1;
        my (@sums, $peak, $squares);

        $peak = $squares = 0;

        for my $i ($begin .. $end - 1) {
            for my $c (0 .. $channels - 1) {
                my $v = abs($samples->[$i * $channels + $c] // 0);

                $sums[$c] += $v;
                $squares += $v * $v;
                $peak = $v if $v > $peak;
            }
        }

        [[map { $_ / ($end - $begin) } @sums], $peak / 32768,
         sqrt($squares / ($end - $begin) / $channels) / 32768];
    } 0 .. $width - 1;
}


# alpha of a column, from the top
sub column {
    my ($png, $x) = @_;

    return map { Wub::Png::pixel($png, $x, $_)->[3] }
           0 .. $png->{height} - 1;
}


# ---- what ffmpeg draws

my $voice = "'0.6*sin(2*PI*t*200)*(0.5+0.5*sin(2*PI*t*0.4))*gt(mod(t,5),1)";
my @stereo = make('stereo', "$voice|0.3*random(0)*mod(t,3)/3'");
my @mono = make('mono', "$voice'");

store('stereo', @stereo);
store('mono', @mono);

for my $row (['stereo', \@stereo, [0, 127, 254]], ['mono', \@mono, [0, 255]]) {
    my ($name, $files, $alphas) = @$row;
    my ($w, $h) = (300, 64);

    Wub::Media::spew("$dir/all.ts", join '', map { Wub::Media::slurp($_) }
                                             @$files);
    system(qw(ffmpeg -nostdin -v error -y -i), "$dir/all.ts",
           '-filter_complex', "[0:a]showwavespic=s=${w}x$h:colors=#000000:"
           . 'scale=sqrt[o]', qw(-map [o] -f image2 -c png),
           "$dir/ffmpeg.png") == 0 or die "ffmpeg failed\n";

    my $want = Wub::Png::parse(Wub::Media::slurp("$dir/ffmpeg.png"));
    my $got = picture($name, 0, LENGTH * NUMBER, '--size', "${w}x$h");
    my %seen = map { ($_ => 1) } map { column($got, $_) } 0 .. $w - 1;
    my $off = 0;

    for my $x (0 .. $w - 1) {
        my @a = column($want, $x);
        my @b = column($got, $x);

        $off += grep { $a[$_] != $b[$_] } 0 .. $h - 1;
    }

    # where its columns begin depends on how much longer the sound is

    ok($off < 0.02 * $w * $h, "$name: as ffmpeg's")
        or diag "$off pixels of " . $w * $h;
    is_deeply([sort { $a <=> $b } keys %seen], $alphas, "$name: its shades");
    is(max(map { @{Wub::Png::pixel($got, $_, $h / 2)}[0 .. 2] }
           0 .. $w - 1), 0, "$name: black");
}


# ---- trimmed

# the sound as ffmpeg decodes it, from the time of the first picture on
my @heard = do {
    Wub::Media::spew("$dir/all.ts", join '', map { Wub::Media::slurp($_) }
                                             @stereo);
    my ($video, $audio) = map {
        my $kind = $_;
        my ($first) = Wub::Media::output(qw(ffprobe -v error -select_streams),
            $kind, qw(-show_entries packet=pts_time -of csv=p=0),
            "$dir/all.ts") =~ /([\d.]+)/;
        $first;
    } 'v', 'a';
    my @samples = unpack 's<*', (Wub::Media::ran(
        qw(ffmpeg -nostdin -v error -i), "$dir/all.ts",
        qw(-f s16le -)))[1];
    my $skip = 2 * floor(RATE * ($video - $audio) + 0.5);

    $skip > 0 ? @samples[$skip .. $#samples] : ((0) x -$skip, @samples);
};

for my $range ([0, 12], [1.234567, 1.9], [2.95, 3.05], [4, 11.5]) {
    my ($from, $to) = @$range;
    my ($w, $h) = (40, 100);
    my @want = columns(\@heard, 2, $from, $to, $w);
    my $json = json('stereo', $from, $to, '--size', "${w}x$h");
    my $png = picture('stereo', $from, $to, '--size', "${w}x$h");

    my @off = grep {
        my @high = map { floor(sqrt($_ / 32767) * $h) } @{$want[$_][0]};
        my $alphas = join ',', column($png, $_);
        my $bar = grep { $_ } split /,/, $alphas;

        abs($bar - max(@high)) > 1;
    } 0 .. $w - 1;
    my @far = grep { abs($json->{peaks}[$_][0] - $want[$_][1]) > 0.03
                     || abs($json->{peaks}[$_][1] - $want[$_][2]) > 0.003 }
              0 .. $w - 1;

    ok(!@off, "from $from to $to: bars") or diag "@off";
    ok(!@far, 'and numbers')
        or diag map { "$_: @{$json->{peaks}[$_]}, not @{$want[$_]}[1, 2]\n" }
                @far;
    is($json->{width}, $w, 'its width');
    is($json->{start}, Wub::Media::text(1e6 * (START + $from)) . 'Z',
       'its start');
    is($json->{end}, Wub::Media::text(1e6 * (START + $to)) . 'Z', 'its end');
    ok(!$json->{sampled}, 'all of it was heard');
}


# ---- holes and silence

store('hole', @stereo[0, 1], undef, $stereo[3]);
store('mute', make('mute', ''));
store('mixed', $stereo[0], "$dir/mute1.ts", $mono[2], $stereo[3]);

{
    my $json = json('hole', 0, 12, '--size', '24x10');
    my $png = picture('hole', 0, 12, '--size', '24x10');

    is(join(',', grep { !defined $json->{peaks}[$_] } 0 .. 23),
       '12,13,14,15,16,17', 'null where there is a hole');
    is(sum(map { column($png, $_) } 12 .. 17), 0, 'and nothing there');
    cmp_ok(sum(map { column($png, $_) } 18 .. 23), '>', 0, 'behind it');

    $json = json('hole', -6, 3, '--size', '9x10');
    is(join(',', grep { !defined $json->{peaks}[$_] } 0 .. 8), '0,1,2,3,4,5',
       'before the first segment');

    $json = json('mute', 0, 12, '--size', '6x10');
    is_deeply($json->{peaks}, [map { [0, 0] } 1 .. 6], 'no sound');
    is(sum(map { column(picture('mute', 0, 12, '--size', '6x10'), $_) }
           0 .. 5), 0, 'is a picture of nothing');

    $json = json('mixed', 0, 12, '--size', '12x10');
    is_deeply($json->{peaks}[4], [0, 0], 'sound only here and there');
    cmp_ok($json->{peaks}[7][1], '>', 0.01, 'and with other channels');

    like((wave('hole', 6, 9))[2], qr/We have no content available/,
         'a range that is a hole');
    is((wave('hole', 6, 9))[0], 1, 'which is a failure');
}

# smaller columns than samples, and one for all
is(scalar(grep { !defined } @{json('stereo', 1, 1.01, '--size', '4096x1')
                              ->{peaks}}), 0, 'many columns of little');
is(picture('stereo', 0, 12, '--size', '1x1')->{width}, 1, 'one pixel');


# ---- long ranges

{
    # sound that is the same in each twelve seconds

    my $twelve = LENGTH * NUMBER;
    my $times = 50;

    store('long', map { @stereo } 1 .. $times);

    my $json = json('long', 0, $twelve * $times, '--size', "${times}x20");
    my @all = columns(\@heard, 2, 0, 12, 1);
    my @far = grep { !(abs($_->[1] - $all[0][2]) < 0.2 * $all[0][2]) }
              @{$json->{peaks}};

    ok($json->{sampled}, 'a long range is sampled');
    ok(!@far, 'about as loud as it is') or diag map { "@$_\n" } @far;

    # and where columns are shorter than segments, each is heard by itself

    my $w = 10 * $times;
    my @want = columns(\@heard, 2, 0, 12, 10);

    $json = json('long', 0, $twelve * $times, '--size', "${w}x20");
    @far = grep { abs($json->{peaks}[$_][1] - $want[$_ % 10][2]) > 0.06 }
           0 .. $w - 1;

    cmp_ok(scalar @far, '<', 0.05 * $w, 'columns of a second');

    $json = json('long', 0, $twelve * $times, '--size', '4096x20');
    ok(!(grep { !defined || $_->[0] == 0 } @{$json->{peaks}}),
       'each of many columns has some');
}


# ---- what is refused

for my $row (['no pixels', qr/--size must/, 0, 3, '--size', '0x5'],
             ['too many', qr/--size must/, 0, 3, '--size', '4097x5'],
             ['half a size', qr/--size must/, 0, 3, '--size', '5'],
             ['a format', qr/png, and json/, 0, 3, '--format', 'jpg'],
             ['a time', qr/--timestamp is not/, 0, 3, '--timestamp',
              '2024-01-05T12:00'],
             ['backwards', qr/end after the start/, 3, 0],
             ['too long', qr/6 hours/, 0, 6 * 3600 + 1])
{
    my ($name, $said, @args) = @$row;
    my ($status, undef, $err) = wave('stereo', @args);

    is($status, 2, "$name is refused");
    like($err, $said, 'with a sentence');
}

done_testing();
