
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_cut_joints: where a transition begins, holes not counted.
 */


#include "worker/worker_cut_joints.h"

#include "wub_test.h"


#define PARTS_MAX                5


/* parts: '-' a segment, ' ' a hole; the i-th reaches to ends[i] */
static void
tail(void **state)
{
    size_t           i, k;
    int64_t          got;
    wub_chain_t      chain;
    wub_range_t      range;
    wub_segment_t    segment;
    wub_best_part_t  parts[PARTS_MAX];

    static const struct {
        const char  *parts;
        int64_t      ends[PARTS_MAX];
        int64_t      start;
        int64_t      end;
        int64_t      length;
        int64_t      tail;
    } table[] = {
        { "--",    { 20, 40 },             5,  35, 10, 25 },
        { "--",    { 20, 40 },             5,  35,  0, 35 },
        { "--",    { 20, 40 },             5,  35, 30,  5 },
        { "- -",   { 20, 30, 50 },         5,  35, 10, 15 },
        { "- -",   { 20, 30, 50 },         5,  35,  5, 30 },
        { "- -",   { 20, 30, 50 },         5,  35,  6, 19 },
        { "- -",   { 20, 30, 50 },         5,  35, 20,  5 },
        { "- -",   { 20, 30, 50 },         5,  35, 25,  5 },
        { "- - -", { 20, 30, 33, 40, 50 }, 5,  42,  9, 16 },
        { "- - -", { 20, 30, 33, 40, 50 }, 5,  42,  4, 31 },
        { "- ",    { 20, 35 },             5,  35, 10, 10 },
        { "- -",   { 20, 37, 50 },         5,  35, 10, 10 },
        { "- ",    { 20, 35 },             5,  35,  0, 35 },
        { " -",    { 20, 35 },             5,  35, 10, 25 },
        { " -",    { 20, 35 },             5,  35, 20,  5 },
        { " ",     { 35 },                 5,  35, 10,  5 },
        { "- -",   { 20, 20, 40 },         5,  35, 20, 15 },
    };

    (void) state;

    memset(&segment, 0, sizeof(wub_segment_t));

    for (i = 0; i < wub_nitems(table); i++) {
        memset(&chain, 0, sizeof(wub_chain_t));
        memset(parts, 0, sizeof(parts));

        chain.parts = parts;
        chain.nparts = strlen(table[i].parts);

        for (k = 0; k < chain.nparts; k++) {
            parts[k].segment = (table[i].parts[k] == '-') ? &segment : NULL;
            parts[k].from = (k > 0) ? table[i].ends[k - 1] : 0;
            parts[k].to = table[i].ends[k];
        }

        range.start = table[i].start;
        range.end = table[i].end;

        got = worker_cut_tail(&range, &chain, table[i].length);

        wub_expect(got == table[i].tail, "case %zu: %lld, not %lld", i,
                   (long long) got, (long long) table[i].tail);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(tail),
    };

    return cmocka_run_group_tests_name("joints", tests, NULL, NULL);
}
