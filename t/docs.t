# README.md against the code: every directive, every option and key of the
# worker with its syntax, default and context, every sentence of an error,
# every target of make; and nothing that does not exist.

use strict;
use warnings;

use Test::More;

use Wub::Source qw(c_code source_text);

my $readme = source_text('README.md');

my %status = (
    BAD_REQUEST => 400, UNAUTHORIZED => 401, FORBIDDEN => 403, NOT_FOUND => 404,
    NOT_ALLOWED => 405, WUBLOADER_NOT_ACCEPTABLE => 406, CONFLICT => 409,
    WUBLOADER_GONE => 410, PRECONDITION_FAILED => 412,
    UNSUPPORTED_MEDIA_TYPE => 415,
    NOT_IMPLEMENTED => 501, SERVICE_UNAVAILABLE => 503,
);

my %code = (
    directives => directives(),
    kinds      => kinds(),
    options    => options(),
    keys       => config_keys(),
    sentences  => sentences(),
    rules      => rules(),
    targets    => targets(),
    variables  => variables(),
    metrics    => metrics(),
    functions  => functions(),
);

# a table that is read no more would be kept in silence
cmp_ok(scalar keys %{ $code{directives} }, '>', 8, 'directives');
cmp_ok(scalar keys %{ $code{kinds} }, '>', 11, 'handlers');
cmp_ok(scalar keys %{ $code{options} }, '>', 17, 'options');
cmp_ok(scalar keys %{ $code{keys} }, '>', 18, 'keys');
cmp_ok(scalar @{ $code{sentences} }, '>', 30, 'sentences');
cmp_ok(scalar @{ $code{targets} }, '>', 9, 'targets');
cmp_ok(scalar keys %{ $code{variables} }, '>', 4, 'variables');
cmp_ok(scalar keys %{ $code{metrics} }, '>', 20, 'metrics');
cmp_ok(scalar keys %{ $code{functions} }, '>', 5, 'functions');

# what is wrong with it, a change that makes it so, what is said then
my @mistakes = (
    ['a directive is missing', 's/^### wubloader_root$/### root/m',
     qr/wubloader_root: not in README/],
    ['a directive that does not exist',
     's/^### wubloader_root$/### wubloader_roots/m',
     qr/wubloader_roots: not in the code/],
    ['no syntax', 's/^    Syntax:   wubloader_root.*\n//m',
     qr/wubloader_root: no Syntax/],
    ['the syntax of another', 's/Syntax:   wubloader_root/Syntax:   root/',
     qr/wubloader_root: its Syntax does not name it/],
    ['no context', 's/(live_hold 15s;\n)    Context:.*\n/$1/',
     qr/wubloader_live_hold: no Context/],
    ['a wrong context', 's/(live_hold 15s;\n    Context:  )http, /$1/',
     qr/wubloader_live_hold: Context is not http, server, location/],
    ['a wrong default', 's/(Default:  wubloader_live_hold )15s/${1}15ms/',
     qr/wubloader_live_hold: Default is not 15000/],
    ['no default', 's/^    Default: .*wubloader_segments_uri.*\n//m',
     qr/wubloader_segments_uri: no Default/],
    ['no example', 's/^    wubloader_root .srv.segments;$//m',
     qr/wubloader_root: no example/],
    ['a handler is missing', 's/playlist \| segments \| cut/segments | cut/',
     qr/wubloader: Syntax is not files \| playlist/],
    ['a handler that is to come', 's/the handler `digest`/another handler/',
     qr/handler digest: not among what is not there/],
    ['a word of ours that does not exist',
     's/`wubloader_cache`/`wubloader_cash`/',
     qr/wubloader_cash: what is that/],
    ['an option is missing', 's/^#### `--jobs`, /#### /m',
     qr/--jobs: not in README/],
    ['an option that does not exist', 's/^#### `--jobs`/#### `--job`/m',
     qr/--job: not in the code/],
    ['an option in passing', 's/\A/`--fast-cut`\n/',
     qr/--fast-cut: what is that/],
    ['an option of other commands',
     's/(Default:  1\n    Context:  )cut/$1media/',
     qr/--jobs: Context is not cut/],
    ['the default of an option', 's/(Default:  )info/$1debug/',
     qr/--log-level: Default is not info/],
    ['a key is missing', 's/^#### `--jobs`, `cut.jobs`/#### `--jobs`/m',
     qr/cut\.jobs: not in README/],
    ['a key that does not exist', 's/NAME\.path/NAME.folder/g',
     qr/cut\.locations\.NAME\.folder: not in the code/],
    ['the context of a key', 's/in the file: cut\.jobs/in the file: jobs/',
     qr/cut\.jobs: Context does not say in the file/],
    ['a sentence is missing', 's/^.*This segment was withdrawn; a.*\n//m',
     qr/sentence "This segment was withdrawn; a.*" is not in README/],
    ['a sentence that nobody says', 's/Too many transitions/Too many of them/',
     qr/sentence "Too many of them" is not in the code/],
    ['a sentence of a rule', 's/characters or less, inc/letters or less, inc/',
     qr/sentence "Title must be 100 letters.*" is not in the code/],
    ['a status that nobody gives', 's/\| 410 \| (`This)/| 404 | $1/',
     qr/status of "This segment was withdrawn.*" is 410/],
    ['a target is missing', 's/make valgrind//g',
     qr/make valgrind: not in README/],
    ['a target that does not exist', 's/make lint/make tidy/g',
     qr/make tidy: there is no such target/],
    ['a variable is missing', 's/\\| `\\$wubloader_holes`/| holes/',
     qr/\$wubloader_holes: not in README/],
    ['a metric is missing', 's/`nginx_processes`/processes/',
     qr/metric nginx_processes: not in README/],
    ['a metric that does not exist',
     's/`wubloader_cache_items`/`wubloader_cache_days`/',
     qr/wubloader_cache_days: what is that/],
    ['a link to nowhere', 's/\(#try-it\)/(#try-this)/',
     qr/#try-this: there is no such heading/],
);

for my $mistake (@mistakes) {
    my ($what, $change, $said) = @$mistake;

    local $_ = $readme;
    my $changed = eval $change;

    ok($changed, "$what: README can be changed") or diag($@);
    like(join("\n", problems($_)), qr/^$said/m, "$what: is found");
}

is(join("\n", problems($readme)), '', 'README is true to the code');
done_testing;


# ---- the code

# name => { context => TEXT, default => NUMBER or TEXT or undef }
sub directives {
    my $text = source_text('ngx_wubloader_module/ngx_http_wubloader_module.c');
    my ($table) = $text =~ /\bngx_http_wubloader_commands\[\] = \{(.*?)^\};/ms;
    my %found;

    while ($table =~ /\{ ngx_string\("(\w+)"\),\s*(\w[\w|]*),/g) {
        my ($name, $flags) = ($1, $2);

        $found{$name} = {
            context => $flags =~ /WUBLOADER_CONF/ ? 'http, server, location'
                     : $flags =~ /MAIN_CONF/      ? 'http'
                                                  : 'location',
        };
    }

    while ($text =~ /ngx_conf_merge_(\w+)_value\(conf->(\w+),\s*prev->\w+,
                     \s*([^;]*?)\);/gx)
    {
        my ($type, $field, $value) = ($1, $2, $3);
        my $directive = $found{"wubloader_$field"} or next;

        $directive->{default} = $type eq 'str' ? $value =~ s/"//gr
                                               : eval $value;
        $directive->{unit} = $type;
    }

    return \%found;
}


# handler => whether it is there
sub kinds {
    my $text = source_text('ngx_wubloader_module/ngx_http_wubloader_kind.c');
    my ($table) = $text =~ /\bngx_http_wubloader_kinds\[\] = \{(.*?)^\};/ms;
    my %found;
    my $rank = 0;

    while ($table =~ /\{ ngx_string\("(\w+)"\), (\w+),/g) {
        $found{$1} = $2 eq 'NULL' ? 0 : ++$rank;
    }

    return \%found;
}


# --name => { context => commands, default => TEXT or undef }
sub options {
    my $text = source_text('worker/worker_options.c');
    my ($table) = $text =~ /\bworker_options\[\] = \{(.*?)^\};/ms;
    my %found;

    while ($table =~ /\{\ "([\w-]+)",\ WORKER_OPTION_\w+,\s*[^,]+,
                      \s*([\w\s|]+),\s*\w+,\s*(?:NULL|"[^"]*"),
                      \s*((?:"[^"]*"\s*)+)\}/gx)
    {
        my ($name, $commands, $help) = ($1, $2, $3);
        my @commands = map { lc } $commands =~ /WORKER_CMD_(\w+)/g;

        @commands = qw(cut media migrate render) if $commands[0] eq 'all';
        $help =~ s/"\s*"//g;

        $found{"--$name"} = {
            context => join(', ', @commands),
            default => $help =~ /\(default: ([^)]*)\)/ ? $1 : undef,
        };
    }

    return \%found;
}


# full path of a key => 1
sub config_keys {
    my $text = join '', map { source_text("worker/worker_config$_.c") }
        '', '_location';
    my %tables = (
        worker_config_keys       => '',
        worker_config_cut_keys   => 'cut.',
        worker_config_local_keys => 'cut.locations.NAME.',
        worker_config_render_keys => 'render.',
        worker_config_limits_keys => 'render.kinds.KIND.',
    );
    my %found;

    for my $table (keys %tables) {
        my ($rows) = $text =~ /\b$table\[\] = \{(.*?)^\};/ms
            or die "worker_config*.c has no $table\n";

        $found{"$tables{$table}$_"} = 1 for $rows =~ /\{ "(\w+)"/g;
    }

    # objects, told by what is in them
    delete @found{qw(cut render render.kinds)};
    return \%found;
}


# what ngx_http_wubloader_error() is called with: [status, text, pattern]
sub sentences {
    my @found;

    for my $file (glob 'ngx_wubloader_module/*.c') {
        my $text = c_code(source_text($file), 'strings');

        while ($text =~ /\bngx_http_wubloader_error\(r,\s*NGX_HTTP_(\w+),
                         \s*((?:"[^"]*"\s*)+)/gx)
        {
            my ($name, $sentence) = ($1, $2);

            $sentence =~ s/^"|"\s*$//g;
            $sentence =~ s/"\s*"//g;

            my $pattern = join '.+?', map { quotemeta }
                split /%(?:\*s|[VsdT])/, $sentence, -1;

            push @found, [ $status{$name} || $name, $sentence,
                           qr/\A$pattern\z/ ];
        }
    }

    return [ @found, refusals() ];
}


# what wub_render_refuse() is called with, in the same form
sub refusals {
    my @found;

    for my $file (glob 'common/wub_render*.c') {
        my $text = c_code(source_text($file), 'strings');

        while ($text =~ /\bwub_render_refuse\(&?in,\s*((?:"[^"]*"\s*)+)/g) {
            my $sentence = $1 =~ s/^"|"\s*$//gr =~ s/"\s*"//gr;
            my $pattern = join '.+?', map { quotemeta }
                split /%/, $sentence, -1;

            push @found, [ 400, $sentence, qr/\A$pattern\z/ ];
        }
    }

    return @found;
}


# what the rules of edits say, as patterns; not all of it is in README
sub rules {
    my @found;

    for my $file (glob 'common/wub_edit*.c') {
        my $text = c_code(source_text($file), 'strings');

        while ($text =~ /((?:"(?:[^"\\]|\\.)*"\s*)+)/g) {
            my $sentence = $1;

            $sentence =~ s/^"|"\s*$//g;
            $sentence =~ s/"\s*"//g;
            $sentence =~ s/\\"/"/g;
            $sentence =~ s/\\n$//;
            next if length $sentence < 12;

            my $pattern = join '.+?', map { quotemeta }
                split /%/, $sentence, -1;

            push @found, qr/$pattern/;
        }
    }

    return \@found;
}


# name without its $ => 1
sub variables {
    my $text = source_text('ngx_wubloader_module/ngx_http_wubloader_vars.c');

    return { map { $_ => 1 } $text =~ /\{ ngx_string\("(wubloader_\w+)"\)/g };
}


sub metrics {
    return { map { $_ => 1 }
        map { source_text($_) =~ /"(\w+)", WUB_METRICS_\w+,/g }
        (map { "ngx_wubloader_module/ngx_http_wubloader_$_.c" }
             qw(metrics_text db_metrics)),
        'worker/worker_render_metrics.c' };
}


# of the database
sub functions {
    return { map { $_ => 1 }
        map { source_text($_) =~ /^CREATE OR REPLACE FUNCTION (\w+)\(/mg }
        glob 'sql/*.sql' };
}


sub targets {
    return [ `make -s help` =~ /^make ([a-z-]+)/mg ];
}


# ---- README, and what is wrong with it

sub problems {
    my ($text) = @_;

    my ($entries, @wrong) = entries($text);

    return (@wrong, directives_wrong($text, $entries),
            options_wrong($entries), words_wrong($text),
            sentences_wrong($text), targets_wrong($text), links_wrong($text),
            names_wrong($text));
}


# name => { Syntax, Default, Context, body } of the directives and options
sub entries {
    my ($text) = @_;

    my (%found, @wrong);

    while ($text =~ /^(?:\#\#\#\ (wubloader\w*|\w*_\w+)|\#\#\#\#\ (`[^\n]*`))\n
                     (.*?)(?=^\#)/gmsx)
    {
        my ($directive, $names, $body) = ($1, $2, $3);
        my $entry = { body => $body };

        $entry->{$1} = $2
            while $body =~ /^    (Syntax|Default|Context): +(.*)$/mg;

        for my $name (defined $directive ? $directive
                                         : $names =~ /`([^`]+)`/g)
        {
            $found{$name} = $entry;

            push @wrong, map { "$name: no $_" } grep { !defined $entry->{$_} }
                qw(Syntax Default Context);
            push @wrong, "$name: no example"
                if $body !~ /\n    [^\n]+\n*\z/
                    || $body =~ /\n    Context:[^\n]*\n*\z/;
            push @wrong, "$name: its Syntax does not name it"
                if defined $entry->{Syntax}
                    && $entry->{Syntax} !~ /(?:^| |")\Q@{[
                        $name =~ s{^.*\.}{}r ]}\E(?:\W|$)/;
        }
    }

    return (\%found, @wrong);
}


sub directives_wrong {
    my ($text, $entries) = @_;

    my %want = %{ $code{directives} };
    my @names = grep { !/^--|[.`]/ && /wubloader/ } sort keys %$entries;
    my @wrong = map { "$_: not in README" }
        grep { !$entries->{$_} } sort keys %want;

    for my $name (@names) {
        my ($is, $should) = ($entries->{$name}, $want{$name});

        if (!$should) {
            push @wrong, "$name: not in the code";
            next;
        }

        push @wrong, "$name: Context is not $should->{context}"
            if ($is->{Context} // '') ne $should->{context};
        push @wrong, "$name: Default is not " . ($should->{default} // '-')
            if !same_default($name, $is->{Default} // '', $should);
    }

    my $kinds = $code{kinds};
    my $there = join ' | ', sort { $kinds->{$a} <=> $kinds->{$b} }
        grep { $kinds->{$_} } keys %$kinds;

    push @wrong, "wubloader: Syntax is not $there"
        if (($entries->{wubloader} || {})->{Syntax} // '')
           ne "wubloader $there;";

    my ($later) = $text =~ /^## What is not there yet\n(.*?)^## /ms;

    push @wrong, map { "handler $_: not among what is not there" }
        grep { !$kinds->{$_} && $later !~ /`$_`/ } sort keys %$kinds;

    return @wrong;
}


# the default in nginx's words and the number in the code
sub same_default {
    my ($name, $is, $should) = @_;

    return $is eq '-' if ($should->{default} // '') eq '';
    return 0 if $is !~ /^\Q$name\E (\S+);$/;

    my $value = $1;

    return $value eq $should->{default} if $should->{unit} eq 'str';
    return $should->{default} == 0 if $value eq 'auto';
    return 0 if $value !~ /^(\d+)(ms|s|m|h|d)$/;

    my $ms = $1 * { ms => 1, s => 1000, m => 60_000, h => 3_600_000,
                    d => 86_400_000 }->{$2};

    return $ms == $should->{default}
                  * ($should->{unit} eq 'sec' ? 1000 : 1);
}


sub options_wrong {
    my ($entries) = @_;

    my ($options, $keys) = @code{qw(options keys)};
    my @wrong = map { "$_: not in README" }
        grep { !$entries->{$_} } sort(keys %$options, keys %$keys);

    for my $name (grep { !$code{directives}{$_} && !/^wubloader/ }
                  sort keys %$entries)
    {
        my $is = $entries->{$name};
        my ($commands, $paths) = split /; |(?=in the file: )/,
            $is->{Context} // '', 2;

        if ($keys->{$name}) {
            push @wrong, "$name: Context does not say in the file: $name"
                if ($paths // $commands)
                   !~ /^(?:; )?in the file: (?:.*, )?\Q$name\E(?:,|$)/;
            next;
        }

        if (!$options->{$name}) {
            push @wrong, "$name: not in the code";
            next;
        }

        my $should = $options->{$name};

        push @wrong, "$name: Context is not $should->{context}"
            if $commands ne $should->{context};
        push @wrong, "$name: Default is not $should->{default}"
            if defined $should->{default}
                && ($is->{Default} // '') ne $should->{default};
    }

    return @wrong;
}


# names that are spoken of in passing
sub words_wrong {
    my ($text) = @_;

    my %known = (%{ $code{directives} }, %{ $code{options} },
        %{ $code{variables} }, %{ $code{metrics} }, %{ $code{functions} },
        map { $_ => 1 } qw(
            wubloader_cache wubloader_events --version
            --with-threads --with-compat --add-dynamic-module
            --no-create-home --system --group
        ));
    my %seen;

    return map { "$_: what is that?" } grep { !$known{$_} && !$seen{$_}++ }
        $text =~ /(?<![\w\/-])((?:wubloader_\w+|--[a-z][a-z-]+))(?![\w.])/g;
}


# variables and metrics: a row each, or together with others
sub names_wrong {
    my ($text) = @_;

    my %row = map { $_ => 1 }
        map { /`(\$?\w+)`/g } $text =~ /^\| (`[^|]*`) \|/mg;

    return ((map { "\$$_: not in README" }
                grep { !$row{"\$$_"} } sort keys %{ $code{variables} }),
            (map { "metric $_: not in README" }
                grep { !$row{$_} } sort keys %{ $code{metrics} }));
}


sub sentences_wrong {
    my ($text) = @_;

    my (@wrong, %said);

    while ($text =~ /^\| (\d{3}) \| `([^`]+)`/mg) {
        my ($status, $sentence) = ($1, $2);
        my $start = $sentence =~ /^(.*[^' ])\.\.\.$/ ? $1 : undef;
        my @match = grep {
            defined $start ? index($_->[1], $start) == 0
                : with_number($sentence) =~ $_->[2]
        } @{ $code{sentences} };

        push @wrong, "sentence \"$sentence\" is not in the code"
            if !@match && !grep { $sentence =~ $_ } @{ $code{rules} };

        for my $match (@match) {
            $said{$match->[1]} = 1;
            push @wrong, "status of \"$sentence\" is $match->[0]"
                if $match->[0] ne $status;
        }
    }

    # the same with another unit
    $said{'Implicit range may not be longer than %T seconds'} = 1;

    return (@wrong, map { "sentence \"$_\" is not in README" }
        grep { !$said{$_} } map { $_->[1] } @{ $code{sentences} });
}


# a name in front where it is left open, so that a pattern has something
sub with_number {
    my ($sentence) = @_;

    return $sentence =~ s/^\.\.\. /x /r;
}


sub targets_wrong {
    my ($text) = @_;

    my %known = map { $_ => 1 } @{ $code{targets} };
    my %named = map { $_ => 1 }
        $text =~ /(?:`|^ {4})make ([a-z-]+)(?=[` \n])/mg;

    delete $named{modules};     # nginx's own

    return ((map { "make $_: not in README" }
             grep { !$named{$_} } sort keys %known),
            (map { "make $_: there is no such target" }
             grep { !$known{$_} } sort keys %named));
}


sub links_wrong {
    my ($text) = @_;

    my %anchor;

    for my $heading ($text =~ /^#+ (.*)$/mg) {
        my $name = lc $heading;

        $name =~ s/[^\w -]//g;
        $name =~ s/ /-/g;
        $anchor{$name} = 1;
    }

    return map { "#$_: there is no such heading" } grep { !$anchor{$_} }
        $text =~ /\]\(#([^)]+)\)/g;
}
