/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/session_state.h"

#define EVERY_MS 10000

const struct moment *history_moment(const struct history *h, unsigned int number)
{
	return number < h->count ? &h->moments[(h->first + number) % HISTORY_MOMENTS] : NULL;
}

/* The oldest one makes room. */
static struct moment *add(struct history *h)
{
	if (h->count < HISTORY_MOMENTS)
		return &h->moments[(h->first + h->count++) % HISTORY_MOMENTS];
	h->first = (h->first + 1) % HISTORY_MOMENTS;
	return &h->moments[(h->first + h->count - 1) % HISTORY_MOMENTS];
}

static void sum_up(struct totals *t, const Tandem__Dataplane__V1__Reply *reply)
{
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < reply->n_links; i++) {
		t->received += reply->links[i]->received;
		t->sent += reply->links[i]->sent;
	}
	for (size_t i = 0; i < reply->n_counters; i++)
		if (reply->counters[i]->drop)
			t->dropped += reply->counters[i]->value;
	for (; t->workers < reply->n_workers && t->workers < HISTORY_WORKERS; t->workers++) {
		t->load[t->workers].busy_us = reply->workers[t->workers]->busy_us;
		t->load[t->workers].all_us = reply->workers[t->workers]->total_us;
	}
}

/* Not those of another dataplane. */
static bool go_on(const struct totals *was, const struct totals *now)
{
	for (unsigned int w = 0; w < was->workers && w < now->workers; w++)
		if (now->load[w].all_us < was->load[w].all_us)
			return false;
	return now->received >= was->received && now->sent >= was->sent &&
	       now->dropped >= was->dropped;
}

static float busy(const struct totals *was, const struct totals *now, unsigned int worker)
{
	uint64_t all = now->load[worker].all_us - was->load[worker].all_us;

	return all ? (float)(now->load[worker].busy_us - was->load[worker].busy_us) / all : 0;
}

static void keep(struct session *s, const struct totals *now, double seconds)
{
	const struct totals *was = &s->history.last;
	struct moment *m = add(&s->history);

	memset(m, 0, sizeof(*m));
	m->time_ms = wall_clock_ms();
	m->calls = s->calls.count;
	m->legs = s->legs.count;
	m->received = (now->received - was->received) / seconds;
	m->sent = (now->sent - was->sent) / seconds;
	m->dropped = (now->dropped - was->dropped) / seconds;
	memcpy(m->mos, s->audit.mos, sizeof(m->mos));
	for (; m->workers < now->workers; m->workers++)
		m->busy[m->workers] = busy(was, now, m->workers);
}

static void on_counters(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct session *s = arg;
	struct history *h = &s->history;
	uint64_t now = uv_now(s->loop);
	struct totals totals;

	h->asking = false;
	if (error) {
		h->taken = 0;
		return;
	}
	sum_up(&totals, reply);
	if (h->taken && now > h->taken && go_on(&h->last, &totals))
		keep(s, &totals, (now - h->taken) / 1000.0);
	h->last = totals;
	h->taken = now;
}

static void ask(struct session *s)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetCounters get = TANDEM__DATAPLANE__V1__GET_COUNTERS__INIT;

	s->history.asking = true;
	message.get_counters = &get;
	client_request(s->client, &message, on_counters, s);
}

static void on_timer(uv_timer_t *timer)
{
	struct session *s = timer->data;

	if (s->ready && !s->history.asking)
		ask(s);
}

void history_begin(struct session *s)
{
	s->history.taken = 0;
	ask(s);
}

int history_open(struct session *s)
{
	struct history *h = &s->history;
	unsigned int ms = s->config.history_ms ? s->config.history_ms : EVERY_MS;

	h->moments = calloc(HISTORY_MOMENTS, sizeof(*h->moments));
	if (!h->moments)
		return -ENOMEM;
	uv_timer_init(s->loop, &h->timer);
	h->timer.data = s;
	uv_timer_start(&h->timer, on_timer, ms, ms);
	return 0;
}

void history_free(struct session *s)
{
	free(s->history.moments);
}
