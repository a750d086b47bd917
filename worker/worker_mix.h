
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_mix: the sound of an output, sample by sample.  Material of runs
 * is put at its place and crosses over at joins, so that none clicks; where
 * there is none it is silent.  What nothing can change any more is taken
 * from its front.
 * May call: libc.
 * Frees: all of its own in worker_mix_free().
 */


#ifndef WORKER_MIX_H_INCLUDED_
#define WORKER_MIX_H_INCLUDED_


#include "worker/worker.h"


#define WORKER_MIX_CHANNELS      8

/* a cross-over takes 1/200 of a second, half of it to either side */
#define WORKER_MIX_CROSSOVER     200


/* places count samples from the first one of the output */
typedef struct {
    wub_arena_t  *arena;
    float        *planes[WORKER_MIX_CHANNELS];
    size_t        channels;
    size_t        room;         /* of each plane */
    size_t        len;          /* samples in it, silent where none put */
    int64_t       at;           /* the place of its first one */
    int64_t       half;         /* of a cross-over */
    int64_t       end;          /* of the material put last */
    int64_t       run;          /* where the run begins */
    int64_t       rise;         /* of the last cross-over, its begin */
    bool          any;          /* something was put */
    bool          begins;       /* nothing of the run was put */
} worker_mix_t;


worker_rc_t worker_mix_init(worker_mix_t *m, size_t channels,
    uint32_t rate, worker_err_t *err);
void worker_mix_free(worker_mix_t *m);

/* what is put next belongs to a run that begins at a place */
void worker_mix_run(worker_mix_t *m, int64_t place);

/* places before the run, or taken already, are passed over */
worker_rc_t worker_mix_put(worker_mix_t *m, int64_t place,
    const float *const *planes, size_t n, worker_err_t *err);

/* nothing more will be put before this place: silence up to it */
worker_rc_t worker_mix_silence(worker_mix_t *m, int64_t place,
    worker_err_t *err);

/* the output ends here */
worker_rc_t worker_mix_end(worker_mix_t *m, int64_t place,
    worker_err_t *err);

/* how many samples are final while the video reaches to a place */
size_t worker_mix_ready(const worker_mix_t *m, int64_t place);

/* forgets the first n samples */
void worker_mix_take(worker_mix_t *m, size_t n);


#endif /* WORKER_MIX_H_INCLUDED_ */
