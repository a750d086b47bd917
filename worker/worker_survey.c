
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <stdio.h>
#include <string.h>

#include "worker/worker_survey.h"


/*
 * The bytes of a segment that are looked at: mostly its parameter sets and
 * some sound.  Where there is no whole frame, more; where no sound of a
 * track was ever heard, more too.
 */
static const size_t  worker_survey_heads[] = {
    (size_t) 64 << 10, (size_t) 256 << 10, (size_t) 2 << 20, SIZE_MAX
};

#define WORKER_SURVEY_HEADS                                                   \
    (sizeof(worker_survey_heads) / sizeof(worker_survey_heads[0]))

/* heads read on to seek a sound: there may be none in any */
#define WORKER_SURVEY_SEARCHES   8

/* frames whose headers vouch for one another: of fewer one may be damaged */
#define WORKER_SURVEY_SURE       3


static void worker_survey_delay(worker_survey_t *s,
    const worker_footage_t *head);
static void worker_survey_video(worker_survey_t *s,
    const wub_video_form_t *form, int64_t time);
static worker_survey_sound_t *worker_survey_sound(
    worker_survey_track_t *track, const worker_sound_t *form, int64_t time);
static bool worker_survey_heard(const worker_survey_t *s,
    const worker_footage_t *head);
static bool worker_survey_known(const worker_survey_track_t *track,
    const worker_sound_t *form);


void
worker_survey_add(worker_survey_t *s, const worker_footage_t *head,
    int64_t time, bool copied)
{
    size_t                  i;
    worker_form_t           form;
    worker_survey_sound_t  *sound;

    form = worker_footage_form(head);

    worker_survey_video(s, &form.video, time);

    s->ntracks = (form.ntracks > s->ntracks) ? form.ntracks : s->ntracks;
    s->nsegments++;

    for (i = 0; i < form.ntracks; i++) {

        if (form.tracks[i].rate == 0) {
            continue;
        }

        sound = worker_survey_sound(&s->tracks[i], &form.tracks[i], time);

        if (sound != NULL && copied && sound->nth == 0) {
            sound->nth = s->nsegments;
            (void) snprintf(sound->name, sizeof(sound->name), "%s",
                            head->name);
            worker_footage_since(head, i, 0, sound->when);
        }
    }
}


worker_rc_t
worker_survey_segment(worker_survey_t *s, const worker_store_t *store,
    const wub_hour_t *hour, const wub_segment_t *segment, int64_t time,
    bool copied, const worker_tick_t *tick, worker_err_t *err)
{
    size_t             i;
    worker_rc_t        rc;
    worker_footage_t  *head;

    rc = WORKER_INVALID;

    for (i = 0; i < WORKER_SURVEY_HEADS && rc == WORKER_INVALID; i++) {

        rc = worker_footage_head(&head, store, hour, segment,
                                 worker_survey_heads[i], tick, err);
        if (rc != WORKER_OK) {
            continue;
        }

        worker_survey_delay(s, head);

        if (i < WORKER_SURVEY_HEADS - 2
            && s->nsearched < WORKER_SURVEY_SEARCHES
            && !worker_survey_heard(s, head))
        {
            s->nsearched++;
            rc = WORKER_INVALID;

        } else {
            worker_survey_add(s, head, time, copied);
        }

        worker_footage_free(head);
    }

    return rc;
}


void
worker_survey_form(const worker_survey_t *s, worker_form_t *ret)
{
    size_t                        i, k;
    int64_t                       most;
    const worker_survey_track_t  *track;

    memset(ret, 0, sizeof(worker_form_t));

    most = -1;

    for (i = 0; i < s->nvideo; i++) {
        if (s->video[i].time > most) {
            most = s->video[i].time;
            ret->video = s->video[i].form;
        }
    }

    ret->ntracks = s->ntracks;

    for (i = 0; i < s->ntracks; i++) {
        track = &s->tracks[i];
        most = -1;

        for (k = 0; k < track->nforms; k++) {
            if (track->forms[k].time > most) {
                most = track->forms[k].time;
                ret->tracks[i] = track->forms[k].form;
            }
        }
    }
}


worker_rc_t
worker_survey_sounds(const worker_survey_t *s, const worker_form_t *form,
    worker_err_t *err)
{
    size_t                        i, k;
    const worker_sound_t         *cut;
    const worker_survey_sound_t  *sound, *first;

    cut = NULL;
    first = NULL;

    for (i = 0; i < s->ntracks; i++) {
        for (k = 0; k < s->tracks[i].nforms; k++) {
            sound = &s->tracks[i].forms[k];

            if (sound->nth != 0
                && !worker_sound_same(&sound->form, &form->tracks[i])
                && (first == NULL || sound->nth < first->nth))
            {
                first = sound;
                cut = &form->tracks[i];
            }
        }
    }

    return (first == NULL) ? WORKER_OK
                           : worker_footage_unlike(first->name, first->when,
                                                   &first->form, cut, err);
}


static void
worker_survey_delay(worker_survey_t *s, const worker_footage_t *head)
{
    size_t   i;
    int64_t  shown;

    shown = head->frames[0].pts;

    for (i = 1; i < head->nvideo; i++) {

        if (head->frames[i].key != WUB_KEY_NONE) {
            break;
        }

        shown = (head->frames[i].pts < shown) ? head->frames[i].pts : shown;
    }

    if (shown - head->frames[0].dts > s->delay) {
        s->delay = shown - head->frames[0].dts;
    }
}


static void
worker_survey_video(worker_survey_t *s, const wub_video_form_t *form,
    int64_t time)
{
    size_t  i;

    for (i = 0; i < s->nvideo; i++) {
        if (wub_video_same(&s->video[i].form, form)) {
            s->video[i].time += time;
            return;
        }
    }

    if (s->nvideo < WORKER_SURVEY_FORMS) {
        s->video[i].form = *form;
        s->video[i].time = time;
        s->nvideo++;
    }
}


/* NULL: there are too many */
static worker_survey_sound_t *
worker_survey_sound(worker_survey_track_t *track, const worker_sound_t *form,
    int64_t time)
{
    size_t  i;

    for (i = 0; i < track->nforms; i++) {
        if (worker_sound_same(&track->forms[i].form, form)) {
            track->forms[i].time += time;
            return &track->forms[i];
        }
    }

    if (track->nforms == WORKER_SURVEY_FORMS) {
        return NULL;
    }

    track->forms[i].form = *form;
    track->forms[i].time = time;
    track->nforms++;

    return &track->forms[i];
}


/*
 * True when of each track some sound is known, from here or from before, and
 * none is new here that only a frame or two say.
 */
static bool
worker_survey_heard(const worker_survey_t *s, const worker_footage_t *head)
{
    size_t                 i;
    const worker_track_t  *track;

    for (i = 0; i < head->ntracks; i++) {
        track = &head->tracks[i];

        if (track->naudio == 0) {
            if (s->tracks[i].nforms == 0) {
                return false;
            }

        } else if (track->naudio < WORKER_SURVEY_SURE
                   && !worker_survey_known(&s->tracks[i], &track->forms[0]))
        {
            return false;
        }
    }

    return true;
}


static bool
worker_survey_known(const worker_survey_track_t *track,
    const worker_sound_t *form)
{
    size_t  i;

    for (i = 0; i < track->nforms; i++) {
        if (worker_sound_same(&track->forms[i].form, form)) {
            return true;
        }
    }

    return false;
}
