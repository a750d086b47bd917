# Where the keys of tokens come from: an issuer behind a location, good, bad,
# slow or away; requests that wait for it together; files that change.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Http qw(http_connect http_exchange http_parse http_request);
use Wub::Nginx;
use Wub::Tokens qw(token_post);

my $api = Wub::Api->new;
my $tokens = Wub::Tokens->new->rsa('old')->rsa('new')->ec('ec');
my $dir = Wub::Nginx::temp_dir('issuer');
my $good = "\"ann\@example.com\"";
my $wait = "The keys that tokens are checked with cannot be had at the "
    . "moment; try again.\n";

$api->insert('roles', email => 'ann@example.com', name => 'Ann',
             editor => 't', artist => 'f');

# A fake issuer; what it does is the path.  $dir/count has a line for each
# request, $dir/keys the keys.
my $issuer = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 50)
    or die "listen: $!\n";
my $issuer_port = $issuer->sockport;
my $issuer_pid = fork // die "fork: $!\n";

if (!$issuer_pid) {
    issue();
    POSIX::_exit(0);
}

END {
    local $?;

    if ($issuer_pid && $$ == $main::test_pid) {
        kill 'TERM', $issuer_pid;
        waitpid $issuer_pid, 0;
    }
}

our $test_pid = $$;

spew('keys', $tokens->set('old', 'ec'));
spew('file.json', $tokens->set('old'));

# what an issuer does => what the log says of it
my %bad = (
    missing => 'The answer had status 404.',
    html    => 'It is not JSON.',
    none    => 'The keys are no JSON Web Key Set: there is no list "keys".',
    useless => 'None of the keys has a name',
    empty   => 'It is not JSON.',
    big     => 'The answer is more than 65536 bytes.',
    flood   => 'The answer is more than 65536 bytes.',
    gzip    => 'The answer is compressed.',
    short   => 'It is not JSON.',
    close   => 'The answer had status 502.',
    moved   => 'The answer had status 302.',
    partial => 'The answer had status 206.',
);
my @kinds = qw(good slow slow2 slow3 slow4 slow5 hang later);

my $config = join "\n", map {
    my $kind = $_;

    $api->location(path => "/$kind", config => <<"END") . <<"END";
wubloader_auth_keys /issuer/$kind?of=keys;
wubloader_auth_clients client;
END
    location = /issuer/$kind {
        internal;
        proxy_pass http://127.0.0.1:$issuer_port/$kind;
        proxy_pass_request_body on;
    }
END
} @kinds, keys %bad;

# files, a cache and what is not there are nginx's own
$config .= join "\n", map {
    $api->location(path => "/$_->[0]", config => <<"END")
wubloader_auth_keys $_->[1];
wubloader_auth_clients client;
END
} ['static', '/issuer/static'], ['nowhere', '/issuer/nowhere'],
  ['file', "file:$dir/file.json"], ['cached', '/google-keys'],
  ['self', '/self/defaults'], ['dead', '/issuer/dead'];

my $cached = Wub::Nginx::slurp('conf/google-keys.conf');

$cached =~ s/https:[^;]*/http:\/\/127.0.0.1:$issuer_port\/cached/
    or die "conf/google-keys.conf proxies to nowhere\n";

my $h2_port = Wub::Nginx::free_port();
my $dead_port = Wub::Nginx::free_port();
my $nginx = Wub::Nginx->new(
    http_config => "proxy_cache_path $dir/cache keys_zone=wubloader_keys:1m;",
    config => <<"END");
    listen 127.0.0.1:$h2_port http2;
$config
$cached
    location = /issuer/static { internal; alias $dir/keys; }
    location = /issuer/dead { proxy_pass http://127.0.0.1:$dead_port/; }
END

is($nginx->start, '', 'nginx starts');

is(post('later', 'old')->{body} =~ s/\s+\z//r, $good, 'a key is fetched');
is(post('later', 'old')->{status}, 200, 'and used again');
is(post('later', 'ec')->{status}, 200, 'and the other one of its set');
is(post('later', 'new')->{status}, 403, 'a key that the set has not');
is(count('later'), 1, 'there was one fetch');

like(post('static', 'old')->{body}, qr/^\Q$good\E/, 'keys of a file of nginx');

subtest 'nothing of the request goes to the issuer' => sub {
    my $r = http_request($nginx->port, 'POST', '/good/auth-test',
        headers => ['Content-Type: application/json', 'Cookie: a=b',
                    'Authorization: Bearer ' . $tokens->token('old'),
                    'Accept-Encoding: gzip', 'Range: bytes=0-1',
                    'If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT'],
        body => '{}');

    is($r->{status}, 200, 'the token is good');
    my $sent = Wub::Nginx::slurp("$dir/request.good");

    like($sent, qr{^GET /good\?of=keys HTTP/1}, 'a GET');
    unlike($sent, qr/^(?:Cookie|Authorization|Accept-Encoding|Range|If-|
                         Content-)/imx, 'without headers of the client');
};

for my $kind (sort keys %bad) {
    my $from = length $nginx->log_text;
    my $r = post($kind, 'old');

    is($r->{status}, 503, "an issuer that is $kind: 503");
    is($r->{body}, $wait, "$kind: a sentence");
    is(($r->{headers}{'retry-after'} || [''])->[0], 10, "$kind: when");
    my $line = 'keys of tokens could not be fetched from '
        . "\"/issuer/$kind?of=keys\": $bad{$kind}";

    like(substr($nginx->log_text, $from), qr/\[error\].* \Q$line\E/,
         "$kind: a line for the operator");
}

for my $kind (qw(nowhere self dead)) {
    my $r = post($kind, 'old');

    is($r->{status}, 503, "keys from $kind");
    is($r->{body}, $wait, "$kind: a sentence");
}

is(http_request($nginx->port, 'GET', '/missing/defaults')->{status}, 200,
   'readers need no keys');

subtest 'a slow issuer is asked once for all' => sub {
    my $begin = time;
    my @socks = map { begin('slow', 'old') } 1 .. 10;
    my @answers = map { finish($_) } @socks;

    is(scalar(grep { $_->{status} == 200 } @answers), 10, 'all get in');
    is(count('slow'), 1, 'one fetch');
    cmp_ok(time - $begin, '<', 4, 'together');
};

subtest 'whoever fetches leaves, another one goes on' => sub {
    my $leaver = begin('slow2', 'old');

    sleep 0.3;
    my @socks = map { begin('slow2', 'old') } 1 .. 3;

    sleep 0.2;
    close $leaver;
    is(scalar(grep { finish($_)->{status} == 200 } @socks), 3,
       'the others get in');
    is(count('slow2'), 2, 'by a second fetch');
};

subtest 'whoever fetches leaves, and nobody waits' => sub {
    my $leaver = begin('slow5', 'old');

    sleep 0.3;
    close $leaver;
    sleep 0.2;
    is(post('slow5', 'old')->{status}, 503, 'the next one comes too soon');
    sleep 1;
    is(post('slow5', 'old')->{status}, 200, 'in a second it gets in');
};

subtest 'over HTTP/2, and on a connection that is kept' => sub {
    my $token = $tokens->token('old');
    my @curl = ('curl', '-s', '-m', '10', '-H',
                'Content-Type: application/json', '-d',
                "{\"token\":\"$token\"}", '-w', '|%{http_code}|');
    my $url = "http://127.0.0.1:$h2_port/slow3/auth-test";

    for my $which (qw(first second)) {
        open my $from, '-|', @curl, '--http2-prior-knowledge', $url
            or die "curl: $!\n";
        my $out = do { local $/; <$from> };

        close $from;
        is($out =~ s/\s//gr, "$good|200|", "HTTP/2, the $which one");
    }

    my $body = "{\"token\":\"$token\"}";
    my $post = "POST /slow4/auth-test HTTP/1.1\r\nHost: x\r\n"
        . "Content-Type: application/json\r\nContent-Length: "
        . length($body) . "\r\n";
    my $raw = http_exchange(port => $nginx->port, packets => [
        { value => "$post\r\n$body" }, { value => "${post}Connection: close"
          . "\r\n\r\n$body" } ])->{raw};

    is(scalar(() = $raw =~ /HTTP\/1\.1 200/g), 2, 'two in one packet');
};

subtest 'an issuer that hangs' => sub {
    my $begin = time;
    my @socks = map { begin('hang', 'old', 'keep-alive') } 1 .. 5;

    is(http_request($nginx->port, 'GET', '/good/defaults')->{status}, 200,
       'others are answered meanwhile');
    is(post('good', 'old')->{status}, 200, 'who has keys gets in');

    # who fetches is answered, and told to ask on another connection

    IO::Select->new($_)->can_read(8) for @socks;
    cmp_ok(time - $begin, '<', 7, 'in time');

    my @answers = map { finish($_, 0.2) } @socks;

    is(scalar(grep { $_->{status} == 503 } @answers), 5, 'all are told');
    is(join(' ', sort map { $_->{headers}{connection}[0] } @answers),
       'close' . ' keep-alive' x 4, 'one connection is not kept');
    is(count('hang'), 1, 'one fetch');
};

subtest 'conf/google-keys.conf, and a process that is new' => sub {
    is(post('cached', 'old')->{status}, 200, 'keys through a cache');
    is(count('cached'), 1, 'of the issuer');

    my $waits = begin('slow3', 'ec');

    ok($nginx->reload, 'nginx reloads');
    is(finish($waits)->{status}, 200, 'who is there is served');
    is(post('cached', 'old')->{status}, 200, 'the new process has keys');
    is(count('cached'), 1, 'of the cache');
};

subtest 'a reload while keys are fetched' => sub {
    my $waits = begin('slow', 'old');

    sleep 0.3;
    ok($nginx->reload, 'nginx reloads');
    is(finish($waits)->{status}, 200, 'who waits is served');
    is(post('slow4', 'old')->{status}, 200, 'and who comes after it');
};

is(post('later', 'old')->{status}, 200, 'the last process fetches');

my $fetched = time;

subtest 'a file that changes' => sub {
    is(post('file', 'old')->{status}, 200, 'a key of the file');

    spew('file.json', $tokens->set('new'));
    sleep 2.1;
    is(post('file', 'new')->{status}, 200, 'a new file');
    is(post('file', 'old')->{status}, 403, 'has other keys');

    spew('file.json', '{"keys":');
    sleep 2.1;
    is(post('file', 'new')->{status}, 200, 'a broken one changes nothing');
    like($nginx->log_text, qr/\[error\].* not be read from "[^"]+": It is not/,
         'but is told');

    unlink "$dir/file.json";
    sleep 2.1;
    is(post('file', 'new')->{status}, 200, 'nor one that is gone');

    spew('file.json', $tokens->set('old'));
    sleep 2.1;
    is(post('file', 'old')->{status}, 200, 'until there is another one');
};

subtest 'keys that are changed by the issuer' => sub {
    my $before = count('later');
    my $floor = $fetched + 10.1 - time;

    spew('keys', $tokens->set('new'));
    is(post('later', 'new')->{status}, 403, 'too soon') if $floor > 1;
    sleep $floor if $floor > 0;
    is(post('later', 'new')->{status}, 200, 'an unknown one is fetched');
    is(post('later', 'old')->{status}, 403, 'one that is withdrawn is out');
    is(count('later'), $before + 1, 'by one fetch');
};

is($nginx->stop, '', 'nginx ends');
is(join("\n", $nginx->unexpected(0)), '', 'nothing alarming in the log');
done_testing();


# ---- requests

sub body_of {
    my ($key) = @_;

    return (token_post('/', $tokens->token($key)) =~ /\n(.*)/s)[0];
}


sub post {
    my ($kind, $key) = @_;

    return http_request($nginx->port, 'POST', "/$kind/auth-test",
                        headers => ['Content-Type: application/json'],
                        body => body_of($key), timeout => 10)
        || { status => 0, body => '', headers => {} };
}


# sends a request and does not wait
sub begin {
    my ($kind, $key, $connection) = @_;

    my $sock = http_connect($nginx->port) or die "connect: $!\n";
    my $body = body_of($key);

    $connection //= 'close';

    print {$sock} "POST /$kind/auth-test HTTP/1.1\r\nHost: x\r\n"
        . "Content-Type: application/json\r\nConnection: $connection\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    $sock->flush;

    return $sock;
}


sub finish {
    my ($sock, $timeout) = @_;

    my $end = http_exchange(socket => $sock, packets => [],
                            timeout => $timeout || 5);

    return http_parse($end->{raw}, 'POST') || { status => 0 };
}


# ---- the issuer

sub spew {
    my ($name, $text) = @_;

    open my $to, '>', "$dir/.$name" or die "$dir/$name: $!\n";
    print {$to} $text;
    close $to;
    rename "$dir/.$name", "$dir/$name" or die "$dir/$name: $!\n";
    return;
}


sub count {
    my ($kind) = @_;

    return 0 if !-e "$dir/count.$kind";
    return scalar(() = Wub::Nginx::slurp("$dir/count.$kind") =~ /\n/g);
}


sub issue {
    local $SIG{CHLD} = 'IGNORE';

    while (my $client = $issuer->accept) {
        my $pid = fork;

        if (defined $pid && !$pid) {
            $SIG{TERM} = 'DEFAULT';
            alarm 30;
            answer($client);
            POSIX::_exit(0);
        }

        close $client;
    }
}


sub answer {
    my ($client) = @_;

    my $request = '';

    while ($request !~ /\r\n\r\n/) {
        my $line = <$client> // last;

        $request .= $line;
    }

    my ($kind) = $request =~ m{^GET /(\w+)};

    spew("request.$kind", $request);
    open my $count, '>>', "$dir/count.$kind" or die;
    print {$count} "x\n";
    close $count;

    my $keys = Wub::Nginx::slurp("$dir/keys");
    my ($status, $headers, $body) = ('200 OK', '', $keys);

    sleep 1 if $kind =~ /^slow/;
    sleep 7 if $kind eq 'hang';
    return if $kind eq 'close';

    $status = '404 Not Found' if $kind eq 'missing';
    $status = '206 Partial Content' if $kind eq 'partial';
    ($status, $headers) = ('302 Found', "Location: /x\r\n")
        if $kind eq 'moved';
    $body = '<html>not for you</html>' if $kind eq 'html';
    $body = '{"kids": []}' if $kind eq 'none';
    $body = '{"keys": [{"kty": "oct"}]}' if $kind eq 'useless';
    $body = '' if $kind eq 'empty';
    $body = $keys . ' ' x 1_000_000 if $kind =~ /^(?:big|flood)$/;
    $headers = "Content-Encoding: gzip\r\n" if $kind eq 'gzip';
    $headers = "Cache-Control: max-age=60\r\n" if $kind eq 'cached';
    $headers .= 'Content-Length: ' . length($body) . "\r\n"
        if $kind ne 'flood';
    $body = substr $body, 0, 100 if $kind eq 'short';

    print {$client} "HTTP/1.1 $status\r\nConnection: close\r\n$headers\r\n",
        $body;
    return;
}
