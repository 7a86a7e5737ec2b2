/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of calls that are being made. Each call is looked at once for a page; what would take
 * longer than some milliseconds goes on in the next turn of the loop, so that whatever else has
 * come is served between. The session's loop only.
 */
#ifndef TANDEM_LIST_H
#define TANDEM_LIST_H

#include <sys/queue.h>

#include <uv.h>

struct call;
struct session;
struct listing;

TAILQ_HEAD(listing_list, listing);

struct lists {
	struct listing_list making; /* the next one to be served first */
	unsigned int count;
	uv_idle_t idle; /* data: the session; closed by its owner */
};

void lists_open(struct session *s);
/* Those that are not done fail. */
void lists_close(struct session *s);
/* The call leaves those that there are. */
void lists_forget(struct session *s, const struct call *call);

#endif
