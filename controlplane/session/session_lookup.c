/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls and legs there are, by id. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/session_state.h"

#define container(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

static bool same_leg(const struct hashtable_node *node, const void *id)
{
	return container(const struct leg, node, node)->id == *(const uint64_t *)id;
}

static bool same_call(const struct hashtable_node *node, const void *id)
{
	return strcmp(container(const struct call, node, node)->id, id) == 0;
}

static bool same_key(const struct hashtable_node *node, const void *key)
{
	return container(const struct call, key_node, node)->key == *(const uint64_t *)key;
}

void session_add_leg(struct session *s, struct leg *leg)
{
	leg->party->call->legs_made++;
	hashtable_add(&s->legs, &leg->node, hashtable_hash(&s->legs, &leg->id, sizeof(leg->id)));
}

void session_remove_leg(struct session *s, struct leg *leg)
{
	hashtable_remove(&s->legs, &leg->node);
}

struct leg *session_find_leg(struct session *s, uint64_t id)
{
	struct hashtable_node *node =
		hashtable_find(&s->legs, hashtable_hash(&s->legs, &id, sizeof(id)), same_leg, &id);

	return node ? container(struct leg, node, node) : NULL;
}

struct call *session_find_call(struct session *s, const char *id)
{
	struct hashtable_node *node =
		hashtable_find(&s->calls, hashtable_hash(&s->calls, id, strlen(id)), same_call, id);

	return node ? container(struct call, node, node) : NULL;
}

struct call *session_find_key(struct session *s, uint64_t key)
{
	struct hashtable_node *node =
		hashtable_find(&s->calls_by_key,
			       hashtable_hash(&s->calls_by_key, &key, sizeof(key)), same_key, &key);

	return node ? container(struct call, key_node, node) : NULL;
}

void session_add_call(struct session *s, struct call *call)
{
	hashtable_add(&s->calls_by_key, &call->key_node,
		      hashtable_hash(&s->calls_by_key, &call->key, sizeof(call->key)));
	call->serial = ++s->last_serial;
	hashtable_add(&s->calls, &call->node,
		      hashtable_hash(&s->calls, call->id, strlen(call->id)));
	TAILQ_INSERT_TAIL(&s->by_age, call, entry);
}

static int by_creation(const void *a, const void *b)
{
	const struct call *one = *(struct call *const *)a, *other = *(struct call *const *)b;

	if (one->created != other->created)
		return one->created < other->created ? -1 : 1;
	return one->serial < other->serial ? -1 : 1;
}

/* Without memory they stay as they are. */
void session_sort_calls(struct session *s)
{
	struct call **calls = calloc(s->calls.count + 1, sizeof(calls[0]));
	struct call *call;
	size_t count = 0;

	if (!calls)
		return;
	while ((call = TAILQ_FIRST(&s->by_age))) {
		TAILQ_REMOVE(&s->by_age, call, entry);
		calls[count++] = call;
	}
	qsort(calls, count, sizeof(calls[0]), by_creation);
	for (size_t k = 0; k < count; k++) {
		calls[k]->serial = ++s->last_serial;
		TAILQ_INSERT_TAIL(&s->by_age, calls[k], entry);
	}
	free(calls);
}

void session_move_cursor(struct cursor *cursor)
{
	cursor->at = cursor->back ? TAILQ_PREV(cursor->at, call_list, entry)
				  : TAILQ_NEXT(cursor->at, entry);
}

void session_remove_call(struct session *s, struct call *call)
{
	struct cursor *cursor;

	counts_remove_call(call);
	hashtable_remove(&s->calls_by_key, &call->key_node);
	hashtable_remove(&s->calls, &call->node);
	LIST_FOREACH (cursor, &s->cursors, entry)
		if (cursor->at == call)
			session_move_cursor(cursor);
	TAILQ_REMOVE(&s->by_age, call, entry);
}
