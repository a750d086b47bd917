#!/usr/bin/perl

# What the role render answers: every kind of request over its unix socket,
# as a client and as nginx would send it.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Media;
use Wub::Render;


my $rig = Wub::Render->new;
my $service = $rig->start;
my $worker = "$rig->{build}/wubloader-worker";
my ($cut, $frame) = ('/cut/chan/source.ts?', '/frame/chan/source.png?');

subtest 'cuts' => sub { cuts() };
subtest 'plans' => sub { plans() };
subtest 'frames' => sub { frames() };
subtest 'waveforms' => sub { waveforms() };
subtest 'thumbnails' => sub { thumbnails() };
subtest 'tags' => sub { tags() };
subtest 'HEAD' => sub { head() };
subtest 'what is refused' => sub { refused() };
subtest 'ends that are not given' => sub { ends() };
subtest 'HTTP as it may come' => sub { wire() };
subtest 'metrics' => sub { metrics() };
subtest 'nothing went wrong' => sub { clean() };
subtest 'children, queue and priority' => sub { crew() };
subtest 'where it listens' => sub { listens() };

done_testing;


# what "media" writes into a pipe
sub media {
    my ($kind, @args) = @_;

    my $bytes = `"$worker" media $kind --segments "$rig->{segments}" \\
                 --channel chan @args --output -`;

    is $?, 0, "media $kind";

    return $bytes;
}


sub numbers {
    my ($bytes) = @_;

    my $file = "$rig->{dir}/numbers";
    Wub::Media::spew($file, $bytes);

    return Wub::Media->read($file)->{numbers};
}


sub sentence {
    my ($answer, $status, $like, $what) = @_;

    is $answer->{status}, $status, "$what: status";
    like $answer->{body}, qr/\A[^\n]*$like[^\n]*\n\z/, 'one sentence';
    is $answer->{headers}{'content-type'}, 'text/plain', 'as text';
    is $answer->{headers}{'content-length'}, length $answer->{body}, 'length';
}


sub cuts {
    my %type = (rough => 'video/mp2t', smart => 'video/mp2t',
                fast => 'video/mp2t', mpegts => 'video/mp2t',
                mp4 => 'video/mp4', webm => 'video/webm');
    my @range = ($rig->at(0.5), $rig->at(3.25));

    for my $type (sort keys %type) {
        my $answer = $rig->get($cut . $rig->range(0.5, 3.25) . "&type=$type");
        my $headers = $answer->{headers};

        is $answer->{status}, 200, "$type: status";
        is $answer->{exit}, 0, 'whole';
        is $headers->{'content-type'}, $type{$type}, 'content type';
        is $headers->{'transfer-encoding'}, 'chunked', 'chunked';
        is $headers->{connection}, 'close', 'one request';

        ok $answer->{body} eq media($type, '--range', join(',', @range),
                                    $type eq 'mp4' ? qw(--encode preview)
                                    : ()),
            'as media makes it' if $type ne 'webm';
        is_deeply numbers($answer->{body}), [15 .. 97], 'frames'
            if $type ne 'rough';
    }

    my $answer = $rig->get($cut . join '&', $rig->range(0, 1),
                           $rig->range(2, 3), $rig->range(5, 6), 'type=smart');
    is_deeply numbers($answer->{body}), [0 .. 29, 60 .. 89, 150 .. 179],
        'three ranges';

    is $rig->get($cut . $rig->range(1, 2))->{headers}{'content-type'},
        'video/mp2t', 'the type that is the default';
}


sub plans {
    my $answer = $rig->get($cut . $rig->range(0.5, 3.25)
                           . '&type=smart&plan=1');
    my $plan = decode_json($answer->{body});

    is $answer->{headers}{'content-type'}, 'application/json', 'as JSON';
    is $answer->{headers}{'content-length'}, length $answer->{body}, 'length';
    is $plan->{kind}, 'smart', 'the kind';
    is $answer->{body}, scalar `"$worker" media smart --segments \\
        "$rig->{segments}" --channel chan --plan --range \\
        @{[$rig->at(0.5)]},@{[$rig->at(3.25)]}`, 'as media tells it';

    my $again = $rig->get($cut . $rig->range(0.5, 3.25)
        . '&type=smart&plan=1', '-H',
        "If-None-Match: $answer->{headers}{etag}");
    is $again->{status}, 304, 'not again';

    for my $type (qw(rough mpegts)) {
        my $some = $rig->get($cut . $rig->range(0.5, 3.25)
                             . "&type=$type&plan=1");
        is decode_json($some->{body})->{kind}, $type, $type;
    }
}


sub frames {
    my %magic = (png => "\x89PNG", jpg => "\xff\xd8\xff");
    my %type = (png => 'image/png', jpg => 'image/jpeg');

    for my $format (qw(png jpg)) {
        for my $n (0, 59, 60, 61, 100, 239) {
            my $answer = $rig->get($frame . 'timestamp='
                . $rig->at(($n + 0.5) / 30) . "&format=$format");

            is $answer->{status}, 200, "$format of $n: status";
            is $answer->{headers}{'content-type'}, $type{$format}, 'type';
            is $answer->{headers}{'content-length'}, length $answer->{body},
                'length';
            ok $answer->{headers}{etag}, 'tag';
            is index($answer->{body}, $magic{$format}), 0, 'format';
            is_deeply numbers($answer->{body}), [$n], 'the frame shown then';
        }
    }

    sentence($rig->get($frame . 'timestamp=' . $rig->at($_)), 406,
             'We have no content available within the requested time range',
             "at $_") for -0.2, 8.2, 100;
}


sub waveforms {
    my $path = '/waveform/chan/source.png?start=' . $rig->at(0.5) . '&end='
             . $rig->at(3.5);
    my $answer = $rig->get("$path&size=200x40");

    is $answer->{status}, 200, 'status';
    is $answer->{headers}{'content-type'}, 'image/png', 'type';
    is unpack('x16 N', $answer->{body}), 200, 'width';
    is unpack('x20 N', $answer->{body}), 40, 'height';

    $answer = $rig->get("$path&format=json&size=100x10");
    is $answer->{headers}{'content-type'}, 'application/json', 'JSON';
    ok eval { decode_json($answer->{body}) }, 'can be read';
    is $answer->{headers}{'content-length'}, length $answer->{body}, 'length';
}


# a picture with a hole in its middle
sub template {
    my ($w, $h) = @_;

    my $file = "$rig->{dir}/template.png";
    system(qw(ffmpeg -nostdin -v error -y -f lavfi -i),
           "color=red:s=${w}x$h,format=rgba,geq=r='r(X,Y)':g=0:b=0:"
           . "a='255*not(between(X,20,120)*between(Y,20,60))'",
           qw(-frames:v 1), $file) == 0 or die "ffmpeg failed\n";

    return $file;
}


sub thumbnails {
    my $file = template(160, 90);
    my $path = '/thumbnail/chan/source.png?timestamp=' . $rig->at(2.5)
             . '&crop=0,0,160,112&location=20,20,120,60';
    my @post = ('--data-binary', "\@$file");
    my $answer = $rig->get($path, @post);

    is $answer->{status}, 200, 'status';
    is $answer->{headers}{'content-type'}, 'image/png', 'type';
    is unpack('x16 N', $answer->{body}), 160, 'as wide as the template';
    is unpack('x20 N', $answer->{body}), 90, 'as high';

    my $again = $rig->get($path, @post, '-H',
                          "If-None-Match: $answer->{headers}{etag}");
    is $again->{status}, 304, 'the same template';

    my $other = $rig->get($path, '--data-binary', '@' . template(162, 90),
                          '-H', "If-None-Match: $answer->{headers}{etag}");
    is $other->{status}, 200, 'another one';

    sentence($rig->get($path, '--data-binary', 'no picture'), 400, '.',
             'no picture');
    sentence($rig->get($path, '--data-binary', ''), 400, '.', 'nothing');
    sentence($rig->get("$path&template=a.png"), 501,
             'Templates are not known by their names here', 'by name');

    open my $big, '>', "$rig->{dir}/big";
    truncate $big, 20 << 20;
    sentence($rig->get($path, '--data-binary', "\@$rig->{dir}/big"), 400,
             'PNG', 'as large as it may be');
    truncate $big, (20 << 20) + 1;
    sentence($rig->get($path, '--data-binary', "\@$rig->{dir}/big"), 413,
             'larger than 20 MiB', 'too big');
    sentence($rig->get($path, '--data-binary', "\@$rig->{dir}/big", '-H',
                       'Transfer-Encoding: chunked', '-H', 'Expect:'), 413,
             'larger than 20 MiB', 'too big, in chunks');
}


sub tags {
    my $path = $frame . 'timestamp=' . $rig->at(1);
    my $tag = $rig->get($path)->{headers}{etag};

    like $tag, qr/\A"[0-9a-f]{32}"\z/, 'strong';
    is $rig->get($path)->{headers}{etag}, $tag, 'the same again';
    is $rig->get("$path&format=png&other=1")->{headers}{etag}, $tag,
        'what means the same';
    isnt $rig->get("$path.01")->{headers}{etag}, $tag, 'another time';
    isnt $rig->get("$path&format=jpg")->{headers}{etag}, $tag, 'format';

    for my $match ($tag, "\"x\", $tag", "W/$tag", '*') {
        my $answer = $rig->get($path, '-H', "If-None-Match: $match");
        is $answer->{status}, 304, "$match: status";
        is $answer->{body}, '', 'no body';
        is $answer->{headers}{etag}, $tag, 'tag';
    }

    is $rig->get($path, '-H', 'If-None-Match: "x"')->{status}, 200, 'no match';

    # another segment for that time may be another picture
    my $segment = $rig->{media}{segments}[0];
    (my $copy = $segment->{path}) =~ s/-2\.0-|-2-/-2.001-/;
    Wub::Media::spew($copy, Wub::Media::slurp($segment->{path}));
    isnt $copy, $segment->{path}, 'a better copy';
    my $better = $rig->get($path, '-H', "If-None-Match: $tag");
    is $better->{status}, 200, 'is looked at';
    isnt $better->{headers}{etag}, $tag, 'another tag';
    unlink $copy;

    (my $tomb = $segment->{path}) =~ s/\.ts$/.tombstone/;
    Wub::Media::spew($tomb, '');
    is $rig->get($path, '-H', "If-None-Match: $tag")->{status}, 406,
        'not when it is gone';
    unlink $tomb;
}


sub head {
    my %type = ($cut . $rig->range(0, 100) . '&type=mp4' => 'video/mp4',
                $cut . $rig->range(0, 1) . '&plan=1' => 'application/json',
                $frame . 'timestamp=' . $rig->at(99) => 'image/png',
                '/metrics' => 'text/plain; version=0.0.4; charset=utf-8');

    for my $path (sort keys %type) {
        my $answer = $rig->get($path, '-I');
        is $answer->{status}, 200, "$path: status";
        is $answer->{headers}{'content-type'}, $type{$path}, 'type';
    }

    is $rig->get($cut . $rig->range(0, 1) . '&type=x', '-I')->{status}, 400,
        'a bad type';
    is $rig->get($frame, '-I')->{status}, 400, 'no timestamp';
}


sub refused {
    my @cases = (
        ['/', 404, 'There is nothing here'],
        ['/cut/chan', 404, 'There is nothing here'],
        ['/cut/chan/source.png', 404, 'There is nothing here'],
        ['/cut/.chan/source.ts', 403, 'may not begin with a period'],
        ['/cut/..%2Fchan/source.ts', 403, 'may not begin with a period'],
        ["/cut/none/source.ts?@{[$rig->range(0, 1)]}", 404,
         'There is no such channel or quality'],
        ["/cut/chan/none.ts?@{[$rig->range(0, 1)]}", 404,
         'There is no such channel or quality'],
        ["/frame/chan/none.png?timestamp=@{[$rig->at(0)]}", 404,
         'There is no such channel or quality'],
        ["$cut@{[$rig->range(1, 0)]}", 400, 'Ends must be after starts'],
        ["${cut}range=x", 400, 'range is not START,END'],
        ["$cut@{[$rig->range(0, 1)]}&transition=fade,1", 400,
         'Too many transitions'],
        ["$cut@{[$rig->range(0, 1)]}&allow_holes=x", 400,
         'allow_holes must be one of: true, false'],
        ["$cut@{[$rig->range(0, 1)]}&type=archive", 400,
         "Unknown type 'archive'"],
        ["$cut@{[$rig->range(0, 100)]}", 406,
         'Requested time range contains holes or is incomplete'],
        ["$cut@{[$rig->range(50, 60)]}", 406,
         'Requested time range contains holes or is incomplete'],
        ["$cut@{[$rig->range(50, 60)]}&allow_holes=true", 406,
         'We have no content available within the requested time range'],
        ["$cut@{[$rig->range(0, 1)]}&x=%zz", 400, 'encode % as %25'],
        [$frame, 400, 'timestamp is missing'],
        ["${frame}timestamp=now", 400, 'timestamp is not a time'],
        ["/waveform/chan/source.png?start=@{[$rig->at(1)]}&end="
         . $rig->at(0), 400, 'End must be after start'],
    );

    for my $case (@cases) {
        my ($path, $status, $like) = @$case;
        sentence($rig->get($path), $status, quotemeta $like, $path);
    }

    my $answer = $rig->get($cut . $rig->range(0, 1), '-X', 'POST');
    sentence($answer, 405, 'Only GET and HEAD', 'POST of a cut');
    is $answer->{headers}{allow}, 'GET, HEAD, POST', 'what is allowed';
    sentence($rig->get($cut . $rig->range(0, 1), '-X', 'BREW'), 405, 'Only',
             'another method');
    sentence($rig->get($cut . $rig->range(0, 1), '--http1.0'), 505,
             'proxy_http_version 1.1', 'a cut over HTTP/1.0');
    is $rig->get($frame . 'timestamp=' . $rig->at(1), '--http1.0')->{status},
        200, 'a frame over HTTP/1.0';
}


sub ends {
    my $whole = $rig->get("${cut}type=rough&allow_holes=true");
    my $bytes = join '', map { Wub::Media::slurp($_->{path}) }
        @{$rig->{media}{segments}};

    is $whole->{status}, 200, 'neither: status';
    ok $whole->{body} eq $bytes, 'all there is';

    my $from = $rig->get("${cut}type=rough&allow_holes=true&start="
                         . $rig->at(6.5));
    ok $from->{body} eq Wub::Media::slurp(
        $rig->{media}{segments}[-1]{path}), 'no end';

    mkdir "$rig->{segments}/chan/empty";
    sentence($rig->get('/cut/chan/empty.ts'), 404,
             'This quality has no segments yet', 'no hours');
}


sub wire {
    my $path = $frame . 'timestamp=' . $rig->at(1);
    my $one = "GET $path HTTP/1.1\r\nHost: x\r\n\r\n";

    # what would be given the limits of another kind
    my $plan = "GET $cut" . $rig->range(0, 1) . '&type=rough&plan=1'
        . " HTTP/1.1\r\nHost: x\r\n\r\n";
    my $refused = qr/\AHTTP\/1\.1 400 .* written as nginx writes it/s;

    like $rig->rest($rig->raw($one =~ s/ /  /r)), $refused, 'two spaces';
    like $rig->rest($rig->raw("\r\n$one")), $refused, 'an empty line before';
    like $rig->rest($rig->raw($plan =~ s/=1 /=%31 /r)), $refused,
        'a plan that does not look like one';
    like $rig->rest($rig->raw($plan =~ s/plan=1/plan=0&plan=1/r)), $refused,
        'a cut that does';
    like $rig->rest($rig->raw($plan)), qr/\AHTTP\/1\.1 200 /, 'a plan';

    # a second request behind the first one is not answered
    my $answer = $rig->rest($rig->raw($one x 2));
    is scalar(() = $answer =~ m{HTTP/1\.1 }g), 1, 'one answer';
    like $answer, qr/\AHTTP\/1\.1 200 OK\r\n.*Connection: close/s, 'and end';

    # in pieces
    my $socket = $rig->raw;
    for my $piece ($one =~ /(.{1,25})/sg) {
        print {$socket} $piece;
        sleep 0.03;
    }
    like $rig->rest($socket), qr/\AHTTP\/1\.1 200 OK\r\n/, 'in pieces';

    # a long line, and a head that is too large
    my $ranges = join '&', ($rig->range(0, 0.5)) x 300;
    is $rig->get("$cut$ranges&type=rough")->{status}, 200, '300 ranges';
    my $large = $rig->rest($rig->raw("GET $path HTTP/1.1\r\n"
        . ('X-Some: ' . 'y' x 1000 . "\r\n") x 1000 . "\r\n"));
    like $large, qr/\AHTTP\/1\.1 (?:400|413|431) /, 'a megabyte of headers';
    my $long = $rig->rest($rig->raw("GET $cut" . 'x' x (1 << 20)
                                    . " HTTP/1.1\r\nHost: x\r\n\r\n"));
    like $long, qr/\AHTTP\/1\.1 (?:400|414|431) /, 'a megabyte of query';

    like $rig->rest($rig->raw("\x16\x03\x01\x02\n\r\n\r\n")),
        qr/\A(?:HTTP\/1\.1 400 |\z)/, 'no HTTP';
    is $rig->get($path)->{status}, 200, 'and goes on';
}


sub metrics {
    my $answer = $rig->get('/metrics');
    my $metrics;

    # children before it may not be reaped yet
    $rig->until('those before to end', sub {
        $metrics = $rig->metrics;
        return $metrics->{wubloader_render_connections} == 1 });

    is $answer->{headers}{'content-type'},
        'text/plain; version=0.0.4; charset=utf-8', 'type';

    SKIP: {
        skip 'no promtool', 1 if !grep { -x "$_/promtool" } split /:/,
            $ENV{PATH};
        Wub::Media::spew("$rig->{dir}/metrics", $answer->{body});
        is scalar `promtool check metrics < "$rig->{dir}/metrics" 2>&1`, '',
            'as Prometheus reads it';
    }

    cmp_ok $metrics->{'wubloader_render_requests_total{kind="frame",'
                      . 'status="406"}'}, '==', 4, 'counted';
    cmp_ok $metrics->{'wubloader_render_request_seconds_count{kind="cut"}'},
        '>', 10, 'timed';
    cmp_ok $metrics->{'wubloader_render_first_byte_seconds_sum{kind="cut"}'},
        '>', 0, 'first bytes';
    cmp_ok $metrics->{'wubloader_render_response_bytes_total{kind="cut"}'},
        '>', 100_000, 'bytes';
    is $metrics->{'wubloader_render_children{kind="metrics"}'}, 1,
        'who writes this';
    is $metrics->{process_open_fds}, $service->fds + 1,
        'descriptors: with this connection';
    cmp_ok abs(time - $metrics->{process_start_time_seconds}), '<', 120,
        'start';
}


sub clean {
    my $log = $service->log;

    unlike $log, qr/level=(?:error|warn)/, 'no complaint';
    my @noise = grep { !/^time=\S+ level=\w+ role=render pid=\d+ msg=/ }
        split /\n/, $log;
    is "@noise", '', 'nothing else on stderr';
    is $service->stop, 0, 'ends';
    ok !-e $rig->{socket}, 'its socket is gone';
    like $service->log, qr/msg=stopped\n\z/, 'says so';
}


# the child that has this connection's request
sub child_of {
    my ($service, $n) = @_;

    my @children;
    $rig->until("$n children", sub { (@children = $service->children) == $n });

    return $children[-1];
}


sub crew {
    $service = $rig->start(children => 3, kinds => {
        frame => { children => 1, queue => 1, wait => 1 },
        cut => { children => 2, queue => 0 } });
    my $path = $frame . 'timestamp=' . $rig->at(1);
    my $busy = 'The renderer is busy; try again in a moment';

    my $held = $rig->hold($path);
    my $child = child_of($service, 1);
    $rig->until('the child to be nice', sub {
        (split ' ', Wub::Media::slurp("/proc/$child/stat") =~ s/.*\)//sr)[16]
            == 10 });
    $rig->until('the child to offer itself', sub {
        Wub::Media::slurp("/proc/$child/oom_score_adj") ne "0\n" });
    is Wub::Media::slurp("/proc/$child/oom_score_adj"), "500\n",
        'out of memory';
    like scalar `ionice -p $child`, qr/^best-effort: prio 7/, 'its IO';

    my $queued = $rig->ask($path);
    $rig->until('the queue', sub {
        $rig->metrics->{'wubloader_render_queue{kind="frame"}'} == 1 });

    my $begun = time;
    my $refused = $rig->get($path);
    cmp_ok time - $begun, '<', 0.5, 'at once';
    sentence($refused, 503, $busy, 'a full queue');
    is $refused->{headers}{'retry-after'}, 2, 'when to come again';

    # a kind has no part in another one's queue
    is $rig->get($cut . $rig->range(0, 1) . '&type=rough')->{status}, 200,
        'another kind';

    my $late = $rig->wait_for($queued);
    sentence($late, 503, 'busy for too long', 'in vain');
    cmp_ok $late->{seconds}, '>', 0.9, 'it waited';

    $queued = $rig->ask($path);
    $rig->until('the queue', sub {
        $rig->metrics->{'wubloader_render_queue{kind="frame"}'} == 1 });
    print {$held} "\r\n";
    like $rig->rest($held), qr/\AHTTP\/1\.1 200 /, 'the first one';
    is $rig->wait_for($queued)->{status}, 200, 'then the next one';

    # of one kind, and of all kinds
    my @cuts = map { $rig->hold($cut . 'x=' . $_) } 1, 2;
    child_of($service, 2);
    sentence($rig->get($cut . $rig->range(0, 1)), 503, $busy, 'no queue');
    my $third = $rig->hold($path);
    child_of($service, 3);
    my $waits = $rig->ask('/waveform/chan/source.png?start=' . $rig->at(0)
                          . '&end=' . $rig->at(1));
    $rig->until('the queue', sub {
        $rig->metrics->{'wubloader_render_queue{kind="waveform"}'} == 1 });
    is $rig->get($path, '-I')->{status}, 200, 'what renders nothing';
    close $_ for @cuts;
    is $rig->wait_for($waits)->{status}, 200, 'when there is room';
    close $third;

    my $metrics = $rig->metrics;
    is $metrics->{'wubloader_render_busy_total{kind="frame"}'}, 2, 'counted';
    is $metrics->{'wubloader_render_busy_total{kind="cut"}'}, 1, 'both';
    is $service->stop, 0, 'ends';
}


sub listens {
    my $first = $rig->start;
    my $second = $rig->start;
    is $second->wait, 1, 'a second one';
    like $second->log,
        qr/Another process listens on the socket \Q$rig->{socket}\E/, 'why';
    is $rig->get('/metrics')->{status}, 200, 'the first one stays';
    is sprintf('%o', (stat $rig->{socket})[2] & 07777), '666', 'mode';

    $first->kill('KILL');
    $first->wait;
    ok -S $rig->{socket}, 'a socket that nobody listens on';
    my $third = $rig->start(mode => '0600');
    is $rig->get('/metrics')->{status}, 200, 'is replaced';
    is sprintf('%o', (stat $rig->{socket})[2] & 07777), '600', 'mode';
    is scalar(() = glob "$rig->{socket}*"), 1, 'no other name is left';
    is $third->stop, 0, 'ends';

    my @cases = (
        ["unix:$rig->{dir}/none/x.sock", qr/none\/x\.sock cannot be made: No/],
        ["unix:$rig->{dir}", qr/is there and is no socket/],
        ['192.0.2.1:1', qr/cannot be listened/],
    );
    for my $case (@cases) {
        my $service = $rig->start(listen => $case->[0]);
        is $service->wait, 1, "$case->[0]: status";
        like $service->log, qr/level=error [^\n]*$case->[1]/, 'why';
    }

    # wrong arguments
    @cases = (
        ['unix:' . "$rig->{dir}/" . 'x' x 100, qr/is too long/],
        ['here', qr/must be unix:PATH/], ['localhost:80', qr/must be unix/],
        ['::1:80', qr/must be unix/], ['127.0.0.1:99999', qr/from 1 to 65535/],
    );
    for my $case (@cases) {
        my $service = $rig->start(listen => $case->[0]);
        is $service->wait, 2, "$case->[0]: status";
        like $service->log, qr/render\.listen [^\n]*$case->[1]/, 'why';
    }

    my $longest = "$rig->{dir}/" . 'x' x (98 - length $rig->{dir});
    my $long = $rig->start(listen => "unix:$longest");
    ok -S $longest, 'the longest path';
    is $long->stop, 0, 'ends';

    my $port = 12000 + int rand 20000;
    my $tcp = $rig->start(listen => "127.0.0.1:$port");
    is $rig->get("http://127.0.0.1:$port/metrics")->{status}, 200, 'TCP';
    is $tcp->stop, 0, 'ends';
}
