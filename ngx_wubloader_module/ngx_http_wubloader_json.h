
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * ngx_http_wubloader_json: JSON that others send, read with jansson; the
 * only file of this room that includes it.
 * May call: jansson, common/.
 * Frees: nothing; values live in the caller's arena.
 */


#ifndef NGX_HTTP_WUBLOADER_JSON_H_INCLUDED_
#define NGX_HTTP_WUBLOADER_JSON_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_arena.h"
#include "common/wub_value.h"


/* lists and objects within each other */
#define NGX_HTTP_WUBLOADER_JSON_DEPTH   16

/* values in all */
#define NGX_HTTP_WUBLOADER_JSON_VALUES  100000


/*
 * WUB_INVALID: not JSON, a key twice, a zero byte, or not UTF-8, and
 * ret_error is a sentence; WUB_TOO_BIG: a limit above, with a sentence, too.
 */
wub_rc_t ngx_http_wubloader_json_read(wub_arena_t *arena, wub_str_t text,
    wub_value_t *ret, const char **ret_error) WUB_MUST_CHECK;


#endif /* NGX_HTTP_WUBLOADER_JSON_H_INCLUDED_ */
