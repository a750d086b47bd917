package Wub::Log;

# The log sections of a Test::Nginx block.

use strict;
use warnings;

use Exporter qw(import);
use Test::LongString qw(is_string);
use Test::More ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(check_log log_patterns);


# the patterns of a section: text or qr//
sub log_patterns {
    my ($block, $section) = @_;

    my $value = $block->$section;

    return () if !defined $value;
    return @$value if ref $value eq 'ARRAY';
    return ($value) if ref $value;
    return grep { length } split /\n+/, $value;
}


# Checks error_log, no_error_log and grep_error_log, or the same of
# access_log.  %log: kind, file, from (an offset in it), repeat, and wait:
# seconds that a line may still take to come.
sub check_log {
    my ($block, %log) = @_;

    my ($kind, $repeat) = @log{qw(kind repeat)};
    my $name = $block->name;
    my @wanted = log_patterns($block, "${kind}_log");
    my @refused = log_patterns($block, "no_${kind}_log");
    my @lines;

    # what is logged at the end of a request comes after its answer
    my $until = time + (@wanted ? $log{wait} : 0);

    for (;;) {
        @lines = _log_lines(@log{qw(file from)});
        last if time >= $until || !grep { !_match($_, \@lines) } @wanted;
        sleep 0.02;
    }

    for my $pattern (@wanted) {
        Test::More::ok(defined _match($pattern, \@lines),
            "$name - $kind.log has '$pattern' (repeat $repeat)")
            or Test::More::diag(@lines);
    }

    for my $pattern (@refused) {
        my $line = _match($pattern, \@lines);
        Test::More::ok(!defined $line,
            "$name - $kind.log has no '$pattern' (repeat $repeat)")
            or Test::More::diag($line);
    }

    _check_grep($block, $kind, $repeat, \@lines);
    return;
}


sub _check_grep {
    my ($block, $kind, $repeat, $lines) = @_;

    my ($section, $section_out) = ("grep_${kind}_log", "grep_${kind}_log_out");
    my $grep = $block->$section;
    my $want = $block->$section_out;

    return if !defined $grep;

    my $out = join '', map { ref $grep ? (/$grep/ ? "$&\n" : ())
        : index($_, $grep) >= 0 ? "$grep\n" : () } @$lines;

    $want = $want->[$repeat] if ref $want eq 'ARRAY';

    is_string($out, defined $want ? $want : '',
              $block->name . " - lines of $kind.log (repeat $repeat)");
    return;
}


sub _log_lines {
    my ($file, $from) = @_;

    open my $in, '<', $file or return;
    seek $in, $from, 0;
    return <$in>;
}


sub _match {
    my ($pattern, $lines) = @_;

    for my $line (@$lines) {
        return $line if ref $pattern ? $line =~ $pattern
                                     : index($line, $pattern) >= 0;
    }

    return;
}


1;
