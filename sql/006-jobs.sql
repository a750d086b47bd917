-- What a worker needs and nobody else sees, and the triggers by which the
-- database tells of jobs and takes them away.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


-- upload_session: session address, bytes acknowledged, sha256 of that
-- prefix.  The address is a key to the channel: never part of an answer.
CREATE TABLE IF NOT EXISTS event_jobs (
    id              text PRIMARY KEY
                    REFERENCES events (id) ON UPDATE CASCADE ON DELETE CASCADE,
    claim_token     uuid,
    node            text,
    lease_until     timestamptz,
    attempt         integer NOT NULL DEFAULT 0,
    plan            jsonb,
    upload_session  jsonb,
    updated         timestamptz NOT NULL DEFAULT now()
);

REVOKE ALL ON event_jobs FROM PUBLIC;


-- A payload ends at 8000 bytes.  Who gets a null id looks at all rows, as
-- after any notification that was lost.
CREATE OR REPLACE FUNCTION wubloader_events_notify() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
    payload  text;
BEGIN
    payload := json_build_object('id', NEW.id, 'state', NEW.state)::text;

    IF octet_length(payload) >= 8000 THEN
        payload := json_build_object('id', NULL, 'state', NEW.state)::text;
    END IF;

    PERFORM pg_notify('wubloader_events', payload);

    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS wubloader_events_insert ON events;
CREATE TRIGGER wubloader_events_insert AFTER INSERT ON events
    FOR EACH ROW EXECUTE FUNCTION wubloader_events_notify();

DROP TRIGGER IF EXISTS wubloader_events_update ON events;
CREATE TRIGGER wubloader_events_update AFTER UPDATE ON events
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION wubloader_events_notify();


-- The holder of a claim says its token in the transaction-local setting
-- wubloader.claim_token; editors, resets and other cutters say none.  Runs
-- after the statement, so a claim that writes events and event_jobs in one
-- statement is judged by the token that it leaves there.  SECURITY DEFINER:
-- who may take a job away need not be allowed to read event_jobs.
CREATE OR REPLACE FUNCTION wubloader_events_void() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
    holder  text;
BEGIN
    holder := lower(current_setting('wubloader.claim_token', true));

    UPDATE public.event_jobs SET claim_token = NULL, lease_until = NULL,
            upload_session = NULL, updated = now()
        WHERE id = NEW.id
            AND (holder IS NULL OR claim_token IS NULL
                 OR claim_token::text <> holder)
            AND (claim_token IS NOT NULL OR lease_until IS NOT NULL
                 OR upload_session IS NOT NULL);

    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS wubloader_events_void ON events;
CREATE TRIGGER wubloader_events_void AFTER UPDATE ON events
    FOR EACH ROW WHEN (
        (OLD.state IS DISTINCT FROM NEW.state
         AND OLD.state IN ('CLAIMED', 'FINALIZING'))
        OR OLD.uploader IS DISTINCT FROM NEW.uploader)
    EXECUTE FUNCTION wubloader_events_void();


INSERT INTO schema_migrations (version) VALUES (6) ON CONFLICT DO NOTHING;

COMMIT;
