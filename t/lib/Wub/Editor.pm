package Wub::Editor;

# An editor of videos: what its page posts to the editor's API, and the rows
# that it posts it to.

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();

use Wub::Http qw(http_request);

our @EXPORT_OK = qw(edit edit_json edit_post edit_get edit_event edit_states
                    json_true json_false PNG_BASE64);

use constant PNG_BASE64 => 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA'
    . 'DUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# what a row has beyond a draft's columns, by state
my %needs = (
    UNEDITED    => {},
    EDITED      => {},
    CLAIMED     => { uploader => 'them' },
    FINALIZING  => { uploader => 'them' },
    TRANSCODING => { uploader => 'them' },
    DONE        => { video_link => 'https://x/v', video_id => 'v',
                     upload_time => '2024-03-01T00:00:00' },
    MODIFIED    => { video_link => 'https://x/v', video_id => 'v',
                     upload_time => '2024-03-01T00:00:00',
                     last_modified => '2024-03-01T00:01:00' },
);


sub json_true  { return JSON::PP::true }
sub json_false { return JSON::PP::false }


# The body of a submitted edit of Wub::Api's event $id; a value that is a
# reference to undef takes its key away.
sub edit {
    my ($id, %set) = @_;

    my %body = (
        upload_location   => 'test',
        video_ranges      => [['2024-02-29T23:00:00.000',
                               '2024-02-29T23:05:00.500']],
        video_transitions => [],
        video_channel     => 'chan',
        video_quality     => 'source',
        video_title       => 'A title',
        video_description => 'A description',
        video_tags        => ['one', 'two words'],
        thumbnail_mode    => 'NONE',
        public            => JSON::PP::true,
        state             => 'EDITED',
        sheet_name        => '1',
        event_start       => '2024-02-29T23:00:00',
        event_end         => '2024-02-29T23:10:00',
        category          => 'Games',
        description       => "what happened in $id",
        notes             => '',
        tags              => [],
        %set,
    );

    for my $key (keys %body) {
        delete $body{$key}
            if ref $body{$key} eq 'SCALAR' && !defined ${ $body{$key} };
    }

    return \%body;
}


sub edit_json {
    my ($value) = @_;

    return $json->encode($value);
}


# (status, body) of a POST; %opt as http_request has it
sub edit_post {
    my ($port, $target, $body, %opt) = @_;

    my $res = http_request($port, 'POST', $target, %opt,
        headers => ['Content-Type: application/json',
                    @{ $opt{headers} || [] }],
        body => ref $body ? edit_json($body) : $body) || {};

    return ($res->{status} // 0, $res->{body} // '');
}


# what a GET answers, read; undef unless it is 200
sub edit_get {
    my ($port, $target, %opt) = @_;

    my $res = http_request($port, 'GET', $target, %opt);

    return $res && $res->{status} == 200 ? $json->decode($res->{body}) : undef;
}


# one event in each state, its id the state's name in lower case
sub edit_states {
    my ($api, %set) = @_;

    for my $state (sort keys %needs) {
        edit_event($api, lc $state, $state, %set);
    }

    return;
}


sub edit_event {
    my ($api, $id, $state, %set) = @_;

    my %cut = $state eq 'UNEDITED' ? () : (
        upload_location   => 'test',
        video_ranges      => \("ARRAY[('2024-02-29T23:00:00',"
            . "'2024-02-29T23:05:00.5')]::video_range[]"),
        video_transitions => \"'{}'::video_transition[]",
        video_title       => 'A title',
        video_description => 'A description',
        video_tags        => ['one'],
        video_channel     => 'chan',
        editor            => 'someone@example.com',
        edit_time         => '2024-02-29T23:30:00',
    );

    $api->event($id, state => $state, thumbnail_mode => 'NONE', %cut,
        %{ $needs{$state} }, %set);
    return;
}


1;
