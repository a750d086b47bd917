# What the worker reads out of a segment file, against ffprobe: open GOPs,
# HEVC, interlaced pictures, several tracks, changes of form, and files that
# are cut off, lost bytes or begin in the middle.

use strict;
use warnings;

use File::Path qw(make_path);
use JSON::PP qw(decode_json);
use Test::More;

use Wub::Nginx;
use Wub::Streams;

use constant PACKET => 188;

# a hang is a failure
alarm 300;

my $build = $ENV{WUB_BUILD} || 'build';
my $dir   = Wub::Nginx::temp_dir('footage');
my $hour  = '2024-01-05T11';

make_path("$dir/chan/source/$hour");


sub output {
    my (@command) = @_;

    open my $out, '-|', @command or die "$command[0]: $!\n";
    local $/;
    my $text = <$out>;
    close $out;

    return $text;
}


# a stream of seconds, with a sound for each rate
sub make {
    my ($name, $seconds, $rates, @video) = @_;

    my $file = "$dir/$name.ts";
    my @in = ('-f', 'lavfi', '-i', "testsrc2=s=160x112:r=30:d=$seconds");
    my @map = qw(-map 0);

    for my $i (1 .. @$rates) {
        push @in, '-f', 'lavfi', '-i',
            "sine=@{[440 * $i]}:r=$rates->[$i - 1]:d=$seconds";
        push @map, '-map', $i;
    }

    system(qw(ffmpeg -nostdin -v error -y), @in, @map, @video,
           qw(-c:a aac -threads 1 -f mpegts), $file) == 0
        or die "ffmpeg failed\n";

    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}


# what ffprobe finds, by stream
sub probe {
    my ($bytes) = @_;

    spew("$dir/probe.ts", $bytes);

    my $json = decode_json(output(qw(ffprobe -v quiet -show_packets -of json),
                                  "$dir/probe.ts"));
    my @streams;

    push @{$streams[$_->{stream_index}]}, $_ for @{$json->{packets}};

    return @streams;
}


sub spew {
    my ($path, $bytes) = @_;

    open my $out, '>:raw', $path or die "$path: $!\n";
    print {$out} $bytes;
    close $out or die "$path: $!\n";
}


# what the worker reads, as lists of words
sub footage {
    my ($bytes, $type) = @_;

    my $name = '59:52.000000-2-' . ($type || 'full') . '-aa.ts';
    my $path = "$dir/chan/source/$hour/$name";

    spew($path, $bytes);

    my $text = output("$build/t/tools/wub_footage", $dir, 'chan', 'source',
                      $hour, $name);
    unlink $path;

    my $f = { forms => [], video => [], tracks => [], refused => '' };

    for (split /\n/, $text) {
        my ($what, @words) = split;

        if ($what eq 'form') {
            push @{$f->{forms}}, "@words";

        } elsif ($what eq 'segment') {
            $f->{damaged} = $words[3];

        } elsif ($what eq 'video') {
            my %v;
            @v{qw(pts dts key form damaged sets len lead force pos size)}
                = @words;
            push @{$f->{video}}, \%v;

        } elsif ($what eq 'track') {
            push @{$f->{tracks}}, { sounds => [], audio => [] };

        } elsif ($what eq 'sound') {
            push @{$f->{tracks}[-1]{sounds}}, "@words";

        } elsif ($what eq 'audio') {
            push @{$f->{tracks}[-1]{audio}}, \@words;

        } else {
            $f->{refused} = $_;
        }
    }

    return $f;
}


sub numbers {
    my ($key, @rows) = @_;

    return join ' ', map { $_->{$key} } @rows;
}


# indexes of the frames for which a test is true
sub places {
    my ($f, $test) = @_;

    return join ' ', grep { $test->($f->{video}[$_]) } 0 .. $#{$f->{video}};
}


sub keys_of  { return places($_[0], sub { $_[0]{key} ne '-' }) }
sub damaged  { return places($_[0], sub { $_[0]{damaged} eq 'damaged' }) }


# all that ffprobe says of the packets is what is read
sub same {
    my ($name, $f, $bytes) = @_;

    my ($video, @audio) = probe($bytes);

    is($f->{refused}, '', "$name: is read");
    is(numbers($_, @{$f->{video}}),
       numbers($_, @$video), "$name: $_")
        for qw(pts dts pos);

    # ffprobe gives a zero byte to the frame before or to the one behind

    my @off = map { abs $f->{video}[$_]{len} - $video->[$_]{size} }
        0 .. $#$video;
    is(scalar(grep { $_ > 1 } @off), 0, "$name: sizes");

    for my $i (0 .. $#audio) {
        my @got = @{$f->{tracks}[$i]{audio}};

        is(join(' ', map { $_->[3] } @got),
           join(' ', map { $_->{size} } @{$audio[$i]}), "$name: audio $i");

        # times between two that are sent may be rounded one way or the other

        is(scalar(grep { abs($got[$_][0] - $audio[$i][$_]{pts}) > 1 }
                  0 .. $#got), 0, "$name: the times of audio $i");
    }

    is(scalar @{$f->{tracks}}, scalar @audio, "$name: tracks");
    is($f->{damaged}, 0, "$name: nothing is damaged");
}


# the packets of a file, each as bytes, and the pid of one
sub packets { return unpack '(a188)*', $_[0] }
sub pid     { return unpack('xn', $_[0]) & 0x1fff }


# where the payload of a packet begins
sub payload {
    my ($control, $length) = unpack 'x3CC', $_[0];

    return $control & 0x20 ? 5 + $length : 4;
}


# counts the packets of each pid anew, so that joined files are one
sub recount {
    my (@packets) = @_;

    my %counter;

    for my $p (@packets) {
        my $byte = ord substr $p, 3, 1;
        my $pid = pid($p);

        next unless $byte & 0x10;
        $counter{$pid} = (($counter{$pid} || 0) + 1) & 15;
        substr($p, 3, 1) = chr($byte & 0xf0 | $counter{$pid});
    }

    return join '', @packets;
}


# the index of a packet of a pid, the n-th from one on that does not begin
sub within {
    my ($packets, $from, $n) = @_;

    my $pid = pid($packets->[$from]);

    for my $i ($from + 1 .. $#$packets) {
        next if pid($packets->[$i]) != $pid
             || (ord substr $packets->[$i], 1, 1) & 0x40;
        return $i if $n-- == 0;
    }

    die "no such packet\n";
}


my @x264 = qw(-c:v libx264 -preset veryfast -g 30 -keyint_min 30
              -sc_threshold 0 -crf 10);
my @x265 = qw(-c:v libx265 -preset ultrafast -g 30 -bf 2 -x265-params);
my $plain = make('plain', 3, [48000], @x264);


# ---- what streams hold

{
    my $f = footage($plain);

    same('plain', $f, $plain);
    is("@{$f->{forms}}", 'h264 160x112 1 8 frames', 'plain: form');
    is(keys_of($f), '0 30 60', 'plain: key frames');
    is(places($f, sub { $_[0]{key} eq 'closed' && $_[0]{sets} eq 'sets' }),
       '0 30 60', 'plain: ... are closed and carry their sets');
    is(join(' ', map { "@{$_->{sounds}}" } @{$f->{tracks}}), '48000 1 2',
       'plain: sound');

    my ($bad) = grep { $f->{video}[$_]{pos} + $f->{video}[$_]{size}
                       != ($f->{video}[$_ + 1] || { pos => length $plain })
                          ->{pos} } 0 .. 89;
    is($bad, undef, 'plain: frames lie end to end');
    like(join(' ', map { $_->{force} } @{$f->{video}}), qr/^(\d\d)(?: \1)+$/,
         'plain: the same sets are in force');
}

for (['open GOP', 'h264', @x264, qw(-bf 2 -x264-params open-gop=1)],
     ['open GOP of HEVC', 'hevc', @x265,
      'open-gop=1:scenecut=0:log-level=none'])
{
    my ($name, $codec, @options) = @$_;
    my $bytes = make('open', 3, [48000], @options);
    my $f = footage($bytes);

    same($name, $f, $bytes);
    is("@{$f->{forms}}", "$codec 160x112 1 8 frames", "$name: form");
    is($f->{video}[0]{key}, 'closed', "$name: the first one is closed");
    is(places($f, sub { $_[0]{key} eq 'closed' }), '0', "$name: no other");
    is(scalar(my @n = split / /, keys_of($f)), 3, "$name: but two more open");
}

{
    my $bytes = make('closed', 2, [], @x265,
                     'open-gop=0:scenecut=0:log-level=none');
    my $f = footage($bytes);

    same('closed GOP of HEVC', $f, $bytes);
    is(places($f, sub { $_[0]{key} eq 'closed' && $_[0]{sets} eq 'sets' }),
       '0 30', 'closed GOP of HEVC: key frames');

    my $deep = footage(make('deep', 1, [], @x265[0 .. 3],
                            qw(-pix_fmt yuv422p10le -x265-params
                               log-level=none)));
    is("@{$deep->{forms}}", 'hevc 160x112 2 10 frames', 'HEVC of 10 bits');
}

{
    my $bytes = make('lace', 1, [48000], @x264, qw(-flags +ildct+ilme));
    my $f = footage($bytes);

    same('interlaced', $f, $bytes);
    is("@{$f->{forms}}", 'h264 160x112 1 8 fields', 'interlaced: form');
}

{
    my $bytes = make('tracks', 1, [48000, 44100, 32000], @x264,
                     qw(-ac:a:1 2));
    my $f = footage($bytes);

    same('three tracks', $f, $bytes);
    is(join(', ', map { "@{$_->{sounds}}" } @{$f->{tracks}}),
       '48000 1 2, 44100 2 2, 32000 1 2', 'three tracks: sounds');

    like(footage(make('many', 1, [(48000) x 9], @x264))->{refused},
         qr/more than 8 tracks/, 'nine tracks are too many');
}

{
    my $small = make('small', 1, [44100], @x264, qw(-s 96x64 -bf 0
                                                    -output_ts_offset 3));
    my @one = packets($plain);
    my $f = footage(recount(@one, packets($small)));

    is("@{$f->{forms}}", 'h264 160x112 1 8 frames h264 96x64 1 8 frames',
       'a change of form: both');
    is(places($f, sub { $_[0]{form} == 1 }), join(' ', 90 .. 119),
       'a change of form: the frames of the second');
    isnt($f->{video}[89]{force}, $f->{video}[90]{force},
         'a change of form: other sets are in force');
    is("@{$f->{tracks}[0]{sounds}}", '48000 1 2 44100 1 2',
       'a change of form: sounds');
    is(join('', map { $_->[2] } @{$f->{tracks}[0]{audio}}) =~ /^0+1+$/, 1,
       'a change of form: the audio frames of each');
    is($f->{damaged}, 0, 'a change of form: nothing is damaged');
}


# what is shown before a key frame that says it is not there
{
    my $bytes = make('bla', 2, [], @x265,
                     'open-gop=1:scenecut=0:log-level=none');
    my $f = footage($bytes);
    my @open = split / /, places($f, sub { $_[0]{key} eq 'open' });
    my $key = $f->{video}[$open[0]];
    my $before = places($f, sub { $_[0]{pts} < $key->{pts}
                                  && $_[0]{pos} > $key->{pos} });

    is(damaged($f), '', 'CRA: nothing is damaged');
    is($bytes =~ s/\0\0\x01\x2a\x01/\0\0\x01\x20\x01/, 1, 'CRA becomes BLA');
    isnt($before, '', 'BLA: frames are shown before it');
    is(damaged(footage($bytes)), $before, 'BLA: those are damaged');
}

# pictures that only those behind them complete
{
    my $bytes = make('refresh', 2, [], @x264, qw(-bf 0 -x264-params
                                                 intra-refresh=1));
    my $f = footage($bytes);
    my @p = packets($bytes);

    is(keys_of($f), '0', 'intra refresh: one key frame');
    like(footage(join '', @p[0 .. 2], @p[$f->{video}[1]{pos} / PACKET .. $#p])
         ->{refused}, qr/decoding can begin \(it is coded by intra refresh\)/,
         'intra refresh: refused without it');
}


# ---- what is wrong with them

my ($video, $audio) = probe($plain);
my $whole = footage($plain);
my @packets = packets($plain);

# packets lost or broken in the middle of a frame: that frame is damaged
for (['a lost packet', sub { splice @{$_[0]}, $_[1], 1 }],
     ['a broken packet',
      sub { substr($_[0][$_[1]], 1, 1) |= "\x80" }],
     ['a packet sent twice', sub { splice @{$_[0]}, $_[1], 0, $_[0][$_[1]] },
      'whole'],
     ['bytes lost', sub { substr($_[0][$_[1]], 50, 70) = '' }],
     ['bytes too many', sub { $_[0][$_[1]] .= 'x' x 50 }])
{
    my ($name, $change, $harmless) = @$_;
    my @p = @packets;
    my $at = within(\@p, $video->[33]{pos} / PACKET, 1);

    $change->(\@p, $at);

    my $f = footage(join '', @p);

    is(damaged($f), $harmless ? '' : '33', "$name: the damaged frame");
    is($f->{damaged}, $harmless ? 0 : 1, "$name: counted");
    is(numbers('pts', @{$f->{video}}), numbers('pts', @$video),
       "$name: the times");
}

{
    my @p = @packets;
    my $from = $video->[33]{pos} / PACKET;
    my $to = $video->[34]{pos} / PACKET;
    my $pid = pid($p[$from]);

    @p[$from .. $to - 1] = map { pid($_) == $pid ? '' : $_ }
                           @p[$from .. $to - 1];
    my $f = footage(join '', @p);

    is(scalar @{$f->{video}}, 89, 'a whole frame lost: the others are there');
    is(damaged($f), '32', 'a whole frame lost: its GOP is known to be damaged');

    # its header alone

    @p = @packets;
    substr($p[$from], payload($p[$from]), 1) = "\xff";
    $f = footage(join '', @p);
    is(scalar @{$f->{video}}, 89, 'a header broken: the others are there');
    is(damaged($f), '32 33', 'a header broken: those beside are damaged');
}

# bytes that are wrong, but all there
{
    my $bytes = $plain;
    my $at = index $bytes, "\0\0\x01\x41", $video->[33]{pos};

    $at = index $bytes, "\0\0\x01\x01", $video->[33]{pos}
        if $at < 0 || $at > $video->[34]{pos};
    substr($bytes, $at, 3) = 'xxx';

    is(damaged(footage($bytes)), '33', 'a start code broken: is damage');
}

# the beginning is missing
{
    my $from = $video->[7]{pos} / PACKET;
    my $f = footage(join '', @packets[0 .. 2],
                    @packets[$from + 1 .. $#packets]);

    is(numbers('pts', @{$f->{video}}), numbers('pts', @$video[30 .. 89]),
       'garbage in front: from the first key frame on');
    is($f->{damaged}, 0, 'garbage in front: nothing is damaged');

    $f = footage(join '', @packets[0 .. 2], 'x' x 1000,
                 @packets[3 .. $#packets]);
    is(numbers('pts', @{$f->{video}}), numbers('pts', @$video),
       'bytes that are no packets');

    like(footage(join '', @packets[0 .. 2],
                 @packets[$from .. $video->[30]{pos} / PACKET - 1])
         ->{refused}, qr/no H\.264 picture with which decoding can begin/,
         'no key frame: refused');
}

# the end is missing
{
    my $at = within(\@packets, $video->[50]{pos} / PACKET, 1);
    my $cut = join('', @packets[0 .. $at - 1]) . substr $packets[$at], 0, 99;
    my $f = footage($cut);

    is(scalar @{$f->{video}}, 51, 'cut off: the frames');
    is(damaged($f), '50', 'cut off: the last one is damaged');

    $f = footage($cut, 'partial');
    is(scalar @{$f->{video}}, 50, 'cut off and partial: one frame less');
    is($f->{damaged}, 0, 'cut off and partial: nothing is damaged');
}

# audio frames that lost bytes are gone, the others keep their times
{
    my %known = map { $_->[0] => $_->[3] } @{$whole->{tracks}[0]{audio}};
    my @p = @packets;
    my ($in) = grep { defined $_->{pos} } @$audio[20 .. $#$audio];
    my $at = within(\@p, $in->{pos} / PACKET, 2);

    splice @p, $at, 1;

    my $f = footage(join '', @p);
    my @left = @{$f->{tracks}[0]{audio}};

    is(scalar(grep { ($known{$_->[0]} || 0) != $_->[3] } @left), 0,
       'sound lost: what is left has its time');
    cmp_ok(keys(%known) - @left, '>', 0, 'sound lost: frames are left out');
    cmp_ok(keys(%known) - @left, '<', 4, 'sound lost: but not many');
    is($f->{damaged}, 0, 'sound lost: no picture is damaged');
}

# times that are not sent
{
    my $timeless = sub {
        my ($bytes, @which) = @_;
        my ($frames) = probe($bytes);

        for my $n (@which) {
            my $at = $frames->[$n]{pos};
            my $byte = \substr $bytes,
                $at + payload(substr $bytes, $at, PACKET) + 7, 1;

            $$byte = chr(ord($$byte) & 0x3f);
        }

        return ($bytes, $frames);
    };

    my $straight = make('straight', 2, [], @x264, qw(-bf 0));
    my ($bytes, $frames) = $timeless->($straight, 5, 17, 18, 59);

    is(numbers('pts', @{footage($bytes)->{video}}), numbers('pts', @$frames),
       'times missing: between the others');

    # where frames are reordered, those of a few can be told

    ($bytes) = $timeless->($plain, 5, 30);

    my $f = footage($bytes);

    is(numbers('pts', @{$f->{video}}), numbers('pts', @$video),
       'times missing where frames are reordered: made anew');
    is(places($f, sub { $_[0]{damaged} eq 'mended' }), '5 30',
       '... and said to be');

    ($bytes) = $timeless->($plain, map { 2 * $_ } 1 .. 30);
    like(footage($bytes)->{refused}, qr/frames without a time stamp/,
         '... but not those of many: refused');

    ($bytes) = $timeless->($straight, 0);
    is(numbers('pts', @{footage($bytes)->{video}}), numbers('pts', @$frames),
       'a key frame without a time is where it belongs');
}


# times that are wrong
{
    my $shifted = sub {
        my ($bytes, $ticks, @which) = @_;

        for my $n (@which) {
            my $at = $video->[$n]{pos};
            my $pes = $at + payload(substr $bytes, $at, PACKET);

            Wub::Streams::shift_stamp(\$bytes, $pes + 9, $ticks);
            Wub::Streams::shift_stamp(\$bytes, $pes + 14, $ticks)
                if ord(substr $bytes, $pes + 7, 1) & 0x40;
        }

        return footage($bytes);
    };

    for my $n (0, 1, 2, 30, 47, 60, 88, 89) {
        for my $ticks (3600 * 90000, -3600 * 90000, 7 * 90000, -700000) {
            my $f = $shifted->($plain, $ticks, $n);

            is(numbers('pts', @{$f->{video}}) . ': ' . places($f, sub {
                   $_[0]{damaged} eq 'mended' }),
               numbers('pts', @$video) . ": $n",
               "frame $n at a time of $ticks ticks more");
        }
    }

    # a jump that stays is none

    my $f = $shifted->($plain, 3600 * 90000, 30 .. 89);
    my @late = map { $_->{pts} + 3600 * 90000 } @$video[30 .. 89];

    is(numbers('pts', @{$f->{video}}),
       numbers('pts', @$video[0 .. 29]) . " @late",
       'counters that begin anew within a segment stay');
    is($f->{damaged}, 0, '... and are no damage');
}

done_testing();
