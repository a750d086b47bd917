
# Cuts in players: headless Chromium plays MP4 and WebM, and transport
# streams by hls.js, from the first frame to the last.

use strict;
use warnings;

use Test::More;

use Wub::Browser qw(give_up);
use Wub::Judge;
use Wub::Media;
use Wub::Nginx;
use Wub::Streams;

my $temp = Wub::Nginx::temp_dir('cut-players');
my $cutter = Wub::Judge->new($temp);
my $browser = Wub::Browser->new;
my $nginx = Wub::Nginx->new(config => $browser->locations
    . "location /cuts/ { alias $temp/; }\n");
my $error = $nginx->start;

give_up("$error\n" . $nginx->log_text) if $error ne '';

my $base = 'http://127.0.0.1:' . $nginx->port;


# what the player tells of a URL.  A machine with too much to do leaves
# frames out to keep pace: it may try again, and those missing in the file
# are missing again.
sub play {
    my ($url, $frames) = @_;
    my $seen;

    for (1 .. 3) {
        ($seen) = $browser->play($base, $url);
        last if ($seen->{frames} || 0) >= $frames;
    }

    return $seen;
}


# ---- cuts

# from within a GOP over two joins, the second of which goes back: other
# parameter sets at each of them
my $stream = Wub::Streams->make('plain', "$temp/store");
my @ranges = map { [map { sprintf '%.0f', $stream->{start} * 1e6 + $_ * 1e6 }
                    @$_] } [0.51, 2.72], [4.03, 4.61], [1.21, 1.52];
my ($numbers) = $stream->expected(@ranges);

# name of the file, kind, to a pipe
my @cuts = (
    ['smart.ts', 'smart'],
    ['full.ts', 'mpegts'],
    ['file.mp4', 'mp4'],
    ['stream.mp4', 'mp4', 1],
    ['youtube.mp4', 'mp4', 0, '--encode', 'youtube'],
    ['file.webm', 'webm'],
    ['stream.webm', 'webm', 1],
);

for my $cut (@cuts) {
    my ($name, $kind, $pipe, @more) = @$cut;
    my $file = "$temp/$name";
    my @command = ($cutter->command($kind, $stream, \@ranges), @more);

    system(@command, '--output', $file) if !$pipe;
    system("@command --output - | cat > $file") if $pipe;
    is($?, 0, "$name: it is cut");

    my $url = "/cuts/$name";

    if ($name =~ /\.ts$/) {
        my $long = @$numbers / 30;

        Wub::Media::spew("$file.m3u8", "#EXTM3U\n#EXT-X-VERSION:3\n"
            . "#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n"
            . "#EXTINF:$long,\n$name\n#EXT-X-ENDLIST\n");
        $url .= '.m3u8';
    }

    my $seen = play($url, @$numbers - 2);
    my $long = $seen->{duration} || 0;

    ok($seen->{ended}, "$name: it is played to the end");
    is_deeply([$seen->{fatal}, @{$seen->{errors} || []}], [undef],
              "$name: without an error");
    is($seen->{width}, $stream->{width}, "$name: a picture is seen");
    cmp_ok(abs($long - @$numbers / 30), '<', 0.1, "$name: it is as long");
    cmp_ok($seen->{frames} || 0, '>=', @$numbers - 2,
           "$name: all frames are decoded");
}

is($nginx->stop, '', 'nginx ends by itself');

done_testing();
