/* SPDX-License-Identifier: BSD-3-Clause */
/* The shed's inside, for the files that make it up. */
#ifndef TANDEM_SHED_STATE_H
#define TANDEM_SHED_STATE_H

#include "controlplane/lib/arena.h"
#include "controlplane/session/client.h"
#include "controlplane/shed/attack.h"
#include "controlplane/shed/shed.h"
#include "controlplane/shed/tally.h"

#define SHED_TOP 100 /* sources and targets that a second is judged by, and that are shown */

struct shed {
	uv_loop_t *loop;
	struct session *session;
	struct client *client; /* the session's */
	struct session_link link;
	struct shed_config config;
	uv_timer_t tick;
	bool asking; /* the last second's answer is still to come */
	struct tally tally;
	struct attacks attacks;
	struct strikes *strikes; /* NULL if nothing is blocked but by an operator */
	LIST_HEAD(, shed_watcher) watchers;
};

/* One second's failures of a source: it is blocked when it has failed for long enough. */
struct prefix;
void shed_strike(struct shed *s, const struct prefix *source, unsigned int failures_pps);

/* Fills in an attack as shed.proto shows it; it points into the arena, and into the attack. */
void shed_show_attack(Tandem__Shed__V1__Attack *out, struct arena *arena, enum attack_kind kind,
		      const struct attack *attack, uint64_t now_ms);

/* Tells those who watch, and the log. */
void shed_notify(void *arg, enum attack_change change, enum attack_kind kind,
		 const struct attack *attack);

/* Returns whether the dataplane answered with what is shed; if not, it refuses the verb. */
bool shed_verb_answered(session_reply *reply, void *arg, int error,
			const Tandem__Dataplane__V1__Reply *in);
/* Returns how many to ask for: 0 means `fallback`. */
unsigned int shed_verb_count(unsigned int wanted, unsigned int fallback, unsigned int most);

#endif
