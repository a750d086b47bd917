# The cache of hours: with it and without it every answer is the same, and
# what changes on disk is seen by the next request.

use strict;
use warnings;

use File::Path qw(make_path);
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

my ($h1, $h2, $h3) = ('2024-02-29T22', '2024-02-29T23', '2024-03-01T00');
my $store = Wub::Store->new;

# an hour as it should be, one with all that can go wrong, one that ends
# early; segments that lie over the ends of hours
$store->run('chan', 'source', "$h1:00:00", 2, 1799, size => 1);
$store->segment('chan', 'source', "$h1:59:58", '2.5');

srand 20240229;

for my $i (0 .. 1700) {
    next if $i % 211 == 7;

    my $time = Wub::Store::add_us("$h2:00:00.5", $i * 2_000_000
                                  + ($i % 97 == 5 ? 5_000 : 0));

    $store->segment('chan', 'source', $time, $i % 131 == 3 ? '1.5' : 2,
                    $i % 61 == 9 ? 'partial' : $i % 53 == 8 ? 'suspect'
                                             : 'full', size => 1 + $i % 7);
    $store->segment('chan', 'source', $time, 2, 'full', size => 9)
        if $i % 101 == 17;
    $store->segment('chan', 'source', $time, 2, 'temp') if $i % 301 == 1;
}

$store->run('chan', 'source', "$h3:00:01.5", 2, 200, size => 1);
$store->file("chan/source/2024-03-01T01/.keep");
$store->run('chan', 'source', '2024-03-01T02:00:00', 2, 65, size => 1);
$store->tombstone('chan', 'source', $h2, 'lone');

my $root = $store->write;
my $kept = Wub::Nginx::temp_dir('kept');
my $few = Wub::Nginx::temp_dir('few');

my $config = <<"END";
        wubloader_root $root;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /cut { wubloader cut; }
        location /cdn/playlist {
            wubloader playlist;
            wubloader_segments_uri https://cdn.example/s;
        }
        location /wide/playlist {
            wubloader playlist;
            wubloader_tolerance 600ms;
        }
        location /sendfile/playlist { sendfile on; wubloader playlist; }
        location /aio/playlist { sendfile on; aio threads; wubloader playlist; }
END

# the folder of "path=" is made at start
my %http = (
    plain  => '',
    cached => "wubloader_cache zone=hours:1m path=$kept/texts;",
    memory => 'wubloader_cache zone=hours:4m;',
    tiny   => "wubloader_cache zone=hours:32k path=$few;",
    cramped => 'wubloader_cache zone=hours:256k;',
    files  => "wubloader_cache zone=hours:1m path=$kept/files;",
);

my %nginx;

for my $name (sort keys %http) {
    # "files": a quarter of these descriptors is less than a crowd needs
    $nginx{$name} = Wub::Nginx->new(config => $config,
        http_config => $http{$name}, workers => $name eq 'files' ? 1 : 2,
        $name eq 'files' ? (connections => 40, main_config =>
                            'worker_rlimit_nofile 60;') : ());
    is($nginx{$name}->start, '', "nginx starts: $name");
}


sub get {
    my ($name, $target, @headers) = @_;

    return http_request($nginx{$name}->port, 'GET', $target,
                        headers => \@headers)
        || { status => 0, body => 'no answer', headers => {} };
}


sub tag {
    my ($res) = @_;

    return join '|', @{ $res->{headers}{etag} || [] };
}


sub unpacked {
    my ($bytes) = @_;
    my $text;

    gunzip(\$bytes => \$text, MultiStream => 0, Transparent => 0, Strict => 1,
           TrailingData => my $trail)
        or return "gunzip: $GunzipError";
    return defined $trail && length $trail ? 'something behind it' : $text;
}


# every server's answer, in both forms: what is wrong, or ''
sub differs {
    my ($target, @names) = @_;

    my $want = get('plain', $target);

    for my $name (@names ? @names : sort keys %nginx) {
        my $got = get($name, $target);

        return "$name: status $got->{status}"
            if $got->{status} != $want->{status};
        return "$name: another text" if $got->{body} ne $want->{body};
        next if $got->{status} != 200 || $target =~ /cut/;

        my $packed = get($name, $target, 'Accept-Encoding: gzip');
        my $tag = tag($got);

        return "$name: not packed"
            if "@{ $packed->{headers}{'content-encoding'} || [] }" ne 'gzip';
        return "$name: another text when unpacked"
            if unpacked($packed->{body}) ne $want->{body};

        (my $gz = $tag) =~ s/"$/-gz"/;
        return "$name: tag " . tag($packed) if tag($packed) ne $gz;
        return "$name: no 304"
            if get($name, $target, "If-None-Match: $tag")->{status} != 304;
    }

    return '';
}


sub texts {
    my ($folder) = @_;

    return map { s{.*/}{}r } glob "$folder/*.wub";
}


# ---- the same answers, first and again

my $all = "start=$h1:00:00&end=$h3:00:00";
my $media = '/playlist/chan/source.m3u8';

for my $target (
    "$media?$all", "/cdn$media?$all", "/wide$media?$all",
    "/sendfile$media?$all", "/aio$media?$all", $media,
    "$media?start=$h1:00:00&end=$h1:00:00", "$media?start=$h3:00:00&end=$h1",
    "$media?start=$h2:00:00&end=$h3:00:00", "$media?start=$h2:30",
    "$media?start=$h1:00:00&end=$h2:00:00",
    "$media?start=2030-01-01T00:00&end=2030-01-01T01:00",
    "/playlist/chan/none.m3u8?$all", "/playlist/chan.m3u8",
    (map {; "/files/chan/source/$_", "/files/chan/source/$_?tombstones=true" }
         $h1, $h2, $h3, '2024-03-01T01', '2024-03-01T09', 'none'),
    "/cut/chan/source.ts?type=rough&allow_holes=true&$all",
) {
    is(differs($target), '', $target) for 1 .. 2;
}

# ranges by chance, from a second to all, at the ends of segments and not
for my $i (1 .. 60) {
    my $from = int rand 4 * 3600;
    my $len = $i % 3 ? int rand 200 : int rand 4 * 3600;
    my @ends = map { Wub::Store::add_us("$h1:00:00", $_) }
        $from * 1_000_000 + ($i % 2 ? 500_000 : int rand 1_000_000),
        ($from + $len) * 1_000_000 + ($i % 5 ? 500_000 : int rand 1_000_000);
    my $target = "$media?start=$ends[0]&end=$ends[1]";

    is(differs($target, $i % 4 ? 'cached' : sort keys %nginx), '', $target);
}

my @texts = texts("$kept/texts");

cmp_ok(scalar @texts, '>', 10, 'texts are kept');
cmp_ok(scalar texts($few), '<=', 60, 'few where few find room');
is((stat "$kept/texts/$texts[0]")[2] & 077, 0, 'for nobody else to read');

for my $target ("$media?$all", "/files/chan/source/$h2") {
    get('cached', $target, 'Accept-Encoding: gzip');
    get('cached', $target);
}

is_deeply([ texts("$kept/texts") ], \@texts, 'and found again');


# ---- what changes is seen at once

my $folder = "$root/chan/source/$h3";
my $range = "$media?start=$h3:00:00&end=$h3:10:00";
my $list = "/files/chan/source/$h3?tombstones=true";
my ($first, $second) = grep { /full/ } $store->names("chan/source/$h3");
my $new = "09:01.500000-2.0-full-AAAA.ts";


sub change {
    my ($what, $code, $same) = @_;

    # once more than the tick within which nothing is kept
    for my $wait (0, 0.05) {
        get('cached', $_) for $range, $list;
    }

    my ($text, $names) = map { get('cached', $_)->{body} } $range, $list;

    $code->();

    is(differs($_), '', "$what: $_") for $range, $list, $range, $list;

    is(get('cached', $range)->{body} eq $text ? 1 : 0, $same ? 1 : 0,
       "$what: " . ($same ? 'the same' : 'another') . ' playlist');

    sleep 0.03;
    is(differs($_), '', "$what, later: $_") for $range, $list;
    return;
}


sub create {
    my ($path) = @_;

    open my $out, '>', $path or die "$path: $!\n";
    close $out or die "$path: $!\n";
    return;
}


sub restore_mtime {
    my ($code) = @_;
    my ($atime, $mtime) = (Time::HiRes::stat($folder))[8, 9];

    $code->();
    Time::HiRes::utime($atime, $mtime, $folder) or die "$folder: $!\n";
    return;
}

change('a file is added', sub { create("$folder/$new") });
change('a file is removed', sub { unlink "$folder/$new" or die "$!\n" });
change('a file is renamed into it', sub {
    create("$root/temp.ts");
    rename "$root/temp.ts", "$folder/$new" or die "$!\n";
});
change('a file is renamed out of it', sub {
    rename "$folder/$new", "$root/temp.ts" or die "$!\n";
});
change('the time of change is set back', sub {
    restore_mtime(sub { create("$folder/$new") });
});
change('and again', sub { restore_mtime(sub { unlink "$folder/$new" }) });
change('a tombstone', sub { create("$folder/" . $first =~ s/ts$//r
                                   . 'tombstone') });
change('a tombstone, time set back', sub {
    restore_mtime(sub { create("$folder/" . $second =~ s/ts$//r
                               . 'tombstone') });
});
change('tombstones gone', sub { unlink glob "$folder/*full*.tombstone" });
change('touched', sub { utime undef, undef, $folder or die "$!\n" }, 1);
change('the folder replaced by another', sub {
    rename $folder, "$root/chan/source/moved" or die "$!\n";
    make_path($folder);
    create("$folder/$new");
});
change('the folder gone', sub {
    unlink "$folder/$new";
    rmdir $folder or die "$!\n";
});
change('and back', sub {
    rename "$root/chan/source/moved", $folder or die "$!\n";
});

# many changes within one tick, each answered at once
my $wrong = 0;

for my $i (0 .. 59) {
    my $path = sprintf '%s/08:%02d.000000-1.0-full-AAAA.ts', $folder, $i;

    create($path);
    $wrong++ if index(get('cached', $list)->{body}, $path =~ s{.*/}{}r) < 0;
    $wrong++ if index(get('cached', $range)->{body},
                      sprintf '08%%3A%02d.000000', $i) < 0;
    unlink $path if $i % 2;
}

is($wrong, 0, 'no change is missed');
is(differs($_), '', "after them: $_") for $range, $list;


# ---- texts that somebody removes or breaks are made again

unlink glob "$kept/texts/*.wub";
is(differs("$media?$all"), '', 'without its texts');

for my $file (glob "$kept/texts/*.wub") {
    truncate $file, 100 or die "$file: $!\n";
}

is(differs("$media?$all"), '', 'with short ones');
is(differs("/files/chan/source/$h1"), '', 'and a listing');

# of the same length, and nothing of it true
for my $file (glob "$kept/texts/*.wub") {
    open my $out, '+<', $file or die "$file: $!\n";
    print {$out} "\xff" x -s $file;
    close $out;
}

for my $target ("$media?start=$h2:10:00&end=$h2:20:00",
                "/cut/chan/source.ts?type=rough&allow_holes=true&$all")
{
    is(differs($target, 'cached'), '', "with broken ones: $target");
}

unlink glob "$kept/texts/*.wub";

chmod 0500, "$kept/texts";
is(differs("$media?$all&x=$_"), '', 'where nothing can be written')
    for 1 .. 2;
chmod 0700, "$kept/texts";


# ---- reload keeps; a start cleans

get('cached', "$media?$all") for 1 .. 2;
@texts = texts("$kept/texts");

ok($nginx{cached}->reload(wait_old => 1), 'reload');
is(differs("$media?$all"), '', 'the same after it');

my @lost = grep { !-e "$kept/texts/$_" } @texts;

is("@lost", '', 'no text is lost');

is($nginx{cached}->stop, '', 'nginx ends');
create("$kept/texts/$_") for 'README', '0123456789abcdef.wub',
    '0123456789abcdeg.wub', '0123456789abcdef.wubx';
is($nginx{cached}->start, '', 'nginx starts again');
is(join(' ', sort map { s{.*/}{}r } glob "$kept/texts/*"),
   '0123456789abcdef.wubx 0123456789abcdeg.wub README',
   'no texts of earlier runs, and nothing else, is removed');


# ---- many at once; processes killed at work

sub client {
    my ($pipe, $until, $name, %want) = @_;

    my ($good, $bad, $first) = (0, 0, '');
    my @targets = sort keys %want;

    while (time < $until) {
        my $target = $targets[($$ + $good) % @targets];
        my $packed = ($$ + $good) % 3 == 0;
        my $res = http_request($nginx{$name}->port, 'GET', $target,
            headers => [ $packed ? 'Accept-Encoding: gzip' : () ]);

        # a connection to a process that was killed
        next if !$res || !$res->{complete};

        my $body = $packed ? unpacked($res->{body}) : $res->{body};

        if ($res->{status} == 200 && $body eq $want{$target}) {
            $good++;
            next;
        }

        $bad++;
        $first ||= "$target: $res->{status}";
        last if $bad > 5;
    }

    syswrite $pipe, "$good $bad $first\n";
    return;
}


sub crowd {
    my ($name, $seconds, $code) = @_;

    my %want = map { $_ => get('plain', $_)->{body} } "$media?$all",
        "/files/chan/source/$h1", "$media?start=$h2:10:00&end=$h3:01:00";
    my $until = time + $seconds;
    my (@pids, $text);

    pipe my $in, my $out or die "pipe: $!\n";

    for (1 .. 6) {
        my $pid = fork;

        die "fork: $!\n" if !defined $pid;

        if ($pid == 0) {
            close $in;
            client($out, $until, $name, %want);
            require POSIX;
            POSIX::_exit(0);
        }

        push @pids, $pid;
    }

    close $out;
    $code->($until) if $code;

    waitpid $_, 0 for @pids;
    $text = do { local $/; <$in> };

    my ($good, @bad) = 0;

    for (split /\n/, $text) {
        my ($n, $bad, $first) = split / /, $_, 3;

        $good += $n;
        push @bad, $first if $bad;
    }

    return ($good, join '; ', @bad);
}

my ($good, $bad) = crowd('cached', 1);

cmp_ok($good, '>', 5, 'a crowd on an empty cache');
is($bad, '', 'gets the right texts');

# one text each: equal requests wait for one
my $expected = 3 + 3 + 2;

cmp_ok(scalar texts("$kept/texts"), '<=', $expected,
       'and each text is made once');

($good, $bad) = crowd('tiny', 1);
cmp_ok($good, '>', 5, 'a crowd where nothing stays');
is($bad, '', 'gets the right texts');

($good, $bad) = crowd('files', 1);
cmp_ok($good, '>', 5, 'a crowd that needs more files than it may open');
is($bad, '', 'gets the right texts');

($good, $bad) = crowd('cached', 3, sub {
    my ($until) = @_;
    my $turn = 0;

    while (time < $until - 0.5) {
        my @workers = $nginx{cached}->workers;

        unlink glob "$kept/texts/*.wub" if $turn++ % 2;
        sleep 0.15;
        kill 'KILL', $workers[0] if @workers > 1;
    }
});
cmp_ok($good, '>', 5, 'a crowd while processes are killed');
is($bad, '', 'gets the right texts');
is(differs($_), '', "and then: $_") for "$media?$all", $range, $list;


# ---- the end

for my $name (sort keys %nginx) {
    is($nginx{$name}->stop, '', "nginx ends: $name");
    is(join("\n", $nginx{$name}->unexpected(qr/exited on signal 9/)), '',
       'a clean log');
}


# ---- what nginx -t says

my @bad = (
    ['zone=a', 'is not zone=NAME:SIZE'],
    ['zone=:1m', 'is not zone=NAME:SIZE'],
    ['zone=a:x', 'has a bad size'],
    ['zone=a:4k', 'is too small; give it at least 32k'],
    ["path=$kept", 'needs zone=NAME:SIZE'],
    ['zone=a:1m path=', 'has an empty "path="'],
    ['zone=a:1m path=$foo', 'has a "path=" with a variable; write the '
     . 'directory itself'],
    ['zone=a:1m other=1', 'does not take "other=1"'],
    ['zone=a:1m zone=b:1m', 'does not take "zone=b:1m"'],
    ["zone=a:1m path=$kept/no/such", 'mkdir'],
    ['zone=a:1m; wubloader_cache zone=b:1m', 'is duplicate'],
);

for (@bad) {
    my ($args, $want) = @$_;
    my $nginx = Wub::Nginx->new(http_config => "wubloader_cache $args;");

    ok($nginx->start_refused, "wubloader_cache $args: refused");
    like($nginx->log_text, qr/\Q$want\E/, 'with a sentence');
}

done_testing();
