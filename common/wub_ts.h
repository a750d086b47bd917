
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_ts: an MPEG transport stream that lies whole in memory, taken apart
 * into its elementary streams and their PES packets (ISO/IEC 13818-1,
 * 2.4.3).  Of several programs the first one counts.  Where packets are
 * lost or broken, what is left is kept, and marked as damaged.
 * May call: wub_arena.
 * Frees: nothing; the streams live in the caller's arena.
 */


#ifndef WUB_TS_H_INCLUDED_
#define WUB_TS_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"


#define WUB_TS_PACKET            188
#define WUB_TS_HZ                90000
#define WUB_TS_STREAMS_MAX       16

/* a PES packet without a time */
#define WUB_TS_NONE              INT64_MIN


typedef enum {
    WUB_TS_OTHER = 0,
    WUB_TS_VIDEO,
    WUB_TS_AUDIO
} wub_ts_kind_e;

/* stream types of the program map (13818-1 table 2-34) */
typedef enum {
    WUB_TS_TYPE_AAC = 0x0f,         /* in ADTS */
    WUB_TS_TYPE_H264 = 0x1b,
    WUB_TS_TYPE_HEVC = 0x24
} wub_ts_type_e;


/* pts and dts in ticks of 90 kHz, 33 bits as sent, or WUB_TS_NONE */
typedef struct {
    size_t   pos;               /* of the payload in the stream's bytes */
    size_t   len;
    size_t   whole;             /* bytes of it before the first loss */
    size_t   rest;              /* and before the last one; len, as whole is,
                                   where nothing is lost within it */
    size_t   at;                /* of its first packet in data */
    int64_t  pts;
    int64_t  dts;               /* pts where only that is sent */
    bool     damaged;           /* bytes are lost within it, behind it, or
                                   all of them */
} wub_ts_pes_t;

typedef struct {
    uint16_t       pid;
    uint8_t        type;        /* as the program map says, or what a
                                   descriptor says of private data */
    wub_ts_kind_e  kind;
    const char    *name;        /* "AAC audio", "data" */
    uint8_t       *data;        /* PES packets with their headers */
    size_t         size;
    wub_ts_pes_t  *pes;
    size_t         npes;
} wub_ts_stream_t;

typedef struct {
    wub_ts_stream_t  streams[WUB_TS_STREAMS_MAX];
    size_t           nstreams;
} wub_ts_t;


/*
 * Takes len bytes apart.  WUB_DECLINED: not a transport stream, or one
 * without a program map; WUB_TOO_BIG: more streams than the maximum.
 * Streams of kind WUB_TS_OTHER keep no bytes.  data may go afterwards.
 */
wub_rc_t wub_ts_read(wub_arena_t *arena, const uint8_t *data, size_t len,
    wub_ts_t *ret) WUB_MUST_CHECK;

/* "HEVC video", "MP3 audio", ...; "data" for a type of no known name */
const char *wub_ts_type_name(uint8_t type);

/* the moment nearest to near whose lower 33 bits are those of ts */
int64_t wub_ts_unwrap(int64_t near, int64_t ts);


#endif /* WUB_TS_H_INCLUDED_ */
