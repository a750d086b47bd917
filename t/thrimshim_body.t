# The editor's API: bodies as clients send them, and clients that leave: in
# mid-body, while they wait for the database, while their edit is written.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Editor qw(edit edit_json edit_post PNG_BASE64);
use Wub::Http qw(http_connect http_exchange http_parse);
use Wub::Nginx;

use constant MB => 1024 * 1024;

my $api = Wub::Api->new;
my $words = 'wubloader_auth off;';
my $all = 'client_max_body_size 0; lingering_timeout 1s;';

my $nginx = Wub::Nginx->new(
    config => $api->location(words => ['connections=2', 'timeout=20s'],
                             config => "$words $all")
    . $api->location(path => '/small', config => "$words $all "
        . 'client_body_buffer_size 1k;')
    . $api->location(path => '/file', config => "$words "
        . 'client_body_in_file_only clean;')
    . $api->location(path => '/limit',
                     config => "$words client_max_body_size 1m; "
                         . 'lingering_timeout 1s;'));

is($nginx->start, '', 'nginx starts');

my $port = $nginx->port;

$api->event('a');


# one POST whose bytes are given
sub raw {
    my ($path, $headers, @packets) = @_;

    my $got = http_exchange(port => $port, timeout => 20, packets => [
        { value => join("\r\n", "POST $path HTTP/1.1", 'Host: x',
            'Content-Type: application/json', 'Connection: close',
            @$headers, '', '') },
        map { ref $_ ? $_ : { value => $_ } } @packets ]);

    return http_parse($got->{raw}, 'POST') || { status => 0, body => '' };
}

sub title {
    return $api->row('a')->{video_title} // '';
}

sub chunked {
    my ($text, $size) = @_;

    return join('', map { sprintf "%x\r\n%s\r\n", length $_, $_ }
        unpack "(a$size)*", $text) . "0\r\n\r\n";
}


# ---- forms of a body

my $n = 0;

for my $path (qw(/thrimshim /small /file)) {
    for my $size (0, 1_000, 20_000, 100_000, 3_000_000) {
        my %set = (video_title => 'title ' . ++$n);

        $set{junk} = 'x' x $size;

        my $body = edit_json(edit('a', %set));
        my $length = 'Content-Length: ' . length $body;

        is(raw("$path/a", [$length], $body)->{status}, 201,
           "$path: $size bytes and more");
        is(title(), $set{video_title}, 'are written');

        is(raw("$path/a", ['Transfer-Encoding: chunked'],
               chunked($body, 700_001))->{status}, 201, 'chunked');
        is(raw("$path/a", ['Transfer-Encoding: chunked'],
               chunked($body, 500))->{status}, 201, 'in small chunks')
            if $size < 100_000;

        my $half = int(length($body) / 2);

        is(raw("$path/a", [$length], substr($body, 0, $half),
               { value => substr($body, $half), delay_before => 0.05 })
           ->{status}, 201, 'in two parts');
    }
}

{
    my $body = edit_json(edit('a', video_title => 'expected'));
    my $got = http_exchange(port => $port, packets => [
        { value => join "\r\n", 'POST /thrimshim/a HTTP/1.1', 'Host: x',
          'Content-Type: application/json', 'Connection: close',
          'Expect: 100-continue', 'Content-Length: ' . length $body, '', '' },
        { value => $body, delay_before => 0.1 } ]);

    like($got->{raw}, qr/^HTTP\/1\.1 100 /, 'a client that asks first');
    is(http_parse($got->{raw}, 'POST')->{status}, 201, 'and then sends');
    is(title(), 'expected', 'is written');
}

{
    my $file = "$api->{pg}{base}/body.json";

    for my $size (10, 2_000_000) {
        open my $out, '>', $file or die "$file: $!\n";
        print $out edit_json(edit('a', video_title => "two $size",
                                  junk => 'x' x $size));
        close $out;

        my $h2 = Wub::Nginx::free_port();
        my $two = Wub::Nginx->new(config => "listen 127.0.0.1:$h2 http2;"
            . $api->location(config => "$words $all"));

        is($two->start, '', 'HTTP/2');
        is(`curl -s -o /dev/null -w '%{http_code} %{http_version}' \\
            --http2-prior-knowledge -H 'Content-Type: application/json' \\
            --data-binary \@$file http://127.0.0.1:$h2/thrimshim/a`,
           '201 2', "HTTP/2, $size bytes and more");
        is(title(), "two $size", 'is written');
        $two->stop;
    }
}

{
    my @kept = (edit_json(edit('a', video_title => 'kept 1')),
                edit_json(edit('a', video_title => 'kept 2')));
    my $got = http_exchange(port => $port, packets => [ { value => join '',
        (map { join "\r\n", 'POST /thrimshim/a HTTP/1.1', 'Host: x',
            'Content-Type: application/json', 'Content-Length: ' . length $_,
            '', $_ } @kept),
        # refused before they are read
        "POST /thrimshim/a HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain"
            . "\r\nContent-Length: 5\r\n\r\nGET /",
        "POST /thrimshim/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
            . "\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
        "GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" } ]);
    my @statuses = $got->{raw} =~ /HTTP\/1\.1 (\d+)/g;

    is("@statuses", '201 201 415 415 404', 'one after the other');
    is(title(), 'kept 2', 'in their order');
}


# ---- too large

is(raw('/limit/a', ['Content-Length: ' . 2 * MB], 'x')->{status}, 413,
   'more than nginx takes');

{
    my $res = raw('/thrimshim/a', ['Content-Length: ' . (20 * MB + 1)], 'x');

    is($res->{status}, 413, 'more than 20 MB');
    is($res->{body}, "The body of the request is too large.\n",
       'and a sentence');
}

{
    my $piece = sprintf "%x\r\n%s\r\n", MB, 'x' x MB;
    my $res = raw('/thrimshim/a', ['Transfer-Encoding: chunked'],
                  (map { $piece } 1 .. 21), "0\r\n\r\n");

    is($res->{status}, 413, 'more than 20 MB in chunks');
    is($res->{body}, "The body of the request is too large.\n",
       'and a sentence');
}

{
    my $fits = '"' . 'x' x (20 * MB - 2) . '"';

    is(raw('/thrimshim/a', ['Content-Length: ' . length $fits], $fits)
       ->{body}, "The body has to be a JSON object.\n", '20 MB are read');
}

{
    my $image = Wub::Editor::PNG_BASE64 =~ s/=+$//r;

    $image .= 'A' x (4 * int((12 * MB - length $image) / 4)
                     + (4 - length($image) % 4) % 4);

    my ($status, $text) = edit_post($port, '/thrimshim/a', edit('a',
        thumbnail_mode => 'CUSTOM', thumbnail_image => $image),
        timeout => 20);

    is($status, 201, 'an image of 9 MB') or diag($text);
    is($api->value("SELECT length(thumbnail_image) FROM events "
        . "WHERE id = 'a'"), int(length($image) * 3 / 4), 'is written');
    $api->sql('UPDATE events SET thumbnail_image = NULL, '
        . "thumbnail_mode = 'NONE'");
}


# ---- clients that leave

# what they send, and how long they stay
sub leaves {
    my ($stay, $path, $body, $sent) = @_;

    my $sock = http_connect($port) or die "connect: $!\n";

    print $sock join("\r\n", "POST $path HTTP/1.1", 'Host: x',
        'Content-Type: application/json',
        'Content-Length: ' . length $body, '', ''),
        substr $body, 0, $sent // length $body;
    $sock->flush;
    sleep $stay;
    $sock->close;
    return;
}

# how many of nginx's connections are in a transaction
sub busy {
    return $api->{pg}->value('postgres', 'SELECT count(*) FROM '
        . "pg_stat_activity WHERE application_name LIKE 'wubloader-nginx%' "
        . "AND state <> 'idle'");
}

my $large = edit_json(edit('a', video_title => 'gone', junk => 'x' x 500_000));
my $small = edit_json(edit('a', video_title => 'gone'));

edit_post($port, '/thrimshim/a', edit('a', video_title => 'stays'));

leaves(0.05, '/thrimshim/a', $large, $_) for 0, 10, 400_000;
leaves(0, '/thrimshim/a', '{"a": ', 6);
is(title(), 'stays', 'half a body changes nothing');

# their rows are locked for a while, so they all wait in the database or for
# a connection
{
    my $lock = fork // die "fork: $!\n";

    if (!$lock) {
        $api->{pg}->psql($api->database, "BEGIN; SELECT id FROM events "
            . "WHERE id = 'a' FOR UPDATE; SELECT pg_sleep(1.5); COMMIT");
        POSIX::_exit(0);
    }

    until ($api->{pg}->value('postgres', "SELECT count(*) FROM "
        . "pg_stat_activity WHERE query LIKE '%pg_sleep(1.5)%' "
        . "AND wait_event = 'PgSleep'") > 0)
    {
        sleep 0.05;
    }

    leaves(0.1, '/thrimshim/a', $_ % 3 ? $small : $large) for 1 .. 10;
    waitpid $lock, 0;
}

for (1 .. 100) {
    last if !busy();
    sleep 0.05;
}

is(busy(), 0, 'no transaction stays open');
is(title(), 'stays', 'who left before the row was free has changed nothing');
is((edit_post($port, '/thrimshim/a', edit('a', video_title => 'next')))[0],
   201, 'and others go on');
is(title(), 'next', 'and are written');

# at random moments: written or not, and never a wrong answer
for my $i (1 .. 60) {
    leaves($i / 20000, '/thrimshim/a', edit_json(edit('a',
        video_title => "random $i")));
}

like(title(), qr/^(?:next|random \d+)$/, 'who leaves may have been heard');
is((edit_post($port, '/thrimshim/a', edit('a', video_title => 'last')))[0],
   201, 'and others go on');
sleep 0.3;
is(title(), 'last', 'and nobody comes after them');

is(join("\n", grep { /\[(?:error|alert|crit)\]/ && !/too large body/
                     && !/html\/none/ }
        split /\n/, Wub::Nginx::slurp($nginx->log_file)), '',
   'nothing on the log');

done_testing();
