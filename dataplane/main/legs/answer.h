/* SPDX-License-Identifier: BSD-3-Clause */
/* What each request of the API asks of whom. Main lcore only. */
#ifndef TANDEM_ANSWER_H
#define TANDEM_ANSWER_H

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/api/frame.h"

struct counters;
struct dataplane;
struct filter;
struct registry;
struct turn_server;

/* What replies in one frame may amount to. A reply that alone is larger still fits a frame. */
#define ANSWER_SIZE (FRAME_MOST / 2)

/* What requests are about. */
struct served {
	const struct dataplane *dataplane;
	struct registry *registry;
	struct filter *filter;
	struct keep *keep;
	struct turn_server *turn;
	const struct counters *counters;
	const char *engine;
};

/*
 * Does what is asked and fills what the reply has beside id, error and what. 0 or -errno, and what
 * to do about it, a constant text. -EAGAIN: nothing was done, ask again after registry_poll().
 */
int answer_request(const struct served *s, const Tandem__Dataplane__V1__Request *request,
		   Tandem__Dataplane__V1__Reply *reply, const char **what);

#endif
