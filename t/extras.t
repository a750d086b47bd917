# Listings of all files below a directory: wubloader extras.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Nginx;
use Wub::Store;

use File::Path qw(make_path);

our $store = Wub::Store->new;
our $hour = '2024-02-29T23';
our @names = $store->run('chan', 'source', "$hour:00:00", 2, 2);
our $hidden = $store->segment('chan', 'source', "$hour:00:04", 2);
our $grave = $store->tombstone('chan', 'source', $hour, $hidden);

$store->file("chan/source/$hour/$grave-reason", 'a name was said');

$store->file("emotes/$_", 'x') for qw(25/light-1.0 25/dark-1.0 b.png a/b/c/d
    a-b a/.hidden/x .secret a/b.c 25/.keep Z);
$store->file("emotes/q\"\x01\xc3\xa9\xff", 'x');
$store->file('empty/.keep', '');
$store->file('plain', 'x');
$store->file('.git/config', 'x');

our $emotes = '["25/dark-1.0","25/light-1.0","Z","a-b","a/b.c","a/b/c/d",'
    . qq("b.png","q\\"\\u0001\xc3\xa9\xef\xbf\xbd"]);

our $deep = join '/', map { "d$_" } 1 .. 16;

our $too_large = 'This directory holds more than 100000 names, or '
    . "directories more than 16 deep; it is too large to be listed.\n";

our $outside = Wub::Nginx::temp_dir('outside');
our $other = Wub::Store->new;

$other->file('secret', "secret\n");
$other->write($outside);

our $large = Wub::Nginx::temp_dir('large');

make_path("$large/many", "$large/most/x", "$large/x");

for my $i (1 .. 100_001) {
    open my $out, '>', "$large/many/$i" or die "$large/many/$i: $!\n";
}

link "$large/many/$_", "$large/most/x/$_" for 1 .. 99_999;

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', <<"END");
    wubloader_root \$TEST_NGINX_HTML_DIR/store;
    location /extras { wubloader extras; }
    location /large { wubloader extras; wubloader_root $large; }
    location /gone { wubloader extras; wubloader_root $large/gone; }
END
    $block->set_value('user_files', $store->user_files('store'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: all files, in order of bytes, hidden ones not
--- request
GET /extras/emotes
--- response_headers
Content-Type: application/json
Cache-Control: no-cache
Vary: Accept-Encoding
Access-Control-Allow-Origin: *
!Last-Modified
--- response_headers_like
ETag: "[0-9a-f]{32}"
--- response_body eval
$::emotes



=== TEST 2: footage as well; what is withdrawn not, nor why it is
--- request
GET /extras/chan
--- response_body eval
'[' . CORE::join(',', map { "\"source/$::hour/$_\"" } @::names, $::grave) . ']'



=== TEST 3: what is missing, empty, or a file is an empty list
--- request eval
["GET /extras/none", "GET /extras/empty"]
--- response_body eval
["[]", "[]"]



=== TEST 4: a file is no directory, and the log says so
--- request
GET /extras/plain
--- response_body chomp
[]
--- error_log
store/plain" is not a directory



=== TEST 5: names that begin with a dot
--- request eval
["GET /extras/.git", "GET /extras/.", "GET /extras/..%2f..%2fetc",
 "GET /extras/.../x"]
--- error_code eval
[403, 404, 400, 403]
--- response_body_like eval
["^Bad dir: May not start with a period\$", "nothing at this path",
 "malformed", "^Bad dir"]



=== TEST 6: one name, neither none nor two
--- request eval
["GET /extras", "GET /extras/", "GET /extras/emotes/", "GET /extras/emotes/a",
 "GET /extras/emotes%2fa", "GET /extrasemotes", "GET /extras/" . "n" x 256]
--- error_code eval
[404, 404, 404, 404, 404, 404, 404]
--- response_body_like eval
[("There is nothing at this path") x 6, "too long"]



=== TEST 7: HEAD, other methods
--- request eval
["HEAD /extras/emotes", "POST /extras/emotes", "OPTIONS /extras/emotes"]
--- error_code eval
[200, 405, 204]
--- response_body eval
["", "Only GET and HEAD are answered here.\n", ""]



=== TEST 8: compressed, under a tag of its own
--- request
GET /extras/emotes
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- response_headers_like
ETag: "[0-9a-f]{32}-gz"
--- ignore_response



=== TEST 9: a client that has it
--- request
GET /extras/empty
--- more_headers
If-None-Match: "d751713988987e9331980363e24189ce"
--- error_code: 304
--- response_body



=== TEST 10: links
--- init
my $dir = "$ENV{TEST_NGINX_HTML_DIR}/store/linked";
mkdir $dir;
symlink '../plain', "$dir/file";
symlink "$::outside/secret", "$dir/out";
symlink $::outside, "$dir/outdir";
symlink '../emotes', "$dir/indir";
symlink '.', "$dir/self";
symlink 'loop', "$dir/loop";
symlink '../none', "$dir/none";
symlink '../../../conf/nginx.conf', "$dir/up";
symlink $::outside, "$dir/../outdir";
symlink 'emotes', "$dir/../indir";
--- request eval
["GET /extras/linked", "GET /extras/indir"]
--- response_body eval
['["file"]', $::emotes]



=== TEST 11: a directory that leads out of the store
--- init
symlink $::outside, "$ENV{TEST_NGINX_HTML_DIR}/store/outdir";
--- request
GET /extras/outdir
--- error_code: 403
--- response_body
This path may not be read, or leads out of the segment store.
--- error_log
cannot be read



=== TEST 12: other things are not files
--- init
use POSIX ();
my $dir = "$ENV{TEST_NGINX_HTML_DIR}/store/odd";
mkdir $dir;
POSIX::mkfifo("$dir/pipe", 0600);
open my $out, '>', "$dir/file";
--- request
GET /extras/odd
--- response_body chomp
["file"]



=== TEST 13: sixteen directories below one another
--- init
use File::Path ();
my $dir = "$ENV{TEST_NGINX_HTML_DIR}/store/deep";
File::Path::make_path("$dir/$::deep");
open my $out, '>', "$dir/$::deep/file";
--- request
GET /extras/deep
--- response_body eval
"[\"$::deep/file\"]"



=== TEST 14: seventeen
--- init
use File::Path ();
my $dir = "$ENV{TEST_NGINX_HTML_DIR}/store/deeper";
File::Path::make_path("$dir/$::deep/d17");
--- request
GET /extras/deeper
--- error_code: 503
--- response_body eval
$::too_large
--- error_log
holds too much to be listed



=== TEST 15: more names than are listed
--- request
GET /large/many
--- error_code: 503
--- response_body eval
$::too_large
--- error_log
holds too much to be listed



=== TEST 16: as many as that, directories counted
--- request
GET /large/most
--- response_body_like: ^\["x/1","x/10","x/100",.*"x/99999"\]$



=== TEST 17: a store that is gone must not look empty
--- request
GET /gone/emotes
--- error_code: 503
--- response_body
The segment store cannot be read; see the error log of this server.
--- error_log
is the disk mounted?
