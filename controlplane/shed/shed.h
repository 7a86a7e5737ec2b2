/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the dataplane sheds, watched over: rates and blocks are set here, and once a second it is
 * asked what was dropped, from which attacks follow, and blocks if they are automatic. The words
 * are those of shed.proto. The loop's thread only.
 */
#ifndef TANDEM_SHED_H
#define TANDEM_SHED_H

#include <sys/queue.h>

#include "controlplane/api/shed.pb-c.h"
#include "controlplane/session/session.h"
#include "controlplane/shed/attack.h"
#include "controlplane/shed/strike.h"

struct shed;

struct shed_config {
	struct shed_rates { /* as PutRates in dataplane.proto */
		unsigned int unknown_pps, rtcp_pps, stun_pps, dtls_pps;
		unsigned int stranger_pps, source_pps, service_pps;
		bool off;
	} rates;
	unsigned int attack_pps; /* from which on it is one */
	bool auto_block;
	struct strike_config strike;
};

/*
 * Begins to ask, by way of the session, which must outlive it, and has to be opened in the same
 * turn of the loop. 0, -ENOMEM.
 */
int shed_start(struct shed **shed, struct session *session, uv_loop_t *loop,
	       const struct shed_config *config);
/* Blocks stay in the dataplane. No watcher may be left. Run the loop once more. */
void shed_stop(struct shed *shed);

/* As the verbs of session.h. */
void shed_show(struct shed *shed, const Tandem__Shed__V1__ShowRequest *request,
	       session_reply *reply, void *arg);
void shed_sample(struct shed *shed, const Tandem__Shed__V1__SampleRequest *request,
		 session_reply *reply, void *arg);
void shed_put_block(struct shed *shed, const Tandem__Shed__V1__BlockRequest *request,
		    session_reply *reply, void *arg);
void shed_delete_block(struct shed *shed, const Tandem__Shed__V1__UnblockRequest *request,
		       session_reply *reply, void *arg);

/* Those that run, and how many there were, as of the last second. */
const struct attacks *shed_attacks(const struct shed *shed);

/* How many prefixes are blocked; -errno if the dataplane did not say. */
struct shed_blocks {
	unsigned int automatic, by_operator;
};
typedef void shed_blocks_counted(void *arg, int error, const struct shed_blocks *blocks);
/* Calls `counted` once, perhaps before it returns. */
void shed_count_blocks(struct shed *shed, shed_blocks_counted *counted, void *arg);

/* Is told of attacks; the watcher is the caller's. The event is gone when `event` returns. */
struct shed_watcher {
	LIST_ENTRY(shed_watcher) link;
	void (*event)(void *arg, const Tandem__Shed__V1__AttackEvent *event);
	void *arg;
};

/* Tells first of each attack that runs, before it returns. */
void shed_watch(struct shed *shed, struct shed_watcher *watcher);
void shed_unwatch(struct shed_watcher *watcher);

#endif
