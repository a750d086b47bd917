
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_event_text: how texts of the sheet are compared, and Postgres' times
 * as the API writes them.
 * May call: wub_buf.
 * Frees: nothing.
 */


#ifndef WUB_EVENT_TEXT_H_INCLUDED_
#define WUB_EVENT_TEXT_H_INCLUDED_


#include "common/wub.h"
#include "common/wub_buf.h"


/* without Unicode's white space at both ends, as Python's strip() */
wub_str_t wub_event_trim(wub_str_t s);

/*
 * Order of trimmed texts, blind to case: of Latin (ASCII, Latin-1, Latin
 * Extended-A), Greek and Cyrillic letters, one by one.  0: the same.
 */
int wub_event_cmp(wub_str_t a, wub_str_t b);

/* true: a character below space, or DEL, that is not one of those allowed */
bool wub_event_control(wub_str_t s, wub_str_t allowed);

/* letters of YouTube's ids, at least one */
bool wub_event_is_id(wub_str_t id);

/*
 * "YYYY-MM-DD HH:MM:SS[.f]" as "YYYY-MM-DDTHH:MM:SS[.ffffff]", digit by
 * digit, so that times before 1970 stay what they are; other texts too,
 * "infinity" for one.  put_time: a JSON string.
 */
void wub_event_put_time(wub_buf_t *b, wub_str_t s);
void wub_event_put_iso(wub_buf_t *b, wub_str_t s);


#endif /* WUB_EVENT_TEXT_H_INCLUDED_ */
