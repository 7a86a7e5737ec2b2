/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which requests came, and what was answered: one that comes again, octet for octet, gets the same
 * reply, and nothing is done twice. The cookie alone would not do: proxies may have the same. A
 * reply is remembered for CACHE_MS, and while all of them take no more than CACHE_OCTETS. The
 * loop's thread only.
 */
#ifndef TANDEM_NG_CACHE_H
#define TANDEM_NG_CACHE_H

#include <stdint.h>
#include <sys/queue.h>

#include "controlplane/lib/hashtable.h"

#define NG_CACHE_MS     30000
#define NG_CACHE_OCTETS (64 << 20)

struct ng_entry {
	struct hashtable_node node;  /* by the message */
	TAILQ_ENTRY(ng_entry) entry; /* in order of age */
	uint64_t came;               /* ms */
	size_t cookie_length;
	char *reply; /* cookie and all; NULL while the request is served */
	size_t length;
	bool forgotten; /* while it is served: it goes with its reply */
	char cookie[];
};

struct ng_cache {
	struct hashtable table;
	TAILQ_HEAD(, ng_entry) by_age;
	size_t octets;
};

int ng_cache_open(struct ng_cache *cache); /* 0, -ENOMEM */
/* What is being served is freed with its reply. */
void ng_cache_close(struct ng_cache *cache);

/*
 * NULL if the message, which begins with a cookie of that length, is new. `now` is any clock in ms,
 * as below.
 */
struct ng_entry *ng_cache_find(struct ng_cache *cache, const char *message, size_t size,
			       size_t cookie, uint64_t now);
/* NULL without memory. */
struct ng_entry *ng_cache_add(struct ng_cache *cache, const char *message, size_t size,
			      size_t cookie, uint64_t now);
/* Takes the reply over; NULL: nothing is remembered. The entry may be gone afterwards. */
void ng_cache_answer(struct ng_cache *cache, struct ng_entry *entry, char *reply, size_t length);

#endif
