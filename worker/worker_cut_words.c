
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * What is said of a video that was cut.
 */


#include <inttypes.h>
#include <stdio.h>

#include "common/wub_time.h"
#include "worker/worker_cut.h"


static size_t worker_cut_more(char *out, size_t size, size_t at,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));


void
worker_cut_summary(const worker_cut_result_t *result, char *out, size_t size)
{
    size_t                n;
    const worker_made_t  *made;

    made = &result->made;

    n = worker_cut_more(out, size, 0, "%" PRId64 ".%03" PRId64 " s of %zu "
                        "segment%s", made->done / WUB_SECOND,
                        made->done % WUB_SECOND / 1000, result->nsegments,
                        (result->nsegments == 1) ? "" : "s");

    if (made->frames != 0) {
        n = worker_cut_more(out, size, n, ", %" PRId64 " frames, %" PRId64
                            " of them copied", made->frames, made->copied);
    }

    if (result->nfiles > 1) {
        n = worker_cut_more(out, size, n, ", %zu files", result->nfiles);
    }

    (void) worker_cut_more(out, size, n, ", %" PRId64 " bytes", made->bytes);
}


bool
worker_cut_warning(const worker_cut_result_t *result, char *out, size_t size)
{
    size_t                n;
    const worker_made_t  *made;

    n = 0;
    made = &result->made;

    if (made->lost != 0) {
        n = worker_cut_more(out, size, n, "%" PRId64 " frame%s could not be "
                            "decoded and %s left out", made->lost,
                            (made->lost == 1) ? "" : "s",
                            (made->lost == 1) ? "is" : "are");
    }

    if (made->damaged != 0) {
        n = worker_cut_more(out, size, n, "%s%" PRId64 " frame%s damaged "
                            "footage", (n > 0) ? "; " : "", made->damaged,
                            (made->damaged == 1) ? " comes of"
                                                 : "s come of");
    }

    if (made->hurt != 0) {
        n = worker_cut_more(out, size, n, "%sthe sound is damaged in %" PRId64
                            " place%s", (n > 0) ? "; " : "", made->hurt,
                            (made->hurt == 1) ? "" : "s");
    }

    if (result->nshort != 0) {
        n = worker_cut_more(out, size, n, "%s%zu segment%s less footage than "
                            "%s, the first is %s",
                            (n > 0) ? "; " : "", result->nshort,
                            (result->nshort == 1) ? " has" : "s have",
                            (result->nshort == 1) ? "its name says"
                                                  : "their names say",
                            result->missing.text);
    }

    return n > 0;
}


/* returns the length so far, which never passes size - 1 */
static size_t
worker_cut_more(char *out, size_t size, size_t at, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(out + at, size - at, fmt, args);
    va_end(args);

    if (n < 0) {
        return at;
    }

    return (at + (size_t) n < size) ? at + (size_t) n : size - 1;
}
