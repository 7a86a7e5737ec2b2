/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main lcore's register of legs: what the control plane asked for, turned into the immutable
 * objects that workers read. Main lcore only.
 */
#ifndef TANDEM_REGISTRY_H
#define TANDEM_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/srtp/crypt.h"
#include "dataplane/dataplane.h"
#include "dataplane/stream.h"

struct registry;
struct shed_prefix;
struct turn_server;

/* Told when something happens to a leg; the message belongs to the caller. */
typedef void registry_event(void *arg, const Tandem__Dataplane__V1__Event *event);

struct registry_config {
	struct dataplane *dataplane;
	const struct crypt_engine *engine;
	registry_event *event;
	void *arg;
};

/* 0 or -ENOMEM. */
int registry_create(struct registry **out, const struct registry_config *config);
/* Who hears what workers say of TURN, and outlives the registry; without, nobody does. */
void registry_serve_turn(struct registry *r, struct turn_server *turn);
/* After the workers have stopped. */
void registry_destroy(struct registry *r);

/*
 * Each request: 0 or -errno, with `what` naming what is wrong and the remedy (a constant text).
 * -EAGAIN: a worker's mailbox is full; nothing was done, ask again after registry_poll().
 */
int registry_put_leg(struct registry *r, const Tandem__Dataplane__V1__PutLeg *put,
		     const char **what);
int registry_put_keys(struct registry *r, const Tandem__Dataplane__V1__PutKeys *put,
		      const char **what);
int registry_delete_leg(struct registry *r, uint64_t id, const char **what);
int registry_put_path(struct registry *r, const Tandem__Dataplane__V1__PutPath *put,
		      const char **what);
int registry_delete_path(struct registry *r, const Tandem__Dataplane__V1__DeletePath *gone,
			 const char **what);
int registry_transmit(struct registry *r, const Tandem__Dataplane__V1__Transmit *transmit,
		      const char **what);

/*
 * The place of a leg in the register, from 1, or 0: no such leg. registry_next() gives the place of
 * the first leg behind `place`, 0: that was all. Places of other legs do not move.
 */
uint32_t registry_find(const struct registry *r, uint64_t id);
uint32_t registry_next(const struct registry *r, uint32_t place);
uint64_t registry_id(const struct registry *r, uint32_t place);
/*
 * The status of the leg at a place, to be freed with
 * tandem__dataplane__v1__leg_status__free_unpacked(). NULL if there is no memory.
 */
Tandem__Dataplane__V1__LegStatus *registry_status(const struct registry *r, uint32_t place,
						  bool with_streams);
uint32_t registry_count(const struct registry *r);
/* The id of the leg that has a UDP port (host byte order) of a media address (index); 0: none. */
uint64_t registry_leg_at(const struct registry *r, unsigned int address, uint16_t port);
/* Whether media is sent to an address of the prefix. */
bool registry_sends_to(const struct registry *r, const struct shed_prefix *prefix);

/*
 * One turn: notices and answers of the workers, retired objects, consent and media timeouts.
 * Returns the number of things it handled.
 */
unsigned int registry_poll(struct registry *r);

#endif
