-- The rules that a row must keep.  A rule that is there already, under
-- whatever name, is kept and given its name; a new one that older rows
-- break holds for new writes only, which a notice says.

BEGIN;

SET LOCAL client_min_messages = notice;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


-- Forms of earlier years that would refuse what is legal now: columns that
-- nobody writes any more, and an uploader for MODIFIED.  Compared in
-- Postgres' own spelling, that of a table made for the purpose.
DO $$
DECLARE
    con  record;
BEGIN
    CREATE TEMP TABLE wub_old (
        state     event_state,
        uploader  text,
        CHECK (state IN ('UNEDITED', 'EDITED', 'DONE')
               OR uploader IS NOT NULL)
    );

    FOR con IN
        SELECT DISTINCT c.conname FROM pg_constraint c
            LEFT JOIN pg_attribute a
                ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                AND a.attname IN ('video_start', 'video_end')
            WHERE c.conrelid = 'events'::regclass AND c.contype = 'c'
                AND (a.attname IS NOT NULL
                     OR pg_get_expr(c.conbin, c.conrelid)
                        = (SELECT pg_get_expr(conbin, conrelid)
                               FROM pg_constraint
                               WHERE conrelid = 'pg_temp.wub_old'::regclass))
    LOOP
        EXECUTE format('ALTER TABLE events DROP CONSTRAINT %I', con.conname);
    END LOOP;

    DROP TABLE pg_temp.wub_old;
END $$;


CREATE OR REPLACE FUNCTION pg_temp.wub_check(tab regclass, pkey text,
    cname text, expr text) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    made   text;
    same   record;
    count  bigint;
    ids    text;
BEGIN
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT wub_new CHECK (%s) '
                   'NOT VALID', tab, expr);

    SELECT pg_get_expr(conbin, conrelid) INTO made FROM pg_constraint
        WHERE conrelid = tab AND conname = 'wub_new';

    -- the same rule under our name, or under another
    SELECT conname, convalidated INTO same FROM pg_constraint
        WHERE conrelid = tab AND contype = 'c' AND conname <> 'wub_new'
            AND pg_get_expr(conbin, conrelid) = made
        ORDER BY conname <> cname, conname LIMIT 1;

    IF same.conname IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT wub_new', tab);
    ELSE
        same.conname := 'wub_new';
        same.convalidated := false;
    END IF;

    IF same.conname <> cname THEN
        IF EXISTS (SELECT FROM pg_constraint
                       WHERE conrelid = tab AND conname = cname)
        THEN
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tab, cname);
        END IF;

        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I',
                       tab, same.conname, cname);
    END IF;

    IF same.convalidated THEN
        RETURN;
    END IF;

    BEGIN
        EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', tab, cname);

    EXCEPTION WHEN check_violation THEN
        EXECUTE format('SELECT count(*), string_agg(id, '', '') FILTER '
                       '(WHERE n <= 3) FROM (SELECT %I AS id, row_number() '
                       'OVER (ORDER BY %I) AS n FROM %s WHERE (%s) IS FALSE) '
                       'AS broken', pkey, pkey, tab, expr) INTO count, ids;
        RAISE NOTICE '%: % older row(s) break the rule % (%), which holds '
            'for new writes only; correct them, then run "ALTER TABLE % '
            'VALIDATE CONSTRAINT %"', tab, count, cname, ids, tab, cname;
    END;
END $$;


DO $$
DECLARE
    rule  record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        -- (NULL).dashed is NULL too, so event_end itself is never NULL
        ('event_end',
         '(event_end).dashed IS NOT NULL AND ((event_end).dashed <> true'
         ' OR (event_end).value IS NOT DISTINCT FROM event_start)'),
        ('upload_location',
         'state = ''UNEDITED'' OR upload_location IS NOT NULL'),
        ('video_ranges',
         'state IN (''UNEDITED'', ''DONE'') OR video_ranges IS NOT NULL'),
        ('video_transitions',
         'state IN (''UNEDITED'', ''DONE'')'
         ' OR video_transitions IS NOT NULL'),
        -- as loose as upstream's where just one of the two is NULL
        ('transitions_count',
         '(video_ranges IS NULL AND video_transitions IS NULL)'
         ' OR cardinality(video_ranges) = cardinality(video_transitions)'
         ' + 1'),
        ('video_title',
         'state IN (''UNEDITED'', ''DONE'') OR video_title IS NOT NULL'),
        ('video_description',
         'state IN (''UNEDITED'', ''DONE'')'
         ' OR video_description IS NOT NULL'),
        ('video_tags',
         'state IN (''UNEDITED'', ''DONE'') OR video_tags IS NOT NULL'),
        ('video_channel',
         'state IN (''UNEDITED'', ''DONE'') OR video_channel IS NOT NULL'),
        ('thumbnail_time',
         'state = ''UNEDITED'' OR thumbnail_mode IN (''NONE'', ''CUSTOM'')'
         ' OR thumbnail_time IS NOT NULL'),
        ('thumbnail_template',
         'state = ''UNEDITED'' OR thumbnail_mode <> ''TEMPLATE'''
         ' OR thumbnail_template IS NOT NULL'),
        ('thumbnail_image',
         'state = ''UNEDITED'' OR thumbnail_mode <> ''CUSTOM'''
         ' OR thumbnail_image IS NOT NULL'),
        ('thumbnail_last_written',
         'state <> ''DONE'' OR thumbnail_mode = ''NONE'''
         ' OR thumbnail_last_written IS NOT NULL'),
        ('uploader',
         'state IN (''UNEDITED'', ''EDITED'', ''DONE'', ''MODIFIED'')'
         ' OR uploader IS NOT NULL'),
        ('video_link',
         'NOT (state IN (''DONE'', ''MODIFIED'')) OR video_link IS NOT NULL'),
        ('editor',
         'state = ''UNEDITED'' OR editor IS NOT NULL'),
        ('upload_time',
         'NOT (state IN (''DONE'', ''MODIFIED''))'
         ' OR upload_time IS NOT NULL'),
        ('last_modified',
         'state <> ''MODIFIED'' OR last_modified IS NOT NULL'),
        ('progress',
         'progress >= 0 AND progress <= 1'),
        ('cut_type',
         'cut_type IN (''rough'', ''fast'', ''smart'', ''full'','
         ' ''mpegts'', ''webm'', ''mp4'', ''archive'')')
    ) AS rules (name, expr)
    LOOP
        PERFORM pg_temp.wub_check('events', 'id',
            format('events_%s_check', rule.name), rule.expr);
    END LOOP;

    PERFORM pg_temp.wub_check('roles', 'email', 'roles_email_check',
        'email = lower(email)');
END $$;


INSERT INTO schema_migrations (version) VALUES (5) ON CONFLICT DO NOTHING;

COMMIT;
