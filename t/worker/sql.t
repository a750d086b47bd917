#!/usr/bin/perl

# The schema itself: every rule of SCHEMA.md accepts and rejects, triggers
# tell and take away, the history is written.  Files are applied by psql -f.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP qw(decode_json);
use Test::More;

use Wub::Postgres;


my $pg = Wub::Postgres->new;
my @files = sort glob 'sql/[0-9]*.sql';

my $token = '5d2c8d6e-5a39-4b0e-9d3c-0123456789ab';
my $other = '00000000-5a39-4b0e-9d3c-0123456789ab';

# what a row of each state needs
my %edited = (
    state => "'EDITED'", upload_location => "'local'", editor => "'e\@x'",
    video_ranges => q(ARRAY[ROW('2020-01-01 00:00', '2020-01-01 00:01')]
                      ::video_range[]),
    video_transitions => "'{}'", video_title => "'t'",
    video_description => "''", video_tags => "'{}'", video_channel => "'c'",
    thumbnail_mode => "'NONE'",
);
my %claimed = (%edited, state => "'CLAIMED'", uploader => "'n'");
my %done = (%claimed, state => "'DONE'", video_link => "'http://l'",
            upload_time => "'2020-01-01'");
my %row = (
    UNEDITED => {},
    EDITED => \%edited,
    CLAIMED => \%claimed,
    FINALIZING => {%claimed, state => "'FINALIZING'"},
    TRANSCODING => {%claimed, state => "'TRANSCODING'"},
    DONE => \%done,
    MODIFIED => {%done, state => "'MODIFIED'",
                 last_modified => "'2020-01-01'"},
);


subtest 'by hand, twice' => sub { by_hand() };
subtest 'columns' => sub { columns() };
subtest 'events: rules' => sub { rules() };
subtest 'other tables: rules' => sub { others() };
subtest 'notifications' => sub { notifications() };
subtest 'voiding of claims' => sub { voiding() };
subtest 'history' => sub { history() };
subtest 'other users' => sub { users() };

done_testing;


sub by_hand {
    for my $turn (1, 2) {
        for my $file (@files) {
            my ($rc, $out, $err) = $pg->psql_file('wub', $file);
            is "$rc$out$err", '0', "$file, turn $turn: silent";
        }
    }

    is_deeply [map { $_->[0] } $pg->psql('wub',
        'SELECT version FROM schema_migrations ORDER BY version')],
        [1 .. @files], 'each file recorded itself once';

    # a file that fails in the middle leaves nothing, not even its row
    $pg->psql('half', 'CREATE TABLE nodes (x int); '
              . 'CREATE VIEW roles AS SELECT 1 AS x');
    $pg->psql_file('half', $_) for @files[0 .. 3];
    is_deeply [$pg->psql('half',
        "SELECT max(version), to_regclass('templates')::text
         FROM schema_migrations")],
        [[3, undef]], 'a file that failed is not recorded';
}


sub columns {
    my $spec = <<'END';
        id text not null
        sheet_name text not null
        event_start timestamp without time zone
        event_end end_time = (f,)
        category text not null =
        description text not null =
        submitter_winner text not null =
        poster_moment boolean not null = f
        image_links text[] not null = {}
        notes text not null =
        tags text[] not null = {}
        allow_holes boolean not null = f
        uploader_whitelist text[]
        upload_location text
        public boolean not null = t
        video_ranges video_range[]
        video_transitions video_transition[]
        video_title text
        video_description text
        video_tags text[]
        video_channel text
        video_quality text not null = source
        thumbnail_mode thumbnail_mode not null = TEMPLATE
        thumbnail_time timestamp without time zone
        thumbnail_template text
        thumbnail_crop box_coords
        thumbnail_location box_coords
        thumbnail_image bytea
        thumbnail_last_written bytea
        state event_state not null = UNEDITED
        uploader text
        error text
        video_id text
        video_link text
        editor text
        edit_time timestamp without time zone
        upload_time timestamp without time zone
        last_modified timestamp without time zone
        progress real
        progress_note text
        cut_type text
END
    my %default;
    my @want = map {
        s/^\s+//;
        my ($head, $value) = /^(.*?)(?: =(?: (.*))?)?$/;
        $default{(split ' ', $head)[0]} = $value // '' if / =/;
        $head;
    } split /\n/, $spec;

    is_deeply [map { $_->[0] } $pg->psql('wub',
        "SELECT attname || ' ' || format_type(atttypid, atttypmod)
             || CASE WHEN attnotnull THEN ' not null' ELSE '' END
         FROM pg_attribute WHERE attrelid = 'events'::regclass
             AND attnum > 0 AND NOT attisdropped ORDER BY attnum")],
        \@want, 'columns of events';

    $pg->psql('wub', "INSERT INTO events (id, sheet_name) VALUES ('d', 's')");
    for my $col (sort keys %default) {
        is $pg->value('wub', "SELECT $col FROM events WHERE id = 'd'"),
            $default{$col}, "default of $col";
    }

    my %other = (
        nodes => ["name text not null", "url text not null",
                  "backfill_from boolean not null"],
        roles => ["email text not null", "name text not null",
                  "editor boolean not null", "artist boolean not null"],
        playlists => ["id text not null", "name text not null",
                      "description text not null", "tags text[]",
                      "playlist_id text",
                      "show_in_description boolean not null",
                      "first_event_id text", "last_event_id text",
                      "default_template text"],
        templates => ["name text not null", "image bytea not null",
                      "description text not null",
                      "attribution text not null",
                      "crop box_coords not null",
                      "location box_coords not null"],
        event_jobs => ["id text not null", "claim_token uuid", "node text",
                       "lease_until timestamp with time zone",
                       "attempt integer not null", "plan jsonb",
                       "upload_session jsonb",
                       "updated timestamp with time zone not null"],
    );
    for my $tab (sort keys %other) {
        is_deeply [map { $_->[0] } $pg->psql('wub',
            "SELECT attname || ' ' || format_type(atttypid, atttypmod)
                 || CASE WHEN attnotnull THEN ' not null' ELSE '' END
             FROM pg_attribute WHERE attrelid = '$tab'::regclass
                 AND attnum > 0 ORDER BY attnum")],
            $other{$tab}, "columns of $tab";
    }

    is_deeply [map { $_->[0] } $pg->psql('wub',
        "SELECT enumlabel FROM pg_enum WHERE enumtypid = 'event_state'::regtype
         ORDER BY enumsortorder")],
        [qw(UNEDITED EDITED CLAIMED FINALIZING TRANSCODING DONE MODIFIED)],
        'event_state';
    is $pg->value('wub', "SELECT count(*) FROM pg_index i JOIN pg_attribute a
        ON a.attrelid = indrelid AND attnum = indkey[0]
        WHERE indrelid = 'events'::regclass AND attname = 'state'"), 1,
        'index on state';
}


# [what, state, columns to set (undef: leave out), rule broken or nothing]
sub rules {
    my @cases = map { [lc, $_, {}] } sort keys %row;

    # not null unless one of these states
    my %needs = (
        upload_location => ['UNEDITED'],
        editor => ['UNEDITED'],
        (map { $_ => ['UNEDITED', 'DONE'] }
         qw(video_title video_description video_tags video_channel)),
        uploader => [qw(UNEDITED EDITED DONE MODIFIED)],
        (map { $_ => [qw(UNEDITED EDITED CLAIMED FINALIZING TRANSCODING)] }
         qw(video_link upload_time)),
        last_modified => [grep { $_ ne 'MODIFIED' } keys %row],
    );
    for my $col (sort keys %needs) {
        for my $state (sort keys %row) {
            my $free = grep { $_ eq $state } @{$needs{$col}};
            push @cases, ["$state without $col", $state, {$col => undef},
                          $free ? () : "events_${col}_check"];
        }
    }

    for my $state (sort keys %row) {
        my $free = $state =~ /^(UNEDITED|DONE)$/;
        push @cases,
            ["$state without ranges and transitions", $state,
             {video_ranges => undef, video_transitions => undef},
             $free ? () : 'events_video_ranges_check'],
            ["$state, custom, no image", $state,
             {thumbnail_mode => "'CUSTOM'",
              thumbnail_last_written => "'\\x00'"},
             $state eq 'UNEDITED' ? () : 'events_thumbnail_image_check'],
            ["$state, custom, image", $state,
             {thumbnail_mode => "'CUSTOM'", thumbnail_image => "'\\x00'",
              thumbnail_last_written => "'\\x00'"}],
            ["$state, bare, no time", $state,
             {thumbnail_mode => "'BARE'",
              thumbnail_last_written => "'\\x00'"},
             $state eq 'UNEDITED' ? () : 'events_thumbnail_time_check'],
            ["$state, template, none named", $state,
             {thumbnail_mode => "'TEMPLATE'",
              thumbnail_time => "'2020-01-01'",
              thumbnail_last_written => "'\\x00'"},
             $state eq 'UNEDITED' ? () : 'events_thumbnail_template_check'],
            ["$state, bare, nothing written", $state,
             {thumbnail_mode => "'BARE'", thumbnail_time => "'2020-01-01'"},
             $state eq 'DONE' ? 'events_thumbnail_last_written_check' : ()];
    }

    my $two = 'ARRAY[ROW(NULL, NULL), ROW(NULL, NULL)]::video_range[]';
    push @cases,
        ['ranges, no transitions', 'EDITED', {video_transitions => undef},
         'events_video_transitions_check'],
        ['two ranges, one transition', 'EDITED',
         {video_ranges => $two, video_transitions => "'{NULL}'"}],
        ['two ranges, no transition', 'EDITED', {video_ranges => $two},
         'events_transitions_count_check'],
        ['one range, one transition', 'EDITED',
         {video_transitions => q('{"(fade,0.5)"}')},
         'events_transitions_count_check'],
        ['no range', 'EDITED', {video_ranges => "'{}'"},
         'events_transitions_count_check'],
        ['transitions only', 'UNEDITED', {video_transitions => "'{}'"}],

        ['end: null', 'UNEDITED', {event_end => 'NULL'},
         'events_event_end_check'],
        ['end: dashed null', 'UNEDITED', {event_end => 'ROW(NULL, NULL)'},
         'events_event_end_check'],
        ['end: dashed, both null', 'UNEDITED', {event_end => "'(t,)'"}],
        ['end: dashed, start null', 'UNEDITED',
         {event_end => "'(t,2020-01-01)'"}, 'events_event_end_check'],
        ['end: dashed, equal', 'UNEDITED',
         {event_start => "'2020-01-01'", event_end => "'(t,2020-01-01)'"}],
        ['end: dashed, not equal', 'UNEDITED',
         {event_start => "'2020-01-02'", event_end => "'(t,2020-01-01)'"},
         'events_event_end_check'],
        ['end: dashed, end null', 'UNEDITED',
         {event_start => "'2020-01-02'", event_end => "'(t,)'"},
         'events_event_end_check'],
        ['end: before the start', 'UNEDITED',
         {event_start => "'2020-01-02'", event_end => "'(f,2020-01-01)'"}],

        (map { ["progress $_->[0]", 'UNEDITED', {progress => $_->[0]},
                $_->[1] ? () : 'events_progress_check'] }
         ['0', 1], ['1', 1], ['0.5', 1], ['NULL', 1], ['-0.001', 0],
         ['1.001', 0], ["'NaN'", 0], ["'inf'", 0]),
        (map { ["cut_type $_", 'UNEDITED', {cut_type => "'$_'"}] }
         qw(rough fast smart full mpegts webm mp4 archive)),
        (map { ["cut_type $_", 'UNEDITED', {cut_type => "'$_'"},
                'events_cut_type_check'] } '', 'SMART', 'smart '),

        ['crop of 4', 'UNEDITED', {thumbnail_crop => "'{0,0,1,1}'"}],
        ['crop null', 'UNEDITED', {thumbnail_crop => 'NULL'}],
        ['crop of 3', 'UNEDITED', {thumbnail_crop => "'{0,0,1}'"},
         'box_coords_check'],
        ['location of 0', 'UNEDITED', {thumbnail_location => "'{}'"},
         'box_coords_check'],
        ['a state that is none', 'UNEDITED', {state => "'QUEUED'"},
         'invalid input value for enum event_state'],
        ['no sheet', 'UNEDITED', {sheet_name => 'NULL'}, 'sheet_name'],
        ['tags null', 'UNEDITED', {tags => 'NULL'}, 'tags'];

    # one session for all: each case in a block of its own
    my $sql = "CREATE TEMP TABLE got (n int, said text);\n";
    for my $n (0 .. $#cases) {
        my (undef, $state, $set) = @{$cases[$n]};
        my %col = (id => "'case$n'", sheet_name => "''",
                   %{$row{$state}}, %$set);
        my @cols = grep { defined $col{$_} } sort keys %col;
        my $insert = 'INSERT INTO events (' . join(', ', @cols)
            . ') VALUES (' . join(', ', @col{@cols}) . ')';
        $sql .= "DO \$do\$ BEGIN $insert; INSERT INTO got VALUES ($n, ''); "
            . "EXCEPTION WHEN OTHERS THEN INSERT INTO got "
            . "VALUES ($n, SQLERRM); END \$do\$;\n";
    }
    my @got = $pg->psql('wub', $sql . 'SELECT said FROM got ORDER BY n');

    for my $n (0 .. $#cases) {
        my ($what, undef, undef, $rule) = @{$cases[$n]};
        my $said = $got[$n][0];

        if (defined $rule) {
            like $said, qr/\Q$rule\E/, "$what: refused";

        } else {
            is $said, '', "$what: accepted";
        }
    }
}


sub others {
    my @cases = (
        ["roles VALUES ('a\@x', 'A')"],
        ["roles VALUES ('B\@x', 'B')", 'roles_email_check'],
        ["roles VALUES ('a\@x', 'A2')", 'roles_pkey'],
        ["nodes (name, url) VALUES ('n', 'http://n')"],
        ["nodes (name) VALUES ('m')", '"url"'],
        ["playlists (id, playlist_id) VALUES ('1', 'PL')"],
        ["playlists (id, playlist_id) VALUES ('2', 'PL')", 'playlist_id'],
        ["playlists (id) VALUES ('3'), ('4')"],
        ["playlists (id, first_event_id) VALUES ('5', 'no such event')"],
        ["templates VALUES ('t', '\\x01', '', '', '{1,2,3,4}', '{1,2,3,4}')"],
        ["templates VALUES ('u', '\\x01', '', '', '{1,2,3}', '{1,2,3,4}')",
         'box_coords_check'],
        ["templates VALUES ('v', '\\x01', '', '', '{1,2,3,4}', NULL)",
         '"location"'],
        ["event_jobs (id) VALUES ('no such event')", 'event_jobs_id_fkey'],
        ["event_jobs (id) VALUES ('d')"],
        ["event_jobs (id) VALUES ('d')", 'event_jobs_pkey'],
    );

    for my $case (@cases) {
        my ($insert, $rule) = @$case;
        my ($rc, undef, $err) = $pg->psql_try('wub', "INSERT INTO $insert");

        if (defined $rule) {
            like $err, qr/\Q$rule\E/, "$insert: refused";

        } else {
            is "$rc$err", '0', "$insert: accepted";
        }
    }

    is_deeply [$pg->psql('wub', 'SELECT name, description, tags,
        show_in_description FROM playlists WHERE id = \'3\'')],
        [['', '', undef, 'f']], 'defaults of playlists';
    $pg->psql('wub', "DELETE FROM events WHERE id = 'd'");
    is $pg->value('wub', "SELECT count(*) FROM event_jobs WHERE id = 'd'"), 0,
        'a job goes with its event';
}


# what psql says of notifications, as [id, state]
sub heard {
    my ($sql) = @_;

    my ($rc, $out, $err) = $pg->psql_try('wub',
        "LISTEN wubloader_events; $sql");
    is $rc, 0, 'no error' or diag $err;

    return [map { my $j = decode_json($_); [$j->{id}, $j->{state}] }
            $out =~ /"wubloader_events" with payload "(\{.*?\})" received/g];
}


sub insert {
    my ($id, $state, %set) = @_;

    my %col = (id => "'$id'", sheet_name => "''", %{$row{$state}}, %set);

    return 'INSERT INTO events (' . join(', ', sort keys %col) . ') VALUES ('
        . join(', ', @col{sort keys %col}) . ');';
}


sub notifications {
    is_deeply heard(insert('n1', 'EDITED')), [['n1', 'EDITED']], 'insert';
    is_deeply heard("UPDATE events SET state = 'CLAIMED', uploader = 'n' "
                    . "WHERE id = 'n1';"), [['n1', 'CLAIMED']], 'new state';
    is_deeply heard("UPDATE events SET state = 'CLAIMED', error = 'e', "
                    . "progress = 0.5, progress_note = 'p' "
                    . "WHERE id = 'n1';"), [], 'same state';
    is_deeply heard("INSERT INTO event_jobs (id) VALUES ('n1'); "
                    . "UPDATE event_jobs SET node = 'n' WHERE id = 'n1';"),
        [], 'event_jobs';
    is_deeply heard("BEGIN; UPDATE events SET state = 'UNEDITED' "
                    . "WHERE id = 'n1'; ROLLBACK;"), [], 'rolled back';

    my $odd = q(quote " brace } slash \\ nl) . "\n";
    (my $quoted = $odd) =~ s/'/''/g;
    my ($rc, $out) = $pg->psql_try('wub', 'LISTEN wubloader_events; '
                                   . insert($quoted, 'UNEDITED'));
    my ($payload) = $out =~ /payload "(.*)" received/s;
    is_deeply decode_json($payload), {id => $odd, state => 'UNEDITED'},
        'an odd id';

    # (an id of more than 2700 bytes that do not compress has no index)
    is_deeply heard(insert('x' x 7900, 'UNEDITED')),
        [['x' x 7900, 'UNEDITED']], 'an id that just fits';
    is_deeply heard(insert('y' x 8000, 'UNEDITED')), [[undef, 'UNEDITED']],
        'an id that does not fit';
}


sub voiding {
    my $say = sub { "SET LOCAL wubloader.claim_token = '$_[0]';" };
    my $reset = "UPDATE events SET state = 'UNEDITED', uploader = NULL, "
        . "error = NULL, editor = NULL";

    # [what, state before, what the writer does, whether the job is voided]
    my @cases = (
        ['reset', 'CLAIMED', $reset, 1],
        ['reset of FINALIZING', 'FINALIZING', $reset, 1],
        ['an edit', 'CLAIMED', "UPDATE events SET state = 'EDITED', "
         . "uploader = NULL", 1],
        ['an edit that leaves the uploader', 'CLAIMED',
         "UPDATE events SET state = 'EDITED'", 1],
        ['another cutter', 'CLAIMED', "UPDATE events SET uploader = 'm'", 1],
        ['a step of another', 'CLAIMED',
         "UPDATE events SET state = 'FINALIZING'", 1],
        ['a wrong token', 'CLAIMED', $say->($other) . $reset, 1],
        ['an empty token', 'CLAIMED', $say->('') . $reset, 1],
        ['no token at all', 'CLAIMED', $say->('x') . $reset, 1],
        ['a new uploader while TRANSCODING', 'TRANSCODING',
         "UPDATE events SET uploader = 'm'", 1],
        ['the holder goes on', 'CLAIMED', $say->($token)
         . "UPDATE events SET state = 'FINALIZING'", 0],
        ['the holder, upper case', 'CLAIMED', $say->(uc $token)
         . "UPDATE events SET state = 'FINALIZING'", 0],
        ['the holder gives back', 'CLAIMED', $say->($token)
         . "UPDATE events SET state = 'EDITED', uploader = NULL", 0],
        ['progress', 'CLAIMED', "UPDATE events SET progress = 0.1, "
         . "progress_note = 'x', error = 'y'", 0],
        ['sheet columns', 'CLAIMED', "UPDATE events SET notes = 'x'", 0],
        ['TRANSCODING to DONE', 'TRANSCODING', "UPDATE events SET "
         . "state = 'DONE', video_link = '', upload_time = now()", 0],
    );

    my $n = 0;
    for my $case (@cases) {
        my ($what, $state, $sql, $void) = @$case;
        my $id = 'v' . $n++;

        $pg->psql('wub', insert($id, $state) . insert("w$id", $state)
            . join '', map { "INSERT INTO event_jobs (id, claim_token, node,
                lease_until, attempt, plan, upload_session, updated)
                VALUES ('$_', '$token', 'n', now(), 2, '{}', '{}',
                        '2020-01-01');" } $id, "w$id");
        $pg->psql('wub', "BEGIN; $sql WHERE id = '$id'; COMMIT;");

        is_deeply [$pg->psql('wub', "SELECT claim_token, lease_until IS NULL,
            upload_session, node, attempt, plan, updated > '2020-01-02'
            FROM event_jobs WHERE id = '$id'")],
            [$void ? [undef, 't', undef, 'n', 2, '{}', 't']
                   : [$token, 'f', '{}', 'n', 2, '{}', 'f']],
            "$what: " . ($void ? 'voided' : 'kept');
        is $pg->value('wub', "SELECT claim_token FROM event_jobs "
                      . "WHERE id = 'w$id'"), $token, 'another job is not';
    }

    # a claim as a worker makes it: both tables in one statement
    for my $turn (1, 2) {
        my $new = $turn == 1 ? $token : $other;
        $pg->psql('wub', $turn == 1 ? insert('claim', 'EDITED')
                  : "UPDATE events SET state = 'EDITED', uploader = NULL
                     WHERE id = 'claim'");
        $pg->psql('wub', "BEGIN; " . $say->($new) . "
            WITH mine AS (
                UPDATE events SET state = 'CLAIMED', uploader = 'n'
                WHERE id = 'claim' AND state = 'EDITED' RETURNING id)
            INSERT INTO event_jobs (id, claim_token, lease_until)
                SELECT id, '$new', now() FROM mine
                ON CONFLICT (id) DO UPDATE SET claim_token = '$new',
                    lease_until = now(); COMMIT;");
        is $pg->value('wub', "SELECT claim_token FROM event_jobs
            WHERE id = 'claim' AND lease_until IS NOT NULL"), $new,
            "claim $turn is kept";
    }

    # the setting ends with its transaction
    $pg->psql('wub', "BEGIN; " . $say->($other) . "COMMIT;
        UPDATE events SET state = 'EDITED' WHERE id = 'claim'");
    is $pg->value('wub', "SELECT claim_token FROM event_jobs
        WHERE id = 'claim'"), undef, 'a token of a past transaction is none';

    $pg->psql('wub', "BEGIN; UPDATE events SET id = 'claim2',
        state = 'UNEDITED' WHERE id = 'claim'; COMMIT;");
    is $pg->value('wub', "SELECT count(*) FROM event_jobs
        WHERE id = 'claim2'"), 1, 'a job follows the id of its event';
}


# rows of the history that a statement makes
sub recorded {
    my ($sql) = @_;

    my $last = $pg->value('wub', 'SELECT coalesce(max(event_id), 0)
        FROM audit.logged_actions');
    $pg->psql('wub', $sql);

    return [map { [@$_[0 .. 2],
                   map { defined $_ ? decode_json($_) : undef } @$_[3, 4]] }
        $pg->psql('wub', "SELECT table_name, key, action, old, new
            FROM audit.logged_actions WHERE event_id > $last
            ORDER BY event_id")];
}


sub history {
    my $image = 'not quite a PNG';
    my $sha = sha256_hex($image);

    my $got = recorded(insert('h', 'EDITED',
                              thumbnail_image => "'$image'::bytea",
                              progress => '0.5'));
    is @$got, 1, 'one row for an insert';
    is_deeply [@{$got->[0]}[0 .. 3]], ['events', 'h', 'I', undef], 'which';
    is $got->[0][4]{thumbnail_image}, $sha, 'the image is its hash';
    is $got->[0][4]{video_title}, 't', 'the rest is there';
    ok !exists $got->[0][4]{progress}, 'but no progress';

    is_deeply recorded("UPDATE events SET video_title = 'u', notes = ''
        WHERE id = 'h'"),
        [['events', 'h', 'U', {video_title => 't'}, {video_title => 'u'}]],
        'an update: what changed';
    is_deeply recorded("UPDATE events SET error = 'e' WHERE id = 'h'"),
        [['events', 'h', 'U', {error => undef}, {error => 'e'}]],
        'from null';
    is_deeply recorded("UPDATE events SET thumbnail_image = '\\x00'
        WHERE id = 'h'"),
        [['events', 'h', 'U', {thumbnail_image => $sha},
          {thumbnail_image => sha256_hex("\0")}]], 'a new image';
    is_deeply recorded("SET bytea_output = escape;
        UPDATE events SET thumbnail_image = 'a\\\\b' WHERE id = 'h'")
        ->[0][4], {thumbnail_image => sha256_hex('a\\b')},
        'whatever bytea_output is';
    is_deeply recorded("UPDATE events SET thumbnail_image = NULL
        WHERE id = 'h'")->[0][4], {thumbnail_image => undef}, 'no image';
    is_deeply recorded("UPDATE events SET id = 'h2' WHERE id = 'h'"),
        [['events', 'h', 'U', {id => 'h'}, {id => 'h2'}]], 'a new key';

    is_deeply recorded("UPDATE events SET progress = 0.7,
        progress_note = 'n' WHERE id = 'h2'"), [], 'progress is not recorded';
    is_deeply recorded("UPDATE events SET notes = '' WHERE id = 'h2'"), [],
        'nor what changes nothing';
    is_deeply recorded("INSERT INTO event_jobs (id) VALUES ('h2');
        UPDATE event_jobs SET node = 'x'; DELETE FROM event_jobs"), [],
        'nor event_jobs';
    is_deeply recorded("BEGIN; DELETE FROM events; ROLLBACK"), [],
        'nor what is rolled back';

    $got = recorded("DELETE FROM events WHERE id = 'h2'");
    is_deeply [@{$got->[0]}[0 .. 2], $got->[0][3]{id}, $got->[0][4]],
        ['events', 'h2', 'D', 'h2', undef], 'a delete';

    $got = recorded("INSERT INTO templates VALUES ('tt', '$image', '', '',
        '{1,2,3,4}', '{1,2,3,4}'); TRUNCATE templates");
    is $got->[0][4]{image}, $sha, 'templates too';
    is_deeply $got->[1], ['templates', undef, 'T', undef, undef], 'truncate';

    my ($who) = $pg->psql('wub', "SELECT session_user_name, application_name,
        action_tstamp_tx <= action_tstamp_clk, now() - action_tstamp_tx
        < interval '1 minute' FROM audit.logged_actions
        ORDER BY event_id DESC LIMIT 1");
    is_deeply $who, ['wubloader', 'psql', 't', 't'], 'who and when';
}


# an editor's account: may write events and nothing else
sub users {
    $pg->psql('wub', "CREATE ROLE clerk LOGIN;
        GRANT SELECT, INSERT, UPDATE ON events TO clerk;"
        . insert('u', 'CLAIMED')
        . "INSERT INTO event_jobs (id, claim_token) VALUES ('u', '$token')");

    my $got = recorded("SET SESSION AUTHORIZATION clerk;
        UPDATE events SET state = 'EDITED' WHERE id = 'u'");
    is_deeply $got, [['events', 'u', 'U', {state => 'CLAIMED'},
                      {state => 'EDITED'}]], 'is recorded';
    is $pg->value('wub', 'SELECT session_user_name FROM audit.logged_actions
        ORDER BY event_id DESC LIMIT 1'), 'clerk', 'by name';
    is $pg->value('wub', "SELECT claim_token FROM event_jobs
        WHERE id = 'u'"), undef, 'takes a job away';

    for my $sql ('SELECT * FROM event_jobs', 'DELETE FROM event_jobs',
                 'SELECT * FROM audit.logged_actions')
    {
        my ($rc, undef, $err) = $pg->psql_try('wub',
            "SET SESSION AUTHORIZATION clerk; $sql");
        like $err, qr/permission denied/, "may not: $sql";
    }
}
