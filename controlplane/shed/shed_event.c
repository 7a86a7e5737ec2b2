/* SPDX-License-Identifier: BSD-3-Clause */
/* Attacks as those see them who watch, and the log. */
#include <inttypes.h>

#include "controlplane/lib/pseudonym.h"
#include "controlplane/shed/shed_state.h"
#include "dataplane/lib/log.h"

/* The enums of attack.h are those of shed.proto. */
#define SAME(ours, theirs)                                                                         \
	_Static_assert((int)(ours) == (int)TANDEM__SHED__V1__##theirs, "shed.proto")
SAME(ATTACK_MALFORMED, KIND__KIND_MALFORMED);
SAME(ATTACK_BLOCKED, KIND__KIND_BLOCKED);
SAME(ATTACK_BEGAN, CHANGE__CHANGE_BEGAN);
SAME(ATTACK_ENDED, CHANGE__CHANGE_ENDED);

void shed_show_attack(Tandem__Shed__V1__Attack *out, struct arena *arena, enum attack_kind kind,
		      const struct attack *attack, uint64_t now_ms)
{
	tandem__shed__v1__attack__init(out);
	out->id = attack->id;
	out->kind = (Tandem__Shed__V1__Kind)kind;
	out->age_ms = now_ms - attack->began_ms;
	out->pps = attack->pps;
	out->pps_peak = attack->pps_peak;
	out->packets = attack->packets;
	for (unsigned int i = 0; i < attack->source_count; i++) {
		Tandem__Shed__V1__Source *source = arena_add(arena, &out->sources, &out->n_sources,
							     &tandem__shed__v1__source__descriptor);

		if (!source)
			return;
		source->address = (char *)attack->sources[i].address;
		source->pps = attack->sources[i].pps;
		source->reason = (char *)attack->sources[i].reason;
		source->blocked = kind == ATTACK_BLOCKED;
	}
	out->call_ids = arena_take(arena, ATTACK_CALLS * sizeof(out->call_ids[0]));
	for (unsigned int i = 0; out->call_ids && i < attack->call_count; i++)
		out->call_ids[out->n_call_ids++] = (char *)attack->call_ids[i];
}

static void notify_one(struct shed *s, const struct shed_watcher *watcher,
		       enum attack_change change, enum attack_kind kind,
		       const struct attack *attack)
{
	Tandem__Shed__V1__AttackEvent event = TANDEM__SHED__V1__ATTACK_EVENT__INIT;
	Tandem__Shed__V1__Attack shown;
	struct arena arena = {NULL};

	shed_show_attack(&shown, &arena, kind, attack, uv_now(s->loop));
	event.change = (Tandem__Shed__V1__Change)change;
	event.attack = &shown;
	watcher->event(watcher->arg, &event);
	arena_clear(&arena);
}

/* A line for each beginning and end: what changes between them is in the stream alone. */
static void write_line(const struct shed *s, enum attack_change change, enum attack_kind kind,
		       const struct attack *a)
{
	const char *worst = "nobody in particular";
	char text[ADDRESS_TEXT];

	if (pseudonym_text(text, attack_worst(a)) == 0)
		worst = text;
	if (change == ATTACK_BEGAN)
		log_warn("shed: attack %" PRIu64 " began: %s, %" PRIu32
			 " packets a second, most from %s, calls: %u",
			 a->id, attack_kind_name(kind), a->pps, worst, a->call_count);
	else if (change == ATTACK_ENDED)
		log_info("shed: attack %" PRIu64 " ended after %" PRIu64 " s: %s, %" PRIu64
			 " packets, at most %" PRIu32 " a second",
			 a->id, (uv_now(s->loop) - a->began_ms) / 1000, attack_kind_name(kind),
			 a->packets, a->pps_peak);
}

void shed_notify(void *arg, enum attack_change change, enum attack_kind kind,
		 const struct attack *attack)
{
	struct shed *s = arg;
	struct shed_watcher *watcher;

	write_line(s, change, kind, attack);
	LIST_FOREACH (watcher, &s->watchers, link)
		notify_one(s, watcher, change, kind, attack);
}

void shed_watch(struct shed *s, struct shed_watcher *watcher)
{
	LIST_INSERT_HEAD(&s->watchers, watcher, link);
	for (enum attack_kind kind = ATTACK_NONE + 1; kind < ATTACK_KINDS; kind++)
		if (s->attacks.of[kind].id)
			notify_one(s, watcher, ATTACK_BEGAN, kind, &s->attacks.of[kind]);
}

void shed_unwatch(struct shed_watcher *watcher)
{
	LIST_REMOVE(watcher, link);
}
