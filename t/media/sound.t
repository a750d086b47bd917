
# The sound of cuts: a hundred ranges add up to nothing, joins of a steady
# tone are not heard.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Wub::Judge;
use Wub::Streams;

my $dir = tempdir('wub-sound-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);


# [from, to] of frames of a stream, as times; both lie between two frames
sub frames {
    my ($stream, $from, $to) = @_;

    return [map { sprintf '%.0f', ($stream->{start} + ($_ - 0.5)
                  * $stream->{den} / $stream->{num}) * 1e6 } $from, $to];
}


# ---- drift

# Of odd lengths, none of them of whole frames of sound, with a tone in most:
# each has to be in step, the last one as the first.

my $wrap = Wub::Streams->make('wrap', "$dir/wrap");
my @odd = map { frames($wrap, 1 + $_, 6 + $_ + $_ % 5) } 1 .. 100;

for my $kind ($judge->kinds) {
    is(join("\n", $judge->cut($kind, $wrap, \@odd)), '',
       "$kind: a hundred ranges");
}


# ---- joins

# Every distance between the phases of the tone.

my $sine = Wub::Streams->make('sine', "$dir/sine");
my @ranges = map { frames($sine, 120 - 3 * $_, 129 - 2 * $_) } 1 .. 20;

for my $kind ($judge->kinds) {
    is(join("\n", $judge->cut($kind, $sine, \@ranges)), '',
       "$kind: joins of a steady tone");
}


# ---- sound that cannot be copied

# Of another rate or with other channels, in the second half: known from the
# heads, so nothing of the ranges before is written either; these are more
# than any buffer on the way holds back.

for my $name (qw(resample stereo)) {
    my $stream = Wub::Streams->make($name, "$dir/$name");
    my @far = ((frames($stream, 2, 118)) x 8, frames($stream, 130, 150));

    my ($status, $out, $err) = Wub::Media::ran(
        $judge->command('smart', $stream, \@far), '--output', '-');

    is($status, 1, "$name: smart refuses");
    like($err, qr/The segment \S+ has audio of .* on, the cut .*, use mp4/,
         '... with a sentence');
    is(length $out, 0, '... before the first byte');

    is(join("\n", $judge->cut('mpegts', $stream, [@far[-2, -1]])), '',
       '... mpegts does not');

    # the sound of a transition is encoded: it may be any

    my @near = (frames($stream, 70, 135), frames($stream, 10, 55));

    ($status, $err) = $judge->run('smart', $stream, \@near, '--transition',
                                  'fade,1', '--output', "$dir/near.ts");

    is("$status $err", '0 ', '... nor smart, where it only crosses over');
}

done_testing;
