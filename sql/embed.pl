#!/usr/bin/perl

# Prints a C file that holds the files given, for worker/worker_migrate.h:
#
#   perl sql/embed.pl sql/*.sql > build/worker_sql.c
#
# Character arrays and not string literals: C promises 4095 characters for
# those only.

use strict;
use warnings;


my %seen;
my @files;

for my $path (@ARGV) {
    my ($name) = $path =~ m{([^/]+)$};
    $name =~ /^(\d{3})-[a-z0-9-]+\.sql$/
        or die "$path: not named NNN-what.sql\n";
    my $version = $1 + 0;
    die "$path: there are two files $1\n" if $seen{$version}++;

    open my $fh, '<:raw', $path or die "$path: $!\n";
    local $/;
    my $text = <$fh>;
    die "$path: a NUL or a character that is not ASCII\n"
        if $text =~ /[^\n\x20-\x7e]/;
    $text =~ /^BEGIN;$/m && $text =~ /^COMMIT;\n\z/m
        or die "$path: not one transaction from BEGIN; to COMMIT;\n";
    $text =~ /^INSERT INTO schema_migrations \(version\) VALUES \($version\)/m
        or die "$path: does not record version $version\n";

    push @files, [$version, $name, $text];
}

die "usage: embed.pl NNN-what.sql...\n" if !@files;
@files = sort { $a->[0] <=> $b->[0] } @files;

print "/* made by sql/embed.pl */\n\n";
print "#include \"worker/worker_migrate.h\"\n\n";

for my $f (@files) {
    my @bytes = (unpack('C*', $f->[2]), 0);
    print "static const char  worker_sql_$f->[0]\[\] = {\n";
    while (my @line = splice @bytes, 0, 16) {
        print '    ', join(', ', @line), ",\n";
    }
    print "};\n\n";
}

print "const worker_sql_file_t  worker_sql_files[] = {\n";
print "    { $_->[0], \"$_->[1]\", worker_sql_$_->[0] },\n" for @files;
print "};\n\n";
print "const size_t  worker_sql_nfiles = ", scalar(@files), ";\n";
