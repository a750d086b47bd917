# Thumbnails: a template that is posted, or one of the database or of a
# directory, goes to the renderer with the boxes it is placed by; and clients
# that leave, transfers that break, HTTP/2.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use POSIX ();
use Socket ();
use Test::More;
use Time::HiRes qw(sleep time);

use Wub::Api;
use Wub::Http qw(http_connect http_exchange http_parse http_request);
use Wub::Nginx;
use Wub::Store;
use Wub::Upstream;

use constant MB => 1024 * 1024;

my $hour = '2024-02-29T23';
my $head = "\x89PNG\r\n\x1a\n";
my $store = Wub::Store->new;
my $up = Wub::Upstream->new(tell => [qw(content-length transfer-encoding)]);
my $api = Wub::Api->new;
my $gone = Wub::Api->new(database => 'gone');
my $dir = Wub::Nginx::temp_dir('templates');
my $h2 = Wub::Nginx::free_port();
my %image = (small => "${head}s", both => "${head}database",
             large => $head . join('', map { chr rand 256 } 1 .. 300_000));

$store->run($_, 'source', "$hour:00:00", 2, 3) for qw(chan broken slow);

sub file {
    my ($path, $bytes) = @_;

    open my $out, '>:raw', $path or die "$path: $!\n";
    print $out $bytes;
    close $out or die "$path: $!\n";
}

for my $name ('zeta', 'both', "\xc3\xa9 &", 'huge', 'wide') {
    my $crop = $name eq 'wide' ? '0, 0, 1280, 16385' : '1, 2, 3, 4';

    $image{$name} //= $head . $name;
    file("$dir/$name.png", $name eq 'both' ? 'no PNG' : $image{$name});
    file("$dir/$name.json",
         "{\"crop\": [$crop], \"location\": [5, 6, 7, 8]}");
}

$image{huge} .= 'x' x (19 * MB);
file("$dir/huge.png", $image{huge});

$api->sql(sprintf <<'END', map { unpack 'H*', $image{$_} } qw(both large));
INSERT INTO templates VALUES
    ('both', '\x%s', '', '', '{9,8,19,18}', '{10,11,12,13}'),
    ('large', '\x%s', '', '', '{0,0,1280,720}', '{1,2,1279,719}'),
    ('odd', '\x89504e470d0a1a0a', '', '', '{-1,0,1,1}', '{4,3,2,1}'),
    ('a/b c', '\x89504e470d0a1a0a', '', '', '{0,0,1,1}', '{0,0,2,2}'),
    ('empty', '\x', '', '', '{0,0,1,1}', '{0,0,2,2}');
END

my $root = $store->write;
my $path = $up->path;
my $database = $api->directive('connections=2');

my $nginx = Wub::Nginx->new(config => <<"END");
    listen 127.0.0.1:$h2 http2;
    wubloader_root $root;
    wubloader_render \@render;
    lingering_timeout 1s;

    location /thumbnail {
        wubloader thumbnail;
        $database
        wubloader_templates $dir;
    }
    location /small {
        wubloader thumbnail;
        client_body_buffer_size 1k;
    }
    location /file {
        wubloader thumbnail;
        client_body_in_file_only clean;
    }
    location /limit { wubloader thumbnail; client_max_body_size 1m; }
    location /unlimited { wubloader thumbnail; client_max_body_size 0; }
    location /database { wubloader thumbnail; $database }
    location /dir { wubloader thumbnail; wubloader_templates $dir; }
    location /nodir { wubloader thumbnail; wubloader_templates $dir/none; }
    location /none { wubloader thumbnail; }
    location /gone { wubloader thumbnail; @{[ $gone->directive ]} }
    location /frame { wubloader frame; }
    location /cut { wubloader cut; }
    location /metrics { wubloader metrics; }
    location \@render {
        proxy_pass http://unix:$path;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffering off;
    }
END

is($nginx->start, '', 'nginx starts') or diag($nginx->log_text);

my $none = Wub::Nginx->new(config => <<"END");
    wubloader_root $root;
    location /thumbnail {
        wubloader thumbnail;
        wubloader_templates $dir;
    }
END

is($none->start, '', 'and one that renders nothing');

my $port = $nginx->port;
my $at = "timestamp=$hour:00:01";
my $atz = "timestamp=$hour:00:01.000000Z";
my $boxes = 'crop=0,1,640,480&location=10,20,300,400';

subtest 'posted' => sub { posted() };
subtest 'posted, and refused' => sub { refused() };
subtest 'named' => sub { named() };
subtest 'named, and refused' => sub { unknown() };
subtest 'the metrics tell them apart' => sub { metrics() };
subtest 'HTTP/2' => sub { http2() };
subtest 'a transfer that breaks' => sub { broken() };
subtest 'clients that leave' => sub { leaving() };
subtest 'no database' => sub { away() };

is($none->stop, '', 'the one that renders nothing ends');
is($nginx->stop, '', 'nginx ends');
is(join("\n", $nginx->unexpected), '', 'nothing bad on the log');
done_testing;


sub ask {
    my ($method, $target, %opt) = @_;

    return http_request($opt{port} || $port, $method, $target, timeout => 20,
                        %opt)
           || { status => 0, body => '', headers => {} };
}

sub header {
    my ($res, $name) = @_;

    return join ', ', @{ $res->{headers}{$name} || [] };
}

# what the renderer is sent of a template
sub sent {
    my ($image, $crop, $location) = @_;

    my $length = length $image;

    return "POST /thumbnail/chan/source.png?$atz&crop=$crop&location=$location"
        . " HTTP/1.1\ncontent-length: $length\ntransfer-encoding: -\n"
        . ($length > 100 ? "$length bytes, MD5 " . md5_hex($image) . "\n"
                         : $image);
}

sub chunked {
    my ($text, $size) = @_;

    return join('', map { sprintf "%x\r\n%s\r\n", length $_, $_ }
        unpack "(a$size)*", $text) . "0\r\n\r\n";
}

sub raw {
    my ($target, $headers, @packets) = @_;

    my $got = http_exchange(port => $port, timeout => 20, packets => [
        { value => join("\r\n", "POST $target HTTP/1.1", 'Host: x',
            'Connection: close', @$headers, '', '') },
        map { ref $_ ? $_ : { value => $_ } } @packets ]);

    return http_parse($got->{raw}, 'POST') || { status => 0, body => '' };
}


sub posted {
    my @images = ($head, map { $head . join '', map { chr rand 256 } 1 .. $_ }
                         1, 100, 20_000);

    push @images, $head . 'y' x MB, $head . 'z' x (15 * MB);

    for my $where (qw(thumbnail small file)) {
        for my $image ($where eq 'thumbnail' ? @images : @images[1, 3, 4]) {
            my $target = "/$where/chan/source.png?$at&$boxes";
            my $size = length $image;
            my $want = sent($image, '0,1,640,480', '10,20,300,400');
            my $res = ask('POST', $target, body => $image);

            is($res->{status}, 200, "$where: $size bytes");
            is($res->{body}, $want, 'reach the renderer');
            is(header($res, 'access-control-allow-origin'), '*', 'CORS');

            next if $size > MB + 8;

            is(raw($target, ['Transfer-Encoding: chunked'],
                   chunked($image, 7001))->{body}, $want, 'chunked');

            is(raw($target, ["Content-Length: $size"], substr($image, 0, 3),
                   { value => substr($image, 3), delay_before => 0.05 })
               ->{body}, $want, 'in two parts, the first of 3 bytes');
        }
    }

    # template is of GET alone

    is(ask('POST', "/thumbnail/chan/source.png?template=no&$at&$boxes",
           body => $head)->{body},
       sent($head, '0,1,640,480', '10,20,300,400'), 'a name besides');
}


sub refused {
    my $target = '/thumbnail/chan/source.png';
    my $no_png = "The body has to be a template: a PNG image.\n";
    my @cases = (
        [ "$target?$at&$boxes", '', 400, $no_png ],
        [ "$target?$at&$boxes", 'x', 400, $no_png ],
        [ "$target?$at&$boxes", substr($head, 0, 7), 400, $no_png ],
        [ "$target?$at&$boxes", "GIF89a" . 'x' x MB, 400, $no_png ],
        [ "/small/chan/source.png?$at&$boxes", 'x' x MB, 400, $no_png ],
        [ "/file/chan/source.png?$at&$boxes", 'x' x 9, 400, $no_png ],
        [ "/file/none/source.png?$at&$boxes", 'x' x 9, 400, $no_png ],
        [ $target, $head, 400,
          "timestamp is missing; write YYYY-MM-DDTHH:MM:SS.\n" ],
        [ "$target?$at&template=zeta", $head, 400,
          "crop is missing; write LEFT,TOP,RIGHT,BOTTOM.\n" ],
        [ "$target?$at&crop=0,0,1,1", $head, 400,
          "location is missing; write LEFT,TOP,RIGHT,BOTTOM.\n" ],
        [ "$target?$at&crop=0,0,0,1&location=0,0,1,1", $head, 400,
          "crop is not LEFT,TOP,RIGHT,BOTTOM: '0,0,0,1'; write four whole "
          . "numbers from 0 to 16384, left less than right and top less than "
          . "bottom.\n" ],
        [ "/thumbnail/none/source.png?$at&$boxes", $head, 404,
          "There is no such channel or quality.\n" ],
        [ "/thumbnail/chan/source.jpg?$at&$boxes", $head, 404,
          "There is nothing at this path; it has to end in .png.\n" ],
        [ "/thumbnail/chan.png?$at&$boxes", $head, 404,
          "There is no thumbnail here; ask for CHANNEL/QUALITY.png.\n" ],
        [ "$target?timestamp=$hour:01:00&$boxes", $head, 406,
          "We have no content available within the requested time range.\n" ],
        [ "/limit/chan/source.png?$at&$boxes", $head . 'x' x MB, 413,
          "The body of the request is too large.\n" ],
        [ "/unlimited/chan/source.png?$at&$boxes", $head . 'x' x (20 * MB),
          413, "The body of the request is too large.\n" ],
    );
    my $before = $up->requests;

    for my $case (@cases) {
        my ($where, $body, $status, $sentence) = @$case;
        my $res = ask('POST', $where, body => $body);
        my $what = "$where, " . length($body) . ' bytes';

        is($res->{status}, $status, "$what: status");
        is($res->{body}, $sentence, 'sentence');
        is(header($res, 'content-type'), 'text/plain', 'as text');
        is(header($res, 'access-control-allow-origin'), '*', 'CORS');
    }

    is(raw("/limit/chan/source.png?$at&$boxes",
           ['Transfer-Encoding: chunked'],
           chunked($head . 'x' x (2 * MB), 70_000))->{status}, 413,
       'chunks that are too much');

    is(ask('PUT', $target)->{status}, 405, 'PUT');

    my $res = ask('OPTIONS', $target);

    is($res->{status}, 204, 'OPTIONS');
    is(header($res, 'allow'), 'GET, HEAD, POST, OPTIONS', 'Allow');

    $res = ask('POST', "$target?$at&$boxes", body => $head,
               port => $none->port);
    is($res->{status}, 501, 'where nothing is rendered');
    is($res->{body}, "This server does not render a thumbnail; its operator "
        . "has to set wubloader_render.\n", 'is told so');

    is($up->requests, $before, 'nothing of it was passed on');
}


sub named {
    my @cases = (
        # name, location, crop, place of it
        [ 'zeta', 'thumbnail', '1,2,3,4', '5,6,7,8' ],
        [ 'zeta', 'dir', '1,2,3,4', '5,6,7,8' ],
        [ "\xc3\xa9 &", 'thumbnail', '1,2,3,4', '5,6,7,8' ],
        [ 'both', 'thumbnail', '9,8,19,18', '10,11,12,13' ],
        [ 'both', 'database', '9,8,19,18', '10,11,12,13' ],
        [ 'large', 'thumbnail', '0,0,1280,720', '1,2,1279,719' ],
        [ 'large', 'database', '0,0,1280,720', '1,2,1279,719' ],
        [ 'huge', 'dir', '1,2,3,4', '5,6,7,8' ],
    );

    for my $case (@cases) {
        my ($name, $where, $crop, $place) = @$case;
        my $encoded = $name =~ s/(\W)/sprintf '%%%02x', ord $1/ger;
        my $target = "/$where/chan/source.png?$at&template=$encoded";

        is(ask('GET', $target)->{body}, sent($image{$name}, $crop, $place),
           "$encoded of $where");
        is(ask('GET', "$target&crop=0,0,1,1")->{body},
           sent($image{$name}, '0,0,1,1', $place), 'another crop');
        is(ask('GET', "$target&location=2,3,4,5")->{body},
           sent($image{$name}, $crop, '2,3,4,5'), 'another location');
        is(ask('GET', "$target&$boxes")->{body},
           sent($image{$name}, '0,1,640,480', '10,20,300,400'), 'both');

        my $before = $up->requests;
        my $res = ask('HEAD', $target);

        is($res->{status}, 200, 'HEAD');
        is(header($res, 'content-type'), 'image/png', 'its type');
        is($up->requests, $before, 'is not passed on');
    }

    my $png = "\x89PNG\r\n\x1a\n";

    is(ask('GET', "/thumbnail/chan/source.png?$at&template=a/b%20c")->{body},
       sent($png, '0,0,1,1', '0,0,2,2'), 'a name with a slash');
    is(ask('GET', "/thumbnail/chan/source.png?$at&template=odd&$boxes")
       ->{body}, sent($png, '0,1,640,480', '10,20,300,400'),
       'boxes that are odd, where they are not used');
}


sub unknown {
    my $target = "chan/source.png?$at";
    my $content = 'We have no content available within the requested time '
        . "range.\n";
    my @cases = (
        [ "/thumbnail/$target", 400,
          "template is missing; name one, or POST its PNG.\n" ],
        [ "/thumbnail/$target&template=", 400,
          "template is missing; name one, or POST its PNG.\n" ],
        [ "/thumbnail/$target&template=zeta&crop=x", 400,
          "crop is not LEFT,TOP,RIGHT,BOTTOM: 'x'; write four whole numbers "
          . "from 0 to 16384, left less than right and top less than "
          . "bottom.\n" ],
        [ "/thumbnail/chan/none.png?$at&template=x", 404,
          "There is no such channel or quality.\n" ],
        [ "/thumbnail/chan/source.png?timestamp=$hour:00:06&template=x", 406,
          $content ],
        (map { [ "/$_/$target&template=none", 404,
                 "Template none not found\n" ] } qw(thumbnail database dir)),
        [ "/database/$target&template=zeta", 404,
          "Template zeta not found\n" ],
        [ "/dir/$target&template=both", 404, "Template both not found\n" ],
        [ "/dir/$target&template=../zeta", 404,
          "Template ../zeta not found\n" ],
        [ "/thumbnail/$target&template=%ff", 404, "Template ? not found\n" ],
        [ "/thumbnail/$target&template=" . 'x' x 256, 404,
          'Template ' . 'x' x 80 . "... not found\n" ],
        [ "/thumbnail/$target&template=odd", 400,
          "The template has a crop that cannot be used; give crop.\n" ],
        [ "/thumbnail/$target&template=odd&crop=0,0,1,1", 400,
          "The template has a location that cannot be used; give "
          . "location.\n" ],
        (map { [ "/$_/$target&template=empty&$boxes", 400,
                 "The template is no PNG image; store it again as one.\n" ] }
            qw(thumbnail database)),
        [ "/thumbnail/$target&template=wide", 400,
          "The template has a crop that cannot be used; give crop.\n" ],
        [ "/none/$target&template=zeta", 501,
          "There are no templates here; the operator of this server has to "
          . "set wubloader_database or wubloader_templates.\n" ],
        [ "/nodir/$target&template=zeta", 503,
          "The directory of templates cannot be read; see the error log of "
          . "this server.\n" ],
    );
    my $before = $up->requests;

    for my $case (@cases) {
        my ($where, $status, $sentence) = @$case;
        my $res = ask('GET', $where);

        is($res->{status}, $status, "$where: status");
        is($res->{body}, $sentence, 'sentence');
        is(header($res, 'content-type'), 'text/plain', 'as text');
        is(header($res, 'access-control-allow-origin'), '*', 'CORS');
        is(ask('HEAD', $where)->{status}, $status, 'HEAD');
    }

    is(ask('GET', "/thumbnail/$target&template=zeta", port => $none->port)
       ->{status}, 501, 'where nothing is rendered');
    is($up->requests, $before, 'nothing of it was passed on');
}


sub metrics {
    my $text = ask('GET', '/metrics')->{body};

    for my $row (['get_thumbnail_named_template', 'GET', 200],
                 ['get_thumbnail_named_template', 'HEAD', 200],
                 ['get_thumbnail_named_template', 'GET', 404],
                 ['get_thumbnail_uploaded_template', 'POST', 200],
                 ['get_thumbnail_uploaded_template', 'POST', 413])
    {
        my ($endpoint, $method, $status) = @$row;

        like($text, qr/^http_request_latency_all_count\{
            (?=[^}]*endpoint="$endpoint")(?=[^}]*method="$method")
            (?=[^}]*status="$status")[^}]*\}\ [1-9]/mx,
            "$endpoint $method $status");
    }

    unlike($text, qr/_named_template"[^}]*method="POST"[^}]*\} [1-9]/,
           'a post is of the other one');
}


# a body that nobody wants is not announced to the renderer, either
sub http2 {
    my $file = "$dir/body";
    my @curl = (qw(curl -s -m 20 --http2-prior-knowledge -w), '%{http_code}');
    my $frame = "http://127.0.0.1:$h2/frame/chan/source.png?$at";
    my $thumb = "http://127.0.0.1:$h2/thumbnail/chan/source.png?$at";

    file($file, $head . 'x' x 200_000);

    my $get = sub {
        open my $from, '-|', @curl, @_ or die "curl: $!\n";
        local $/;
        my $said = <$from>;
        close $from;
        return $said;
    };

    like($get->($frame), qr/^GET .*content-length: -\n.*200\z/s, 'GET');
    like($get->('-X', 'GET', '--data-binary', 'abc', $frame),
         qr/^GET .*content-length: -\n.*(?<!\d)200\z/s, 'GET with a body');
    like($get->("$thumb&template=zeta"),
         qr/^POST .*content-length: 12\n.*\Q$image{zeta}\E200\z/s, 'named');
    is($get->('--data-binary', "\@$file", "$thumb&$boxes"),
       sent($head . 'x' x 200_000, '0,1,640,480', '10,20,300,400') . '200',
       'posted');

    open STDIN, '<', $file or die "$file: $!\n";
    is($get->('-T', '-', '-X', 'POST', "$thumb&$boxes"),
       sent($head . 'x' x 200_000, '0,1,640,480', '10,20,300,400') . '200',
       'posted without its length');
}


sub broken {
    my $url = "http://127.0.0.1:$port/cut/broken/source.ts?"
        . "range=$hour:00:00,$hour:00:02";

    my $said = `curl -s -m 20 '$url'`;

    is($? >> 8, 18, 'curl calls it a partial file');
    is($said, 'begun', 'of what came');

    $url =~ s/:$port/:$h2/;
    $said = `curl -s -m 20 --http2-prior-knowledge '$url'`;

    is($? >> 8, 92, 'and over HTTP/2 a stream that was not closed cleanly');
}


# in mid-body, while a thread looks, while the database or the renderer works
sub leaves {
    my ($delay, $bytes) = @_;

    my $sock = http_connect($port) or die "connect: $!\n";

    $sock->print($bytes);
    $sock->flush;
    sleep $delay;
    setsockopt $sock, Socket::SOL_SOCKET, Socket::SO_LINGER,
        pack('ii', 1, 0) if rand() < 0.5;
    close $sock;
    return;
}

sub leaving {
    my ($worker) = $nginx->workers;
    my $named = "GET /thumbnail/chan/source.png?$at&template=large HTTP/1.1"
        . "\r\nHost: x\r\n\r\n";
    my $slow = $named =~ s{/chan/}{/slow/}r;
    my $frame = "GET /frame/chan/source.png?$at HTTP/1.1\r\nHost: x\r\n\r\n";
    my $post = "POST /thumbnail/chan/source.png?$at&$boxes HTTP/1.1\r\n"
        . "Host: x\r\nContent-Length: 100000\r\n\r\n$head";

    ask('GET', "/thumbnail/chan/source.png?$at&template=large");
    settle();

    my $files = descriptors($worker);

    leaves($_ / 10_000, $frame) for 0 .. 30;
    leaves($_ / 5_000, $named) for 0 .. 60;
    leaves(0.02, $post) for 1 .. 10;
    leaves(0, $post . 'x' x (100_000 - 8)) for 1 .. 10;
    leaves(0.1, $slow) for 1 .. 5;

    # a database that lets them wait

    my $lock = fork // die "fork: $!\n";

    if (!$lock) {
        eval { $api->sql('BEGIN; LOCK TABLE templates; '
                         . 'SELECT pg_sleep(1.5); COMMIT') };
        POSIX::_exit(0);
    }

    sleep 0.4;
    leaves(0.05, $named) for 1 .. 8;
    waitpid $lock, 0;

    is(ask('GET', "/thumbnail/chan/source.png?$at&template=large")->{body},
       sent($image{large}, '0,0,1280,720', '1,2,1279,719'), 'all goes on');

    settle();
    is(($nginx->workers)[0], $worker, 'in the same process');
    cmp_ok(descriptors($worker), '<=', $files + 1, 'nothing is left open');
    unlike($nginx->log_text, qr/\[(?:alert|crit|emerg)\]/, 'nor said');
}

sub descriptors {
    my ($pid) = @_;

    return scalar(() = glob "/proc/$pid/fd/*");
}

sub settle {
    sleep 0.3;
    ask('GET', '/metrics');
    return;
}


sub away {
    $gone->pg->stop;

    my $res = ask('GET', "/gone/chan/source.png?$at&template=x");

    is($res->{status}, 503, 'status');
    is($res->{body}, "The database cannot be reached at the moment; try "
        . "again.\n", 'sentence');
    is(header($res, 'retry-after'), '1', 'Retry-After');
    is(ask('POST', "/gone/chan/source.png?$at&$boxes", body => $head)
       ->{status}, 200, 'a post needs none');
}
