# What a master playlist says of streams of true encoders, against ffprobe:
# each quality of one channel is one stream.

use strict;
use warnings;

use JSON::PP qw(decode_json);
use Test::More;

use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

# a hang is a failure
alarm 300;

my $START = '2024-03-01T00:00:00';
my $temp  = Wub::Nginx::temp_dir('probe');

my @film = qw(-c:v libx264 -preset ultrafast -pix_fmt yuv420p);
my @x264 = qw(-c:v libx264 -preset veryfast -pix_fmt yuv420p);
my @x265 = qw(-c:v libx265 -preset ultrafast -x265-params log-level=none);
my @aac  = qw(-c:a aac);

# name, size and frames a second ('' for none), hertz of sound (0: none),
# options, what is not as ffprobe has it
my @streams = (
    ['baseline', '1280x720', '30', 48000, [@film, @aac]],
    ['main', '1280x720', '30000/1001', 48000,
     [@x264, qw(-profile:v main -bf 2), @aac]],
    ['high', '1920x1080', '60', 44100,
     [@x264, qw(-profile:v high -bf 3), @aac, '-ac', 1]],
    ['ntsc60', '854x480', '60000/1001', 48000, [@film, @aac]],
    ['film', '640x360', '24000/1001', 48000,
     [@film, qw(-level 4.2), @aac, '-ac', 6]],
    ['pal', '720x576', '25', 48000, [@x264, qw(-flags +ildct+ilme), @aac]],
    ['slow', '320x180', '5', 0, [@film]],
    ['odd', '426x240', '48', 48000,
     [@film, qw(-bsf:v h264_metadata=tick_rate=50), @aac]],
    ['cropped', '338x190', '50', 32000, [@film, @aac]],
    ['chroma', '320x180', '50', 48000,
     [qw(-c:v libx264 -preset ultrafast -pix_fmt yuv444p), @aac]],
    ['deep', '320x180', '120', 48000,
     [qw(-c:v libx264 -preset ultrafast -pix_fmt yuv420p10le), @aac]],
    ['sound', '', '', 48000, [@aac]],
    ['dull', '320x180', '30', 22050, [@film, @aac], codecs => 1],
    ['mp3', '320x180', '30', 44100, [@film, qw(-c:a libmp3lame)],
     codecs => 1],
    ['uneven', '320x180', '30', 48000,
     [@film, '-vf', 'select=mod(n\,7)+mod(n\,3)', qw(-vsync vfr), @aac],
     rate => 1],
    ['hevc', '640x360', '30000/1001', 48000,
     [@x265, qw(-pix_fmt yuv420p), @aac]],
    ['hevcdeep', '338x190', '50', 48000,
     [@x265, qw(-pix_fmt yuv420p10le), @aac]],
    ['mpeg2', '320x180', '25', 48000, [qw(-c:v mpeg2video), @aac],
     codecs => 1, rate => 1, size => 1],
);


sub output {
    my (@command) = @_;

    open my $out, '-|', @command or die "$command[0]: $!\n";
    local $/;
    my $text = <$out>;
    close $out or die "$command[0] failed\n";
    return $text;
}


sub make {
    my ($file, $size, $rate, $hertz, $options) = @_;

    my $length = $rate eq '5' ? 3 : 1;

    output(qw(ffmpeg -nostdin -v error -y),
           $size ? ('-f', 'lavfi', '-i',
                    "testsrc2=size=$size:rate=$rate:duration=$length") : (),
           $hertz ? ('-f', 'lavfi', '-i',
                     "sine=sample_rate=$hertz:duration=$length") : (),
           @$options, '-f', 'mpegts', $file);
}


# profile_idc and constraint flags as ffprobe's name of a profile has them
my %PROFILES = (
    'Constrained Baseline' => '42c0', 'Main' => '4d40', 'High' => '6400',
    'High 10' => '6e00', 'High 4:4:4 Predictive' => 'f400',
);

# the same of HEVC, with the profiles it is compatible with
my %HEVC = ('Main' => '1.6', 'Main 10' => '2.4');

# what ffprobe says of a file, as attributes
sub judge {
    my ($file) = @_;

    my $found = decode_json(output(qw(ffprobe -v error -of json
        -show_streams), $file));
    my (%said, @codecs);

    for my $stream (sort { $b->{codec_type} cmp $a->{codec_type} }
                    @{ $found->{streams} })
    {
        if ($stream->{codec_type} eq 'video') {
            my ($num, $den) = split m{/}, $stream->{r_frame_rate};

            $said{size} = "$stream->{width}x$stream->{height}";
            $said{rate} = sprintf '%.3f', $num / $den;
            push @codecs, sprintf 'avc1.%s%02x',
                $PROFILES{$stream->{profile}} || '?', $stream->{level}
                if $stream->{codec_name} eq 'h264';
            push @codecs, sprintf 'hvc1.%s.L%d.90',
                $HEVC{$stream->{profile}} || '?', $stream->{level}
                if $stream->{codec_name} eq 'hevc';

        } elsif ($stream->{profile} && $stream->{profile} eq 'LC') {
            push @codecs, 'mp4a.40.2';
        }
    }

    return { %said, codecs => join ',', @codecs };
}


my $store = Wub::Store->new;
my %judged;

for my $row (@streams) {
    my ($name, $size, $rate, $hertz, $options) = @$row;

    make("$temp/$name.ts", $size, $rate, $hertz, $options);
    $judged{$name} = judge("$temp/$name.ts");
    $store->segment('chan', $name, $START, 1, 'full',
                    bytes => Wub::Nginx::slurp("$temp/$name.ts"));
}

# by RTMP: times in milliseconds
output(qw(ffmpeg -nostdin -v error -y -i), "$temp/high.ts",
       qw(-c copy -bsf:a aac_adtstoasc), "$temp/high.flv");
output(qw(ffmpeg -nostdin -v error -y -i), "$temp/high.flv",
       qw(-c copy -f mpegts), "$temp/rtmp.ts");
push @streams, ['rtmp', '1920x1080', '60'];
$judged{rtmp} = judge("$temp/high.ts");
$store->segment('chan', 'rtmp', $START, 1, 'full',
                bytes => Wub::Nginx::slurp("$temp/rtmp.ts"));

my $root = $store->write("$temp/store");
my $nginx = Wub::Nginx->new(config => <<"END");
        wubloader_root  $root;

        location /playlist {
            wubloader  playlist;
        }
END

my $error = $nginx->start;

BAIL_OUT("$error\n" . $nginx->log_text) if $error ne '';

my $master = http_request($nginx->port, 'GET', '/playlist/chan.m3u8');
my %lines = map { /NAME="([^"]+)"/ ? ($1, $_) : () }
            grep { /^#EXT-X-STREAM-INF/ } split /\n/, $master->{body};

is($master->{status}, 200, 'a master playlist');

for my $row (@streams) {
    my ($name, undef, undef, undef, undef, %unsaid) = @$row;
    my $line = $lines{$name};
    my %said;

    ($said{codecs}) = $line =~ /,CODECS="([^"]*)"/;
    ($said{size}) = $line =~ /,RESOLUTION=(\d+x\d+)/;
    ($said{rate}) = $line =~ /,FRAME-RATE=([\d.]+)/;

    for my $key (qw(codecs size rate)) {
        my $want = $unsaid{$key} ? undef : $judged{$name}{$key};

        is($said{$key}, $want, "$name: $key")
            or diag($line);
    }
}

is($nginx->stop, '', 'nginx ends by itself');
is(join("\n", $nginx->unexpected), '', 'error.log is clean');

done_testing();
