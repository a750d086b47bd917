# Who writes through the editor's API: tokens, good ones and attacks, against
# keys of a file; roles of the database; what is refused when it is set up.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';

use Wub::Api;
use Wub::Tokens qw(token_post);

our $api = Wub::Api->new;
our $tokens = Wub::Tokens->new;

$tokens->rsa('rsa')->rsa('other')->rsa('small', 512);
$tokens->ec('ec')->ec('wide', 'P-384');

our $keys = $tokens->set('rsa', 'ec', 'small', 'wide');

$api->insert('roles', email => 'ann@example.com', name => 'Ann',
             editor => 't', artist => 'f');
$api->insert('roles', email => 'art@example.com', name => 'Art',
             editor => 'f', artist => 't');
$api->insert('roles', email => 'no@example.com', name => 'No',
             editor => 'f', artist => 'f');

our $path = '/thrimshim/auth-test';
our $settings = "wubloader_auth_keys file:\$TEST_NGINX_HTML_DIR/keys.json;\n"
    . 'wubloader_auth_clients client another;';

# the request with a token of the key "rsa" that differs in %opt
sub with {
    my (%opt) = @_;

    return token_post($path, $tokens->token('rsa', %opt));
}

sub claims { return with(claims => { @_ }) }
sub header { return with(header => { @_ }) }

our $good = qq("ann\@example.com");
our $invalid = "Invalid token. Access denied.\n";
our $unknown = "Unknown user. Access denied.\n";

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', $api->location(config => $settings))
        if !defined $block->config;
    $block->set_value('user_files', ">>> keys.json\n$keys\n")
        if !defined $block->user_files;
    $block->set_value('more_headers', 'Content-Type: application/json')
        if defined $block->request && !defined $block->more_headers;
    $block->set_value('response_body', $invalid)
        if ($block->error_code // 0) == 403
            && !defined $block->response_body;
    $block->set_value('error_log', 'a token is refused: ')
        if defined $block->response_body
            && $block->response_body eq $invalid
            && !defined $block->error_log;
    $block->set_value('no_error_log', '[error]')
        if !defined $block->must_die;

    # several requests of a block get the same answer

    my $requests = $block->request;
    my $n = ref $requests ? @$requests : 1;

    for my $name (qw(error_code response_body response_body_like)) {
        my $value = $block->$name;

        $block->set_value($name, [($value) x $n])
            if $n > 1 && defined $value && ref $value ne 'ARRAY';
    }
});

run_tests();

__DATA__

=== TEST 1: a good token
--- request eval: main::with()
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 2: ES256
--- request eval: main::token_post($::path, $::tokens->token('ec'))
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 3: in a header
--- request eval: main::token_post($::path, undef)
--- more_headers eval
"Content-Type: application/json\nAuthorization: bearer "
. $::tokens->token('rsa')
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 4: the body's token counts
--- request eval: main::token_post($::path, 'a.b.c')
--- more_headers eval
"Content-Type: application/json\nAuthorization: Bearer "
. $::tokens->token('rsa')
--- error_code: 403

=== TEST 5: no token
--- request eval: main::token_post($::path, undef)
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer
--- response_body
User token required

=== TEST 6: another scheme is no token
--- request eval: main::token_post($::path, undef)
--- more_headers
Content-Type: application/json
Authorization: Basic YTpi
--- error_code: 401
--- response_body
User token required

=== TEST 7: a null is no token
--- request eval: "POST $::path\n{\"token\": null}"
--- error_code: 401
--- response_body
User token required

=== TEST 8: tokens that are none
--- request eval
[ map { main::token_post($::path, $_) } '', '.', '..', 'a', 'a.b',
  'a.b.c.d', "\x{ff}.b.c", 1, {}, 'e30.e30.', 'bnVsbA.bnVsbA.' ]
--- error_code: 403

=== TEST 9: alg none
--- request eval
[ map { main::with(header => { alg => $_ }, by => 'none') }
  'none', 'None', 'NONE', '' ]
--- error_code: 403
--- error_log: its algorithm is not RS256 or ES256

=== TEST 10: HS256 with the public key as the secret
--- request eval
[ map { main::with(header => { alg => 'HS256' }, by => "hmac:$_") }
  $::tokens->public('rsa'), $::tokens->set('rsa') ]
--- error_code: 403
--- error_log: its algorithm is not RS256 or ES256

=== TEST 11: RS256 with a signature of HMAC
--- request eval: main::with(by => 'hmac:' . $::tokens->public('rsa'))
--- error_code: 403
--- error_log: its signature is not by the key that it names

=== TEST 12: an unknown kid
--- request eval: main::header(kid => 'nobody')
--- error_code: 403
--- error_log: its key is unknown

=== TEST 13: no kid
--- request eval: [ map { main::header(kid => $_) } undef, '', 1, [] ]
--- error_code: 403
--- error_log: it does not name a key

=== TEST 14: the key of another algorithm
--- request eval
[ main::header(kid => 'ec'),
  main::token_post($::path, $::tokens->token('ec',
                                             header => { kid => 'rsa' })) ]
--- error_code: 403
--- error_log: its key is of another algorithm

=== TEST 15: a header swapped for that of another algorithm
--- request eval
[ main::header(alg => 'ES256'), main::header(alg => 'ES256', kid => 'ec') ]
--- error_code: 403

=== TEST 16: another key signed it
--- request eval: main::with(by => 'other')
--- error_code: 403
--- error_log: its signature is not by the key that it names

=== TEST 17: a key that the token brings along
--- request eval
main::with(by => 'other', header => { jwk => $::tokens->jwk('other'),
                                      jku => 'https://example.com/' })
--- error_code: 403
--- error_log: its signature is not by the key that it names

=== TEST 18: a header of another token
--- request eval
my ($header) = split /\./, $::tokens->token('rsa', header => { x => 1 });
main::token_post($::path, $::tokens->token('rsa') =~ s/^[^.]+/$header/r)
--- error_code: 403
--- error_log: its signature is not by the key that it names

=== TEST 19: claims of another token
--- request eval
my (undef, $claims) = split /\./, $::tokens->token('rsa',
    claims => { email => 'art@example.com' });
main::token_post($::path, $::tokens->token('rsa') =~ s/\.[^.]+\./.$claims./r)
--- error_code: 403
--- error_log: its signature is not by the key that it names

=== TEST 20: no signature
--- request eval
main::token_post($::path, $::tokens->token('rsa') =~ s/[^.]+$//r)
--- error_code: 403

=== TEST 21: ES256 with a signature in DER
--- request eval
main::token_post($::path, $::tokens->token('ec', by => sub {
    $::tokens->sign('ec', $_[0], 1) }))
--- error_code: 403
--- error_log: its signature has not the form of ES256

=== TEST 22: ES256 with a signature of zeros
--- request eval
main::token_post($::path, $::tokens->token('ec', by => sub { "\0" x 64 }))
--- error_code: 403
--- error_log: its signature is not by the key that it names

=== TEST 23: a key of another curve, and an RSA key of 512 bits, do not count
--- request eval
[ main::token_post($::path, $::tokens->token('wide')),
  main::token_post($::path, $::tokens->token('small')) ]
--- error_code: 403
--- error_log: its key is unknown

=== TEST 24: expired
--- request eval: [ map { main::claims(exp => $_) } time - 120, 0, -1 ]
--- error_code: 403
--- error_log: it has expired

=== TEST 25: within the leeway
--- request eval
[ main::claims(exp => time - 30), main::claims(nbf => time + 30),
  main::claims(iat => time + 30) ]
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 26: not valid yet
--- request eval
[ main::claims(nbf => time + 120), main::claims(iat => time + 120) ]
--- error_code: 403
--- error_log: it is not valid yet

=== TEST 27: no expiry
--- request eval: [ map { main::claims(exp => $_) } undef, 'never', [] ]
--- error_code: 403
--- error_log: a time in it is missing or no number

=== TEST 28: another audience
--- request eval
[ map { main::claims(aud => $_) } undef, 'other', '', [], ['other'],
  'client another', ['client', 1] ]
--- error_code: 403

=== TEST 29: a list of audiences
--- request eval
[ main::claims(aud => ['another']),
  main::claims(aud => ['other', 'client'], azp => 'client') ]
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 30: another issuer
--- request eval
[ map { main::claims(iss => $_) } undef, 'https://example.com', '',
  'https://accounts.google.com.example.com', ['accounts.google.com'] ]
--- error_code: 403
--- error_log: its issuer is not among the configured ones

=== TEST 31: the issuer's other name
--- request eval: main::claims(iss => 'accounts.google.com')
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 32: an address that is not verified
--- request eval
[ map { main::claims(email_verified => $_) } undef, \0, 'false', 'yes', 1 ]
--- error_code: 403
--- error_log: its address is not verified

=== TEST 33: nor is one that only a text says to be so
--- request eval: main::claims(email_verified => 'true')
--- error_code: 403
--- error_log: its address is not verified

=== TEST 34: no address
--- request eval: [ map { main::claims(email => $_) } undef, '', 'ann', 1 ]
--- error_code: 403
--- error_log: it holds no address

=== TEST 35: an address with capitals
--- request eval: main::claims(email => 'Ann@Example.COM')
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 36: an address of a name that only looks the same
--- request eval: main::claims(email => "\x{ff41}nn\@example.com")
--- error_code: 403
--- response_body eval: $::unknown

=== TEST 37: a token of a megabyte
--- request eval: main::claims(x => 'x' x 750_000)
--- error_code: 403
--- error_log: it is too long

=== TEST 38: claims given twice
--- request eval
main::with(claims_text => '{"iss":"https://accounts.google.com",'
           . '"aud":"client","exp":9999999999,"email_verified":true,'
           . '"email":"no@example.com","email":"ann@example.com"}')
--- error_code: 403
--- error_log: a key is given twice

=== TEST 39: claims that are not UTF-8
--- request eval
main::with(claims_text => '{"iss":"https://accounts.google.com",'
           . '"aud":"client","exp":9999999999,"email_verified":true,'
           . "\"email\":\"ann\@example.com\",\"x\":\"\xff\"}")
--- error_code: 403
--- error_log: a text is not UTF-8

=== TEST 40: something behind it
--- request eval
my $token = $::tokens->token('rsa');
[ map { main::token_post($::path, $token . $_) } '.', '=', '==', ' ', "\n",
  '.AAAA', 'AAAA' ]
--- error_code: 403

=== TEST 41: something before it
--- request eval
my $token = $::tokens->token('rsa');
[ map { main::token_post($::path, $_ . $token) } '.', ' ', 'Bearer ', 'AAAA' ]
--- error_code: 403

=== TEST 42: something behind the claims
--- request eval
[ map { main::with(claims_text => '{"iss":"https://accounts.google.com",'
        . '"aud":"client","exp":9999999999,"email_verified":true,'
        . "\"email\":\"ann\@example.com\"}$_") } '{}', 'x', "\0", ',' ]
--- error_code: 403
--- error_log: something follows its end

=== TEST 43: padding
--- request eval
[ map { main::token_post($::path, $::tokens->token('rsa') =~ s/\./$_/r) }
  '=.', '==.', '%3d.' ]
--- error_code: 403
--- error_log: a part of it is not base64url

=== TEST 44: extensions
--- request eval
[ main::header(crit => ['exp']), main::header(crit => []),
  main::header(crit => ['b64'], b64 => \0) ]
--- error_code: 403
--- error_log: its header demands an extension

=== TEST 45: a token of another type
--- request eval: main::header(typ => 'at+jwt')
--- error_code: 403
--- error_log: its type is not JWT

=== TEST 46: nobody of ours, or without the role
--- request eval
[ map { main::claims(email => $_) } 'nobody@example.com', 'no@example.com',
  'art@example.com', q{x'; DROP TABLE roles; --@example.com} ]
--- error_code: 403
--- response_body eval: $::unknown

=== TEST 47: an artist may not reset rows, an editor not add templates
--- request eval
[ main::token_post('/thrimshim/reset/x', $::tokens->token('rsa',
      claims => { email => 'art@example.com' })),
  main::token_post('/thrimshim/add-template', $::tokens->token('rsa')) ]
--- error_code: 403
--- response_body eval: $::unknown

=== TEST 48: an artist goes on to the template's own checks
--- request eval
main::token_post('/thrimshim/add-template', $::tokens->token('rsa',
    claims => { email => 'art@example.com' }))
--- error_code: 400

=== TEST 49: other issuers
--- config eval
$::api->location(config => "$::settings\n"
    . 'wubloader_auth_issuers https://id.example.com b;')
--- request eval: main::claims(iss => 'https://id.example.com')
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 50: and no longer Google's
--- config eval
$::api->location(config => "$::settings\n"
    . 'wubloader_auth_issuers https://id.example.com b;')
--- request eval: main::with()
--- error_code: 403
--- error_log: its issuer is not among the configured ones

=== TEST 51: without authentication
--- config eval: $::api->location(config => 'wubloader_auth off;')
--- request eval: [ map { main::token_post($::path, $_) } undef, 'x' ]
--- response_body_like: ^"NOT_AUTH"\s*$

=== TEST 52: nothing is set
--- config eval: $::api->location(config => '')
--- request eval: [ main::with(), main::token_post($::path, undef) ]
--- error_code: 403
--- response_body eval
"Nobody may change anything here yet: the server's configuration has to set "
. "wubloader_auth_keys and wubloader_auth_clients, or wubloader_auth off.\n"

=== TEST 53: off in the location beats keys around it
--- config eval
"$::settings\n" . $::api->location(config => 'wubloader_auth off;')
--- request eval: main::token_post($::path, undef)
--- response_body_like: ^"NOT_AUTH"\s*$

=== TEST 54: keys in the location beat off around it
--- config eval
"wubloader_auth off;\n" . $::api->location(config => $::settings)
--- request eval: main::token_post($::path, undef)
--- error_code: 401
--- response_body
User token required

=== TEST 55: keys around it, clients in the location
--- config eval
'wubloader_auth_keys file:$TEST_NGINX_HTML_DIR/keys.json;' . "\n"
. $::api->location(config => 'wubloader_auth_clients client;')
--- request eval: main::with()
--- response_body_like eval: qr/^\Q$::good\E\s*$/

=== TEST 56: keys without clients
--- config eval
$::api->location(
    config => 'wubloader_auth_keys file:$TEST_NGINX_HTML_DIR/keys.json;')
--- must_die
--- error_log: needs "wubloader_auth_clients"

=== TEST 57: clients without keys
--- config eval: $::api->location(config => 'wubloader_auth_clients client;')
--- must_die
--- error_log: "wubloader_auth_clients" in location "/thrimshim" needs

=== TEST 58: off and keys
--- config eval: $::api->location(config => "$::settings\nwubloader_auth off;")
--- must_die
--- error_log: may not be beside "wubloader_auth_keys"

=== TEST 59: on
--- config eval: $::api->location(config => 'wubloader_auth on;')
--- must_die
--- error_log: must be "off"

=== TEST 60: an empty client
--- config eval
$::api->location(config => 'wubloader_auth_keys /k; '
    . 'wubloader_auth_clients "";')
--- must_die
--- error_log: may not hold an empty name

=== TEST 61: a URI that is none
--- config eval
$::api->location(config => 'wubloader_auth_keys https://example.com/; '
    . 'wubloader_auth_clients client;')
--- must_die
--- error_log: must be the URI of a location of this server

=== TEST 62: a variable
--- config eval
$::api->location(config => 'wubloader_auth_keys /$uri; '
    . 'wubloader_auth_clients client;')
--- must_die
--- error_log: may not hold variables

=== TEST 63: a file that is not there
--- config eval
$::api->location(config => 'wubloader_auth_keys file:/nowhere/keys.json; '
    . 'wubloader_auth_clients client;')
--- must_die
--- error_log: not be read from "/nowhere/keys.json": It cannot be opened.

=== TEST 64: a file that is a folder
--- config eval
$::api->location(config => 'wubloader_auth_keys file:/tmp; '
    . 'wubloader_auth_clients client;')
--- must_die
--- error_log: It is not a file.

=== TEST 65: a file that is not JSON
--- user_files
>>> keys.json
-----BEGIN PUBLIC KEY-----
--- config eval: $::api->location(config => $::settings)
--- must_die
--- error_log: keys.json": It is not JSON.

=== TEST 66: a file without a key of use
--- user_files eval: ">>> keys.json\n" . $::tokens->set('small', 'wide')
--- config eval: $::api->location(config => $::settings)
--- must_die
--- error_log: None of the keys has a name (kid)

=== TEST 67: a file that is too large
--- user_files eval: ">>> keys.json\n" . ' ' x 70_000 . "\n"
--- config eval: $::api->location(config => $::settings)
--- must_die
--- error_log: It is more than 65536 bytes.
