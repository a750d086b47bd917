
# Cuts of whole segments: rough is their bytes, archive has all their frames
# and sound in Matroska.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Wub::Judge;
use Wub::Streams;

my $dir = tempdir('wub-whole-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);


# seconds of a stream
sub range {
    my ($stream, $from, $to) = @_;

    return [map { sprintf '%.0f', ($stream->{start} + $_) * 1e6 } $from, $to];
}


for my $name (qw(plain open hevc wrap tracks mute)) {
    my $stream = Wub::Streams->make($name, "$dir/$name");

    # a decoder complains of what begins with an open GOP

    for my $part ([0, 7.9], $stream->{open} ? () : ([2.5, 5.2], [4, 6])) {
        my @ranges = range($stream, @$part);

        is(join("\n", $judge->cut('archive', $stream, \@ranges)), '',
           "archive of $name: $part->[0] to $part->[1]");
        push @ranges, range($stream, 1, 2);
        is(join("\n", $judge->cut('rough', $stream, \@ranges)), '',
           "rough of $name: $part->[0] to $part->[1], and again");
    }
}

# the judges themselves

{
    my $stream = Wub::Streams->make('short', "$dir/short");
    my @all = (range($stream, 0, 8));
    my @part = (range($stream, 0, 4));
    my ($file) = @{$stream->{sources}};

    is(join("\n", $judge->archive('archive', $stream, \@all, $file)), '',
       'all of a stream');
    like(join("\n", $judge->archive('archive', $stream, \@part, $file)),
         qr/^frames 0-239, not 0-119$/m, 'more than was asked for');
    is(join("\n", $judge->rough('rough', $stream, \@all, $file)),
       'other bytes', 'the same frames in other packets');
}

done_testing;
