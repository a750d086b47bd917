
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_event: the table events as data (SCHEMA.md, CONTRACT.md 4 and 7): its
 * columns, which of them an editor sends, compares and writes, the states
 * and the steps between them, and a row as the editor sees it.
 * May call: wub_buf, wub_time, wub_pg, wub_range, wub_value.
 * Frees: nothing; results live in the caller's arena.
 */


#ifndef WUB_EVENT_H_INCLUDED_
#define WUB_EVENT_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_answer.h"
#include "common/wub_arena.h"
#include "common/wub_buf.h"
#include "common/wub_pg.h"


/* limits of YouTube, in characters */
#define WUB_EVENT_TITLE_MAX        100
#define WUB_EVENT_DESCRIPTION_MAX  5000


typedef enum {
    WUB_STATE_UNEDITED = 0,
    WUB_STATE_EDITED,
    WUB_STATE_CLAIMED,
    WUB_STATE_FINALIZING,
    WUB_STATE_TRANSCODING,
    WUB_STATE_DONE,
    WUB_STATE_MODIFIED,
    WUB_STATES
} wub_state_e;

/* who takes a step between states */
typedef enum {
    WUB_STEP_EDIT = 0,          /* submit, save a draft, modify */
    WUB_STEP_LINK,              /* manual-link */
    WUB_STEP_RESET,
    WUB_STEP_FORCE              /* reset with force */
} wub_step_e;

extern const wub_str_t  wub_state_names[WUB_STATES];

/* WUB_NOT_FOUND: no such state */
wub_rc_t wub_state_parse(wub_str_t s, wub_state_e *ret) WUB_MUST_CHECK;

/* true: the table of CONTRACT.md 7 has this step */
bool wub_state_step(wub_step_e who, wub_state_e from, wub_state_e to);


/* how the API is set up; strings that are not set are empty */
typedef struct {
    wub_str_t  category;
    wub_str_t  text;
} wub_event_note_t;

typedef struct {
    wub_str_t                default_channel;
    wub_str_t                bustime_start;     /* as configured */
    wub_str_t                title_prefix;      /* "HEADER - ", or empty */
    wub_str_t                description_footer;
    const wub_str_t         *locations;         /* for uploads, in order */
    size_t                   nlocations;
    wub_str_t                archive_sheet;     /* data NULL: none */
    wub_str_t                archive_location;
    const wub_event_note_t  *notes;             /* by category */
    size_t                   nnotes;
} wub_event_conf_t;


/* a row of playlists that matters for titles and templates */
typedef struct {
    wub_str_t       name;
    wub_str_t       playlist_id;        /* data NULL: none */
    wub_pg_items_t  tags;               /* items NULL: matches nothing */
    bool            show;               /* in descriptions */
    wub_str_t       default_template;   /* data NULL: none */
} wub_event_playlist_t;


/*
 * What of a row is not passed on as it is: Postgres' texts, data NULL for
 * null.
 */
typedef struct {
    wub_str_t  sheet_name;
    wub_str_t  event_start;
    wub_str_t  event_end;               /* end_time */
    wub_str_t  category;
    wub_str_t  notes;
    wub_str_t  tags;                    /* text[] */
    wub_str_t  allow_holes;             /* "t", "f" */
    wub_str_t  video_channel;
    wub_str_t  video_title;
    wub_str_t  video_description;
    wub_str_t  thumbnail_mode;
    wub_str_t  thumbnail_time;
    wub_str_t  thumbnail_template;
    wub_str_t  description;             /* of the sheet */
} wub_event_row_t;


/*
 * The members of GET /thrimshim/ID that depend on the configuration, as
 * `"key": value, ...` without braces: those of wub_event_row_t but
 * sheet_name, event_start, category, tags and description, and
 * title_prefix, title_max_length, bustime_start, upload_locations.
 */
wub_rc_t wub_event_put(wub_buf_t *b, wub_arena_t *arena,
    const wub_event_conf_t *conf, const wub_event_row_t *row,
    const wub_event_playlist_t *playlists, size_t nplaylists)
    WUB_MUST_CHECK;

/* the time in Postgres' text of an end_time; data NULL: null */
wub_rc_t wub_event_end_value(wub_arena_t *arena, wub_str_t end,
    wub_str_t *ret) WUB_MUST_CHECK;

/* the notes of a row as an editor sees them, with those of its category */
wub_rc_t wub_event_notes(wub_buf_t *b, const wub_event_conf_t *conf,
    wub_str_t notes, wub_str_t category) WUB_MUST_CHECK;

/* every tag that is wanted is there, blind to case; no items: no match */
bool wub_event_matches(const wub_pg_items_t *wanted,
    const wub_pg_items_t *tags);

bool wub_event_is_archive(const wub_event_conf_t *conf, wub_str_t sheet);

/*
 * What is put around a title and a description, and taken off again: any
 * text that was put together comes back as it was.  footing: the playlists
 * that match the tags, and the credit of a template, attribution, or NULL.
 */
wub_rc_t wub_event_add_footer(wub_buf_t *b, const wub_event_conf_t *conf,
    wub_str_t description, const wub_pg_items_t *tags,
    const wub_event_playlist_t *playlists, size_t nplaylists,
    wub_str_t attribution) WUB_MUST_CHECK;
wub_str_t wub_event_strip_footer(const wub_event_conf_t *conf,
    wub_str_t description);
wub_str_t wub_event_strip_prefix(const wub_event_conf_t *conf,
    wub_str_t title);

/* characters of valid UTF-8 */
size_t wub_event_chars(wub_str_t s);


#endif /* WUB_EVENT_H_INCLUDED_ */
