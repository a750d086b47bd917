# Every parameter of every route: missing, empty, repeated, malformed, out of
# range, encoded, long.  The answer is what the table says, never 500, never
# late; an error is one plain sentence, with CORS; and the server lives on.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Wub::Http qw(http_request);
use Wub::Nginx;
use Wub::Store;

my ($h1, $h2) = ('2024-02-29T23', '2024-03-01T00');
my $store = Wub::Store->new;

my @names = $store->run('chan', 'source', "$h1:59:54", 2, 6);
my $file = "chan/source/$h1/$names[0]";

my $root = $store->write;

my $nginx = Wub::Nginx->new(config => <<"END");
        wubloader_root $root;
        location /files { wubloader files; }
        location /playlist { wubloader playlist; }
        location /segments { wubloader segments; }
        location /cut { wubloader cut; }
        location /frame { wubloader frame; wubloader_render \@rendered; }
        location /waveform {
            wubloader waveform;
            wubloader_render \@rendered;
        }
        location /thumbnail {
            wubloader thumbnail;
            wubloader_render \@rendered;
            wubloader_templates $root;
        }
        location \@rendered { return 200 "rendered\n"; }
END

is($nginx->start, '', 'nginx starts');


# values of a time: all are 400
my @bad_times = (
    '', ' ', '0', 'now', '2024', '2024-02-30T00:00', '2024-02-29',
    '2024-02-29T24:00', '2024-02-29T23:60', '2024-02-29T23:59:60',
    '2024-02-29T23:59:54.', '2024-02-29T23:59:54+25:00', '0000-12-31T23:59:59',
    '10000-01-01T00:00', '-2024-02-29T23:59', '2024-02-29T23:59:54Z ',
    '2024-2-29T23:59', '%32', '%00', '%', '%zz', '%C3%A9', "\xff", 'inf',
    'nan', '1e5', '0x10', '2024-02-29T23:59:54%00', "'; DROP TABLE", '%250',
    '9' x 4000, '2024-02-29T23:59:54.' . '1' x 4000 . 'x', '../../etc',
    '2024-02-29T23:59:54,2024-02-29T23:59:56', '%0d%0aX-Evil:%20yes',
    '2024-02-29T23%3', '[]', '{}', '$start', '2024-02-29T23:59:54++01:00',
);

# and of a word
my @bad_words = ('', '1', 'tru', 'truetrue', 'true%20', '%00', '%', 'null',
                 't' x 5000, '%ff', 'true,false', "\xc3\xa9");

# what stands in a path: value, status for (files, playlist, segments, cut)
my @parts = (
    ['none', 200, 404, 404, 404], ['...', 403, 403, 403, 403],
    ['.hidden', 403, 403, 403, 403], ['%2Ehidden', 403, 403, 403, 403],
    ['%5c', 200, 404, 404, 404],
    ['..%5c..%5cetc', 403, 403, 403, 403],
    ['%252e%252e', 200, 404, 404, 404], ['%00', 400, 400, 400, 400],
    ['a%00b', 400, 400, 400, 400], ['%0a', 200, 404, 404, 404],
    ['%7f', 200, 404, 404, 404], ['%ff%fe', 200, 404, 404, 404],
    ['%c0%ae%c0%ae', 200, 404, 404, 404], ["\xff", 200, 404, 404, 404],
    ['x' x 255, 200, 404, 404, 404], ['x' x 256, 404, 404, 404, 404],
    ['x' x 5000, 404, 404, 404, 404], ['%s%n', 400, 400, 400, 400],
    ['%25s%25n', 200, 404, 404, 404], ['*', 200, 404, 404, 404],
    ["'", 200, 404, 404, 404], ['$root', 200, 404, 404, 404],
    ['a b', 400, 400, 400, 400], ['~', 200, 404, 404, 404],
    ['a:b', 200, 404, 404, 404], ['con', 200, 404, 404, 404],
);

my $media = '/playlist/chan/source.m3u8';
my $master = '/playlist/chan.m3u8';
my $cut = '/cut/chan/source.ts';
my $frame = '/frame/chan/source.png';
my $wave = '/waveform/chan/source.png';
my $thumb = '/thumbnail/chan/source.png';
my $at = "timestamp=$h1:59:54";
my $start = "start=$h1:59:54";
my $end = "end=$h2:00:06";

# [ path with query, status, body if it matters ]
my @cases = (
    ["$media?$start&$end", 200], ["$master?$start&$end", 200],
    ["$cut?type=rough&$start&$end", 200], ["/files/chan/source/$h1", 200],

    # each parameter, malformed; the others well
    (map { ["$media?start=$_&$end", 400] } @bad_times),
    (map { ["$media?end=$_&$start", 400] } @bad_times),
    (map { ["$master?start=$_&$end", 400] } @bad_times),
    (map { ["$master?end=$_", 400] } @bad_times),
    (map { ["$cut?type=rough&start=$_&$end", 400] } @bad_times),
    (map { ["$cut?type=rough&$start&end=$_", 400] } @bad_times),
    (map { ["$cut?range=$_,$h2:00:06", 400] } @bad_times),
    (map { ["$cut?range=$h1:59:54,$_", 400] } @bad_times),
    (map { ["$cut?$start&$end&allow_holes=$_", 400] } @bad_words),
    (map { ["/files/chan/source/$h1?tombstones=$_", 400] } @bad_words),
    (map { ["$cut?type=$_&$start&$end", 400] } @bad_words, 'ROUGH', 'rough '),
    (map { ["$cut?type=rough&range=$h1:59:54,$h1:59:58&"
            . "range=$h2:00:00,$h2:00:04&transition=$_", 400] }
     (grep { $_ ne '' } @bad_words), 'fade,', ',', 'fade,1,', 'fade,-0',
     'fade,1e9', 'fade,inf', 'fade,nan', 'fade,0.0000001', 'fade,' . '9' x 99,
     'f' x 4000 . ',1', 'fade,%31%00', 'sparkle,1', 'fade,2.1,', 'fade,5',
     "fade,1'", '(fade,1)'),

    ["$frame?$at", 200], ["$wave?$start&$end", 200],
    (map { ["$frame?timestamp=$_", 400],
           ["$thumb?timestamp=$_&template=x", 400],
           ["$wave?start=$_&$end", 400], ["$wave?$start&end=$_", 400] }
     @bad_times),
    (map { ["$frame?$at&format=$_", 400], ["$wave?$start&$end&format=$_", 400],
           ["$wave?$start&$end&size=$_", 400],
           ["$thumb?$at&template=x&crop=$_", 400],
           ["$thumb?$at&template=x&location=$_", 400],
           ["$cut?$start&$end&plan=$_", 400] }
     grep { $_ ne '1' } @bad_words),
    (map { ["$wave?$start&$end&size=$_", 400] } '1', 'x', '1x', 'x1', '1x1x1',
     '0x0', '-1x1', '1.5x1', '4097x1', '1x4097', '9' x 99 . 'x1', '1e3x1',
     '1%2c1', '1 x1', '0x10x1'),
    (map { ["$thumb?$at&template=x&crop=$_", 400] } '1', '1,2,3', '1,2,3,4,5',
     '1,2,1,4', '1,2,3,2', '-1,0,1,1', '0,0,16385,1', '0,0,1,' . '9' x 99,
     '0,0,1.5,1', '0, 0,1,1', '0,0,1,1,', ',,,', '0x0,0,1,1', '[0,0,1,1]'),
    (map { ["$thumb?$at&template=$_", 404] } 'none', '..', '../x', '%2e', '/',
     '%2fetc%2fpasswd', '%ff', '%0a', 'x' x 255, 'x' x 4000, '*', "'", '$root',
     '%25s%25n'),
    ["$thumb?$at&template=%00", 400], ["$thumb?$at&template=", 400],
    ["$frame?$at&format=png&format=x&$at", 200],
    ["$frame?$at&x=y&=&&t=%ff", 200],

    # repeated: the first counts
    ["$media?$start&start=x&$end&end=", 200],
    ["$media?start=x&$start&$end", 400],
    ["$master?start=&$start", 400],
    ["$cut?type=rough&type=x&$start&$end", 200],
    ["$cut?type=x&type=rough&$start&$end", 400],
    ["$cut?type=rough&$start&$end&allow_holes=true&allow_holes=x", 200],
    ["/files/chan/source/$h1?tombstones=true&tombstones=x", 200],

    # no name, no value, names that nobody reads, the case of names
    ["$media?&=&==&$start&x&$end&", 200], ["$media?Start=x&$start&$end", 200],
    ["$media?start", 400], ["$media?start=", 400], ["$media?$start&end", 400],
    ["$cut?range", 400], ["$cut?range=", 400],
    ["$media?%73tart=x", 400], ["$media?st%61rt=$h1:59:54&$end", 200],

    # '%' that is broken anywhere, also where nobody reads
    (map { ["$_?x=%", 400], ["$_?%=1", 400], ["$_?x=%4", 400],
           ["$_?x=%00", 400] } $media, $master, $cut, '/files',
     "/segments/$file"),

    # long, within nginx's buffers, and beyond
    ["$media?$start&$end&x=" . 'y' x 6000, 200],
    ["$media?$start&$end" . '&x' x 2090, 200],
    ["$media?" . 'x&' x 2101, 400],
    ["/files?" . 'x' x 7000, 200], ["/files?" . 'x' x 9000, 414],
    ["/files/" . 'x/' x 2000, 404],

    # paths
    (map { ["/files/$_->[0]", $_->[1]] } @parts),
    (map { ["/files/chan/source/$_->[0]", $_->[1]] } @parts),
    (map { ["/playlist/$_->[0].m3u8", $_->[2]] } @parts),
    (map { ["/playlist/$_->[0]/source.m3u8", $_->[2]] } @parts),
    (map { ["/segments/$_->[0]", $_->[3]] } @parts),
    (map { ["/segments/chan/source/$h1/$_->[0]", $_->[3]] } @parts),
    (map { ["/cut/$_->[0]/source.ts", $_->[4]] } @parts),
    (map { ["/frame/$_->[0]/source.png?$at", $_->[4]],
           ["/waveform/chan/$_->[0].png?$start&$end", $_->[4]],
           ["/thumbnail/$_->[0]/source.png?$at&template=x", $_->[4]] }
     @parts),
);

my ($bad, $slow) = (0, 0);

for my $case (@cases) {
    my ($target, $status) = @$case;

    # what nginx itself would not take in a request line
    my $sent = $target =~ s/ /%20/gr;
    $sent = $target if $status == 400 && $target =~ m{^/[^?]* };

    my $began = time;
    my $res = http_request($nginx->port, 'GET', $sent);
    my $shown = length $target > 100 ? substr($target, 0, 97) . '...'
                                     : $target;

    $shown =~ s/[^ -~]/?/g;
    $slow++ if time - $began > 2;

    if (!$res || $res->{status} != $status || !$res->{complete}) {
        fail("$shown: " . ($res ? $res->{status} : 'no answer')
             . " instead of $status");
        diag($res->{body}) if $res;
        next;
    }

    next if $status < 400;

    my ($type) = @{ $res->{headers}{'content-type'} || [''] };
    my ($cors) = @{ $res->{headers}{'access-control-allow-origin'} || [''] };

    next if $type eq 'text/plain' && $cors eq '*'
        && $res->{body} =~ /\A[^\n<]{10,400}\n\z/
        && $res->{body} !~ /[^ -~\n]/
        && !$res->{headers}{'x-evil'};

    $bad++;
    diag("$shown: $res->{raw_headers}\n$res->{body}");
}

cmp_ok(scalar @cases, '>', 500, 'hundreds of requests');
is($bad, 0, 'every error is one plain sentence with CORS');
is($slow, 0, 'none takes long');

# names of parameters are in the sentences
for my $case (["$media?start=x", 'start'], ["$media?end=x", 'end'],
              ["$cut?range=x", 'range'], ["$cut?end=", 'end'],
              ["$cut?range=$h1:59:54,$h1:59:58&range=$h2:00:00,$h2:00:04"
               . '&transition=x', 'transition'],
              ["$cut?allow_holes=x", 'allow_holes'],
              ["$frame?format=x&$at", 'format'], ["$frame?x", 'timestamp'],
              ["$wave?$start", 'end'], ["$thumb?$at", 'template'],
              ["$thumb?$at&template=x&crop=x", 'crop'],
              ["$thumb?$at&template=x&location=x", 'location'],
              ["/files/c/q/h?tombstones=x", 'tombstones'])
{
    my $res = http_request($nginx->port, 'GET', $case->[0]);

    like($res->{body}, qr/^$case->[1] /, "$case->[1] is named");
}

my $log = $nginx->log_text;

unlike($log, qr/\[(?:error|crit|alert|emerg)\]/, 'nothing of it is an error')
    or diag(join "\n", (grep { /\[(?:error|crit|alert|emerg)\]/ }
                        split /\n/, $log)[0 .. 5]);

# what nginx resolves: dots and slashes, plain or encoded, stay in the store
my $passwd = '..' . '/..' x 12 . '/etc/passwd';
my $encoded = $passwd =~ s{/}{%2f}gr;

for my $path ($passwd, $encoded, $encoded =~ s/\./%2e/gr, "chan/$passwd",
              "chan%2f$encoded", "chan/source/$h1/$encoded",
              '..%2f../etc/passwd', '....//....//etc/passwd', '/etc/passwd',
              '%2fetc%2fpasswd', 'chan/./../../etc/passwd')
{
    for my $route (qw(files segments playlist cut frame waveform thumbnail)) {
        my $res = http_request($nginx->port, 'GET', "/$route/$path");

        ok($res && $res->{body} !~ /root:/
           && ($res->{status} =~ /^40[034]$/ || $res->{body} eq '[]'),
           "/$route/" . substr($path, 0, 60) . ' stays inside')
            or diag($res ? "$res->{status} $res->{body}" : 'no answer');
    }
}

is(http_request($nginx->port, 'GET', '/files')->{body}, '["chan"]',
   'the server lives on');
is($nginx->stop, '', 'nginx ends by itself');
is_deeply([ $nginx->unexpected ], [], 'its log is clean');

done_testing();
