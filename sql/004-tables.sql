-- nodes, roles, playlists, templates: made, or brought from the form of an
-- earlier year to this one.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


-- NULL when there is no such column
CREATE OR REPLACE FUNCTION pg_temp.wub_type(tab text, col text)
    RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = to_regclass(tab) AND attname = col
            AND attnum > 0 AND NOT attisdropped;
$$;


CREATE TABLE IF NOT EXISTS nodes (
    name  text PRIMARY KEY,
    url   text NOT NULL
);

ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS backfill_from boolean NOT NULL DEFAULT true;


-- Until 2024-10 there was a table of editors.  It is read once, when roles
-- is made: whoever is taken out of roles later stays out.
DO $$
BEGIN
    IF to_regclass('roles') IS NULL THEN
        CREATE TABLE roles (
            email   text PRIMARY KEY,
            name    text NOT NULL,
            editor  boolean NOT NULL DEFAULT false,
            artist  boolean NOT NULL DEFAULT false
        );

        IF to_regclass('editors') IS NOT NULL THEN
            INSERT INTO roles (email, name, editor)
                SELECT lower(email), name, true FROM editors
                ON CONFLICT DO NOTHING;
        END IF;
    END IF;
END $$;

ALTER TABLE roles
    ADD COLUMN IF NOT EXISTS editor boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS artist boolean NOT NULL DEFAULT false;


-- Until 2023 a playlist's key was its id at the upload site.
DO $$
DECLARE
    con  record;
BEGIN
    IF to_regclass('playlists') IS NOT NULL
        AND pg_temp.wub_type('playlists', 'id') IS NULL
    THEN
        FOR con IN
            SELECT conname FROM pg_constraint
                WHERE conrelid = 'playlists'::regclass AND contype = 'p'
        LOOP
            EXECUTE format('ALTER TABLE playlists DROP CONSTRAINT %I',
                           con.conname);
        END LOOP;

        ALTER TABLE playlists ADD COLUMN id text;
        ALTER TABLE playlists ALTER COLUMN id TYPE text USING playlist_id;
        ALTER TABLE playlists ADD PRIMARY KEY (id);
    END IF;

    -- an id that names no event is legal
    FOR con IN
        SELECT conname FROM pg_constraint
            WHERE conrelid = to_regclass('playlists')
                AND confrelid = 'events'::regclass AND contype = 'f'
    LOOP
        EXECUTE format('ALTER TABLE playlists DROP CONSTRAINT %I',
                       con.conname);
    END LOOP;

    IF pg_temp.wub_type('playlists', 'first_event_id') = 'uuid' THEN
        ALTER TABLE playlists ALTER COLUMN first_event_id TYPE text;
    END IF;

    IF pg_temp.wub_type('playlists', 'last_event_id') = 'uuid' THEN
        ALTER TABLE playlists ALTER COLUMN last_event_id TYPE text;
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS playlists (id text PRIMARY KEY);

ALTER TABLE playlists
    ADD COLUMN IF NOT EXISTS name text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS description text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS tags text[],
    ADD COLUMN IF NOT EXISTS playlist_id text,
    ADD COLUMN IF NOT EXISTS show_in_description boolean NOT NULL
        DEFAULT false,
    ADD COLUMN IF NOT EXISTS first_event_id text,
    ADD COLUMN IF NOT EXISTS last_event_id text,
    ADD COLUMN IF NOT EXISTS default_template text;

ALTER TABLE playlists
    ALTER COLUMN name SET DEFAULT '',
    ALTER COLUMN tags DROP NOT NULL,
    ALTER COLUMN playlist_id DROP NOT NULL,
    ALTER COLUMN show_in_description SET DEFAULT false;

DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_index i
            JOIN pg_attribute a
                ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = 'playlists'::regclass AND i.indisunique
                AND i.indnatts = 1 AND a.attname = 'playlist_id')
    THEN
        RETURN;
    END IF;

    ALTER TABLE playlists
        ADD CONSTRAINT playlists_playlist_id_key UNIQUE (playlist_id);

EXCEPTION
    WHEN unique_violation THEN
        SET LOCAL client_min_messages = notice;
        RAISE NOTICE 'playlists: several rows have the same playlist_id, so '
            'it was not made unique; correct them and run this file again';
END $$;


CREATE TABLE IF NOT EXISTS templates (
    name   text PRIMARY KEY,
    image  bytea NOT NULL
);

ALTER TABLE templates
    ADD COLUMN IF NOT EXISTS description text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS attribution text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS crop box_coords NOT NULL,
    ADD COLUMN IF NOT EXISTS location box_coords NOT NULL;


INSERT INTO schema_migrations (version) VALUES (4) ON CONFLICT DO NOTHING;

COMMIT;
