# Master playlists with a cache: what was measured of a quality is kept for
# as long as its hours stay as they are, and no answer is another one than
# without.

use strict;
use warnings;

use File::Path qw(make_path);
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep);

use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

my ($film, $fields, $mixed)
    = map { Wub::Nginx::slurp("t/fuzz/corpus/probe/$_") }
      qw(h264-aac fields metadata-two-sounds);

my $root = Wub::Nginx::temp_dir('store');
my $kept = Wub::Nginx::temp_dir('kept');

my $config = <<"END";
        wubloader_root $root;
        add_header X-Hours \$wubloader_hours;
        add_header X-Cache \$wubloader_cache_status;
        location /playlist { wubloader playlist; }
        location /wide/playlist {
            wubloader playlist;
            wubloader_tolerance 1200ms;
        }
        location /metrics { wubloader metrics; }
END

my %http = (
    plain  => '',
    cached => "wubloader_cache zone=hours:1m path=$kept;",
    memory => 'wubloader_cache zone=hours:1m;',
    tiny   => 'wubloader_cache zone=hours:32k;',
);

my %nginx;

for my $name (sort keys %http) {
    $nginx{$name} = Wub::Nginx->new(config => $config, workers => 2,
                                    http_config => $http{$name});
    is($nginx{$name}->start, '', "nginx starts: $name");
}


# ---- the store

my $begun = time;

# text of an hour so many before the one of now
sub hour {
    return strftime '%Y-%m-%dT%H', gmtime($begun - 3600 * $_[0]);
}


# an hour that ends while a test runs may change any answer
sub this_hour {
    return int time / 3600;
}


my $made = 0;

# the nth segment of an hour; its path
sub make {
    my ($quality, $hour, $n, $bytes, $type, $duration) = @_;

    my $folder = "$root/live/$quality/$hour";
    my $name = sprintf '%02d:%02d.0-%s-%s-%s.ts', $n / 30, $n % 30 * 2,
                       $duration || 2, $type || 'full',
                       Wub::Store::hash($bytes . $made++);

    make_path($folder);
    open my $out, '>:raw', "$folder/.temp" or die "$folder: $!\n";
    print $out $bytes;
    close $out or die "$folder: $!\n";
    rename "$folder/.temp", "$folder/$name" or die "$name: $!\n";

    return "$folder/$name";
}


sub random_bytes {
    my $kind = rand;

    return $kind < 0.1 ? '' : $kind < 0.4 ? 'x' x rand 5000
           : ($film, $fields, $mixed)[rand 3]
             . ("\x47\x1f\xff\x10" . "\xff" x 184) x rand 100;
}


my $next = 0;
my (@paths, $hours);

# one change that a store sees; what it was
sub change {
    my $quality = qw(source source 480p)[rand 3];
    my $kind = rand;

    if ($kind < 0.35) {
        push @paths, make($quality, hour(0), $next++, random_bytes());
        return "a new segment of $quality";

    } elsif ($kind < 0.7) {
        push @paths, make($quality, hour((1, 1, $hours)[rand 3]), rand 60,
                          random_bytes(), qw(full full partial)[rand 3]);
        return "an old segment of $quality";

    } elsif ($kind < 0.8) {
        my ($path) = splice @paths, rand @paths, 1;
        unlink $path or die "$path: $!\n";
        return "$path is deleted";

    } elsif ($kind < 0.9) {
        (my $path = $paths[rand @paths]) =~ s/\.ts$/.tombstone/;
        open my $out, '>', $path or die "$path: $!\n";
        return "$path";
    }

    $hours++;
    return 'one more hour';
}


# ---- what is asked

my @answers = qw(/playlist/live.m3u8 /wide/playlist/live.m3u8);

sub get {
    my ($name, $target) = @_;

    return http_request($nginx{$name}->port, 'GET', $target)
        || { status => 0, body => 'no answer', headers => {} };
}


# status, hours looked at, body
sub answer {
    my ($name, $target) = @_;

    my $res = get($name, $target);

    return join "\n", $res->{status}, @{ $res->{headers}{'x-hours'} || [] },
                $res->{body};
}


# what is wrong of a server, asked twice, or ''
sub differs {
    my ($name) = @_;

    for my $target (@answers, map { "$_?start=" . hour(0) . ':00:00' }
                              @answers)
    {
        for my $time (1, 2) {
            my $hour = this_hour();
            my $want = answer('plain', $target);
            my $have = answer($name, $target);

            return "time $time of $target: $have\nnot: $want"
                if $have ne $want && $hour == this_hour();
        }
    }

    return '';
}


sub metric {
    my ($name, $metric) = @_;

    return get($name, '/metrics')->{body} =~ /^wubloader_cache_$metric (\d+)/m
           ? $1 : undef;
}


# ---- every change is seen

$hours = 1;

# one that ended, and one that no segment tells anything of
make('past', hour(2), 1, $film);
make('garbage', hour($_), 1, 'x') for 0 .. 1;

# what touches within one second is a peak
make('gap', hour(1), 0, 'x' x 4000, 'full', 4);
make('gap', hour(1), 2, 'x' x 3000, 'full', 1);
make('gap', hour(1), 3, 'x' x 1000, 'full', 1);

push @paths, make($_, hour(1), $next, random_bytes()),
             make($_, hour(0), $next++, random_bytes()) for qw(source 480p);

my $seed = $ENV{WUB_SEED} || time;
note("WUB_SEED=$seed");
srand $seed;

my @wrong;
my %seen;

for my $round (1 .. 100) {
    my $what = change();

    # younger directories are read anew each time
    sleep 0.025 if $round % 3;

    $seen{answer('plain', $answers[0])} = 1;

    for my $name (qw(cached memory tiny)) {
        my $wrong = differs($name);
        push @wrong, "$name, round $round, $what: $wrong" if $wrong ne '';
    }

    last if @wrong > 2;
}

is(join("\n", @wrong), '', 'masters are the same with a cache');
cmp_ok(scalar keys %seen, '>', 25, 'and they did change');


# ---- nothing is measured twice

# three whole hours and what runs, in a channel that rests
my (undef, $whole) = map { make('source', hour($_), 7, $film) } 0 .. 3;
sleep 0.05;

for my $name (qw(cached memory)) {
    my $hour = this_hour();

    get($name, $answers[0]);

    my $misses = metric($name, 'misses_total');
    my $hits = metric($name, 'hits_total');
    my $res = get($name, $answers[0]);

    SKIP: {
        skip('the hour has just ended', 3) if $hour != this_hour();

        is($res->{headers}{'x-cache'}[0], 'HIT', "$name: from the cache");
        is(metric($name, 'misses_total') - $misses, 1,
           "$name: nothing else is missed");

        # rates and formats of four qualities; of the one that has no three
        # segments to try in its newest hour its rates and two hours
        is(metric($name, 'hits_total') - $hits, 11,
           "$name: no index of the others is looked at");
    }
}

# sizes are not looked at again: a segment's bytes never change under its
# name, and if they do only a server without a cache sees it
{
    my %before = map { $_ => answer($_, $answers[0]) } keys %nginx;

    open my $out, '>>:raw', $whole or die "$whole: $!\n";
    print $out 'x' x 3e6;
    close $out;

    isnt(answer('plain', $answers[0]), $before{plain},
         'a segment that grew, without a cache');
    is(answer($_, $answers[0]), $before{$_}, "the same, $_")
        for qw(cached memory);
}

for my $name (sort keys %nginx) {
    is($nginx{$name}->stop, '', "$name: nginx ends by itself");
    is(join("\n", $nginx{$name}->unexpected), '', "$name: nothing in the log");
}

done_testing();
