# What goes on in the store: wubloader status, as HTML and as JSON.

use strict;
use warnings;

use JSON::PP ();
use POSIX ();
use Test::More;

use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

my $now = time;

sub at {
    return POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime($now + $_[0]));
}

sub hour {
    return substr at($_[0]), 0, 13;
}

# every time from the clock of this test: seconds from now
my $store = Wub::Store->new;

# at work, ten minutes of it; a segment was withdrawn, one is partial
my @live = $store->run('live', 'source', at(-600), 2, 295);
my $gone = $store->segment('live', 'source', at(-602), 2);

$store->tombstone('live', 'source', hour(-602), $gone);
$store->segment('live', 'source', at(-604), 2);
$store->segment('live', 'source', at(-10), 2, 'partial');
$store->segment('live', 'source', at(-8), 2, 'temp');

# late, stopped, over, ahead, nothing whole
$store->run('b<i>&"', '480p', at(-64), 2, 2);
$store->run('c', 'source', at(-904), 2, 2);
$store->run('old', 'source', '2024-02-29T23:59:56', 2, 4);
$store->run('ahead', 'source', at(3600), 2, 1);
$store->segment('part', 'source', at(-10), 2, 'partial');

# more holes than are told one by one, all older than three hours but 21
$store->run('holes', 'source', at(-3 * 3600 - 600 + 10 * $_), 2, 1)
    for 0 .. 59;
$store->run('holes', 'source', at(-3 * 3600), 2, 1);
$store->run('holes', 'source', at(-3 * 3600 + 100 * $_), 100, 1) for 1 .. 106;
$store->run('holes', 'source', at(-98 + 4 * $_), 2, 1) for 0 .. 21;

# what is no recording
$store->file('coverage-maps/live_source_coverage.png', 'x');
$store->file('live/chat/' . hour(-60) . '/00:00-x.json', '{}');
$store->file('live/source/.x', '');
$store->file('.hidden/source/' . hour(0) . '/x.ts', '');

my $root = $store->write;
my $nginx = Wub::Nginx->new(config => <<"END");
        wubloader_root $root;
        location /status { wubloader status; }
        location /good { wubloader status; wubloader_root $root/good; }
        location /past { wubloader status; wubloader_root $root/past; }
        location /empty { wubloader status; wubloader_root $root/empty; }
        location /none { wubloader status; wubloader_root $root/none; }
END

mkdir "$root/$_" for qw(good past empty);

my $past = Wub::Store->new;

$past->run('old', 'source', '2024-02-29T23:59:56', 2, 4);
$past->segment('old', 'source', '2024-03-01T00:00:10', 2);
$past->write("$root/past");

my $good = Wub::Store->new;

$good->run('ok', 'source', at(-20), 2, 8);
$good->write("$root/good");

is($nginx->start, '', 'nginx starts');


sub get {
    my ($target, @headers) = @_;

    return http_request($nginx->port, 'GET', $target,
                        headers => [ @headers ]);
}


sub json {
    my ($target) = @_;

    my $res = get("$target?format=json");

    is($res->{headers}{'content-type'}[0], 'application/json',
       "$target: the type of JSON");
    return JSON::PP::decode_json($res->{body});
}


sub iso {
    return at($_[0]) . '.000000Z';
}


# ---- each recording by itself

my $all = json('/status');
my %is = map { ("$_->{channel} $_->{quality}" => $_) }
         @{ $all->{recordings} };

is(join(', ', map { "$_->{channel} $_->{quality}" } @{ $all->{recordings} }),
   'ahead source, b<i>&" 480p, c source, holes source, live source, '
   . 'old source, part source', 'channels and qualities, in order');
is($all->{level}, 'error', 'all of it: error');
is($all->{text}, 'Something is wrong.', 'in words');
ok(!$all->{truncated}, 'all are shown');

my @levels = (
    ['live source', 'warning', qr/^Recording\. But footage is missing, the /],
    ['b<i>&" 480p', 'warning', qr/^Late: no new footage for 6\d seconds\.$/],
    ['c source', 'error',
     qr/^STOPPED: no new footage for 15 minutes, since [-\d]{10} [\d:]+ UTC/],
    ['old source', 'past', qr/^Not recording; it ended \d+ days ago\.$/],
    ['ahead source', 'warning',
     qr/^Its newest footage is dated 60 minutes ahead: the clock of the /],
    ['part source', 'warning',
     qr/^There is no whole segment in its newest hours\.$/],
);

for my $want (@levels) {
    my ($name, $level, $text) = @$want;

    is($is{$name}{level}, $level, "$name: $level");
    like($is{$name}{text}, $text, "$name: its words");
}

{
    my $live = $is{'live source'};

    is($live->{start}, iso(-604), 'live: where it begins');
    is($live->{end}, iso(-10), 'live: where its newest full one ends');
    is($live->{newest_segment}, $live[-1], 'live: and which one that is');
    cmp_ok($live->{age_seconds}, '>=', 10, 'live: its age');
    cmp_ok($live->{age_seconds}, '<', 25, 'live: not more');
    is($live->{window_start}, iso(-604), 'live: from its beginning');
    is($live->{tombstones}, 1, 'live: one was withdrawn');
    is($live->{holes}, 1, 'live: which is a hole');
    is($live->{missing_seconds}, 2, 'live: of its length');
    is_deeply($live->{newest_holes},
              [ { start => iso(-602), end => iso(-600) } ], 'live: where');
}

{
    my $holes = $is{'holes source'};

    is($holes->{end}, iso(-12), 'holes: end');
    is($holes->{window_start}, iso(-12 - 3 * 3600), 'holes: three hours');
    is(scalar @{ $holes->{newest_holes} }, 20, 'holes: twenty are told');
    is_deeply($holes->{newest_holes}[0],
              { start => iso(-16), end => iso(-14) }, 'holes: newest first');
    cmp_ok($holes->{holes}, '>', 20, 'holes: all are counted');
    cmp_ok($holes->{holes}, '<', 30, 'holes: no older ones');
}

is($all->{disk}{level} eq 'ok' || $all->{disk}{text} =~ /nearly full/, 1,
   'disk');
cmp_ok($all->{disk}{total_bytes}, '>', $all->{disk}{free_bytes},
       'disk: total');
cmp_ok($all->{disk}{free_bytes}, '>', 0, 'disk: free');


# ---- all together

{
    my $disk = $all->{disk}{level} eq 'ok';
    my $res = json('/past');

    delete $res->{$_} for qw(time disk);
    like(delete $res->{recordings}[0]{text}, qr/^Not recording/, 'past');
    cmp_ok(delete $res->{recordings}[0]{age_seconds}, '>', 1e7, 'past: age');
    like(delete $res->{recordings}[0]{newest_segment},
         qr/^00:10\.000000-2\.0-full-/, 'past: newest');

    is_deeply($res, {
        level => 'past',
        text => 'Nothing is being recorded.',
        truncated => JSON::PP::false(),
        recordings => [ {
            channel => 'old',
            quality => 'source',
            level => 'past',
            start => '2024-02-29T23:59:56.000000Z',
            end => '2024-03-01T00:00:12.000000Z',
            window_start => '2024-02-29T23:59:56.000000Z',
            holes => 1,
            missing_seconds => 6,
            tombstones => 0,
            newest_holes => [ { start => '2024-03-01T00:00:04.000000Z',
                                end => '2024-03-01T00:00:10.000000Z' } ],
        } ],
    }, 'past: all of it') if $disk;

    is(json('/good')->{text}, 'All is well.', 'good') if $disk;
    is(json('/empty')->{text}, 'There is no footage here.', 'empty')
        if $disk;
}


# ---- the page

{
    my $res = get('/status', 'Accept: text/html,application/json;q=0.9');
    my $page = $res->{body};

    is($res->{headers}{'content-type'}[0], 'text/html; charset=utf-8',
       'a browser gets HTML');
    is($res->{headers}{'cache-control'}[0], 'no-cache', 'nobody keeps it');
    like($page, qr/<h1>Something is wrong\.<\/h1>/, 'the verdict');
    like($page, qr/<title>Something is wrong\. - wubloader/, 'in the title');
    like($page, qr/<h2>b&lt;i&gt;&amp;&quot;<\/h2>/, 'names are escaped');
    unlike($page, qr/<i>/, 'everywhere');
    unlike($page, qr/(?:src|href)=(?!"\?format)/, 'nothing from outside');
    unlike($page, qr/<script/, 'no script');
    like($page, qr/http-equiv="refresh" content="10"/, 'renews itself');
    like($page, qr/color-scheme: light dark/, 'a link is legible at night');
    like($page, qr/2\.0 seconds in 1 hole</, 'a hole in words');
    like($page, qr/1 segment, hidden by tombstones/, 'a tombstone, too');
    like($page, qr/and \d+ before these/, 'holes that are not told');

    my @notes = $page =~ /<li>([^<]*): (?:STOPPED|Late|Its newest)/g;

    is($notes[0], 'c source', 'the worst comes first');
    like(get('/good')->{body}, qr/<h1>All is well\.<\/h1>\n<\/header>/,
         'all is well: no list') if $all->{disk}{level} eq 'ok';
}


# ---- which form

for my $case (
    ['/status?format=html', 'text/html', 'Accept: application/json'],
    ['/status?format=json', 'application/json', 'Accept: text/html'],
    ['/status', 'text/html'],
    ['/status/', 'text/html', 'Accept: */*'],
    ['/status', 'application/json', 'Accept: application/json'])
{
    my ($target, $type, @headers) = @$case;

    like(get($target, @headers)->{headers}{'content-type'}[0],
         qr/^\Q$type\E/, "$target (@headers) is $type");
}


# ---- errors

for my $case (
    ['/status?format=xml', 400, 'format must be one of: html, json'],
    ['/status/x', 404, 'There is nothing at this path.'],
    ['/none', 503, 'The segment store cannot be read; see the error log of '
                   . 'this server.'])
{
    my ($target, $status, $sentence) = @$case;
    my $res = get($target);

    is($res->{status}, $status, "$target: $status");
    is($res->{body}, "$sentence\n", "$target: and why");
}


# ---- more qualities than are looked at

{
    my $many = Wub::Store->new;

    $many->run("c$_", 'source', '2024-02-29T23:00:00', 2, 1) for 1 .. 101;
    $many->write("$root/empty");

    my $res = json('/empty');

    is(scalar @{ $res->{recordings} }, 100, 'a hundred are shown');
    ok($res->{truncated}, 'and it is said that there are more');
    like(get('/empty')->{body}, qr/There are more qualities than are shown/,
         'on the page, too');
}

is($nginx->stop, '', 'nginx ends');
is(join("\n", $nginx->unexpected), '', 'error.log is clean');
done_testing;
