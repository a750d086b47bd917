# Playlists and segments as strangers see them: hls-parser in strict mode,
# ffprobe and ffmpeg, and hls.js in headless Chromium, which plays through
# a hole to the end.  The store is a real stream of a few seconds.

use strict;
use warnings;

use JSON::PP qw(decode_json);
use Test::More;

use Wub::Browser qw(give_up);
use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

use constant {
    FPS      => 30,
    SECONDS  => 2,              # of a segment
    SEGMENTS => 10,
};

# ten segments from ten seconds before an hour; the sixth and seventh are
# missing
my $START = '2024-02-29T23:59:50';
my $END   = '2024-03-01T00:00:10';
my $EPOCH = 1_709_251_190;      # of the start, in seconds
my %MISSING = map { $_ => 1 } 5, 6;

my $left  = SEGMENTS - keys %MISSING;
my $temp  = Wub::Nginx::temp_dir('players');
my $browser = Wub::Browser->new('ffprobe');


# output and exit status of a command, with its errors behind
sub run_command {
    my (@command) = @_;

    my $pid = open my $out, '-|';

    die "fork: $!\n" if !defined $pid;

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec { $command[0] } @command or exit 127;
    }

    local $/;
    my $text = <$out>;
    close $out;
    return ($? >> 8, defined $text ? $text : '');
}


# the bytes of each segment of a stream made by ffmpeg
sub make_stream {
    my ($size) = @_;

    my $length = SECONDS * SEGMENTS;
    my $gop = SECONDS * FPS;
    my ($status, $text) = run_command(qw(ffmpeg -v error -nostdin -y
        -f lavfi -i), "testsrc2=size=$size:rate=" . FPS, qw(-f lavfi -i),
        'sine=frequency=440:beep_factor=2:sample_rate=48000',
        '-t', $length, qw(-c:v libx264 -preset ultrafast -bf 2 -pix_fmt
        yuv420p -sc_threshold 0 -flags +cgop), '-g', $gop, '-keyint_min',
        $gop, qw(-c:a aac -b:a 64k -f segment -segment_format mpegts),
        '-segment_time', SECONDS, "$temp/$size-%d.ts");

    is($status, 0, "a stream of $size") or diag($text);

    return map { Wub::Nginx::slurp("$temp/$size-$_.ts") }
           0 .. SEGMENTS - 1;
}


my $store = Wub::Store->new;

for my $quality (['source', '320x180'], ['480p', '160x90']) {
    my @bytes = make_stream($quality->[1]);

    for my $i (grep { !$MISSING{$_} } 0 .. SEGMENTS - 1) {
        $store->segment('chan', $quality->[0],
            Wub::Store::add_us($START, $i * SECONDS * 1_000_000), SECONDS,
            'full', bytes => $bytes[$i]);
    }
}

my $root = $store->write("$temp/store");

my $nginx = Wub::Nginx->new(config => $browser->locations . <<"END");
        wubloader_root  $root;

        location /playlist {
            wubloader  playlist;
        }

        location /segments {
            wubloader  segments;
        }
END

my $error = $nginx->start;

give_up("$error\n" . $nginx->log_text) if $error ne '';

my $port  = $nginx->port;
my $base  = "http://127.0.0.1:$port";
my $query = "start=$START&end=$END";


# ---- hls-parser

# what hls-parser says of a playlist: (exit status, answer)
sub parse_strictly {
    my ($text) = @_;

    open my $out, '>', "$temp/list.m3u8" or die "$temp: $!\n";
    print $out $text;
    close $out;

    my ($status, $answer) = run_command('sh', '-c',
        'node "$0" "$1" < "$2"', $browser->script('strict.js'),
        $browser->modules, "$temp/list.m3u8");

    return ($status, $status == 0 ? decode_json($answer) : $answer);
}


my $list = http_request($port, 'GET', "/playlist/chan/source.m3u8?$query");

is($list->{status}, 200, 'the media playlist');

my ($status, $found) = parse_strictly($list->{body});

is($status, 0, 'hls-parser takes the media playlist')
    or diag($found, $list->{body});

SKIP: {
    skip 'nothing was parsed', 1 if $status != 0;

    is_deeply({ map { ($_ => $found->{$_}) } qw(type version endlist
            playlistType targetDuration segments duration discontinuities
            times) },
        { type => 'media', version => 3, endlist => JSON::PP::true,
          playlistType => 'VOD', targetDuration => SECONDS,
          segments => $left, duration => $left * SECONDS,
          discontinuities => 1, times => $left },
        'and reads the segments, times and the hole');
}

my $master = http_request($port, 'GET', "/playlist/chan.m3u8?$query");

($status, $found) = parse_strictly($master->{body});
is($status, 0, 'hls-parser takes the master playlist')
    or diag($found, $master->{body});
is(scalar @{ $status == 0 ? $found->{variants} : [] }, 2, 'two qualities');

SKIP: {
    skip 'nothing was parsed', 2 if $status != 0;

    my @variants = @{ $found->{variants} };

    is_deeply([map { "$_->{resolution} at $_->{frameRate}" } @variants],
              ['320x180 at 30', '160x90 at 30'], 'with size and rate');
    is(scalar(grep { $_->{codecs} =~ /^avc1\.4d40[0-9a-f]{2},mp4a\.40\.2$/
                     && $_->{averageBandwidth} <= $_->{bandwidth} }
              @variants), 2, 'codecs, and an average below the peak')
        or diag($master->{body});
}

# the judge itself: a segment longer than the target, decimals in version 1
for my $bad (['TARGETDURATION', 1], ['VERSION', 1]) {
    my ($tag, $value) = @$bad;

    (my $broken = $list->{body}) =~ s/EXTINF:2\.0+/EXTINF:1.900000/;
    $broken =~ s/$tag:\d+/$tag:$value/;
    ($status) = parse_strictly($broken);
    is($status, 1, "hls-parser refuses $tag:$value");
}


# ---- ffmpeg

my $frames = $left * SECONDS * FPS;
my $path  = "/playlist/chan/source.m3u8?$query";
my $playlist = "$base$path";

my ($probed, $text) = run_command(qw(ffprobe -v error -allowed_extensions
    ALL -select_streams v -count_packets -show_entries
    stream=nb_read_packets -of csv=p=0), $playlist);

is($probed, 0, 'ffprobe reads the playlist') or diag($text);
like($text, qr/^$frames\b/m, "ffprobe counts $frames packets of video");

($status, $text) = run_command(qw(ffmpeg -v error -nostdin
    -allowed_extensions ALL -i), $playlist, qw(-map 0:v -vsync passthrough
    -f framecrc -));

is($status, 0, 'ffmpeg decodes the playlist');
is(scalar(() = $text =~ /^0,/mg), $frames, "ffmpeg decodes $frames frames");

my @errors = grep { !/^#|^0,/ } split /\n/, $text;

is("@errors", '', 'without an error');


# ---- hls.js

# the hole lies at ten seconds of the player's time; start before it, then
# near the end
my $length = $left * SECONDS;

(my $played, $status) = $browser->play($base, $path, 9, $length - 1);

is($status, 0, 'hls.js plays the playlist');

SKIP: {
    skip 'nothing was played', 7 if $status != 0;

    is($played->{version}, '1.5.17', 'this is the editor\'s hls.js');
    ok($played->{ended}, 'it plays to the end');
    ok(!defined $played->{fatal}, 'without a fatal error');

    # the clock jumps with the hole: four seconds more than the position
    my $at = $played->{passed}[0];
    my $hole = SECONDS * keys %MISSING;

    cmp_ok($at->{position}, '>=', 11, 'through the hole');
    cmp_ok(abs($at->{date} - $EPOCH - $at->{position} - $hole), '<', 0.2,
           'whose length the clock of the player knows');
    cmp_ok(abs($played->{position} - $length), '<', 0.3,
           "the end is at $length s");
    is($played->{width}, 320, 'a picture is seen');
}


is($nginx->stop, '', 'nginx ends by itself');
is(join("\n", $nginx->unexpected), '', 'error.log is clean');

done_testing();
