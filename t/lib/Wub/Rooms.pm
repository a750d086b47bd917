package Wub::Rooms;

# The rooms of DESIGN.md 2 as tables: what a file may include, how its names
# begin, and what the objects of common/ may call.

use strict;
use warnings;

use Exporter qw(import);

use Wub::Source qw(c_code c_functions);

our @EXPORT_OK = qw(rooms_check rooms_symbols);


# A room: the files, what they may include, how names begin that others can
# see, and how types begin.  Libraries are further down.
my @rooms = (
    {
        name     => 'common',
        files    => qr/^common\//,
        includes => qr/^(?: "common\/wub(?:_\w+)?\.h"
                          | <(?:stddef|stdint|stdbool|string|stdlib|limits)\.h>
                        )$/x,
        prefix   => qr/^wub_/,
        macro    => qr/^(?:WUB_|wub_)/,
    },
    {
        name     => 'module',
        files    => qr/^ngx_wubloader_module\//,
        includes => qr/^(?: "common\/wub(?:_\w+)?\.h"
                          | "ngx_wubloader_module\/ngx_http_wubloader_\w+\.h"
                          | <ngx_\w+\.h> )$/x,
        prefix   => qr/^ngx_http_wubloader_/,
        macro    => qr/^(?:NGX_HTTP_WUBLOADER_|ngx_http_wubloader_)/,
    },
    {
        name     => 'worker',
        files    => qr/^worker\//,
        includes => qr/^(?: "common\/wub(?:_\w+)?\.h"
                          | "worker\/worker(?:_\w+)?\.h"
                          | <(?:sys\/|linux\/)?(?!ngx_)\w+\.h> )$/x,
        prefix   => qr/^(?:worker_|main$|main_)/,
        macro    => qr/^(?:WORKER_|worker_)/,
    },
);

# What files may include beyond their room: wub_dir and wub_walk alone read
# folders.
my %extra = (
    'common/wub_dir.c' => qr/^<(?: dirent | errno | fcntl | unistd
        | sys\/(?:stat|types|syscall) | linux\/openat2 )\.h>$/x,
    'common/wub_walk.c' => qr/^<(?: errno | fcntl | unistd | sys\/stat )\.h>$/x,
);

# A library and the only files that may include it.
my @libraries = (
    [ qr/^<(?:postgresql\/)?libpq/,
      qr/^worker\/worker_pg\.[ch]$
        |^ngx_wubloader_module\/ngx_http_wubloader_pg\.[ch]$/x ],
    [ qr/^<zlib\.h/,
      qr/^common\/wub_gzip\.c$/ ],
    [ qr/^<jansson\.h/,
      qr/^worker\/worker_config(?:_location\.c|_work\.h|\.c)$
        |^ngx_wubloader_module\/ngx_http_wubloader_json\.c$/x ],
    [ qr/^<lib(?:av|sw)\w+\//, qr/^worker\/worker_av(?:_\w+)?\.[ch]$/ ],
    [ qr/^<curl\//, qr/^worker\/worker_http\.[ch]$/ ],
    [ qr/^<microhttpd\.h/, qr/^worker\/worker_httpd\.[ch]$/ ],
    [ qr/^<openssl\//,
      qr/^worker\/worker_(?:file|http)\.c$
        |^ngx_wubloader_module\/ngx_http_wubloader_jwt(?:_key)?\.c$/x ],
);

# The layers of worker/, highest first.  A file includes its own layer and
# those below, and roles do not include each other.
my @layers = (
    [ 'main', qr/^main$/ ],
    [ 'role', qr/^worker_(?:cutter|media|migrate|render)(?:_\w+)?$/ ],
    [ 'step', qr/^worker_(?:archive|check|cut|full|job|join|overlap|plan|reel
                          |rough|still|survey|upload|wave)(?:_\w+)?$/x ],
    [ 'wrapper', qr/^worker_(?:address|av|behind|blend|child|config|encode|file
                             |footage|httpd|kind|limits|log|loop|maker|mix
                             |options|pause|pg|sink|store|thread
                          )(?:_\w+)?$/x ],
    [ 'base', qr/^worker$/ ],
);

# What the objects of common/ may call, besides each other.
my $calls = qr/^(?: wub_\w+ | mem(?:cpy|set|move|cmp|chr|rchr)
                  | strlen | strspn | strcspn | strcmp | strncmp
                  | qsort | bsearch | _GLOBAL_OFFSET_TABLE_ )$/x;

my %calls_extra = (
    wub_arena => qr/^(?:malloc|calloc|free)$/,
    wub_dir   => qr/^(?: open | openat | openat2 | syscall | close | fstat
                       | fstatat | lseek | getdents64 | faccessat
                       | __errno_location )(?:64)?$/x,
    wub_gzip  => qr/^(?: deflate | deflateBound | deflateInit2_ | deflateReset
                       | crc32_z | crc32_combine_gen
                       | crc32_combine_op )$/x,
    wub_walk  => qr/^(?: close | fstatat )(?:64)?$/x,
);


# what is wrong with a file: [ line, message ], ...
sub rooms_check {
    my ($path, $text) = @_;

    my @wrong = _includes($path, $text);

    for my $room (grep { $path =~ $_->{files} } @rooms) {
        push @wrong, _names($room, $path, $text);
    }

    push @wrong, _floats($text) if $path =~ /^common\//;
    push @wrong, _upward($path, $text) if $path =~ /^worker\/.*\.[ch]$/;

    return @wrong;
}


sub _includes {
    my ($path, $text) = @_;

    my @lines = split /\n/, c_code($text, 'strings'), -1;
    my @wrong;

    for my $i (0 .. $#lines) {
        next if $lines[$i] !~ /^\s*#\s*include\s+(\S+)/;

        my $what = $1;
        my ($room) = grep { $path =~ $_->{files} } @rooms;

        push @wrong, [ $i + 1, "$what: nothing includes t/" ]
            if $what =~ m{^"(?:\.\./)*t/} && $path !~ /^t\//;

        next if !$room || ($extra{$path} && $what =~ $extra{$path});

        if (my ($library) = grep { $what =~ $_->[0] } @libraries) {
            push @wrong, [ $i + 1, "$what is for other files" ]
                if $path !~ $library->[1];

        } elsif ($what !~ $room->{includes}) {
            push @wrong, [ $i + 1, "$room->{name}/ may not include $what" ];
        }
    }

    return @wrong;
}


sub _names {
    my ($room, $path, $text) = @_;

    my $code = c_code($text);
    my @wrong;

    for my $function (@{ c_functions($text) }) {
        next if $function->{head} =~ /^static\b/m;

        push @wrong, [ $function->{line}, "function $function->{name}" ]
            if $function->{name} !~ $room->{prefix};
    }

    while ($code =~ /^(?:\}\s*(\w+);|typedef\b[^;{}]*?(\w+)\s*;
                     |typedef\b[^;{}]*?\(\*(\w+)\)\([^;]*;)/mgx)
    {
        my $name = defined $1 ? $1 : defined $2 ? $2 : $3;

        push @wrong, [ _line($code, $-[0]), "type $name" ]
            if $name !~ $room->{prefix};
    }

    return @wrong if $path !~ /\.h$/;

    while ($code =~ /^\s*#\s*define\s+(\w+)/mg) {
        my $name = $1;

        push @wrong, [ _line($code, $-[0]), "macro $name" ]
            if $name !~ $room->{macro} && $name !~ /_H_INCLUDED_$/;
    }

    return @wrong;
}


sub _line {
    my ($text, $offset) = @_;

    my $lines = () = substr($text, 0, $offset) =~ /\n/g;
    return $lines + 1;
}


sub _floats {
    my ($text) = @_;

    my @lines = split /\n/, c_code($text), -1;

    return map { [ $_ + 1, 'a floating point number' ] }
           grep { $lines[$_] =~ /\b(?:float|double)\b|\b\d+\.\d/ }
           0 .. $#lines;
}


# (number, name) of a worker file's layer
sub _layer {
    my ($name) = @_;

    for my $i (0 .. $#layers) {
        return ($i, $layers[$i][0]) if $name =~ $layers[$i][1];
    }

    return;
}


sub _upward {
    my ($path, $text) = @_;

    my ($name) = $path =~ m{^worker/(\w+)\.};
    my ($own, $layer) = _layer($name);

    return [ 1, "$name is in no layer: add it to t/lib/Wub/Rooms.pm" ]
        if !defined $own;

    my @lines = split /\n/, c_code($text, 'strings'), -1;
    my @wrong;

    for my $i (0 .. $#lines) {
        next if $lines[$i] !~ m{^\s*#\s*include\s+"worker/(\w+)\.h"};

        my $other = $1;
        my ($theirs) = _layer($other);

        # a file without a layer says so itself
        next if $other eq $name || !defined $theirs;

        push @wrong, [ $i + 1, "a $layer includes $other, which is above it" ]
            if $theirs < $own;
        push @wrong, [ $i + 1, "role $name includes role $other" ]
            if $theirs == $own && $layer eq 'role'
            && (split /_/, $other)[1] ne (split /_/, $name)[1];
    }

    return @wrong;
}


# What is wrong with the symbols of an object of common/, from the lines of
# nm: state of its own, names without the prefix, calls that are not its.
sub rooms_symbols {
    my ($name, @lines) = @_;

    my @wrong;

    for my $line (@lines) {
        my ($type, $symbol) = $line =~ /([A-Za-z?]) (\S+)$/ or next;

        push @wrong, "$symbol is state: $type" if $type =~ /^[bBdDCsSgG]$/;
        push @wrong, "$symbol has no prefix wub_"
            if $type =~ /^[TRV]$/ && $symbol !~ /^wub_/;
        push @wrong, "calls $symbol"
            if $type =~ /^[Uw]$/ && $symbol !~ $calls
            && !($calls_extra{$name} && $symbol =~ $calls_extra{$name});
    }

    return @wrong;
}


1;
