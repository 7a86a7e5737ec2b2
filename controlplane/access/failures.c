/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/access/failures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "controlplane/lib/hashtable.h"
#include "dataplane/lib/address.h"

#define SOURCE_TEXT 80
#define USER_HALF   UINT64_MAX /* no address that anything comes from */

struct source {
	struct hashtable_node node;
	TAILQ_ENTRY(source) link; /* by the last failure, the latest first */
	struct address key;       /* the second half of an IPv6 one is 0 */
	uint64_t due_ms;          /* when all of its burst may come again, beyond now */
};

TAILQ_HEAD(sources, source);

struct failures {
	struct hashtable table;
	struct sources used;
	unsigned int count;
	uint64_t all_due_ms;
	struct source sources[FAILURES_SOURCES];
};

struct failures *failures_create(void)
{
	struct failures *failures = calloc(1, sizeof(*failures));

	if (failures && hashtable_open(&failures->table)) {
		free(failures);
		return NULL;
	}
	if (failures)
		TAILQ_INIT(&failures->used);
	return failures;
}

void failures_free(struct failures *failures)
{
	if (failures)
		hashtable_close(&failures->table);
	free(failures);
}

/* A bucket of one word, as gate_rate.h has it. */
static bool take(uint64_t *due_ms, uint64_t now_ms, uint64_t burst, uint64_t each_ms)
{
	uint64_t due = *due_ms > now_ms ? *due_ms : now_ms;

	if (due - now_ms > (burst - 1) * each_ms)
		return false;
	*due_ms = due + each_ms;
	return true;
}

/* Whom an attempt counts for: texts that are nothing known are all one source. */
static struct address key_of(const char *from)
{
	struct address key = {.half = {0}};
	char text[SOURCE_TEXT], *host = text, *end;
	unsigned int uid;

	if (sscanf(from, "uid %u", &uid) == 1) {
		key.half[0] = USER_HALF;
		key.half[1] = uid;
		return key;
	}
	snprintf(text, sizeof(text), "%s", from);
	if (*host == '[') {
		host++;
		end = host + strcspn(host, "]%");
	} else {
		/* "192.0.2.1:4711", or an IPv6 address alone, which has more colons. */
		end = strchr(host, ':');
		if (!end || strchr(end + 1, ':'))
			end = host + strcspn(host, "%");
	}
	*end = '\0';
	if (address_parse(&key, host))
		return (struct address){.half = {0}};
	if (!address_is_ipv4(&key))
		key.half[1] = 0;
	return key;
}

static bool is_same(const struct hashtable_node *node, const void *key)
{
	return address_equal(&((const struct source *)node)->key, key);
}

/* The source, which is the latest from now on; another makes room if need be. */
static struct source *get(struct failures *failures, const struct address *key)
{
	uint64_t hash = hashtable_hash(&failures->table, key, sizeof(*key));
	struct source *source =
		(struct source *)hashtable_find(&failures->table, hash, is_same, key);

	if (source) {
		TAILQ_REMOVE(&failures->used, source, link);
	} else {
		if (failures->count < FAILURES_SOURCES) {
			source = &failures->sources[failures->count++];
		} else {
			source = TAILQ_LAST(&failures->used, sources);
			TAILQ_REMOVE(&failures->used, source, link);
			hashtable_remove(&failures->table, &source->node);
		}
		source->key = *key;
		source->due_ms = 0;
		hashtable_add(&failures->table, &source->node, hash);
	}
	TAILQ_INSERT_HEAD(&failures->used, source, link);
	return source;
}

bool failures_count(struct failures *failures, const char *from, uint64_t now_ms)
{
	const struct address key = key_of(from);

	return take(&get(failures, &key)->due_ms, now_ms, FAILURES_BURST, FAILURES_EACH_MS) &&
	       take(&failures->all_due_ms, now_ms, FAILURES_ALL, FAILURES_ALL_EACH);
}
