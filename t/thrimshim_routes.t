# The editor's API: which paths there are, with which methods, and what the
# others are told.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', 'location /thrimshim { wubloader thrimshim; }')
        if !defined $block->config;
    $block->set_value('no_error_log', '[error]');
});

run_tests();

__DATA__

=== TEST 1: a route that only reads
--- request
POST /thrimshim/defaults
{}
--- more_headers
Content-Type: application/json
--- error_code: 405
--- response_headers
Allow: GET, HEAD, OPTIONS
Access-Control-Allow-Origin: *
--- response_body
Only GET and HEAD are answered here.



=== TEST 2: a route that only writes
--- request
GET /thrimshim/reset/x
--- error_code: 405
--- response_headers
Allow: POST, OPTIONS
Access-Control-Allow-Origin: *
--- response_body
Only POST is answered here.



=== TEST 3: a row takes both, and nothing else
--- request
DELETE /thrimshim/x
--- error_code: 405
--- response_headers
Allow: GET, HEAD, POST, OPTIONS
--- response_body
Only GET, HEAD and POST are answered here.



=== TEST 4: the question that a browser asks before a POST
--- request
OPTIONS /thrimshim/manual-link/x
--- more_headers
Origin: https://editor.example
Access-Control-Request-Method: POST
Access-Control-Request-Headers: content-type
--- error_code: 204
--- response_headers
Allow: POST, OPTIONS
Access-Control-Allow-Origin: *
Access-Control-Allow-Methods: GET,POST,HEAD
Access-Control-Allow-Headers: *, Authorization
Access-Control-Allow-Credentials: false
Access-Control-Max-Age: 86400



=== TEST 5: the list is not written to
--- request
POST /thrimshim
{}
--- error_code: 405
--- response_headers
Allow: GET, HEAD, OPTIONS



=== TEST 6: a word that wants a name is an id without one
--- request
OPTIONS /thrimshim/reset
--- error_code: 204
--- response_headers
Allow: GET, HEAD, POST, OPTIONS



=== TEST 7: a word alone is not an id
--- request
OPTIONS /thrimshim/auth-test
--- error_code: 204
--- response_headers
Allow: POST, OPTIONS



=== TEST 8: a template's image ends in .png
--- request
OPTIONS /thrimshim/template/x.png
--- error_code: 204
--- response_headers
Allow: GET, HEAD, OPTIONS



=== TEST 9: a name that is no UTF-8
--- request
GET /thrimshim/%ff
--- error_code: 404
--- response_body
There is nothing at this path; a name is too long or not UTF-8.



=== TEST 10: half of a pair of UTF-16
--- request
GET /thrimshim/a%ed%a0%80
--- error_code: 404
--- response_body
There is nothing at this path; a name is too long or not UTF-8.



=== TEST 11: a name of 256 bytes
--- request eval
'POST /thrimshim/reset/' . 'x' x 256
--- error_code: 404
--- response_body
There is nothing at this path; a name is too long or not UTF-8.



=== TEST 12: an id in the query is none
--- request
OPTIONS /thrimshim?x
--- error_code: 204
--- response_headers
Allow: GET, HEAD, OPTIONS



=== TEST 13: other handlers take no POST
--- config
    location /metrics { wubloader metrics; }
--- request
POST /metrics
{}
--- error_code: 405
--- response_headers
Allow: GET, HEAD, OPTIONS
