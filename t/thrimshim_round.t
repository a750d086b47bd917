# The editor's API: a row that is read, and posted as it was read, is the
# same when it is read again.  Random rows, of all states, put in by SQL.

use strict;
use warnings;

use Test::More;

use Wub::Api;
use Wub::Editor qw(edit_get edit_json edit_post);
use Wub::Nginx;

my $seed = $ENV{WUB_SEED} || time;
my $rows = $ENV{WUB_LONG} ? 3000 : 140;

srand $seed;
diag("WUB_SEED=$seed") if $ENV{WUB_SEED};

my $api = Wub::Api->new;
my $temp = Wub::Nginx::temp_dir('round');

open my $notes, ">", "$temp/notes.json" or die "$temp: $!\n";
print $notes edit_json({ Games => 'Mind the gap.' });
close $notes;

my $nginx = Wub::Nginx->new(config => $api->location(config => <<"END"));
            wubloader_auth off;
            wubloader_title_header "Head";
            wubloader_description_footer "The footer\n- of two lines";
            wubloader_upload_locations test other;
            wubloader_archive Archive archive;
            wubloader_default_channel chan;
            wubloader_category_notes $temp/notes.json;
END

is($nginx->start, '', 'nginx starts');

my $port = $nginx->port;

$api->insert('playlists', id => "p$_->[0]", name => $_->[1],
             tags => $_->[2], playlist_id => $_->[3],
             show_in_description => $_->[4], default_template => $_->[5])
    for [1, 'All (of it)', [], 'PL-all', 't', undef],
        [2, 'Games', ['GAMES'], 'PL_games', 't', 'fancy'],
        [3, 'Hidden', ['songs'], 'PL_songs', 'f', 'plain'],
        [4, 'Nowhere', ['games'], undef, 't', undef];
$api->insert('templates', name => $_->[0], image => \"'\\x89'",
             crop => \"'{0,0,1,1}'", location => \"'{0,0,1,1}'",
             attribution => $_->[1])
    for ['fancy', 'An artist (of pictures)'], ['plain', ''];


sub one {
    return $_[rand @_];
}

sub text {
    my ($max) = @_;

    return join '', map { one('a' .. 'e', ' ', '"', '\\', "'", '{', '}', ',',
        '%', '&', ':', "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x9a\x8c",
        'NULL', '-', '.') } 1 .. rand $max;
}

sub lines {
    return join "\n", map { text(30) } 0 .. rand 4;
}

sub at {
    my ($from) = @_;
    my $us = int rand 3_600_000_000;

    return sprintf '2024-02-29 %02d:%02d:%02d%s', $from,
        $us / 60_000_000 % 60, $us / 1_000_000 % 60,
        one('', '.5', sprintf '.%06d', $us % 1_000_000);
}

my $footer = "\n\nThe footer\n- of two lines";
my $list = "\n\nThis video is part of the following playlists:\n- Games "
    . '[https://youtube.com/playlist?list=PL_games]' . "\n";


# columns that an editor has filled in, or, of a draft, some of them
sub cut {
    my ($sheet) = @_;
    my $n = 1 + int rand 4;
    my @ranges = map { sprintf "('%s','%s')", at(20), at(21) } 1 .. $n;
    my @joints = map { one('NULL', sprintf "('%s',%s)", one('fade',
        'wipeleft', 'batman'), one(1, 0.5, 2.25, 0.333333, 0.000001)) }
        2 .. $n;
    my $prefix = one('', 'Head - ', 'Head - ', 'Head - Head - ');
    my $mode = one('NONE', 'BARE', 'TEMPLATE', 'CUSTOM');

    return (
        video_ranges => \('ARRAY[' . join(',', @ranges) . ']::video_range[]'),
        video_transitions => \('ARRAY[' . join(',', @joints)
            . ']::video_transition[]'),
        video_title => $prefix . 'x' . text(20),
        video_description => lines() . one('', $footer, $footer,
            "$list\n" . substr($footer, 2), $footer . $footer,
            substr $footer, 0, 9),
        video_tags => [map { text(6) } 1 .. rand 4],
        video_channel => one('chan', 'chan2'),
        video_quality => one('source', '480p'),
        upload_location => one('test', 'other', text(5) . 'x'),
        allow_holes => one('t', 'f'),
        uploader_whitelist => one(undef, [], ['me', text(4)]),
        thumbnail_mode => $mode,
        thumbnail_time => at(20),
        thumbnail_template => one('fancy', 'plain', 'gone'),
        thumbnail_image => $mode eq 'CUSTOM'
            ? \"'\\x89504e470d0a1a0a00ff'::bytea" : undef,
        thumbnail_crop => one(undef, \"'{1,2,30,40}'::box_coords"),
        thumbnail_location => one(undef, \"'{0,0,16384,1}'::box_coords"),
        thumbnail_last_written => \"'\\x01'::bytea",
        cut_type => one(undef, 'smart', 'rough'),
        editor => 'someone@example.com',
        edit_time => at(22),
    );
}


# a row of a state and what may be compared of it
sub put_row {
    my ($id, $state) = @_;
    my %set = (state => $state, category => one('Games', 'Songs', text(5)),
        sheet_name => one('1', '2', 'Archive'), description => text(40),
        notes => lines(), tags => [map { one('games', 'GAMES', 'songs',
        text(5)) } 1 .. rand 4], public => one('t', 'f'),
        event_start => one(undef, at(20)));

    $set{event_end} = one(\"ROW(false, NULL)::end_time",
        \('ROW(false, \'' . at(21) . '\')::end_time'),
        \('ROW(true, ' . (defined $set{event_start}
            ? "'$set{event_start}'" : 'NULL') . ')::end_time'));

    my %cut = cut();

    # a draft lacks whatever its editor has not come to yet
    if ($state eq 'UNEDITED') {
        my @lost = grep { rand() < 0.4 } qw(video_ranges video_title
            video_description video_tags video_channel upload_location
            thumbnail_time thumbnail_template editor edit_time);

        delete @cut{@lost};
        delete $cut{video_transitions} if !$cut{video_ranges};
    }

    $cut{uploader} = 'them'
        if $state =~ /^(?:CLAIMED|FINALIZING|TRANSCODING)$/;
    @cut{qw(video_link video_id upload_time)}
        = ('https://x/v', 'v', at(23)) if $state =~ /^(?:DONE|MODIFIED)$/;
    $cut{last_modified} = at(23) if $state eq 'MODIFIED';

    $api->event($id, %set, %cut);
    return;
}


my @states = qw(UNEDITED EDITED CLAIMED DONE MODIFIED FINALIZING TRANSCODING);
my %free = map { $_ => 1 } qw(state editor edit_time uploader error
    last_modified progress progress_note);
my $wrong = 0;
my %statuses;

for my $i (1 .. $rows) {
    my $id = "row $i";
    my $path = "/thrimshim/row%20$i";
    my $state = $states[$i % @states];

    put_row($id, $state);

    my $was = edit_get($port, $path);

    if (!$was) {
        fail("$id cannot be read");
        last;
    }

    my %body = %$was;

    $body{state} = $state eq 'UNEDITED' ? 'UNEDITED'
        : $state =~ /^(?:DONE|MODIFIED)$/ ? 'MODIFIED' : 'EDITED';
    delete $body{thumbnail_image} if $body{thumbnail_mode} ne 'CUSTOM';

    my ($status, $text) = edit_post($port, $path, \%body);
    my $is = edit_get($port, $path);
    my @other = grep { !$free{$_}
        && edit_json($was->{$_}) ne edit_json($is->{$_}) } sort keys %$was;

    $statuses{$state}{$status}++;

    my $want = $state =~ /^(?:FINALIZING|TRANSCODING)$/ ? 403 : 201;

    next if $status == $want && !@other;

    diag("$id ($state): $status $text", map {
        "\n$_: " . edit_json($was->{$_}) . ' => ' . edit_json($is->{$_})
    } @other);
    last if ++$wrong == 5;
}

is($wrong, 0, "$rows rows, read, written and read (WUB_SEED=$seed)");
is(scalar keys %statuses, scalar @states, 'of all states');

done_testing();
