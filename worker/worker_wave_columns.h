
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_wave_columns: sound that is summed up in columns of equal time,
 * and how these are shown.
 * May call: worker_av_image, common/.
 * Frees: nothing; all lives in the caller's arenas.
 */


#ifndef WORKER_WAVE_COLUMNS_H_INCLUDED_
#define WORKER_WAVE_COLUMNS_H_INCLUDED_


#include "common/wub_range.h"
#include "worker/worker_av_wave.h"


/* of a column; further ones are not looked at */
#define WORKER_WAVE_CHANNELS     8


typedef struct {
    bool       footage;         /* some of it has footage */
    uint32_t   like;            /* the column whose sound it shows */
    float      peak;            /* of all channels */
    double     squares;         /* sum over all channels */
    double     sums[WORKER_WAVE_CHANNELS];      /* of absolute values */
    uint64_t   counts[WORKER_WAVE_CHANNELS];    /* samples */
} worker_wave_column_t;

typedef struct {
    wub_range_t            range;
    worker_wave_column_t  *columns;
    uint32_t               width;
    uint32_t               height;
    bool                   sampled;     /* not all sound was heard */
} worker_wave_columns_t;


/* range, width and height are the caller's to set before */
worker_rc_t worker_wave_columns(wub_arena_t *arena,
    worker_wave_columns_t *c, worker_err_t *err);

/* there is footage from..to */
void worker_wave_footage(worker_wave_columns_t *c, int64_t from, int64_t to);

/* time: of the first sample, microseconds */
void worker_wave_add(worker_wave_columns_t *c, int64_t time,
    const worker_av_wave_sound_t *sound);

/*
 * Columns of footage without a sample are as the one next to them that has
 * some, if that is no further away, in microseconds.
 */
void worker_wave_fill(worker_wave_columns_t *c, int64_t within);

/* black on nothing; a column's height is the square root of its mean */
worker_rc_t worker_wave_picture(wub_arena_t *work, wub_arena_t *arena,
    const worker_wave_columns_t *c, wub_str_t *ret, worker_err_t *err);

worker_rc_t worker_wave_json(wub_arena_t *arena,
    const worker_wave_columns_t *c, wub_str_t *ret, worker_err_t *err);


#endif /* WORKER_WAVE_COLUMNS_H_INCLUDED_ */
