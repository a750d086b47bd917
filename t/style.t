# How the source looks (STYLE.md 4), and how commits are described.  Every
# rule first has to find what is wrong in a sample and nothing in a sound
# one, so that a rule that never fails is seen.

use strict;
use warnings;

use Test::More;

use Wub::Source qw(source_files source_text);
use Wub::Style qw(style_rules style_check style_commit);

use constant COMMITS => 50;


# ---- the rules themselves

my $head = "\n/*\n * Copyright (C) the wubloader for nginx authors\n */\n\n\n";
my $door = "\n/*\n * Copyright (C) x\n * May call: y\n * Frees: z\n */\n";
my $mark = join '', 'TO', 'DO';

# in a function body
sub body {
    return "${head}int\nworker_x(char *p, int n)\n{\n$_[0]}\n";
}


# rule, path, a text that breaks it, one that does not
my @samples = (
    ['at most 80 columns', 'a.t', 'x' x 81 . "\n", 'x' x 80 . "\n"],
    ['no tabs', 'x.md', "a\tb\n", "a  b\n"],
    ['no trailing blanks', 'README.md', "a \nb\n", "a\n\nb\n"],
    ['one newline at the end', 'CHANGES', "a\nb", "a\nb\n"],
    ['one newline at the end', 'CHANGES', "a\n\n", "a\n"],
    ['no unfinished marks', '.ci/run', "# $mark: all\n", "# todos\n"],
    ['no machine paths', 'conf/a.conf', "root /" . "home/me;\n",
     "root \${TMPDIR:-/tmp}/a;\n"],
    ['no machine paths', 'a.md', "see `/" . "tmp/x`\n", "see a/tmp/x\n"],
    ['no block is run alone', 't/a.t', "--- " . "ONLY\n", "--- config\n"],
    ['files of at most 600 lines, tests 1000', 't/lib/a.pm', "x\n" x 601,
     "x\n" x 600],
    ['files of at most 600 lines, tests 1000', 't/a.t', "x\n" x 1001,
     "x\n" x 601],
    ['a head comment', 'worker/a.c', "int  a;\n", $head . "int  a;\n"],
    ['a door sign in headers', 'common/wub_a.h', "${head}int  a;\n", $door],
    ['no // comments', 'worker/a.c', body("    n = 1; // one\n"),
     body("    p = \"http://x\"; /* see http://y */\n")],
    ['a blank line before else', 'worker/a.c',
     body("    if (n) {\n        n = 1;\n    } else {\n    }\n"),
     body("    if (n) {\n        n = 1;\n\n    } else {\n    }\n")],
    ['two blank lines between functions', 'worker/a.c',
     body('') . "\nint\nworker_y(void)\n{\n}\n",
     body('') . "\n\nint\nworker_y(void)\n{\n}\n"],
    ['two blank lines between functions', 'worker/a.c',
     $head . "int  a;\n\n\n\nint  b;\n", $head . "int  a;\n\n\nint  b;\n"],
    ['return type on its own line', 'worker/a.c',
     "${head}int worker_x(void)\n{\n}\n",
     "${head}static int\nworker_x(int a,\n    int b)\n{\n}\n"],
    ['return type on its own line', 'worker/a.c',
     "${head}int\nworker_x(void) {\n}\n",
     "${head}static int  a[] = {\n    1\n};\n"],
    ['no banned call', 'worker/a.c', body("    strcpy(p, q);\n"),
     body("    ngx_sprintf(p); /* strcpy() */\n")],
    ['memory from the arena', 'worker/a.c', body("    p = malloc(n);\n"),
     body("    p = wub_arena_alloc(a, n);\n")],
    ['no sleeping outside the loop', 'worker/a.c', body("    sleep(1);\n"),
     body("    worker_loop_sleep(1);\n")],
    ['no SQL by concatenation', 'worker/a.c',
     body("    f(p, \"UPDATE events SET a = '%s'\", p);\n"),
     body("    f(p, \"UPDATE events SET a = \$1\"); g(\"%s\");\n")],
    ['functions of at most 80 lines', 'worker/a.c', body("    n++;\n" x 81),
     body("    n++;\n" x 80)],
    ['functions of at most 80 lines', 'worker/a.c', body("    n++;\n" x 81),
     body("    static const int  a[] = {\n" . "    1,\n" x 81
          . "    };\n" . "    n++;\n" x 80)],
    ['NULL is spelled out', 'worker/a.c', body("    if (!p) {\n    }\n"),
     body("    if (!n || p == NULL || !p->q || !p[0]) {\n    }\n")],
    ['NULL is spelled out', 'worker/a.c', body("    if (p) {\n    }\n"),
     body("    if (n) {\n    }\n")],
    ['goto goes forward', 'worker/a.c', body("again:\n\n    goto again;\n"),
     body("    goto end;\n\nend:\n\n    return n;\n")],
    ['a blank after keywords', 'worker/a.c', body("    if(n) {\n    }\n"),
     body("    if (n) {\n    }\n")],
);

sub breaks {
    my ($rule, $path, $text) = @_;

    return scalar grep { $_->[0] eq $rule } @{ style_check($path, $text) };
}


my %tried;

for my $sample (@samples) {
    my ($rule, $path, $bad, $good) = @$sample;

    $tried{$rule} = 1;
    ok(breaks($rule, $path, $bad), "$rule: found");
    ok(!breaks($rule, $path, $good), "$rule: not found where it is kept");
}

is(join(', ', grep { !$tried{$_} } map { $_->{name} } style_rules()), '',
   'every rule has a sample');

my @messages = (
    ["Common: read times\n\nBecause.\n", 1],
    ["Docs: README for strangers\n\nBecause.\n", 1],
    ["Common: Postgres' text forms\n\nBecause.\n", 1],
    ["Read times\n\nBecause.\n", 0],
    ["Other: read times\n\nBecause.\n", 0],
    ["Common: Read times\n\nBecause.\n", 0],
    ["Common: read times.\n\nBecause.\n", 0],
    ["Common: read times\nBecause.\n", 0],
    ["Common: read times\n", 0],
    ["Common: " . 'r' x 70 . "\n\nBecause.\n", 0],
);

for my $i (0 .. $#messages) {
    my ($message, $good) = @{ $messages[$i] };

    is(scalar(style_commit($message)) ? 0 : 1, $good, "commit message $i");
}


# ---- the tree

my @files = source_files();

cmp_ok(scalar @files, '>', 20, 'there are files to look at');

my %wrong;

for my $path (@files) {
    my $text = source_text($path);

    push @{ $wrong{$_->[0]} }, "$path:$_->[1]: $_->[2]"
        for @{ style_check($path, $text) };

    next if $path !~ /\.[ch]$/;
    note("$path: $_") for Wub::Style::style_long_functions($text);
}

for my $rule (map { $_->{name} } style_rules()) {
    my @found = @{ $wrong{$rule} || [] };

    ok(!@found, $rule) or diag(join "\n", @found);
}


# ---- commits, where there are any

SKIP: {
    my @commits = -e '.git' ? `git log -z --no-merges --format=%h%n%B -@{[
        COMMITS ]} 2>&1` : ();

    # a plain tree has no history to look at
    skip 'not a git tree', 1 if !@commits || $? != 0;

    my @found;

    for my $commit (split /\0/, join '', @commits) {
        my ($id, $message) = $commit =~ /\A(\w+)\n(.*)/s or next;

        push @found, map { "$id: $_" } style_commit($message);
    }

    ok(!@found, 'commit messages') or diag(join "\n", @found);
}

done_testing();
