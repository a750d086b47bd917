# Another node's backfiller, as upstream's works (CONTRACT.md 8): it lists
# hours newest first and segments with tombstones=true, and fetches by name.
# Two stores fill each other through two servers until both have the same.

use strict;
use warnings;

use File::Path qw(make_path);
use JSON::PP qw(decode_json);
use POSIX qw(strftime);
use Test::More;

use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

use constant CUTOFF => 120;     # seconds; younger segments are left alone

my ($h1, $h2, $h3) = ('2024-02-29T23', '2024-03-01T00', '2024-03-01T01');
my $now = strftime('%Y-%m-%dT%H:%M:%S', gmtime);


# ---- the client

sub get {
    my ($port, $target) = @_;

    return http_request($port, 'GET', $target)
        || { status => 0, body => '', complete => 0 };
}


sub list {
    my ($port, $target) = @_;

    my $res = get($port, $target);
    my $names = eval { decode_json($res->{body}) };

    is($res->{status}, 200, "$target is listed");
    return ref $names eq 'ARRAY' ? @$names : ();
}


# what Python's urllib.parse.quote leaves of a name
sub quote {
    my ($path) = @_;

    $path =~ s/([^A-Za-z0-9_.~\/-])/sprintf '%%%02X', ord $1/ge;
    return $path;
}


sub spew {
    my ($path, $bytes) = @_;

    open my $out, '>:raw', $path or die "$path: $!\n";
    print $out $bytes;
    close $out or die "$path: $!\n";
    return;
}


# one file, under a temporary name until it is whole: what became of it
sub fetch {
    my ($port, $root, $path) = @_;

    my ($folder, $name) = $path =~ m{^(.*)/([^/]+)$};
    my $res = get($port, '/segments/' . quote($path));

    return "status $res->{status}" if $res->{status} != 200;
    return 'not whole' if !$res->{complete};

    my $hash = Wub::Store::hash($res->{body});

    return 'another hash' if $name !~ /-\Q$hash\E\.(?:ts|json)$/;

    my $uuid = '00000000-0000-4000-8000-000000000000';
    my $temp = $name =~ /\.json$/ ? "$name.$uuid.temp"
        : join '-', (split /-/, $name)[0, 1], 'temp', "$uuid.ts";

    make_path("$root/$folder");
    spew("$root/$folder/$temp", $res->{body});
    rename "$root/$folder/$temp", "$root/$path" or die "$path: $!\n";
    return 'fetched';
}


sub is_young {
    my ($hour, $name) = @_;

    my ($start) = $name =~ /^([\d:]+)/;
    my $limit = strftime('%Y-%m-%dT%H:%M:%S', gmtime time - CUTOFF);

    return "$hour:$start" gt $limit;
}


# one pass over a channel of a remote node: path => what became of it
sub backfill {
    my ($port, $root, $channel) = @_;

    my %done;

    for my $quality (list($port, "/files/$channel")) {
        my @hours = reverse sort(list($port, "/files/$channel/$quality"));

        for my $hour (@hours) {
            my $folder = "$channel/$quality/$hour";
            my @names = list($port, "/files/$folder?tombstones=true");
            my @missing = grep { !-e "$root/$folder/$_" } @names;

            for my $name (sort { rand() <=> 0.5 } @missing) {
                my $path = "$folder/$name";

                if ($name =~ /\.tombstone$/) {
                    make_path("$root/$folder");
                    spew("$root/$path", '');
                    $done{$path} = 'withdrawn';
                    next;
                }

                $done{$path} = $name =~ /-temp-/ ? 'temp'
                    : is_young($hour, $name) ? 'young'
                    : fetch($port, $root, $path);
            }
        }
    }

    return %done;
}


# ---- two nodes

my ($one, $two) = map { Wub::Store->new } 1, 2;
my @both;

# both have some of an hour, each what the other lacks
for my $i (0 .. 19) {
    my $time = Wub::Store::add_us("$h1:59:40", $i * 2_000_000);
    my @opt = ('chan', 'source', $time, 2, 'full', bytes => "segment $i");

    $one->segment(@opt) if $i % 3 != 0;
    $two->segment(@opt) if $i % 2 == 0;
    push @both, "segment $i" if $i % 3 != 0 || $i % 2 == 0;
}

# 1: an hour, withdrawn and odd ones; 2: withdraws what 1 still has
my @here = $one->run('chan', 'source', "$h3:00:00", '1.998', 5);
my $partial = $one->segment('chan', 'source', "$h3:01:00", '1.5', 'partial');
my $suspect = $one->segment('chan', '480p', "$h3:00:00", 2, 'suspect');
my $temp = $one->segment('chan', 'source', "$h3:02:00", 2, 'temp');
my $young = $one->segment('chan', 'source', $now, 2);
my $bad = $one->segment('chan', 'source', "$h3:03:00", 2, 'full',
                        hash => Wub::Store::hash('other bytes'));
my $gone = $one->segment('chan', 'source', "$h3:04:00", 2);
my $chat = $one->chat('chan', $h3, '00:00', qq({"a":"\xc3\xa4"}\n));

$one->tombstone('chan', 'source', $h3, $gone);
$two->tombstone('chan', 'source', $h3, $here[2]);
$two->tombstone('chan', 'source', '2024-03-01T05', '00:00.000000-2.0-full-x');

my ($root1, $root2) = ($one->write, $two->write);

my @nginx = map {
    my $root = $_;
    Wub::Nginx->new(http_config => "wubloader_cache zone=hours:1m;",
                    config => <<"END");
        wubloader_root $root;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /segments { wubloader segments; }
        location /cut { wubloader cut; }
END
} $root1, $root2;

is($_->start, '', 'nginx starts') for @nginx;

my ($port1, $port2) = map { $_->port } @nginx;
my $query = "start=$h1:59:40&end=$h3:04:10";

is(get($port1, "/segments/" . quote("chan/source/$h3/$here[2]"))->{status},
   200, 'what only the other node withdrew is there');

my %got2 = backfill($port1, $root2, 'chan');
my %got1 = backfill($port2, $root1, 'chan');

my ($hour_now) = $now =~ /^(.{13})/;

is($got2{"chan/source/$h3/$here[0]"}, 'fetched', 'a whole segment');
is($got2{"chan/source/$h3/$partial"}, 'fetched', 'a partial one');
is($got2{"chan/480p/$h3/$suspect"}, 'fetched', 'one of another quality');
is($got2{"chan/chat/$h3/$chat"}, 'fetched', 'a batch of chat');
ok(!exists $got2{"chan/source/$h3/$temp"}, 'a temporary one is not listed');
is($got2{"chan/source/$hour_now/$young"}, 'young', 'a young one is left');
is($got2{"chan/source/$h3/$bad"}, 'another hash', 'a wrong one is refused');
ok(!exists $got2{"chan/source/$h3/$gone"}, 'one that was withdrawn is not '
   . 'listed');
is($got2{"chan/source/$h3/" . $gone =~ s/ts$/tombstone/r}, 'withdrawn',
   'but its tombstone is');
is($got1{"chan/source/$h3/" . $here[2] =~ s/ts$/tombstone/r}, 'withdrawn',
   'a tombstone goes the other way');
is($got1{'chan/source/2024-03-01T05/00:00.000000-2.0-full-x.tombstone'},
   'withdrawn', 'also where there is nothing else');

is(get($port1, "/segments/" . quote("chan/source/$h3/$here[2]"))->{status},
   410, 'it hides the segment at once');
unlike(get($port1, "/playlist/chan/source.m3u8?$query")->{body},
       qr/\Q$h3\E.*\Q@{[ quote($here[2]) ]}\E/, 'also in playlists');

# a second pass finds nothing more to do; what was left is left
my %again = (backfill($port1, $root2, 'chan'),
             backfill($port2, $root1, 'chan'));

is_deeply([ sort values %again ], [ 'another hash', 'young' ],
          'a second pass has nothing to do');

# what cannot spread is of one node only: the rest is the same
unlink "$root1/chan/source/$h3/$_" for $temp, $bad;
unlink "$root1/chan/source/$hour_now/$young";

for my $quality (qw(source 480p chat)) {
    for my $hour ($h1, $h2, $h3, '2024-03-01T05') {
        my $target = "/files/chan/$quality/$hour?tombstones=true";

        is(get($port2, $target)->{body}, get($port1, $target)->{body},
           "$target is the same");
    }
}

for my $target ("/playlist/chan/source.m3u8?$query",
    "/cut/chan/source.ts?type=rough&allow_holes=true&$query")
{
    my @res = map { get($_, $target) } $port1, $port2;

    is("@{[ map { $_->{status} } @res ]}", '200 200', "$target is there");
    is($res[1]{body}, $res[0]{body}, 'and the same');
}

my $range = "start=$h1:59:40&end=$h2:00:20";

is(get($port2, "/cut/chan/source.ts?type=rough&allow_holes=true&$range")
       ->{body}, join('', @both), 'with all that either had');

for my $nginx (@nginx) {
    is($nginx->stop, '', 'nginx ends by itself');
    is(join("\n", $nginx->unexpected), '', 'error.log is clean');
}

done_testing();
