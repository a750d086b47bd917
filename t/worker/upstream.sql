-- A database as upstream's schema of 2025-10 to 2026 makes it, rebuilt from
-- its names, types, defaults and rules, with rows of every kind.  The audit
-- trigger is a small one with the names of the third-party one.

CREATE EXTENSION hstore;
CREATE SCHEMA audit;

CREATE TABLE audit.logged_actions (
    event_id           bigserial PRIMARY KEY,
    schema_name        text NOT NULL,
    table_name         text NOT NULL,
    relid              oid NOT NULL,
    session_user_name  text,
    action_tstamp_tx   timestamptz NOT NULL,
    action_tstamp_stm  timestamptz NOT NULL,
    action_tstamp_clk  timestamptz NOT NULL,
    transaction_id     bigint,
    application_name   text,
    client_addr        inet,
    client_port        integer,
    client_query       text,
    action             text NOT NULL CHECK (action IN ('I', 'D', 'U', 'T')),
    row_data           hstore,
    changed_fields     hstore,
    statement_only     boolean NOT NULL
);

CREATE FUNCTION audit.if_modified_func() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS
$$
DECLARE
    ignored  text[] := coalesce(TG_ARGV[1], '{}')::text[];
    was      hstore := '';
    now      hstore := '';
BEGIN
    IF TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN
        was := hstore(OLD.*) - ignored;
    END IF;

    IF TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN
        now := hstore(NEW.*) - ignored;
    END IF;

    IF TG_OP = 'UPDATE' AND now - was = '' THEN
        RETURN NULL;
    END IF;

    INSERT INTO audit.logged_actions
            (schema_name, table_name, relid, action_tstamp_tx,
             action_tstamp_stm, action_tstamp_clk, client_query, action,
             row_data, changed_fields, statement_only)
        VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_RELID, current_timestamp,
                statement_timestamp(), clock_timestamp(), current_query(),
                left(TG_OP, 1), CASE TG_OP WHEN 'INSERT' THEN now ELSE was END,
                CASE TG_OP WHEN 'UPDATE' THEN now - was END,
                TG_LEVEL = 'STATEMENT');

    RETURN NULL;
END $$;

CREATE FUNCTION audit.audit_table(tab regclass, audit_rows boolean,
    query_text boolean, ignored text[]) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    EXECUTE format('CREATE TRIGGER audit_trigger_row AFTER INSERT OR UPDATE '
        'OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION '
        'audit.if_modified_func(%L, %L)', tab, query_text, ignored);
    EXECUTE format('CREATE TRIGGER audit_trigger_stm AFTER TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION audit.if_modified_func(%L)',
        tab, query_text);
END $$;

CREATE FUNCTION audit.audit_table(tab regclass) RETURNS void LANGUAGE sql AS
    $$ SELECT audit.audit_table(tab, true, true, '{}') $$;


CREATE TYPE event_state AS ENUM ('UNEDITED', 'EDITED', 'CLAIMED',
    'FINALIZING', 'TRANSCODING', 'DONE', 'MODIFIED');
CREATE TYPE thumbnail_mode AS ENUM ('NONE', 'BARE', 'TEMPLATE', 'CUSTOM');
CREATE TYPE video_range AS (start timestamp, "end" timestamp);
CREATE TYPE video_transition AS (type text, duration double precision);
CREATE TYPE end_time AS (dashed boolean, value timestamp);
CREATE DOMAIN box_coords AS integer[]
    CHECK (cardinality(VALUE) = 4 OR VALUE IS NULL);
CREATE TYPE _chapter_marker AS (video_range integer, time timestamp,
    name text);
CREATE DOMAIN chapter_marker AS _chapter_marker
    CHECK ((VALUE).video_range IS NOT NULL AND (VALUE).time IS NOT NULL
           AND (VALUE).name IS NOT NULL);

CREATE TABLE events (
    id text PRIMARY KEY,
    sheet_name text NOT NULL,
    event_start timestamp,
    event_end end_time DEFAULT ROW(false, NULL)
        CHECK ((event_end).dashed IS NOT NULL
            AND ((event_end).dashed != true
                 OR (event_end).value IS NOT DISTINCT FROM event_start)),
    category text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    submitter_winner text NOT NULL DEFAULT '',
    poster_moment boolean NOT NULL DEFAULT false,
    image_links text[] NOT NULL DEFAULT '{}',
    notes text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    allow_holes boolean NOT NULL DEFAULT false,
    uploader_whitelist text[],
    upload_location text
        CHECK (state = 'UNEDITED' OR upload_location IS NOT NULL),
    public boolean NOT NULL DEFAULT true,
    video_ranges video_range[]
        CHECK (state IN ('UNEDITED', 'DONE') OR video_ranges IS NOT NULL),
    video_transitions video_transition[]
        CHECK (state IN ('UNEDITED', 'DONE')
               OR video_transitions IS NOT NULL),
    CHECK ((video_ranges IS NULL AND video_transitions IS NULL)
           OR cardinality(video_ranges) = cardinality(video_transitions) + 1),
    video_title text
        CHECK (state IN ('UNEDITED', 'DONE') OR video_title IS NOT NULL),
    video_description text
        CHECK (state IN ('UNEDITED', 'DONE')
               OR video_description IS NOT NULL),
    chapter_markers chapter_marker[]
        CHECK (chapter_markers IS NULL
               OR (cardinality(chapter_markers) > 0
                   AND array_position(chapter_markers, NULL) IS NULL
                   AND video_ranges IS NOT NULL)),
    video_tags text[]
        CHECK (state IN ('UNEDITED', 'DONE') OR video_tags IS NOT NULL),
    video_channel text
        CHECK (state IN ('UNEDITED', 'DONE') OR video_channel IS NOT NULL),
    video_quality text NOT NULL DEFAULT 'source',
    thumbnail_mode thumbnail_mode NOT NULL DEFAULT 'TEMPLATE',
    thumbnail_time timestamp
        CHECK (state = 'UNEDITED' OR thumbnail_mode IN ('NONE', 'CUSTOM')
               OR thumbnail_time IS NOT NULL),
    thumbnail_template text
        CHECK (state = 'UNEDITED' OR thumbnail_mode != 'TEMPLATE'
               OR thumbnail_template IS NOT NULL),
    thumbnail_crop box_coords
        CHECK (state = 'UNEDITED' OR thumbnail_mode != 'TEMPLATE'
               OR thumbnail_crop IS NOT NULL),
    thumbnail_location box_coords
        CHECK (state = 'UNEDITED' OR thumbnail_mode != 'TEMPLATE'
               OR thumbnail_location IS NOT NULL),
    thumbnail_image bytea
        CHECK (state = 'UNEDITED' OR thumbnail_mode != 'CUSTOM'
               OR thumbnail_image IS NOT NULL),
    thumbnail_last_written bytea
        CHECK (state != 'DONE' OR thumbnail_mode = 'NONE'
               OR thumbnail_last_written IS NOT NULL),
    state event_state NOT NULL DEFAULT 'UNEDITED',
    uploader text
        CHECK (state IN ('UNEDITED', 'EDITED', 'DONE', 'MODIFIED')
               OR uploader IS NOT NULL),
    error text,
    video_id text,
    video_link text
        CHECK ((NOT (state IN ('DONE', 'MODIFIED')))
               OR video_link IS NOT NULL),
    editor text,
    edit_time timestamp CHECK (state = 'UNEDITED' OR editor IS NOT NULL),
    upload_time timestamp
        CHECK ((NOT (state IN ('DONE', 'MODIFIED')))
               OR upload_time IS NOT NULL),
    last_modified timestamp
        CHECK (state != 'MODIFIED' OR last_modified IS NOT NULL)
);

CREATE INDEX event_state ON events (state);
SELECT audit.audit_table('events');

CREATE TABLE nodes (
    name text PRIMARY KEY,
    url text NOT NULL,
    backfill_from boolean NOT NULL DEFAULT true
);

CREATE TABLE roles (
    email text PRIMARY KEY CHECK (email = lower(email)),
    name text NOT NULL,
    editor boolean NOT NULL DEFAULT false,
    artist boolean NOT NULL DEFAULT false
);

CREATE TABLE playlists (
    id text PRIMARY KEY,
    name text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    tags text[],
    playlist_id text UNIQUE,
    show_in_description boolean NOT NULL DEFAULT false,
    first_event_id text,
    last_event_id text,
    default_template text
);

CREATE TABLE bus_data (
    channel text NOT NULL,
    timestamp timestamp NOT NULL,
    segment text,
    error text,
    odometer double precision,
    PRIMARY KEY (channel, timestamp, segment)
);

CREATE TABLE templates (
    name text PRIMARY KEY,
    image bytea NOT NULL,
    description text NOT NULL DEFAULT '',
    attribution text NOT NULL DEFAULT '',
    crop box_coords NOT NULL,
    location box_coords NOT NULL
);
SELECT audit.audit_table('templates');

CREATE TABLE encodes (
    src_url text NOT NULL,
    src_hash text NOT NULL,
    encode_args text[] NOT NULL,
    dest_url text PRIMARY KEY,
    dest_hash text,
    claimed_by text,
    claimed_at timestamp,
    finished_at timestamp
);


-- something that an operator added
ALTER TABLE events ADD COLUMN house_note text NOT NULL DEFAULT 'ours';

INSERT INTO events (id, sheet_name, event_start, event_end) VALUES
    ('plain', 'Day 1', NULL, '(f,)'),
    ('dashed', 'Day 1', '2025-11-15 18:00:00.5', '(t,2025-11-15 18:00:00.5)'),
    ('an "odd", {id}\ ''', 'Täg ☃', '2025-11-15', '(f,2025-11-16)');

INSERT INTO events (id, sheet_name, category, description, poster_moment,
        image_links, notes, tags, allow_holes, uploader_whitelist,
        upload_location, public, video_ranges, video_transitions, video_title,
        video_description, chapter_markers, video_tags, video_channel,
        video_quality, thumbnail_mode, thumbnail_time, thumbnail_template,
        thumbnail_crop, thumbnail_location, thumbnail_image,
        thumbnail_last_written, state, uploader, error, video_id, video_link,
        editor, edit_time, upload_time, last_modified, house_note)
    SELECT 'full ' || s, 'Day 2', 'Song', E'a\nb', true, '{http://i,""}',
        'n', '{a,NULL,"b c"}', true, '{node1,node2}', 'youtube', false,
        ARRAY[ROW('2025-11-15 18:00:00.033', '2025-11-15 18:01:00'),
              ROW('2025-11-15 19:00', '2025-11-15 19:01'),
              ROW('2025-11-15 19:00', '2025-11-15 19:01')]::video_range[],
        '{NULL,"(fade,1.5)"}', 'A title', 'A description',
        NULL,
        '{x}', 'desertbus', '1080p', m.mode, '2025-11-15 18:00:10', 'tpl',
        '{0,0,1920,1080}', '{10,10,200,100}', decode(repeat('00ff', 5000),
        'hex'), '\xdeadbeef', s, 'cutter1', 'some error', 'vid', 'http://v',
        'ed@example.com', '2025-11-15 20:00', '2025-11-15 21:00',
        '2025-11-15 22:00', 'theirs'
    FROM unnest(enum_range(NULL::event_state)) AS s,
        LATERAL (SELECT (enum_range(NULL::thumbnail_mode))[
            1 + length(s::text) % 4] AS mode) AS m;

INSERT INTO events (id, sheet_name, state, editor, upload_location,
        thumbnail_mode, video_link, upload_time)
    VALUES ('linked by hand', 'Day 1', 'DONE', 'ed@example.com', 'manual',
            'NONE', 'http://youtu.be/x', '2025-11-16');

UPDATE events SET notes = 'changed' WHERE id = 'plain';

INSERT INTO nodes VALUES ('n1', 'http://n1', true), ('n2', 'http://n2', false);
INSERT INTO roles VALUES ('ed@example.com', 'Ed', true, false),
    ('art@example.com', 'Art', false, true),
    ('none@example.com', 'X', false, false);
INSERT INTO playlists VALUES ('p1', 'All', '', '{}', 'PL1', true, 'plain',
    'no such event', 'tpl'), ('p2', '', '', NULL, NULL, false, NULL,
    NULL, NULL);
INSERT INTO bus_data VALUES ('buscam', '2025-11-15', 'seg', NULL, 1.25);
INSERT INTO templates VALUES ('tpl', '\x89504e47', 'd', 'by me',
    '{0,0,1,1}', '{0,0,1,1}');
INSERT INTO encodes VALUES ('scp://a', 'ff', '{-i,x}', 'scp://b');
