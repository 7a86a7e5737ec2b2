/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/audit.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/session/mend.h"
#include "controlplane/session/meter.h"
#include "controlplane/session/rating.h"
#include "controlplane/session/summary.h"
#include "controlplane/session/tell_xr.h"
#include "dataplane/lib/log.h"

#define ROUND_MS 10000

static void ask(struct session *s, uint64_t after);

static int by_id(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static bool was_suspect(const struct audit *a, uint64_t id)
{
	return a->suspect_count &&
	       bsearch(&id, a->suspects, a->suspect_count, sizeof(id), by_id) != NULL;
}

static void suspect(struct audit *a, uint64_t id)
{
	if (a->next_count == a->next_size) {
		unsigned int size = a->next_size ? 2 * a->next_size : 64;
		uint64_t *grown = realloc(a->next, size * sizeof(grown[0]));

		if (!grown)
			return; /* the next round finds it */
		a->next = grown;
		a->next_size = size;
	}
	a->next[a->next_count++] = id;
}

static void take(struct session *s, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct audit *a = &s->audit;
	uint64_t id = status->leg;
	struct leg *leg = session_find_leg(s, id);

	a->seen++;
	if (leg) {
		leg->audited = a->round;
		rating_take(leg, status);
		tell_xr(leg, status);
		rated_count(&leg->rated, a->next_mos);
		summary_take(leg, status);
		meter_tell(leg, status);
		if (leg == TAILQ_FIRST(&leg->party->legs))
			counts_settle(leg->party->call);
	} else if (was_suspect(a, id)) {
		log_warn("leg %016jx of the dataplane belongs to no call; deleted", (uintmax_t)id);
		a->orphans++;
		mend_unknown(s, id);
	} else {
		suspect(a, id);
	}
}

static void finish(struct session *s)
{
	struct audit *a = &s->audit;
	bool full = s->legs_max && a->seen >= s->legs_max;

	free(a->suspects);
	a->suspects = a->next;
	a->suspect_count = a->next_count;
	if (a->suspect_count)
		qsort(a->suspects, a->suspect_count, sizeof(a->suspects[0]), by_id);
	a->next = NULL;
	a->next_count = a->next_size = 0;
	memcpy(a->mos, a->next_mos, sizeof(a->mos));
	mend_lost(s, a->round);
	s->counts.rounds++;
	if (full != a->full) {
		a->full = full;
		if (full)
			log_warn("the dataplane has no leg left: raise [dataplane] legs");
		session_notify_ready(s);
	}
}

static void on_page(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct session *s = arg;

	if (error || !s->ready) {
		s->audit.running = false;
		return;
	}
	for (size_t i = 0; i < reply->n_legs; i++)
		take(s, reply->legs[i]);
	if (reply->next) {
		ask(s, reply->next);
		return;
	}
	s->audit.running = false;
	finish(s);
}

static void ask(struct session *s, uint64_t after)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetLegs get = TANDEM__DATAPLANE__V1__GET_LEGS__INIT;

	get.after = after;
	get.with_streams = true;
	message.get_legs = &get;
	client_request(s->client, &message, on_page, s);
}

static void on_timer(uv_timer_t *timer)
{
	struct session *s = timer->data;
	struct audit *a = &s->audit;

	if (!s->ready || a->running)
		return;
	a->running = true;
	a->round++;
	a->seen = 0;
	workload_read(s);
	memset(a->next_mos, 0, sizeof(a->next_mos));
	ask(s, 0);
}

void audit_start(struct session *s)
{
	unsigned int ms = s->config.audit_ms ? s->config.audit_ms : ROUND_MS;

	uv_timer_init(s->loop, &s->audit.timer);
	s->audit.timer.data = s;
	uv_timer_start(&s->audit.timer, on_timer, ms, ms);
}

void audit_reset(struct session *s)
{
	struct party *party;
	struct call *call;
	struct leg *leg;

	s->audit.suspect_count = s->audit.next_count = 0;
	workload_reset(&s->workload);
	TAILQ_FOREACH (call, &s->by_age, entry)
		for_each_leg(leg, call) leg->missed = 0;
}

void audit_free(struct session *s)
{
	free(s->audit.suspects);
	free(s->audit.next);
}
