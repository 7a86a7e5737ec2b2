/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/counts.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/session/session_state.h"

const struct histogram_scale counts_seconds = {
	14, {0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60}};
const struct histogram_scale counts_long = {11,
					    {5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200}};
/* The classes of G.107 annex B, and two below. */
const struct histogram_scale counts_mos = {8, {1.5, 2, 2.6, 3.1, 3.6, 4, 4.3, 4.4}};

const char *counts_end_name(enum counts_end end)
{
	static const char *const names[] = {"deleted", "unanswered", "dropped", "refused"};

	return names[end];
}

const char *counts_state_name(unsigned int state)
{
	static const char *const names[] = {"unknown", "offered",   "answered",
					    "up",      "reoffered", "failed"};

	_Static_assert(sizeof(names) / sizeof(names[0]) == COUNTS_STATES, "a name for each");
	return names[state];
}

const char *counts_failure_name(enum dtls_failure failure)
{
	static const char *const names[] = {"timeout", "fingerprint", "no_srtp", "alert",
					    "protocol"};

	_Static_assert(sizeof(names) / sizeof(names[0]) == COUNTS_FAILURES, "a name for each");
	return names[failure];
}

static double seconds(uint64_t from_ms, uint64_t to_ms)
{
	return to_ms > from_ms ? (to_ms - from_ms) / 1000.0 : 0;
}

/* --- names ----------------------------------------------------------------------------------- */

/* The place of a name among those of `size` octets each, the first of which it is. */
static unsigned int place_of(void *list, size_t size, unsigned int *count, unsigned int most,
			     const char *name)
{
	char *at = list;

	for (unsigned int k = 0; k < *count; k++, at += size)
		if (strcmp(at, name) == 0)
			return k;
	if (*count >= most - 1 && strcmp(name, COUNTS_OTHER) != 0)
		return place_of(list, size, count, most, COUNTS_OTHER);
	snprintf(at, COUNTS_NAME, "%s", name);
	return (*count)++;
}

unsigned int counts_driver(struct counts *c, const char *name)
{
	return place_of(c->drivers, sizeof(c->drivers[0]), &c->driver_count, COUNTS_DRIVERS,
			name[0] ? name : COUNTS_OTHER);
}

static unsigned int network_of(struct counts *c, const char *name)
{
	return place_of(c->networks, sizeof(c->networks[0]), &c->network_count, COUNTS_NETWORKS,
			name);
}

/* --- calls ----------------------------------------------------------------------------------- */

void counts_remove_call(struct call *call)
{
	call->counted.known = false;
	call->session->counts.drivers[call->counted.driver].calls[call->counted.state]--;
}

/* --- legs ------------------------------------------------------------------------------------ */

void counts_add_leg(struct leg *leg)
{
	struct counts *c = &leg->session->counts;

	leg->counted.network = network_of(c, leg->at->network);
	leg->counted.suite = SUITE_NONE;
	c->networks[leg->counted.network].legs[SUITE_NONE]++;
}

void counts_remove_leg(struct leg *leg)
{
	leg->session->counts.networks[leg->counted.network].legs[leg->counted.suite]--;
}

static void count_media(struct leg *leg, uint64_t now)
{
	histogram_add(&leg->session->counts.media, &counts_seconds,
		      seconds(leg->counted.awaits_media, now));
}

void counts_await_media(struct leg *leg)
{
	uint64_t now = uv_now(leg->session->loop);

	if (leg->counted.awaits_media || !leg->terms.receive)
		return;
	leg->counted.awaits_media = now;
	if (leg->counted.media)
		count_media(leg, now);
}

void counts_take_media(struct leg *leg)
{
	if (leg->counted.media)
		return;
	leg->counted.media = true;
	if (leg->counted.awaits_media)
		count_media(leg, uv_now(leg->session->loop));
}
