
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include "common/wub_hour.h"
#include "common/wub_base64.h"
#include "common/wub_scan.h"


#define WUB_TOMBSTONE            ".tombstone"


static void wub_names_sift(wub_str_t *list, size_t n, size_t i);
static inline uint64_t wub_names_head(const char *data);
static int wub_names_cmp(const wub_str_t *a, const wub_str_t *b);
static wub_rc_t wub_hour_parse_names(wub_arena_t *arena,
    const wub_names_t *names, int64_t hour_us, wub_hour_t *ret);
static wub_rc_t wub_hour_tombstones(wub_arena_t *arena,
    const wub_names_t *names, wub_names_t *ret);
static void wub_hour_best(wub_hour_t *hour, wub_size_pt size,
    void *size_data);
static size_t wub_hour_best_copy(const wub_segment_t *copies, size_t n,
    wub_size_pt size, void *size_data);
static bool wub_hour_same_worth(const wub_segment_t *a,
    const wub_segment_t *b);
static bool wub_hour_worth_more(const wub_segment_t *a,
    const wub_segment_t *b);
static int wub_hour_cmp_hash(wub_str_t a, wub_str_t b);
static void wub_hour_drop_near(wub_hour_t *hour, int64_t tolerance);
static bool wub_hour_temp(wub_str_t name);
static int wub_hour_cmp_tombstone(wub_str_t stem, wub_str_t name);


void
wub_names_sort(wub_names_t *names)
{
    size_t     i, n;
    wub_str_t  name, *list;

    n = names->nnames;
    list = names->names;

    for (i = 1; i < n; i++) {
        if (wub_names_cmp(&list[i - 1], &list[i]) > 0) {
            break;
        }
    }

    if (i >= n) {
        return;
    }

    /* heap sort: in place, and no order of a directory makes it slow */

    for (i = n / 2; i > 0; i--) {
        wub_names_sift(list, n, i - 1);
    }

    for (i = n - 1; i > 0; i--) {
        name = list[0];
        list[0] = list[i];
        list[i] = name;

        wub_names_sift(list, i, 0);
    }
}


wub_rc_t
wub_hour_build(wub_arena_t *arena, wub_names_t *names, int64_t hour_us,
    int64_t tolerance, wub_size_pt size, void *size_data, wub_hour_t *ret)
{
    wub_rc_t    rc;
    wub_hour_t  hour;

    wub_names_sort(names);

    rc = wub_hour_parse_names(arena, names, hour_us, &hour);
    if (rc != WUB_OK) {
        return rc;
    }

    wub_hour_best(&hour, size, size_data);
    wub_hour_drop_near(&hour, tolerance);

    *ret = hour;

    return WUB_OK;
}


wub_rc_t
wub_hour_list(wub_arena_t *arena, wub_names_t *names, bool tombstones,
    wub_names_t *ret)
{
    size_t           i;
    wub_rc_t         rc;
    wub_str_t        name;
    wub_names_t      list, graves;
    wub_name_kind_e  kind;

    wub_names_sort(names);

    rc = wub_hour_tombstones(arena, names, &graves);
    if (rc != WUB_OK) {
        return rc;
    }

    list.nnames = 0;
    list.names = wub_arena_alloc(arena, names->nnames * sizeof(wub_str_t));
    if (list.names == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < names->nnames; i++) {
        name = names->names[i];
        kind = wub_name_kind(name);

        if (kind == WUB_NAME_OTHER
            || (kind == WUB_NAME_TOMBSTONE && !tombstones)
            || (kind == WUB_NAME_TS && wub_hour_temp(name))
            || wub_names_tombstoned(&graves, name))
        {
            continue;
        }

        list.names[list.nnames++] = name;
    }

    *ret = list;

    return WUB_OK;
}


wub_rc_t
wub_names_visible(wub_arena_t *arena, wub_names_t *names, wub_names_t *ret)
{
    size_t       i;
    wub_str_t    name;
    wub_names_t  list;

    wub_names_sort(names);

    list.nnames = 0;
    list.names = wub_arena_alloc(arena, names->nnames * sizeof(wub_str_t));
    if (list.names == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < names->nnames; i++) {
        name = names->names[i];

        if (name.len != 0 && name.data[0] != '.') {
            list.names[list.nnames++] = name;
        }
    }

    *ret = list;

    return WUB_OK;
}


bool
wub_names_tombstoned(const wub_names_t *sorted, wub_str_t name)
{
    int              rc;
    size_t           low, high, middle;
    wub_str_t        stem;
    wub_name_kind_e  kind;

    if (sorted->nnames == 0) {
        return false;
    }

    kind = wub_name_kind(name);

    if (kind != WUB_NAME_TS && kind != WUB_NAME_JSON) {
        return false;
    }

    stem = wub_name_stem(name);
    low = 0;
    high = sorted->nnames;

    while (low < high) {
        middle = low + (high - low) / 2;
        rc = wub_hour_cmp_tombstone(stem, sorted->names[middle]);

        if (rc == 0) {
            return true;
        }

        if (rc < 0) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    return false;
}


void
wub_names_json(wub_buf_t *b, const wub_names_t *names)
{
    size_t  i;

    wub_buf_putc(b, '[');

    for (i = 0; i < names->nnames; i++) {

        if (i != 0) {
            wub_buf_putc(b, ',');
        }

        wub_buf_json(b, names->names[i]);
    }

    wub_buf_putc(b, ']');
}


/* the name at i sinks until none below it is greater */
static void
wub_names_sift(wub_str_t *list, size_t n, size_t i)
{
    size_t     child;
    wub_str_t  name;

    name = list[i];

    for ( ;; ) {
        child = 2 * i + 1;

        if (child >= n) {
            break;
        }

        if (child + 1 < n
            && wub_names_cmp(&list[child], &list[child + 1]) < 0)
        {
            child++;
        }

        if (wub_names_cmp(&name, &list[child]) >= 0) {
            break;
        }

        list[i] = list[child];
        i = child;
    }

    list[i] = name;
}


/* a sort is mostly this; names of one hour differ in their first bytes */
static int
wub_names_cmp(const wub_str_t *a, const wub_str_t *b)
{
    uint64_t  one, two;

    if (a->len >= sizeof(uint64_t) && b->len >= sizeof(uint64_t)) {
        one = wub_names_head(a->data);
        two = wub_names_head(b->data);

        if (one != two) {
            return (one > two) ? 1 : -1;
        }
    }

    return wub_str_cmp(*a, *b);
}


/* eight bytes as a number in whose order they sort: one load, no loop */
static inline uint64_t
wub_names_head(const char *data)
{
    const uint8_t  *p;

    p = (const uint8_t *) data;

    return (uint64_t) p[0] << 56 | (uint64_t) p[1] << 48
           | (uint64_t) p[2] << 40 | (uint64_t) p[3] << 32
           | (uint64_t) p[4] << 24 | (uint64_t) p[5] << 16
           | (uint64_t) p[6] << 8 | (uint64_t) p[7];
}


/*
 * All segments that are neither temp nor tombstoned, in order of names,
 * which is the order of starts: a part of a second is of digits, and what
 * ends it, '-', sorts before '.' and the digits.
 */
static wub_rc_t
wub_hour_parse_names(wub_arena_t *arena, const wub_names_t *names,
    int64_t hour_us, wub_hour_t *ret)
{
    size_t         i;
    wub_rc_t       rc;
    wub_str_t      name;
    wub_names_t    graves;
    wub_segment_t  segment;

    rc = wub_hour_tombstones(arena, names, &graves);
    if (rc != WUB_OK) {
        return rc;
    }

    memset(ret, 0, sizeof(wub_hour_t));

    ret->start = hour_us;
    ret->segments = wub_arena_alloc(arena, (names->nnames - graves.nnames)
                                           * sizeof(wub_segment_t));
    if (ret->segments == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; i < names->nnames; i++) {
        name = names->names[i];

        if (wub_name_kind(name) != WUB_NAME_TS
            || wub_names_tombstoned(&graves, name))
        {
            continue;
        }

        if (wub_segment_parse(name, hour_us, &segment) != WUB_OK) {
            ret->ignored++;
            continue;
        }

        if (segment.type != WUB_SEGMENT_TEMP) {
            ret->segments[ret->nsegments++] = segment;
        }
    }

    return WUB_OK;
}


static wub_rc_t
wub_hour_tombstones(wub_arena_t *arena, const wub_names_t *names,
    wub_names_t *ret)
{
    size_t       i, n;
    wub_names_t  graves;

    n = 0;

    for (i = 0; i < names->nnames; i++) {
        if (wub_name_kind(names->names[i]) == WUB_NAME_TOMBSTONE) {
            n++;
        }
    }

    graves.nnames = 0;
    graves.names = wub_arena_alloc(arena, n * sizeof(wub_str_t));
    if (graves.names == NULL) {
        return WUB_NO_MEMORY;
    }

    for (i = 0; graves.nnames < n; i++) {
        if (wub_name_kind(names->names[i]) == WUB_NAME_TOMBSTONE) {
            graves.names[graves.nnames++] = names->names[i];
        }
    }

    *ret = graves;

    return WUB_OK;
}


/* leaves the best copy of every start */
static void
wub_hour_best(wub_hour_t *hour, wub_size_pt size, void *size_data)
{
    size_t          i, n, best, kept;
    wub_segment_t  *copies;

    kept = 0;

    for (i = 0; i < hour->nsegments; i += n) {
        copies = &hour->segments[i];

        for (n = 1; i + n < hour->nsegments; n++) {
            if (copies[n].start != copies[0].start) {
                break;
            }
        }

        best = wub_hour_best_copy(copies, n, size, size_data);
        hour->segments[kept++] = copies[best];
    }

    hour->nsegments = kept;
}


/*
 * CONTRACT.md 2 rule 2: by type; full ones by duration, size and hash, the
 * others by size alone.  Where all is equal the first name stays.
 */
static size_t
wub_hour_best_copy(const wub_segment_t *copies, size_t n, wub_size_pt size,
    void *size_data)
{
    size_t    i, best, equals;
    uint64_t  bytes, most;

    best = 0;
    equals = 1;

    for (i = 1; i < n; i++) {

        if (wub_hour_same_worth(&copies[i], &copies[best])) {
            equals++;

        } else if (wub_hour_worth_more(&copies[i], &copies[best])) {
            best = i;
            equals = 1;
        }
    }

    if (equals == 1) {
        return best;
    }

    most = (size == NULL) ? 0 : size(size_data, copies[best].name);

    for (i = best + 1; i < n; i++) {

        if (!wub_hour_same_worth(&copies[i], &copies[best])) {
            continue;
        }

        bytes = (size == NULL) ? 0 : size(size_data, copies[i].name);

        if (bytes > most
            || (bytes == most && copies[i].type == WUB_SEGMENT_FULL
                && wub_hour_cmp_hash(copies[i].hash, copies[best].hash) > 0))
        {
            most = bytes;
            best = i;
        }
    }

    return best;
}


/* as far as names tell: size and hash are looked at last */
static bool
wub_hour_same_worth(const wub_segment_t *a, const wub_segment_t *b)
{
    return a->type == b->type
           && (a->type != WUB_SEGMENT_FULL || a->duration == b->duration);
}


static bool
wub_hour_worth_more(const wub_segment_t *a, const wub_segment_t *b)
{
    if (a->type != b->type) {
        return a->type > b->type;
    }

    return a->type == WUB_SEGMENT_FULL && a->duration > b->duration;
}


/* upstream compares the bytes that were encoded, not the text */
static int
wub_hour_cmp_hash(wub_str_t a, wub_str_t b)
{
    size_t   alen, blen;
    uint8_t  abytes[wub_base64_decoded_len(WUB_NAME_MAX)];
    uint8_t  bbytes[wub_base64_decoded_len(WUB_NAME_MAX)];

    if (wub_base64_decode(a, abytes, &alen) != WUB_OK
        || wub_base64_decode(b, bbytes, &blen) != WUB_OK)
    {
        return 0;
    }

    return wub_str_cmp(wub_str_n((const char *) abytes, alen),
                       wub_str_n((const char *) bbytes, blen));
}


/*
 * CONTRACT.md 0, Selection: a start whose best copy is not full gives way
 * to a better type that starts at most the tolerance later.  Backwards,
 * since only the nearest later start of each type matters.
 */
static void
wub_hour_drop_near(wub_hour_t *hour, int64_t tolerance)
{
    size_t          i, kept;
    int64_t         limit, full, suspect;
    wub_segment_t  *segment;

    full = INT64_MAX;
    suspect = INT64_MAX;
    kept = hour->nsegments;

    for (i = hour->nsegments; i > 0; i--) {
        segment = &hour->segments[i - 1];
        limit = segment->start + tolerance;

        if (segment->type == WUB_SEGMENT_FULL) {
            full = segment->start;

        } else if (full <= limit) {
            if (segment->type == WUB_SEGMENT_SUSPECT) {
                suspect = segment->start;
            }

            continue;

        } else if (segment->type == WUB_SEGMENT_SUSPECT) {
            suspect = segment->start;

        } else if (suspect <= limit) {
            continue;
        }

        hour->segments[--kept] = *segment;
    }

    hour->segments += kept;
    hour->nsegments -= kept;
}


/*
 * Whether the third part of the name is "temp".  Looser than the parser,
 * so that a file that is still being written is never listed.
 */
static bool
wub_hour_temp(wub_str_t name)
{
    size_t      i;
    wub_str_t   part;
    wub_scan_t  s;

    wub_scan_init(&s, name);

    for (i = 0; i < 3; i++) {
        if (wub_scan_until(&s, '-', &part) != WUB_OK) {
            return false;
        }
    }

    return wub_str_eq(part, wub_segment_type_name(WUB_SEGMENT_TEMP));
}


/* stem and ".tombstone", which are nowhere in one piece, against a name */
static int
wub_hour_cmp_tombstone(wub_str_t stem, wub_str_t name)
{
    int  rc;

    if (name.len < stem.len) {
        return wub_str_cmp(stem, name);
    }

    rc = wub_str_cmp(stem, wub_str_n(name.data, stem.len));
    if (rc != 0) {
        return rc;
    }

    return wub_str_cmp(wub_str(WUB_TOMBSTONE),
                       wub_str_n(name.data + stem.len, name.len - stem.len));
}
