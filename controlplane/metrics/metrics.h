/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Prometheus scrapes: the relay in numbers. Labels have values that are known beforehand or
 * come from the configuration; never a call, a tag or an address. A scrape asks the dataplane, and
 * costs the loop the same with one call as with a hundred thousand; who comes soon after gets what
 * the last one got. The loop's thread only.
 */
#ifndef TANDEM_METRICS_H
#define TANDEM_METRICS_H

#include <stddef.h>

#include <uv.h>

struct metrics;
struct access;
struct hep;
struct ng;
struct rpc_service;
struct session;
struct shed;
struct turn_server;

/* They must outlive it. Of what is NULL nothing is told. */
struct metrics_sources {
	struct session *session;
	struct shed *shed;
	struct turn_server *turn;
	const struct ng *ng;
	const struct hep *hep;
	const struct access *access;
	const struct rpc_service *services;
	unsigned int service_count;
	unsigned int fresh_ms; /* for so long a text is given again; 0: 1000 */
};

/* Begins to watch the loop. 0, -ENOMEM. */
int metrics_open(struct metrics **metrics, uv_loop_t *loop, const struct metrics_sources *sources);
/* Who waits is told so. NULL will do. Run the loop once more. */
void metrics_close(struct metrics *metrics);

/*
 * Calls `done` once, perhaps before it returns, with a text that is gone when that returns, and its
 * content type, a constant; NULL without memory, and when the metrics are closed. `accept` is the
 * HTTP header; NULL: there was none.
 */
typedef void metrics_done(void *arg, const char *type, const char *text, size_t length);
void metrics_scrape(struct metrics *metrics, const char *accept, metrics_done *done, void *arg);

#endif
