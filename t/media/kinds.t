# The kinds of cuts that copy whole segments, rough and archive; and that a
# signal ends a cut of any kind at once.

use strict;
use warnings;

use File::Basename qw(basename);
use File::Temp qw(tempdir);
use IPC::Open3;
use POSIX ();
use Symbol qw(gensym);
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Media;

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-kinds-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# a sanitizer is slow, a machine that does other things too
my $patience = $worker =~ /asan/ ? 1 : 0.1;

alarm 120;

my $stream = Wub::Media->make("$dir/store", seconds => 10, segment => 2);
my @files = map { $_->{path} } @{$stream->{segments}};

subtest 'rough' => \&rough;
subtest 'archive' => \&archive;
subtest 'what is missing' => \&missing;
subtest 'a signal' => \&signals;

is_deeply([ grep { /temp/ } map { basename($_) } glob "$dir/*" ], [],
          'no temporary file is left');
done_testing;


# (exit status, standard output, standard error)
sub run {
    return Wub::Media::ran($worker, @_);
}


# options for a cut of ranges in seconds of the stream
sub options {
    my (@ranges) = @_;

    return ('--segments', "$dir/store", '--channel', 'chan',
            map { ('--range', join ',', map {
                Wub::Media::text(sprintf '%.0f', ($stream->{start} + $_) * 1e6)
            } @$_) } @ranges);
}


sub bytes {
    return join '', map { Wub::Media::slurp($_) } @_;
}


sub rough {
    my ($status, $out, $err) = run('media', 'rough', options([2.5, 5], [0, 1]),
                                   '--transition', 'fade,1', '--output', '-');

    is($status, 0, 'status');
    is($err, '', 'nothing on stderr');
    ok($out eq bytes(@files[1, 2, 0]), 'its segments, byte by byte');

    ($status, $out, $err) = run('media', 'rough', options([2, 4]), '--output',
                                "$dir/rough.ts");
    is($status, 0, 'into a file: status');
    ok(Wub::Media::slurp("$dir/rough.ts") eq bytes($files[1]),
       'a range that ends where a segment does');

    # what no decoder could read is copied all the same

    my $junk = $stream->put($stream->{start} + 100, 2, 'full', 'x' x 1000);
    ($status, $out, $err) = run('media', 'rough', options([100, 102]),
                                '--output', '-');
    is($out, 'x' x 1000, 'bytes are not looked at');
    unlink $junk->{path};
}


sub archive {
    my $file = "$dir/one.mkv";
    my ($status, $out, $err) = run('media', 'archive', options([2.5, 5]),
                                   '--output', $file);

    is($status, 0, 'status');
    is($err, '', 'nothing on stderr');
    video($file, 60 .. 179);

    # touching ranges are two runs, and what is run twice is the same twice

    ($status, $out, $err) = run('media', 'archive', options([2.5, 5], [3, 5]),
                                '--output', "$dir/two.mkv");
    is($status, 0, 'two ranges: status');
    is_deeply([ map { basename($_) } glob "$dir/two*" ],
              [ 'two-0.mkv', 'two-1.mkv' ], 'two files');
    ok(Wub::Media::slurp("$dir/two-$_.mkv") eq Wub::Media::slurp($file),
       "two-$_.mkv has the segments of its range") for 0, 1;

    ($status, $out, $err) = run('media', 'archive', options([2.5, 5], [3, 5]),
                                '--output', '-');
    is($status, 1, 'two runs to one stream: status');
    is($out, '', 'not a byte');
    like($err, qr/^wubloader-worker: .* 2 runs without holes/, 'a sentence');

    my $size = "$dir/size";
    my $small = Wub::Media->make($size, seconds => 4, width => 256,
        start => $stream->{start} + 10);
    my ($hour) = $files[-1] =~ m{(.*)/};
    my $other = "$hour/" . basename($small->{segments}[0]{path});
    rename $small->{segments}[0]{path}, $other;

    ($status, $out, $err) = run('media', 'archive', options([6, 12]),
                                '--output', "$dir/form.mkv");
    is($status, 0, 'another size of picture: status');
    video("$dir/form-0.mkv", 180 .. 299);
    video("$dir/form-1.mkv", 0 .. 59);
    unlink $other;
}


sub missing {
    my @args = ('media', 'archive', options([0, 10]), '--output',
                "$dir/hole.mkv");

    rename $files[2], "$files[2].away";
    my ($status, $out, $err) = run(@args);
    is($status, 1, 'a hole: status');
    like($err, qr/has a hole from/, 'a sentence');
    ok(!-e "$dir/hole.mkv", 'nothing is written');

    ($status, $out, $err) = run(@args, '--allow-holes');
    is($status, 0, 'holes are allowed: status');
    is_deeply([ map { basename($_) } glob "$dir/hole*" ],
              [ 'hole-0.mkv', 'hole-1.mkv' ], 'a file for each run');
    video("$dir/hole-0.mkv", 0 .. 119);
    video("$dir/hole-1.mkv", 180 .. 299);
    rename "$files[2].away", $files[2];

    # a name that promises too much

    my $short = $stream->put($stream->{start} + 10, 3, 'full',
                             Wub::Media::slurp($files[4]));
    ($status, $out, $err) = run('media', 'smart', options([8, 11.5]),
                                '--output', "$dir/short.ts");
    is($status, 0, 'a segment that is short: status');
    like($err, qr/^wubloader-worker:\ warning:\ 1\ segment\ has\ less\ footage
                  .*\ the\ first\ is\ \S+\Q@{[ basename($short->{path}) ]}\E
                  \ by\ 1\.\d+\ s\n\z/x, 'is told');
    unlink $short->{path};
}


# a file, and what is in it; nothing is said while it is decoded
sub video {
    my ($file, @numbers) = @_;

    my $video = Wub::Media->read($file, $stream->{rate});
    my $name = basename($file);

    is("@{$video->{numbers}}", "@numbers", "$name: its frames");
    is($video->{noise}, '', "$name: no warning");
    cmp_ok(scalar @{$video->{tones}}, '>', @numbers / 30 * 10 - 4,
           "$name: its sound");

    my $last = -1;
    my $wrong = 0;

    for my $packet (@{$video->{packets}{audio}}) {
        $wrong++ if $packet->{pts} <= $last;
        $last = $packet->{pts};
    }

    is($wrong, 0, "$name: time goes on");
}


# into a pipe that nobody reads, so that it is at work when the signal comes
sub signals {
    my $fifo = "$dir/fifo";
    POSIX::mkfifo($fifo, 0600) or die "mkfifo: $!\n";

    for my $kind (qw(rough smart mpegts mp4 webm archive)) {
        for my $signal (qw(TERM INT)) {
            my $pid = open3(my $in, my $out, my $err = gensym, $worker,
                            'media', $kind, options([0, 10]), '--output',
                            $fifo);
            open my $reader, '<:raw', $fifo or die "$fifo: $!\n";
            sysread $reader, my $first, 1;
            sleep 0.1;

            my $begun = time;
            kill $signal, $pid;
            my $done = 0;
            sleep 0.005 until ($done = waitpid $pid, POSIX::WNOHANG())
                || time - $begun > 10;
            my $status = $?;
            kill 'KILL', $pid if !$done;
            my $spent = time - $begun;

            is($status >> 8, 1, "$kind, SIG$signal: status");
            cmp_ok($spent, '<', $patience, "$kind, SIG$signal: at once");
            like(do { local $/; <$err> }, qr/stopped before its end/,
                 "$kind, SIG$signal: a sentence");
        }
    }
}
