# sql/008: the JSON that the editor's API passes on, as Postgres builds it.

use strict;
use warnings;
use utf8;

use JSON::PP ();
use Test::More;

use Wub::Postgres;

my $pg = Wub::Postgres->new;
my $json = JSON::PP->new->canonical->utf8;

for my $file (glob 'sql/[0-9]*.sql') {
    my ($rc, $out, $err) = $pg->psql_file('wub', $file, '-v',
                                          'ON_ERROR_STOP=1');
    is $rc, 0, $file or BAIL_OUT($err);
}

# the least that a row can hold
my %null = map { $_ => undef } qw(event_start uploader_whitelist
    upload_location video_ranges video_transitions video_title
    video_description video_tags video_channel thumbnail_time
    thumbnail_template thumbnail_crop thumbnail_location thumbnail_image
    thumbnail_last_written uploader error video_id video_link editor
    edit_time upload_time last_modified progress progress_note cut_type);
my %least = (
    %null, sheet_name => '', event_end => [JSON::PP::false, undef],
    (map { $_ => '' } qw(category description submitter_winner notes)),
    (map { $_ => [] } qw(image_links tags)),
    poster_moment => JSON::PP::false, allow_holes => JSON::PP::false,
    public => JSON::PP::true, video_quality => 'source',
    thumbnail_mode => 'TEMPLATE', state => 'UNEDITED',
);

# what GET of a row has from the other columns
my @other = qw(event_end notes allow_holes video_channel video_title
    video_description thumbnail_mode thumbnail_time thumbnail_template);

subtest 'the least' => sub { least() };
subtest 'every type' => sub { types() };
subtest 'times' => sub { moments() };
subtest 'order and states' => sub { order() };
subtest 'addresses' => sub { addresses() };
subtest 'columns of a row' => sub { columns() };
subtest 'playlists' => sub { playlists() };
subtest 'templates' => sub { templates() };
subtest 'fast' => sub { inlined() };

done_testing;


sub sql {
    my ($sql) = @_;

    utf8::encode($sql);
    return $pg->psql('wub', $sql);
}


# runs SQL, then gives the row as the list has it and as GET of it has
sub both {
    my ($sql, $id) = @_;

    sql("DELETE FROM events; $sql");

    my @list = sql("SELECT event FROM wubloader_list(NULL, true)
                    WHERE event ->> 'id' = '$id'");
    my @row = sql("SELECT event FROM wubloader_row('$id', true)");

    return map { $json->decode($_->[0][0]) } \@list, \@row;
}


sub same {
    my ($got, $want, $what) = @_;

    is $json->encode($got), $json->encode($want), $what;
}


sub least {
    my ($list, $row) = both(
        "INSERT INTO events (id, sheet_name) VALUES ('', '')", '');
    my %want = (%least, id => '');

    same $list, \%want, 'in the list';
    delete @want{@other};
    same $row, \%want, 'by itself';

    is_deeply [sql("SELECT * FROM wubloader_row('y', true)")], [],
        'no such row';
}


sub types {
    my $odd = qq(é"\\\n\t\x01😀</x>{,}'' );
    my $shown = $odd =~ s/''/'/r;
    my $hex = unpack 'H*', my $image = "\x89PNG" . join '', map { chr }
        0 .. 255;

    my ($list, $row) = both(<<"END", 'é"\\');
        INSERT INTO events VALUES ('é"\\', '$odd', '2024-02-29 23:59:59',
            (true, '2024-02-29 23:59:59'), '$odd', '$odd', '$odd', true,
            ARRAY['$odd', '', NULL], '$odd', ARRAY['$odd', 'NULL', ''],
            true, '{}', '$odd', false,
            ARRAY[('2024-01-01', '2024-01-01 00:00:01.5'),
                  ('2024-01-02', NULL),
                  ('2024-01-03', '2024-01-04')]::video_range[],
            ARRAY[('fade', 1.25)::video_transition, NULL],
            '$odd', '$odd', ARRAY['$odd'], '$odd', '$odd', 'CUSTOM',
            '2024-02-29 23:59:59.000001', '$odd', '{1,-2,3,4}',
            '{0,0,1280,720}', '\\x$hex', sha256('\\x'), 'UNEDITED', '$odd',
            '$odd', '$odd', '$odd', 'a\@b', '2024-01-01', '2024-01-02',
            '2024-01-03', 0.5, '$odd', 'smart')
END
    my %want = (
        (map { $_ => $shown } qw(sheet_name category description
            submitter_winner notes upload_location video_title
            video_description video_channel video_quality thumbnail_template
            uploader error video_id video_link progress_note)),
        id => 'é"\\', event_start => '2024-02-29T23:59:59',
        event_end => [JSON::PP::true, '2024-02-29T23:59:59'],
        poster_moment => JSON::PP::true, image_links => [$shown, '', undef],
        tags => [$shown, 'NULL', ''], allow_holes => JSON::PP::true,
        uploader_whitelist => [], public => JSON::PP::false,
        video_ranges => [['2024-01-01T00:00:00',
                          '2024-01-01T00:00:01.500000'],
                         ['2024-01-02T00:00:00', undef],
                         ['2024-01-03T00:00:00', '2024-01-04T00:00:00']],
        video_transitions => [['fade', 1.25], undef],
        video_tags => [$shown], thumbnail_mode => 'CUSTOM',
        thumbnail_time => '2024-02-29T23:59:59.000001',
        thumbnail_crop => [1, -2, 3, 4],
        thumbnail_location => [0, 0, 1280, 720],
        thumbnail_image => base64($image),
        thumbnail_last_written =>
            '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
        state => 'UNEDITED', editor => 'a@b',
        edit_time => '2024-01-01T00:00:00',
        upload_time => '2024-01-02T00:00:00',
        last_modified => '2024-01-03T00:00:00', progress => 0.5,
        cut_type => 'smart',
    );

    same $list, \%want, 'in the list';
    delete @want{@other};
    same $row, \%want, 'by itself';
    is scalar(keys %$row) + @other, scalar(keys %$list), 'and nothing twice';

    ($list) = both("INSERT INTO events (id, sheet_name, video_ranges,
        video_transitions) VALUES ('e', '', ARRAY[('2024-01-01',
        '2024-01-02')]::video_range[], '{}')", 'e');
    is_deeply $list->{video_transitions}, [], 'no transitions: an empty list';
}


sub base64 {
    my ($bytes) = @_;

    require MIME::Base64;
    return MIME::Base64::encode_base64($bytes, '');
}


sub moments {
    my %iso = (
        '2024-01-01 00:00:00'        => '2024-01-01T00:00:00',
        '2024-01-01 00:00:00.1'      => '2024-01-01T00:00:00.100000',
        '2024-01-01 00:00:00.000001' => '2024-01-01T00:00:00.000001',
        '2024-12-31 23:59:59.999999' => '2024-12-31T23:59:59.999999',
        '0999-01-01 01:02:03'        => '0999-01-01T01:02:03',
        '9999-12-31 23:59:59'        => '9999-12-31T23:59:59',
    );

    for my $time (sort keys %iso) {
        # whatever a connection has set
        is_deeply [sql("SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo';
            SELECT wubloader_time('$time')")], [[$iso{$time}]], $time;
    }

    is_deeply [sql("SELECT wubloader_time(NULL),
                    wubloader_time('infinity')")], [[undef, undef]],
        'none, and none that can be written';
}


sub order {
    sql(<<'END');
        DELETE FROM events;
        INSERT INTO events (id, sheet_name, event_start, state, editor,
                upload_location, video_ranges, video_transitions, video_title,
                video_description, video_tags, video_channel, thumbnail_mode)
            SELECT id, '', start::timestamp, state::event_state, 'e', 'l',
                ARRAY[(NULL, NULL)::video_range], '{}', 't', 'd', '{}', 'c',
                'NONE'
            FROM (VALUES
                ('b', NULL, 'EDITED'), ('a', NULL, 'UNEDITED'),
                ('z', '2024-01-01', 'UNEDITED'), ('y', '2024-01-02', 'EDITED'),
                ('B', '2024-01-02', 'UNEDITED'))
            AS rows (id, start, state);
END
    my %want = (NULL => 'z B y a b', "'{}'" => '', "'{EDITED}'" => 'y b',
                "'{UNEDITED}'" => 'z B a', "'{EDITED,UNEDITED}'" => 'z B y a b',
                "'{DONE}'" => '');

    for my $states (sort keys %want) {
        is join(' ', map { $json->decode($_->[0])->{id} }
                sql("SELECT * FROM wubloader_list($states, false)")),
            $want{$states}, $states;
    }
}


sub addresses {
    sql("DELETE FROM events; INSERT INTO events (id, sheet_name, editor)
         VALUES ('a', '', 'ed\@x.y'), ('b', '', 'NOT_AUTH'), ('c', '', NULL)");

    my %want = (true => ['ed@x.y', 'NOT_AUTH', undef],
                false => [undef, 'NOT_AUTH', undef]);

    for my $shown (sort keys %want) {
        is_deeply [map { $json->decode($_->[0])->{editor} }
                   sql("SELECT * FROM wubloader_list(NULL, $shown)")],
            $want{$shown}, "list, $shown";
        is_deeply [map { $json->decode((sql("SELECT event
                        FROM wubloader_row('$_', $shown)"))[0][0])->{editor} }
                   qw(a b c)], $want{$shown}, "row, $shown";
    }
}


sub columns {
    sql(<<'END');
        DELETE FROM events;
        INSERT INTO events (id, sheet_name, event_start, event_end, category,
                description, notes, tags, allow_holes, video_channel,
                video_title, video_description, thumbnail_mode, thumbnail_time,
                thumbnail_template)
            VALUES ('a', 's', '2024-01-01', (true, '2024-01-01'), 'c', 'd', 'n',
                    '{x,"y z"}', true, 'ch', 'ti', 'de', 'BARE',
                    '2024-01-01 00:00:01.5', 't'),
                ('b', '', NULL, (false, NULL), '', '', '', '{}', false, NULL,
                 NULL, NULL, 'NONE', NULL, 'other');
END
    is_deeply [map { [@{(sql("SELECT * FROM wubloader_row('$_', true)"))[0]}
                      [1 .. 15]] } qw(a b)],
        [['s', '2024-01-01 00:00:00', '(t,"2024-01-01 00:00:00")', 'c', 'd',
          'n', '{x,"y z"}', 't', 'ch', 'ti', 'de', 'BARE',
          '2024-01-01 00:00:01.5', 't', '{}'],
         ['', undef, '(f,)', '', '', '', '{}', 'f', undef, undef, undef, 'NONE',
          undef, 'other', '{}']], 'as Postgres writes them';

    is_deeply [map { $_->[0] } sql("SELECT attname FROM pg_attribute
            WHERE attrelid = 'events'::regclass AND attnum > 0
                AND NOT attisdropped
        EXCEPT SELECT json_object_keys(event) FROM wubloader_list(NULL, true)
        ")], [], 'the list has all columns of the table';
}


sub playlists {
    sql(<<'END');
        INSERT INTO playlists (id, name, tags, playlist_id,
                show_in_description, default_template)
            VALUES ('1', 'b', '{x,"y z"}', 'P1', true, NULL),
                   ('2', 'a, (1)', '{}', NULL, false, 't'),
                   ('3', 'no tags', NULL, 'P3', true, 't'),
                   ('4', 'of no use', '{x}', 'P4', false, NULL);
END
    is_deeply [sql("SELECT p FROM wubloader_row('b', false),
                    unnest(playlists) AS p")],
        [['("a, (1)",,{},f,t)'], ['(b,P1,"{x,""y z""}",t,)']],
        'those that can matter, by name';
}


sub templates {
    sql("INSERT INTO templates VALUES ('é\"', '\\x00', 'a \"d\"', '',
         '{1,2,3,4}', '{5,6,7,8}'), ('Z', '\\x00', '', '', '{1,2,3,4}',
         '{5,6,7,8}'), ('t', '\\x00', '', '', '{1,2,3,4}', '{5,6,7,8}')");

    my @got = sql('SELECT * FROM wubloader_templates()');

    is_deeply [map { my $n = $_->[0]; utf8::decode($n); $n } @got],
        ['Z', 't', 'é"'], 'sorted by bytes';
    same $json->decode($got[2][1]), { name => 'é"', description => 'a "d"',
        attribution => '', crop => [1, 2, 3, 4], location => [5, 6, 7, 8] },
        'what is told of one';
}


# calls vanish from the plans: the statements are those of the bodies
sub inlined {
    for my $call ('wubloader_list(NULL, false)', "wubloader_row('a', false)",
                  'wubloader_templates()')
    {
        my $plan = join "\n", map { $_->[0] }
            sql("EXPLAIN VERBOSE SELECT * FROM $call");

        unlike $plan, qr/\bwubloader_\w+\(/, $call;
    }
}
