#!/usr/bin/perl

# What the role render makes of children that crash, hang or grow, of
# clients that leave or stand still, of a system without room, and of its
# own end: one request is hurt, nobody else's, and nothing is left over.
#
# WUB_LONG=SECONDS keeps the mixed requests going for that long.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Media;
use Wub::Nginx;
use Wub::Render;


# of bytes behind each segment of the quality "fat": more than all buffers
use constant FAT => 4 << 20;

my $rig = Wub::Render->new;
my $rough = '/cut/chan/fat.ts?type=rough&allow_holes=true';
my $frame = '/frame/chan/source.png?timestamp=' . $rig->at(1);
my $slow = '/cut/chan/source.ts?type=webm&' . join '&',
    ($rig->range(0, 8)) x 20;
my $nginx;

$rig->fatten('fat', FAT);
my $whole = join '', map { Wub::Media::slurp($_) }
    sort glob "$rig->{segments}/chan/fat/*/*.ts";

# what takes ten seconds goes on beside all the rest, in another service
my ($patient, $line, $head);
{
    local $rig->{socket} = "$rig->{dir}/patient.sock";
    $patient = $rig->start;
    $line = $rig->raw('GET /frame/');
    $head = $rig->hold('/waveform/');
}

my $service = $rig->start(kinds => { frame => { children => 2 } });

subtest 'a child crashes' => sub { crash() };
subtest 'a child writes anywhere' => sub { scribble() };
subtest 'a child crashes, behind nginx' => sub { behind() };
subtest 'clients that leave' => sub { leaves() };
subtest 'clients that are slow' => sub { slow() };
subtest 'requests at once' => sub { mixed() };
subtest 'requests that do not end' => sub { endless() };
subtest 'limits of time and CPU' => sub { limits() };
subtest 'limits of memory' => sub { memory() };
subtest 'no descriptors' => sub { descriptors() };
subtest 'no processes' => sub { processes() };
subtest 'SIGTERM' => sub { term() };
subtest 'SIGKILL' => sub { killed() };

done_testing;


# the only child
sub child {
    my @children;
    $rig->until('a child', sub { @children = $service->children });

    return $children[0];
}


# until nobody is connected but who asks
sub alone {
    $rig->until('all to be over', sub {
        sleep 0.05;
        return @{[$service->children]} == 0
               && $rig->metrics->{wubloader_render_connections} == 1 });
}


sub counted {
    my ($name, $want, $what) = @_;

    my $is = -1;
    eval { $rig->until($name, sub {
        sleep 0.05;
        ($is = $rig->metrics->{"wubloader_render_$name"} // -1) >= $want }) };
    is $is, $want, $what || $name;
}


sub crash {
    for my $signal (qw(ABRT KILL)) {
        my $held = $rig->hold($frame);
        my $child = child();
        kill $signal, $child;
        my $answer = $rig->rest($held);
        like $answer, qr/\AHTTP\/1\.1 500 .*\r\n\r\n[^\n]+\n\z/s,
            "$signal before the first byte";
        like $answer, qr/Content-Length: \d+\r\nConnection: close/, 'whole';
        my ($said) = $service->log =~ /^.* child=$child .*$/mg;
        like $said, qr/level=error .*crashed" kind=frame /, 'the log says so';
        like $said, qr/request="GET \Q$frame\E"/, 'and has the request';
    }
    counted('crashed_total{kind="frame"}', 2);

    my $asked = $rig->begun($rough);
    my $child = child();
    kill 'KILL', $child;
    my $answer = $rig->wait_for($asked);
    is $answer->{status}, 200, 'behind it: the status was sent';
    is $answer->{exit}, 18, 'curl sees that it is broken';
    cmp_ok length $answer->{body}, '<', length $whole, 'it is';
    counted('broken_total{kind="cut"}', 1);
    like $service->log, qr/^.* child=$child .* plan="\{.*-full-/m,
        'the log has the step of the plan';
    is $rig->get($frame)->{status}, 200, 'and goes on';
}


# all that it can write of what it shares with the parent
sub scribble {
    no warnings 'portable';

    alone();
    $rig->until('no child', sub { @{[$service->children]} == 0 });

    my $held = $rig->hold($frame);
    my $child = child();

    open my $maps, '<', "/proc/$child/maps" or die "maps: $!\n";
    my @shared = map { m{^(\w+)-(\w+) (\S+) .*/dev/zero}
                       ? [hex $1, hex $2, $3] : () } <$maps>;

    is_deeply [map { $_->[2] } @shared], ['r--s', 'rw-s'],
        'counters are not for children to write';

    open my $memory, '+<:raw', "/proc/$child/mem" or die "memory: $!\n";

    my ($from, $to) = @{ $shared[1] };
    sysseek $memory, $from, 0 or die "memory: $!\n";
    is syswrite($memory, "\xff" x ($to - $from)), $to - $from, 'all the rest';
    close $memory;

    kill 'KILL', $child;
    close $held;
    alone();
    is $rig->get($frame)->{status}, 200, 'others do not notice';
}


# nginx before it, as it is meant to be
sub behind {
    my $port = Wub::Nginx::free_port();
    my $conf = <<"END";
location / {
    proxy_pass http://unix:$rig->{socket};
    proxy_http_version 1.1;
    proxy_buffering off;
}
END
    $nginx = Wub::Nginx->new(modules => [], no_root_location => 1,
        config => $conf, http_config => <<"END");
server {
    listen 127.0.0.1:$port http2;
    $conf
}
END
    is $nginx->start, '', 'nginx starts';
    my $url = 'http://127.0.0.1:' . $nginx->port;

    my $good = $rig->get("$url$rough");
    is $good->{exit}, 0, 'a whole one';
    ok $good->{body} eq $whole, 'byte by byte';

    my $asked = $rig->begun("$url$rough");
    my $child = child();

    # those at work are not touched by a reload
    $nginx->reload;
    is $rig->get("$url$frame")->{status}, 200, 'another one meanwhile';
    kill 'KILL', $child;
    my $answer = $rig->wait_for($asked);
    is $answer->{exit}, 18, 'a broken one is broken';

    # 92: the stream was reset
    $asked = $rig->begun("http://127.0.0.1:$port$rough",
                         '--http2-prior-knowledge');
    kill 'KILL', child();
    is $rig->wait_for($asked)->{exit}, 92, 'also over HTTP/2';

    # a client of nginx that leaves ends the child
    $asked = $rig->ask("$url$slow");
    $child = child();
    kill 'TERM', $asked->{pid};
    $rig->until('its end', sub { !-d "/proc/$child" });
    pass('the client left, and so did the child');
    $rig->wait_for($asked);

    $nginx->stop;
}


sub leaves {
    my $path = "GET $rough HTTP/1.1\r\nHost: x\r\n";
    my %stage = (
        'at once' => [''], 'in the line' => ['GET /cut'],
        'in the head' => [$path], 'before an answer' => ["$path\r\n"],
        'in a cut' => ["GET $slow HTTP/1.1\r\nHost: x\r\n\r\n"],
        'in a body' => ["POST /thumbnail/chan/source.png HTTP/1.1\r\n"
                        . "Host: x\r\nContent-Length: 1000\r\n\r\n", 'some'],
        'in the answer' => ["$path\r\n", sub {
            my ($socket) = @_;
            sysread $socket, my $bytes, 1000;
        }],
    );

    for my $name (sort keys %stage) {
        my ($text, $then) = @{$stage{$name}};
        my $socket = $rig->raw($text);
        sleep 0.1;
        ref $then ? $then->($socket) : print {$socket} $then if $then;
        close $socket;
        eval { alone() };
        is $@, '', $name;
    }

    # one whose child does not look is killed
    my $held = $rig->hold($slow);
    my $child = child();
    kill 'STOP', $child;
    close $held;
    $rig->until('its end', sub { !-d "/proc/$child" });
    pass('a child that is stopped');
    unlike $service->log =~ s/.*crashed[^\n]*\n//sr,
        qr/level=(?:warn|error)/, 'nothing to complain about';
}


sub slow {
    my $asked = $rig->ask($rough, '--limit-rate', '9M');
    my $answer = $rig->wait_for($asked);
    is $answer->{exit}, 0, 'one that takes its time';
    ok $answer->{body} eq $whole, 'gets all of it';
}


# many of all kinds, some of which leave
sub mixed {
    my @paths = (
        [$frame], [$frame, '-H', 'If-None-Match: *'], [$rough],
        ['/cut/chan/source.ts?type=smart&' . $rig->range(0.3, 2.2)],
        ['/cut/chan/source.ts?plan=1&type=smart&' . $rig->range(0, 7)],
        ['/waveform/chan/source.png?start=' . $rig->at(0) . '&end='
         . $rig->at(6)],
        ['/frame/chan/source.png?timestamp=' . $rig->at(100)],
        [$slow, '--max-time', '0.4'], ['/metrics'], ['/nothing'],
        [$rough, '--limit-rate', '2M', '--max-time', '0.5'],
        ['/thumbnail/chan/source.png', '--data-binary', 'x'],
    );
    my $before = quiet();
    my $end = time + ($ENV{WUB_LONG} || 0);
    my (%status, $rounds);

    do {
        my @asked = map { my $p = $paths[$_ % @paths]; $rig->ask(@$p) }
            1 .. 200;
        for my $asked (@asked) {
            my $answer = $rig->wait_for($asked);
            my $as = $answer->{exit} == 28 ? 'left'
                   : $answer->{exit} ? "exit $answer->{exit}"
                   : $answer->{status};
            $status{$as}++;
        }
        $rounds++;
    } while (time < $end);

    diag "$rounds rounds: ", join ', ', map { "$_ $status{$_}" }
        sort keys %status if $ENV{WUB_LONG};
    delete $status{$_} for qw(200 304 400 404 406 left);
    cmp_ok delete $status{503} // 0, '<', 200 * $rounds, 'not all are busy';
    is_deeply \%status, {}, 'nothing else';

    my $after = quiet();
    is_deeply $after, $before, 'nothing is left over';
    is $rig->get($frame)->{status}, 200, 'and goes on';
}


# what there is when nobody asks for anything
sub quiet {
    alone();
    my $metrics = $rig->metrics;

    return { fds => $metrics->{process_open_fds}, shared => $service->shared,
             queue => $metrics->{'wubloader_render_queue{kind="cut"}'},
             cuts => $metrics->{'wubloader_render_children{kind="cut"}'} };
}


sub endless {
    like $rig->rest($line), qr/\AHTTP\/1\.1 408 .*did not become complete/s,
        'a line';
    like $rig->rest($head), qr/\AHTTP\/1\.1 408 .*did not become complete/s,
        'a head';
    is $patient->stop, 0, 'ends';
    is $service->stop, 0, 'ends';
    unlike $service->log, qr/(?:Sanitizer|runtime error)/, 'no damage';
}


sub limits {
    $service = $rig->start(kinds => {
        frame => { time => 1 }, cut => { cpu => 1, stall => 1 } });

    my $held = $rig->hold($frame);
    kill 'STOP', child();
    like $rig->rest($held),
        qr/\AHTTP\/1\.1 500 .*\r\n\r\nRendering took longer than/s,
        'one that hangs';
    like $service->log, qr/a child was killed" kind=frame .*limit=time /,
        'in the log';

    my $answer = $rig->get($slow);
    ok $answer->{status} == 500 || $answer->{exit} == 18, 'one that spins';
    like $service->log, qr/a child was killed" kind=cut .*limit=cpu /,
        'in the log';

    my $asked = $rig->raw("GET $rough HTTP/1.1\r\nHost: x\r\n\r\n");
    counted('killed_total{kind="cut",reason="stall"}', 1,
            'a client that takes nothing');
    my $rest = $rig->rest($asked);
    cmp_ok length $rest, '>', 100_000, 'it had a part';
    unlike $rest, qr/\r\n0\r\n\r\n\z/, 'and no end';
    counted('killed_total{kind="frame",reason="time"}', 1);
    counted('killed_total{kind="cut",reason="cpu"}', 1);
    is $service->stop, 0, 'ends';
}


# address space is not bounded under a sanitizer, which needs it all
sub memory {
    plan skip_all => 'no limits of memory in this build'
        if $rig->{build} =~ /san$/;

    $service = $rig->start(kinds => {
        frame => { memory => 64 }, plan => { memory => 1024 } });
    my $small = $rig->get($frame);
    is $small->{status}, 500, 'less than a child begins with';
    like $small->{body}, qr/\ARendering needs more memory/, 'told so';
    like $service->log, qr/limit=memory /, 'in the log';

    # a segment that is larger than the limit
    my $hour = "$rig->{segments}/chan/huge/2024-02-29T12";
    Wub::Media::spew("$rig->{dir}/x", '');
    mkdir "$rig->{segments}/chan/huge";
    mkdir $hour;
    open my $huge, '>', "$hour/00:00.0-2.0-full-" . 'a' x 43 . '.ts';
    truncate $huge, 3 << 30;
    close $huge;

    my $answer = $rig->get('/cut/chan/huge.ts?type=smart&plan=1&range='
                           . '2024-02-29T12:00:00,2024-02-29T12:00:02');
    is $answer->{status}, 500, 'more than it may have';
    counted('killed_total{kind="frame",reason="memory"}', 1);
    is $service->stop, 0, 'ends';

    # what encoders make of it has other words

    $service = $rig->start(kinds => { cut => { memory => 240 } });

    for my $type (qw(smart mp4 webm)) {
        $answer = $rig->get("/cut/chan/source.ts?type=$type&"
                            . $rig->range(0.5, 3.2));
        is $answer->{status}, 500, "no memory for $type";
        like $answer->{body}, qr/\ARendering needs more memory/, 'told so';
    }

    counted('killed_total{kind="cut",reason="memory"}', 3);
    is $service->stop, 0, 'ends';
}


sub descriptors {
    $service = $rig->start(wrap => [qw(prlimit --nofile=16)]);

    my @held = map { $rig->raw('GET /frame') } 1 .. 30;
    $rig->until('the log', sub {
        $service->log =~ /no connection can be accepted.*Too many open/ });
    sleep 0.5;
    is scalar(() = $service->log =~ /no connection can be accepted/g), 1,
        'it is said once';
    close $_ for @held;
    is $rig->get($frame)->{status}, 200, 'and goes on';
    cmp_ok $rig->metrics->{wubloader_render_failures_total}, '>', 0,
        'counted';
    is $service->stop, 0, 'ends';
}


# the limit is that of a user, and root has none
sub processes {
    plan skip_all => 'only root may become another user' if $> != 0;

    chmod 0777, $rig->{dir};
    chmod 0755, $rig->{segments};
    my @nobody = qw(setpriv --reuid 65534 --regid 65534 --clear-groups);
    $service = $rig->start(wrap => [@nobody, qw(prlimit --nproc=1:1000)]);
    if (!$service->running) {
        plan skip_all => 'another user cannot run the worker here';
    }

    my $answer = $rig->get($frame);
    is $answer->{status}, 503, 'status';
    is $answer->{headers}{'retry-after'}, 2, 'when to come again';
    like $answer->{body}, qr/No process could be started/, 'why';
    system @nobody, 'prlimit', '--pid', $service->{pid}, '--nproc=1000:1000';
    is $rig->get($frame)->{status}, 200, 'and goes on';
    is $service->stop, 0, 'ends';
}


sub term {
    $service = $rig->start;

    my $asked = $rig->begun($rough, '--limit-rate', '9M');
    my $child = child();
    my $line = $rig->raw('GET /frame');
    $rig->until('the connection', sub {
        $rig->metrics->{wubloader_render_connections} == 3 });
    $service->kill('TERM');
    kill 'TERM', $child;

    like $rig->rest($line), qr/\AHTTP\/1\.1 503 .*being restarted/s,
        'who waits is sent away';
    ok !-e $rig->{socket}, 'nobody else is let in';
    my $answer = $rig->wait_for($asked);
    is $answer->{exit}, 0, 'who is at work finishes';
    ok $answer->{body} eq $whole, 'the whole';
    is $service->wait, 0, 'then it ends';

    # a second signal, later, does not wait
    $service = $rig->start;
    $asked = $rig->begun($rough);
    $service->kill('TERM');
    sleep 2.2;
    ok $service->running, 'it waits';
    $service->kill('TERM');
    is $service->wait, 0, 'a second one';
    like $service->log, qr/killing what is still at work/, 'in the log';
    is $rig->wait_for($asked)->{exit}, 18, 'broken';
}


sub killed {
    $service = $rig->start;

    my $asked = $rig->begun($rough);
    my $child = child();
    $service->kill('KILL');
    is $service->wait, 128 + 9, 'it is';
    is $rig->wait_for($asked)->{exit}, 18, 'its connections end';
    $rig->until('its end', sub { !-d "/proc/$child" });
    pass('its child is gone too');

    $service = $rig->start;
    is $rig->get($frame)->{status}, 200, 'the next one begins';
    is $service->stop, 0, 'ends';
}
