# The editor's API, reading: who sees the addresses of editors.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';

use Wub::Api;
use Wub::Tokens;

our $api = Wub::Api->new;
our $tokens = Wub::Tokens->new;

$tokens->rsa('rsa')->rsa('other');

our $keys = $tokens->set('rsa');

$api->insert('roles', email => 'ann@example.com', name => 'Ann',
             editor => 't', artist => 'f');
$api->event('a', editor => 'ed@example.com');
$api->event('b', editor => 'NOT_AUTH');

# the answer without anything but the editors of its rows
our $editors = sub { return CORE::join ' ', $_[0] =~ /"editor":([^,]*)/g };

sub bearer { return 'Authorization: Bearer ' . $tokens->token(@_) }

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', $api->location(config => <<'END'));
        wubloader_auth_keys file:$TEST_NGINX_HTML_DIR/keys.json;
        wubloader_auth_clients client;
END
    $block->set_value('config', $api->location(config => 'wubloader_auth off;'))
        if $block->name =~ /off/;
    $block->set_value('user_files', ">>> keys.json\n$keys\n");
    $block->set_value('request', ['GET /thrimshim', 'GET /thrimshim/a',
                                  'GET /thrimshim/b']);
    $block->set_value('response_headers',
        [("Vary: Authorization, Accept-Encoding\n") x 3]);
    $block->set_value('response_body_filters', [($editors) x 3]);
    $block->set_value('response_body', ['null "NOT_AUTH"', 'null',
                                        '"NOT_AUTH"'])
        if !defined $block->response_body;
    $block->set_value('no_error_log', '[error]');
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: somebody with a role
--- more_headers eval
main::bearer('rsa', claims => { email => 'Ann@Example.com' })
--- response_body eval
['"ed@example.com" "NOT_AUTH"', '"ed@example.com"', '"NOT_AUTH"']



=== TEST 2: nobody



=== TEST 3: somebody without a role
--- more_headers eval
main::bearer('rsa', claims => { email => 'bob@example.com' })



=== TEST 4: a token of another key
--- more_headers eval
main::bearer('other', claims => { email => 'ann@example.com' })



=== TEST 5: a token that has expired
--- more_headers eval
main::bearer('rsa', claims => { email => 'ann@example.com', exp => 1 })



=== TEST 6: no token at all
--- more_headers
Authorization: Basic YTpi



=== TEST 7: where authentication is off
--- more_headers eval
main::bearer('rsa', claims => { email => 'ann@example.com' })
