package Wub::Source;

# The files of the tree, and C source as its compiler reads it.

use strict;
use warnings;

use Exporter qw(import);
use File::Find;

our @EXPORT_OK = qw(source_files source_text c_code c_functions);


# Paths below the current folder, sorted: what git has or would add, or all
# of a tree that is not git's, build/ and run/ aside.
sub source_files {
    my @paths;

    if (-e '.git' && open my $git, '-|',
        qw(git ls-files -z --cached --others --exclude-standard))
    {
        local $/ = "\0";
        chomp(@paths = <$git>);
        close $git;
    }

    if (!@paths) {
        find({ no_chdir => 1, wanted => sub {
            $File::Find::prune = 1 if m{^\./(?:\.git|build|run)$};
            push @paths, substr $_, 2 if -f && !$File::Find::prune;
        } }, '.');
    }

    my %seen;

    return sort grep { -f && !$seen{$_}++ } @paths;
}


sub source_text {
    my ($path) = @_;

    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}


# C with the text of comments and strings blanked out, so that every line
# and column stays where it is.  $keep: 'strings' leaves those as they are.
sub c_code {
    my ($text, $keep) = @_;

    $keep = '' if !defined $keep;

    $text =~ s{
        (?<comment> /\* .*? \*/ | // [^\n]* )
      | (?<string> " (?: \\. | [^"\\\n] )* " )
      | (?<char> ' (?: \\. | [^'\\\n] )+ ' )
    }{
        my $part = $&;

        if (defined $+{comment} || $keep ne 'strings') {
            my $edge = defined $+{comment} ? 0 : 1;
            my $inner = substr $part, $edge, length($part) - 2 * $edge;

            $inner =~ s/[^\n]/ /g;
            substr($part, $edge, length $inner, $inner);
        }

        $part;
    }gsex;

    return $text;
}


# Functions that C defines: [ { name, head, line, first, last }, ... ];
# head is all before the brace, line is that of the name, first and last
# are the lines within the braces, counted from 1.
sub c_functions {
    my ($text) = @_;

    my @lines = split /\n/, c_code($text), -1;
    my @functions;

    for (my $i = 0; $i < @lines; $i++) {
        next if $lines[$i] !~ /^\{\s*$/;

        my $from = $i;
        $from-- while $from > 0 && $lines[$from - 1] =~ /\S/
            && $lines[$from - 1] !~ /^[#}]|;\s*$/;

        my $last = $i + 1;
        $last++ while $last < @lines && $lines[$last] !~ /^\}/;

        my $head = join "\n", @lines[$from .. $i - 1];
        my ($name) = $head =~ /\b([A-Za-z_]\w*)\s*\(/;
        my ($at) = grep { defined $name && $lines[$_] =~ /\b\Q$name\E\s*\(/ }
                        $from .. $i;

        push @functions, {
            name  => $name,
            head  => $head,
            line  => defined $at ? $at + 1 : $i + 1,
            first => $i + 2,
            last  => $last,
        } if defined $name;

        $i = $last;
    }

    return \@functions;
}


1;
