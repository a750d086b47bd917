# Links in the store: those that stay in it are followed, those that lead
# out of it never.  In a file of its own: a kernel, or valgrind, without
# openat2() makes wub_dir follow no link at all.

use strict;
use warnings;

use Test::Nginx::Socket 'no_plan';
use Wub::Checks;
use Wub::Nginx;
use Wub::Store;

our $store = Wub::Store->new;
our $hour = '2024-02-29T23';
our @names = $store->run('chan', '480p', "$hour:00:00", 2, 2, size => 40_000);
our $bytes = $store->bytes("chan/480p/$hour/$names[0]")
    . $store->bytes("chan/480p/$hour/$names[1]");

$store->file('a.ts', 'ts');
$store->file('maps/a.png', 'png');
$store->file('nothing/.keep', '');

our $outside = Wub::Nginx::temp_dir('outside');
my $other = Wub::Store->new;

$other->file('secret', "secret\n");
$other->run('chan', 'source', "$hour:00:00", 2, 2);
$other->write($outside);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', <<'END');
    wubloader_root $TEST_NGINX_HTML_DIR/store;
    location /files { wubloader files; }
    location /playlist { wubloader playlist; }
    location /segments { wubloader segments; }
    location /cut { wubloader cut; }
END

    $block->set_value('user_files', $store->user_files('store'));
    $block->set_value('no_error_log', '[error]')
        if !defined $block->error_log;
});

run_tests();

__DATA__

=== TEST 1: links that stay in the store, and those that leave it
--- request eval
["GET /segments/in.ts", "GET /segments/indir/a.png",
 "GET /segments/out", "GET /segments/outdir/secret",
 "GET /segments/up", "GET /segments/loop"]
--- init
my $dir = "$ENV{TEST_NGINX_HTML_DIR}/store";
symlink 'a.ts', "$dir/in.ts";
symlink 'maps', "$dir/indir";
symlink "$::outside/secret", "$dir/out";
symlink $::outside, "$dir/outdir";
symlink '../../conf/nginx.conf', "$dir/up";
symlink 'loop', "$dir/loop";
--- error_code eval
[200, 200, 403, 403, 403, 403]
--- response_body eval
["ts", "png", ("This path may not be read, or leads out of the segment "
               . "store.\n") x 4]
--- error_log
cannot be read



=== TEST 2: a path that is logged holds no line end of the client's
--- request
GET /segments/outdir/a%0a2024/01/01%20[alert]%20forged
--- init
symlink $::outside, "$ENV{TEST_NGINX_HTML_DIR}/store/outdir";
--- error_code: 403
--- error_log
store/outdir/a?2024/01" cannot be read
--- no_error_log eval
qr/^2024/m



=== TEST 3: a quality that leads out of the store is none
--- request
GET /playlist/nothing.m3u8
--- init
symlink '../..', "$ENV{TEST_NGINX_HTML_DIR}/store/nothing/out";
symlink '../chan/480p', "$ENV{TEST_NGINX_HTML_DIR}/store/nothing/in";
--- response_body_like chomp
^#EXTM3U\n[^\n]*\n[^\n]*BANDWIDTH=160000,VIDEO="in"[^\n]*\n[^\n]*\n$



=== TEST 4: listings name links to directories of the store, no others
--- request eval
["GET /files", "GET /files/inside", "GET /files/nothing"]
--- init
my $dir = "$ENV{TEST_NGINX_HTML_DIR}/store";
symlink 'chan', "$dir/inside";
symlink $::outside, "$dir/outside";
symlink 'a.ts', "$dir/file";
symlink 'none', "$dir/dangling";
symlink $::outside, "$dir/nothing/outside";
--- response_body eval
['["chan","inside","maps","nothing"]', '["480p"]', "[]"]



=== TEST 5: footage through a link, and footage that is elsewhere
--- request eval
my $range = "start=$::hour:00:00&end=$::hour:00:04";
["GET /cut/inside/480p.ts?type=rough&$range",
 "GET /playlist/inside/480p.m3u8?$range",
 "GET /cut/outside/source.ts?type=rough&$range",
 "GET /playlist/outside/source.m3u8?$range",
 "GET /files/outside/source/$::hour",
 "GET /cut/chan/linked.ts?type=rough&$range"]
--- init
my $dir = "$ENV{TEST_NGINX_HTML_DIR}/store";
symlink 'chan', "$dir/inside";
symlink "$::outside/chan", "$dir/outside";
mkdir "$dir/chan/linked";
symlink "$::outside/chan/source/$::hour", "$dir/chan/linked/$::hour";
--- error_code eval
[200, 200, 403, 403, 403, 403]
--- response_body_like eval
[quotemeta $::bytes, "ENDLIST",
 ("^This path may not be read, or leads out of") x 4]
--- error_log
store/outside/source" cannot be read
