
# Random cuts of every stream that real stores have, by every kind, against
# what CONTRACT.md 0 says of the names and time stamps.
#
#   WUB_LONG=1       300 cuts of each stream by each kind, another time other
#                    ones, instead of 10 of each kind over all streams
#   WUB_SEED=N       the cuts of another run
#   WUB_KINDS=RE     only kinds that it matches, WUB_STREAMS=RE only streams
#   WUB_CUTS=N       so many of each stream by each kind

use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use POSIX qw(floor);
use Test::More;

use Wub::Judge;
use Wub::Media;
use Wub::Streams;

my $dir = tempdir('wub-random-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $seed = $ENV{WUB_SEED} || ($ENV{WUB_LONG} ? time : 1);
my $judge = Wub::Judge->new($dir);

my @kinds = matching($ENV{WUB_KINDS}, $judge->kinds);
my @streams = matching($ENV{WUB_STREAMS}, Wub::Streams::names());


sub matching {
    my ($pattern, @of) = @_;

    return grep { !defined $pattern || /$pattern/ } @of;
}


# ---- ranges

# a time: the edge of a frame, or something near it
sub edge {
    my ($stream) = @_;

    my @units = map { my $s = $_; map { $s->{us} + Wub::Media::ticks($_->[1]) }
                      @{$s->{units}} } @{$stream->{segments}};
    my $at = $units[rand @units] + (-1, 0, 0, 1, floor(rand 40_000))[rand 5];

    return $at < $stream->{segments}[0]{us} ? $stream->{segments}[0]{us} : $at;
}


sub range {
    my ($stream) = @_;

    my ($from, $to);

    do {
        ($from, $to) = sort { $a <=> $b } edge($stream), edge($stream);

        # often within a GOP, or a single frame

        $to = $from + floor(rand 1_000_000) if rand 4 < 1;
        $to = $from + 1 if rand 20 < 1;
        $to = last_of($stream) if $to > last_of($stream);
    } while $from >= $to;

    return [$from, $to];
}


# where footage ends
sub last_of {
    my ($stream) = @_;

    my $segment = $stream->{segments}[-1];

    return sprintf '%.0f', $segment->{us} + 1e6 * $segment->{length};
}


# One to four that touch, overlap, repeat or run backward.
sub ranges {
    my ($stream) = @_;

    my @ranges;

    do {
        @ranges = range($stream);

        for (1 .. (0, 0, 1, 1, 2, 3)[rand 6]) {
            my $how = rand 4;
            my ($from, $to) = @{$ranges[-1]};
            my $next = range($stream);

            $next = [$from, $to] if $how < 1;
            $next = [$to, $to + floor(rand 2_000_000) + 1]
                if $how >= 1 && $how < 2;
            $next = [floor(($from + $to) / 2), $next->[1]] if $how >= 3;
            $next->[1] = last_of($stream) if $next->[1] > last_of($stream);
            push @ranges, $next if $next->[0] < $next->[1];
        }

        # a range without footage is refused

    } while grep { !@{($stream->expected($_))[0]} } @ranges;

    return \@ranges;
}


# ---- cuts

sub try {
    my ($kind, $stream, $count) = @_;

    for my $i (1 .. $count) {
        srand unpack '%32N*', "$seed $i $kind $stream->{name}   ";

        my $ranges = ranges($stream);
        my @wrong = $judge->cut($kind, $stream, $ranges);

        is(join("\n", @wrong), '', "$kind, $stream->{name}, cut $i")
            or diag(join ' ', "WUB_SEED=$seed", $judge->command($kind,
                    $stream, $ranges));
    }
}


# how many cuts of the n-th stream the n-th kind makes: of each third one
sub count {
    my ($s, $k) = @_;

    return $ENV{WUB_CUTS} if $ENV{WUB_CUTS};
    return 300 if $ENV{WUB_LONG};

    return ($s + $k) % 3 == 0 ? 1 : 0;
}


diag "WUB_SEED=$seed" if $ENV{WUB_LONG} || $ENV{WUB_SEED};

for my $s (0 .. $#streams) {
    my @counts = map { count($s, $_) } 0 .. $#kinds;
    my $stream;

    next if !grep { $_ } @counts;

    $stream = Wub::Streams->make($streams[$s], "$dir/$streams[$s]");
    try($kinds[$_], $stream, $counts[$_]) for 0 .. $#kinds;
    remove_tree("$dir/$streams[$s]", "$dir/$streams[$s].other");
}

cmp_ok($judge->{cuts}, '>', 0, "$judge->{cuts} cuts were made");

done_testing;
