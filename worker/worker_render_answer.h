
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_render_answer: what a child of the render service tells its
 * client: pictures and texts with their tags, and for each way to fail a
 * status and a sentence.
 * May call: worker_httpd, common/.
 * Frees: nothing; answers live in the child's arena.
 */


#ifndef WORKER_RENDER_ANSWER_H_INCLUDED_
#define WORKER_RENDER_ANSWER_H_INCLUDED_


#include "common/wub_answer.h"
#include "common/wub_best.h"
#include "common/wub_buf.h"
#include "worker/worker_httpd.h"
#include "worker/worker_render_slot.h"


/* a quoted tag with a zero behind it */
#define WORKER_RENDER_TAG        40


/* of one request; lives as long as its child */
typedef struct {
    worker_httpd_t          *httpd;
    worker_httpd_request_t   request;
    worker_render_slot_t    *slot;
    wub_arena_t             *arena;
    worker_httpd_answer_t    head;
    char                     tag[WORKER_RENDER_TAG];
    bool                     head_only;     /* HEAD */
} worker_render_answer_t;


/* which headers an answer has, besides those of its failure */
void worker_render_answer_type(worker_render_answer_t *a, unsigned status,
    const char *type);

/*
 * A tag of what an answer is made of: the request as it is read, the
 * segments, and other bytes of which it depends.  true: the client has it.
 */
bool worker_render_answer_tag(worker_render_answer_t *a, wub_str_t request,
    const wub_chain_t *chain, wub_str_t bytes);

/* 304, or the body of a type, with the tag if there is one */
worker_rc_t worker_render_answer_whole(worker_render_answer_t *a,
    const char *type, wub_str_t body, worker_err_t *err);
worker_rc_t worker_render_answer_same(worker_render_answer_t *a,
    worker_err_t *err);

/* a stream of a type begins with its first byte */
void worker_render_answer_begin(worker_render_answer_t *a, const char *type);

worker_rc_t worker_render_answer_refuse(worker_render_answer_t *a,
    unsigned status, const char *sentence, worker_err_t *err);

/*
 * What a result other than WORKER_OK means: told to the client where it
 * was told nothing so far, and to the parent for its log.
 */
void worker_render_answer_failed(worker_render_answer_t *a, worker_rc_t rc,
    const worker_err_t *err);


#endif /* WORKER_RENDER_ANSWER_H_INCLUDED_ */
