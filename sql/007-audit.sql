-- Who changed what, when.  Where upstream's audit (2ndQuadrant's trigger,
-- hstore) is there, it is left as it is and used; else ours.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


-- Columns have upstream's names where it has them.  old and new hold the
-- columns that changed, all of them for I and D; neither for T.  Looked for
-- in the catalog, since the schema may be closed to who migrates.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'audit' AND c.relname = 'logged_actions')
    THEN
        RETURN;
    END IF;

    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'audit') THEN
        IF NOT has_database_privilege(current_database(), 'CREATE') THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('the history needs a schema of its own: let '
                    'the owner of the database run "GRANT CREATE ON DATABASE '
                    '%I TO %I", then migrate again',
                    current_database(), current_user);
        END IF;

        CREATE SCHEMA audit;
        REVOKE ALL ON SCHEMA audit FROM PUBLIC;
    END IF;

    CREATE TABLE audit.logged_actions (
        event_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        schema_name        text NOT NULL,
        table_name         text NOT NULL,
        key                text,
        action             text NOT NULL CHECK (action IN ('I', 'U', 'D', 'T')),
        old                jsonb,
        new                jsonb,
        session_user_name  text NOT NULL,
        application_name   text,
        client_addr        inet,
        transaction_id     bigint NOT NULL,
        action_tstamp_tx   timestamptz NOT NULL,
        action_tstamp_clk  timestamptz NOT NULL
    );

    REVOKE ALL ON audit.logged_actions FROM PUBLIC;

    CREATE INDEX logged_actions_key ON audit.logged_actions (table_name, key);
    CREATE INDEX logged_actions_tstamp
        ON audit.logged_actions (action_tstamp_tx);
END $$;


-- Arguments: the key's column, the image's column.  SECURITY DEFINER: who
-- may write the table need not be allowed to write its history.
CREATE OR REPLACE FUNCTION wubloader_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET bytea_output = 'hex'
    SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
    was      record;
    now      record;
    key      text;
    row_old  jsonb;
    row_new  jsonb;
BEGIN
    IF TG_LEVEL = 'ROW' THEN

        was := OLD;
        now := NEW;

        -- progress comes each second, and images are large
        IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'events' THEN
            now.progress := was.progress;
            now.progress_note := was.progress_note;

            IF now.thumbnail_image IS NOT DISTINCT FROM was.thumbnail_image
            THEN
                now.thumbnail_image := NULL;
                was.thumbnail_image := NULL;
            END IF;

            IF now IS NOT DISTINCT FROM was THEN
                RETURN NULL;
            END IF;
        END IF;

        IF TG_OP <> 'INSERT' THEN
            row_old := wubloader_audit_row(to_jsonb(was), TG_ARGV[1]);
            key := row_old ->> TG_ARGV[0];
        END IF;

        IF TG_OP <> 'DELETE' THEN
            row_new := wubloader_audit_row(to_jsonb(now), TG_ARGV[1]);
            key := coalesce(key, row_new ->> TG_ARGV[0]);
        END IF;

        IF TG_OP = 'UPDATE' THEN
            SELECT jsonb_object_agg(o.key, o.value),
                   jsonb_object_agg(o.key, n.value)
                INTO row_old, row_new
                FROM jsonb_each(row_old) AS o
                    JOIN jsonb_each(row_new) AS n ON n.key = o.key
                WHERE o.value <> n.value;

            IF row_old IS NULL THEN
                RETURN NULL;
            END IF;
        END IF;
    END IF;

    INSERT INTO audit.logged_actions
            (schema_name, table_name, key, action, old, new,
             session_user_name, application_name, client_addr,
             transaction_id, action_tstamp_tx, action_tstamp_clk)
        VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, key, left(TG_OP, 1),
                row_old, row_new,
                session_user, current_setting('application_name'),
                inet_client_addr(), txid_current(), current_timestamp,
                clock_timestamp());

    RETURN NULL;
END $$;

-- a row as it is recorded: no progress, and images by their sha256
CREATE OR REPLACE FUNCTION wubloader_audit_row(whole jsonb, image text)
    RETURNS jsonb LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, public, pg_temp AS
$$
    SELECT CASE
        WHEN whole ->> image IS NULL THEN kept
        ELSE kept || jsonb_build_object(image,
            encode(sha256(decode(substr(whole ->> image, 3), 'hex')), 'hex'))
    END
    FROM (SELECT whole - 'progress' - 'progress_note' AS kept) AS k;
$$;


DO $$
DECLARE
    tab   record;
    ours  boolean;
BEGIN
    SELECT EXISTS (
        SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'audit' AND c.relname = 'logged_actions'
                AND a.attname = 'new' AND a.atttypid = 'jsonb'::regtype)
        INTO ours;

    FOR tab IN SELECT * FROM (VALUES
        ('events', 'id', 'thumbnail_image'),
        ('templates', 'name', 'image')
    ) AS tabs (name, pkey, image)
    LOOP
        -- audited already, by whichever
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE t.tgrelid = tab.name::regclass AND NOT t.tgisinternal
                    AND (n.nspname = 'audit'
                         OR p.proname = 'wubloader_audit'));

        IF NOT ours THEN
            BEGIN
                EXECUTE 'SELECT audit.audit_table($1, true, true, $2)'
                    USING tab.name::regclass,
                          '{progress,progress_note}'::text[];

            EXCEPTION
                WHEN undefined_function OR insufficient_privilege THEN
                    SET LOCAL client_min_messages = notice;
                    RAISE NOTICE 'audit: changes of % are not recorded: '
                        'audit.logged_actions is not ours, and its '
                        'audit.audit_table() cannot be used (%)',
                        tab.name, SQLERRM;
                    SET LOCAL client_min_messages = warning;
            END;

            CONTINUE;
        END IF;

        EXECUTE format('CREATE TRIGGER wubloader_audit_row '
            'AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW '
            'EXECUTE FUNCTION wubloader_audit(%L, %L)',
            tab.name, tab.pkey, tab.image);
        EXECUTE format('CREATE TRIGGER wubloader_audit_truncate '
            'AFTER TRUNCATE ON %I FOR EACH STATEMENT '
            'EXECUTE FUNCTION wubloader_audit(%L, %L)',
            tab.name, tab.pkey, tab.image);
    END LOOP;
END $$;


INSERT INTO schema_migrations (version) VALUES (7) ON CONFLICT DO NOTHING;

COMMIT;
