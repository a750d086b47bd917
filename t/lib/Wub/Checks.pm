package Wub::Checks;

# Sections of our own, as body checks that CPAN's Test::Nginx takes, too:
#   response_body_json       the body is JSON and equals this, key order
#                            and spaces aside
#   response_body_json_sort  the same, the order within arrays aside
#   response_body_lines      the body, as an array of its lines (eval)
# With several requests in a block each is an array of texts (eval).

use strict;
use warnings;

use JSON::PP ();
use Test::More ();

use Test::Nginx::Socket ();


my $json = JSON::PP->new->canonical->allow_nonref->utf8;


sub check_json {
    my ($block, $body, $index, $repeat, $dry_run) = @_;

    return if $dry_run;

    for my $sort (0, 1) {
        my $section = $sort ? 'response_body_json_sort'
                            : 'response_body_json';
        my $want = $block->$section;

        $want = $want->[$index] if ref $want;
        next if !defined $want;

        local $Test::Builder::Level = $Test::Builder::Level + 1;
        Test::More::is(canonical($body, $sort), canonical($want, $sort),
            $block->name . " - $section (repeat $repeat, request $index)");
    }

    return;
}


# JSON text in one spelling; what is not JSON says so
sub canonical {
    my ($text, $sort) = @_;

    return 'no body' if !defined $text;

    my $value = eval { $json->decode($text) };

    return "not JSON: $text" if $@;
    return $json->encode($sort ? _sorted($value) : $value);
}


sub _sorted {
    my ($value) = @_;

    return { map { ($_ => _sorted($value->{$_})) } keys %$value }
        if ref $value eq 'HASH';
    return $value if ref $value ne 'ARRAY';

    return [ sort { $json->encode($a) cmp $json->encode($b) }
             map { _sorted($_) } @$value ];
}


sub check_lines {
    my ($block, $body, $index, $repeat, $dry_run) = @_;

    my $want = $block->response_body_lines;
    return if $dry_run || !defined $want;

    $want = $want->[$index] if ref $want->[0];

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is_deeply([ split /\n/, defined $body ? $body : '' ], $want,
        $block->name . " - response_body_lines (repeat $repeat)");
    return;
}


if (my $known = Test::Nginx::Socket->can('known_sections')) {
    $known->(qw(response_body_json response_body_json_sort
                response_body_lines));
}

Test::Nginx::Socket::add_response_body_check(\&check_json);
Test::Nginx::Socket::add_response_body_check(\&check_lines);


1;
