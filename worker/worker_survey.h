
/*
 * Copyright (C) the wubloader for nginx authors
 *
 * worker_survey: what form the output of a cut has, learnt from the heads
 * of its segments before the first byte: of the picture and of each track
 * the form that most of the time has, of equals the first; and whose sound
 * cannot be copied into it.
 * May call: worker_footage.
 * Frees: nothing; forms are counted, segments are not kept.
 */


#ifndef WORKER_SURVEY_H_INCLUDED_
#define WORKER_SURVEY_H_INCLUDED_


#include "worker/worker.h"
#include "worker/worker_footage.h"


/* forms that are told apart; a rarer one cannot be that of the output */
#define WORKER_SURVEY_FORMS      16

/* "HOUR/NAME" and its zero */
#define WORKER_SURVEY_NAME       (WUB_HOUR_LEN + 1 + WUB_NAME_MAX + 1)


typedef struct {
    wub_video_form_t        form;
    int64_t                 time;       /* microseconds that have it */
} worker_survey_video_t;

typedef struct {
    worker_sound_t          form;
    int64_t                 time;
    size_t                  nth;        /* of the segments that are copied,
                                           the first; 0: none has it */
    char                    name[WORKER_SURVEY_NAME];   /* of that one, */
    char                    when[WUB_TIME_LEN + 1];     /* from when on */
} worker_survey_sound_t;

typedef struct {
    worker_survey_sound_t   forms[WORKER_SURVEY_FORMS];
    size_t                  nforms;
} worker_survey_track_t;

/* zero it to begin */
typedef struct {
    worker_survey_video_t   video[WORKER_SURVEY_FORMS];
    size_t                  nvideo;
    worker_survey_track_t   tracks[WORKER_TRACKS_MAX];
    size_t                  ntracks;    /* the most that a segment has */
    size_t                  nsegments;
    size_t                  nsearched;  /* heads read on to hear a sound */
    int64_t                 delay;      /* ticks, the most that a segment's
                                           first frame is decoded before one
                                           is shown */
} worker_survey_t;


/*
 * What one segment has, for so many microseconds; copied: its sound is to be
 * copied, not encoded.
 */
void worker_survey_add(worker_survey_t *s, const worker_footage_t *head,
    int64_t time, bool copied);

/* the same, from its head; fails as worker_footage_read() does */
worker_rc_t worker_survey_segment(worker_survey_t *s,
    const worker_store_t *store, const wub_hour_t *hour,
    const wub_segment_t *segment, int64_t time, bool copied,
    const worker_tick_t *tick, worker_err_t *err);

/* a track of which no sound was heard has a rate of 0 */
void worker_survey_form(const worker_survey_t *s, worker_form_t *ret);

/* WORKER_INVALID: the first segment that cannot be copied into this form */
worker_rc_t worker_survey_sounds(const worker_survey_t *s,
    const worker_form_t *form, worker_err_t *err);


#endif /* WORKER_SURVEY_H_INCLUDED_ */
