# The files of the cache: which of them stay open, for how long, and what
# becomes of those that nobody needs any more or that a killed process left.
# And what is opened of the store meanwhile: links, other folders of the same
# name, a disk that is gone.

use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Http qw(http_connect http_request);
use Wub::Nginx;
use Wub::Store;

use constant TURN => 5;     # seconds after which nginx looks at them

my @hours = map { sprintf '2024-02-29T%02d', $_ } 0 .. 9;
my $store = Wub::Store->new;

$store->run('chan', 'source', "$_:00:00", 2, 20, size => 1) for @hours;
$store->run('chan', 'aside', "$hours[1]:00:00", 2, 5, size => 1);

my $root = $store->write;
my $kept = Wub::Nginx::temp_dir('kept');
my $nginx = Wub::Nginx->new(workers => 1,
    http_config => "wubloader_cache zone=hours:1m path=$kept;",
    config => <<"END");
        wubloader_root $root/chan/..;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /cut { wubloader cut; }
        location /metrics { wubloader metrics; }
END

is($nginx->start, '', 'nginx starts');

my $all = "/playlist/chan/source.m3u8?start=$hours[0]:00:00"
    . '&end=2024-02-29T10:00:00';


sub get {
    my ($target, @headers) = @_;

    return http_request($nginx->port, 'GET', $target, headers => \@headers)
        || { status => 0, body => 'no answer', headers => {} };
}


sub create {
    my ($path) = @_;

    open my $out, '>', $path or die "$path: $!\n";
    close $out or die "$path: $!\n";
    return;
}


sub texts { return map { s{.*/}{}r } glob "$kept/*.wub" }


# what the workers have open below a folder
sub opened {
    my ($folder, $server) = @_;

    return grep { defined && index($_, $folder) == 0 }
        map { readlink } map { glob "/proc/$_/fd/*" }
        ($server || $nginx)->workers;
}


# waits until code is true; what it was at last
sub soon {
    my ($seconds, $code) = @_;
    my $until = time + $seconds;
    my $ok;

    sleep 0.05 while !($ok = $code->()) && time < $until;
    return $ok;
}


# what a target lists
sub count {
    my ($target) = @_;

    my $res = get($target);
    my $n = () = $res->{body} =~ /-full-/g;

    return $res->{status} == 200 ? $n : "status $res->{status}";
}


# ---- hours that are all read at once

for my $n (1 .. 5) {
    create("$root/chan/source/$_/40:0$n.0-1.0-full-AAAA.ts") for @hours;
    sleep 0.03 if $n != 3;
    is(count($all), @hours * (20 + $n), 'a cold range has all that is new');
}

unlink glob "$root/chan/source/*/40:*.ts";


# ---- descriptors

sleep 0.05;
get($all) for 1 .. 2;

is(scalar opened($kept), scalar @hours, 'each text is open, once');
is(scalar opened($root), 0, 'of the store nothing is');

get("/files/chan/source/$hours[0]") for 1 .. 3;
is(scalar opened($kept), @hours + 1, 'and a listing');

for my $i (0 .. 4) {
    create("$root/chan/source/$hours[0]/50:0$i.0-1.0-full-AAAA.ts");
    sleep 0.03;
    get($all);
    get("/files/chan/source/$hours[0]");
}

my @open = opened($kept);

is(scalar @open, @hours + 1, 'a newer text takes the place of an older one');
is(scalar(grep { /deleted/ } @open), 0, 'whose room is free again');
is(scalar texts(), @hours + 1, 'and whose file is gone');

unlink glob "$kept/*.wub";
is(get($all)->{status}, 200, 'where somebody removes them');
is(scalar(grep { /deleted/ } opened($kept)), 1,
   'those that are asked for are made again');

# an answer that ends after a turn in which nothing else was open
my $last = Wub::Nginx::temp_dir('last');
my $slow = Wub::Nginx->new(workers => 1,
    http_config => "wubloader_cache zone=hours:1m path=$last;",
    config => "wubloader_root $root; location /playlist { "
        . "wubloader playlist; limit_rate 6k; }\n");

is($slow->start, '', 'a second nginx starts');

my $sock = http_connect($slow->port);

syswrite $sock, "GET $all HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

ok(soon(3 * TURN, sub { !opened($kept) }),
   'what nobody asks for is closed after a while');

1 while sysread $sock, my $some, 1 << 20;
ok(scalar opened($last, $slow), 'what was sent slowly is open');
ok(soon(3 * TURN, sub { !opened($last, $slow) }), 'and closed, too');
is($slow->stop, '', 'the second nginx ends');

is(get($all)->{status}, 200, 'and opened again');
is(scalar opened($kept), scalar @hours, 'all of them');


# ---- one file for both listings

my $dir = "$root/chan/source/$hours[2]";
my @plain = ("/files/chan/source/$hours[2]");
my @both = (@plain, "$plain[0]?tombstones=true");
my $before = () = texts();

for (1 .. 2) {
    get($_), get($_, 'Accept-Encoding: gzip') for @both;
}

is(scalar texts(), $before + 2, 'without a tombstone both are one text');
is(get($both[0])->{body}, get($both[1])->{body}, 'the same');
is("@{ get($both[0])->{headers}{etag} }", "@{ get($both[1])->{headers}{etag} }",
   'by the same tag');

my ($victim) = map { s{.*/}{}r } glob "$dir/*.ts";
(my $grave = $victim) =~ s/ts$/tombstone/;

create("$dir/$grave");

for my $wait (0, 0.05, 0) {
    sleep $wait;
    unlike(get($both[0])->{body}, qr/\Q$victim\E|\Q$grave\E/,
           'with one: gone from the one');
    like(get($both[1])->{body}, qr/"\Q$grave\E"/, 'and told in the other');
}

unlink "$dir/$grave" or die "$grave: $!\n";
sleep 0.05;
is(get($both[0])->{body}, get($both[1])->{body}, 'without it: one again');
like(get($both[1])->{body}, qr/"\Q$victim\E"/, 'with the segment');


# ---- hours that are links, and other folders

my $link = "$root/chan/source/2024-02-29T20";
my $linked = '/playlist/chan/source.m3u8?start=2024-02-29T20:00:00'
    . '&end=2024-02-29T21:00:00';
my $listed = '/files/chan/source/2024-02-29T20';

symlink "../source/$hours[1]", $link or die "$link: $!\n";
is(count($_), 20, "a link: $_") for ($linked, $listed) x 2;

unlink $link;
symlink "../aside/$hours[1]", $link or die "$link: $!\n";
is(count($_), 5, "to another folder: $_") for ($linked, $listed) x 2;

create("$root/chan/aside/$hours[1]/50:00.0-1.0-full-AAAA.ts");
is(count($_), 6, "in which something is new: $_") for $linked, $listed;

my $outside = Wub::Nginx::temp_dir('outside');
create("$outside/50:00.0-1.0-full-AAAA.ts");
unlink $link;
symlink $outside, $link or die "$link: $!\n";
is(get($_)->{status}, 403, "out of the store: $_") for ($linked, $listed) x 2;

unlink $link;
symlink 'none', $link or die "$link: $!\n";
is(count($_), 0, "to nothing: $_") for $linked, $listed;

unlink $link;
create($link);
is(count($_), 0, "a file: $_") for $linked, $listed;

unlink $link;
rename "$root/chan/aside/$hours[1]", $link or die "$link: $!\n";
is(count($_), 6, "a folder: $_") for ($linked, $listed) x 2;

rename $link, "$root/chan/aside/moved" or die "$link: $!\n";
make_path($link);
create("$link/50:00.0-1.0-full-BBBB.ts");
is(count($_), 1, "another one: $_") for ($linked, $listed) x 2;

# the quality itself is a link
symlink 'source', "$root/chan/alias" or die "alias: $!\n";
(my $alias = $linked) =~ s/source/alias/;
is(count($alias), 1, 'the quality is a link') for 1 .. 2;


# ---- a disk that is gone

get($linked);
rename "$root/chan", "$root/away" or die "$root: $!\n";
is(get($_)->{status}, 503, "without the root, which is in it: $_")
    for $linked, $listed;
rename "$root/away", "$root/chan" or die "$root: $!\n";
is(count($_), 1, "back again: $_") for $linked, $listed;

rename "$root/chan/source", "$root/away" or die "$root: $!\n";
is(get($linked)->{status}, 404, 'without the quality');
is(get($listed)->{body}, '[]', 'the list is empty');
rename "$root/away", "$root/chan/source" or die "$root: $!\n";
is(count($_), 1, "back again: $_") for $linked, $listed;


# ---- processes that are killed

get($all);

my @valid = texts();

create("$kept/0123456789abcdef.wub");
kill 'KILL', $nginx->workers;
soon(3, sub { get($all)->{status} == 200 });
ok(soon(3 * TURN, sub { !-e "$kept/0123456789abcdef.wub" }),
   'what a killed process left is removed');

my %there = map { $_ => 1 } texts();
is(join(' ', grep { !$there{$_} } @valid), '', 'and no more than that');
is(get($all)->{status}, 200, 'all is as before');


sub waiters {
    return get('/metrics')->{body} =~ /^wubloader_cache_waiters (\d+)/m ? $1
        : 'none';
}


# One worker is stopped while it reads an hour, a second one waits for it and
# is killed: the first one, that the master starts in its place, is not to
# count it.
sub killed_waiting {
    my ($n) = @_;

    my $hour = "2024-03-01T0$n";
    my $folder = "$root/chan/source/$hour";
    my $target = "/files/chan/source/$hour";
    my ($maker, $waiter);

    make_path($folder);
    create(sprintf '%s/%05d.ts', $folder, $_) for 1 .. 30_000;
    sleep 0.05;

    my @socks;

    push @socks, http_connect($nginx->port) or return;
    syswrite $socks[0], "GET $target HTTP/1.0\r\n\r\n";

    my $until = time + 1;

    while (!$maker && time < $until) {
        ($maker) = grep {
            grep { defined && $_ eq $folder } map { readlink }
                glob "/proc/$_/fd/*"
        } $nginx->workers;
    }

    return if !$maker;
    kill 'STOP', $maker;

    ($waiter) = grep { $_ != $maker } $nginx->workers;

    # connections that the stopped one would take are tried again
    my $seen = 0;

    for (1 .. 20) {
        my $sock = http_connect($nginx->port) or next;

        syswrite $sock, "GET $target HTTP/1.0\r\n\r\n";
        push @socks, $sock;

        my $res = http_request($nginx->port, 'GET', '/metrics',
                               timeout => 0.3) or next;

        $seen = 1, last if $res->{body} =~ /^wubloader_cache_waiters [1-9]/m;
    }

    kill 'KILL', $waiter if $seen;
    kill 'CONT', $maker;
    sleep 0.3;
    close $_ for @socks;
    return $seen;
}

is($nginx->stop, '', 'nginx ends');
$nginx->{workers} = 2;
is($nginx->start, '', 'nginx starts with two processes');

my $seen;

for my $n (0 .. 4) {
    last if $seen = killed_waiting($n);
}

ok($seen, 'one waited for another');
ok(soon(3, sub { waiters() eq '0' }), 'killed, it waits no longer')
    or diag(waiters());

is($nginx->stop, '', 'nginx ends');
is(join("\n", grep { !/exited on signal 9|leads out|cannot be read/ }
        $nginx->unexpected), '', 'a clean log');

done_testing();
