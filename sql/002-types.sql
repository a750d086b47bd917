-- Types.  A file of its own, since a value that is added to an enum can be
-- used by later transactions only.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


DO $$
BEGIN
    IF to_regtype('event_state') IS NULL THEN
        CREATE TYPE event_state AS ENUM (
            'UNEDITED', 'EDITED', 'CLAIMED', 'FINALIZING', 'TRANSCODING',
            'DONE', 'MODIFIED'
        );
    END IF;

    IF to_regtype('thumbnail_mode') IS NULL THEN
        CREATE TYPE thumbnail_mode AS ENUM (
            'NONE', 'BARE', 'TEMPLATE', 'CUSTOM'
        );
    END IF;

    IF to_regtype('video_range') IS NULL THEN
        CREATE TYPE video_range AS (start timestamp, "end" timestamp);
    END IF;

    IF to_regtype('end_time') IS NULL THEN
        CREATE TYPE end_time AS (dashed boolean, value timestamp);
    END IF;

    IF to_regtype('box_coords') IS NULL THEN
        CREATE DOMAIN box_coords AS integer[]
            CHECK (cardinality(VALUE) = 4 OR VALUE IS NULL);
    END IF;
END $$;


-- databases of 2019 to 2022
ALTER TYPE event_state ADD VALUE IF NOT EXISTS 'MODIFIED';


-- Until 2024-08 a transition's duration was an interval.  A type that a
-- column uses cannot be altered: the old one is put aside and 003 converts
-- the column.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_type t
            JOIN pg_attribute a ON a.attrelid = t.typrelid
            WHERE t.oid = to_regtype('video_transition')
                AND a.attname = 'duration'
                AND a.atttypid = 'interval'::regtype)
    THEN
        ALTER TYPE video_transition RENAME TO video_transition_interval;
    END IF;

    IF to_regtype('video_transition') IS NULL THEN
        CREATE TYPE video_transition AS (
            type text, duration double precision
        );
    END IF;
END $$;


INSERT INTO schema_migrations (version) VALUES (2) ON CONFLICT DO NOTHING;

COMMIT;
