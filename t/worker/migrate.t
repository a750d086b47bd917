#!/usr/bin/perl

# wubloader-worker migrate: from nothing, from what upstream's schema made
# in several years, twice, at once with others, and when it may not.

use strict;
use warnings;

use File::Temp;
use JSON::PP qw(decode_json);
use POSIX ();
use Test::More;

use Wub::Postgres;


my $worker = ($ENV{WUB_BUILD} || 'build') . '/wubloader-worker';
my $pg = Wub::Postgres->new;
my @versions = map { m{(\d+)-[^/]*$}; $1 + 0 } sort glob 'sql/[0-9]*.sql';
my @tables = qw(events event_jobs nodes roles playlists templates
                schema_migrations);


subtest 'from nothing' => sub { nothing() };
subtest 'from 2026' => sub { newest() };
subtest 'from 2023' => sub { intervals() };
subtest 'from 2019' => sub { oldest() };
subtest 'upstream goes on' => sub { upstream() };
subtest 'by an ordinary owner' => sub { owner() };
subtest 'migrations at once' => sub { together() };
subtest 'failures' => sub { failures() };
subtest 'playlists that cannot be unique' => sub { twins() };

done_testing;


# exit status and all that was said
sub migrate {
    my ($db, @args) = @_;

    my $out = File::Temp->new;
    my $pid = start($out, $db, @args);
    waitpid $pid, 0;
    my $status = $? >> 8 || $? & 127;

    seek $out, 0, 0;
    local $/;

    return ($status, scalar(<$out>) // '');
}


sub start {
    my ($out, $db, @args) = @_;

    my $info = $db =~ /=/ ? $db : $pg->conninfo($db);
    my $pid = fork // die "fork: $!";
    return $pid if $pid;

    open STDOUT, '>&', $out;
    open STDERR, '>&', $out;
    exec { $worker } $worker, 'migrate', '--database', $info, @args
        or POSIX::_exit(127);
}


sub works {
    my ($db, $what) = @_;

    my ($status, $said) = migrate($db);
    is $status, 0, $what or diag $said;

    return $said;
}


sub load {
    my ($db, $file) = @_;

    my ($rc, undef, $err) = $pg->psql_try($db, '', '-f', "t/worker/$file");
    die "$file: $err" if $rc != 0;
}


# what a database is made of, but for names of upstream's
sub form {
    my ($db) = @_;

    my $in = join ', ', map { "to_regclass('$_')" } @tables,
        'audit.logged_actions';

    return {
        columns => {map { $_->[0] => $_->[1] } $pg->psql($db,
            "SELECT attrelid::regclass || '.' || attname,
                format_type(atttypid, atttypmod) || ' ' || attnotnull || ' '
                || coalesce(pg_get_expr(adbin, adrelid), '')
            FROM pg_attribute LEFT JOIN pg_attrdef
                ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid IN ($in) AND attnum > 0 AND NOT attisdropped")},
        rules => {map { $_->[0] => $_->[1] } $pg->psql($db,
            "SELECT conrelid::regclass || '.' || conname,
                pg_get_constraintdef(oid)
            FROM pg_constraint WHERE conrelid IN ($in)")},
        triggers => {map { $_->[0] => 1 } $pg->psql($db,
            "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger
            WHERE tgrelid IN ($in) AND NOT tgisinternal")},
    };
}


# every row of every table, by the columns that are there now
sub contents {
    my ($db, $like) = @_;

    my %cols;
    if ($like) {
        %cols = map { $_ => $like->{$_}{cols} } keys %$like;

    } else {
        push @{$cols{$_->[0]}}, $_->[1] for $pg->psql($db,
            "SELECT attrelid::regclass::text, attname FROM pg_attribute
                JOIN pg_class c ON c.oid = attrelid
                JOIN pg_namespace n ON n.oid = relnamespace
            WHERE relkind = 'r' AND nspname IN ('public', 'audit')
                AND attnum > 0 AND NOT attisdropped ORDER BY 1, attnum");
    }

    my %all = map { $_ => {cols => $cols{$_}, rows => []} } keys %cols;
    my $sql = join ' UNION ALL ', map {
        "SELECT '$_' AS tab, row_to_json(r)::text AS row FROM (SELECT "
        . join(', ', map { qq("$_") } @{$cols{$_}}) . " FROM $_) AS r"
    } sort keys %cols;
    push @{$all{$_->[0]}{rows}}, decode_json($_->[1])
        for $pg->psql($db, "$sql ORDER BY tab, row");

    return \%all;
}


# the form is that of a new database, and what more there is is named
sub same_form {
    my ($db, $what, @more) = @_;

    my $new = form('nothing');
    my $old = form($db);

    for my $part (sort keys %$new) {
        my %extra;
        for my $key (keys %{$old->{$part}}) {
            $extra{$key} = delete $old->{$part}{$key}
                if !exists $new->{$part}{$key}
                    && grep { $key =~ /^$_$/ } @more;
        }
        # a name that the same rule has got from Postgres long ago
        is_deeply $old->{$part}, $new->{$part}, "$what: $part";
    }
}


sub nothing {
    my $said = works('nothing', 'an empty database');
    like $said, qr/003-events\.sql/, 'says what it did';
    is_deeply [map { $_->[0] } $pg->psql('nothing',
        'SELECT version FROM schema_migrations ORDER BY 1')], \@versions,
        'all versions';

    twice('nothing');

    # the same as by hand
    by_hand('hand', glob 'sql/[0-9]*.sql');
    is_deeply form('hand'), form('nothing'), 'psql -f makes the same';
    unlike works('hand', 'after psql -f'), qr/\.sql/, 'nothing is left to do';
}


sub twice {
    my ($db) = @_;

    my $before = contents($db);
    my $form = form($db);

    # neither waits for somebody who holds the table, nor changes anything
    my $hold = fork // die "fork: $!";
    if (!$hold) {
        $pg->psql_try($db, 'BEGIN; LOCK events IN ACCESS SHARE MODE;
                            SELECT pg_sleep(20);');
        POSIX::_exit(0);
    }
    wait_for($db, "SELECT count(*) FROM pg_locks WHERE granted
                   AND relation = 'events'::regclass");
    my $t = time;
    unlike works($db, 'a second time'), qr/\.sql/, 'says nothing';
    cmp_ok time - $t, '<', 10, 'waits for nobody';
    $pg->psql($db, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid() AND datname = \'' . $db
                   . '\'');
    waitpid $hold, 0;

    is_deeply contents($db), $before, 'changes no row';
    is_deeply form($db), $form, 'nor a form';

    # nor do the files themselves
    my (undef, undef, $err) = by_hand($db, glob 'sql/[0-9]*.sql');
    unlike $err, qr/ERROR/, 'by hand';
    is_deeply contents($db), $before, 'by hand: changes no row';
    is_deeply form($db), $form, 'by hand: nor a form';
}


sub by_hand {
    my ($db, @files) = @_;

    return $pg->psql_try($db, '', '-v', 'ON_ERROR_STOP=0',
                         map { ('-f', $_) } sort @files);
}


sub wait_for {
    my ($db, $sql) = @_;

    for (1 .. 100) {
        return if $pg->value($db, $sql);
        select undef, undef, undef, 0.05;
    }
    die "waited in vain: $sql";
}


sub newest {
    load('y2026', 'upstream.sql');
    my $before = contents('y2026');
    my $form = form('y2026');
    cmp_ok scalar @{$before->{events}{rows}}, '>', 10, 'rows are there';
    cmp_ok scalar @{$before->{'audit.logged_actions'}{rows}}, '>', 10,
        'and their history';

    my $said = works('y2026', 'migrates');
    unlike $said, qr/NOTICE/, 'without a remark';
    is_deeply contents('y2026', $before), $before, 'every value of every row';

    # upstream's history goes on as it was, ours is not beside it
    my $new = form('y2026');
    is $new->{triggers}{'events.audit_trigger_row'}, 1, 'its audit stays';
    ok !grep({ /wubloader_audit/ } keys %{$new->{triggers}}), 'ours is not';
    for my $key (grep { /^audit/ } map { keys %$_ } @$form{'columns',
                                                           'rules'})
    {
        is $new->{columns}{$key} // $new->{rules}{$key},
            $form->{columns}{$key} // $form->{rules}{$key}, "$key stays";
    }
    $pg->psql('y2026', "UPDATE events SET notes = 'z' WHERE id = 'plain'");
    is $pg->value('y2026', "SELECT changed_fields -> 'notes'
        FROM audit.logged_actions ORDER BY event_id DESC LIMIT 1"), 'z',
        'and records';

    my $rules = $new->{rules};
    is scalar(grep { /^events\./ && $rules->{$_} =~ /^CHECK/ } keys %$rules),
        23, 'no rule is there twice';
    ok !(grep { /NOT VALID/ } values %$rules), 'and all are valid';

    my $ours = form('nothing');
    for my $part ('columns', 'rules') {
        my @keys = grep { !/^audit/ } keys %{$ours->{$part}};
        my (%got, %want);
        @got{@keys} = @{$new->{$part}}{@keys};
        @want{@keys} = @{$ours->{$part}}{@keys};
        is_deeply \%got, \%want, "has all of our $part";
    }

    twice('y2026');

    # a table that its audit does not know yet
    $pg->psql('y2026', 'DROP TABLE templates;
        DELETE FROM schema_migrations WHERE version IN (4, 7)');
    works('y2026', 'migrates again');
    is form('y2026')->{triggers}{'templates.audit_trigger_row'}, 1,
        'its audit is used for a new table';
}


sub intervals {
    load('y2023', 'upstream-2023.sql');
    my $before = contents('y2023');

    my $said = works('y2023', 'migrates');
    unlike $said, qr/NOTICE/, 'without a remark';

    my $after = contents('y2023', $before);
    for my $row (@{$before->{events}{rows}}) {
        $row->{event_end} = {dashed => JSON::PP::false,
                             value => $row->{event_end}};
        for my $t (@{$row->{video_transitions} // []}) {
            next if !defined $t;
            $t->{duration} = {'00:00:01.5' => 1.5, '00:02:00' => 120}
                ->{$t->{duration}} // die $t->{duration};
        }
    }
    is_deeply $after, $before, 'every value, in its new form';

    is_deeply [$pg->psql('y2023', 'SELECT email, name, editor, artist
        FROM roles ORDER BY email')],
        [['ed@example.com', 'Ed', 't', 'f'],
         ['upper@example.com', $pg->value('y2023', "SELECT name FROM roles
          WHERE email LIKE 'upper%'"), 't', 'f']], 'editors have the role';
    is_deeply [$pg->psql('y2023', 'SELECT id, playlist_id, tags FROM playlists
        ORDER BY id')], [['PL1', 'PL1', '{}'], ['PL2', 'PL2', '{a,b}']],
        'playlists have ids';
    is $pg->value('y2023', "SELECT to_regtype('video_transition_interval')"),
        undef, 'the old type is gone';

    # what the old rules would refuse
    $pg->psql('y2023', "UPDATE events SET state = 'MODIFIED', uploader = NULL
        WHERE state = 'DONE';
        UPDATE playlists SET first_event_id = 'no such event', tags = NULL,
            playlist_id = NULL WHERE id = 'PL1'");
    pass 'new writes';

    same_form('y2023', 'form');

    # a role that was taken away is not given again
    $pg->psql('y2023', "DELETE FROM roles WHERE email = 'ed\@example.com'");
    by_hand('y2023', glob 'sql/004*.sql');
    is $pg->value('y2023', "SELECT count(*) FROM roles
        WHERE email = 'ed\@example.com'"), 0, 'roles are read once';

    twice('y2023');
}


sub oldest {
    load('y2019', 'upstream-2019.sql');
    my $before = contents('y2019');

    my $said = works('y2019', 'migrates');
    like $said, qr/events_upload_time_check/, 'says which rule rows break';
    like $said, qr/\Q(00000000-0000-4000-8000-100000000006)\E/, 'and which';

    my $after = contents('y2019', $before);
    for my $row (@{$before->{events}{rows}}) {
        $row->{event_end} = {dashed => JSON::PP::false,
                             value => $row->{event_end}};
    }
    is_deeply $after, $before, 'every value, in its new form';

    is_deeply [$pg->psql('y2019', 'SELECT state, video_ranges::text,
        video_transitions::text, video_tags::text, thumbnail_mode, sheet_name
        FROM events ORDER BY id')],
        [['UNEDITED', undef, undef, undef, 'TEMPLATE', ''],
         map { [$_, '{"(\"2019-11-08 18:00:01.033\",\"2019-11-08 18:20:00\")"}',
                '{}', $_ eq 'UNEDITED' ? undef : '{}',
                $_ eq 'UNEDITED' ? 'TEMPLATE' : 'NONE', ''] }
         qw(UNEDITED EDITED CLAIMED FINALIZING TRANSCODING DONE)],
        'the range, and no thumbnail';

    # a draft without the columns of old, through all states
    my $id = '00000000-0000-4000-8000-000000000001';
    $pg->psql('y2019', "UPDATE events SET state = 'EDITED', editor = 'e',
        upload_location = 'l', video_ranges = ARRAY[ROW(NULL, NULL)]
        ::video_range[], video_transitions = '{}', video_title = '',
        video_description = '', video_tags = '{}', video_channel = 'c',
        thumbnail_mode = 'NONE' WHERE id = '$id';
        UPDATE events SET state = 'MODIFIED', video_link = '',
            upload_time = now(), last_modified = now() WHERE id = '$id'");
    pass 'new writes';
    my (undef, undef, $err) = $pg->psql_try('y2019', "UPDATE events
        SET upload_time = NULL WHERE id = '$id'");
    like $err, qr/events_upload_time_check/, 'are held to the rule';

    my $form = form('y2019');
    like $form->{rules}{'events.events_upload_time_check'}, qr/NOT VALID/,
        'which is not valid for the old ones';
    $pg->psql('y2019', "BEGIN; SET LOCAL session_replication_role = replica;
        UPDATE events SET upload_time = now(), editor = 'e'
        WHERE state NOT IN ('UNEDITED', 'MODIFIED'); COMMIT");
    by_hand('y2019', glob 'sql/005*.sql');
    same_form('y2019', 'once they are corrected',
              'events\.video_(start|end)', 'events\.events_check\d+');

    twice('y2019');
}


# statements as upstream's programs make them, on the table of now
sub upstream {
    my @sql = (
        "INSERT INTO events (id, sheet_name, event_start, event_end, category,
            description, submitter_winner, poster_moment, image_links, notes,
            tags) VALUES ('s', 'Day', '2025-01-01', ROW(true, '2025-01-01'),
            '', '', '', false, '{}', '', '{a}')",
        "UPDATE events SET state = 'EDITED', editor = 'e\@x',
            edit_time = now(), uploader = NULL, error = NULL,
            upload_location = 'youtube', video_ranges
            = ARRAY[('2025-01-01 00:00:00', '2025-01-01 00:01:00')]
            ::video_range[], video_transitions = ARRAY[]::video_transition[],
            video_title = 't', video_description = 'd', video_tags = '{}',
            video_channel = 'c', thumbnail_mode = 'NONE' WHERE id = 's'",
        "UPDATE events SET state = 'CLAIMED', error = NULL, uploader = 'up1'
            WHERE id = 's' AND state = 'EDITED' AND error IS NULL
            AND video_ranges IS NOT DISTINCT FROM
            ARRAY[('2025-01-01 00:00:00', '2025-01-01 00:01:00')]
            ::video_range[]",
        "UPDATE events SET state = 'FINALIZING' WHERE id = 's'
            AND uploader = 'up1' AND state = 'CLAIMED'",
        "UPDATE events SET state = 'TRANSCODING', video_id = 'v',
            video_link = 'http://v' WHERE id = 's' AND uploader = 'up1'",
        "UPDATE events SET state = 'DONE', upload_time = now()
            WHERE id = 's' AND state = 'TRANSCODING'",
        "UPDATE events SET state = 'MODIFIED', last_modified = now()
            WHERE id = 's'",
        "UPDATE events SET state = 'UNEDITED', error = NULL, video_id = NULL,
            video_link = NULL, uploader = NULL, editor = NULL,
            edit_time = NULL, upload_time = NULL, last_modified = NULL
            WHERE id = 's'",
        "DELETE FROM events WHERE id = 's'",
    );

    for my $db ('nothing', 'y2026') {
        for my $sql (@sql) {
            my ($n) = $pg->psql($db, "WITH done AS ($sql RETURNING 1)
                SELECT count(*) FROM done");
            is $n->[0], 1, "$db: " . substr $sql, 0, 40;
        }
    }
}


# who owns the tables, but neither the server nor a closed history
sub owner {
    $pg->psql('postgres', 'CREATE ROLE clerk LOGIN');

    load('owned', 'upstream.sql');
    $pg->psql('owned', join '', map { "ALTER $_ OWNER TO clerk;" }
        'SCHEMA public', (map { "TYPE $_" } qw(event_state thumbnail_mode
        video_range video_transition end_time)), 'DOMAIN box_coords',
        map { "TABLE $_" } qw(events nodes roles playlists templates));
    $pg->psql('owned', 'REVOKE ALL ON SCHEMA audit FROM PUBLIC;
        DROP TRIGGER audit_trigger_row ON templates;
        DROP TRIGGER audit_trigger_stm ON templates');
    (my $info = $pg->conninfo('owned')) =~ s/user=\w+/user=clerk/;

    my ($status, $said) = migrate($info);
    is $status, 0, 'migrates' or diag $said;
    like $said, qr/changes of templates are not recorded/,
        'says what it may not do';
    unlike $said, qr/changes of events/, 'and no more';

    $pg->psql('mine', 'ALTER SCHEMA public OWNER TO clerk');
    ($info = $pg->conninfo('mine')) =~ s/user=\w+/user=clerk/;
    ($status, $said) = migrate($info);
    isnt $status, 0, 'a schema is refused';
    like $said, qr/GRANT CREATE ON DATABASE mine TO clerk/, 'says the cure';

    $pg->psql('mine', 'GRANT CREATE ON DATABASE mine TO clerk');
    ($status, $said) = migrate($info);
    is $status, 0, 'which helps' or diag $said;
    same_form('mine', 'form');
}


sub together {
    load('both', 'upstream-2023.sql');
    my @out = map { File::Temp->new } 1 .. 4;
    my @pid = map { start($_, 'both') } @out;
    for my $n (0 .. $#pid) {
        waitpid $pid[$n], 0;
        is $?, 0, "migration $n";
    }

    my $all = '';
    for my $out (@out) {
        seek $out, 0, 0;
        $all .= join '', <$out>;
    }
    for my $file (map { m{([^/]+)$} } glob 'sql/[0-9]*.sql') {
        is scalar(() = $all =~ /applied \Q$file\E/g), 1, "$file: by one";
    }
    same_form('both', 'form');
}


sub failures {
    # [what, the database, the exit status, the sentence]
    my @cases = (
        ['no such database',
         'host=' . $pg->socket_dir . ' user=wubloader dbname=nix',
         qr/database \\?"nix\\?" does not exist/],
        ['no server', 'host=/nowhere dbname=x', qr/cannot connect/],
        ['not a conninfo', 'nonsense=1', qr/nonsense/],
    );
    for my $case (@cases) {
        my ($what, $info, $like) = @$case;
        my ($status, $said) = migrate($info);
        isnt $status, 0, "$what: fails";
        like $said, $like, "$what: says so";
    }

    $pg->psql('newer', 'CREATE TABLE schema_migrations (version integer
        PRIMARY KEY, applied_at timestamptz DEFAULT now());
        INSERT INTO schema_migrations VALUES (1), (999)');
    my ($status, $said) = migrate('newer');
    isnt $status, 0, 'a newer database: fails';
    like $said, qr/newer than this wubloader-worker/, 'and says so';
    is $pg->value('newer', "SELECT to_regclass('events')"), undef,
        'and does nothing';

    # a file that fails is undone whole, those before it stay
    load('view', 'upstream-2023.sql');
    $pg->psql('view', 'CREATE VIEW ends AS SELECT event_end FROM events');
    my $before = contents('view');
    ($status, $said) = migrate('view');
    isnt $status, 0, 'a view in the way: fails';
    like $said, qr{sql/003-events\.sql was not applied: .*view},
        'says which file and why';
    is_deeply contents('view', $before), $before, 'no row is changed';
    is_deeply [map { $_->[0] } $pg->psql('view',
        'SELECT version FROM schema_migrations ORDER BY 1')], [1, 2],
        'what was done is recorded';
    $pg->psql('view', 'DROP VIEW ends');
    works('view', 'goes on from there');
    same_form('view', 'form');
}


sub twins {
    load('twins', 'upstream.sql');
    $pg->psql('twins', "ALTER TABLE playlists
        DROP CONSTRAINT playlists_playlist_id_key;
        INSERT INTO playlists (id, playlist_id) VALUES ('p3', 'PL1')");
    my $said = works('twins', 'migrates');
    like $said, qr/playlists: several rows have the same playlist_id/,
        'and says what it left';
    is $pg->value('twins', 'SELECT count(*) FROM playlists'), 3, 'all rows';
}
