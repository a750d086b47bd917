# The compressed form of listings and playlists: asked for, tagged, equal to
# the plain one when it is unpacked.

use strict;
use warnings;

use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Test::More;

use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

my ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');
my $store = Wub::Store->new;

$store->run('chan', 'source', "$h1:00:00", 2, 1800, size => 1);
$store->run('chan', 'source', "$h2:00:00", 2, 70, size => 1);
$store->file("chan/source/2024-03-01T01/.keep");

my $root = $store->write;

my $nginx = Wub::Nginx->new(config => <<"END");
        wubloader_root $root;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /vary/playlist {
            gzip on;
            gzip_types *;
            gzip_vary on;
            wubloader playlist;
        }
END

is($nginx->start, '', 'nginx starts');

my $range = "start=$h1:10:00&end=$h2:01:00";
my $list = "/files/chan/source/$h1";
my $media = "/playlist/chan/source.m3u8?$range";


sub get {
    my ($target, @headers) = @_;

    return http_request($nginx->port, 'GET', $target, headers => \@headers);
}


sub header {
    my ($res, $name) = @_;

    my $value = $res->{headers}{ lc $name };

    return ref $value ? join('|', @$value) : $value;
}


# ---- the same text in both forms

for my $target ('/files', '/files/none', $list, "$list?tombstones=true",
                '/files/chan/source/2024-03-01T01', '/playlist/chan.m3u8',
                $media, "/vary$media",
                "/playlist/chan/source.m3u8?start=$h1:10:00&end=$h1:10:00")
{
    my $plain = get($target);
    my $packed = get($target, 'Accept-Encoding: gzip');
    my $bytes = $packed->{body};
    my $text;

    is($packed->{status}, 200, $target);
    is(header($plain, 'Content-Encoding'), undef, 'plain is not packed');
    is(header($packed, 'Content-Encoding'), 'gzip', 'packed is');
    is(header($packed, 'Content-Length'), length $bytes, 'its length');
    is(header($packed, 'Vary'), 'Accept-Encoding', 'Vary, once');
    is(header($plain, 'Vary'), 'Accept-Encoding', 'and with plain, too');
    is(header($packed, 'Content-Type'), header($plain, 'Content-Type'),
       'of the same type');

    gunzip(\$bytes => \$text, MultiStream => 0, Transparent => 0, Strict => 1)
        or $text = "gunzip: $GunzipError";
    ok($text eq $plain->{body}, 'equal when unpacked');

    (my $tag = header($plain, 'ETag')) =~ s/"$/-gz"/;
    is(header($packed, 'ETag'), $tag, 'its own tag, a strong one');

    # HEAD: nothing but the body is missing
    my $head = http_request($nginx->port, 'HEAD', $target,
                            headers => ['Accept-Encoding: gzip']);

    is($head->{body}, '', 'HEAD has no body');
    is(header($head, $_), header($packed, $_), "HEAD: $_")
        for 'Content-Length', 'Content-Encoding', 'ETag', 'Vary';

    # each tag matches each form
    for my $known (header($plain, 'ETag'), $tag, "W/$tag", "\"x\", $tag") {
        for my $form ('gzip', 'identity') {
            my $same = get($target, "Accept-Encoding: $form",
                           "If-None-Match: $known");

            is($same->{status}, 304, "$known matches $form");
            is($same->{body}, '', 'without a body');
            is(header($same, 'Content-Encoding'), undef, 'nor an encoding');
            is(header($same, 'ETag'),
               $form eq 'gzip' ? $tag : header($plain, 'ETag'),
               'the tag of the form that would be sent');
        }
    }
}

# gzip's own judgement of a long one
my $packed = get($media, 'Accept-Encoding: gzip')->{body};

open my $gzip, '|-', 'gzip -t' or die "gzip: $!\n";
binmode $gzip;
print $gzip $packed;
ok(close $gzip, 'gzip -t');

cmp_ok(length $packed, '<', 0.6 * length get($media)->{body},
       'it is worth it');


# ---- who takes it: Accept-Encoding, packed or not

my @wishes = (
    ['gzip', 1], ['GZip', 1], ['x-gzip', 1], ['deflate, gzip', 1],
    ['gzip, deflate, br', 1], ['br;q=1.0, gzip;q=0.8, *;q=0.1', 1],
    ['gzip ; q=0.001', 1], ["\tgzip;Q=1", 1], ['deflate,,gzip', 1],
    ['gzip;q=0', 0], ['gzip; q=0.0', 0], ['gzip;q=0.', 0],
    ['gzip;q=0.000 , br', 0], ['gzip;Q=0', 0],
    ['', 0], ['identity', 0], ['br', 0], ['gzipped', 0], ['agzip', 0],
    [',', 0], [';', 0], ['*', 0], ['gzi', 0], ['gzip x', 0],
);

for (@wishes) {
    my ($wish, $taken) = @$_;

    is(header(get($list, "Accept-Encoding: $wish"), 'Content-Encoding'),
       $taken ? 'gzip' : undef, "'$wish'");
}

is(header(get($list, 'Accept-Encoding: gzip', 'Via: 1.1 cdn'),
          'Content-Encoding'), 'gzip', 'a proxy gets it, too');

is(header(get('/files/.x', 'Accept-Encoding: gzip'), 'Content-Encoding'),
   undef, 'a sentence is not packed');

is($nginx->stop, '', 'nginx ends');
is(join("\n", $nginx->unexpected), '', 'a clean log');

done_testing();
