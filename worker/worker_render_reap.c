
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Children that have ended: what became of their answers.
 */


#include <signal.h>
#include <stdio.h>

#include "worker/worker_log.h"
#include "worker/worker_render_count.h"
#include "worker/worker_render_crew.h"
#include "worker/worker_render_say.h"


static void worker_render_reap_ended(worker_render_crew_t *crew, size_t i,
    const worker_child_end_t *end);
static void worker_render_reap_trust(worker_render_slot_t *slot);
static void worker_render_reap_tell(const worker_render_crew_t *crew,
    size_t i, const worker_child_end_t *end);


/* what a client is told that was told nothing so far */
static const char *const  worker_render_reap_sentences[] = {
    [WORKER_RENDER_NOTHING] = "The renderer failed; see its log.",
    [WORKER_RENDER_TIME] =
        "Rendering took longer than is allowed here; ask for less.",
    [WORKER_RENDER_CPU] =
        "Rendering took more CPU time than is allowed here; ask for less.",
    [WORKER_RENDER_MEMORY] = WORKER_RENDER_NO_MEMORY,
    [WORKER_RENDER_STALL] = "The client took nothing for too long.",
    [WORKER_RENDER_LEFT] = "The client left.",
    [WORKER_RENDER_STOP] = "The renderer was stopped."
};


void
worker_render_crew_reap(worker_render_crew_t *crew)
{
    size_t               i;
    worker_child_end_t   end;

    while (worker_child_reap(&end)) {

        for (i = 0; i < WORKER_RENDER_CONNS; i++) {
            if (crew->conns[i].state == WORKER_RENDER_WORK
                && crew->conns[i].pid == end.pid)
            {
                worker_render_reap_ended(crew, i, &end);
                break;
            }
        }
    }
}


static void
worker_render_reap_ended(worker_render_crew_t *crew, size_t i,
    const worker_child_end_t *end)
{
    int64_t                         now;
    unsigned                        status;
    worker_render_conn_t           *c;
    worker_render_counts_t         *counts;
    worker_render_slot_t           *slot;
    worker_render_refusal_t         refusal;

    c = &crew->conns[i];
    slot = &crew->shared->slots[i];
    counts = &crew->shared->kinds[c->kind];

    now = worker_render_now();

    worker_render_reap_trust(slot);
    status = slot->status;

    if (c->killed == WORKER_RENDER_NOTHING) {
        c->killed = (end->signo == SIGXCPU) ? WORKER_RENDER_CPU
                                            : slot->reason;
    }

    counts->working--;
    counts->bytes += slot->bytes;
    counts->cpu += (uint64_t) end->cpu;
    crew->working -= worker_limits_rows[c->kind].renders;

    worker_render_reap_tell(crew, i, end);

    if (slot->first != 0) {
        worker_render_count_first(counts, slot->first - c->accepted);
    }

    if (status == 0 && (c->left != 0 || c->killed == WORKER_RENDER_LEFT)) {
        status = 499;
    }

    c->pid = 0;
    c->left = 0;

    if (status == 0) {
        refusal.status = (slot->wanted != 0) ? slot->wanted : 500;
        refusal.sentence = (slot->wanted != 0)
                           ? slot->error
                           : worker_render_reap_sentences[c->killed];
        worker_render_crew_refuse(crew, i, &refusal);
        return;
    }

    worker_render_count(counts, status, now - c->accepted);

    if (!slot->sent) {
        worker_render_crew_close(crew, i);
        return;
    }

    /* what is not read resets a connection, and with it what was sent */

    (void) shutdown(c->fd, SHUT_WR);

    c->state = WORKER_RENDER_LINGER;
    c->until = now + WORKER_RENDER_LINGERING;
}


/* a child that footage made write anywhere may have written here too */
static void
worker_render_reap_trust(worker_render_slot_t *slot)
{
    slot->text[WORKER_RENDER_TEXT - 1] = '\0';
    slot->plan[WORKER_RENDER_TEXT - 1] = '\0';
    slot->error[WORKER_RENDER_TEXT - 1] = '\0';

    if (slot->reason >= WORKER_RENDER_REASONS) {
        slot->reason = WORKER_RENDER_NOTHING;
    }
}


/* what went wrong, counted and in the log */
static void
worker_render_reap_tell(const worker_render_crew_t *crew, size_t i,
    const worker_child_end_t *end)
{
    bool                         first;
    char                         pid[24], signo[24];
    const char                  *msg;
    worker_log_level_e           level;
    worker_render_counts_t      *counts;
    const worker_render_conn_t  *c;
    const worker_render_slot_t  *slot;

    c = &crew->conns[i];
    slot = &crew->shared->slots[i];
    counts = &crew->shared->kinds[c->kind];
    first = slot->status != 0;
    level = WORKER_LOG_ERROR;

    if (slot->sent || c->left != 0 || c->killed == WORKER_RENDER_LEFT) {
        counts->killed[WORKER_RENDER_LEFT] += !slot->sent;
        counts->killed[WORKER_RENDER_MEMORY] += slot->sent
                                     && c->killed == WORKER_RENDER_MEMORY;
        level = WORKER_LOG_DEBUG;
        msg = slot->sent ? "answered" : "the client left";

        if (slot->sent && slot->error[0] != '\0') {
            level = WORKER_LOG_WARN;
            msg = "failed";
        }

    } else if (c->killed != WORKER_RENDER_NOTHING) {
        counts->killed[c->killed]++;
        msg = "a child was killed";

    } else if (end->signo != 0 || (!first && slot->wanted == 0)) {
        counts->crashed++;
        msg = "a child crashed";

    } else {
        level = WORKER_LOG_WARN;
        msg = first ? "failed behind the first byte" : "failed";
    }

    counts->broken += first && !slot->sent && level != WORKER_LOG_DEBUG;

    (void) snprintf(pid, sizeof(pid), "%ld", (long) end->pid);
    (void) snprintf(signo, sizeof(signo), "%d", end->signo);

    worker_log(level, msg, "kind", worker_limits_rows[c->kind].name,
               "child", pid, "signal", signo, "limit",
               worker_render_reason_names[c->killed], "request", slot->text,
               "plan", slot->plan, "error", slot->error, NULL);
}
