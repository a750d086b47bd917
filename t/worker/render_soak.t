#!/usr/bin/perl

# The role render over a long time: requests of all kinds, two hundred at a
# time, clients that leave, footage that is damaged, children that crash,
# stand still and spin.  It answers, and nothing is left over: no process, no
# descriptor, no shared byte, no memory.
#
# WUB_LONG=SECONDS says how long; without it this takes one small round.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Media;
use Wub::Render;

use constant ROUND => $ENV{WUB_LONG} ? 200 : 50;

my $seed = $ENV{WUB_SEED} || ($ENV{WUB_LONG} ? time : 1);
srand $seed;
diag "WUB_SEED=$seed" if $ENV{WUB_LONG} || $ENV{WUB_SEED};

my $rig = Wub::Render->new;

damage();

# what is heavy gets little time, so that much is asked for
my $service = $rig->start(children => 8, kinds => {
    frame => { time => 5, queue => 100 },
    cut   => { cpu => 2, stall => 5, time => 20, queue => 100, wait => 20 },
});
my ($a, $b, $whole) = ($rig->range(0, 1.9), $rig->range(3, 5.1),
                       $rig->range(0, 8));
my @paths = (
    (map { ["/frame/chan/source.png?timestamp=" . $rig->at($_)] }
        0, 1.3, 2.9, 100),
    ['/frame/chan/source.png?format=jpg&timestamp=' . $rig->at(3.3)],
    ["/cut/chan/source.ts?type=smart&$a"],
    (map { ["/cut/chan/source.ts?type=$_&$a&$b&transition=fade,0.5"] }
        qw(smart mp4)),
    ["/cut/chan/source.ts?plan=1&type=smart&$whole"],
    ['/waveform/chan/source.png?start=' . $rig->at(0) . '&end='
        . $rig->at(6)],
    ["/cut/chan/source.ts?type=webm&$whole", '--max-time', '0.4'],
    ["/cut/chan/source.ts?type=mpegts&$whole", '--limit-rate', '200k',
        '--max-time', '0.6'],
    ['/cut/chan/source.ts?type=webm&' . join '&', ($whole) x 20],
    ['/thumbnail/chan/source.png', '--data-binary', 'x'],
    ['/metrics'], ['/nothing'],
    (map { ["/frame/chan/broken$_.png?timestamp=" . $rig->at(2.5)],
           ["/cut/chan/broken$_.ts?allow_holes=true&type=smart&$whole"] }
        1 .. 4),
);
my $end = time + ($ENV{WUB_LONG} || 0);
my ($rounds, %status, $warm) = (0);
my $before = left();

do {
    round();
    $warm = left()->{memory} if ++$rounds == 1;
} while ($rounds < 2 || time < $end);

diag "$rounds rounds: ", join ', ', map { "$_ $status{$_}" }
    sort keys %status if $ENV{WUB_LONG};

my $after = left();
my $grown = delete($after->{memory}) - $warm;

delete $before->{memory};
is_deeply $after, $before, 'nothing is left over';
cmp_ok $grown, '<', 1 << 20, 'the service holds no more than before';

delete @status{qw(200 400 404 406 500 503 left broken)};
is_deeply \%status, {}, 'answers, and nothing else';
is $rig->get($paths[0][0])->{status}, 200, 'it goes on';
is $service->stop, 0, 'ends';
unlike $service->log, qr/(?:Sanitizer|runtime error)/, 'no damage';

done_testing;


# requests by chance, and a child now and then that is hurt
sub round {
    my @asked = map { $rig->ask(@{ $paths[rand @paths] }) } 1 .. ROUND;

    for my $asked (@asked) {
        my @children = $service->children;

        kill((qw(KILL SEGV STOP))[rand 3], $children[rand @children])
            if @children && rand() < 0.05;

        my $answer = $rig->wait_for($asked);
        my $exit = $answer->{exit};

        $status{$exit == 28 ? 'left' : $exit == 18 || $exit == 56 ? 'broken'
                : $exit ? "exit $exit" : $answer->{status}}++;
    }
}


# what there is when nobody asks for anything
sub left {
    $rig->until('all to be over', sub {
        sleep 0.05;
        return @{[$service->children]} == 0
            && $rig->metrics->{wubloader_render_connections} == 1;
    });

    my $metrics = $rig->metrics;

    return { fds => $metrics->{process_open_fds}, shared => $service->shared,
             memory => $metrics->{process_resident_memory_bytes},
             queue => $metrics->{'wubloader_render_queue{kind="cut"}'},
             cuts => $metrics->{'wubloader_render_children{kind="cut"}'} };
}


# copies of the stream with bytes overwritten by chance, a few or many
sub damage {
    for my $n (1 .. 4) {
        for my $path (glob "$rig->{segments}/chan/source/*/*.ts") {
            my $bytes = Wub::Media::slurp($path);
            my $to = $path =~ s{/source/}{/broken$n/}r;

            substr($bytes, rand length $bytes, 1) = chr rand 256
                for 1 .. 10 ** $n / 2;
            File::Path::make_path($to =~ s{/[^/]+$}{}r);
            Wub::Media::spew($to, $bytes);
        }
    }
}
