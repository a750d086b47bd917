# Self test of t/lib: Test::Nginx::Socket, Wub::Checks, Wub::Http, Wub::Nginx
# and Wub::Store.  Each case is a small test file run by a perl of its own;
# it must pass, or fail with the message that it says.

use strict;
use warnings;

use Digest::SHA;
use Test::More;
use Time::HiRes qw(time);

use Wub::Http qw(http_connect http_exchange http_parse http_request);
use Wub::Nginx;
use Wub::Store;

$ENV{TEST_NGINX_LOAD_MODULES} = '';

my $temp = Wub::Nginx::temp_dir('socket');
my $count = 0;


# runs a test file: (exit status, output)
sub run_file {
    my ($blocks, $settings) = @_;

    my $file = "$temp/case" . ++$count . '.t';

    open my $out, '>', $file or die "$file: $!\n";
    print $out "use Test::Nginx::Socket 'no_plan';\nuse Wub::Checks;\n",
        $settings || '', "\nrun_tests();\n__DATA__\n\n$blocks";
    close $out;

    local $ENV{TMPDIR} = $temp;
    my $text = `$^X -It/lib $file 2>&1`;
    return ($?, $text);
}


# like(), without all of a long output when it fails
sub says {
    my ($output, $pattern, $name) = @_;

    my $ok = ok($output =~ $pattern, $name);

    diag("nothing is like $pattern in:\n", substr $output, -2000) if !$ok;
    return $ok;
}


my $serve = <<'END';
=== TEST 1: a case
--- config
    location = /a { return 200 "hello\n"; add_header X-A b; }
    location = /missing { root $TEST_NGINX_HTML_DIR; }
    location = /json { return 200 '{"b": [2, {"x": 1}], "a": "1"}'; }
    location = /slow { sendfile on; sendfile_max_chunk 40k; limit_rate 50k;
                       root $TEST_NGINX_HTML_DIR; }
    location = /body { client_body_in_single_buffer on;
                       proxy_pass http://127.0.0.1:$server_port/echo;
                       proxy_pass_request_body on; }
    location = /echo { return 200 "$request_method $http_content_length"; }
    location = /crit { proxy_pass http://unix:$TEST_NGINX_HTML_DIR/none; }
END

my @pass = (
    ['body and headers', <<'END'],
--- request
GET /a
--- response_headers
X-A: b
Content-Length: 6
!X-B
--- response_headers_like
X-A: [a-c]
--- raw_response_headers_like chomp
^HTTP/1.1 200 OK\r\n
--- raw_response_headers_unlike chomp
X-C
--- response_body
hello
--- no_error_log
[error]
[alert]
END
    ['default is status 200, HEAD has no body', <<'END'],
--- request
HEAD /a
--- response_headers
Content-Length: 6
--- response_body
END
    ['body that is a pattern', <<'END'],
--- request
GET /a
--- response_body eval
qr/^hel/
END
    ['body filters', <<'END'],
--- request
GET /a
--- response_body_filters
uc length
--- response_body chomp
6
END
    ['error_log and status', <<'END'],
--- request
GET /missing
--- error_code: 404
--- response_body_unlike
hello
--- error_log eval
[qr/open\(\).*failed/, "[error]"]
END
    ['several requests, one connection each', <<'END'],
--- request eval
["GET /a", "GET /missing", "POST /echo\nxyz"]
--- error_code eval
[200, 404, 200]
--- response_body_like eval
["hello", "404", "POST 3"]
END
    ['pipeline', <<'END'],
--- pipelined_requests eval
["GET /a", "HEAD /a", "GET /missing"]
--- error_code eval
[200, 200, 404]
--- response_body eval
["hello\n", "", qr/404/]
END
    ['packets with a delay', <<'END'],
--- request eval
[["POST /body\nab", { value => "cd\n", delay_before => 0.1 }]]
--- response_body eval
["POST 4"]
END
    ['raw request in parts', <<'END'],
--- raw_request eval
["GET /a HT", "TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
--- raw_request_middle_delay: 0.1
--- response_body
hello
END
    ['old protocol and a range', <<'END'],
--- request
GET /missing HTTP/1.0
--- user_files
>>> missing
0123456789
--- more_headers
Range: bytes=2-4
--- error_code: 206
--- response_body chomp
234
END
    ['files with folders and times', <<'END'],
--- request
GET /x/y/z
--- user_files
>>> x/y/z 202401020304.05
text
--- response_headers
Last-Modified: Tue, 02 Jan 2024 03:04:05 GMT
--- response_body
text
END
    ['files from perl', <<'END'],
--- request
GET /b
--- user_files eval
[["b", "\x00\xff"]]
--- response_body eval
"\x00\xff"
END
    ['json', <<'END'],
--- request
GET /json
--- response_body_json
{"a":"1","b":[2,{"x":1}]}
--- response_body_json_sort
{"a":"1","b":[{"x":1},2]}
--- response_body_lines eval
['{"b": [2, {"x": 1}], "a": "1"}']
END
    ['client that leaves', <<'END'],
--- request
GET /slow
--- user_files eval
[["slow", "x" x 100000]]
--- timeout: 0.2
--- abort
--- ignore_response
END
    ['truncated as expected', <<'END'],
--- request
GET /slow
--- user_files eval
[["slow", "x" x 100000]]
--- timeout: 200ms
--- abort
--- response_truncated
END
    ['init runs before the request', <<'END'],
--- request
GET /late
--- init eval
'open my $f, ">", "$ENV{TEST_NGINX_HTML_DIR}/late"; print $f "here\n"'
--- response_body
here
END
    ['a critical line that is expected', <<'END'],
--- request
GET /crit
--- error_code: 502
--- error_log
[crit]
END
    ['lines of a log', <<'END'],
--- request
GET /missing
--- error_code: 404
--- grep_error_log eval
qr/open\(\)/
--- grep_error_log_out
open()
--- access_log
GET /missing
--- no_access_log
POST
END
);

my $all = '';

for my $case (@pass) {
    my ($name, $sections) = @$case;
    my $block = "$serve$sections\n";

    $block =~ s/a case/$name/;
    $all .= $block;
}

my ($status, $text) = run_file($all, 'repeat_each(2);');
is($status, 0, 'all sections, shuffled and repeated')
    or diag(substr $text, -2000);
says($text, qr/^1\.\.\d\d\d$/m, 'over a hundred checks');


my @refuse = (
    ['--- must_die', 0],
    ["--- must_die: 1\n--- error_log\nunknown directive \"foo\"", 0],
    ["--- must_die: 2", qr/not ok .* exit status/],
    ["--- must_die\n--- error_log\nsomething else",
     qr/not ok .* has 'something else'/],
);

for my $case (@refuse) {
    my ($sections, $want) = @$case;

    ($status, $text) = run_file("=== TEST 1: bad\n--- config\n    foo;\n"
                                . "$sections\n");
    $want ? says($text, $want, "refusal: $want")
          : is($status, 0, 'refusal as expected') || diag(substr $text, -2000);
}


# each must fail, and say why
my @fail = (
    ['status', "--- request\nGET /missing\n--- no_error_log\nzzz",
     qr/got: '404'\n#\s+expected: '200'/],
    ['body', "--- request\nGET /a\n--- response_body\nhallo", qr/hallo/],
    ['header', "--- request\nGET /a\n--- response_headers\nX-A: c",
     qr/header X-A/],
    ['absent header', "--- request\nGET /a\n--- response_headers\n!X-A",
     qr/not ok .* no header X-A/],
    ['header pattern', "--- request\nGET /a\n--- response_headers_like\n"
     . 'X-A: c.', qr/not ok .* header X-A/],
    ['raw headers', "--- request\nGET /a\n--- raw_response_headers_unlike"
     . " chomp\nX-A", qr/not ok .* raw headers/],
    ['error log', "--- request\nGET /a\n--- error_log\nzzz",
     qr/not ok .* error.log has 'zzz'/],
    ['no error log', "--- request\nGET /missing\n--- error_code: 404\n"
     . "--- no_error_log\n[error]", qr/not ok .* error.log has no/],
    ['a critical line', "--- request\nGET /crit\n--- error_code: 502",
     qr/not ok .* was not expected.*\[crit\]/s],
    ['json', "--- request\nGET /json\n--- response_body_json\n{\"a\": 1}",
     qr/not ok .* response_body_json/],
    ['json order', "--- request\nGET /json\n--- response_body_json\n"
     . '{"a":"1","b":[{"x":1},2]}', qr/not ok .* response_body_json/],
    ['not json', "--- request\nGET /a\n--- response_body_json_sort\n{}",
     qr/not JSON/],
    ['truncation', "--- request\nGET /slow\n--- timeout: 0.2\n--- abort\n"
     . "--- user_files eval\n[['slow', 'x' x 100000]]",
     qr/got: 'truncated'/],
    ['no answer', "--- request\nGET /slow\n--- timeout: 0.2\n"
     . "--- user_files eval\n[['slow', 'x' x 100000]]",
     qr/no answer within 0.2 s/],
    ['a missing array', "--- request eval\n['GET /a', 'GET /a']\n"
     . "--- response_body\nhello", qr/need an array in response_body/],
    ['no request', '--- response_body: x', qr/there is no --- request/],
    ['a misspelt section', "--- request\nGET /a\n--- respons_body\nx",
     qr/there is no section 'respons_body'/],
    ['a bad variable', "--- config\nset \$a \$TEST_NGINX_NONE;\n"
     . "--- request\nGET /", qr/has no TEST_NGINX_NONE/],
);

# cases share a file where they do not end it
my (@together, @alone);

push @{ $_->[2] =~ /array|there is no|has no TEST/ ? \@alone : \@together },
    $_ for @fail;

my $blocks = join '', map {
    (my $block = "$serve$_->[1]\n\n") =~ s/a case/$_->[0]/;
    $block;
} @together;

($status, $text) = run_file($blocks);
isnt($status, 0, 'failing cases fail the file');

for my $case (@together) {
    my ($name, undef, $why) = @$case;

    says($text, qr/not ok \d+ - (?:TEST 1: \Q$name\E|.* error.log holds)/,
         "$name: fails");
    says($text, $why, "$name: says why");
}

for my $case (@alone) {
    my ($name, $sections, $why) = @$case;

    ($status, $text) = run_file("$serve$sections\n");
    isnt($status, 0, "$name: fails");
    says($text, $why, "$name: says why");
}

{
    local $ENV{TEST_NGINX_LOAD_MODULES} = 'none/there.so';

    ($status, $text) = run_file("$serve--- request\nGET /a\n");
    isnt($status, 0, 'a missing module fails');
    says($text, qr/none\/there.so is not there: run `make`/,
         'a missing module: says what to do');
}

is(join(' ', grep { !/case\d+\.t$/ } glob "$temp/*"), '',
   'no test leaves a folder behind');


# responses, from bytes

my @responses = (
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 'GET',
     'abc', 1, 'def'],
    ["HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabc", 'GET', 'abc', 0, ''],
    ["HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nHTTP", 'HEAD',
     '', 1, 'HTTP'],
    ["HTTP/1.1 304 Not Modified\r\n\r\nx", 'GET', '', 1, 'x'],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall", 'GET',
     'all', 1, ''],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     . "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\nrest", 'GET',
     'abcde', 1, 'rest'],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     . "3\r\nabc\r\n", 'GET', 'abc', 0, ''],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     . "3\r\nab", 'GET', 'ab', 0, ''],
);

for my $i (0 .. $#responses) {
    my ($raw, $method, @want) = @{ $responses[$i] };
    my $res = http_parse($raw, $method);

    is_deeply([ @$res{qw(body complete rest)} ], \@want, "response $i");
}

ok(!http_parse("HTTP/1.1 200", 'GET'), 'half a status line is no response');


# a server as an object: reload, slow reader, stop

my $nginx = Wub::Nginx->new(config => <<'END');
        location = /pid { return 200 "$pid"; }
END

is($nginx->start, '', 'nginx starts');

my $before = http_request($nginx->port, 'GET', '/pid')->{body};
my ($worker) = $nginx->workers;

is($before, $worker, 'the worker answers');
ok($nginx->reload(wait_old => 1), 'reload brings new workers');
isnt(http_request($nginx->port, 'GET', '/pid')->{body}, $before,
     'a new worker answers');

open my $big, '>', $nginx->html . '/big';
print $big 'x' x 200_000;
close $big;

my $started = time;
my $got = http_exchange(port => $nginx->port, read_rate => 400_000,
    packets => [ { value => "GET /big HTTP/1.0\r\n\r\n" } ]);

is(length http_parse($got->{raw}, 'GET')->{body}, 200_000,
   'a slow reader gets all');
cmp_ok(time - $started, '>', 0.4, 'a slow reader is slow');

$got = http_exchange(port => $nginx->port, read_max => 1000,
    packets => [ { value => "GET /big HTTP/1.0\r\n\r\n" } ]);

is(length $got->{raw}, 1000, 'a client that leaves after 1000 bytes');

my $pid = $nginx->pid;

is($nginx->stop, '', 'nginx ends by itself');
ok(!kill(0, $pid), 'its process is gone');
is_deeply([ $nginx->unexpected ], [], 'its log is clean');

open my $log, '>>', $nginx->log_file;
print $log "2026/01/01 [alert] 1#1: worker process 2 exited on signal 11\n",
    "==7==ERROR: AddressSanitizer: heap-use-after-free\n",
    "x.c:1:2: runtime error: left shift of negative value\n";
close $log;

is(scalar(() = $nginx->unexpected), 3, 'bad lines are found');
is(scalar(() = $nginx->unexpected(qr/signal 11/)), 2, 'unless expected');

# the server of a killed test goes, too
if (grep { -x "$_/setpriv" } split /:/, $ENV{PATH}) {
    my $child = open my $pipe, '-|', $^X, '-It/lib', '-MWub::Nginx', '-e',
        '$| = 1; my $n = Wub::Nginx->new; $n->start and die; '
        . 'print $n->pid, " ", $n->root, "\n"; sleep 60';
    my ($orphan, $root) = split ' ', scalar <$pipe>;

    kill 'KILL', $child;
    close $pipe;

    my $until = time + 5;
    select undef, undef, undef, 0.02 while kill(0, $orphan) && time < $until;

    ok(!kill(0, $orphan), 'no nginx outlives its test');
    File::Path::remove_tree($root);
}


# stores

my $store = Wub::Store->new;
my @names = $store->run('chan', 'source', '2024-02-29T23:59:57', 2, 2);

like($names[0], qr/^59:57\.000000-2\.0-full-[\w-]{43}\.ts$/, 'a name');
like($names[1], qr/^59:59\.000000-2\.0-full-/, 'the next name');

my $third = $store->segment('chan', 'source', '2024-03-01T00:00:01.5',
                            '1.998', 'partial', bytes => 'abc');
is($third, '00:01.500000-1.998-partial-'
   . 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0.ts', 'a true hash');

is($store->tombstone('chan', 'source', '2024-02-29T23', $names[0]),
   $names[0] =~ s/ts$/tombstone/r, 'a tombstone');
is_deeply([ $store->names('chan/source') ],
    ['2024-02-29T23', '2024-03-01T00'], 'folders');

my $folder = $store->write;
is(Digest::SHA->new(256)->addfile("$folder/chan/source/2024-03-01T00/$third",
                                  'b')->hexdigest,
   Digest::SHA::sha256_hex('abc'), 'a file on disk');
is(scalar @{ $store->user_files('s') }, 4, 'an array for user_files');

done_testing();
