#!/usr/bin/perl

# The sample stream of make run: its store, its faults, the numbers in its
# pictures; and what make run refuses.

use strict;
use warnings;

use Digest::SHA;
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use MIME::Base64 qw(encode_base64url);
use Test::More;

my $build = $ENV{WUB_BUILD} || 'build';
my $dir = tempdir('wubrun.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $store = "$dir/store";

is system("conf/run/sample --store $store --seconds 40 > $dir/log"), 0,
    'a sample of 40 s';

my $manifest = decode_json(slurp("$store/manifest.json"));
my $start = $manifest->{start};
my %source = segments('source');
my @best = @{$manifest->{segments}};

my %small = segments('480p');

is scalar(keys %source), 22, 'files of the source';
is_deeply [stems(%small)], [stems(%source)], 'the same of the other quality';
is scalar(@best), 18, 'segments that can be cut';
is_deeply [map { $_->{first} / 60 } @best], [0 .. 13, 15, 17 .. 19],
    'a tombstone and a hole';
is $best[10]{start} - $best[9]{start}, 1_995_000, 'an overlap of 5 ms';
like +(join ' ', sort keys %source),
    qr/(\S+)-2\.0-full-\S+ \1-2\.0-full-\S+ \S+-partial-/,
    'a second full copy, and a partial one of the start after it';
ok +(grep { /-temp-/ } keys %source), 'a temp file';
is scalar(my @hours = glob "$store/sample/source/*"), 2, 'two hours';

for my $name (grep { /-full-/ } sort keys %source) {
    my ($hash) = $name =~ /-full-(.{43})\.ts$/;
    my $digest = Digest::SHA->new(256)->addfile($source{$name}, 'b')->digest;

    is $hash, encode_base64url($digest, '') =~ s/=//gr, "hash of $name";
}

# the numbers of a few segments, those of the edges and the early one

for my $i (0, 2, 10, 17) {
    my ($path) = grep { m{/\Q@{[ mmss($best[$i]{start}) ]}\E-2\.0-full-} }
        values %source;
    my $numbers = qx("$build/t/tools/wub_frames" '$path');

    is $?, 0, "segment $i can be read";
    is $numbers, join('', map { "$_\n" } $best[$i]{first}
                                         .. $best[$i]{first} + 59),
        "the numbers of segment $i";
}

my $small = (glob "$store/sample/480p/*/*-full-*.ts")[0];
is qx("$build/t/tools/wub_frames" '$small'),
    join('', map { "$_\n" } 0 .. 59), 'the numbers of the small one';

# a picture without numbers

system qw(ffmpeg -nostdin -v error -f lavfi -i color=gray:size=320x180
          -frames:v 3), "$dir/gray.ts";
isnt system("$build/t/tools/wub_frames $dir/gray.ts > $dir/log 2>&1"), 0,
    'a picture without a number is refused';
like slurp("$dir/log"), qr/^wub_frames: a frame shows no number: /, 'why';

for my $case (
    [ 'PORT=x', qr/^make run: PORT is x: set it to 0 or a number/ ],
    [ 'PORT=65536', qr/^make run: PORT is 65536: set it to 0/ ],
    [ 'PORT=0 LENGTH=x', qr/^make run: LENGTH is x: set it to a number/ ],
    [ 'PORT=0 LENGTH=39', qr/^a sample has 40 to 3600 seconds/ ],
    [ 'PORT=0 STREAM=/none', qr{^make run: /none cannot be read: No such} ],
) {
    my $home = qx(pwd);
    chomp $home;
    my $said = qx(cd $dir && $case->[0] WUB_BUILD=$home/$build \\
                  $home/conf/run/run 2>&1);

    isnt $?, 0, "$case->[0] is refused";
    like $said, $case->[1], 'with a sentence';
}

done_testing;


sub segments {
    my ($quality) = @_;

    return map { m{([^/]+)$} ? ($1 => $_) : () }
        glob "$store/sample/$quality/*/*.ts";
}


sub stems {
    my (%segments) = @_;

    return sort map { s/-[^-]*$//r =~ s/-temp-.*/-temp/r } map {
        /^([^-]+-[^-]+-[^-]+)-/ } keys %segments;
}


sub mmss {
    my ($us) = @_;
    my @t = gmtime int $us / 1e6;

    return sprintf '%02d:%02d.%06d', @t[1, 0], $us % 1e6;
}


sub slurp {
    open my $file, '<:raw', $_[0] or return '';
    local $/;

    return scalar <$file>;
}
