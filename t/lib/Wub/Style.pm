package Wub::Style;

# The rules of STYLE.md 4 as a table.  A rule names the files it is for and
# gives a function from their text to what is wrong: [ line, message ].

use strict;
use warnings;

use Exporter qw(import);

use Wub::Source qw(c_code c_functions);

our @EXPORT_OK = qw(style_rules style_check style_commit);

use constant {
    LINE_MAX          => 80,
    FUNCTION_MAX      => 80,
    FUNCTION_AIM      => 50,
    FILE_MAX          => 600,
    TEST_FILE_MAX     => 1000,
    SUBJECT_MAX       => 72,
};

my $C      = qr/\.[ch]$/;
my $CODE   = qr/\.(?:[ch]|t|p[lm]|sh|js|sql|conf)$|^config$|^\.ci\/run$/;
my $PERL   = qr/\.(?:t|p[lm])$/;
my $TEXT   = qr/$CODE|\.(?:md|yml|ya?ml|json)$
               |(?:^|\/)(?:Makefile|CHANGES|LICENSE|Dockerfile|\.\w+)$/x;

# made by programs, or data whose bytes matter
my $FOREIGN = qr/^t\/(?:golden|fuzz\/corpus)\/|package-lock\.json$/;

# words that are written with a capital anywhere
my $NAME = qr/(?:Postgres|Debian|Perl|Prometheus|Chromium|Makefile|Test)/;

my @banned = qw(strcpy strcat sprintf vsprintf sscanf vsscanf atoi atol atoll
    atof strtol strtoul strtoll strtoull strtod strtok gmtime localtime
    asctime ctime system popen gets alloca);

my %area = map { $_ => 1 } qw(Common Module Worker SQL Conf Tests Build Docs
                              Docker);


my @rules = (
    { name => 'at most 80 columns', files => $CODE, check => \&_columns },
    { name => 'no tabs', files => qr/$CODE|\.(?:md|json)$/,
      check => _lines(qr/\t/, 'a tab') },
    { name => 'no trailing blanks', files => $TEXT,
      check => _lines(qr/[ \t\r]+$/, 'trailing blanks') },
    { name => 'one newline at the end', files => $TEXT, check => \&_end },
    { name => 'no unfinished marks', files => $TEXT,
      check => _lines(qr/\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/,
                      'something unfinished') },
    { name => 'no machine paths', files => $TEXT,
      check => _lines(qr{(?<![\w.\$\}/-])/(?:work|root|home|tmp)/\w},
                      "a path of one machine") },
    { name => 'no block is run alone', files => qr/\.t$/,
      check => _lines(qr/^--- (?:ONLY|LAST|SKIP)\b/, 'a debugging section') },
    { name => 'files of at most 600 lines, tests 1000', files => qr/$C|$PERL/,
      check => \&_file_length },
    { name => 'a head comment', files => $C, check => \&_head },
    { name => 'a door sign in headers',
      files => qr/^(?:common|worker)\/.*\.h$/, check => \&_door },
    { name => 'no // comments', files => $C, check => \&_comments },
    { name => 'a blank line before else', files => $C, check => \&_else },
    { name => 'two blank lines between functions', files => $C,
      check => \&_between },
    { name => 'return type on its own line', files => $C,
      check => \&_return_type },
    { name => 'no banned call', files => qr/^(?!t\/).*$C/,
      check => \&_banned },
    { name => 'memory from the arena',
      files => qr/^(?:common|worker|ngx_wubloader_module)\/
                  (?!wub_arena\.c).*$C/x,
      check => _code(qr/\b(?:malloc|calloc|realloc|strn?dup|v?asprintf)\s*\(/,
                     'a bare allocation: take it from the arena') },
    { name => 'no sleeping outside the loop',
      files => qr/^(?:common|worker|ngx_wubloader_module)\/
                  (?!worker_loop\.c).*$C/x,
      check => _code(qr/\b(?:u|nano|clock_nano)?sleep\s*\(/,
                     'sleep: wait in the loop') },
    { name => 'no SQL by concatenation',
      files => qr/^(?:worker|ngx_wubloader_module)\/.*$C/,
      check => \&_sql },
    { name => 'functions of at most 80 lines', files => $C,
      check => \&_function_length },
    { name => 'NULL is spelled out', files => $C, check => \&_null },
    { name => 'goto goes forward', files => $C, check => \&_goto },
    { name => 'a blank after keywords', files => $C,
      check => _code(qr/\b(?:if|for|while|switch)\(/,
                     'no blank before the parenthesis') },
);


sub style_rules {
    return @rules;
}


# what is wrong with a file: [ [ rule, line, message ], ... ], and notes
sub style_check {
    my ($path, $text) = @_;

    return [] if $path =~ $FOREIGN;

    my @wrong;

    for my $rule (@rules) {
        next if $path !~ $rule->{files};
        push @wrong, map { [ $rule->{name}, @$_ ] }
            $rule->{check}->($text, $path);
    }

    return \@wrong;
}


# what is wrong with a commit message
sub style_commit {
    my ($message) = @_;

    my ($subject, $blank, @body) = split /\n/, $message;
    my @wrong;

    $subject = '' if !defined $subject;

    my ($area, $rest) = $subject =~ /^(\w+): (.*)$/;

    push @wrong, 'the subject has no area, as in "Common: read times"'
        if !defined $area || !$area{$area};
    push @wrong, 'the summary begins with a capital'
        if defined $rest && $rest =~ /^(?!$NAME\b)[A-Z][a-z]/;
    push @wrong, 'the subject ends with a full stop' if $subject =~ /\.$/;
    push @wrong, 'the subject is longer than 72 columns'
        if length $subject > SUBJECT_MAX;
    push @wrong, 'no blank line after the subject'
        if defined $blank && $blank ne '';
    push @wrong, 'no body that says why' if !grep { /\S/ } @body;

    return @wrong;
}


# a rule that looks for a pattern in each line, or in each line of C code
sub _lines {
    my ($pattern, $message) = @_;

    return sub {
        my ($text) = @_;
        return _grep($pattern, $message, $text);
    };
}


sub _code {
    my ($pattern, $message) = @_;

    return sub {
        my ($text) = @_;
        return _grep($pattern, $message, c_code($text));
    };
}


sub _grep {
    my ($pattern, $message, $text) = @_;

    my @lines = split /\n/, $text, -1;

    return map { [ $_ + 1, $message ] }
           grep { $lines[$_] =~ $pattern } 0 .. $#lines;
}


sub _columns {
    my ($text) = @_;

    utf8::decode($text);

    my @lines = split /\n/, $text;

    return map { [ $_ + 1, length($lines[$_]) . ' columns' ] }
           grep { length $lines[$_] > LINE_MAX } 0 .. $#lines;
}


sub _end {
    my ($text) = @_;

    my $lines = () = $text =~ /\n/g;

    return [ $lines + 1, 'no newline at the end' ] if $text !~ /\n\z/;
    return [ $lines, 'blank lines at the end' ] if $text =~ /\n\n\z/;
    return;
}


# tests are mostly tables of cases, and may be longer
sub _file_length {
    my ($text, $path) = @_;

    my $lines = () = $text =~ /\n/g;
    my $max = $path =~ /\.t$|_test\.c$/ ? TEST_FILE_MAX : FILE_MAX;

    return [ $lines, "$lines lines: split it" ] if $lines > $max;
    return;
}


sub _head {
    my ($text) = @_;

    return if $text =~ m{\A\n/\*\n \* Copyright \(C\) };
    return [ 1, 'no blank line, then a comment with the copyright' ];
}


sub _door {
    my ($text) = @_;

    my ($comment) = $text =~ m{\A\n(/\*.*?\*/)}s;

    return map { [ 1, "the head comment has no '$_'" ] }
           grep { !defined $comment || $comment !~ /^ \* $_/m }
           'May call:', 'Frees:';
}


sub _comments {
    my ($text) = @_;

    my @wrong;

    # strings and old comments are taken out first
    $text =~ s{(/\*.*?\*/)|("(?:\\.|[^"\\\n])*")}{
        (my $part = $&) =~ s/[^\n]/ /g; $part }gsex;

    return _grep(qr{//}, 'a comment in C++ style', $text);
}


sub _else {
    my ($text) = @_;

    my @lines = split /\n/, c_code($text), -1;

    return map { [ $_ + 1, 'no blank line before else' ] }
           grep { $lines[$_] =~ /^\s*(?:\}\s*)?else\b/
                  && $lines[$_ - 1] =~ /\S/
                  && $lines[$_] !~ /\\$/ } 1 .. $#lines;
}


sub _between {
    my ($text) = @_;

    my @lines = split /\n/, $text, -1;
    my @wrong;

    for my $i (0 .. $#lines) {
        next if $lines[$i] ne '}';

        my $next = $i + 1;
        $next++ while $next < @lines && $lines[$next] eq '';

        next if $next >= @lines || $lines[$next] =~ /^#/;
        push @wrong, [ $next + 1, 'not two blank lines after a function' ]
            if $next - $i - 1 != 2;
    }

    push @wrong, map { [ $_ + 1, 'three blank lines' ] }
        grep { "@lines[$_ - 2 .. $_]" eq '  ' } 2 .. $#lines - 1;

    return @wrong;
}


sub _return_type {
    my ($text) = @_;

    my @wrong;

    for my $function (@{ c_functions($text) }) {
        my $name = $function->{name};

        push @wrong, [ $function->{line}, "$name is not at the beginning of "
                       . 'a line' ]
            if $function->{head} !~ /^\Q$name\E\(/m;
    }

    push @wrong, _grep(qr/^[A-Za-z_][^=]*\)\s*\{\s*$/,
        'the brace of a function is on a line of its own', c_code($text));

    return @wrong;
}


sub _banned {
    my ($text) = @_;

    my $names = join '|', @banned;
    my @lines = split /\n/, c_code($text), -1;
    my @wrong;

    for my $i (0 .. $#lines) {
        push @wrong, [ $i + 1, "$1 is banned" ]
            if $lines[$i] =~ /\b($names)\s*\(/;
    }

    return @wrong;
}


sub _sql {
    my ($text) = @_;

    my $verb = qr/\b(?:SELECT|INSERT\ INTO|UPDATE|DELETE\ FROM|LISTEN|NOTIFY
                     |WHERE|VALUES|SET)\b/x;

    return _grep(qr/"[^"]*$verb[^"]*%[-0-9.*]*[a-z]/,
                 'a value formatted into SQL: bind it',
                 c_code($text, 'strings'));
}


sub _function_length {
    my ($text) = @_;

    return map { [ $_->{line}, "$_->{name} has $_->{length} lines" ] }
           grep { $_->{length} > FUNCTION_MAX } _lengths($text);
}


# a table in a function is data, and not counted
sub _lengths {
    my ($text) = @_;

    my @lines = split /\n/, $text, -1;
    my @functions = @{ c_functions($text) };

    for my $function (@functions) {
        my ($count, $table) = (0, 0);

        for my $line (@lines[$function->{first} - 1 .. $function->{last} - 1])
        {
            $table = 1 if $line =~ /^    static const .*=(?:\s*\{)?$/;
            $count++ if !$table;
            $table = 0 if $line =~ /^    \};$/;
        }

        $function->{length} = $count;
    }

    return @functions;
}


# functions between what is aimed at and what is allowed
sub style_long_functions {
    my ($text) = @_;

    return map { "$_->{name} has $_->{length} lines" }
           grep { $_->{length} > FUNCTION_AIM } _lengths($text);
}


# only pointers whose declaration is seen in the same function
sub _null {
    my ($text) = @_;

    my @lines = split /\n/, c_code($text), -1;
    my @wrong;

    for my $function (@{ c_functions($text) }) {
        my ($first, $last) = @$function{qw(first last)};
        my $all = join "\n", $function->{head}, @lines[$first - 1 .. $last - 1];

        my %pointers = map { $_ => 1 }
            $all =~ /\b\w+\s+\*{1,2}(?:const\s+)?(\w+)\s*(?=[,;=)\[])/g;
        my $names = join '|', map { quotemeta } sort keys %pointers;

        next if $names eq '';

        for my $i ($first - 1 .. $last - 1) {
            push @wrong, [ $i + 1, "compare $1 with NULL" ]
                if $lines[$i] =~ /!($names)\b(?!\s*(?:->|[\[(.]))/
                || $lines[$i] =~ /\b(?:if|while) \(($names)\)/;
        }
    }

    return @wrong;
}


sub _goto {
    my ($text) = @_;

    my @lines = split /\n/, c_code($text), -1;
    my @wrong;

    for my $function (@{ c_functions($text) }) {
        my %label;

        for my $i ($function->{first} - 1 .. $function->{last} - 1) {
            $label{$1} = 1 if $lines[$i] =~ /^(\w+):\s*$/;
            push @wrong, [ $i + 1, "goto $1 goes back" ]
                if $lines[$i] =~ /\bgoto (\w+);/ && $label{$1};
        }
    }

    return @wrong;
}


1;
