
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * Replays the corpus of one fuzzer as a TAP program: each file once, and
 * each of its prefixes, so that no read beyond the input goes unseen by
 * the sanitizers.
 */


#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define WUB_REPLAY_MAX           65536
#define WUB_REPLAY_PREFIXES      512


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int wub_replay_file(const char *name);


int
main(void)
{
    int             n;
    DIR            *dir;
    struct dirent  *entry;

    dir = opendir(WUB_CORPUS);

    if (dir == NULL) {
        printf("Bail out! %s cannot be opened\n", WUB_CORPUS);
        return 1;
    }

    n = 0;

    for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {

        if (entry->d_name[0] == '.') {
            continue;
        }

        n++;
        printf("%sok %d - %s\n",
               wub_replay_file(entry->d_name) == 0 ? "" : "not ", n,
               entry->d_name);
    }

    closedir(dir);
    printf("1..%d\n", n);

    return n == 0;
}


static int
wub_replay_file(const char *name)
{
    int       rc;
    FILE     *file;
    char      path[1024];
    size_t    i, len;
    uint8_t  *copy;

    static uint8_t  data[WUB_REPLAY_MAX];

    rc = snprintf(path, sizeof(path), "%s/%s", WUB_CORPUS, name);

    if (rc < 0 || (size_t) rc >= sizeof(path)) {
        return -1;
    }

    file = fopen(path, "rb");

    if (file == NULL) {
        return -1;
    }

    len = fread(data, 1, sizeof(data), file);
    (void) fclose(file);

    for (i = 0; i <= len && i <= WUB_REPLAY_PREFIXES; i++) {
        copy = malloc(i == 0 ? 1 : i);

        if (copy == NULL) {
            return -1;
        }

        memcpy(copy, data, i);
        (void) LLVMFuzzerTestOneInput(copy, i);
        free(copy);
    }

    return LLVMFuzzerTestOneInput(data, len);
}
