/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/shed/strike.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Between two seconds of one spell of failures; a missed poll does not end it. */
#define SPELL_MS 2500

struct entry {
	struct address address;
	uint64_t last_ms;       /* 0: the entry is free */
	uint64_t forget_ms;     /* of its blocks */
	unsigned int seconds;   /* of failures, in this spell */
	unsigned int block_s;   /* the last block; 0: none yet */
	unsigned int block_was; /* the one before it */
};

struct strikes {
	struct strike_config config;
	struct entry entries[STRIKE_TABLE];
};

struct strikes *strikes_make(const struct strike_config *config)
{
	struct strikes *s = calloc(1, sizeof(*s));

	if (s)
		s->config = *config;
	return s;
}

void strikes_free(struct strikes *s)
{
	free(s);
}

/* Whether `a` is the better one to give up. */
static bool is_less(const struct entry *a, const struct entry *b)
{
	if (!a->block_s != !b->block_s)
		return !a->block_s;
	return a->last_ms < b->last_ms;
}

static struct entry *find(struct strikes *s, const struct address *address)
{
	for (unsigned int i = 0; i < STRIKE_TABLE; i++)
		if (s->entries[i].last_ms && address_equal(&s->entries[i].address, address))
			return &s->entries[i];
	return NULL;
}

static struct entry *find_or_make(struct strikes *s, const struct address *address)
{
	struct entry *entry = find(s, address);

	if (entry)
		return entry;
	entry = &s->entries[0];
	for (unsigned int i = 1; i < STRIKE_TABLE; i++)
		if (is_less(&s->entries[i], entry))
			entry = &s->entries[i];
	memset(entry, 0, sizeof(*entry));
	entry->address = *address;
	return entry;
}

unsigned int strikes_take(struct strikes *s, const struct address *address,
			  unsigned int failures_pps, uint64_t now_ms)
{
	const struct strike_config *config = &s->config;
	struct entry *entry;
	uint64_t next;

	if (!failures_pps || failures_pps < config->failures_pps)
		return 0;
	entry = find_or_make(s, address);
	if (now_ms >= entry->forget_ms)
		entry->block_s = 0;
	if (now_ms - entry->last_ms > SPELL_MS)
		entry->seconds = 0;
	entry->last_ms = now_ms ? now_ms : 1;
	if (++entry->seconds < config->seconds)
		return 0;
	next = entry->block_s ? 2 * (uint64_t)entry->block_s : config->least_s;
	entry->seconds = 0;
	entry->block_was = entry->block_s;
	entry->block_s = next < config->most_s ? next : config->most_s;
	entry->forget_ms = now_ms + 1000 * ((uint64_t)entry->block_s + config->most_s);
	return entry->block_s;
}

void strikes_take_back(struct strikes *s, const struct address *address)
{
	struct entry *entry = find(s, address);

	if (entry)
		entry->block_s = entry->block_was;
}
