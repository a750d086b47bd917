# Where the cache has no room: a zone that is too small, a folder that is
# gone, a file in the place of the folder.  What is not kept is answered all
# the same, said so in the numbers, and throws nothing out.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use Wub::Http qw(http_connect http_request);
use Wub::Nginx;
use Wub::Store;

my ($h1, $h2, $h3) = ('2024-02-29T23', '2024-03-01T00', '2024-03-01T01');
my $store = Wub::Store->new;

$store->run('chan', 'source', "$h1:00:00", 2, 1800, size => 1);
$store->run('chan', 'small', "$_:00:00", 2, 5, size => 1) for $h1, $h2, $h3;
$store->run('chan', 'days', "${_}T12:00:00", 2, 40, size => 1)
    for map { sprintf '2024-03-%02d', $_ } 1 .. 20;
$store->file("chan/chat/$h2/x.ts");

my ($dead) = $store->run('chan', 'tombs', "$h1:00:00", 2, 5, size => 1);

$store->tombstone('chan', 'tombs', $h1, $dead);

my $root = $store->write;
my $kept = Wub::Nginx::temp_dir('kept');

my $config = <<"END";
        wubloader_root $root;
        access_log logs/found.log found;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /cut { wubloader cut; }
        location /status { wubloader status; }
        location /metrics { wubloader metrics; access_log off; }
END

my $format = "log_format found '\$wubloader_cache_status';";


sub nginx {
    my ($cache) = @_;

    # of two, one may still count what the other is asked for
    my $nginx = Wub::Nginx->new(workers => 1, config => $config,
        http_config => "wubloader_cache $cache; $format");

    is($nginx->start, '', "nginx starts: $cache");
    return $nginx;
}


sub get {
    my ($nginx, $target, @headers) = @_;

    return http_request($nginx->port, 'GET', $target, headers => \@headers)
        || { status => 0, body => 'no answer', headers => {} };
}


# the numbers of the cache, by their short names
sub numbers {
    my ($nginx) = @_;

    return { get($nginx, '/metrics')->{body}
             =~ /^wubloader_cache_(\w+?)(?:_total)? (\d+)$/mg };
}


sub found {
    my ($nginx) = @_;

    return join ' ', split /\n/,
        Wub::Nginx::slurp($nginx->root . '/logs/found.log');
}

sub playlist {
    my ($quality, $from, $to) = @_;

    return "/playlist/chan/$quality.m3u8?start=$from:00:00&end=$to:00:00";
}


# what is as new as this is not kept
sleep 0.1;


# ---- an index that can never find room

{
    my $nginx = nginx('zone=hours:128k');
    my $none = numbers($nginx);

    is($none->{size_bytes} // 'none', 128 << 10,
       'numbers before any request');
    is($none->{items} // 'none', 0, 'of a cache that is empty');
    cmp_ok($none->{bytes} // 0, '>', 0, 'but for its own bookkeeping');

    get($nginx, playlist('small', $h1, $h3)) for 1 .. 2;

    my $before = numbers($nginx);

    cmp_ok($before->{items}, '>', 1, 'small hours are kept');

    my @sizes = map { length get($nginx, playlist('source', $h1, $h2))->{body}
    } 1 .. 4;

    is("@sizes", "@sizes[0, 0, 0, 0]", 'a large one is answered');
    cmp_ok($sizes[0], '>', 100_000, 'all of it');

    get($nginx, playlist('small', $h1, $h3));

    my $after = numbers($nginx);

    is($after->{evictions}, 0, 'it throws nothing out');
    is($after->{fills}, $before->{fills}, 'and does not count as kept');
    is($after->{bypasses}, $before->{bypasses} + 4, 'but as not kept');
    is($after->{items}, $before->{items}, 'as many items as before');
    is(found($nginx), 'MISS HIT BYPASS BYPASS BYPASS BYPASS HIT',
       'and so on the log');
    is($nginx->stop, '', 'nginx ends');
    is(join("\n", $nginx->unexpected), '', 'a clean log');
}


# ---- the item that was not used for longest needs more room

{
    my $nginx = nginx('zone=hours:64k');
    my @days = map { sprintf '2024-03-%02dT12', $_ } 1 .. 20;
    my $n = 0;

    for my $day (@days) {
        get($nginx, playlist('days', $day, $day =~ s/12$/13/r));
        last if numbers($nginx)->{evictions};
        $n++;
    }

    # all in their order but the one that was thrown out
    my $before = numbers($nginx);
    my $oldest = $days[1 + $n - $before->{items}];

    for my $i (1 .. 60) {
        my $name = sprintf '59:%02d.0-1.0-full-AAAA.ts', $i % 60;

        open my $out, '>', "$root/chan/days/$oldest/$name" or die "$!\n";
        close $out;
    }

    sleep 0.05;

    my $target = playlist('days', $oldest, $oldest =~ s/12$/13/r);

    unlink "$root/logs/found.log";
    get($nginx, $target) for 1 .. 2;

    my $after = numbers($nginx);

    is($after->{bypasses}, 0, 'others make it');
    cmp_ok($after->{evictions}, '>', $before->{evictions}, 'by going');
    like(found($nginx), qr/ MISS HIT\z/, 'it stays');
    is($nginx->stop, '', 'nginx ends');
}


# ---- hours without a segment, in a cache whose folder is gone

{
    my $nginx = nginx("zone=hours:1m path=$kept/texts");
    my $cut = "/cut/chan/chat.ts?type=rough&start=$h2:00:00&end=$h2:10:00";

    rmdir "$kept/texts" or die "$kept/texts: $!\n";

    for (1 .. 2) {
        is(get($nginx, $cut)->{status}, 406, 'nothing to cut');
        is(get($nginx, "/files/chan/small/$h1")->{status}, 200, 'a listing');
        is(get($nginx, playlist('chat', $h1, $h3))->{status}, 200,
           'a playlist of nothing');
    }

    unlike(get($nginx, '/status')->{body}, qr/cannot be read/,
           'the status page sees a store that can be read');
    is(numbers($nginx)->{fills}, 0, 'nothing is kept');
    $nginx->stop;
    is(join("\n", grep { !/cannot be written/ } $nginx->unexpected), '',
       'the log says only that texts cannot be written');
}


# ---- a full zone: equal requests still wait for one of them

{
    my $nginx = nginx("zone=hours:32k path=$kept/full");
    my $target = playlist('source', $h1, $h2);

    for my $day (map { sprintf '2024-03-%02d', $_ } 1 .. 20) {
        get($nginx, $_, 'Accept-Encoding: gzip')
            for "/files/chan/days/${day}T12",
                playlist('days', "${day}T12", "${day}T13");
    }

    my $before = numbers($nginx);

    cmp_ok($before->{evictions}, '>', 0, 'it is full');

    my @socks = map { http_connect($nginx->port) } 1 .. 8;

    syswrite $_, "GET $target HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        . "\r\n" for @socks;

    for my $sock (@socks) {
        1 while sysread $sock, my $some, 1 << 20;
    }

    my $after = numbers($nginx);
    my @texts = glob "$kept/full/*.wub";

    is($after->{fills}, $before->{fills} + 1, 'made once');
    is(scalar @texts, $after->{items}, 'a file for each item');
    is($nginx->stop, '', 'nginx ends');
    is(join("\n", $nginx->unexpected), '', 'a clean log');
}


# ---- an hour with tombstones is read once for all its listings

# how often a folder is read while code runs: opens apart, what stands
# between two of them is one read
sub reads {
    my ($folder, $code) = @_;

    my %calls = (x86_64 => [294, 254], aarch64 => [26, 27]);
    my $calls = $calls{ (POSIX::uname())[4] } or return;
    my $fd = syscall $calls->[0], 04000;

    return if $fd < 0;

    open my $in, '<&=', $fd or die "inotify: $!\n";

    # IN_ACCESS, IN_OPEN
    return if syscall($calls->[1], $fd, "$folder\0", 0x21) < 0;

    $code->();

    my $bytes = '';

    sysread $in, $bytes, 65536;

    return scalar grep { $_ & 1 } unpack '(x4 L x4 L/x)*', $bytes;
}

{
    my $nginx = nginx("zone=hours:1m path=$kept/more");
    my $list = "/files/chan/tombs/$h1?tombstones=true";
    my $n = reads("$root/chan/tombs/$h1", sub {
        like(get($nginx, $list)->{body}, qr/tombstone/, 'a listing');
    });

    SKIP: {
        skip 'no inotify', 1 if !defined $n;
        is($n, 1, 'its folder is read once');
    }

    $n = reads("$root/chan/tombs/$h1", sub {
        unlike(get($nginx, $list =~ s/\?.*//r)->{body}, qr/tombstone/,
               'without tombstones');
        get($nginx, $list);
    });

    SKIP: {
        skip 'no inotify', 1 if !defined $n;
        is($n, 0, 'and not again');
    }

    is($nginx->stop, '', 'nginx ends');
}


# ---- a file in the place of the folder

{
    open my $out, '>', "$kept/file" or die "$kept/file: $!\n";
    close $out;
    chmod 0640, "$kept/file";

    my @before = (stat "$kept/file")[2, 4, 5];
    my $nginx = Wub::Nginx->new(http_config =>
        "wubloader_cache zone=a:1m path=$kept/file;");

    ok($nginx->start_refused, 'a file as path=: refused');
    like($nginx->log_text, qr/has a "path=" that is no directory; give one of/,
         'with a sentence');
    is("@{[ (stat qq{$kept/file})[2, 4, 5] ]}", "@before", 'and left alone');
}

done_testing;
