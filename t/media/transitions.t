# Transitions: two ranges at the same time.  What lies outside of them is as
# exact as ever, to the frame and, where it is copied, to the bit; what lies
# within is as long as it should be; and no sound is lost.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use List::Util qw(max min);
use POSIX qw(floor);
use Test::More;

use Wub::Judge;
use Wub::Media;
use Wub::Streams;

use constant {
    HZ   => Wub::Media::HZ,
    NONE => -9,             # the number of a frame that is two
    LAST => 50000,          # and of one that is the last of all
};

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-transitions-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);
my $seed = $ENV{WUB_SEED} || time;
my %streams;

# how Wub::Judge knows the kinds
my %kinds = (
    smart  => { clock => 1, off => 1, copies => 1 },
    mpegts => { clock => 1, off => 0.5 },
    mp4    => { clock => 2, off => 0.5 },
    webm   => { clock => 91, off => 0.5, frame => 0.02 },
);

# a hang is a failure
alarm 600;

srand $seed;

my @names = names();

subtest 'each name' => \&each_name;
subtest 'kinds' => \&all_kinds;
subtest 'lengths' => \&durations;
subtest 'sources' => \&sources;
subtest 'ends' => \&ends;
subtest 'what is heard' => \&heard;
subtest 'the plan' => \&planned;
subtest 'what is refused' => \&refused;

is(join(' ', glob "$dir/*.temp"), '', 'no temporary file is left');
diag "WUB_SEED=$seed" if !Test::More->builder->is_passing;
done_testing;


# ---- helpers

# those that thrimshim serves
sub names {
    return Wub::Media::slurp('common/wub_transition_names.c')
           =~ /^ +\{ wub_string\("([a-z]+)"\)/mg;
}


sub stream {
    my ($name) = @_;

    return $streams{$name} ||= Wub::Streams->make($name, "$dir/$name");
}


# [from, to] in seconds of the stream
sub range {
    my ($stream, $from, $to) = @_;

    return [map { sprintf '%.0f', ($stream->{start} + $_) * 1e6 } $from, $to];
}


# the same of numbers of frames, from between two of them to between two
sub frames {
    my ($stream, @n) = @_;

    return range($stream, map { ($_ - 0.5) * $stream->{den}
                                / $stream->{num} } @n);
}


sub options {
    my (@joins) = @_;

    return map { ('--transition', $_ ? join ',', @$_ : '') } @joins;
}


# What a cut has: numbers of frames, undefined in a transition, and of each
# of them whether a smart cut copies it.
sub layout {
    my ($stream, $ranges, $joins) = @_;

    my $taken = 0;
    my (@want, @copied);

    for my $i (0 .. $#$ranges) {
        my ($start, $end) = @{$ranges->[$i]};
        my ($all) = $stream->expected([$start, $end]);
        my @left = @$all[$taken .. $#$all];
        my $long = $joins->[$i] ? sprintf '%.0f', $joins->[$i][1] * 1e6 : 0;
        my $join = Wub::Streams::last_of($stream, $start, $end, $long);
        my ($tail) = $stream->expected([$join, $end]);
        my $over = min(scalar @left, scalar @$tail);

        if (@left > $over) {
            my @alone = ($taken ? at($stream, $left[0]) - 5 : $start,
                         $long ? at($stream, $left[-1 - $over]) + 5 : $end);
            my ($numbers, undef, $flags) = $stream->expected(\@alone);

            die "@$numbers\n" if @$numbers != @left - $over;
            push @want, @$numbers;
            push @copied, @$flags;
        }

        push @want, (undef) x $over;
        push @copied, (0) x $over;
        $taken = 0;

        if ($over) {
            my ($next) = $stream->expected($ranges->[$i + 1]);
            $taken = min($over, scalar @$next);
        }
    }

    return (\@want, \@copied);
}


# the time of a frame, in microseconds
sub at {
    my ($stream, $n) = @_;

    return sprintf '%.0f', ($stream->{start} + $stream->{times}{$n}) * 1e6;
}


# makes a cut; everything that must be true of it; returns it taken apart
sub check {
    my ($name, $kind, $stream, $ranges, $joins, %o) = @_;

    my $file = "$dir/cut." . ($kind =~ /^mp4|webm$/ ? $kind : 'ts');
    my ($status, $err) = $judge->run($kind, $stream, $ranges,
        options(@$joins), '--output', $file);

    if ($status ne '0' || $err ne '') {
        fail("$name: exit status $status, $err");
        return;
    }

    my $k = $kinds{$kind};
    my $video = $judge->look($file, $judge->references($stream));
    my ($want, $copied) = layout($stream, $ranges, $joins);
    my @frames = @{$video->{frames}};
    my @wrong = map { "says: $_" } @{$video->{noise}};

    $judge->hashes($stream);

    push @wrong, @frames . ' frames, not ' . @$want if @frames != @$want;
    push @wrong, $judge->again($file, $video, @frames == 1) if !$o{quick};

    local $stream->{times} = { %{$stream->{times}}, LAST, 9e5, LAST + 1,
                               9e5 + $stream->{den} / $stream->{num} };

    # what is within has no number

    for my $i (0 .. min($#$want, $#frames)) {
        if (!defined $want->[$i]) {
            $frames[$i]{number} = $i == $#frames ? LAST : NONE;

        } elsif ($frames[$i]{number} != $want->[$i]) {
            push @wrong, "frame $i is $frames[$i]{number}, not $want->[$i]";
            last;
        }
    }

    my $lines = [map { defined $want->[$_] ? $_ : undef } 0 .. $#$want];

    push @wrong, Wub::Judge::stamps($k, $stream, $video);
    push @wrong, Wub::Judge::pictures($k, $stream, $video, $lines, $copied)
        if @frames == @$want;
    push @wrong, spaces($k, $stream, $video);
    push @wrong, grep { !/^0 tones/ || (grep { defined } @$want) > 45 }
        Wub::Sound::sound_wrong($k, $stream, $video);

    splice @wrong, 5;
    is(join('; ', @wrong), '', $name);
    unlink $file;

    return $video;
}


# all of them are as far apart as in the stream
sub spaces {
    my ($k, $stream, $video) = @_;

    my @pts = map { $_->{pts} } @{$video->{frames}};
    my $long = HZ * $stream->{den} / $stream->{num};
    my ($wrong) = grep { abs($pts[$_] - $pts[$_ - 1] - $long)
                         > $k->{clock} + 1 } 1 .. $#pts;

    return defined $wrong
        ? ($pts[$wrong] - $pts[$wrong - 1]) . " ticks before frame $wrong"
        : ();
}


# ---- names

# From each of two ranges to the other, thirty times: a name is a look of its
# own.
sub each_name {
    my $stream = stream('plain');
    my @pair = (frames($stream, 70, 82), frames($stream, 200, 212));
    my %seen;

    is(scalar @names, 60, 'sixty of them');

    while (my @some = splice @names, 0, 20) {
        my @ranges = map { $pair[$_ % 2] } 0 .. @some;
        my $video = check("@some", 'smart', $stream, \@ranges,
                          [map { [$_, 0.1667] } @some]);
        my $at = 5;

        for my $i (0 .. $#some) {
            my $frame = $video && $video->{frames}[$at += $i ? 7 : 4];
            my $twin = $seen{$i % 2}{$frame->{hash} // ''} // '';

            is($twin, '', "$some[$i] is no other one");
            $seen{$i % 2}{$frame->{hash} // ''} = $some[$i];
        }
    }
}


sub all_kinds {
    my $stream = stream('plain');
    my @ranges = (range($stream, 0.5, 3.2), range($stream, 5.1, 8.04),
                  range($stream, 1, 2.5), range($stream, 8.5, 10));
    my @joins = (['circleopen', 0.7], ['batman', 0.45], undef);

    check($_, $_, $stream, \@ranges, \@joins) for sort keys %kinds;
}


# ---- lengths

# of a frame, of none, of a whole range, and of what comes
sub durations {
    my $stream = stream('plain');
    my @range = map { range($stream, @$_) } [1, 2], [4.5, 6.5], [8, 9];

    for my $case ([qw(0.033333 0.033334)], [1, 1], [1, 0.5],
                  [qw(0.000001 0.01)], [qw(0.999999 0.050001)])
    {
        check("@$case s", 'smart', $stream, \@range,
              [map { ['fade', $_] } @$case], quick => 1);
    }

    # two that take all of the range between them

    check('nothing between them', 'smart', $stream, \@range,
          [['fade', 0.9], ['wipeleft', 1]]);
    check('nothing but them', 'smart', $stream, [@range[0, 2, 0]],
          [['fade', 0.7], ['wipeleft', 0.3]]);

    for my $turn (1 .. 8) {
        my @ranges = map {
            my $from = rand 10;
            range($stream, $from, $from + 0.3 + rand(11.6 - $from));
        } 1 .. 2 + rand 3;
        my @length = map { ($_->[1] - $_->[0]) / 1e6 } @ranges;
        my $before = 0;
        my @joins = map {
            my $most = min($length[$_ - 1] - $before, $length[$_]);
            $before = sprintf '%.6f', rand($most) * 0.999;
            rand() < 0.2 || $before < 0.001 ? do { $before = 0; undef }
                                            : ['fade', $before];
        } 1 .. $#ranges;

        check("random: " . join(' ', map { "[@$_]" } @ranges)
              . join(' ', options(@joins)), 'smart', $stream, \@ranges,
              \@joins, quick => 1);
    }
}


# ---- sources

sub sources {
    my @cases = (
        ['open', [0.7, 3.1], [4.4, 7.1]],
        ['hevc', [0.7, 3.1], [4.4, 7.1]],
        ['hevcopen', [0.7, 3.1], [4.4, 7.1]],
        ['tracks', [0.7, 3.1], [4.4, 7.1]],
        ['wrap', [0.7, 3.1], [4.4, 7.1]],
        ['ntsc', [0.7, 3.1], [4.4, 7.1]],
        ['mute', [0.7, 3.1], [4.4, 7.1]],
        ['size', [0.2, 2.6], [4.6, 7.1], [0.5, 2.5]],
        ['anew', [0.7, 4.3], [5.7, 7.5]],
        ['short', [0.7, 3.1], [3.1, 5], [4, 4.7]],
    );

    for my $case (@cases) {
        my ($name, @ranges) = @$case;
        my $stream = stream($name);

        check($name, 'smart', $stream, [map { range($stream, @$_) } @ranges],
              [map { ['slideup', 0.6] } 1 .. $#ranges]);
    }

    # segments that are missing: [4, 6) and [8, 10)

    my $stream = stream('holes');

    check('a hole in both', 'smart', $stream,
          [range($stream, 1, 6.3), range($stream, 3.8, 7.5)],
          [['fade', 0.6]]);
    check('a hole instead of one', 'smart', $stream,
          [range($stream, 1, 5.5), range($stream, 6.8, 7.5)],
          [['fade', 0.6]]);
    check('a hole in the one that ends', 'smart', $stream,
          [range($stream, 2, 6.5), range($stream, 1, 3)], [['fade', 1]]);
    check('two holes in it', 'mpegts', $stream,
          [range($stream, 2, 10.3), range($stream, 1, 3.9)],
          [['fade', 2.5]]);
    check('less than the transition', 'smart', $stream,
          [range($stream, 3.5, 6.2), range($stream, 1, 3)], [['fade', 1]]);
    check('less of the one between', 'smart', $stream,
          [range($stream, 0.5, 2), range($stream, 3.5, 6.5),
           range($stream, 6.5, 8)], [['fade', 0.4], ['fade', 1.1]]);
}


# a transition is the first thing, and the last one
sub ends {
    for my $name (qw(plain open hevc)) {
        my $stream = stream($name);

        check("$name: at the beginning", 'smart', $stream,
              [range($stream, 1.2, 2.2), range($stream, 4.4, 7.1)],
              [['fade', 1]]);
        check("$name: at the end", 'smart', $stream,
              [range($stream, 0.7, 3.1), range($stream, 4.4, 5)],
              [['fade', 0.6]]);
        check("$name: alone", 'smart', $stream,
              [range($stream, 0.7, 1.3), range($stream, 4.4, 5)],
              [['fade', 0.6]]);
    }
}


# ---- sound

# a sine in each range: which one is heard, and how loud
sub heard {
    my @hz = (500, 1250);
    my $stream = Wub::Media->make("$dir/low", sine => $hz[0], seconds => 4);
    my $high = Wub::Media->make("$dir/high", sine => $hz[1], seconds => 4);

    $stream->put($_->{us} / 1e6 + 8, $_->{length}, 'full',
                 Wub::Media::slurp($_->{path})) for @{$high->{segments}};

    for my $kind (sort keys %kinds) {
        my $file = "$dir/heard." . ($kind =~ /^mp4|webm$/ ? $kind : 'ts');
        my ($status, $err) = $judge->run($kind, $stream,
            [range($stream, 0.5, 3.5), range($stream, 8.4, 11.5)],
            '--transition', 'fade,1', '--output', $file);

        is("$status $err", '0 ', "$kind: status");

        my @got = loudness($file, @hz);
        my $clicks = 0;

        for my $i (0 .. $#got) {
            my $time = $i * 0.05 + 0.025;
            my $share = $time < 2 ? 1 : $time > 3 ? 0 : 3 - $time;
            my @want = ($share, 1 - $share);

            # the beginning and the end are within a frame of where they are

            next if abs($time - 2) < 0.1 || abs($time - 3) < 0.1
                 || $time < 0.05 || $time > 5;
            $clicks++ if grep { abs($got[$i][$_] - $want[$_]) > 0.08 } 0, 1;
        }

        is($clicks, 0, "$kind: the one, both, the other one")
            or diag(join "\n", map { sprintf '%.3f: %.2f %.2f', 0.05 * $_,
                                     @{$got[$_]} } 0 .. $#got);
        unlink $file;
    }

    steady();
    level($stream);
}


# where copied sound and that of a transition meet, none of it is missing
sub level {
    my ($stream) = @_;

    for my $n (0 .. 3) {
        my $end = 3.5 + $n / 30;
        my ($status, $err) = $judge->run('smart', $stream,
            [range($stream, 0.5, $end), range($stream, 8.4, 11.5)],
            '--transition', 'fade,1', '--output', "$dir/level.ts");
        my @s = samples("$dir/level.ts", 48000);
        my @levels;

        for my $join ($end - 1.5, $end - 0.5) {
            for my $ms (-30 .. 29) {
                my $at = floor(48000 * ($join + $ms / 1000));
                my $sum = 0;

                $sum += $_ ** 2 for @s[$at .. $at + 239];
                push @levels, sqrt($sum / 120) / 12000;
            }
        }

        cmp_ok(min(@levels), '>', 0.85, "joins of sound, $n: not lower");
        cmp_ok(max(@levels), '<', 1.15, '... nor higher');
    }
}


# one tone in both: it goes on without a click
sub steady {
    my $stream = stream('sine');

    check("a steady tone, $_", 'smart', $stream,
          [range($stream, 0.5, 3.1 + $_ / 100),
           range($stream, 3.1 + $_ / 100 - 0.55, 6 - $_ / 170)],
          [['fade', 0.55]]) for 1 .. 3;
}


# [share of the first pitch, of the second one] of each twentieth of a second
sub loudness {
    my ($file, @hz) = @_;

    my $rate = 8000;
    my @s = samples($file, $rate);
    my $n = $rate / 20;
    my @found;

    for (my $at = 0; $at + $n <= @s; $at += $n) {
        push @found, [map {
            my ($re, $im, $w) = (0, 0, 2 * Wub::Media::PI * $_ / $rate);

            for my $i (0 .. $n - 1) {
                $re += $s[$at + $i] * cos($w * $i);
                $im += $s[$at + $i] * sin($w * $i);
            }

            2 * sqrt($re * $re + $im * $im) / $n / 12000;
        } @hz];
    }

    return @found;
}


sub samples {
    my ($file, $rate) = @_;

    my $raw = "$file.raw";

    Wub::Media::output(qw(ffmpeg -nostdin -v error -y -i), $file,
                       qw(-map 0:a -ac 1 -f s16le -ar), $rate, $raw);

    my @s = unpack 's<*', Wub::Media::slurp($raw);
    unlink $raw;

    return @s;
}


# ---- the plan

sub planned {
    my $stream = stream('plain');
    my @ranges = (range($stream, 0.5, 5.2), range($stream, 7.1, 10.9));
    my @command = ($judge->command('smart', $stream, \@ranges),
                   options(['wipeleft', 0.5]));
    my ($status, $text) = Wub::Media::ran(@command, '--plan');
    my (undef, undef, $did) = Wub::Media::ran(@command, '--output',
        "$dir/plan.ts", '--log-level', 'debug');

    is($status, 0, 'status');
    is($did, $text, 'the plan is what was done');

    my $plan = decode_json($text);
    my ($want, $copied) = layout($stream, \@ranges, [['wipeleft', 0.5]]);
    my @steps = @{$plan->{steps}};
    my ($over) = grep { $_->{do} eq 'overlap' } @steps;
    my $n = 0;

    is($plan->{frames}, @$want, 'frames');
    is($plan->{copied}, scalar(grep { $_ } @$copied), 'copied');
    cmp_ok($plan->{copied}, '>=', 120, 'half of them');
    $n += $_->{frames} for @steps;
    is($n, @$want, 'frames of the steps');

    is_deeply([@$over{qw(transition seconds frames)}],
              ['wipeleft', 0.5, 15], 'the transition');
    is_deeply([map { @$_{qw(start end)} } @$over{qw(from to)}],
              [map { Wub::Media::text($_ * 1e5
                                      + $stream->{start} * 1e6) . 'Z' }
               47, 52, 71, 76], 'from and to');

    my @files = map { $_->{path} =~ m{([^/]+/[^/]+)$} }
                @{$stream->{segments}};

    is_deeply([map { $_->{segment} } @{$over->{from}{decode}}],
              [$files[2]], 'what it decodes of the one range');
    is_deeply([map { $_->{segment} } @{$over->{to}{decode}}],
              [$files[3]], '... and of the other');

    # beside it only GOPs that it shares, and the ends of ranges

    my %encoded = map { ($_->{segment} => 1) }
                  grep { $_->{do} eq 'encode' } @steps;

    is_deeply([sort keys %encoded], [@files[0, 2, 3, 5]], 'ends alone');
    unlink "$dir/plan.ts";
}


# ---- what is refused

sub refused {
    my $stream = stream('plain');
    my @ranges = map { range($stream, @$_) } [1, 3], [5, 6], [7, 9];
    my @cases = (
        [qr/"sparkle" after range 1 is unknown/, 'sparkle,1', ''],
        [qr/"fade" after range 2 is longer than range 2, which has 1\.0/,
         '', 'fade,1.000001'],
        [qr/"fade" after range 1 is longer than range 2/, 'fade,1.5', ''],
        [qr/before and after range 2.* together longer than the 1\.0/,
         'fade,0.6', 'batman,0.400001'],
    );

    for my $kind (qw(smart webm)) {
        for my $case (@cases) {
            my ($sentence, @joins) = @$case;
            my @command = ($judge->command($kind, $stream, \@ranges),
                           map { ('--transition', $_) } @joins);
            my ($status, undef, $err) = Wub::Media::ran(@command, '--output',
                                                        "$dir/refused.ts");

            is($status, 1, "$kind: @joins: status");
            like($err, $sentence, '... a sentence');
            is(join(' ', glob "$dir/refused*"), '', '... no file');

            ($status, undef, $err) = Wub::Media::ran(@command, '--plan');
            is($status, 1, '... no plan');
        }
    }

    my ($status, undef, $err) = Wub::Media::ran(
        $judge->command('rough', $stream, \@ranges), '--transition',
        'sparkle,9', '--output', "$dir/rough.ts");
    is("$status $err", '0 ', 'rough takes no notice');
}
