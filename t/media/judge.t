
# The judge of cuts (t/lib/Wub/Judge.pm): it finds nothing wrong with a whole
# stream, which is the cut of all of it, and everything that is done to it
# here.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Wub::Judge;
use Wub::Media;
use Wub::Streams;

my $dir = tempdir('wub-judge-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $judge = Wub::Judge->new($dir);
my %streams = map { ($_ => Wub::Streams->make($_, "$dir/$_")) }
              qw(short open tracks sine dropped);


# the stream of a name; the range of all of it, in frames or of them some
sub whole {
    my ($stream, $from, $to) = @_;

    my ($first, $last) = @{$stream->{segments}}[0, -1];

    return [[map { sprintf '%.0f', $_ } $first->{us} + ($from || 0) * 1e6 / 30,
             $last->{us} + 1e6 * $last->{length} + ($to || 0) * 1e6 / 30]];
}


# what the judge says of a file that something was done to
sub judged {
    my ($name, $change, $kind, @range) = @_;

    my $stream = $streams{$name};
    my $file = "$dir/judged.ts";
    my $bytes = Wub::Media::slurp($stream->{sources}[0]);

    $change->(\$bytes) if $change;
    Wub::Media::spew($file, $bytes);

    return join "\n", $judge->video($kind || 'smart', $stream,
                                    whole($stream, @range), $file);
}


# the file is what ffmpeg makes of it
sub ffmpeg {
    my (@options) = @_;

    return sub {
        my ($bytes) = @_;

        Wub::Media::spew("$dir/in.ts", $$bytes);
        system(qw(ffmpeg -nostdin -v error -y -i), "$dir/in.ts", @options,
               '-f', 'mpegts', "$dir/out.ts") == 0 or die "ffmpeg failed\n";
        $$bytes = Wub::Media::slurp("$dir/out.ts");
    };
}


# what is done to the packets that a picture, or the sound, begins with
sub packet {
    my ($pid, $n, $change) = @_;

    return sub {
        my ($bytes) = @_;

        for (my $at = 0; $at < length $$bytes; $at += 188) {
            my $head = unpack 'n', substr $$bytes, $at + 1, 2;

            next if ($head & 0x1fff) != $pid || !($head & 0x4000) || $n-- != 0;

            my $body = $at + 4;

            $body += 1 + ord substr $$bytes, $body, 1
                if ord(substr $$bytes, $at + 3, 1) & 0x20;
            return $change->($bytes, $at, $body);
        }
    };
}


# moves a time stamp, the pts of a picture (9 bytes in) or its dts (14)
sub stamp {
    my ($n, $where, $ticks) = @_;

    return packet(0x100, $n, sub {
        my ($bytes, undef, $body) = @_;
        Wub::Streams::shift_stamp($bytes, $body + $_, $ticks) for @$where;
    });
}


# makes a packet one of the kind that is padding
sub gone {
    my ($bytes, $at) = @_;

    substr $$bytes, $at + 1, 2, pack 'n', 0x1fff;
}


# ---- nothing is wrong

for my $name (sort keys %streams) {
    is(judged($name), '', "the stream $name");
}

# ---- something is

my @cases = (
    ['a frame is missing at the beginning', 'short', undef,
     qr/^frames 0-239, not 1-239$/m, undef, 1, 0],
    ['a frame is missing at the end', 'short', undef,
     qr/^frames 0-239, not 0-238$/m, undef, 0, -1],
    ['a frame is missing inside', 'open', packet(0x100, 4, \&gone),
     qr/^frames 0-\d+ \d+-239, not 0-239$/m],
    ['frames that are not wanted where bytes were lost', 'dropped', undef,
     qr/^frames/m, undef, 3, 0],
    ['a packet is missing', 'short', packet(0x100, 40, sub {
         my ($bytes, $at) = @_;
         substr $$bytes, $at + 188, 188, ''; }),
     qr/^says: \[mpegts\].*corrupt/m],
    ['damaged pictures', 'short', packet(0x100, 40, sub {
         my ($bytes, $at) = @_;
         substr($$bytes, $at + 188 + 60, 40) ^= "\x5a" x 40; }),
     qr/^says: \[h264\]/m],
    ['pictures are encoded again', 'short',
     ffmpeg(qw(-c:v libx264 -crf 36 -g 20 -bf 0 -c:a copy)),
     qr/frame 0 was copied, but is another.*has a PSNR of [234]\d\./s],
    ['pictures that nobody claims to be copies', 'short',
     ffmpeg(qw(-c:v libx264 -crf 12 -g 20 -bf 0 -c:a copy)),
     qr/^(?!.*(?:copied|PSNR))/s, 'mpegts'],
    ['another size', 'short', ffmpeg(qw(-s 160x56 -c:a copy)),
     qr/PSNR of - dB/],
    ['a time that is too late', 'short',
     sub { Wub::Streams::shift_stamps($_[0], 90000) },
     qr/^the first frame is shown at 2\d+ ticks$/m],
    ['a dts that does not rise', 'open', stamp(50, [14], -9000),
     qr/^video has dts \d+ behind \d+/m],
    ['a pts below its dts', 'open', stamp(50, [9], -18000),
     qr/^video has a pts below/m],
    ['a frame that is late', 'short', stamp(50, [9], 200),
     qr/^3200 ticks from frame 49 to frame 50, not 3000/m],
    ['sound that is late', 'short',
     ffmpeg(qw(-itsoffset 0.06 -i), "$dir/in.ts",
            qw(-map 0:v -map 1:a -c copy)), qr/^track 0 begins.*late\b/m],
    ['sound that is early, by half a frame', 'short',
     sub { Wub::Streams::shift_stamps($_[0], 1440, 0x100) },
     qr/^track 0 is -1\d\.\d ms late/m, 'mpegts'],
    ['a gap in the sound', 'short', packet(0x101, 9, \&gone),
     qr/^track 0 has a gap of \d+ ticks|^says/m],
    ['no sound', 'short', ffmpeg(qw(-an -c copy)),
     qr/^0 tracks of sound, not 1$/m],
    ['tracks that were exchanged', 'tracks',
     ffmpeg(qw(-map 0:v -map 0:a:1 -map 0:a:0 -c copy)),
     qr/^track 0 has a tone of track 1$/m],
    ['silence', 'short', ffmpeg(qw(-c:v copy -af volume=0 -c:a aac)),
     qr/^0 tones are heard in \d/m],
    ['a click', 'sine', ffmpeg(qw(-c:v copy -af),
         'aselect=not(between(t\,3\,3.0371)),asetpts=N/SR/TB',
         qw(-c:a aac -b:a 96k)), qr/^track 0 clicks: its wave bends by 0\.\d/m],
);

for my $case (@cases) {
    my ($what, $name, $change, $says, $kind, @range) = @$case;

    like(judged($name, $change, $kind, @range), $says, $what);
}

done_testing;
