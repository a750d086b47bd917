-- A database as upstream's schema of early 2023 makes it: uuid ids that
-- playlists refer to, plain end times, durations as intervals, editors in
-- the place of roles, an uploader asked for in MODIFIED, no templates.

CREATE TYPE event_state AS ENUM ('UNEDITED', 'EDITED', 'CLAIMED',
    'FINALIZING', 'TRANSCODING', 'DONE', 'MODIFIED');
CREATE TYPE thumbnail_mode AS ENUM ('NONE', 'BARE', 'TEMPLATE', 'CUSTOM');
CREATE TYPE video_range AS (start timestamp, "end" timestamp);
CREATE TYPE video_transition AS (type text, duration interval);

CREATE TABLE events (
    id uuid PRIMARY KEY,
    sheet_name text NOT NULL,
    event_start timestamp,
    event_end timestamp,
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
    thumbnail_image bytea
        CHECK (state = 'UNEDITED' OR thumbnail_mode != 'CUSTOM'
               OR thumbnail_image IS NOT NULL),
    thumbnail_last_written bytea
        CHECK (state != 'DONE' OR thumbnail_mode = 'NONE'
               OR thumbnail_last_written IS NOT NULL),
    state event_state NOT NULL DEFAULT 'UNEDITED',
    uploader text
        CHECK (state IN ('UNEDITED', 'EDITED', 'DONE')
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

CREATE TABLE nodes (
    name text PRIMARY KEY,
    url text NOT NULL,
    backfill_from boolean NOT NULL DEFAULT true
);

CREATE TABLE editors (
    email text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE playlists (
    playlist_id text PRIMARY KEY,
    name text NOT NULL,
    tags text[] NOT NULL,
    first_event_id uuid REFERENCES events (id) ON DELETE SET NULL,
    last_event_id uuid REFERENCES events (id) ON DELETE SET NULL,
    show_in_description boolean NOT NULL
);


INSERT INTO events (id, sheet_name, event_start, event_end) VALUES
    ('00000000-0000-4000-8000-000000000001', 'Day 1', NULL, NULL),
    ('00000000-0000-4000-8000-000000000002', 'Day 1', '2022-11-12 18:00',
     '2022-11-12 18:00'),
    ('00000000-0000-4000-8000-000000000003', 'Day 1', '2022-11-12 18:00',
     '2022-11-12 18:00:00.25');

INSERT INTO events (id, sheet_name, upload_location, video_ranges,
        video_transitions, video_title, video_description, video_tags,
        video_channel, thumbnail_mode, thumbnail_image,
        thumbnail_last_written, state, uploader, video_link, editor,
        upload_time, last_modified)
    SELECT ('00000000-0000-4000-8000-1' || lpad(n::text, 11, '0'))::uuid,
        'Day 2', 'youtube',
        array_fill(ROW('2022-11-12 18:00', '2022-11-12 18:01')::video_range,
                   ARRAY[coalesce(cardinality(t.list), 0) + 1]),
        t.list, 'T', 'D', '{x}', 'desertbus', 'CUSTOM', '\x00ff', '\xdead', s,
        'cutter1', 'http://v', 'ed@example.com', '2022-11-13', '2022-11-14'
    FROM unnest(enum_range(NULL::event_state)) WITH ORDINALITY AS e (s, n),
        LATERAL (SELECT (CASE n % 3
            WHEN 0 THEN '{}'
            WHEN 1 THEN '{NULL,"(fade,00:00:01.5)",NULL}'
            ELSE '{"(wipeleft,00:02:00)"}'
        END)::video_transition[] AS list) AS t;

INSERT INTO nodes VALUES ('n1', 'http://n1', false);
INSERT INTO editors VALUES ('ed@example.com', 'Ed'),
    ('Upper@Example.com', 'Up'), ('upper@example.com', 'Up again');
INSERT INTO playlists VALUES
    ('PL1', 'One', '{}', '00000000-0000-4000-8000-000000000001', NULL, true),
    ('PL2', 'Two', '{a,b}', NULL, NULL, false);
