/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane's client. It connects to the dataplane's socket and connects again, with growing
 * pauses, whenever the connection is lost. All requests made in one turn of the loop go out
 * together. One loop, its thread only.
 */
#ifndef TANDEM_CLIENT_H
#define TANDEM_CLIENT_H

#include <stdbool.h>

#include <uv.h>

#include "dataplane/api/dataplane.pb-c.h"

struct client;

struct client_handlers {
	/* Connected, and nothing that was asked before counts. */
	void (*up)(void *arg, const Tandem__Dataplane__V1__Hello *hello);
	/* The connection is lost. Comes before the pending replies fail. */
	void (*down)(void *arg);
	void (*event)(void *arg, const Tandem__Dataplane__V1__Event *event);
	void *arg;
};

/*
 * Once for each request: 0 and the reply, or -errno and the reply with its `what`, or -ENOTCONN and
 * NULL. The reply is gone, cleansed, when it returns.
 */
typedef void client_reply(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply);

/* `path` is copied. Connects from the loop's next turn on. 0, -ENOMEM, -ENAMETOOLONG. */
int client_open(struct client **client, uv_loop_t *loop, const char *path,
		const struct client_handlers *handlers);
/* Pending requests fail before it returns; the memory goes with the loop's next turn. */
void client_close(struct client *client);

bool client_is_up(const struct client *client);

/*
 * Packs the request, whose id it sets; it stays the caller's to cleanse. `reply` may be NULL. When
 * the dataplane is away, `reply` is called before this returns.
 */
void client_request(struct client *client, Tandem__Dataplane__V1__Request *request,
		    client_reply *reply, void *arg);

#endif
