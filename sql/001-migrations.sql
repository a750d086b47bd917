-- Which files of this folder a database has had.  Every file is one
-- transaction that ends with its own row here, may be run again at any
-- time, and waits for any other migration by the same advisory lock as
-- "wubloader-worker migrate".

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


CREATE TABLE IF NOT EXISTS schema_migrations (
    version     integer PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
);


INSERT INTO schema_migrations (version) VALUES (1) ON CONFLICT DO NOTHING;

COMMIT;
