
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * wub_readdir DIR...: reads the names in these directories and nothing
 * else, which is the least that anyone who lists them has to do.  Prints
 * how many names there were, the microseconds that passed, and those of
 * CPU time.
 */


#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>


static int wub_readdir_count(const char *path, uint64_t *count);
static int64_t wub_readdir_us(clockid_t clock);


int
main(int argc, char **argv)
{
    int       i;
    int64_t   wall, cpu;
    uint64_t  count;

    if (argc < 2) {
        (void) fprintf(stderr, "usage: wub_readdir DIR...\n");
        return 2;
    }

    count = 0;
    wall = wub_readdir_us(CLOCK_MONOTONIC);
    cpu = wub_readdir_us(CLOCK_PROCESS_CPUTIME_ID);

    for (i = 1; i < argc; i++) {

        if (wub_readdir_count(argv[i], &count) != 0) {
            perror(argv[i]);
            return 1;
        }
    }

    wall = wub_readdir_us(CLOCK_MONOTONIC) - wall;
    cpu = wub_readdir_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;

    (void) printf("%ju %jd %jd\n", (uintmax_t) count, (intmax_t) wall,
                  (intmax_t) cpu);

    return 0;
}


static int
wub_readdir_count(const char *path, uint64_t *count)
{
    DIR  *dir;

    dir = opendir(path);
    if (dir == NULL) {
        return -1;
    }

    while (readdir(dir) != NULL) {
        (*count)++;
    }

    return closedir(dir);
}


static int64_t
wub_readdir_us(clockid_t clock)
{
    struct timespec  now;

    if (clock_gettime(clock, &now) != 0) {
        return 0;
    }

    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
