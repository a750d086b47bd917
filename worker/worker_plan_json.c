
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <string.h>

#include "common/wub_time.h"
#include "worker/worker_plan_json.h"


void
worker_plan_open(worker_plan_t *p)
{
    wub_buf_putc(&p->b, '{');
    p->more = false;
}


void
worker_plan_close(worker_plan_t *p)
{
    wub_buf_putc(&p->b, '}');
    p->more = true;
}


void
worker_plan_key(worker_plan_t *p, const char *key)
{
    if (p->more) {
        wub_buf_lit(&p->b, ", ");
    }

    wub_buf_json(&p->b, wub_str_n(key, strlen(key)));
    wub_buf_lit(&p->b, ": ");

    p->more = true;
}


void
worker_plan_text(worker_plan_t *p, const char *key, const char *value)
{
    worker_plan_key(p, key);
    wub_buf_json(&p->b, wub_str_n(value, strlen(value)));
}


void
worker_plan_number(worker_plan_t *p, const char *key, int64_t n)
{
    worker_plan_key(p, key);
    wub_buf_i64(&p->b, n);
}


void
worker_plan_time(worker_plan_t *p, const char *key, int64_t us)
{
    char  text[WUB_TIME_LEN];

    wub_time_format(us, text);

    worker_plan_key(p, key);
    wub_buf_putc(&p->b, '"');
    wub_buf_put(&p->b, text, WUB_TIME_LEN);
    wub_buf_lit(&p->b, "Z\"");
}


void
worker_plan_line(worker_plan_t *p)
{
    if (p->more) {
        wub_buf_putc(&p->b, ',');
    }

    wub_buf_putc(&p->b, '\n');
    p->more = false;
}


void
worker_plan_bool(worker_plan_t *p, const char *key, bool value)
{
    worker_plan_key(p, key);
    wub_buf_str(&p->b, value ? wub_str("true") : wub_str("false"));
}


void
worker_plan_list(worker_plan_t *p, const char *key)
{
    worker_plan_key(p, key);
    wub_buf_putc(&p->b, '[');
    p->more = false;
}


void
worker_plan_bytes(worker_plan_t *p, uint64_t from, uint64_t to)
{
    worker_plan_key(p, "bytes");
    wub_buf_putc(&p->b, '[');
    wub_buf_u64(&p->b, from);
    wub_buf_lit(&p->b, ", ");
    wub_buf_u64(&p->b, to);
    wub_buf_putc(&p->b, ']');
}


worker_rc_t
worker_plan_put(worker_plan_t *p, worker_err_t *err)
{
    worker_rc_t  rc;

    if (p->b.rc != WUB_OK) {
        return worker_fail_wub(err, p->b.rc, "The plan");
    }

    rc = p->write(p->data, (const uint8_t *) p->b.data, p->b.len, err);

    wub_arena_reset(p->arena);
    wub_buf_init(&p->b, p->arena, WORKER_PLAN_PIECE);

    return rc;
}
