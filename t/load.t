# A room full of people on one node: players of a live channel that really
# grows, editors with ranges from an hour to a day, another node that lists
# and fetches all, cuts read fast and slowly.  First in peace, with memory
# and descriptors watched; then while nginx is reloaded again and again;
# then while its processes are killed.  Without a cache, and with one.
#
# WUB_LONG=1: 500 players and 50 editors, a minute.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use File::Path qw(make_path);
use List::Util qw(max min sum0);
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep time);
use Time::Local qw(timegm);

use Wub::Http qw(http_request);
use Wub::Load;
use Wub::Nginx;
use Wub::Store;

my ($long, $asan);

# before the constants that depend on them
BEGIN {
    $long = $ENV{WUB_LONG} ? 1 : 0;
    $asan = ($ENV{WUB_BUILD} || '') =~ /\basan\b/ ? 1 : 0;
}

# players, editors, hours of the large channel, seconds of each part
my ($players, $editors, $hours) = $asan ? (30, 4, 5)
    : $long ? (500, 50, 30) : (60, 8, 8);

# variant => [ in http {}, seconds of peace, of reloads, of kills ]
my $kept = Wub::Nginx::temp_dir('kept');
my @short = $asan ? (2.3, 1.4, 1.5) : (1.6, 1, 1.2);
my %variants = (
    plain  => [ '', $long ? (20, 10, 10) : @short ],
    cached => [ "wubloader_cache zone=hours:8m path=$kept;",
                $long ? (60, 15, 15) : @short ],
    memory => [ 'wubloader_cache zone=hours:6m;',
                $long ? (20, 10, 10) : @short ],
);
my @variants = $long || $asan ? qw(plain cached memory) : qw(plain cached);

# of the live channel, in seconds; a list does not grow while a segment is
# late, and the short form has no time to wait for one
use constant {
    STEP   => $long ? 0.5 : 0.25,   # a segment
    SEEDED => 300,                  # what is there when it begins
    LATE   => $long ? 1.2 : 0.4,    # a late segment comes so much later
    RELOAD => $long ? 1 : 0.4,      # a player asks again
    QUIET  => 30,                   # younger ones are not withdrawn
    EDIT   => $long ? 0.5 : 0.2,    # an editor looks elsewhere, at least
    SLOW   => $long ? 0.7 : 0.4,    # a slow reader needs, at least
};

use constant PER_HOUR => 1800;  # segments of the large channel

# Bytes that all workers may keep of what all clients asked for.  Large blocks
# go back to the system at once, and threads share what they take small ones
# from, so that little is left but what is in use: stacks, and small blocks
# between those, of which 500 clients at a time leave more.
use constant LEFT => $long || $asan ? 64e6 : 6e6;

$ENV{MALLOC_ARENA_MAX} = 1;
$ENV{MALLOC_MMAP_THRESHOLD_} = 65_536;

# a sanitizer's own memory is not to look like a leak
$ENV{ASAN_OPTIONS} = join ':', grep { length } $ENV{ASAN_OPTIONS} // '',
    'quarantine_size_mb=8' if $asan;

my $root = Wub::Nginx::temp_dir('load');
my $first = timegm(0, 0, 0, 1, 2, 2024);        # 2024-03-01
my $base = time - SEEDED;


# ---- the store

sub spew {
    my ($path, $bytes) = @_;

    open my $out, '>:raw', $path or die "$path: $!\n";
    print $out $bytes;
    close $out or die "$path: $!\n";
    return;
}


# a time as playlists write it, without its Z
sub stamp {
    my ($time) = @_;
    my $us = sprintf '%.0f', ($time - int $time) * 1_000_000;

    return strftime('%Y-%m-%dT%H:%M:%S', gmtime int $time)
        . sprintf '.%06d', min($us, 999_999);
}


sub segment_name {
    my ($time, $duration, $hash) = @_;
    my ($hour, $start) = stamp($time) =~ /^(.{13}):(.*)/;

    return ($hour, "$start-$duration-full-$hash.ts");
}


# hours of tiny files, those of an hour one file with many names
sub make_large {
    for my $h (0 .. $hours - 1) {
        my $bytes = "hour $h\n" x 20;
        my $hash = Wub::Store::hash($bytes);
        my ($hour) = segment_name($first + 3600 * $h, 2, '');
        my $folder = "$root/big/source/$hour";

        make_path($folder);
        spew("$folder/.bytes", $bytes);

        for my $i (0 .. PER_HOUR - 1) {
            my ($name) = (segment_name($first + 3600 * $h + 2 * $i, '2.0',
                                       $hash))[1];
            link "$folder/.bytes", "$folder/$name" or die "$name: $!\n";
        }
    }

    return;
}


# segments that fill a slow reader's buffers: all their bytes
sub make_fat {
    my $all = '';

    make_path("$root/fat/source/2024-03-01T00");

    for my $i (0 .. 29) {
        my $bytes = pack('N', $i) x 50_000;
        my ($hour, $name) = segment_name($first + 2 * $i, '2.0',
                                         Wub::Store::hash($bytes));

        spew("$root/fat/source/$hour/$name", $bytes);
        $all .= $bytes;
    }

    return $all;
}


sub make_live {
    my ($i) = @_;

    my $bytes = "live $i\n" x 200;
    my ($hour, $name) = segment_name($base + $i * STEP, STEP,
                                     Wub::Store::hash($bytes));
    my $folder = "$root/live/source/$hour";

    make_path($folder);
    (my $temp = "$folder/$name") =~ s/-full-[^\/]*/-temp-$i.ts/;
    spew($temp, $bytes);
    rename $temp, "$folder/$name" or die "$name: $!\n";
    return "$folder/$name";
}


# tells players what they must be shown: the newest segment that has none
# missing before it
sub tell_newest {
    my ($i) = @_;

    spew("$root/.newest.temp", stamp($base + $i * STEP));
    rename "$root/.newest.temp", "$root/.newest" or die "newest: $!\n";
    return;
}


# The live channel grows until the test ends: each seventh segment comes
# late, and every few seconds an old one is withdrawn.
sub start_writer {
    my @paths = map { make_live($_) } 0 .. SEEDED / STEP - 1;

    tell_newest($#paths);

    my $pid = fork;
    defined $pid or die "fork: $!\n";
    return $pid if $pid;

    my $parent = getppid;
    my $next = @paths;
    my $oldest = 3;
    my %late;

    while (getppid == $parent) {
        my $now = time;

        while ($base + ($next + 1) * STEP <= $now) {
            $late{$next} = $now + LATE if $next % 7 == 3;
            $paths[$next] = make_live($next) if !$late{$next};
            $next++;
        }

        for my $i (grep { $late{$_} <= $now } sort keys %late) {
            $paths[$i] = make_live($i);
            delete $late{$i};
        }

        tell_newest(min($next, keys %late) - 1);

        # one a second, none that is young
        if ($oldest / 5 < $now - $base - SEEDED
            && $base + $oldest * STEP + QUIET < $now)
        {
            (my $path = $paths[$oldest]) =~ s/\.ts$/.tombstone/;
            spew($path, '');
            $oldest += 5;
        }

        sleep 0.1;
    }

    POSIX::_exit(0);
}


# ---- clients

# hls.js on a live page: the master once, then the list again and again, and
# what is new in it
sub player {
    my ($n) = @_;

    my $start = stamp($base + $n % (SEEDED / 2));
    my $self = { kind => 'player', last => '', want => [], tell => 0 };
    my ($list, $etag);

    $self->{next} = sub {
        return {
            target => "/playlist/live.m3u8?start=$start",
            delay  => RELOAD * ($n % 50) / 50,
            check  => sub {
                my ($res) = @_;
                ($list) = $res->{body} =~ /^(\/playlist\/live\/source\S*)/m;
                return defined $list ? '' : "status $res->{status}, no "
                                            . "quality: $res->{body}";
            },
        } if !defined $list;

        my $uri = shift @{ $self->{want} };

        return { target => $uri, check => \&check_live } if defined $uri;

        my $newest = Wub::Nginx::slurp("$root/.newest");

        return {
            target  => $list,
            delay   => $self->{last} eq '' ? 0 : RELOAD * (0.8 + rand 0.2),
            headers => [ $n % 4 ? 'Accept-Encoding: gzip' : (),
                         $n % 2 && $etag ? "If-None-Match: $etag" : () ],
            check   => sub {
                my ($res) = @_;
                return '' if $res->{status} == 304
                             && $self->{last} ge $newest;
                $etag = $res->{headers}{etag};
                return check_growing($self, $res, $newest);
            },
        };
    };

    return $self;
}


sub check_live {
    my ($res, $client) = @_;

    my ($name) = $client->{request}{target} =~ m{/([^/]+)$};
    my ($hour) = $client->{request}{target} =~ m{/([^/]+)/[^/]+$};

    s/%3A/:/gi for $name, $hour;

    if ($res->{status} == 410) {
        (my $grave = "$root/live/source/$hour/$name") =~ s/\.ts$/.tombstone/;
        return -e $grave ? '' : 'gone, but there is no tombstone';
    }

    return "status $res->{status}" if $res->{status} != 200;
    return Wub::Load::check_segment($name, $res->{body});
}


# A list is never behind the disk, nor behind what it said before; the new
# segments are wanted next.
sub check_growing {
    my ($self, $res, $newest) = @_;

    return "status $res->{status}" if $res->{status} != 200;

    my $wrong = Wub::Load::check_playlist($res->{body});
    return $wrong if $wrong ne '';

    my @new;
    my $tail = substr $res->{body}, -min(2000, length $res->{body});

    while ($tail =~ /TIME:([\d:.T-]+)Z\n#EXTINF:[\d.]+,.*\n(\/.*)\n/g) {
        push @new, [ $1, $2 ] if $1 gt $self->{last};
    }

    my ($last) = @new ? $new[-1][0] : $self->{last};

    return "ends at $last, but $newest was there before it was asked for"
        if $last lt $newest;
    return "ends before $self->{last}, which was listed"
        if !@new && index($tail, "TIME:$self->{last}") < 0;

    $self->{tell}++ if @new && $self->{last} ne '';
    $self->{want} = [ map { $_->[1] } @new > 2 ? @new[-2, -1] : @new ];
    $self->{last} = $last;
    return '';
}


# editors look at old footage: the answer for a range never changes
sub editor {
    my ($n, %seen) = @_;

    my @lengths = grep { $_ <= $hours } 1, 2, 1, 4, 1, 3, 1, 24, 2, 6;
    my $length = $lengths[$n % @lengths];
    my $from = $first + 2 * int rand 1 + 1800 * ($hours - $length);
    my $query = 'start=' . stamp($from) . '&end='
        . stamp($from + 3600 * $length);
    my $list = "/playlist/big/source.m3u8?$query";
    my $turn = $n;

    my $whole = sub {
        my ($res) = @_;
        return "status $res->{status}" if $res->{status} != 200;

        my $sum = md5_hex($res->{body});
        my $form = $res->{headers}{'content-encoding'} || 'plain';
        my $known = ($seen{$form} ||= $res->{headers}{etag});

        return "another ETag: $res->{headers}{etag}, was $known"
            if $res->{headers}{etag} ne $known;
        return '' if $sum eq ($seen{sum} // '');
        return 'other bytes than before' if $seen{sum};

        my $count = () = $res->{body} =~ /^#EXTINF:2\.0+,/mg;
        my $wrong = Wub::Load::check_playlist($res->{body});

        $seen{sum} = $sum;
        return $wrong if $wrong ne '';
        return $count == $length * PER_HOUR ? ''
            : "$count segments in $length hours";
    };

    my @asks = (
        { target => "/playlist/big.m3u8?$query", check => sub {
            index($_[0]{body}, $list) > 0 ? '' : "no $list in the master" } },
        { target => $list, headers => ['Accept-Encoding: gzip'],
          check => $whole },
        { target => $list, headers => ['Accept-Encoding: gzip'],
          conditional => 'gzip', check => sub {
            $_[0]{status} == 304 ? '' : "status $_[0]{status}, not 304" } },
        { target => $list, check => $whole },
        { target => $list, method => 'HEAD', check => sub {
            $_[0]{status} == 200 && $_[0]{headers}{etag} ? ''
            : "status $_[0]{status} of HEAD" } },
    );

    return { kind => 'editor', next => sub {
        my $ask = $asks[$turn++ % @asks];
        my $etag = $seen{$ask->{conditional} || ''};
        my @headers = @{ $ask->{headers} || [] };

        $ask = $asks[1] if $ask->{conditional} && !$etag;
        push @headers, "If-None-Match: $etag" if $ask->{conditional};

        return { %$ask, headers => \@headers,
                 delay => EDIT * (($length > 4 ? 4 : 1) + rand 3) };
    } };
}


# another node: the hours of each quality, newest first, what is in them,
# and some of that
sub node {
    my $self = { kind => 'node', tell => 0 };
    my @todo;

    my $get = sub {
        my ($target, $check) = @_;
        return { target => $target, headers => ['Accept-Encoding: gzip'],
                 check => sub {
            return "status $_[0]{status}"
                if $_[0]{status} != 200 && $_[0]{status} != 410;
            return $check->(@_);
        } };
    };

    my $list = sub {
        my ($target, $each) = @_;
        return $get->($target, sub {
            my ($names, $wrong) = Wub::Load::check_list($_[0]{body});
            unshift @todo, $each->(@$names) if $wrong eq '';
            return $wrong;
        });
    };

    my $fetch = sub {
        my ($hour, @names) = @_;
        my %dead = map { /^(.*)\.tombstone$/ ? ("$1.ts", 1) : () } @names;
        my @whole = grep { /-full-.*\.ts$/ } @names;

        $self->{tell}++;
        return () if !@whole;

        return map {
            my $name = $whole[rand @whole];
            $get->("/segments/$hour/$name", sub {
                return $_[0]{status} == 410 ? ''
                    : $dead{$name} ? "$name is listed though withdrawn"
                    : Wub::Load::check_segment($name, $_[0]{body});
            });
        } 1 .. 5;
    };

    $self->{next} = sub {
        @todo = ($list->('/files', sub {
            map { my $channel = $_;
                $list->("/files/$channel", sub {
                    map { my $path = "$channel/$_";
                        $list->("/files/$path", sub {
                            map { my $hour = "$path/$_";
                                $list->("/files/$hour?tombstones=true",
                                        sub { $fetch->($hour, @_) })
                            } reverse @_;
                        })
                    } @_;
                })
            } @_;
        })) if !@todo;

        return shift @todo;
    };

    return $self;
}


# cuts of type rough: whole, a part of one, and slowly
sub cutter {
    my ($all, $kind) = @_;

    my $target = '/cut/fat/source.ts?type=rough&start=2024-03-01T00:00:00&'
        . 'end=2024-03-01T00:01:00';
    my $size = length $all;

    return { kind => "$kind cut", next => sub {
        my ($from, $to) = (0, $size - 1);

        ($from, $to) = map { int rand $size } 1, 2 if $kind eq 'part';
        ($from, $to) = ($to, $from) if $from > $to;

        return {
            target  => $target,
            delay   => 0.3,
            close   => $kind eq 'slow' ? 1 : 0,
            rate    => $kind eq 'slow' ? $size / SLOW : undef,
            headers => $kind eq 'part' ? ["Range: bytes=$from-$to"] : [],
            check   => sub {
                my ($res) = @_;
                my $status = $kind eq 'part' ? 206 : 200;
                return "status $res->{status}" if $res->{status} != $status;
                return $res->{body} eq substr($all, $from, $to - $from + 1)
                    ? '' : length($res->{body}) . " bytes of $from-$to that "
                           . 'are not those of the store';
            },
        };
    } };
}


# processes that hold all of these
sub start_all {
    my ($nginx, $seconds, $all) = @_;

    my $until = time + $seconds;
    my $half = int $players / 2;

    return map {
        my ($name, @clients) = @$_;
        Wub::Load->start($name, $nginx->port, $until, @clients);
    } ['players', map { player($_) } 1 .. $half],
      ['more players', map { player($_) } $half + 1 .. $players],
      ['editors', map { editor($_) } 1 .. $editors],
      ['others', node(), map { cutter($all, $_) } qw(whole part slow slow)];
}


# ---- what is seen of nginx

# bytes of memory that are the workers' own
sub memory {
    my ($nginx) = @_;

    return sum0(map {
        my $text = Wub::Nginx::slurp("/proc/$_/status");
        $text =~ /^RssAnon:\s+(\d+) kB/m ? $1 * 1024 : 0;
    } $nginx->workers);
}


# but for those of texts, which stay open for a while for who asks next
sub descriptors {
    my ($nginx) = @_;

    return scalar grep { defined && index($_, "$kept/") != 0 }
        map { readlink } map { glob "/proc/$_/fd/*" } $nginx->workers;
}


# what is left once nobody asks anymore; it goes within moments
sub at_rest {
    my ($measure, $nginx, $want) = @_;

    my $until = time + 5;
    my $have;

    while (($have = $measure->($nginx)) > $want && time < $until) {
        sleep 0.05;
    }

    return $have;
}


# players that saw the channel grow
my $grown;

sub account {
    my ($name, @loads) = @_;

    my %sum = (requests => 0, retries => 0, bytes => 0, broken => [],
               wrong => [], times => {}, told => {});

    for my $load (@loads) {
        my $one = $load->finish;

        if ($one->{died}) {
            push @{ $sum{wrong} }, "$load->{name}: $one->{died}";
            next;
        }

        $sum{$_} += $one->{$_} for qw(requests retries bytes);
        push @{ $sum{$_} }, @{ $one->{$_} } for qw(broken wrong);
        push @{ $sum{times}{$_} }, @{ $one->{times}{$_} }
            for keys %{ $one->{times} };
        push @{ $sum{told}{$_} }, @{ $one->{told}{$_} }
            for keys %{ $one->{told} || {} };
    }

    $grown += grep { $_ } @{ $sum{told}{player} || [] };

    note(sprintf '%s: %d requests, %d repeated, %.0f MB', $name,
         $sum{requests}, $sum{retries}, $sum{bytes} / 1e6);

    for my $kind (sort keys %{ $sum{times} }) {
        my @t = sort { $a <=> $b } @{ $sum{times}{$kind} };

        note(sprintf '  %-10s %6d, p50 %.0f ms, p99 %.0f ms, max %.0f ms',
             $kind, scalar @t, map { 1000 * $_ } $t[@t / 2],
             $t[@t * 0.99], $t[-1]);
    }

    ok(!@{ $sum{wrong} }, "$name: every answer is right")
        or diag(join "\n", map { substr $_, 0, 400 } @{ $sum{wrong} });
    return \%sum;
}


# ---- the parts

sub in_peace {
    my ($name, $nginx, $seconds, $all) = @_;

    my $idle = descriptors($nginx);
    my $lean = memory($nginx) + LEFT;
    my $begun = time;
    my @loads = start_all($nginx, $seconds, $all);
    my @memory;

    while (time < $begun + $seconds) {
        sleep 0.2;
        push @memory, memory($nginx);
    }

    my $sum = account("$name, in peace", @loads);
    my @broken = map { $_->{what} } @{ $sum->{broken} };

    is(join("\n", @broken), '', "$name: no connection broke");
    is($sum->{retries}, 0, "$name: none that was idle was closed");
    cmp_ok($grown, '>=', $players, "$name: all players saw the channel grow")
        if $long;
    cmp_ok($sum->{told}{node}[0], '>=', $long ? $hours : 1,
           "$name: a node listed hours");

    # memory is flat: what requests hold comes and goes, what is below that
    # at all times was there early on; and little of it stays
    my $early = min(@memory[@memory / 5 .. @memory / 2]);
    my $late = min(@memory[@memory * 3 / 4 .. $#memory]);
    my $left = at_rest(\&memory, $nginx, $lean);

    note(sprintf '%s: memory of the workers %.1f MB, at least %.1f MB, later '
         . '%.1f MB, then %.1f MB of %.1f MB', $name,
         map { $_ / 1e6 } max(@memory), $early, $late, $left, $lean);
    cmp_ok($late, '<=', $early * 1.25 + 16e6, "$name: memory is flat")
        if $long;
    cmp_ok($left, '<=', $lean, "$name: memory comes back");
    cmp_ok(at_rest(\&descriptors, $nginx, $idle), '<=', $idle,
           "$name: no descriptor is left open");
    return;
}


sub with_reloads {
    my ($name, $nginx, $seconds, $all) = @_;

    my $until = time + $seconds;
    my @loads = start_all($nginx, $seconds, $all);
    my ($reloads, $failed) = (0, 0);

    sleep 0.3;

    while (time < $until - 0.3 || $reloads + $failed < 2) {
        $nginx->reload ? $reloads++ : $failed++;
        sleep($long ? 1 : 0.3);
    }

    my $sum = account("$name, reloads", @loads);

    cmp_ok($reloads, '>=', 2, "$name: $reloads reloads");
    is($failed, 0, "$name: each brought new workers");
    is(join("\n", map { $_->{what} } @{ $sum->{broken} }), '',
       "$name: no request was lost");
    return;
}


# Only connections of a process that was killed may break.  Whose a
# connection is tells its first answer; one that had none yet may have been
# that process's at the moment of its end.
sub with_kills {
    my ($name, $nginx, $seconds, $all) = @_;

    my $until = time + $seconds;
    my @loads = start_all($nginx, $seconds, $all);
    my (%killed, @broken);

    sleep 0.4;

    while (time < $until - 0.4 || keys %killed < 2) {
        my @workers = $nginx->workers;
        my $pid = $workers[rand @workers];

        $killed{$pid} = time;
        kill 'KILL', $pid;
        sleep($long ? 1.5 : 0.35);
    }

    my $sum = account("$name, kills", @loads);

    for my $one (@{ $sum->{broken} }) {
        next if $one->{what} !~ /no answer/ && $killed{$one->{pid}};
        next if $one->{what} !~ /no answer/ && !$one->{pid}
            && grep { $one->{at} >= $_ && $one->{at} < $_ + 1 }
                    values %killed;
        push @broken, "process $one->{pid}: $one->{what}";
    }

    cmp_ok(scalar keys %killed, '>=', 2, "$name: " . keys(%killed)
           . ' processes killed');
    note("$name: " . @{ $sum->{broken} } . ' requests broken by that');
    is(join("\n", @broken), '', "$name: only their connections broke");
    is(scalar $nginx->workers, $nginx->{workers}, "$name: all are replaced");
    return keys %killed;
}


# what a stranger gets afterwards, from each process
sub afterwards {
    my ($name, $nginx) = @_;

    my $hour = substr stamp($first), 0, 13;
    my $query = "start=$hour:00:00&end=$hour:59:59";
    my $short = "start=$hour:00:00&end=$hour:05:00";
    my %want;

    for my $target ('/files', '/files/big/source', "/files/big/source/$hour",
        "/files/big/source/$hour?tombstones=true", '/playlist/big.m3u8',
        "/playlist/big/source.m3u8?$query",
        "/cut/big/source.ts?type=rough&$short")
    {
        my @bad = grep { !$_ || $_->{status} != 200 || !$_->{complete}
                         || $_->{body} ne ($want{$target} //= $_->{body}) }
            map { http_request($nginx->port, 'GET', $target) } 1 .. 6;

        is(scalar @bad, 0, "$name: $target afterwards");
    }

    return;
}


# ---- now

my $config = <<"END";
        wubloader_root $root;
        access_log off;
        keepalive_requests 100000;
        add_header X-Pid \$pid always;
        sendfile on;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /segments { aio threads; wubloader segments; }
        location /cut { aio threads; wubloader cut; }
END

sub server {
    my ($http) = @_;

    return Wub::Nginx->new(workers => 2, connections => 2048,
        log_level => 'notice', http_config => $http, config => $config);
}


make_large();

my $all = make_fat();
my $writer = start_writer();

for my $name (@variants) {
    my ($http, @seconds) = @{ $variants{$name} };
    my $nginx = server($http);

    is($nginx->start, '', "$name: nginx starts")
        or do { diag($nginx->log_text); next };

    # all have started, and have what they keep open
    my $ready = time + 5;
    sleep 0.1 until time > $ready || $nginx->workers == $nginx->{workers};
    http_request($nginx->port, 'GET', '/files') for 1 .. 20;

    $grown = 0;
    in_peace($name, $nginx, $seconds[0], $all);
    with_reloads($name, $nginx, $seconds[1], $all);

    my @killed = with_kills($name, $nginx, $seconds[2], $all);

    # a machine that is busy leaves a crowd no time for a second look
    for (my $i = 0; $i < 4 && !$grown; $i++) {
        account("$name, alone", Wub::Load->start('player', $nginx->port,
                                                 time + 3, player(0)));
    }

    cmp_ok($grown, '>', 0, "$name: players saw the channel grow");
    afterwards($name, $nginx);
    is($nginx->stop, '', "$name: nginx ends by itself");

    my $pids = join '|', @killed;
    my @expected = (qr/worker process (?:$pids) exited on signal 9/,
                    qr/shared memory zone ".*" was locked by (?:$pids)/);

    is(join("\n", $nginx->unexpected(@expected)), '',
       "$name: nothing in the log but the kills");

    my @errors = grep { /\[error\]/ } split /\n/, $nginx->log_text;
    is(scalar @errors, 0, "$name: nor an error")
        or diag(join "\n", @errors[0 .. min(9, $#errors)]);
}

kill 'TERM', $writer;
waitpid $writer, 0;

done_testing();
