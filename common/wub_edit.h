
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_edit: what an editor posts (CONTRACT.md 4, POST /thrimshim/ID and the
 * other writes), checked, and turned into the values that go to the
 * database.
 * May call: wub_event, wub_value, wub_range, wub_pg, wub_time, wub_buf,
 * wub_transition_names, wub_base64.
 * Frees: nothing; results live in the caller's arena.
 */


#ifndef WUB_EDIT_H_INCLUDED_
#define WUB_EDIT_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_event.h"
#include "common/wub_range.h"
#include "common/wub_value.h"


/* a range longer than this is worth a warning, microseconds */
#define WUB_EDIT_LONG            (4 * WUB_HOUR)


/* the columns that an edit writes, in the order of their parameters */
typedef enum {
    WUB_EDIT_LOCATION = 0,      /* upload_location */
    WUB_EDIT_RANGES,
    WUB_EDIT_TRANSITIONS,
    WUB_EDIT_CHANNEL,
    WUB_EDIT_QUALITY,
    WUB_EDIT_TITLE,
    WUB_EDIT_DESCRIPTION,
    WUB_EDIT_TAGS,
    WUB_EDIT_PUBLIC,
    WUB_EDIT_THUMBNAIL_MODE,
    /* optional: a key that is missing leaves the column as it is */
    WUB_EDIT_ALLOW_HOLES,
    WUB_EDIT_WHITELIST,
    WUB_EDIT_THUMBNAIL_TIME,
    WUB_EDIT_THUMBNAIL_TEMPLATE,
    WUB_EDIT_THUMBNAIL_IMAGE,
    WUB_EDIT_THUMBNAIL_CROP,
    WUB_EDIT_THUMBNAIL_LOCATION,
    WUB_EDIT_CUT_TYPE,
    WUB_EDIT_COLUMNS
} wub_edit_column_e;

/* the columns of the sheet, which are compared with what the editor saw */
typedef enum {
    WUB_SHEET_NAME = 0,         /* sheet_name */
    WUB_SHEET_START,            /* event_start */
    WUB_SHEET_END,              /* event_end */
    WUB_SHEET_CATEGORY,
    WUB_SHEET_DESCRIPTION,
    WUB_SHEET_NOTES,
    WUB_SHEET_TAGS,
    WUB_SHEET_COLUMNS
} wub_sheet_column_e;


typedef struct {
    wub_state_e         state;          /* EDITED, UNEDITED or MODIFIED */
    bool                override;       /* of changes in the sheet */
    wub_str_t           columns[WUB_EDIT_COLUMNS];  /* Postgres' texts */
    bool                sent[WUB_EDIT_COLUMNS];
    wub_ranges_t        ranges;         /* as in columns */
    const wub_value_t  *sheet[WUB_SHEET_COLUMNS];
} wub_edit_t;


/* the row as it is, locked: Postgres' texts, data NULL for null */
typedef struct {
    wub_str_t                    state;
    wub_str_t                    sheet[WUB_SHEET_COLUMNS];
    const wub_event_playlist_t  *playlists;
    size_t                       nplaylists;
    wub_str_t                    attribution;   /* of the template that the
                                                   edit names, or NULL */
} wub_edit_old_t;


/*
 * All that can be said of a body without the row.  WUB_OK with
 * answer->status 0: ret is filled in; with another: refused.
 */
wub_rc_t wub_edit_read(wub_arena_t *arena, const wub_value_t *body,
    wub_edit_t *ret, wub_answer_t *answer) WUB_MUST_CHECK;

/*
 * The rest, against the row: title and description get what is put around
 * them, limits, state, changes in the sheet.  As wub_edit_read().
 */
wub_rc_t wub_edit_check(wub_arena_t *arena, const wub_event_conf_t *conf,
    const wub_edit_old_t *old, wub_edit_t *edit, wub_answer_t *answer)
    WUB_MUST_CHECK;

/*
 * What may be wrong with the ranges of an accepted edit, as a JSON list of
 * sentences: overlaps, ranges that are too long to be meant.  holes: of
 * each range that many were seen in the store; NULL: nobody looked.
 */
wub_rc_t wub_edit_warnings(wub_buf_t *b, const wub_edit_t *edit,
    const size_t *holes) WUB_MUST_CHECK;


/* POST manual-link: the link and where it belongs */
typedef struct {
    wub_str_t  link;
    wub_str_t  location;        /* manual or youtube-manual */
    wub_str_t  video_id;        /* data NULL: none */
} wub_edit_link_t;

wub_rc_t wub_edit_link(wub_arena_t *arena, const wub_value_t *body,
    wub_edit_link_t *ret, wub_answer_t *answer) WUB_MUST_CHECK;


/* POST add-template and update-template: Postgres' texts */
typedef struct {
    wub_str_t  name;
    wub_str_t  description;
    wub_str_t  attribution;
    wub_str_t  crop;
    wub_str_t  location;
    wub_str_t  image;           /* data NULL: unchanged, in an update */
} wub_edit_template_t;

/* update: a body without an image is good */
wub_rc_t wub_edit_template(wub_arena_t *arena, const wub_value_t *body,
    bool update, wub_edit_template_t *ret, wub_answer_t *answer)
    WUB_MUST_CHECK;

/* the 4xx for a rule of the database that an edit broke: its constraint */
void wub_edit_refused(wub_str_t constraint, wub_answer_t *answer);


#endif /* WUB_EDIT_H_INCLUDED_ */
