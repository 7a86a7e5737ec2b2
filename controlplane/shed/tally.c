/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/shed/tally.h"

#include <stdio.h>
#include <string.h>

void tally_begin(struct tally *t)
{
	for (unsigned int i = 0; i < t->count; i++)
		t->reasons[i].sum = 0;
}

static struct tally_reason *find_or_make(struct tally *t, const char *name)
{
	struct tally_reason *r;

	for (unsigned int i = 0; i < t->count; i++)
		if (strcmp(t->reasons[i].name, name) == 0)
			return &t->reasons[i];
	if (t->count == TALLY_REASONS || strlen(name) >= sizeof(r->name))
		return NULL;
	r = &t->reasons[t->count++];
	memset(r, 0, sizeof(*r));
	strcpy(r->name, name);
	return r;
}

void tally_add(struct tally *t, const char *name, const char *help, uint64_t packets)
{
	struct tally_reason *r = find_or_make(t, name);

	if (!r)
		return;
	r->sum += packets;
	snprintf(r->help, sizeof(r->help), "%s", help);
}

/* A counter that went back, or that nobody told of before, has no rate yet. */
static uint32_t rate_of(const struct tally_reason *r, uint64_t elapsed_ms)
{
	uint64_t pps;

	if (!elapsed_ms || r->sum < r->packets)
		return 0;
	pps = (r->sum - r->packets) * 1000 / elapsed_ms;
	return pps < UINT32_MAX ? pps : UINT32_MAX;
}

void tally_end(struct tally *t, uint64_t now_ms)
{
	uint64_t elapsed = t->at_ms && now_ms > t->at_ms ? now_ms - t->at_ms : 0;

	for (unsigned int i = 0; i < t->count; i++) {
		struct tally_reason *r = &t->reasons[i];

		r->pps = rate_of(r, elapsed);
		r->packets = r->sum;
	}
	t->at_ms = now_ms;
}

void tally_forget(struct tally *t)
{
	t->at_ms = 0;
	for (unsigned int i = 0; i < t->count; i++)
		t->reasons[i].pps = 0;
}
