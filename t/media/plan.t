# media KIND --plan: the plan is the one that a run carries out, it says
# truly which bytes are copied and which frames encoded, and what is made by
# it is the same on any number of processors.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(basename);
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

use Wub::Media;

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-plan-XXXXXX', TMPDIR => 1, CLEANUP => 1);

alarm 240;

my $stream = Wub::Media->make("$dir/store", seconds => 12, gop => 30);
my @files = map { $_->{path} } @{$stream->{segments}};
my @kinds = qw(rough smart mpegts mp4 webm archive);

subtest 'the plan is what a run does' => \&same;
subtest 'what it says' => \&says;
subtest 'what is copied' => \&copied;
subtest 'holes and forms' => \&holes;
subtest 'settings' => \&settings;
subtest 'how ends are encoded' => \&ends;
subtest 'the same bytes' => \&bytes;
done_testing;


# (exit status, standard output, standard error)
sub run {
    return Wub::Media::ran(@_);
}


# the command of a cut of ranges in seconds of the stream
sub command {
    my ($kind, @ranges) = @_;

    return ($worker, 'media', $kind, '--segments', "$dir/store", '--channel',
            'chan', map { ('--range', join ',', map { at($_) } @$_) }
                @ranges);
}


sub at {
    my ($seconds) = @_;

    return Wub::Media::text(
        sprintf '%.0f', ($stream->{start} + $seconds) * 1e6);
}


sub plan_of {
    my ($status, $out, $err) = run(@_, '--plan');

    is($status, 0, 'status') or diag($err);
    is($err, '', 'nothing on stderr');
    return decode_json($out);
}


sub same {
    my @range = ([3.5, 4.25], [1.9, 2.1]);

    for my $kind (@kinds) {
        my $file = "$dir/same.$kind";
        my ($planned, $plan) = run(command($kind, @range), '--plan');
        my ($done, $out, $did) = run(command($kind, @range), '--output',
                                     $file, '--log-level', 'debug');

        is("$planned $done", '0 0', "$kind: status") or diag($did);
        is($out, '', "$kind: nothing on stdout");
        is($did, $plan, "$kind: the plan is what was done");
        next if $kind eq 'archive';

        my $frames = decode_json($plan)->{frames};
        my $video = Wub::Media->read($file);
        is(scalar @{$video->{numbers}}, $frames, "$kind: as many frames")
            if defined $frames;
    }
}


sub says {
    my @range = ([3.5, 6.25], [1.9, 2.1]);
    my $plan = plan_of(command('smart', @range));
    my ($numbers, $copied) = $stream->expected(
        map { [ map { sprintf '%.0f', ($stream->{start} + $_) * 1e6 } @$_ ] }
            @range);

    is($plan->{kind}, 'smart', 'kind');
    is($plan->{frames}, @$numbers, 'frames');
    is($plan->{copied}, $copied, 'copied');
    is_deeply($plan->{video}, { codec => 'h264', width => 320, height => 112,
        chroma => '4:2:0', depth => 8, interlaced => JSON::PP::false },
        'the form of the picture');
    is_deeply($plan->{audio}, [{ rate => 48000, channels => 1, object => 2 }],
              'the form of the sound');
    is($plan->{encode}{encoder}, 'libx264', 'the encoder');
    ok($plan->{libraries}{$_}, "the version of $_")
        for qw(libavcodec libx264 libvpx);
    is($plan->{architecture}, `uname -m` =~ s/\n//r, 'the architecture');

    my @parts = map { @{$_->{parts}} } @{$plan->{ranges}};
    is(join(' ', map { basename($_->{segment}) } @parts),
       join(' ', map { basename($_) } @files[1 .. 3, 0, 1]), 'segments');

    for my $part (@parts) {
        my ($hash) = $part->{segment} =~ /-([\w-]{43})\.ts$/;
        is($part->{hash}, $hash, 'a hash');
    }

    # from the times of the steps, the numbers of the frames

    my @found;

    for my $step (@{$plan->{steps}}) {
        my ($first, $last) = map {
            my ($m, $s) = /T\d\d:(\d\d):([\d.]+)Z$/;
            ($m * 60 + $s - 59 * 60 - 52) * 30;
        } @$step{qw(first last)};

        push @found, sprintf('%.0f', $first) .. sprintf('%.0f', $last);
    }

    is("@found", "@$numbers", 'the frames, by the times of the steps');
}


# the bytes that a plan says are copied hold packets of the video
sub copied {
    my $file = "$dir/copied.ts";
    my @range = ([3.5, 6.25]);
    my $plan = plan_of(command('smart', @range));

    is((run(command('smart', @range), '--output', $file))[0], 0, 'status');

    my %made = map { $_->{data_hash} => 1 }
        @{Wub::Media->read($file)->{packets}{video}};
    my $n = 0;

    for my $step (grep { $_->{do} eq 'copy' } @{$plan->{steps}}) {
        my ($path) = grep { index($_, $step->{segment}) >= 0 } @files;
        my $bytes = Wub::Media::slurp($path);
        my ($from, $to) = @{$step->{bytes}};

        # the tables of programs are before the first picture

        Wub::Media::spew("$dir/part.ts", substr($bytes, 0, 3 * 188)
                         . substr($bytes, $from, $to - $from));

        my @packets = @{Wub::Media->read("$dir/part.ts")->{packets}{video}};
        is(@packets, $step->{frames}, 'as many pictures');
        is(scalar(grep { !$made{$_->{data_hash}} } @packets), 0,
           'each is in the video, bit by bit');
        $n += @packets;
    }

    is($n, $plan->{copied}, 'these are all');
}


# a smaller picture at the beginning, another one only later, and a hole
sub holes {
    my $other = Wub::Media->make("$dir/other", seconds => 4, width => 256,
        start => $stream->{start} - 2);
    my $path = $other->{segments}[0]{path} =~ s{/other/}{/store/}r;

    rename $other->{segments}[0]{path}, $path or die "$path: $!\n";
    rename $files[2], "$files[2].away";

    my ($status, $out, $err) = run(command('smart', [-2, 7]), '--plan');
    is($status, 1, 'a hole: status');
    like($err, qr/has a hole from/, 'a hole: a sentence');

    my $plan = plan_of(command('mp4', [-2, 7]), '--allow-holes');
    is($plan->{video}{width}, 320, 'the form that most of the time has');

    my @holes = grep { $_ } map { $_->{hole} }
        map { @{$_->{parts}} } @{$plan->{ranges}};
    is_deeply(\@holes, [{ start => at(4) . 'Z', end => at(6) . 'Z' }],
              'the hole');

    $plan = plan_of(command('mp4', [-2, 1]));
    is($plan->{video}{width}, 256, 'the same, of another range');

    $plan = plan_of(command('archive', [-2, 7]), '--allow-holes');
    is(scalar(grep { $_->{do} eq 'next file' } @{$plan->{steps}}), 2,
       'archive: three files');

    rename "$files[2].away", $files[2];
    unlink $path;
}


sub settings {
    my $plan = plan_of(command('mp4', [1, 2]), qw(--encode youtube --encode
                                               crf=20.5));

    is_deeply([ @{$plan->{encode}}{qw(crf bframes gop audio_bitrate)} ],
              [ '20.5', 2, '0.5', 384000 ], 'those that were set');
    is($plan->{encode}{preset}, 'veryfast', 'and the rest');
}


# x264 writes what it was told into the stream
sub ends {
    my %want = (deep => [format => 'yuv420p10le'],
                hevc => [video => ['-c:v', 'libx265', '-preset',
                                   'ultrafast'],
                         more => ['-x265-params',
                                  'log-level=none:open-gop=0']]);

    for my $name (sort keys %want) {
        Wub::Media->make("$dir/store", quality => $name, seconds => 4,
                         @{$want{$name}});
    }

    my @range = ('--quality', 'deep', '--output', "$dir/deep.ts");
    my $plan = plan_of(command('smart', [0.5, 1]), '--quality', 'deep');
    is((run(command('smart', [0.5, 1]), @range))[0], 0, 'status');

    my ($said) = (run(qw(ffmpeg -v error -i), "$dir/deep.ts",
                      qw(-c:v copy -an -f h264 -)))[1] =~ /qpmax=(\d+)/;
    is($plan->{encode}{qpmax}, $said, 'ten bits: the limit of the quantizer');
    is($plan->{encode}{bframes}, undef, 'H.264: none');

    $plan = plan_of(command('smart', [0.5, 1]), '--quality', 'hevc');
    is($plan->{encode}{encoder}, 'libx265', 'HEVC: the encoder');
    like($plan->{encode}{bframes}, qr/^as the source/, 'HEVC: its order');
}


# into a pipe as into a file, but for those that have an index in a file
sub bytes {
    chomp(my $cpu = `taskset -pc $$ | sed 's/.*: //; s/[,-].*//'`);

    for my $kind (@kinds) {
        my @range = ($kind eq 'archive') ? ([1.75, 2.25])
                                         : ([1.75, 2.25], [8, 8.5]);
        my (@sums, $piped);

        for my $n (0 .. 2) {
            my $file = "$dir/bytes.$kind";
            my @command = (command($kind, @range), '--output',
                           $n == 2 ? '-' : $file);

            @command = ('taskset', '-c', $cpu, @command) if $n == 1;
            my ($status, $out, $err) = run(@command);
            is($status, 0, "$kind: status") or diag($err);

            push @sums, sha256_hex($n == 2 ? $out
                                           : Wub::Media::slurp($file));
        }

        is($sums[1], $sums[0], "$kind: the same on one processor");
        is($sums[2], $sums[0], "$kind: the same to a stream")
            if $kind !~ /mp4|webm/;
    }
}
