-- The table events: made, or brought from the form of an earlier year to
-- this one.  Columns that are not named here stay as they are.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';
SET LOCAL TimeZone = 'UTC';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


-- NULL when there is no such column
CREATE OR REPLACE FUNCTION pg_temp.wub_type(tab text, col text)
    RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = to_regclass(tab) AND attname = col
            AND attnum > 0 AND NOT attisdropped;
$$;

-- "any", since the old type exists in old databases only
CREATE OR REPLACE FUNCTION pg_temp.wub_seconds(old anyarray)
    RETURNS video_transition[] LANGUAGE plpgsql AS
$$
DECLARE
    t       record;
    result  video_transition[] := '{}';
BEGIN
    IF old IS NULL THEN
        RETURN NULL;
    END IF;

    FOR t IN SELECT * FROM unnest(old) LOOP
        -- a NULL transition is a hard cut
        IF t.type IS NULL AND t.duration IS NULL THEN
            result := result || NULL::video_transition;
        ELSE
            result := result || ROW(t.type,
                extract(epoch FROM t.duration))::video_transition;
        END IF;
    END LOOP;

    RETURN result;
END $$;


CREATE TABLE IF NOT EXISTS events (id text PRIMARY KEY);


-- forms of earlier years; ALTER ... USING fires no trigger, so none of
-- this is audited or notified
DO $$
DECLARE
    fk  record;
BEGIN
    -- never had a default: the first form of the table had no sheets
    IF pg_temp.wub_type('events', 'sheet_name') IS NULL THEN
        ALTER TABLE events ADD COLUMN sheet_name text NOT NULL DEFAULT '';
        ALTER TABLE events ALTER COLUMN sheet_name DROP DEFAULT;
    END IF;

    -- ids were uuid until 2023-09, and playlists referred to them
    IF pg_temp.wub_type('events', 'id') = 'uuid' THEN
        FOR fk IN
            SELECT conname, conrelid::regclass AS tab FROM pg_constraint
                WHERE contype = 'f' AND confrelid = 'events'::regclass
                    AND conrelid = to_regclass('playlists')
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I',
                           fk.tab, fk.conname);
        END LOOP;

        ALTER TABLE events ALTER COLUMN id TYPE text;
    END IF;

    -- a plain timestamp until 2024-08; it cannot tell "--" from a time
    -- that was written out, so none becomes dashed
    IF pg_temp.wub_type('events', 'event_end') LIKE 'timestamp%' THEN
        ALTER TABLE events
            ALTER COLUMN event_end DROP DEFAULT,
            ALTER COLUMN event_end TYPE end_time
                USING ROW(false, event_end)::end_time;
    END IF;

    IF pg_temp.wub_type('events', 'video_transitions')
        = 'video_transition_interval[]'
    THEN
        ALTER TABLE events
            ALTER COLUMN video_transitions TYPE video_transition[]
                USING pg_temp.wub_seconds(video_transitions);
    END IF;

    -- who never had a thumbnail never asked for one
    IF pg_temp.wub_type('events', 'state') IS NOT NULL
        AND pg_temp.wub_type('events', 'thumbnail_mode') IS NULL
    THEN
        ALTER TABLE events
            ADD COLUMN thumbnail_mode thumbnail_mode NOT NULL DEFAULT 'NONE';
        ALTER TABLE events ALTER COLUMN thumbnail_mode DROP DEFAULT;
        ALTER TABLE events ALTER COLUMN thumbnail_mode TYPE thumbnail_mode
            USING CASE WHEN state = 'UNEDITED' THEN 'TEMPLATE'
                ELSE 'NONE' END::thumbnail_mode;
    END IF;

    IF pg_temp.wub_type('events', 'state') IS NOT NULL
        AND pg_temp.wub_type('events', 'video_tags') IS NULL
    THEN
        ALTER TABLE events ADD COLUMN video_tags text[];
        ALTER TABLE events ALTER COLUMN video_tags TYPE text[]
            USING CASE WHEN state <> 'UNEDITED' THEN '{}'::text[] END;
    END IF;

    -- one range until 2021-10; the old columns stay
    IF pg_temp.wub_type('events', 'video_start') IS NOT NULL
        AND pg_temp.wub_type('events', 'video_end') IS NOT NULL
        AND pg_temp.wub_type('events', 'video_ranges') IS NULL
    THEN
        ALTER TABLE events ADD COLUMN video_ranges video_range[],
            ADD COLUMN video_transitions video_transition[];
        ALTER TABLE events
            ALTER COLUMN video_ranges TYPE video_range[]
                USING CASE
                    WHEN video_start IS NULL AND video_end IS NULL THEN NULL
                    ELSE ARRAY[ROW(video_start, video_end)::video_range]
                END,
            ALTER COLUMN video_transitions TYPE video_transition[]
                USING CASE
                    WHEN video_start IS NULL AND video_end IS NULL THEN NULL
                    ELSE '{}'::video_transition[]
                END;
    END IF;
END $$;

DO $$
BEGIN
    DROP TYPE IF EXISTS video_transition_interval;
EXCEPTION
    -- somebody else's table or function uses it, and keeps it
    WHEN dependent_objects_still_exist THEN
        NULL;
END $$;


ALTER TABLE events
    ADD COLUMN IF NOT EXISTS event_start timestamp,
    ADD COLUMN IF NOT EXISTS event_end end_time
        DEFAULT ROW(false, NULL)::end_time,
    ADD COLUMN IF NOT EXISTS category text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS description text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS submitter_winner text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS poster_moment boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS image_links text[] NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS notes text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS tags text[] NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS allow_holes boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS uploader_whitelist text[],
    ADD COLUMN IF NOT EXISTS upload_location text,
    ADD COLUMN IF NOT EXISTS public boolean NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS video_ranges video_range[],
    ADD COLUMN IF NOT EXISTS video_transitions video_transition[],
    ADD COLUMN IF NOT EXISTS video_title text,
    ADD COLUMN IF NOT EXISTS video_description text,
    ADD COLUMN IF NOT EXISTS video_tags text[],
    ADD COLUMN IF NOT EXISTS video_channel text,
    ADD COLUMN IF NOT EXISTS video_quality text NOT NULL DEFAULT 'source',
    ADD COLUMN IF NOT EXISTS thumbnail_mode thumbnail_mode NOT NULL
        DEFAULT 'TEMPLATE',
    ADD COLUMN IF NOT EXISTS thumbnail_time timestamp,
    ADD COLUMN IF NOT EXISTS thumbnail_template text,
    ADD COLUMN IF NOT EXISTS thumbnail_crop box_coords,
    ADD COLUMN IF NOT EXISTS thumbnail_location box_coords,
    ADD COLUMN IF NOT EXISTS thumbnail_image bytea,
    ADD COLUMN IF NOT EXISTS thumbnail_last_written bytea,
    ADD COLUMN IF NOT EXISTS state event_state NOT NULL DEFAULT 'UNEDITED',
    ADD COLUMN IF NOT EXISTS uploader text,
    ADD COLUMN IF NOT EXISTS error text,
    ADD COLUMN IF NOT EXISTS video_id text,
    ADD COLUMN IF NOT EXISTS video_link text,
    ADD COLUMN IF NOT EXISTS editor text,
    ADD COLUMN IF NOT EXISTS edit_time timestamp,
    ADD COLUMN IF NOT EXISTS upload_time timestamp,
    ADD COLUMN IF NOT EXISTS last_modified timestamp,
    ADD COLUMN IF NOT EXISTS progress real,
    ADD COLUMN IF NOT EXISTS progress_note text,
    ADD COLUMN IF NOT EXISTS cut_type text;

-- what a conversion above took away
ALTER TABLE events
    ALTER COLUMN event_end SET DEFAULT ROW(false, NULL)::end_time,
    ALTER COLUMN thumbnail_mode SET DEFAULT 'TEMPLATE';

CREATE INDEX IF NOT EXISTS event_state ON events (state);


INSERT INTO schema_migrations (version) VALUES (3) ON CONFLICT DO NOTHING;

COMMIT;
