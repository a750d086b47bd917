
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * What the worker reads out of one segment file, a line for each thing, for
 * tests: wub_footage STORE CHANNEL QUALITY HOUR NAME.
 */


#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/wub_time.h"
#include "worker/worker_footage.h"


static worker_rc_t
tick(void *data)
{
    (void) data;

    return WORKER_OK;
}


static void
print_video(const worker_footage_t *f)
{
    size_t                      i;
    const worker_video_t       *v;
    const wub_video_form_t     *form;
    const wub_cutplan_frame_t  *frame;

    static const char *const  keys[] = { "-", "open", "closed" };

    for (i = 0; i < f->nforms; i++) {
        form = &f->forms[i];
        (void) printf("form %s %ux%u %u %u %s\n",
                      (form->codec == WUB_VIDEO_HEVC) ? "hevc" : "h264",
                      form->width, form->height, form->chroma, form->depth,
                      form->interlaced ? "fields" : "frames");
    }

    for (i = 0; i < f->nvideo; i++) {
        v = &f->video[i];
        frame = &f->frames[i];
        (void) printf("video %" PRId64 " %" PRId64 " %s %u %s %s %zu %zu "
                      "%zu %" PRIu64 " %" PRIu64 "\n", f->first + frame->pts,
                      f->first + frame->dts, keys[frame->key], frame->form,
                      frame->damaged ? "damaged"
                      : frame->mended ? "mended" : "whole",
                      v->sets ? "sets" : "-", v->len, v->lead,
                      v->in_force->len, v->pos, v->size);
    }
}


static void
print_track(const worker_footage_t *f, const worker_track_t *track)
{
    size_t                 i;
    const worker_audio_t  *a;
    const worker_sound_t  *s;

    (void) printf("track %u\n", track->pid);

    for (i = 0; i < track->nforms; i++) {
        s = &track->forms[i];
        (void) printf("sound %u %u %u\n", s->rate, s->channels, s->object);
    }

    for (i = 0; i < track->naudio; i++) {
        a = &track->audio[i];
        (void) printf("audio %" PRId64 " %" PRId64 " %u %zu\n",
                      f->first + a->pts, a->duration, a->form, a->len);
    }
}


int
main(int argc, char **argv)
{
    size_t             i;
    wub_hour_t         hour;
    worker_rc_t        rc;
    worker_err_t       err;
    worker_tick_t      t;
    wub_segment_t      segment;
    worker_store_t     store;
    worker_footage_t  *f;

    if (argc != 6) {
        (void) fprintf(stderr, "wub_footage STORE CHANNEL QUALITY HOUR NAME\n");
        return 2;
    }

    memset(&hour, 0, sizeof(wub_hour_t));
    memset(&store, 0, sizeof(worker_store_t));

    store.segments = argv[1];
    store.channel = argv[2];
    store.quality = argv[3];
    t.call = tick;
    t.data = NULL;

    if (wub_hour_parse(wub_str_n(argv[4], strlen(argv[4])), &hour.start)
        != WUB_OK
        || wub_segment_parse(wub_str_n(argv[5], strlen(argv[5])), hour.start,
                             &segment)
           != WUB_OK)
    {
        (void) fprintf(stderr, "%s/%s is no segment.\n", argv[4], argv[5]);
        return 2;
    }

    rc = worker_footage_read(&f, &store, &hour, &segment, &t, &err);
    if (rc != WORKER_OK) {
        (void) printf("refused %d %s\n", (int) rc, err.text);
        return 1;
    }

    (void) printf("segment %" PRId64 " %" PRId64 " %" PRId64 " %zu\n",
                  f->first, f->end, f->spacing, f->ndamaged);

    print_video(f);

    for (i = 0; i < f->ntracks; i++) {
        print_track(f, &f->tracks[i]);
    }

    worker_footage_free(f);

    return 0;
}
