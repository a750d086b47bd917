
# Cuts in players: headless Chromium plays MP4 and WebM, and transport
# streams by hls.js, from the first frame to the last.

use strict;
use warnings;

use Cwd qw(abs_path);
use JSON::PP qw(decode_json);
use Test::More;

use Wub::Judge;
use Wub::Media;
use Wub::Nginx;
use Wub::Streams;

my $judge = abs_path('t/judge');
my $temp = Wub::Nginx::temp_dir('cut-players');
my $cutter = Wub::Judge->new($temp);


sub give_up {
    fail($_[0]);
    done_testing();
    exit 1;
}


for my $program (qw(ffmpeg node npm chromium)) {
    give_up("$program is not installed: run `make deps`")
        if !grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

system("$judge/install.sh", 'build/judge') == 0
    or give_up('the judges are not installed');

my $modules = abs_path('build/judge/node_modules');
my $nginx = Wub::Nginx->new(config => <<"END");
        location /cuts/ { alias $temp/; }
        location = /hls.js { alias $modules/hls.js/dist/hls.min.js; }
        location = /player.html {
            default_type text/html;
            alias $judge/player.html;
        }
END
my $error = $nginx->start;

give_up("$error\n" . $nginx->log_text) if $error ne '';

my $base = 'http://127.0.0.1:' . $nginx->port;


# what the player tells of a URL
sub play {
    my ($url) = @_;

    open my $out, '-|', 'node', "$judge/play.js", 'chromium',
        "$base/player.html", "$base$url" or die "node: $!\n";

    my ($line) = grep { /^\{/ } <$out>;
    close $out;

    return $line ? decode_json($line) : {};
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

    my $seen = play($url);
    my $long = $seen->{duration} || 0;

    ok($seen->{ended}, "$name: it is played to the end");
    is_deeply([$seen->{fatal}, @{$seen->{errors} || []}], [undef],
              "$name: without an error");
    is($seen->{width}, $stream->{width}, "$name: a picture is seen");
    cmp_ok(abs($long - @$numbers / 30), '<', 0.1, "$name: it is as long");
    cmp_ok(abs($seen->{frames} - @$numbers), '<=', 2,
           "$name: all frames are decoded");
}

is($nginx->stop, '', 'nginx ends by itself');

done_testing();
