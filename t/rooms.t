# Rooms and arrows (DESIGN.md 2): who includes whom, whose names are whose,
# and that common/ is pure.  Each rule first has to find a sample that
# breaks it.

use strict;
use warnings;

use Test::More;

use Wub::Nginx;
use Wub::Rooms qw(rooms_check rooms_symbols);
use Wub::Source qw(source_files source_text);


# ---- the rules themselves

# path, text, what is said of it ('': nothing)
my @samples = (
    ['common/wub_a.c', "#include <time.h>\n", 'may not include <time.h>'],
    ['common/wub_a.c', "#include <stdio.h>\n", 'may not include'],
    ['common/wub_a.c', "#include <ngx_core.h>\n", 'may not include'],
    ['common/wub_a.c', "#include \"worker/worker.h\"\n", 'may not include'],
    ['common/wub_a.c', "#include <fcntl.h>\n", 'may not include'],
    ['common/wub_dir.c', "#include <fcntl.h>\n", ''],
    ['common/wub_a.c', "#include \"common/wub_b.h\"\n", ''],
    ['common/wub_a.c', "#include \"t/unit/x.h\"\n", 'nothing includes t/'],
    ['common/wub_a.c', "int\nother(void)\n{\n}\n", 'function other'],
    ['common/wub_a.c', "static int\nother(void)\n{\n}\n", ''],
    ['common/wub_a.h', "typedef struct {\n    int  a;\n} other_t;\n",
     'type other_t'],
    ['common/wub_a.h', "typedef int  other_t;\n", 'type other_t'],
    ['common/wub_a.h', "typedef int (*other_pt)(int a);\n", 'type other_pt'],
    ['common/wub_a.h', "typedef int (*wub_pt)(int a);\n", ''],
    ['common/wub_a.h', "#define OTHER  1\n", 'macro OTHER'],
    ['common/wub_a.c', "int64_t  x;\ndouble   y;\n", 'floating point'],
    ['common/wub_a.c', "/* a double 2.5 */\n", ''],
    ['ngx_wubloader_module/ngx_http_wubloader_a.c',
     "#include \"worker/worker.h\"\n", 'may not include'],
    ['ngx_wubloader_module/ngx_http_wubloader_a.c',
     "#include <libpq-fe.h>\n", 'is for other files'],
    ['ngx_wubloader_module/ngx_http_wubloader_a.c',
     "#include <libavformat/avformat.h>\n", 'is for other files'],
    ['ngx_wubloader_module/ngx_http_wubloader_a.c',
     "#include <zlib.h>\n", 'is for other files'],
    ['common/wub_a.c', "#include <zlib.h>\n", 'is for other files'],
    ['common/wub_gzip.c', "#include <zlib.h>\n", ''],
    ['ngx_wubloader_module/ngx_http_wubloader_a.c',
     "#include <ngx_http.h>\n", ''],
    ['ngx_wubloader_module/ngx_http_wubloader_a.c',
     "ngx_int_t\nngx_http_other(void)\n{\n}\n", 'function ngx_http_other'],
    ['worker/worker_job.c', "#include <ngx_core.h>\n", 'may not include'],
    ['worker/worker_job.c',
     "#include \"ngx_wubloader_module/ngx_http_wubloader_module.h\"\n",
     'may not include'],
    ['worker/worker_job.c', "#include <libpq-fe.h>\n", 'is for other'],
    ['worker/worker_pg.c', "#include <libpq-fe.h>\n", ''],
    ['worker/worker_job.c', "#include <jansson.h>\n", 'is for other'],
    ['worker/worker_cut.c', "#include <libavcodec/avcodec.h>\n",
     'is for other'],
    ['worker/worker_av_in.c', "#include <libavcodec/avcodec.h>\n", ''],
    ['worker/worker_job.c', "#include <curl/curl.h>\n", 'is for other'],
    ['worker/worker_media.c', "#include \"worker/worker_cutter.h\"\n",
     'role worker_media includes role worker_cutter'],
    ['worker/worker_cutter.c', "#include \"worker/worker_cutter_x.h\"\n", ''],
    ['worker/worker_pg.c', "#include \"worker/worker_job.h\"\n",
     'which is above it'],
    ['worker/worker_job.c', "#include \"worker/worker_pg.h\"\n", ''],
    ['worker/worker_unheard.c', "\n", 'in no layer'],
    ['t/unit/a_test.c', "#include <anything.h>\n", ''],
);

for my $i (0 .. $#samples) {
    my ($path, $text, $want) = @{ $samples[$i] };
    my $got = join '; ', map { $_->[1] } rooms_check($path, $text);

    $want eq '' ? is($got, '', "sample $i: $path is sound")
                : like($got, qr/\Q$want\E/, "sample $i: $want");
}

my @symbols = (
    ['wub_a', '                 U printf', 'calls printf'],
    ['wub_a', '                 U time', 'calls time'],
    ['wub_a', '                 U malloc', 'calls malloc'],
    ['wub_arena', '                 U malloc', ''],
    ['wub_a', '                 U openat', 'calls openat'],
    ['wub_dir', '                 U openat', ''],
    ['wub_a', '                 U deflate', 'calls deflate'],
    ['wub_gzip', '                 U deflate', ''],
    ['wub_a', '                 U memcpy', ''],
    ['wub_a', '0000000000000000 b cache', 'cache is state'],
    ['wub_a', '0000000000000000 d count.0', 'count.0 is state'],
    ['wub_a', '0000000000000000 r names', ''],
    ['wub_a', '0000000000000000 T other', 'other has no prefix wub_'],
    ['wub_a', '0000000000000000 t inner', ''],
);

for my $symbol (@symbols) {
    my ($name, $line, $want) = @$symbol;

    is(join(', ', map { s/: .$//r } rooms_symbols($name, $line)), $want,
       "nm: '$line' of $name");
}


# ---- the tree

my @files = grep { /\.[ch]$/ } source_files();
my %wrong;

for my $path (@files) {
    my ($room) = $path =~ m{^([^/]+)/} or next;

    $wrong{$room} .= "$path:$_->[0]: $_->[1]\n"
        for rooms_check($path, source_text($path));
}

for my $room (qw(common ngx_wubloader_module worker t)) {
    ok(!$wrong{$room}, "$room/: includes and names")
        or diag($wrong{$room});
}

# one file of a room reads JSON
for my $room (qw(ngx_wubloader_module worker)) {
    my @readers = grep { m{^\Q$room\E/}
        && source_text($_) =~ /^#include <jansson\.h>/m } @files;

    cmp_ok(scalar @readers, '<=', 1, "$room/: one reader of JSON")
        or diag("@readers");
}


# ---- the objects of common/, without what hardening adds

my $temp = Wub::Nginx::temp_dir('rooms');
my @units = grep { m{^common/.*\.c$} } @files;
my $compiler = $ENV{CC} || 'gcc';

cmp_ok(scalar @units, '>', 0, 'common/ has sources');

sub symbols {
    my ($path) = @_;

    my $object = "$temp/object.o";

    system($compiler, qw(-std=c11 -D_GNU_SOURCE -I. -O2 -fno-pie
        -fno-stack-protector -U_FORTIFY_SOURCE -c -o), $object, $path) == 0
        or return "?                U $path does not compile";

    return split /\n/, `nm $object`;
}


for my $path (@units) {
    my ($name) = $path =~ m{([^/]+)\.c$};
    my @bad = rooms_symbols($name, symbols($path));

    ok(!@bad, "$path: symbols") or diag(join "\n", @bad);
}

# the compiler's own view of a file that breaks the rule
open my $out, '>', "$temp/wub_bad.c" or die "$temp: $!\n";
print $out "#include <stdio.h>\n#include <time.h>\n"
    . "int wub_bad(void);\nint wub_bad(void) { static int n;\n"
    . "    n += (int) time(NULL); puts(\"x\"); return n; }\n";
close $out;

is(join(', ', sort map { s/: .$//r } rooms_symbols('wub_bad',
        symbols("$temp/wub_bad.c"))),
   'calls puts, calls time, n.0 is state', 'a bad object is seen');


# ---- the module keeps no state of its own: two cycles live in a reload

my $build = $ENV{WUB_BUILD} || 'build';
my @objects = glob "$build/nginx/addon/ngx_wubloader_module/*.o";

ok(@objects, "$build has the objects of the module")
    or diag('run `make` first');

my @state;

# the chain of filters is nginx's own idiom
for my $object (@objects) {
    push @state, map { "$object: $_" }
        grep { / [bBC] / && !/ [bB] (?:__|\.)/
               && !/ ngx_http_next_(?:header|body|request_body)_filter$/ }
        split /\n/, `nm $object`;
}

ok(!@state, 'the module has no variables of its own')
    or diag(join "\n", @state);

done_testing();
