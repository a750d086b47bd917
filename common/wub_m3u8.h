
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_m3u8: media and master playlists (CONTRACT.md 6 as changed by
 * section 0; HLS.md 6, RFC 8216).
 * May call: wub_best, wub_buf, wub_time.
 * Frees: nothing; text lives in the caller's arena.
 */


#ifndef WUB_M3U8_H_INCLUDED_
#define WUB_M3U8_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_best.h"
#include "common/wub_buf.h"
#include "common/wub_probe.h"


typedef struct {
    wub_str_t  segments_uri;    /* what stands before /CHANNEL, no end / */
    wub_str_t  channel;
    wub_str_t  quality;
    int64_t    start;           /* of the range, microseconds */
    int64_t    end;             /* of the range; INT64_MAX: open */
    int64_t    now;             /* microseconds */
    int64_t    live_hold;       /* microseconds */
    uint64_t   target_duration; /* seconds, the least; 0: auto */
} wub_m3u8_media_t;


/*
 * What of a chain may be listed at this moment: the number of parts before
 * the first hole younger than live_hold, where a hole's age counts from
 * its end (the segment that is missing may still arrive until then).
 * A hold of 0 holds nothing.  Kept apart from the chain, which says what is
 * on disk.
 */
size_t wub_m3u8_listed(const wub_chain_t *chain, int64_t now,
    int64_t live_hold);

/*
 * The rule of it: whether a hole that ends at to is held back, and all that
 * comes after it.
 */
bool wub_m3u8_held(int64_t to, int64_t now, int64_t live_hold);

/*
 * Appends the media playlist of a chain.  ENDLIST and PLAYLIST-TYPE:VOD
 * iff end <= now and nothing is missing at the end, held back included.
 * ret_holes: the holes between two listed segments, may be NULL.
 */
void wub_m3u8_media(wub_buf_t *b, const wub_m3u8_media_t *m,
    const wub_chain_t *chain, size_t *ret_holes);


/*
 * What a media playlist is put together from: its head, then for each
 * segment its lines, behind WUB_M3U8_HOLE where a hole lies between it and
 * one before it, then its tail.  longest: of all listed, microseconds;
 * complete: as ENDLIST above; hour: the start of the segment's.
 */
#define WUB_M3U8_HOLE            "#EXT-X-DISCONTINUITY\n"
#define WUB_M3U8_END             "#EXT-X-ENDLIST\n"

void wub_m3u8_head(wub_buf_t *b, const wub_m3u8_media_t *m, int64_t longest,
    bool complete);
void wub_m3u8_segment(wub_buf_t *b, const wub_m3u8_media_t *m, int64_t hour,
    const wub_segment_t *segment);
void wub_m3u8_tail(wub_buf_t *b, bool complete);

/* a segment's lines in two steps: what all URIs of an hour begin with */
void wub_m3u8_prefix(wub_buf_t *b, const wub_m3u8_media_t *m, int64_t hour);
void wub_m3u8_lines(wub_buf_t *b, wub_str_t prefix,
    const wub_segment_t *segment);


typedef struct {
    wub_str_t    name;          /* the quality's directory */
    uint64_t     bandwidth;     /* peak bits per second; 0: not known */
    uint64_t     average;       /* bits per second; 0: not known */
    wub_probe_t  probe;         /* of a segment; zeros: not known */
} wub_m3u8_variant_t;

/*
 * Puts variants in order: source first, then by bandwidth, highest first,
 * then by name; gives those not known upstream's number for that name; and
 * makes equal numbers distinct, a bit per second apart (hls.js joins
 * levels of one bandwidth into one).  No average stays above its bandwidth.
 */
void wub_m3u8_variants(wub_m3u8_variant_t *variants, size_t n);

/*
 * Appends the master playlist.  query: the raw query string that every
 * variant's URI repeats, without '?', may be empty.  prefix: what stands
 * before /CHANNEL/QUALITY.m3u8, "/playlist" as a rule.  What is not known
 * of a variant has no attribute.  A byte of a name that may not stand in one
 * (quotes, control characters, what is not UTF-8), and '%', is shown
 * percent-encoded.
 */
void wub_m3u8_master(wub_buf_t *b, wub_str_t prefix, wub_str_t channel,
    wub_str_t query, const wub_m3u8_variant_t *variants, size_t n);


#endif /* WUB_M3U8_H_INCLUDED_ */
