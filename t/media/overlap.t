
# The overlap of a transition, frame by frame: each frame that goes out is
# shown at its time with the nearest one that comes in, whatever the rates,
# gaps and lengths of the two are, and what follows is in step.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use List::Util qw(sum0);
use Test::More;

use Wub::Media;
use Wub::Streams;

use constant {
    HZ   => Wub::Media::HZ,
    MARK => 0.03,           # so near the middle a fade shows neither number
    TICK => 2,              # times may be off by so many ticks
};

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-overlap-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %streams;

# a hang is a failure
alarm 300;


# ---- helpers

sub stream {
    my ($name) = @_;

    return $streams{$name} ||= Wub::Streams->make($name, "$dir/$name");
}


# [start, end] of each range in microseconds, from seconds of the stream
sub spans {
    my ($stream, @ranges) = @_;

    return map { [map { sprintf '%.0f', ($stream->{start} + $_) * 1e6 } @$_]
               } @ranges;
}


sub command {
    my ($stream, $kind, $length, @ranges) = @_;

    return ($worker, 'media', $kind, '--segments', $stream->{root},
            qw(--channel chan --quality source),
            ($stream->{holes} ? '--allow-holes' : ()),
            '--transition', "fade,$length",
            map { ('--range', join ',', map { Wub::Media::text($_) } @$_) }
            spans($stream, @ranges));
}


# (file, what was said) of two ranges
sub cut {
    my ($stream, $kind, $length, @ranges) = @_;

    my $file = "$dir/out.$kind";

    unlink $file;

    return ($file, Wub::Media::output(command($stream, $kind, $length,
                                              @ranges), '--output', $file));
}


# [number, place, duration] of a range's frames, in ticks from the first; a
# hole takes no time
sub frames {
    my ($stream, $range) = @_;

    my ($numbers) = $stream->expected($range);
    my $each = HZ * $stream->{den} / $stream->{num};
    my @frames;

    my $place = 0;

    for my $n (@$numbers) {
        my $next = $stream->{times}{$n + 1};
        my $long = defined $next ? HZ * ($next - $stream->{times}{$n})
                                 : $each;

        push @frames, [$n, $place, $long];
        $place += $long;
    }

    return @frames;
}


# What a cut of two ranges shows, by a search through all frames: for each
# of its frames [place, one number or both of them].
sub shown {
    my ($stream, $length, $first, $second) = @_;

    my $join = Wub::Streams::last_of($stream, @$first, 1e6 * $length);
    my @alone = frames($stream, [$first->[0], $join]);
    my @from = frames($stream, [$join, $first->[1]]);
    my @to = frames($stream, $second);
    my $at = @alone ? $alone[-1][1] + $alone[-1][2] : 0;

    return map({ [$_->[1], $_->[0]] } @alone),
           map({ [$at + $_->[1], $_->[0]] } @to)
        if !@from;

    my $end = $from[-1][1] + $from[-1][2];
    my @rest = grep { $_->[1] > $from[-1][1]
                      && $_->[1] + $_->[2] / 2 > $end + 0.01 } @to;
    my $all = @rest ? $rest[0][1] : $end;

    splice @to, @to - @rest;

    my @pairs = map {
        my $f = $_;
        my ($near) = sort { abs($a->[1] - $f->[1]) <=> abs($b->[1] - $f->[1])
                            || $a->[1] <=> $b->[1] } @to;
        my $gone = $f->[1] / $all - 0.5;

        [$at + $f->[1], $gone < -MARK ? $f->[0] : $gone > MARK ? $near->[0]
                        : -1];
    } @from;

    return map({ [$_->[1], $_->[0]] } @alone), @pairs,
           map { [$at + $_->[1], $_->[0]] } @rest;
}


sub check {
    my ($name, $kind, $length, @ranges) = @_;

    my $what = "$name, $kind: " . join ' to ', map { "@$_" } @ranges;
    my $stream = stream($name);
    my ($file, $said) = cut($stream, $kind, $length, @ranges);
    my @want = shown($stream, $length, spans($stream, @ranges));

    is($said, '', "$what: says nothing");

    my $got = Wub::Media->read($file);
    my @clock = sort { $a <=> $b } map { $_->{pts} }
                @{$got->{packets}{video}};
    my $unit = $kind eq 'mp4' ? stamp_unit($file) : 1;
    my $numbers = $got->{numbers};

    is(scalar @clock, scalar @want, "$what: so many frames");
    is(scalar @$numbers, scalar @want, "$what: so many pictures");

    my (@late, @other);

    for my $i (0 .. $#want) {
        my $time = (($clock[$i] // 0) - $clock[0]) * $unit;
        my $number = $numbers->[$i] // 'nothing';

        push @late, "$i at $time, not $want[$i][0]"
            if abs($time - $want[$i][0]) > TICK;
        push @other, "$i is $number, not $want[$i][1]"
            if $want[$i][1] >= 0 && $number ne $want[$i][1];
    }

    is("@late[0 .. ($#late > 3 ? 3 : $#late)]", '', "$what: times");
    is("@other[0 .. ($#other > 3 ? 3 : $#other)]", '', "$what: pictures");

    return;
}


# ticks of 90 kHz in one of the video's
sub stamp_unit {
    my ($file) = @_;

    my ($num, $den) = Wub::Media::output(qw(ffprobe -v error -select_streams
        v -show_entries stream=time_base -of csv=p=0), $file)
        =~ m{(\d+)/(\d+)};

    return HZ * $num / $den;
}


# ---- frames

check('plain', 'mpegts', 1, [1, 4], [6, 9]);
check('plain', 'mp4', 1, [1, 2], [6, 7]);
check('plain', 'mpegts', 1.51, [3, 6], [1.02, 4.03]);
check('open', 'mpegts', 1, [1.1, 3.7], [4.5, 6.2]);

# of other rates, and uneven ones

check('rates', 'mpegts', 1, [1, 3], [4.5, 6]);
check('rates', 'mpegts', 1, [4.5, 6.5], [1, 3]);
check('uneven', 'mpegts', 1.3, [0.5, 2.5], [3.1, 5.5]);
check('uneven', 'mpegts', 0.7, [3, 4], [0.3, 1.4]);

# what comes in is over too early, and holes within and instead

check('holes', 'mpegts', 2, [0, 3], [6.8, 9]);
check('holes', 'mpegts', 3, [1, 5], [2.5, 8]);
check('holes', 'mpegts', 1, [1, 5], [3, 7]);


# ---- the plan: each side by itself, with frames that lie behind its segment

for my $second ([3, 7.4], [4.5, 7.4]) {
    my $plan = decode_json(Wub::Media::output(command(stream('open'),
        'mpegts', 1, [1.1, 4], $second), '--plan'));
    my ($step) = grep { $_->{do} eq 'overlap' } @{$plan->{steps}};

    for my $side (qw(from to)) {
        is(sum0(map { $_->{frames} } @{$step->{$side}{decode}}), 30,
           "the plan, then @$second: $side");
    }
}


# ---- sound: a tone goes on in phase where ranges are whole seconds apart

{
    my ($file, $said) = cut(stream('sine'), 'mp4', 1, [1, 3], [4, 6]);

    is($said, '', 'a tone: says nothing');

    my @samples = unpack 's<*', Wub::Media::output(qw(ffmpeg -nostdin -v
        error -i), $file, qw(-f s16le -ac 1 -ar 48000 -));
    my $twice = 2 * cos(2 * 3.14159265358979 * 440 / 48000);
    my (@jumps, @faint);

    for (my $at = 4800; $at + 9600 < @samples; $at += 480) {
        my $peak = 0;
        my $jump = 0;

        for my $i ($at .. $at + 479) {
            my $off = abs($samples[$i] - $twice * $samples[$i - 1]
                          + $samples[$i - 2]);

            $jump = $off if $off > $jump;
            $peak = abs $samples[$i] if abs $samples[$i] > $peak;
        }

        push @jumps, $at / 48000 if $jump > 8;
        push @faint, $at / 48000 if $peak < 11000 || $peak > 13000;
    }

    cmp_ok(scalar @samples, '>=', 3 * 48000, 'a tone: all of it');
    is("@jumps", '', 'a tone: no jump');
    is("@faint", '', 'a tone: as loud everywhere');
}


# ---- what cannot be decoded, and what is damaged, is told once

{
    my (undef, $said) = cut(stream('openhole'), 'mpegts', 1, [6, 8],
                            [5.9, 8]);

    like($said, qr/warning: 2 frames could not be decoded/, 'lost frames');

    (undef, $said) = cut(stream('garbage'), 'mpegts', 3, [1, 5], [1, 7]);

    like($said, qr/the sound is damaged in \d+ places?\n\z/,
         'sound that is damaged');
}

done_testing;
