# The editor's API: who may write what, what is kept of them, who leaves
# while it is found out, and what is counted.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Wub::Api;
use Wub::Editor qw(edit edit_event edit_json edit_post PNG_BASE64);
use Wub::Http qw(http_connect http_request);
use Wub::Nginx;
use Wub::Tokens;

my $api = Wub::Api->new;
my $tokens = Wub::Tokens->new->ec('ec');
my $dir = Wub::Nginx::temp_dir('who');

$api->insert('roles', email => "$_->[0]\@example.com", name => $_->[0],
             editor => $_->[1], artist => $_->[2])
    for ['ed', 't', 'f'], ['art', 'f', 't'], ['none', 'f', 'f'];

open my $out, '>', "$dir/keys" or die "$dir/keys: $!\n";
print {$out} $tokens->set('ec');
close $out;

my $slow = Wub::Nginx::free_port();
my $nginx = Wub::Nginx->new(config => $api->location(config => <<"END")
            wubloader_auth_keys file:$dir/keys;
            wubloader_auth_clients client;
END
    . $api->location(path => '/slow', config => <<"END") . <<"END");
            wubloader_auth_keys /keys;
            wubloader_auth_clients client;
END
        location = /keys { internal; proxy_pass http://127.0.0.1:$slow; }
        location /metrics { wubloader metrics; }
END

is($nginx->start, '', 'nginx starts');

my $port = $nginx->port;


sub token {
    my ($who) = @_;

    return $tokens->token('ec', claims => { email => "$who\@example.com" });
}

sub posts {
    my ($name, $status, $path, $body, %opt) = @_;

    my ($got, $text) = edit_post($port, $path, $body, %opt);

    is($got, $status, $name) or diag($text);
    return $text;
}

sub template {
    my ($name, %set) = @_;

    return { name => $name, description => '', attribution => '',
             crop => [0, 0, 1, 1], location => [0, 0, 1, 1],
             image => PNG_BASE64, %set };
}

sub kept {
    my ($key) = @_;

    return $api->value("SELECT application_name FROM audit.logged_actions "
        . "WHERE key = '$key' ORDER BY event_id DESC LIMIT 1");
}


# ---- roles

$api->event('a');
edit_event($api, 'b', 'EDITED');

is(posts('nobody', 401, '/thrimshim/a', edit('a')), "User token required\n",
   'says so');
is(posts('nobody, in a list', 401, '/thrimshim/a', '[]'),
   "User token required\n", 'says so');
posts('nobody, half of JSON', 400, '/thrimshim/a', '{');
posts('a token that is a number', 403, '/thrimshim/a',
      edit('a', token => 1));
posts('an artist edits', 403, '/thrimshim/a', edit('a', token => token('art')));
posts('an artist resets', 403, '/thrimshim/reset/b', { token => token('art') });
posts('an editor paints', 403, '/thrimshim/add-template',
      template('x', token => token('ed')));
posts('who has no role', 403, '/thrimshim/a', edit('a',
    token => token('none')));
posts('without a role to read', 403, '/thrimshim/auth-test',
      { token => token('none') });

is($api->row('a')->{state}, 'UNEDITED', 'nothing is written');

is(posts('an editor', 200, '/thrimshim/auth-test', { token => token('ed') }),
   '"ed@example.com"', 'is known');
posts('an editor edits', 201, '/thrimshim/a', edit('a', token => token('ed')));
is($api->row('a')->{editor}, 'ed@example.com', 'and is on the row');
is(kept('a'), 'wubloader-nginx ed@example.com', 'and in its history');
posts('an editor resets', 200, '/thrimshim/reset/b',
      { token => token('ed') });
is(kept('b'), 'wubloader-nginx ed@example.com', 'and is in its history');
posts('a token in a header', 201, '/thrimshim/a', edit('a'),
      headers => ['Authorization: Bearer ' . token('ed')]);
posts('an artist paints', 201, '/thrimshim/add-template',
      template('x', token => token('art')));
is(kept('x'), 'wubloader-nginx art@example.com', 'and is in its history');
posts('and paints over', 200, '/thrimshim/update-template/x',
      template('x', token => token('art')));


# ---- who leaves while the keys are fetched

{
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => $slow, Listen => 5, ReuseAddr => 1)
        or die "port $slow: $!\n";
    my $body = edit_json(edit('a', video_title => 'gone',
                              token => token('ed')));
    my $sock = http_connect($port) or die "connect: $!\n";

    print $sock join("\r\n", 'POST /slow/a HTTP/1.1', 'Host: x',
        'Content-Type: application/json', 'Content-Length: ' . length $body,
        '', $body);
    $sock->flush;

    my $asked = $listen->accept;

    ok($asked, 'keys are asked for');
    $sock->close;
    sleep 0.2;

    my $set = $tokens->set('ec');

    print $asked join("\r\n", 'HTTP/1.0 200 OK',
        'Content-Type: application/json', '', $set);
    $asked->close;
    sleep 0.3;

    is($api->row('a')->{video_title}, 'A title',
       'who left meanwhile has changed nothing');
    posts('who comes after', 201, '/thrimshim/a', edit('a',
        video_title => 'next', token => token('ed')));
    is($api->row('a')->{video_title}, 'next', 'is written');
}


# ---- what is counted

{
    http_request($port, 'OPTIONS', '/thrimshim/a');
    posts('no row', 404, '/thrimshim/manual-link/none', { link => 'https://x/',
        token => token('ed') });

    my %want = ('update_row",method="POST",status="201' => 3,
                'update_row",method="POST",status="403' => 3,
                'update_row",method="POST",status="401' => 2,
                'update_row",method="POST",status="499' => 1,
                'test",method="POST",status="200' => 1,
                'reset_row",method="POST",status="200' => 1,
                'add_template",method="POST",status="201' => 1,
                'update_template",method="POST",status="200' => 1,
                'manual_link",method="POST",status="404' => 1,
                'thrimshim",method="other",status="204' => 1);
    my $text;

    for (1 .. 40) {
        $text = http_request($port, 'GET', '/metrics')->{body};
        last if $text =~ /"manual_link",method="POST",status="404"\} 1/;
        sleep 0.05;
    }

    for my $series (sort keys %want) {
        my ($n) = $text =~ /^http_request_latency_all_count
            \{endpoint="\Q$series\E"\}\ (\d+)/mx;
        is($n, $want{$series}, $series =~ s/",\w+="/ /gr);
    }
}

is($nginx->stop, '', 'nginx ends');
done_testing();
