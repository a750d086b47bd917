-- The rows of events as the editor's API hands them out, as JSON, and what
-- else such an answer is made of.  A program sends
--
--     SELECT * FROM wubloader_list($1, $2)
--     SELECT * FROM wubloader_row($1, $2)
--     SELECT * FROM wubloader_templates()
--
-- and passes the JSON on.  SQL functions of one statement without settings
-- of their own become part of the statement that calls them, so these are
-- as fast as their bodies; names are qualified for want of a search_path.
-- Never anything of event_jobs here.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public, pg_temp;
SET LOCAL lock_timeout = '60s';

DO $$ BEGIN PERFORM pg_advisory_xact_lock(2004181612); END $$;


-- Python's isoformat(): a fraction has six digits, or there is none
CREATE OR REPLACE FUNCTION wubloader_time(t timestamp)
    RETURNS text LANGUAGE sql STABLE AS
$$
    SELECT replace(to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '');
$$;

-- without the newlines that encode() puts behind every 76 characters
CREATE OR REPLACE FUNCTION wubloader_base64(data bytea)
    RETURNS text LANGUAGE sql IMMUTABLE AS
$$
    SELECT replace(encode(data, 'base64'), E'\n', '');
$$;

-- An editor's address is for those who may see it; "NOT_AUTH" is nobody's.
CREATE OR REPLACE FUNCTION wubloader_editor(editor text, addresses boolean)
    RETURNS text LANGUAGE sql IMMUTABLE AS
$$
    SELECT CASE WHEN addresses OR strpos(editor, '@') = 0 THEN editor END;
$$;


-- All rows, or those in some states, one by one, in the order of the list.
-- Sorted within, where a row is small: its images are not read yet.
CREATE OR REPLACE FUNCTION wubloader_list(states event_state[],
    addresses boolean)
    RETURNS TABLE (event json) LANGUAGE sql STABLE ROWS 5000 AS
$$
    SELECT row_to_json(j)
    FROM (
        SELECT * FROM public.events
            WHERE states IS NULL OR state = ANY (states)
            ORDER BY event_start, id
    ) AS e, LATERAL (SELECT
        e.id,
        e.sheet_name,
        public.wubloader_time(e.event_start) AS event_start,
        CASE WHEN NOT e.event_end IS NULL THEN
            json_build_array((e.event_end).dashed,
                             public.wubloader_time((e.event_end).value))
        END AS event_end,
        e.category,
        e.description,
        e.submitter_winner,
        e.poster_moment,
        e.image_links,
        e.notes,
        e.tags,
        e.allow_holes,
        e.uploader_whitelist,
        e.upload_location,
        e.public,
        CASE WHEN e.video_ranges IS NOT NULL THEN ARRAY (
            SELECT json_build_array(public.wubloader_time(r.start),
                                    public.wubloader_time(r."end"))
                FROM unnest(e.video_ranges) AS r)
        END AS video_ranges,
        CASE WHEN e.video_transitions IS NOT NULL THEN ARRAY (
            SELECT CASE WHEN NOT t IS NULL THEN
                    json_build_array(t.type, t.duration) END
                FROM unnest(e.video_transitions) AS t)
        END AS video_transitions,
        e.video_title,
        e.video_description,
        e.video_tags,
        e.video_channel,
        e.video_quality,
        e.thumbnail_mode,
        public.wubloader_time(e.thumbnail_time) AS thumbnail_time,
        e.thumbnail_template,
        e.thumbnail_crop,
        e.thumbnail_location,
        public.wubloader_base64(e.thumbnail_image) AS thumbnail_image,
        public.wubloader_base64(e.thumbnail_last_written)
            AS thumbnail_last_written,
        e.state,
        e.uploader,
        e.error,
        e.video_id,
        e.video_link,
        public.wubloader_editor(e.editor, addresses) AS editor,
        public.wubloader_time(e.edit_time) AS edit_time,
        public.wubloader_time(e.upload_time) AS upload_time,
        public.wubloader_time(e.last_modified) AS last_modified,
        e.progress,
        e.progress_note,
        e.cut_type
    ) AS j;
$$;


-- One row: all of it that is passed on, and the columns that are not, but
-- depend on how the API is set up.  playlists: composites of name,
-- playlist_id, tags, show_in_description and default_template, of those
-- that can matter.
CREATE OR REPLACE FUNCTION wubloader_row(event_id text, addresses boolean)
    RETURNS TABLE (event json, sheet_name text, event_start timestamp,
        event_end end_time, category text, description text, notes text,
        tags text[], allow_holes boolean, video_channel text,
        video_title text, video_description text,
        thumbnail_mode thumbnail_mode, thumbnail_time timestamp,
        thumbnail_template text, playlists text[])
    LANGUAGE sql STABLE ROWS 1 AS
$$
    SELECT row_to_json(j), e.sheet_name, e.event_start, e.event_end,
        e.category, e.description, e.notes, e.tags, e.allow_holes,
        e.video_channel, e.video_title, e.video_description,
        e.thumbnail_mode, e.thumbnail_time, e.thumbnail_template,
        ARRAY (
            SELECT ROW(p.name, p.playlist_id, p.tags, p.show_in_description,
                       p.default_template)::text
                FROM public.playlists AS p
                WHERE p.tags IS NOT NULL
                    AND (p.show_in_description
                         OR p.default_template IS NOT NULL)
                ORDER BY p.name, p.id)
    FROM public.events AS e, LATERAL (SELECT
        e.id,
        e.sheet_name,
        public.wubloader_time(e.event_start) AS event_start,
        e.category,
        e.description,
        e.submitter_winner,
        e.poster_moment,
        e.image_links,
        e.tags,
        e.uploader_whitelist,
        e.upload_location,
        e.public,
        CASE WHEN e.video_ranges IS NOT NULL THEN ARRAY (
            SELECT json_build_array(public.wubloader_time(r.start),
                                    public.wubloader_time(r."end"))
                FROM unnest(e.video_ranges) AS r)
        END AS video_ranges,
        CASE WHEN e.video_transitions IS NOT NULL THEN ARRAY (
            SELECT CASE WHEN NOT t IS NULL THEN
                    json_build_array(t.type, t.duration) END
                FROM unnest(e.video_transitions) AS t)
        END AS video_transitions,
        e.video_tags,
        e.video_quality,
        e.thumbnail_crop,
        e.thumbnail_location,
        public.wubloader_base64(e.thumbnail_image) AS thumbnail_image,
        public.wubloader_base64(e.thumbnail_last_written)
            AS thumbnail_last_written,
        e.state,
        e.uploader,
        e.error,
        e.video_id,
        e.video_link,
        public.wubloader_editor(e.editor, addresses) AS editor,
        public.wubloader_time(e.edit_time) AS edit_time,
        public.wubloader_time(e.upload_time) AS upload_time,
        public.wubloader_time(e.last_modified) AS last_modified,
        e.progress,
        e.progress_note,
        e.cut_type
    ) AS j
    WHERE e.id = event_id;
$$;


-- without their images; sorted by bytes, as those of a directory are
CREATE OR REPLACE FUNCTION wubloader_templates()
    RETURNS TABLE (name text, template json) LANGUAGE sql STABLE ROWS 50 AS
$$
    SELECT t.name, json_build_object('name', t.name,
        'description', t.description, 'attribution', t.attribution,
        'crop', t.crop, 'location', t.location)
    FROM public.templates AS t ORDER BY t.name COLLATE "C";
$$;


INSERT INTO schema_migrations (version) VALUES (8) ON CONFLICT DO NOTHING;

COMMIT;
