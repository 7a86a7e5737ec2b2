/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who hears whom. Paths follow from a call's state, by one pure function, and are stored nowhere:
 * what a change of the state makes different is put and deleted in the dataplane. The session's
 * loop only.
 */
#ifndef TANDEM_PATH_H
#define TANDEM_PATH_H

#include "controlplane/session/call.h"

struct push;

/* What one leg receives goes on to another one. */
struct path {
	uint64_t from, to;
	bool branch;       /* a copy, beside the one path that is the leg's own */
	bool verify;       /* as it came: the two share their keys */
	bool held;         /* by the directions that were agreed */
	bool some;         /* of the payload types, only `types` go this way */
	uint64_t types[2]; /* bits */
	Tandem__Relay__V1__Muting muting;
};

struct paths {
	const struct call *call;
	struct path *list; /* all that a leg receives is together, its own path first */
	unsigned int count;
	bool whole; /* false: there was no memory */
};

/* The paths between the legs that are in force. `list` is for paths_free(). */
struct paths paths_derive(const struct call *call);
void paths_free(struct paths *paths);
/* That from the one to the other; NULL if there is none. */
const struct path *paths_find(const struct paths *paths, uint64_t from, uint64_t to);

/* Puts what `before` does not have so, and deletes what it alone has. */
void paths_push(struct push *push, const struct paths *before, const struct paths *now);
/* The same, but puts all of them, since legs are put anew: one that was lost had lost its paths. */
void paths_push_anew(struct push *push, const struct paths *before, const struct paths *now);
/* Puts all of them. */
void paths_push_all(struct push *push, const struct paths *paths);

#endif
