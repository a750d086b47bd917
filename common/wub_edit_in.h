
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_edit_in: one value of a posted body, checked by what its column
 * holds, as Postgres' text.  Shared by the files of wub_edit only.
 * May call: as wub_edit.
 * Frees: nothing; results live in the arena.
 *
 * Functions that refuse fill in the answer and return WUB_DECLINED.
 */


#ifndef WUB_EDIT_IN_H_INCLUDED_
#define WUB_EDIT_IN_H_INCLUDED_


#include "common/wub_edit.h"


typedef struct {
    wub_arena_t   *arena;
    wub_answer_t  *answer;
    wub_ranges_t  *ranges;      /* NULL: none are read */
} wub_edit_in_t;

/* value is not null; ret: Postgres' text */
typedef wub_rc_t (*wub_edit_in_pt)(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);


/*
 * Each '%' of the sentence takes the next of args, without control
 * characters and cut short where it is long.
 */
wub_rc_t wub_edit_refuse(const wub_edit_in_t *in, unsigned status,
    const char *sentence, const wub_str_t *args);

/* a number for a sentence; empty when memory is out */
wub_str_t wub_edit_number(const wub_edit_in_t *in, size_t n);

/* what b holds, as the text of a column */
wub_rc_t wub_edit_text(const wub_buf_t *b, wub_str_t *ret);

/* "Fields missing in JSON: a, b", in the order of keys */
wub_rc_t wub_edit_missing(const wub_edit_in_t *in, const wub_value_t *body,
    const wub_str_t *keys, size_t nkeys);


wub_rc_t wub_edit_in_text(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);

/* without control characters */
wub_rc_t wub_edit_in_line(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);

/* such a text of at most 255 bytes */
wub_rc_t wub_edit_in_name(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);

/* a name that can be a part of a path, or empty */
wub_rc_t wub_edit_in_part(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_bool(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_texts(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_time(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_mode(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_cut_type(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_image(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_box(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_ranges(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);
wub_rc_t wub_edit_in_transitions(const wub_edit_in_t *in, wub_str_t key,
    const wub_value_t *value, wub_str_t *ret);

/* ranges and transitions against each other; either may be null */
wub_rc_t wub_edit_in_cuts(const wub_edit_in_t *in, bool open);

/* changes of the sheet since the editor looked; *ret is empty: none */
wub_rc_t wub_edit_changes(wub_arena_t *arena, const wub_event_conf_t *conf,
    const wub_edit_old_t *old, const wub_edit_t *edit, wub_str_t *ret);

/* the keys of the sheet and the types that they may have */
typedef struct {
    wub_str_t       key;
    wub_edit_in_pt  read;
} wub_edit_sheet_t;

extern const wub_edit_sheet_t  wub_edit_sheet[WUB_SHEET_COLUMNS];


#endif /* WUB_EDIT_IN_H_INCLUDED_ */
