# Faults: a store that is missing, unreadable or changing, clients that
# leave.  Each is logged once, nothing leaks, no other request suffers.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use File::Path qw(make_path remove_tree);
use Socket ();
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Http qw(http_connect http_exchange http_parse http_request);
use Wub::Nginx;
use Wub::Store;

my ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');
my $start = "$h1:00:00";
my $base = Wub::Nginx::temp_dir('fault');
my $root = "$base/store";

# root reads what it may not; without these two capabilities it does not
if ($> == 0) {
    my $real = $ENV{TEST_NGINX_BINARY} || 'nginx';

    open my $out, '>', "$base/nginx" or die "$base/nginx: $!\n";
    print $out "#!/bin/sh\nexec setpriv --bounding-set "
        . "-dac_override,-dac_read_search $real \"\$@\"\n";
    close $out;
    chmod 0755, "$base/nginx";
    $ENV{TEST_NGINX_BINARY} = "$base/nginx";
}

my $nginx = Wub::Nginx->new(config => <<"END");
        wubloader_root $root;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /segments { wubloader segments; }
        location /cut { wubloader cut; sendfile on; }
        location /short { wubloader cut; sendfile on; send_timeout 1s; }
END

is($nginx->start, '', 'nginx starts without a store');


sub get {
    my ($target, %opt) = @_;

    return http_request($nginx->port, $opt{method} || 'GET', $target, %opt)
        || { status => 0, body => '', headers => {} };
}


# the answer says that the worker is there
get('/files');

my ($worker) = $nginx->workers;


# what was logged as an error while code ran
sub errors {
    my ($code) = @_;

    my $from = length $nginx->log_text;

    $code->();
    sleep 0.1;

    return grep { /\[(?:error|crit|alert|emerg)\]/ }
        split /\n/, substr $nginx->log_text, $from;
}


# a request, its status, and the one line that it logs
sub one_fault {
    my ($target, $status, $line, $what) = @_;

    my $res;
    my @errors = errors(sub { $res = get($target) });

    is($res->{status}, $status, "$what: status of $target");
    like($res->{body}, qr/\A[^\n<]{10,300}\n\z/, "$what: a sentence");
    is_deeply($res->{headers}{'access-control-allow-origin'}, ['*'],
              "$what: CORS");
    is(scalar @errors, 1, "$what: logged once") or diag(join "\n", @errors);
    like($errors[0] || '', $line, "$what: what is logged");
    return;
}


sub descriptors {
    my @fds = grep { defined } map { readlink } glob "/proc/$worker/fd/*";

    return scalar grep { index($_, $root) == 0 } @fds;
}


# waits for a count to be reached: that count, or the one it stays at
sub settle {
    my ($want, $code) = @_;

    my $until = time + 5;
    my $got = $code->();

    while ($got != $want && time < $until) {
        sleep 0.02;
        $got = $code->();
    }

    return $got;
}


my @routes = ('/files', '/files/chan', "/files/chan/source/$h1",
              '/playlist/chan.m3u8', '/playlist/chan/source.m3u8',
              "/cut/chan/source.ts?type=rough", "/segments/a/b.ts",
              '/segments/x');


# the root: not there, a file, not to be read

one_fault($_, 503, qr/"\Q$root\E" of "wubloader_root" cannot be read.*\(2: /,
          'no root') for @routes;

open my $out, '>', $root or die "$root: $!\n";
close $out;
one_fault($_, 503, qr/"\Q$root\E" of "wubloader_root" cannot be read.*\(20: /,
          'root is a file') for @routes;
unlink $root;

make_path($root);
chmod 0, $root;

for my $route (@routes) {
    one_fault($route, $route =~ /segments/ ? 403 : 503,
              qr/cannot be read.*\(13: /, 'root without permission');
}

chmod 0755, $root;
is(get('/files')->{body}, '[]', 'an empty root is an empty list');


# a store with something in it: 40 segments of 500 kB, more than sockets hold

my $store = Wub::Store->new;
my @names = $store->run('chan', 'source', $start, 2, 40, size => 500_000);

$store->segment('chan', 'source', "$h2:00:00", 2);
$store->write($root);

my $all = join '', map { $store->bytes("chan/source/$h1/$_") } @names;
my $range = "start=$start&end=$h1:01:20";
my $rough = "/cut/chan/source.ts?type=rough&$range";
my $media = "/playlist/chan/source.m3u8?$range";

is(get($rough)->{body}, $all, 'a cut of it all');


# hours: not to be read, a file

chmod 0, "$root/chan/source/$h1";
one_fault($_, 503, qr/$h1" cannot be read.*\(13: /, 'hour without permission')
    for $media, $rough, "/files/chan/source/$h1", "$rough&allow_holes=true";
one_fault("/segments/chan/source/$h1/$names[0]", 403,
          qr/$h1" cannot be read.*\(13: /, 'hour without permission');
is(get("/files/chan/source/$h2")->{status}, 200, 'other hours do not suffer');
chmod 0755, "$root/chan/source/$h1";

chmod 0, "$root/chan/source";
one_fault($_, 503, qr/source" cannot be read.*\(13: /,
          'quality without permission')
    for $media, $rough, '/files/chan/source', '/playlist/chan.m3u8';
chmod 0755, "$root/chan/source";

chmod 0, "$root/chan/source/$h1/$names[0]";
one_fault("/segments/chan/source/$h1/$names[0]", 403, qr/cannot be read/,
          'segment without permission');
one_fault($rough, 503, qr/cannot be read/, 'segment without permission');
chmod 0644, "$root/chan/source/$h1/$names[0]";

open $out, '>', "$root/chan/source/2024-03-01T01" or die;
close $out;

my $res;
my @errors = errors(sub {
    $res = get("/playlist/chan/source.m3u8?$start&start=$h2:00:00"
               . '&end=2024-03-01T01:30:00');
});

is($res->{status}, 200, 'a file as an hour: the others are listed');
like($res->{body}, qr/$h2/, 'a file as an hour: what there is');
is(scalar @errors, 1, 'a file as an hour: logged once');
like($errors[0], qr/T01" is not a directory/, 'a file as an hour: what');

@errors = errors(sub { $res = get('/files/chan/source/2024-03-01T01') });
is($res->{body}, '[]', 'a file as an hour: lists nothing');
is(scalar @errors, 1, 'a file as an hour: logged');
@errors = errors(sub { $res = get('/files/chan/source') });
is($res->{body}, qq(["$h1","$h2"]), 'a file as an hour: is not listed');
is(scalar @errors, 0, 'a file as an hour: nor logged there');
unlink "$root/chan/source/2024-03-01T01";

# a pipe does not block
if (system('mkfifo', "$root/chan/source/$h1/pipe.ts") == 0) {
    my $began = time;

    is(get("/segments/chan/source/$h1/pipe.ts")->{status}, 404, 'a pipe');
    cmp_ok(time - $began, '<', 2, 'a pipe: at once');
    unlink "$root/chan/source/$h1/pipe.ts";
}

is(settle(0, \&descriptors), 0, 'no file of the store is left open');


# changes between the listing and the sending.  The client reads 200 kB,
# then waits until something happens; nginx has at most the window and the
# socket's buffers in hand by then.

sub interrupted {
    my ($change) = @_;

    my $sock = http_connect($nginx->port) or die;

    setsockopt($sock, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 65536);
    print $sock "GET $rough HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    my $raw = '';

    while (length $raw < 200_000) {
        sysread($sock, my $data, 20_000) or last;
        $raw .= $data;
    }

    my $open = descriptors();

    $change->();

    # others are served meanwhile
    my $began = time;
    my $other = get("/files/chan/source/$h2");

    my $served = $other->{status} == 200 && time - $began < 1;

    while (sysread $sock, my $data, 100_000) {
        $raw .= $data;
    }

    return (http_parse($raw, 'GET'), $open, $served);
}

my $last = "$root/chan/source/$h1/$names[-1]";
my %changes = (
    'a segment deleted' => [
        sub { rename $last, "$base/aside" },
        sub { rename "$base/aside", $last }, qr/cannot be opened.*\(2: /,
    ],
    'a tombstone' => [
        sub { open my $t, '>', $last =~ s/ts$/tombstone/r },
        sub { unlink $last =~ s/ts$/tombstone/r },
        qr/was marked by a tombstone/,
    ],
    'a segment of another size' => [
        sub {
            rename $last, "$base/aside";
            open my $o, '>', $last;
            print $o 'short';
        },
        sub { rename "$base/aside", $last },
        qr/has another size than when the cut began/,
    ],
    'the hour deleted' => [
        sub { rename "$root/chan/source/$h1", "$base/aside" },
        sub { rename "$base/aside", "$root/chan/source/$h1" }, undef,
    ],
);

for my $what (sort keys %changes) {
    my ($break, $repair, $line) = @{ $changes{$what} };
    my ($got, $open, $served);

    @errors = errors(sub { ($got, $open, $served) = interrupted($break) });
    $repair->();

    is($got->{status}, 200, "$what: began well");
    cmp_ok($open, '<=', 17, "$what: a window of files is open");
    ok($served, "$what: others are served");

    # the directory that is open still leads to its files
    if (!$line) {
        ok($got->{complete}, "$what: what is open goes on");
        is(scalar @errors, 0, "$what: nothing to log");
        next;
    }

    ok(!$got->{complete}, "$what: the client sees a broken transfer");
    is(substr($all, 0, length $got->{body}), $got->{body},
       "$what: and no other bytes");
    is(scalar @errors, 1, "$what: logged once") or diag(join "\n", @errors);
    like($errors[0] || '', $line, "$what: what is logged");
}

is(get($rough)->{body}, $all, 'the next cut is whole');
is(length get("/segments/chan/source/$h1/$names[0]")->{body}, 500_000,
   'the next segment is, too');
is(settle(0, \&descriptors), 0, 'no file of the store is left open');


# clients that leave: in mid-transfer, at once, while a thread works

@errors = errors(sub {
    for my $bytes (1, 100, 10_000, 300_000, 1_000_000) {
        http_exchange(port => $nginx->port, read_max => $bytes, packets => [
            { value => "GET $rough HTTP/1.1\r\nHost: x\r\n\r\n" } ]);
    }

    for my $target ($rough, $media, '/files', '/playlist/chan.m3u8',
                    "/segments/chan/source/$h1/$names[0]")
    {
        for (1 .. 25) {
            my $sock = http_connect($nginx->port) or next;

            syswrite $sock, "GET $target HTTP/1.1\r\nHost: x\r\n\r\n";

            # a reset, not an end
            setsockopt($sock, Socket::SOL_SOCKET(), Socket::SO_LINGER(),
                       pack 'ii', 1, 0) if $_ % 2;
            close $sock;
        }
    }
});

is(scalar @errors, 0, 'clients that leave are no error')
    or diag(join "\n", @errors[0 .. 3]);
is(settle(0, \&descriptors), 0, 'nor do they leave a file open');


# a client that stops reading is cut off by send_timeout

my $sock = http_connect($nginx->port) or die;

setsockopt($sock, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 4096);
print $sock 'GET ' . $rough =~ s/cut/short/r . " HTTP/1.1\r\nHost: x\r\n\r\n";
sysread $sock, my $some, 1000;

cmp_ok(settle(1, sub { descriptors() > 0 ? 1 : 0 }), '>', 0,
       'a client that stops reading holds files open');
is(settle(0, \&descriptors), 0, 'until the time is out');
close $sock;
like($nginx->log_text, qr/\[info\].*client timed out/, 'which is said');


# HTTP/2 sees a broken transfer as such, if there is a client for it

my $version = `curl --version 2>/dev/null` || '';

if ($version =~ /HTTP2/) {
    my $port = Wub::Nginx::free_port();
    my $h2c = Wub::Nginx->new(http_config => <<"END");
    server {
        listen 127.0.0.1:$port http2;
        wubloader_root $root;
        location /cut {
            wubloader cut;
            sendfile on;
            sendfile_max_chunk 1m;
            aio threads;
        }
        location /playlist { wubloader playlist; }
    }
END
    is($h2c->start, '', 'HTTP/2: nginx starts');

    my $curl = "curl -s --http2-prior-knowledge";
    my $url = "http://127.0.0.1:$port$rough";

    is(md5_hex(scalar `$curl '$url'`), md5_hex($all), 'HTTP/2: a cut');
    is(scalar `$curl -r 499999-500000 '$url'`, substr($all, 499_999, 2),
       'HTTP/2: a range of it');
    like(scalar `$curl 'http://127.0.0.1:$port$media'`, qr/ENDLIST/,
         'HTTP/2: a playlist');

    # a thread sends the end of a file when the next one is found to be gone

    my $pid = fork;

    if (!$pid) {
        exec "$curl --max-time 10 --limit-rate 10M -o $base/out '$url'";
        exit 1;
    }

    sleep 0.3;
    rename $last, "$base/aside";
    waitpid $pid, 0;
    is($? >> 8, 92, 'HTTP/2: a segment deleted resets the stream, at once');
    rename "$base/aside", $last;

    is(scalar(`$curl '$url' | wc -c`) + 0, length $all, 'HTTP/2: and then');
    is($h2c->stop, '', 'HTTP/2: nginx ends by itself');
    is_deeply([ $h2c->unexpected ], [], 'HTTP/2: its log is clean');
}


is_deeply([ $nginx->workers ], [$worker], 'the worker of the start lives');
is($nginx->stop, '', 'nginx ends by itself');
is_deeply([ $nginx->unexpected ], [], 'its log is clean');

done_testing();
