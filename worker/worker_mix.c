
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "worker/worker_mix.h"


/* samples of all channels together that may wait here: 20 minutes of one */
#define WORKER_MIX_MAX           ((size_t) 256 << 20)

/* what waits here at first, in samples */
#define WORKER_MIX_ROOM          8192


static void worker_mix_splice(worker_mix_t *m, int64_t place);
static void worker_mix_fall(worker_mix_t *m, int64_t end);
static float worker_mix_gain(const worker_mix_t *m, int64_t i);
static worker_rc_t worker_mix_reach(worker_mix_t *m, int64_t place,
    worker_err_t *err);


worker_rc_t
worker_mix_init(worker_mix_t *m, size_t channels, uint32_t rate,
    worker_err_t *err)
{
    memset(m, 0, sizeof(worker_mix_t));

    m->arena = wub_arena_create(WORKER_MIX_MAX);
    if (m->arena == NULL) {
        return worker_fail_memory(err, "Sound");
    }

    m->channels = channels;
    m->half = rate / WORKER_MIX_CROSSOVER / 2;
    m->rise = INT64_MIN / 2;

    return WORKER_OK;
}


void
worker_mix_free(worker_mix_t *m)
{
    wub_arena_destroy(m->arena);
    m->arena = NULL;
}


void
worker_mix_run(worker_mix_t *m, int64_t place)
{
    m->run = place;
    m->begins = true;
}


worker_rc_t
worker_mix_put(worker_mix_t *m, int64_t place, const float *const *planes,
    size_t n, worker_err_t *err)
{
    float        *to;
    size_t        c;
    int64_t       i, from, end, floor;
    worker_rc_t   rc;

    end = place + (int64_t) n;
    floor = m->begins ? m->run - (m->any ? m->half : 0) : m->at;

    if (end <= floor || end <= m->at) {
        return WORKER_OK;
    }

    if (m->begins || place != m->end) {
        worker_mix_splice(m, place);
    }

    rc = worker_mix_reach(m, end, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    from = (place > m->rise) ? place : m->rise;
    from = (from > m->at) ? from : m->at;

    for (c = 0; c < m->channels; c++) {
        to = m->planes[c];

        for (i = from; i < end && i < m->rise + 2 * m->half; i++) {
            to[i - m->at] += planes[c][i - place]
                             * worker_mix_gain(m, i - m->rise);
        }

        for ( /* void */ ; i < end; i++) {
            to[i - m->at] += planes[c][i - place];
        }
    }

    m->end = end;
    m->any = true;

    return WORKER_OK;
}


worker_rc_t
worker_mix_silence(worker_mix_t *m, int64_t place, worker_err_t *err)
{
    worker_rc_t  rc;

    if (m->end >= place) {
        return WORKER_OK;
    }

    worker_mix_fall(m, m->end);

    rc = worker_mix_reach(m, place, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    /* it goes on with a rise, even where it should go on right here */

    m->end = place;
    m->any = true;
    m->begins = true;
    m->run = place;

    return WORKER_OK;
}


worker_rc_t
worker_mix_end(worker_mix_t *m, int64_t place, worker_err_t *err)
{
    worker_rc_t  rc;

    rc = worker_mix_silence(m, place, err);
    if (rc != WORKER_OK) {
        return rc;
    }

    if (place - m->at < (int64_t) m->len) {
        m->len = (place > m->at) ? (size_t) (place - m->at) : 0;
    }

    return WORKER_OK;
}


size_t
worker_mix_ready(const worker_mix_t *m, int64_t place)
{
    int64_t  end;

    end = (m->end < place) ? m->end : place;

    /* the run that begins has yet to cross over */

    if (m->begins && m->run < end) {
        end = m->run;
    }

    end -= 4 * m->half;

    return (end > m->at) ? (size_t) (end - m->at) : 0;
}


void
worker_mix_take(worker_mix_t *m, size_t n)
{
    size_t  c;

    m->len -= n;
    m->at += (int64_t) n;

    for (c = 0; c < m->channels; c++) {
        memmove(m->planes[c], m->planes[c] + n, m->len * sizeof(float));
    }
}


/*
 * What is there falls and what comes next rises, around one place where
 * there is enough of both, else each with what it has.
 */
static void
worker_mix_splice(worker_mix_t *m, int64_t place)
{
    int64_t  center, rise;

    if (m->begins) {
        center = m->run;

    } else if (place + 2 * m->half <= m->end) {
        center = place + m->half;

    } else {
        center = place;
    }

    rise = (place > center - m->half) ? place : center - m->half;

    worker_mix_fall(m, (m->end < center + m->half) ? m->end
                                                   : center + m->half);

    /* the output itself may begin at once */

    m->rise = (!m->any && rise <= m->run) ? rise - 2 * m->half : rise;
    m->begins = false;
}


/* over the time of a cross-over to an end, and nothing behind it */
static void
worker_mix_fall(worker_mix_t *m, int64_t end)
{
    size_t   c;
    int64_t  i, from, len;

    len = m->at + (int64_t) m->len;
    end = (end < len) ? end : len;
    from = end - 2 * m->half;

    for (c = 0; c < m->channels; c++) {

        for (i = (from > m->at) ? from : m->at; i < end; i++) {
            m->planes[c][i - m->at] *= 1 - worker_mix_gain(m, i - from);
        }

        i = (end > m->at) ? end : m->at;

        if (i < len) {
            memset(m->planes[c] + (i - m->at), 0,
                   (size_t) (len - i) * sizeof(float));
        }
    }
}


/*
 * Makes one with its mirror image.  A cubic within 1/100 of the raised
 * cosine, for libm's differs from processor to processor.
 */
static float
worker_mix_gain(const worker_mix_t *m, int64_t i)
{
    double  x;

    x = ((double) i + 0.5) / (double) (2 * m->half);

    return (float) (x * x * (3 - 2 * x));
}


/* silence where nothing is yet */
static worker_rc_t
worker_mix_reach(worker_mix_t *m, int64_t place, worker_err_t *err)
{
    float   *plane;
    size_t   c, len, room;

    if (place - m->at <= (int64_t) m->len) {
        return WORKER_OK;
    }

    len = (size_t) (place - m->at);

    if (len > m->room) {
        for (room = WORKER_MIX_ROOM; room < len; room *= 2) {
            /* void */
        }

        for (c = 0; c < m->channels; c++) {
            plane = wub_arena_alloc(m->arena, room * sizeof(float));
            if (plane == NULL) {
                return worker_fail_memory(err, "Sound");
            }

            if (m->len != 0) {
                memcpy(plane, m->planes[c], m->len * sizeof(float));
            }

            m->planes[c] = plane;
        }

        m->room = room;
    }

    for (c = 0; c < m->channels; c++) {
        memset(m->planes[c] + m->len, 0, (len - m->len) * sizeof(float));
    }

    m->len = len;

    return WORKER_OK;
}
