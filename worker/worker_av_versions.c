
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>

#include "worker/worker_av_versions.h"


typedef const char *(*worker_av_text_pt)(void);
typedef unsigned (*worker_av_number_pt)(void);

/*
 * Encoders come with libavcodec and are not linked by name: what they tell
 * is found by its symbol, else the number in the name of their file.
 */
typedef struct {
    const char            *name;
    worker_av_number_pt    number;
    const char            *text;        /* a function that returns text */
    const char            *data;        /* a variable that points to it */
} worker_av_library_t;

/* what a walk over the loaded files looks for */
typedef struct {
    const char            *name;
    char                  *version;
} worker_av_file_t;


static void worker_av_symbol(const worker_av_library_t *library, char *ret);
static int worker_av_file(struct dl_phdr_info *info, size_t size,
    void *data);


static const worker_av_library_t  worker_av_libraries[] = {
    { "libavutil", avutil_version, NULL, NULL },
    { "libavcodec", avcodec_version, NULL, NULL },
    { "libavformat", avformat_version, NULL, NULL },
    { "libswscale", NULL, NULL, NULL },
    { "libswresample", NULL, NULL, NULL },
    { "libx264", NULL, NULL, NULL },
    { "libx265", NULL, NULL, "x265_version_str" },
    { "libvpx", NULL, "vpx_codec_version_str", NULL },
    { "libopus", NULL, "opus_get_version_string", NULL },
};


bool
worker_av_version(size_t i, worker_av_version_t *ret)
{
    unsigned                    n;
    worker_av_file_t            file;
    const worker_av_library_t  *library;

    if (i >= sizeof(worker_av_libraries) / sizeof(worker_av_library_t)) {
        return false;
    }

    library = &worker_av_libraries[i];

    ret->name = library->name;
    ret->version[0] = '\0';

    if (library->number != NULL) {
        n = library->number();
        (void) snprintf(ret->version, WORKER_AV_VERSION_LEN, "%u.%u.%u (%s)",
                        AV_VERSION_MAJOR(n), AV_VERSION_MINOR(n),
                        AV_VERSION_MICRO(n), av_version_info());
        return true;
    }

    worker_av_symbol(library, ret->version);

    if (ret->version[0] == '\0') {
        file.name = library->name;
        file.version = ret->version;
        (void) dl_iterate_phdr(worker_av_file, &file);
    }

    return true;
}


static void
worker_av_symbol(const worker_av_library_t *library, char *ret)
{
    void               *symbol;
    const char         *name, *text;
    worker_av_text_pt   call;

    text = NULL;
    name = (library->text != NULL) ? library->text : library->data;
    symbol = (name != NULL) ? dlsym(RTLD_DEFAULT, name) : NULL;

    if (symbol == NULL) {
        return;
    }

    /* POSIX has dlsym() return functions as pointers to data */

    if (library->text != NULL) {
        memcpy(&call, &symbol, sizeof(call));
        text = call();

    } else {
        memcpy(&text, symbol, sizeof(text));
    }

    if (text != NULL) {
        (void) snprintf(ret, WORKER_AV_VERSION_LEN, "%s", text);
    }
}


/* "/usr/lib/.../libx264.so.164": what is behind ".so." */
static int
worker_av_file(struct dl_phdr_info *info, size_t size, void *data)
{
    size_t             len;
    const char        *base;
    worker_av_file_t  *file = data;

    (void) size;

    base = (info->dlpi_name != NULL) ? strrchr(info->dlpi_name, '/') : NULL;
    len = strlen(file->name);

    if (base == NULL || strncmp(base + 1, file->name, len) != 0
        || strncmp(base + 1 + len, ".so.", 4) != 0)
    {
        return 0;
    }

    (void) snprintf(file->version, WORKER_AV_VERSION_LEN, "%s",
                    base + 1 + len + 4);

    return 1;
}
