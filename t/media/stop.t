
# Cuts that are told to stop while an encoder is busy: they end at once, and
# leave no file.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Media;

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $dir = tempdir('wub-stop-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# The median of several, seconds.  Encoders need more for a frame like
# these where the machine is busy; this is left to what is slow in tests.
use constant {
    MOST  => ($ENV{WUB_BUILD} || '') =~ /[at]san/ ? 1 : 0.2,
    BEGUN => ($ENV{WUB_BUILD} || '') =~ /tsan/ ? 1 : 0.1,
    TRIES => 5,
};

# a hang is a failure
alarm 300;


my @size = (seconds => 4, gop => 60, width => 1280, height => 720,
            block => 32, audio => 0);
my %streams = (
    h264 => Wub::Media->make("$dir/h264", @size,
                             video => [qw(-c:v libx264 -preset ultrafast)]),
    hevc => Wub::Media->make("$dir/hevc", @size,
                video => [qw(-c:v libx265 -preset ultrafast -x265-params),
                          'log-level=none:open-gop=0']),
);

# with a name, a transition is all that there is

for my $case ([qw(smart hevc)], [qw(smart h264)], [qw(mp4 h264)],
              [qw(webm h264)], [qw(smart h264 pixelize)],
              [qw(smart hevc batman)])
{
    my ($kind, $codec, $name) = @$case;
    my $stream = $streams{$codec};
    my $file = "$dir/stopped.$kind";
    my (@times, %status);

    for my $n (1 .. TRIES) {
        my $pid = fork;

        die "fork failed: $!\n" if !defined $pid;

        if ($pid == 0) {
            open STDERR, '>', '/dev/null';
            exec $worker, 'media', $kind, '--segments', $stream->{root},
                 qw(--channel chan --quality), $stream->{quality},
                 '--output', $file,
                 $name ? ('--transition', "$name,3.8") : (),
                 map { ('--range', $_) } (join ',',
                 map { Wub::Media::text(sprintf '%.0f',
                                        ($stream->{start} + $_) * 1e6) }
                 0.1, 3.9) x ($name ? 2 : 3);
        }

        sleep BEGUN + 0.1 * $n;

        my $told = time;

        kill TERM => $pid;
        waitpid $pid, 0;
        push @times, time - $told;
        $status{$?} = 1;
    }

    is(join(' ', keys %status), 1 << 8,
       "$kind, $codec" . ($name ? ", $name" : '') . ': stopped');
    cmp_ok((sort { $a <=> $b } @times)[TRIES / 2], '<', MOST,
           '... at once');
    is(join(' ', glob "$file*"), '', '... no file is left');
}

done_testing;
