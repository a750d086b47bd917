
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

done_testing;
