# Frames and thumbnails: the number of a frame is read back for any time, a
# thumbnail is compared pixel by pixel with one that is put together here.

use strict;
use warnings;

use File::Temp qw(tempdir);
use List::Util qw(min);
use POSIX qw(floor);
use Test::More;

use Wub::Media;
use Wub::Png;
use Wub::Streams;

use constant {
    NOTHING => 'We have no content available within the requested time range.',
    SLACK   => 10_000,
    BITS    => 16,
    TIMES   => 8,           # of each stream, at random
};

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-stills-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $seed = $ENV{WUB_SEED} || time;

# a hang is a failure
alarm 300;

srand $seed;
diag "WUB_SEED=$seed" if $ENV{WUB_SEED};


# ---- helpers

# (exit status, standard output, standard error)
sub still {
    my ($kind, $stream, @more) = @_;

    return Wub::Media::ran($worker, 'media', $kind, '--segments',
        $stream->{root}, '--channel', 'chan', '--quality',
        $stream->{quality}, '--output', '-', @more);
}


# the frame of a time, in microseconds, or what was said instead
sub frame {
    my ($stream, $us, @more) = @_;

    my ($status, $out, $err) = still('frame', $stream, '--timestamp',
                                     Wub::Media::text($us), @more);

    return $status eq '0' ? $out : "$status: $err";
}


# what a picture shows, read as wub_look reads it
sub number {
    my ($bytes) = @_;

    return $bytes if $bytes !~ /^\x89PNG/;

    my $png = Wub::Png::parse($bytes);
    my $block = $png->{width} / 20;
    my $n = 0;

    for my $bit (0 .. BITS - 1) {
        my $pixel = Wub::Png::pixel($png, $block * $bit + $block / 2,
                                    $block / 2);
        $n |= 1 << $bit if $pixel->[1] > 126;
    }

    return $n;
}


# [time, number] of all frames, in order
sub frames {
    my ($stream) = @_;

    return sort { $a->[0] <=> $b->[0] } map {
        my $us = $_->{us};
        map { [$us + Wub::Media::ticks($_->[1]), $_->[0]] } @{$_->{units}}
    } @{$stream->{segments}};
}


# what is shown by CONTRACT.md: the last frame by then, if there is footage
sub expected {
    my ($stream, $us) = @_;

    my $nothing = '1: wubloader-worker: ' . NOTHING . "\n";
    my ($segment) = grep { $_->{us} <= $us } reverse @{$stream->{segments}};

    return $nothing if !$segment;

    my $end = $segment->{us} + 1e6 * $segment->{length};
    my $follows = grep { $_->{us} > $segment->{us} && $_->{us} <= $end + SLACK }
                  @{$stream->{segments}};
    my @ticks = sort { $b <=> $a } map { $_->[1] } @{$segment->{units}};

    $end = min($end, $segment->{us} + SLACK
               + Wub::Media::ticks(2 * $ticks[0] - $ticks[1]));

    return $nothing if $us >= $end && !$follows;

    return (grep { $_->[0] <= $us } frames($stream))[-1][1];
}


# the same pictures for all of these times
sub times_ok {
    my ($name, $stream, @times) = @_;

    my @wrong = grep { $_ ne '' } map {
        my ($got, $want) = (number(frame($stream, $_)),
                            expected($stream, $_));

        $got eq $want ? '' : Wub::Media::text($_) . ": $got, not $want";
    } @times;

    ok(!@wrong, "$name: " . @times . ' times') or diag join "\n", @wrong;
}


sub pick {
    return $_[rand @_];
}


# ---- frames

my %streams = map { ($_ => Wub::Streams->make($_, "$dir/$_",
                                              seconds => 6)) }
              qw(open hevcopen ntsc uneven);

sub stream_ok {
    my ($name, $stream) = @_;

    my @frames = map { $_->[0] } frames($stream);
    my @edges = map { $_->{us} } @{$stream->{segments}};
    my $ends = $stream->{segments}[-1]{us}
               + floor(1e6 * $stream->{segments}[-1]{length} - 1);

    times_ok("$name at random", $stream,
             map { $edges[0] + floor(rand $ends - $edges[0]) } 1 .. TIMES);
    times_ok("$name around a frame", $stream,
             map { ($_ - 1, $_, $_ + 1) } pick(@frames));
    times_ok("$name around a segment", $stream,
             map { ($_ - 1, $_) } pick(@edges[1 .. $#edges]));
    times_ok("$name at its ends", $stream, $edges[0] - 1, $edges[0], $ends,
             $ends + 1);
}

stream_ok($_, $streams{$_}) for sort keys %streams;

{
    # frames that are shown at the end of a segment, and coded in the next

    my $stream = $streams{open};
    my $segment = $stream->{segments}[2];
    my @early = grep { $_->[1] < 0 } @{$segment->{units}};

    ok(@early > 0, 'a segment begins with frames of the time before');
    times_ok('before an open key frame', $stream,
             map { $segment->{us} + Wub::Media::ticks($_->[1]) } @early);
}

{
    my $stream = $streams{open};
    my $us = $stream->{segments}[1]{us} + 40_000;
    my ($status, $out) = still('frame', $stream, '--range',
        Wub::Media::text($us) . ',' . Wub::Media::text($us + 1e6));

    is(number($out), expected($stream, $us), 'the start of a range');

    like(frame($stream, $us + 86400e6), qr/^1: .*\Q${\NOTHING}\E/,
         'another day');
    like((still('frame', { %$stream, quality => 'none' }, '--timestamp',
                Wub::Media::text($us)))[2], qr{no folder chan/none},
         'another quality');

    # JPEG, and that it is the same picture

    my $jpg = frame($stream, $us, '--format', 'jpg');
    my $png = frame($stream, $us);

    like($jpg, qr/^\xff\xd8\xff.*\xff\xd9\z/s, 'a JPEG');

    Wub::Media::spew("$dir/one.jpg", $jpg);
    Wub::Media::spew("$dir/one.png", $png);
    my $psnr = Wub::Media::output(qw(ffmpeg -nostdin -hide_banner -i),
        "$dir/one.jpg", '-i', "$dir/one.png", '-lavfi',
        '[0]format=rgb24[a];[1]format=rgb24[b];[a][b]psnr', qw(-f null -));
    my ($average) = $psnr =~ /average:(\S+)/;

    ok($average eq 'inf' || $average > 40, "it is close to the PNG")
        or diag $psnr;
}

{
    # a hole, and a name that promises more than there is: that is shown for
    # 10 ms beyond

    my $stream = $streams{open};
    my ($gone) = splice @{$stream->{segments}}, 1, 1;
    my $last = $stream->{segments}[-1];
    my $end = $last->{us} + 1e6 * $last->{length};
    my $bytes = Wub::Media::slurp($last->{path});

    unlink $gone->{path}, $last->{path};
    %$last = (%$last, %{$stream->put($last->{us} / 1e6, $last->{length} + 1,
                                     'full', $bytes)});

    times_ok('around a hole', $stream, $gone->{us} - 100_000,
             $gone->{us} - 1, $gone->{us}, $last->{us} - 1, $last->{us});
    times_ok('where a video ends', $stream, $end - 1, $end + SLACK - 1,
             $end + SLACK, $end + 500_000);
}

{
    # damage is shown as well as it can be, and the same each time

    my $stream = $streams{uneven};
    my $segment = $stream->{segments}[1];
    my $bytes = Wub::Media::slurp($segment->{path});
    my $us = $segment->{us} + 1_500_000;

    for my $n (1 .. 12) {
        substr $bytes, floor(length($bytes) * $n / 13), 20, 'x' x 20;
    }

    Wub::Media::spew($segment->{path}, $bytes);

    my $png = frame($stream, $us);

    like($png, qr/^\x89PNG/, 'a damaged frame');
    ok($png eq frame($stream, $us), 'the same again');
}


# ---- colours

# In the levels of video, how it is stored, what is said of it, and what it
# is in red, green and blue.
my @red = (255, 0, 0);
my @grey = (55, 55, 55);
my @colours = (
    ['BT.709', [63, 102, 240], 64, 720, 'yuv420p', 'bt709', 'tv', @red],
    ['BT.601', [81, 90, 240], 320, 180, 'yuv420p', 'smpte170m', 'tv', @red],
    ['large, not said', [63, 102, 240], 64, 720, 'yuv420p', undef, 'tv',
     @red],
    ['small, not said', [81, 90, 240], 320, 180, 'yuv420p', undef, 'tv',
     @red],
    ['levels of video', [63, 128, 128], 320, 180, 'yuv420p', 'bt709', 'tv',
     @grey],
    ['all levels', [63, 128, 128], 320, 180, 'yuvj420p', 'bt709', 'pc',
     @grey],
    ['10 bits', [63, 102, 240], 320, 180, 'yuv420p10le', 'bt709', 'tv',
     @red],
    ['4:4:4', [63, 102, 240], 320, 180, 'yuv444p', 'bt709', 'tv', @red],
);

for my $row (@colours) {
    my ($name, $yuv, $w, $h, $format, $space, $range, @rgb) = @$row;
    my $root = "$dir/colour";
    my $deep = $format =~ /10/ ? 4 : 1;

    system(qw(ffmpeg -nostdin -v error -y -f lavfi -i),
           "color=s=${w}x$h:r=10:d=0.2,format=$format,geq="
           . join(':', map { my $c = $_; (qw(lum cb cr))[$c] . '='
                             . $deep * $yuv->[$c] } 0 .. 2),
           qw(-c:v libx264 -preset ultrafast -qp 4 -pix_fmt), $format,
           '-color_range', $range,
           ($space ? ('-colorspace', $space) : ()),
           qw(-f mpegts), "$dir/colour.ts") == 0 or die "ffmpeg failed\n";

    my $stream = bless { root => $root, quality => "c$w$format$yuv->[0]" .
                         ($space || '') }, 'Wub::Media';
    my $segment = $stream->put(1704455992, 0.2, 'full',
                               Wub::Media::slurp("$dir/colour.ts"));
    my $bytes = frame($stream, $segment->{us});
    my $pixel = $bytes =~ /^\x89PNG/
        ? Wub::Png::pixel(Wub::Png::parse($bytes), 20, 20) : [$bytes];
    my @off = grep { abs $pixel->[$_] - $rgb[$_] > 4 } 0 .. 2;

    ok(@$pixel == 3 && !@off, "colours: $name") or diag "@$pixel";
}


# ---- thumbnails

# what must come out: rows of [r, g, b, a]
sub composed {
    my ($frame, $template, $crop, $at) = @_;

    my @rows = map { [map { [@$_] } @$_] } @$template;

    for my $y (0 .. $#rows) {
        for my $x (0 .. $#{$rows[$y]}) {
            my ($r, $g, $b, $alpha) = @{$rows[$y][$x]};
            my ($fx, $fy) = ($x - $at->[0], $y - $at->[1]);

            if ($fx >= 0 && $fy >= 0 && $x < $at->[2] && $y < $at->[3]) {
                my $under = $crop->($frame, $fx, $fy);

                $rows[$y][$x] = [map({ floor(($alpha * ($r, $g, $b)[$_]
                    + (255 - $alpha) * $under->[$_]) / 255 + 0.5) } 0 .. 2),
                    255];

            } elsif ($alpha == 0) {
                $rows[$y][$x] = [0, 0, 0, 0];
            }
        }
    }

    return \@rows;
}


# the pixel of a part of the frame, black beside it
sub part_of {
    my ($left, $top) = @_;

    return sub {
        my ($frame, $x, $y) = @_;

        ($x, $y) = ($x + $left, $y + $top);
        return $x < $frame->{width} && $y < $frame->{height}
               ? Wub::Png::pixel($frame, $x, $y) : [0, 0, 0];
    };
}


# a slow Lanczos filter of three lobes, from a part of the frame into a size
sub scaled {
    my ($frame, $crop, $w, $h) = @_;

    my ($left, $top, $right, $bottom) = @$crop;
    my @x = weights($right - $left, $w);
    my @y = weights($bottom - $top, $h);
    my $part = part_of($left, $top);
    my @across;

    for my $row (0 .. $bottom - $top - 1) {
        my @pixels = map { $part->($frame, $_, $row) } 0 .. $right - $left - 1;

        push @across, [map { my $taps = $_; [map { my $c = $_; my $sum = 0;
            $sum += $_->[1] * $pixels[$_->[0]][$c] for @$taps; $sum } 0 .. 2]
            } @x];
    }

    return [map { my $taps = $_; [map { my $x = $_; [map { my $c = $_;
        my $sum = 0;
        $sum += $_->[1] * $across[$_->[0]][$x][$c] for @$taps;
        $sum < 0 ? 0 : $sum > 255 ? 255 : $sum } 0 .. 2] } 0 .. $w - 1]
        } @y];
}


# for each of $to places: [[place of $from, weight], ...]
sub weights {
    my ($from, $to) = @_;

    my $scale = $from / $to > 1 ? $from / $to : 1;

    return map {
        my $middle = ($_ + 0.5) * $from / $to - 0.5;
        my (%taps, $sum);

        for my $at (floor($middle - 3 * $scale)
                    .. floor($middle + 3 * $scale) + 1)
        {
            my $d = 3.14159265358979 * ($at - $middle) / $scale;

            next if abs $d >= 3 * 3.14159265358979;

            my $weight = $d == 0 ? 1 : 3 * sin($d) * sin($d / 3) / $d ** 2;
            my $place = $at < 0 ? 0 : $at >= $from ? $from - 1 : $at;

            $taps{$place} += $weight;
            $sum += $weight;
        }

        [map { [$_, $taps{$_} / $sum] } keys %taps];
    } 0 .. $to - 1;
}


my $stream = $streams{ntsc};
my $time = Wub::Media::text($stream->{segments}[1]{us} + 700_000);
my $shown = Wub::Png::parse((still('frame', $stream, '--timestamp',
                                   $time))[1]);

# (exit status, what it says, or the picture)
sub thumbnail {
    my ($template, @more) = @_;

    Wub::Media::spew("$dir/t.png", $template);

    my ($status, $out, $err) = still('thumbnail', $stream, '--timestamp',
        $time, '--template', "$dir/t.png", @more);

    return $status eq '0' ? (0, Wub::Png::parse($out)) : ($status, $err);
}


# how many pixels are off, by more than so many levels
sub differs {
    my ($png, $rows, $by) = @_;

    return "$png" if !ref $png;
    return "$png->{width}x$png->{height}"
        if $png->{height} != @$rows || $png->{width} != @{$rows->[0]}
           || $png->{colour} != 6;

    my $off = 0;

    for my $y (0 .. $#$rows) {
        for my $x (0 .. $#{$rows->[$y]}) {
            my $pixel = Wub::Png::pixel($png, $x, $y);

            $off += grep { abs $pixel->[$_] - $rows->[$y][$x][$_]
                           > ($by || 0) } 0 .. 3;
        }
    }

    return $off;
}


# a template of pixels that are made by a function of x and y
sub template {
    my ($w, $h, $bits, $colour, $pixel, %more) = @_;

    return Wub::Png::build(width => $w, height => $h, bits => $bits,
        colour => $colour, %more,
        samples => [map { my $y = $_; map { $pixel->($_, $y) } 0 .. $w - 1 }
                    0 .. $h - 1]);
}


use constant { W => 40, H => 30 };

sub near {
    return floor($_[0] * 255 / 65535 + 0.5);
}


# name, bits, colour, samples of a pixel, [r, g, b, a] of these, more chunks
my @palette = map { [$_ * 16, 255 - $_ * 7, $_ * 3] } 0 .. 15;
my @kinds = (
    ['RGBA', 8, 6, sub { (6 * $_[0], 8 * $_[1], 99,
                          ($_[0] * $_[1]) & 255) }, sub { [@_] }],
    ['RGB', 8, 2, sub { (6 * $_[0], 8 * $_[1], 99) },
     sub { [@_, 255] }],
    ['RGB and one that is clear', 8, 2, sub { ($_[0] & 3, 5, 9) },
     sub { [@_, $_[0] == 2 ? 0 : 255] }, alphas => pack('n3', 2, 5, 9)],
    ['RGBA of 16 bits', 16, 6, sub { (1700 * $_[0] % 65536, 2100 * $_[1],
        40000, (300 * $_[0] * $_[1]) % 65536) }, sub { [map { near($_) } @_] }],
    ['RGB of 16 bits', 16, 2, sub { (1700 * $_[0] % 65536, 2100 * $_[1], 7) },
     sub { [map({ near($_) } @_), 255] }],
    ['a palette', 8, 3, sub { ($_[0] + $_[1]) % 16 },
     sub { [@{$palette[$_[0]]}, 255] }, palette => \@palette],
    ['a palette with alpha', 8, 3, sub { ($_[0] + $_[1]) % 16 },
     sub { [@{$palette[$_[0]]}, $_[0] < 10 ? 20 * $_[0] : 255] },
     palette => \@palette, alphas => pack('C*', map { 20 * $_ } 0 .. 9)],
    ['a palette of 4 bits', 4, 3, sub { ($_[0] + $_[1]) % 16 },
     sub { [@{$palette[$_[0]]}, 255] }, palette => \@palette],
    ['a palette of 1 bit', 1, 3, sub { ($_[0] + $_[1]) % 2 },
     sub { [@{$palette[$_[0]]}, $_[0] ? 255 : 77] },
     palette => [@palette[0, 1]], alphas => pack('C', 77)],
    ['grey', 8, 0, sub { 5 * $_[0] }, sub { [($_[0]) x 3, 255] }],
    ['grey of 1 bit', 1, 0, sub { ($_[0] + $_[1]) % 2 },
     sub { [(255 * $_[0]) x 3, 255] }],
    ['grey of 2 bits', 2, 0, sub { ($_[0] + $_[1]) % 4 },
     sub { [(85 * $_[0]) x 3, 255] }],
    ['grey of 4 bits', 4, 0, sub { ($_[0] + $_[1]) % 16 },
     sub { [(17 * $_[0]) x 3, 255] }],
    ['grey of 16 bits', 16, 0, sub { 1637 * $_[0] },
     sub { [(near($_[0])) x 3, 255] }],
    ['grey and one that is clear', 8, 0, sub { $_[0] },
     sub { [($_[0]) x 3, $_[0] == 20 ? 0 : 255] }, alphas => pack('n', 20)],
    ['grey and alpha', 8, 4, sub { (5 * $_[0], 8 * $_[1]) },
     sub { [($_[0]) x 3, $_[1]] }],
    ['grey and alpha of 16 bits', 16, 4, sub { (1637 * $_[0], 2000 * $_[1]) },
     sub { [(near($_[0])) x 3, near($_[1])] }],
);

for my $kind (@kinds) {
    my ($name, $bits, $colour, $samples, $rgba, %more) = @$kind;
    my $rows = [map { my $y = $_; [map { $rgba->($samples->($_, $y)) }
                                   0 .. W - 1] } 0 .. H - 1];
    my (undef, $got) = thumbnail(
        template(W, H, $bits, $colour, $samples, %more),
        '--crop', '100,40,124,56', '--location', '5,6,29,22');

    is(differs($got, composed($shown, $rows, part_of(100, 40),
                              [5, 6, 29, 22])), 0, "a template of $name");
}

my $clear = template(W, H, 8, 6, sub { (9, 9, 9, 0) });
my $empty = [map { [map { [0, 0, 0, 0] } 1 .. W] } 1 .. H];

# boxes, of the same size, that reach out of the frame or the template
for my $row (['out of the frame', '310,100,334,116', '5,6,29,22'],
             ['beside the frame', '400,200,424,216', '5,6,29,22'],
             ['out of the template', '100,40,140,60', '30,20,70,40'],
             ['beside the template', '100,40,140,60', '100,100,140,120'])
{
    my ($name, $crop, $location) = @$row;
    my (undef, $got) = thumbnail($clear, '--crop', $crop, '--location',
                                 $location);

    is(differs($got, composed($shown, $empty, part_of(split /,/, $crop),
                              [split /,/, $location])), 0, "a box $name");
}

# other sizes
for my $row (['smaller', [0, 0, 320, 112], [2, 3, 38, 17]],
             ['larger', [60, 50, 75, 60], [0, 0, 40, 30]],
             ['wider and lower', [60, 50, 80, 100], [4, 0, 40, 20]])
{
    my ($name, $crop, $at) = @$row;
    my $rows = scaled($shown, $crop, $at->[2] - $at->[0],
                      $at->[3] - $at->[1]);
    my (undef, $got) = thumbnail($clear, '--crop', join(',', @$crop),
                                 '--location', join(',', @$at));

    my $want = composed(undef, $empty, sub { $rows->[$_[2]][$_[1]] }, $at);

    # small weights are left out there

    is(differs($got, $want, 6), 0, "scaled $name");
    cmp_ok(differs($got, $want, 1), '<', 0.01 * W * H, 'and mostly equal');
}

{
    # neither box: all of the frame in all of the template

    my (undef, $all) = thumbnail($clear);
    my (undef, $said) = thumbnail($clear, '--crop', '0,0,320,112',
                                  '--location', '0,0,40,30');

    is_deeply($all->{samples}, $said->{samples}, 'no boxes');

    # those beside the template, which those of the command go before

    Wub::Media::spew("$dir/t.json", '{"crop": [60, 50, 75, 60],'
                     . ' "location": [4, 0, 40, 20], "name": "x"}');

    my (undef, $beside) = thumbnail($clear);
    (undef, $said) = thumbnail($clear, '--crop', '60,50,75,60',
                               '--location', '4,0,40,20');
    is_deeply($beside->{samples}, $said->{samples}, 'boxes of a file');

    mkdir "$dir/templates";
    Wub::Media::spew("$dir/templates/name.png", $clear);
    Wub::Media::spew("$dir/config.json", qq({"templates": "$dir/templates"}));

    my ($status, $out) = still('thumbnail', $stream, '--timestamp', $time,
        '--config', "$dir/config.json", '--template', 'name', '--crop',
        '60,50,75,60', '--location', '4,0,40,20');
    is_deeply($status eq '0' ? Wub::Png::parse($out)->{samples} : $status,
              $said->{samples}, 'a template of the configuration');

    for my $json ('[]', '{"crop": [1, 2, 3]}', '{"location": [1, 2, 3, -4]}',
                  '{"crop": "1,2,3,4"}', '{')
    {
        Wub::Media::spew("$dir/t.json", $json);
        my ($code, $err) = thumbnail($clear);

        is($code, 2, "beside it $json");
        like($err, qr/t\.json/, 'is said') if $json ne '{';
    }

    unlink "$dir/t.json";
}

# templates and boxes that are none: exit status 2 and a sentence
my $broken = $clear;
my $huge = $clear;

substr $broken, -30, 1, 'x';
substr $huge, 16, 8, pack('NN', 40000, 40000);
substr $huge, 29, 4, pack('N', Compress::Raw::Zlib::crc32(substr $huge, 12,
                                                          17));

for my $row (['no PNG', 'GIF89a', qr/not a PNG/],
             ['nothing', '', qr/not a PNG/],
             ['a head', substr($clear, 0, 33), qr/damaged/],
             ['a part', substr($clear, 0, -40), qr/damaged/],
             ['a wrong byte', $broken, qr/damaged/],
             ['too many pixels', $huge, qr/more than 32 megapixels/],
             ['no pixels', template(0, 0, 8, 6, sub { }), qr/without pixels/],
             ['too many bytes', $clear . "\0" x (20 << 20), qr/than 20 MB/],
             ['an empty crop', $clear, qr/crop has no/, '--crop', '5,5,5,9'],
             ['a crop backwards', $clear, qr/crop has no/, '--crop',
              '5,9,9,5'],
             ['an empty location', $clear, qr/location has no/, '--location',
              '5,5,9,5'],
             ['a large location', $clear, qr/more than 4096/, '--location',
              '0,0,5000,5'],
             ['three numbers', $clear, qr/--crop must/, '--crop', '1,2,3'],
             ['five numbers', $clear, qr/--crop must/, '--crop', '1,2,3,4,5'],
             ['a negative one', $clear, qr/--location must/, '--location',
              '-1,2,3,4'],
             ['a size', $clear, qr/--size is not/, '--size', '1x1'],
             ['a format', $clear, qr/--format/, '--format', 'jpg'])
{
    my ($name, $template, $said, @more) = @$row;
    my ($status, $err) = thumbnail($template, @more);

    is($status, 2, "$name is refused");
    like($err, $said, 'with a sentence');
    unlike($err, qr/\n./, 'and no more');
}

like((still('thumbnail', $stream, '--timestamp', $time))[2],
     qr/--template FILE/, 'no template');
like((still('thumbnail', $stream, '--timestamp', $time, '--template',
            "$dir/none.png"))[2], qr/none\.png cannot be opened/,
     'a template that is not there');
like((still('frame', $stream))[2], qr/--timestamp T/, 'no time');
like((still('frame', $stream, '--timestamp', 'noon'))[2],
     qr/--timestamp must be/, 'a time that is none');
like((still('frame', $stream, '--timestamp', $time, '--plan'))[2],
     qr/options of cuts/, 'an option of cuts');

{
    # a file appears when it is whole, and only then

    my $file = "$dir/out.png";

    is((still('frame', $stream, '--timestamp', $time, '--output',
              $file))[0], 0, 'into a file');
    is_deeply(Wub::Png::parse(Wub::Media::slurp($file))->{samples},
              $shown->{samples}, 'the same');
    unlink $file;
    still('frame', $stream, '--timestamp', '2020-01-01T00:00', '--output',
          $file);
    is_deeply([glob "$dir/*out*"], [], 'nothing of nothing');
}

done_testing();
