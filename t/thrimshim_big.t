# The editor's API, reading: a list of thousands of rows with images goes
# out whole, to slow clients too, while others are answered; and what is said
# when the database is not there, or is of an older version.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Http qw(http_connect http_request);
use Wub::Nginx;

my $rows = 5000;
my $api = Wub::Api->new;

# every row has an image of 1 KB, each tenth one of 16 KB: 22 MB as JSON
$api->sql(<<"END");
    CREATE FUNCTION bytes(n bigint, blocks bigint) RETURNS bytea
        LANGUAGE sql AS 'SELECT string_agg(sha256((n * 10000 + i)::text::bytea),
            \$\$\$\$) FROM generate_series(1, blocks) AS i';
    INSERT INTO events (id, sheet_name, event_start, notes, thumbnail_image)
        SELECT 'r' || n, '1', '2024-01-01'::timestamp + n * interval '1 min',
            repeat('n', (n % 50)::integer),
            bytes(n, CASE WHEN n % 10 = 0 THEN 512 ELSE 32 END)
        FROM generate_series(1::bigint, $rows) AS n;
    INSERT INTO events (id, sheet_name, thumbnail_image)
        SELECT 'huge', '1', string_agg(thumbnail_image, '')
        FROM (SELECT * FROM events ORDER BY id LIMIT 4000) AS e;
END

# what Postgres says it is
my ($want) = map { { md5 => $_->[0], size => $_->[1] } } $api->sql(<<'END');
    SELECT md5('[' || list || ']'), octet_length(list) + 2
    FROM (SELECT string_agg(event::text, E',\n') AS list
          FROM wubloader_list(NULL, false)) AS l;
END

cmp_ok $want->{size}, '>', 20_000_000, 'the list is large';

my $nginx = Wub::Nginx->new(
    http_config => 'keepalive_requests 1000000;',
    config => $api->location(words => ['timeout=60s'], config => '')
              . $api->location(path => '/quick', words => ['timeout=300ms'],
                               config => ''));
is $nginx->start, '', 'nginx starts';

subtest 'whole' => sub { whole() };
subtest 'others meanwhile' => sub { meanwhile() };
subtest 'a slow client' => sub { slow() };
subtest 'clients that leave' => sub { leaving() };
subtest 'many that take nothing' => sub { crowded() };
subtest 'one huge row' => sub { huge() };
subtest 'an older database' => sub { older() };
subtest 'connections are lost' => sub { lost() };
subtest 'no database' => sub { away() };

is $nginx->stop, '', 'nginx ends';
is join("\n", $nginx->unexpected), '', 'nothing bad on the log';
done_testing;


sub get {
    my ($target, @opt) = @_;

    return http_request($nginx->port, 'GET', $target, timeout => 60, @opt)
           || { status => 0, body => '', headers => {} };
}


sub same {
    my ($body, $what) = @_;

    is length $body, $want->{size}, "$what: its size";
    is md5_hex($body), $want->{md5}, "$what: its bytes";
}


sub whole {
    my $res = get('/thrimshim');

    is $res->{status}, 200, 'status';
    same($res->{body}, 'plain');

    my ($etag) = @{ $res->{headers}{etag} };
    my $zipped = get('/thrimshim', headers => ['Accept-Encoding: gzip']);

    is $zipped->{headers}{'content-encoding'}[0], 'gzip', 'compressed';
    is $zipped->{headers}{etag}[0], $etag =~ s/"$/-gz"/r, 'its tag';
    is $zipped->{headers}{'content-length'}[0], length $zipped->{body},
        'its length';
    ok gunzip(\$zipped->{body} => \my $text, Strict => 1), 'its sums';
    same($text, 'compressed');

    is get('/thrimshim', headers => ["If-None-Match: $etag"])->{status}, 304,
        'and told apart';
}


# Answers that need no disk and no database: while lists are made and
# sent, half of them take no longer than such a thing takes on a busy machine,
# and none waits for a list.
sub meanwhile {
    my @pids;

    for my $headers ([], ['Accept-Encoding: gzip']) {
        my $pid = fork // die "fork: $!\n";

        if (!$pid) {
            my $res = get('/thrimshim', headers => $headers);
            gunzip(\(my $copy = $res->{body}) => \$res->{body}, Strict => 1)
                if @$headers;
            POSIX::_exit(md5_hex($res->{body}) eq $want->{md5} ? 0 : 1);
        }

        push @pids, $pid;
    }

    my @took = sort { $a <=> $b } pings(2);
    my $slow = grep { $_ > 0.1 } @took;

    diag sprintf '%d small answers: half within %.1f ms, 99%% within %.1f ms, '
        . 'all within %.1f ms', scalar @took, 1000 * $took[@took / 2],
        1000 * $took[0.99 * @took], 1000 * $took[-1];

    cmp_ok $took[@took / 2], '<', 0.01, 'half of them are quick';
    cmp_ok $slow, '<', 0.02 * @took, 'and hardly one is slow';

    for my $pid (@pids) {
        waitpid $pid, 0;
        is $?, 0, 'a list came whole';
    }
}


sub pings {
    my ($seconds) = @_;

    my $sock = http_connect($nginx->port) or die "connect: $!\n";
    my $end = time + $seconds;
    my @took;

    while (time < $end) {
        my $start = time;
        my $got = '';

        print $sock "GET /thrimshim/defaults HTTP/1.1\r\nHost: x\r\n\r\n";
        until ($got =~ /\}\z/) {
            sysread $sock, $got, 65536, length $got or die "closed\n";
        }

        push @took, time - $start;
        sleep 0.002;
    }

    return @took;
}


sub slow {
    my $res = get('/thrimshim', read_rate => 15_000_000);

    ok $res->{complete}, 'complete';
    same($res->{body}, 'slowly');
}


# while it is made, while it is sent
sub leaving {
    for my $max (1, 10_000_000) {
        get('/thrimshim', read_max => $max);
    }

    for my $pause (0, 0.05, 0.2, 0.4) {
        my $sock = http_connect($nginx->port) or die "connect: $!\n";

        print $sock "GET /thrimshim HTTP/1.1\r\nHost: x\r\n"
            . "Accept-Encoding: gzip\r\n\r\n";
        sleep $pause;
        close $sock;
    }

    is get('/thrimshim/defaults')->{status}, 200, 'and it goes on';
    same(get('/thrimshim')->{body}, 'and the next one');
}


# Their lists stay in memory: others are told to come again when it is too
# much of it, unless they want little.
sub crowded {
    my $list = "GET /thrimshim HTTP/1.1\r\nHost: x\r\n\r\n";
    my @socks;

    for (1 .. 12) {
        my $sock = http_connect($nginx->port) or die "connect: $!\n";

        print $sock $list;
        sysread $sock, my $begin, 64 or die "closed\n";
        push @socks, $sock;
        last if $begin =~ / 503 /;
    }

    cmp_ok scalar @socks, '<', 12, 'there is an end to it';

    my $res = get('/thrimshim');

    is $res->{status}, 503, 'a list has to wait';
    is $res->{headers}{'retry-after'}[0], 1, 'for a moment';
    is get('/thrimshim/r1')->{status}, 200, 'a row has not';

    @socks = ();
    same(get('/thrimshim')->{body}, 'when they have left');
}


sub huge {
    my $image = get('/thrimshim/event-thumbnail/huge.png')->{body};

    is md5_hex($image), $api->value("SELECT md5(thumbnail_image) FROM events
        WHERE id = 'huge'"), 'its image, of ' . length $image;
    cmp_ok length $image, '>', 9_000_000, 'which is large';

    require MIME::Base64;

    my $res = get('/thrimshim/huge');
    my ($base64) = $res->{body} =~ /"thumbnail_image":"([^"]*)"/;

    ok MIME::Base64::decode_base64($base64) eq $image, 'the same in the row';
    like $res->{body}, qr/"thumbnail_template": null\}\z/, 'which is whole';
}


sub older {
    my $old = Wub::Api->new(database => 'old');

    $old->sql('DROP FUNCTION wubloader_row');

    my $server = Wub::Nginx->new(config => $old->location(config => ''));
    is $server->start, '', 'nginx starts';

    my $res = http_request($server->port, 'GET', '/thrimshim/x');
    is $res->{status}, 503, 'status';
    is $res->{body}, 'The database lacks what this version needs; its '
        . "operator has to run wubloader-worker migrate.\n", 'and why';
    like $server->log_text, qr/"wubloader-worker migrate" on it .*_row/,
        'the log says more';
    $server->stop;
}


# a read is done again
sub lost {
    for my $turn (1 .. 3) {
        $api->pg->psql('postgres', "SELECT pg_terminate_backend(pid)
            FROM pg_stat_activity WHERE application_name = 'wubloader-nginx'");
        is get('/thrimshim/r1')->{status}, 200, "turn $turn";
    }
}


sub away {
    $api->pg->stop('immediate');

    for my $target ('/quick', '/quick/r1', '/quick/event-thumbnail/r1.png',
                    '/quick/templates')
    {
        my $res = get($target);

        is $res->{status}, 503, "$target: 503";
        is $res->{headers}{'retry-after'}[0], 1, 'Retry-After';
        is $res->{body}, 'The database cannot be reached at the moment; try '
            . "again.\n", 'a sentence';
    }

    is get('/quick/defaults')->{status}, 200, 'defaults need none';
    is get('/quick/transitions')->{status}, 200, 'nor do transitions';

    $api->pg->start;

    my $until = time + 10;
    my $status = 0;

    while ($status != 200 && time < $until) {
        $status = get('/quick/r1')->{status};
        sleep 0.1;
    }

    is $status, 200, 'it is back';
    same(get('/thrimshim')->{body}, 'and the list');
}
