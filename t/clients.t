# The editor's page on these routes (CONTRACT.md 5): hls.js 1.5.17 with
# maxBufferHole 600 on the master playlist, the qualities by NAME, a date on
# every fragment, and what a browser's cache asks.

use strict;
use warnings;

use POSIX qw(strftime);
use Test::More;

use Wub::Browser qw(give_up);
use Wub::Http qw(http_request);
use Wub::Media;
use Wub::Nginx;

use constant { SECONDS => 12, SEGMENT => 2 };

my $temp = Wub::Nginx::temp_dir('clients');
my $start = 1_709_251_194;              # 2024-02-29T23:59:54
my $browser = Wub::Browser->new;

for my $quality (['source', 320], ['480p', 256]) {
    Wub::Media->make("$temp/store", start => $start, seconds => SECONDS,
        segment => SEGMENT, quality => $quality->[0], width => $quality->[1],
        channel => 'chan');
}

# a hole of two segments, which lies over the end of the hour
for my $quality (qw(source 480p)) {
    my @paths = sort glob "$temp/store/chan/$quality/*/*.ts";

    is(scalar @paths, SECONDS / SEGMENT, "$quality has its segments");
    unlink @paths[2, 3];
}

my $nginx = Wub::Nginx->new(config => $browser->locations . <<"END");
        wubloader_root $temp/store;
        location /playlist { wubloader playlist; }
        location /segments { wubloader segments; }
        location /files { wubloader files; }
END

my $error = $nginx->start;

give_up("$error\n" . $nginx->log_text) if $error ne '';

my $port = $nginx->port;
my $query = join '&', map { "$_->[0]=" . strftime('%Y-%m-%dT%H:%M:%S.000',
    gmtime $_->[1]) } ['start', $start], ['end', $start + SECONDS];
my $master = "/playlist/chan.m3u8?$query";


# ---- the page

my $length = SECONDS - 2 * SEGMENT;

my ($seen, $status) = $browser->play("http://127.0.0.1:$port", $master, 3);

is($status, 0, 'hls.js plays the master playlist');
is($seen->{version}, '1.5.17', 'this is the editor\'s hls.js');
ok($seen->{ended}, 'it plays to the end');
is_deeply($seen->{fatal}, undef, 'without a fatal error');
is_deeply([ sort @{ $seen->{levels} || [] } ], ['480p', 'source'],
          'levels have the names of the qualities');

my @fragments = @{ $seen->{fragments} || [] };

is(scalar @fragments, $length / SEGMENT, 'all fragments are known');
is_deeply([ map { sprintf '%.3f', $_->{date} } @fragments ],
          [ map { sprintf '%.3f', $start + $_ * SEGMENT } 0, 1, 4, 5 ],
          'each with the time of its own');
is_deeply([ grep { ($_->{raw} || '') !~ /^\d{4}-.*T[\d:]+\.\d{6}Z$/ }
            @fragments ], [], 'which its own line told');
cmp_ok(abs(($seen->{position} || 0) - $length), '<', 0.3,
       'the player\'s time leaves the hole out');


# ---- what a browser's cache asks

my ($name) = map { m{([^/]+)$} } glob "$temp/store/chan/source/*23/*.ts";

for my $target ($master, "/playlist/chan/source.m3u8?$query",
    '/files/chan/source', "/segments/chan/source/2024-02-29T23/$name")
{
    for my $coding ('identity', 'gzip') {
        my $ask = sub {
            my ($method, @headers) = @_;
            return http_request($port, $method, $target,
                headers => ["Accept-Encoding: $coding", @headers]);
        };
        my $got = $ask->('GET');
        my $head = $ask->('HEAD');
        my $tag = $got->{headers}{etag}[0];

        is($got->{status}, 200, "$target, $coding");
        like($tag, qr/^"[^"]+"$/, 'a strong ETag');
        is($head->{status}, 200, 'HEAD');
        is_deeply([ map { $head->{headers}{$_} } qw(etag content-length
                    content-type content-encoding) ],
                  [ map { $got->{headers}{$_} } qw(etag content-length
                    content-type content-encoding) ], 'tells the same');

        my $same = $ask->('GET', "If-None-Match: $tag");

        is($same->{status}, 304, 'it did not change');
        is($same->{headers}{etag}[0], $tag, 'and has the same ETag');
        is($ask->('HEAD', "If-None-Match: $tag")->{status}, 304, 'HEAD, too');
        is($ask->('GET', 'If-None-Match: "x"')->{status}, 200,
           'another ETag gets all of it');
    }
}

is($nginx->stop, '', 'nginx ends by itself');
is(join("\n", $nginx->unexpected), '', 'error.log is clean');

done_testing();
