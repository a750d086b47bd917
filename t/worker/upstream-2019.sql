-- A database as upstream's schema of 2019 makes it: one range in two
-- columns, no thumbnails, no sheets, no MODIFIED; with rows from before the
-- time of an upload was asked for.

CREATE TYPE event_state AS ENUM ('UNEDITED', 'EDITED', 'CLAIMED',
    'FINALIZING', 'TRANSCODING', 'DONE');

CREATE TABLE events (
    id uuid PRIMARY KEY,
    event_start timestamp,
    event_end timestamp,
    category text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    submitter_winner text NOT NULL DEFAULT '',
    poster_moment boolean NOT NULL DEFAULT false,
    image_links text[] NOT NULL DEFAULT '{}',
    notes text NOT NULL DEFAULT '',
    allow_holes boolean NOT NULL DEFAULT false,
    uploader_whitelist text[],
    upload_location text
        CHECK (state = 'UNEDITED' OR upload_location IS NOT NULL),
    video_start timestamp
        CHECK (state IN ('UNEDITED', 'DONE') OR video_start IS NOT NULL),
    video_end timestamp
        CHECK (state IN ('UNEDITED', 'DONE') OR video_end IS NOT NULL),
    video_title text
        CHECK (state IN ('UNEDITED', 'DONE') OR video_title IS NOT NULL),
    video_description text
        CHECK (state IN ('UNEDITED', 'DONE')
               OR video_description IS NOT NULL),
    video_channel text
        CHECK (state IN ('UNEDITED', 'DONE') OR video_channel IS NOT NULL),
    video_quality text NOT NULL DEFAULT 'source',
    state event_state NOT NULL DEFAULT 'UNEDITED',
    uploader text
        CHECK (state IN ('UNEDITED', 'EDITED', 'DONE')
               OR uploader IS NOT NULL),
    error text,
    video_id text,
    video_link text CHECK (state != 'DONE' OR video_link IS NOT NULL)
);

CREATE INDEX event_state ON events (state);

CREATE TABLE nodes (
    name text PRIMARY KEY,
    url text NOT NULL
);

CREATE TABLE editors (
    email text PRIMARY KEY,
    name text NOT NULL
);


INSERT INTO events (id) VALUES ('00000000-0000-4000-8000-000000000001');

INSERT INTO events (id, event_start, event_end, upload_location, video_start,
        video_end, video_title, video_description, video_channel, state,
        uploader, video_link)
    SELECT ('00000000-0000-4000-8000-1' || lpad(n::text, 11, '0'))::uuid,
        '2019-11-08 18:00', '2019-11-08 18:30', 'youtube',
        '2019-11-08 18:00:01.033', '2019-11-08 18:20', 'T', 'D', 'desertbus',
        s, 'cutter1', 'http://v'
    FROM unnest(enum_range(NULL::event_state)) WITH ORDINALITY AS e (s, n);

INSERT INTO nodes VALUES ('n1', 'http://n1');
INSERT INTO editors VALUES ('ed@example.com', 'Ed');
