# The files of conf/ as they are shipped, with nothing but their paths, user
# and port replaced: nginx takes them and answers, the worker takes its own.

use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;
use Time::HiRes qw(sleep);

use Wub::Api;
use Wub::Http qw(http_connect http_request);
use Wub::Nginx;
use Wub::Postgres;
use Wub::Store;
use Wub::Upstream;

my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $hour = '2024-02-29T23';

# a stray database must not be found
delete @ENV{grep { /^(?:PG|WUBLOADER_)/ } keys %ENV};

my $store = Wub::Store->new;
my @names = $store->run('chan', 'source', "$hour:00:00", 2, 40,
                        size => 300_000);
$store->run('slow', 'source', "$hour:00:00", 2, 1);
$store->run('same', 'source', "$hour:00:00", 2, 1);
my $segments = $store->write;
my $videos = Wub::Nginx::temp_dir('videos');
my $whole = join '', map { $store->bytes("chan/source/$hour/$_") } @names;
my $range = "start=$hour:00:00&end=$hour:01:20";

my $up = Wub::Upstream->new(
    tell => [qw(cookie authorization if-none-match)]);
my $nginx = Wub::ConfFiles->new;

subtest 'nginx -t' => sub { check() };
is($nginx->start, '', 'nginx starts') or BAIL_OUT($nginx->log_text);
subtest 'requests' => sub { requests() };
subtest 'a cut for a slow client' => sub { slow() };
is($nginx->stop, '', 'nginx ends');
is(join("\n", $nginx->unexpected), '', 'nothing bad on the log');

subtest 'the location of the editor' => sub { editors() };
subtest 'examples of README' => sub { examples() };
subtest 'worker.json without a database' => sub { no_database() };
subtest 'worker.json with one' => sub { database() };

done_testing;


# exit status and all that a command said
sub run {
    my (@command) = @_;

    open my $pipe, '-|', 'sh', '-c', 'exec "$@" 2>&1 < /dev/null', 'sh',
        @command or die "sh: $!\n";
    local $/;
    my $said = <$pipe>;
    close $pipe;

    return ($? & 127 ? 128 + ($? & 127) : $? >> 8, defined $said ? $said
                                                                 : '');
}


sub get {
    my ($target, %opt) = @_;

    return http_request($nginx->port, 'GET', $target, %opt)
           || { status => 0, body => '', headers => {} };
}


sub header {
    my ($res, $name) = @_;

    return join ', ', @{ $res->{headers}{$name} || [] };
}


sub check {
    $nginx->write_config;

    my ($status, $said) = run($nginx->_command, '-t');

    is($status, 0, 'status');
    like($said, qr/test is successful/, 'says so');
    unlike($said, qr/\[(?:warn|emerg|alert)\]/, 'and warns of nothing');
}


# what is a comment there, since there has to be a database
sub editors {
    my $api = Wub::Api->new;
    my $text = Wub::Nginx::slurp('conf/wubloader.conf');
    my ($location) = $text =~ /^(#location \/thrimshim \{.*?^#\}\n)/ms;

    ok(defined $location, 'there is one');
    $location =~ s/^#//gm;
    $location =~ s/"host=[^"]*"/'"' . $api->conninfo . '"'/e;

    my $server = Wub::Nginx->new(config => <<"END" . $location);
    location = /google-keys { internal; return 404; }
END
    is($server->start, '', 'nginx takes it') or diag($server->log_text);

    for my $target ('', '/templates', '/defaults') {
        my $res = http_request($server->port, 'GET', "/thrimshim$target");

        is($res->{status}, 200, "/thrimshim$target");
        is(header($res, 'content-type'), 'application/json', 'JSON');
    }

    my $large = 'x' x (21 * 1024 * 1024);
    my $res = http_request($server->port, 'POST', '/thrimshim/x',
        headers => ['Content-Type: application/json'], body => $large);
    is($res->{status}, 413, 'a body of 21 MB');

    is($server->stop, '', 'nginx ends');
}


sub requests {
    is(get('/files')->{body}, '["chan","same","slow"]', 'files');

    my $res = get('/nothing');
    is($res->{status}, 404, 'anything else');
    is($res->{body}, "There is nothing at this path.\n", 'is told so');
    is(header($res, 'content-type'), 'text/plain', 'as text');
    is(header($res, 'access-control-allow-origin'), '*', 'to all origins');

    $res = get('/playlist/chan.m3u8');
    like($res->{body}, qr{^/playlist/chan/source\.m3u8$}m, 'master playlist');

    $res = get("/playlist/chan/source.m3u8?$range",
               headers => ['Accept-Encoding: gzip']);
    is(header($res, 'content-encoding'), 'gzip', 'playlists are compressed');

    gunzip(\$res->{body} => \my $text);
    like($text, qr/#EXT-X-ENDLIST/, 'and whole');
    my ($uri) = $text =~ m{^(/segments/\S+)$}m;

    $res = get($uri);
    is($res->{status}, 200, 'the first segment it names');
    is($res->{body}, $store->bytes("chan/source/$hour/$names[0]"),
       'has its bytes');
    is(header($res, 'access-control-allow-origin'), '*', 'CORS');

    $res = get("/files/chan/source/$hour",
               headers => ['Accept-Encoding: gzip']);
    is(header($res, 'content-encoding'), 'gzip', 'listings are compressed');

    $res = get("/cut/chan/source.ts?type=rough&$range");
    ok($res->{body} eq $whole, 'a rough cut');
    rendered();

    open my $out, '>', "$videos/Title-1.ts" or die "$videos: $!\n";
    print $out 'video';
    close $out;

    $res = get('/videos/Title-1.ts');
    is($res->{body}, 'video', 'a finished video');
    is(header($res, 'content-type'), 'video/mp2t', 'of its type');

    like(Wub::Nginx::slurp($nginx->root . '/logs/access.log'),
         qr{^127\.0\.0\.1 \[\S+\] "GET /files HTTP/1\.1" 200 22 [\d.]+ "OK" }m,
         'the log says what came and that it was answered');
}


# nothing is told to the renderer that it need not know
sub rendered {
    my $cookie = ['Cookie: secret', 'If-None-Match: "mine"',
                  'Authorization: Bearer secret'];

    for my $target ("/cut/chan/source.ts?$range&type=smart",
                    "/frame/chan/source.png?timestamp=$hour:00:01",
                    "/waveform/chan/source.png?$range")
    {
        my $res = get($target, headers => $cookie);

        is($res->{status}, 200, $target);
        like($res->{body}, qr/^GET \Q@{[ $target =~ s{\?.*}{}r ]}\E\?/,
             'is rendered');
        like($res->{body}, qr/^cookie: -\nauthorization: -$/m,
             'without what is private');
        like($res->{body}, qr/^if-none-match: "mine"$/m,
             'and with its condition');
        is(header($res, 'access-control-allow-origin'), '*', 'CORS');
        is(header($res, 'etag'), '"told"', 'and the tag');
    }

    my $png = "\x89PNG\r\n\x1a\n" . 'x' x (3 * 1024 * 1024);
    my $res = http_request($nginx->port, 'POST', '/thumbnail/chan/source.png?'
        . "timestamp=$hour:00:01&crop=0,0,1,1&location=0,0,1,1",
        body => $png, timeout => 20);

    like($res->{body}, qr/^@{[ length $png ]} bytes, MD5/m,
         'a template is posted');

    $res = get("/frame/same/source.png?timestamp=$hour:00:01");
    is($res->{status}, 304, 'what is known already');
    is(header($res, 'content-length'), '', 'has no length');

    # one client does not take the renderer from all others

    my @waiting = map { http_connect($nginx->port) } 1 .. 20;

    print $_ "GET /frame/slow/source.png?timestamp=$hour:00:01 HTTP/1.1\r\n"
        . "Host: x\r\n\r\n" for @waiting;
    $_->flush for @waiting;

    for (1 .. 200) {
        last if $up->requests >= 25;
        sleep 0.05;
    }

    $res = get("/frame/chan/source.png?timestamp=$hour:00:01");
    is($res->{status}, 503, 'a client that wants too much at a time');
    is($res->{body}, "The server is too busy; try again.\n", 'is told so');
    is(header($res, 'retry-after'), 2, 'and when to try again');
    is(header($res, 'access-control-allow-origin'), '*', 'with CORS');
    is(get("/cut/chan/source.ts?type=rough&$range")->{status}, 200,
       'what is not rendered is not meant');

    close $_ for @waiting;

    $res = get('/metrics/render');
    like($res->{body}, qr{^GET /metrics HTTP/1\.1$}m,
         'the metrics of the renderer');
    is(header($res, 'access-control-allow-origin'), '*', 'with CORS');
}


# sendfile in threads waits for the socket and goes on, here and by Range
sub slow {
    my $target = "/cut/chan/source.ts?type=rough&$range";
    my $res = get($target, read_rate => 6_000_000);

    ok($res->{complete} && $res->{body} eq $whole, 'all of it');

    $res = get($target, headers => ['Range: bytes=11000000-']);
    is($res->{status}, 206, 'a range');
    ok($res->{body} eq substr($whole, 11_000_000), 'the rest of it');
}


# the examples of the directives make one server
sub examples {
    my $text = Wub::Nginx::slurp('README.md');
    my $config = '';

    while ($text =~ /^### (wubloader\w*)\n(.*?)(?=^#)/gms) {
        my ($name, $body) = ($1, $2);

        ok($body =~ /((?:^    [^\n]+\n)+)\n*\z/m, "$name has one");
        $config .= $1 // '';
    }

    # what is of the http block goes there, and a folder to one of the test's

    my $http = join '', $config =~ /^    wubloader_cache [^\n]*\n/mg;

    $config =~ s/^    wubloader_cache [^\n]*\n//mg;

    my $server = Wub::Nginx->new(config => $config);

    # of directives for one server or another the first, and their files

    my %seen;
    $config =~ s/^    (wubloader_\w+) [^;]*;\n/$seen{$1}++ ? '' : $&/gme;
    $config =~ s{^    (wubloader_auth off;)$}{location /off { $1 }}m
        or die "README says no more how to ask nobody who he is\n";
    $server->{config} = $config;

    open my $notes, '>', $server->root . '/conf/notes.json' or die "$!\n";
    print $notes '{}';
    close $notes;

    $http =~ s{path=[^\s;]+}{path=@{[ $server->root ]}/cache};
    $server->{http_config} = $http;

    is($server->start, '', 'nginx takes them') or diag($server->log_text);
    is($server->stop, '', 'and ends');
}


# conf/worker.json with other paths, in a file: its name
sub config {
    my ($database) = @_;

    my $dir = Wub::Nginx::temp_dir('worker');
    my $text = Wub::Nginx::slurp('conf/worker.json');

    for my $edit (['/srv/segments', $segments], ['/srv/videos', $videos],
                  ['host=/run/postgresql dbname=wubloader', $database])
    {
        my ($from, $to) = @$edit;
        ok($text =~ s/"\Q$from\E"/"$to"/, "there is a \"$from\"");
    }

    open my $out, '>', "$dir/worker.json" or die "$dir: $!\n";
    print $out $text;
    close $out;

    return "$dir/worker.json";
}


sub no_database {
    my $none = Wub::Nginx::temp_dir('none');
    my ($status, $said) = run($worker, 'cut', '--once', '--config',
                              config("host=$none dbname=wubloader"));

    is($status, 1, 'fails') or diag($said);
    like($said, qr/msg=started .*locations="?\{videos\}/,
         'but for nothing in the file');
    like($said, qr/level=error .*\Q$none\E/, 'only for the database');
}


sub database {
    my $pg = Wub::Postgres->new;
    my $file = config($pg->conninfo('wubloader'));

    my ($status, $said) = run($worker, 'migrate', '--config', $file);
    is($status, 0, 'migrate') or diag($said);

    ($status, $said) = run($worker, 'cut', '--once', '--config', $file);
    is($status, 0, 'cut --once, with no job to do') or diag($said);

    # the job that README submits by hand

    my ($sql) = Wub::Nginx::slurp('README.md') =~
        /^(    INSERT INTO events.*?;)\n/ms;

    $pg->psql('wubloader', $sql =~ s/'CHANNEL'/'chan'/r);

    ($status, $said) = run($worker, 'cut', '--once', '--config', $file);
    is($status, 0, 'cut --once, with one') or diag($said);

    my ($row) = $pg->psql('wubloader', 'SELECT state, error FROM events');
    is($row->[0], 'EDITED', 'its location is known, its footage is not there');
    like($row->[1], qr/range 1 \(2024-02-29T23:59:50/, 'which the row says');
}


package Wub::ConfFiles;

use parent -norequire, 'Wub::Nginx';


# conf/nginx.conf with the paths, the user and the port of a test
sub _config_text {
    my ($self) = @_;

    my $root = $self->{root};
    my $text = Wub::Nginx::slurp('conf/nginx.conf');
    my $user = $> == 0 ? 'user root;' : '';
    my $load = join '', map { "load_module $_;\n" } @{ $self->{modules} };
    my $temp = join '', map { "    ${_}_temp_path $root/$_;\n" }
        qw(client_body proxy fastcgi uwsgi scgi);

    File::Copy::copy('conf/wubloader.conf', "$root/conf/wubloader.conf")
        or die "conf/wubloader.conf: $!\n";

    my @edits = (
        [qr/^user +www-data;/m, $user],
        [qr{/run/nginx\.pid}, "$root/logs/nginx.pid"],
        [qr{/var/log/nginx/error\.log}, "$root/logs/error.log"],
        [qr{/var/log/nginx/access\.log}, "$root/logs/access.log"],
        [qr{/var/cache/wubloader}, "$root/cache"],
        [qr{^load_module +modules/ngx_http_wubloader_module\.so;}m, $load],
        [qr/^worker_rlimit_nofile +\d+;/m, ''],
        [qr/^worker_processes +auto;/m, 'worker_processes 1;'],
        [qr{^ +listen +80 +default_server;}m,
         "    listen 127.0.0.1:$self->{port};"],
        [qr/^(?=    server \{)/m, "$temp\n"],
        [qr{/srv/segments}, $segments],
        [qr{/srv/videos}, $videos],
        [qr{/run/wubloader/render\.sock}, $up->path],
    );

    for my $edit (@edits) {
        my ($from, $to) = @$edit;
        $text =~ s/$from/$to/ or die "conf/nginx.conf has no $from\n";
    }

    return "daemon off;\n$text";
}
