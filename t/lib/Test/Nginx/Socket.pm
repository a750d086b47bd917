package Test::Nginx::Socket;

# Our own small Test::Nginx::Socket: the sections and functions of CPAN's
# module that t/*.t use, with the same meaning, on Test::Base.  Where CPAN's
# is installed and found first, it takes over.  t/README.md says which
# sections there are.
#
# Stricter than CPAN's in three ways: a truncated answer fails (unless its
# block has --- response_truncated, which CPAN ignores), nginx has to end by
# itself when it is told to quit, and the file fails if error.log holds an
# alert, crit, emerg or sanitizer line that no block expected.

use strict;
use warnings;

use Test::Base -base;

use Digest::MD5 ();
use Digest::SHA ();
use File::Path qw(make_path remove_tree);
use List::Util qw(shuffle);
use Scalar::Util qw(looks_like_number);
use Test::LongString qw(is_string);
use Time::HiRes qw(sleep);

use Wub::Http qw(http_exchange http_parse);
use Wub::Log qw(check_log log_patterns);
use Wub::Nginx;
use Wub::Request qw(block_requests parse_user_files);

our @EXPORT = qw(
    plan run_tests repeat_each no_shuffle no_long_string no_root_location
    workers worker_connections master_on master_off log_level timeout
    server_port server_port_for_client server_root html_dir server_addr
    add_block_preprocessor add_response_body_check add_cleanup_handler
    config_preamble bail_out
);


my %set = (
    repeat      => 1,
    shuffle     => 1,
    long_string => 1,
    workers     => 1,
    connections => 256,
    master      => 1,
    timeout     => $ENV{TEST_NGINX_TIMEOUT} || 5,
    port        => $ENV{TEST_NGINX_PORT} || Wub::Nginx::free_port(),
    root        => $ENV{TEST_NGINX_SERVROOT},
    preamble    => '',
);

# sections there are; a name that is not here is a slip of the pen
my %known = map { $_ => 1 } qw(
    config http_config main_config user_files log_level must_die init
    request pipelined_requests raw_request raw_request_middle_delay
    more_headers timeout abort shutdown wait error_code error_code_like
    response_body response_body_like response_body_unlike
    response_body_filters response_headers response_headers_like
    raw_response_headers_like raw_response_headers_unlike response_truncated
    ignore_response error_log no_error_log grep_error_log grep_error_log_out
    access_log no_access_log grep_access_log grep_access_log_out
    ONLY LAST SKIP
);

my (@preprocessors, @body_checks, @cleanups);

my $nginx;          # the server that runs, if any
my @expected;       # log patterns of the blocks that it served
my @unexpected;     # bad log lines, each with its block
my $last_name = '';


$set{root} ||= Wub::Nginx::temp_dir('t');

$ENV{TEST_NGINX_SERVER_PORT} = $set{port};
$ENV{TEST_NGINX_HTML_DIR} ||= "$set{root}/html";


# settings; each returns what it holds

sub repeat_each(@)        { return _set('repeat', @_) }
sub workers(@)            { return _set('workers', @_) }
sub worker_connections(@) { return _set('connections', @_) }
sub log_level(@)          { return _set('log_level', @_) }
sub timeout(@)            { return _set('timeout', map { _time($_) } @_) }
sub config_preamble($)    { return _set('preamble', @_) }
sub no_shuffle()          { return _set('shuffle', 0) }
sub no_long_string()      { return _set('long_string', 0) }
sub no_root_location()    { return _set('no_root_location', 1) }
sub master_on()           { return _set('master', 1) }
sub master_off()          { return _set('master', 0) }
sub server_port(@)        { return _set('port', @_) }
sub server_port_for_client(@) { return _set('port', @_) }
sub server_root()         { return $set{root} }
sub html_dir()            { return "$set{root}/html" }
sub server_addr(@)        { return '127.0.0.1' }

sub add_block_preprocessor(&)  { push @preprocessors, $_[0] }
sub add_response_body_check(&) { push @body_checks, $_[0] }
sub add_cleanup_handler(&)     { push @cleanups, $_[0] }


# for modules that add sections; CPAN's has no such function
sub known_sections {
    @known{@_} = (1) x @_;
    return;
}


sub _set {
    my $key = shift;

    $set{$key} = $_[0] if @_;
    return $set{$key};
}


# Gives up on this file only; the other files of a run go on.
sub bail_out(@) {
    Test::More::fail(join '', @_);
    _stop();
    exit 255;
}


# a section's value in scalar context: undef when it is not there
sub _section {
    my ($block, $name) = @_;

    my $value = $block->$name;
    return $value;
}


sub run_tests() {
    my @blocks = blocks();

    @blocks = shuffle(@blocks) if $set{shuffle};

    for my $block (@blocks) {
        $_->($block) for @preprocessors;
        _run_block($block);
    }

    _stop();
    $_->() for @cleanups;

    Test::More::is(scalar @unexpected, 0,
        "$0: error.log holds no alert, crit, emerg or sanitizer line "
        . 'that was not expected')
        or Test::More::diag(join "\n", @unexpected);

    return;
}


sub _run_block {
    my ($block) = @_;

    my $name = _section($block, 'name');

    for my $section (@{ $block->{_section_order}[0] }) {
        bail_out("$name - there is no section '$section'")
            if !$known{$section};
    }

    if (defined _section($block, 'config')) {
        _stop();
        _prepare($block);

        return _check_refused($block)
            if defined _section($block, 'must_die');

        my $error = $nginx->start;
        bail_out("$name - $error\n", _log_tail()) if $error ne '';

    } elsif (!$nginx) {
        bail_out("$name - no --- config, and no block before it has one");

    } else {
        _write_user_files($block);
    }

    push @expected, log_patterns($block, 'error_log');
    $last_name = $name;

    my $init = _section($block, 'init');

    if (defined $init) {
        eval "package main; $init; 1"
            or bail_out("$name - init failed: $@");
    }

    for my $repeat (0 .. $set{repeat} - 1) {
        _run_requests($block, $repeat);
    }

    return;
}


sub _prepare {
    my ($block) = @_;

    remove_tree(map { "$set{root}/$_" } qw(conf html logs));

    my %text = map {
        my $text = _section($block, $_);
        ($_ => _expand(defined $text ? $text : '', $block));
    } qw(main_config http_config config);

    my $level = _section($block, 'log_level') || $set{log_level};

    $nginx = eval { Wub::Nginx->new(
        %text,
        config           => "$set{preamble}\n$text{config}",
        root             => $set{root},
        port             => $set{port},
        workers          => $set{workers},
        connections      => $set{connections},
        master           => $set{master},
        no_root_location => $set{no_root_location},
        $level ? (log_level => $level) : (),
    ) } or bail_out($@);

    _write_user_files($block);
    return;
}


# $TEST_NGINX_NAME stands for the variable of that name
sub _expand {
    my ($text, $block) = @_;

    $text =~ s/\$(TEST_NGINX_[_A-Z0-9]+)/_variable($1, $block)/ge;
    return $text;
}


sub _variable {
    my ($variable, $block) = @_;

    if (!defined $ENV{$variable} && $variable =~ /^TEST_NGINX_RAND_PORT_\d+$/)
    {
        $ENV{$variable} = Wub::Nginx::free_port();
    }

    defined $ENV{$variable} or bail_out(_section($block, 'name'),
        " - the environment has no $variable");
    return $ENV{$variable};
}


sub _write_user_files {
    my ($block) = @_;

    my $files = _section($block, 'user_files');
    return if !defined $files;

    $files = parse_user_files($files) if !ref $files;

    ref $files eq 'ARRAY' or bail_out(_section($block, 'name'),
        ' - user_files is neither text nor an array');

    for my $file (@$files) {
        my ($name, $body, $date) = @$file;
        my $path = $name =~ m{^/} ? $name : html_dir() . "/$name";

        make_path($path =~ m{^(.*)/}s);

        open my $out, '>:raw', $path or bail_out("$path: $!");
        print $out _expand(defined $body ? $body : '', $block);
        close $out or bail_out("$path: $!");

        next if !$date;

        local $ENV{TZ} = 'GMT';
        system('touch', '-t', $date, $path) == 0
            or bail_out("$path: '$date' is no time that touch -t takes");
    }

    return;
}


sub _check_refused {
    my ($block) = @_;

    my $name = _section($block, 'name');
    my $want = _section($block, 'must_die');

    for (1 .. $set{repeat}) {
        my $status = $nginx->start_refused;

        if (!defined $status) {
            Test::More::fail("$name - nginx should refuse to start, but "
                             . 'starts');

        } elsif ($status & 127) {
            Test::More::fail("$name - nginx died of signal "
                             . ($status & 127));

        } elsif (looks_like_number($want)) {
            Test::More::is($status >> 8, $want, "$name - exit status");

        } else {
            Test::More::isnt($status >> 8, 0, "$name - refused as expected");
        }

        check_log($block, kind => 'error', file => $nginx->log_file,
                  from => 0, repeat => 0, wait => 0);
        push @unexpected, map { "$name: $_" }
            $nginx->unexpected('[emerg]', log_patterns($block, 'error_log'));
        unlink $nginx->log_file;
    }

    undef $nginx;
    return;
}


# ends the server, keeps what its log says that nobody expected
sub _stop {
    return if !$nginx;

    my $problem = $nginx->stop;

    Test::More::fail("$last_name - $problem") if $problem ne '';

    push @unexpected, map { "$last_name: $_" }
        $nginx->unexpected(@expected);
    @expected = ();
    undef $nginx;
    return;
}


sub _log_tail {
    my @lines = split /(?<=\n)/, $nginx->log_text;

    return @lines > 20 ? @lines[-20 .. -1] : @lines;
}


sub _run_requests {
    my ($block, $repeat) = @_;

    my $name = _section($block, 'name');
    my @logs = map { { kind => $_, file => "$set{root}/logs/$_.log",
                       repeat => $repeat, wait => 2 } } qw(error access);

    $_->{from} = -s $_->{file} || 0 for @logs;

    my ($connections, $total) = eval { block_requests($block) }
        or bail_out("$name - $@");
    my $index = 0;

    for my $connection (@$connections) {
        my $got = http_exchange(
            port     => $set{port},
            packets  => $connection->{packets},
            timeout  => _timeout($block),
            shutdown => defined _section($block, 'shutdown'),
        );

        if ($got->{timed_out} && !defined _section($block, 'abort')) {
            Test::More::fail("$name - no answer within "
                             . _timeout($block) . ' s');

        } elsif ($got->{error} =~ /^connect/) {
            bail_out("$name - $got->{error}\n", _log_tail());
        }

        my $raw = $got->{raw};

        for my $method (@{ $connection->{methods} }) {
            if (!defined _section($block, 'ignore_response')) {
                my $res = http_parse($raw, $method);
                _check_response($block, $res, $index, $repeat, $total > 1);
                $raw = $res ? $res->{rest} : '';
            }

            $index++;
        }

        if ($raw ne '' && !defined _section($block, 'ignore_response')) {
            Test::More::fail("$name - bytes behind the last answer: "
                             . substr($raw, 0, 200));
        }
    }

    sleep _time(_section($block, 'wait')) if _section($block, 'wait');

    check_log($block, %$_) for @logs;
    return;
}


sub _timeout {
    my ($block) = @_;

    my $timeout = _section($block, 'timeout');
    my $factor = $ENV{TEST_NGINX_USE_VALGRIND} ? 10 : 1;

    return _time($timeout) if defined $timeout;
    return $set{timeout} * $factor;
}


# "3", "3s" or "200ms" in seconds
sub _time {
    my ($text) = @_;

    return $1 / 1000 if $text =~ /^\s*([\d.]+)\s*ms\s*$/;
    return $1 if $text =~ /^\s*([\d.]+)\s*s?\s*$/;
    bail_out("'$text' is no time");
}


sub _check_response {
    my ($block, $res, $index, $repeat, $many) = @_;

    my $name = _section($block, 'name');
    my $where = "(repeat $repeat, request $index)";
    my $value = sub { return _indexed($block, $_[0], $index, $many) };

    my $like = $value->('error_code_like');
    my $code = $value->('error_code');
    my $status = $res ? $res->{status} : '';

    if (defined $like) {
        Test::More::like($status, qr/$like/sm, "$name - status $where");

    } else {
        $code = 200 if !defined $code;
        $code =~ s/^\s+|\s+$//g;
        Test::More::is($status, $code, "$name - status $where");
    }

    _check_headers($name, $value, $res, $where);

    if ($res) {
        my $truncated = defined _section($block, 'response_truncated');

        Test::More::is($res->{complete} ? 'whole' : 'truncated',
            $truncated ? 'truncated' : 'whole', "$name - body $where")
            if !$res->{complete} || $truncated;
    }

    _check_body($name, $value, $res, $where);

    for my $check (@body_checks) {
        $check->($block, $res ? $res->{body} : undef, $index, $repeat, 0);
    }

    return;
}


# a section that holds one value, or one for each request
sub _indexed {
    my ($block, $section, $index, $many) = @_;

    my $value = _section($block, $section);

    return $value->[$index] if ref $value eq 'ARRAY';
    return $value if !defined $value || !$many;

    bail_out(_section($block, 'name'), " - several requests need an array "
             . "in $section");
}


sub _check_headers {
    my ($name, $value, $res, $where) = @_;

    my $raw = $res ? $res->{raw_headers} : '';
    my $want = $value->('response_headers');
    my $like = $value->('response_headers_like');
    my $raw_like = $value->('raw_response_headers_like');
    my $raw_unlike = $value->('raw_response_headers_unlike');

    for my $line (split /\n/, defined $want ? $want : '') {
        next if $line !~ /\S/;

        if ($line =~ /^\s*!\s*(\S+)\s*$/) {
            Test::More::unlike($raw, qr/^\s*\Q$1\E\s*:/mi,
                               "$name - no header $1 $where");
            next;
        }

        my ($key, $text) = _header_line($line);
        Test::More::is(_header($res, $key), $text,
                       "$name - header $key $where");
    }

    for my $line (split /\n/, defined $like ? $like : '') {
        next if $line !~ /\S/;
        my ($key, $text) = _header_line($line);
        Test::More::like(_header($res, $key), qr/^$text$/,
                         "$name - header $key $where");
    }

    Test::More::like($raw, qr/$raw_like/s, "$name - raw headers $where")
        if defined $raw_like;
    Test::More::unlike($raw, qr/$raw_unlike/s, "$name - raw headers $where")
        if defined $raw_unlike;
    return;
}


sub _header_line {
    my ($line) = @_;

    $line =~ s/^\s+|\s+$//g;
    $line =~ s/\$ServerPort(?:ForClient)?\b/$set{port}/g;

    my ($key, $text) = split /\s*:\s*/, $line, 2;
    return ($key, defined $text ? $text : '');
}


sub _header {
    my ($res, $key) = @_;

    my $values = $res ? $res->{headers}{lc $key} : undef;
    return $values ? join(', ', @$values) : '';
}


sub _check_body {
    my ($name, $value, $res, $where) = @_;

    my $want = $value->('response_body');
    my $like = $value->('response_body_like');
    my $unlike = $value->('response_body_unlike');
    my $filters = $value->('response_body_filters');

    $res->{body} = _filter($res->{body}, $filters)
        if $res && defined $filters;

    my $body = $res ? $res->{body} : '';

    if (ref $want) {
        Test::More::like($body, $want, "$name - body $where");

    } elsif (defined $want) {
        $want =~ s/\$ServerPort(?:ForClient)?\b/$set{port}/g;

        if ($set{long_string}) {
            is_string($body, $want, "$name - body $where");

        } else {
            Test::More::is($body, $want, "$name - body $where");
        }
    }

    Test::More::like($body, qr/$like/s, "$name - body is like $where")
        if defined $like;
    Test::More::unlike($body, qr/$unlike/s, "$name - body is unlike $where")
        if defined $unlike;
    return;
}


my %filters = (
    uc       => sub { return uc $_[0] },
    lc       => sub { return lc $_[0] },
    length   => sub { return length $_[0] },
    md5_hex  => \&Digest::MD5::md5_hex,
    sha1_hex => \&Digest::SHA::sha1_hex,
);

sub _filter {
    my ($body, $list) = @_;

    for my $filter (ref $list ? $list : split ' ', $list) {
        my $code = ref $filter ? $filter : $filters{$filter};
        $code or bail_out("there is no body filter '$filter'");
        $body = $code->($body);
    }

    return $body;
}


END {
    undef $nginx;
}


1;
