
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_wave_file: the AAC frames of a segment's first track, from all of
 * it or from a few bytes around a time; its video is stepped over.
 * May call: worker_store, common/, libc.
 * Frees: its descriptor, in worker_wave_file_close(); the buffers live in
 * the arena given at first, and are used again for the next segment.
 */


#ifndef WORKER_WAVE_FILE_H_INCLUDED_
#define WORKER_WAVE_FILE_H_INCLUDED_


#include "worker/worker_still.h"


typedef struct {
    size_t     at;              /* of its bytes in sound */
    size_t     len;
    int64_t    time;            /* of its first sample, microseconds */
    int64_t    end;
} worker_wave_frame_t;

/* growing room */
typedef struct {
    uint8_t   *data;
    size_t     len;
    size_t     room;
} worker_wave_bytes_t;

/* a PES packet of sound, where its payload begins */
typedef struct {
    size_t     at;
    int64_t    pts;             /* 33 bits, or WUB_TS_NONE */
    bool       apart;           /* bytes are lost before it */
} worker_wave_mark_t;

typedef struct {
    wub_arena_t           *arena;
    wub_arena_t           *turn;    /* of one segment */
    const worker_still_t  *still;

    /* of the segment that is open */

    int                    fd;
    uint64_t               size;
    int64_t                start;
    int64_t                duration;
    uint16_t               pid;     /* of the sound */
    int64_t                first;   /* PTS of its first picture, or else
                                       sound */

    /* of what was read */

    worker_wave_bytes_t    bytes;
    worker_wave_bytes_t    sound;
    worker_wave_mark_t    *marks;
    size_t                 nmarks;
    size_t                 marks_room;
    worker_wave_frame_t   *frames;
    size_t                 nframes;
    size_t                 frames_room;
} worker_wave_file_t;


/*
 * arena, turn and still are set.  WORKER_RETRY: it cannot be read;
 * WORKER_DECLINED: it has no AAC sound.
 */
worker_rc_t worker_wave_file_open(worker_wave_file_t *f,
    const wub_best_part_t *part, worker_err_t *err);

/* all frames */
worker_rc_t worker_wave_file_all(worker_wave_file_t *f, worker_err_t *err);

/* those that lie near a time in the file; all, where none does */
worker_rc_t worker_wave_file_near(worker_wave_file_t *f, int64_t time,
    worker_err_t *err);

void worker_wave_file_close(worker_wave_file_t *f);


#endif /* WORKER_WAVE_FILE_H_INCLUDED_ */
