# Roles are remembered for seconds; a database that is away.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Tokens qw(token_post);

my $api = Wub::Api->new;
my $tokens = Wub::Tokens->new->ec('ec');
my $dir = Wub::Nginx::temp_dir('roles');

$api->insert('roles', email => 'ann@example.com', name => 'Ann',
             editor => 't', artist => 'f');

open my $to, '>', "$dir/keys" or die "$dir/keys: $!\n";
print {$to} $tokens->set('ec');
close $to;

my $nginx = Wub::Nginx->new(config => $api->location(config => <<"END"));
            wubloader_auth_keys file:$dir/keys;
            wubloader_auth_clients client;
END

is($nginx->start, '', 'nginx starts');

my $known = time;

is(post()->{status}, 200, 'a role is looked up');
$api->sql('UPDATE roles SET editor = false');
is(post()->{status}, 200, 'and known for a while')
    if time - $known < 3;

sleep 5.1;
is(post()->{body}, "Unknown user. Access denied.\n",
   'a role that was taken away');

$api->pg->stop;
is(post()->{status}, 403, 'what is known needs no database');
sleep 5.1;

my $r = post();

is($r->{status}, 503, 'without a database nobody gets in');
ok($r->{headers}{'retry-after'}, 'and is told when to try again');

is($nginx->stop, '', 'nginx ends');
done_testing();


sub post {
    my ($body) = token_post('/', $tokens->token('ec')) =~ /\n(.*)/s;

    return http_request($nginx->port, 'POST', '/thrimshim/auth-test',
                        headers => ['Content-Type: application/json'],
                        body => $body, timeout => 10)
        || { status => 0, body => '', headers => {} };
}
