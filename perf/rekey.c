/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/rekey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/main/legs/registry.h"
#include "perf/calls.h"

#define PUSHES_PER_TURN 32

int rekey_create(struct rekey *r, struct rig *rig)
{
	*r = (struct rekey){.rig = rig};
	r->subjects = calloc(rig->config.legs, sizeof(r->subjects[0]));
	if (!r->subjects)
		return -ENOMEM;
	for (uint32_t k = 0; k < rig->config.legs; k++) {
		struct subject *s = &r->subjects[r->count];
		int error;

		if (!rig->sources[k].key)
			continue;
		*s = (struct subject){.leg = k, .posted = 1, .taken = 1};
		s->keys[1] = rig->sources[k].key;
		error = calls_make_key(rig, &s->keys[0], k, 2);
		if (error)
			return error;
		r->count++;
	}
	return 0;
}

int rekey_push(struct rekey *r)
{
	const char *what;

	for (unsigned int k = 0; k < PUSHES_PER_TURN; k++) {
		struct subject *s = &r->subjects[r->next];
		int error;

		if (__atomic_load_n(&s->taken, __ATOMIC_RELAXED) != s->posted)
			break;
		error = calls_put_keys(r->rig, s->leg, s->posted + 1, &what);
		if (error == -EAGAIN)
			break;
		if (error) {
			fprintf(stderr, "latency: %s\n", what);
			return error;
		}
		__atomic_store_n(&s->posted, s->posted + 1, __ATOMIC_RELEASE);
		r->next = r->next + 1 == r->count ? 0 : r->next + 1;
		r->pushed++;
	}
	registry_poll(r->rig->registry);
	return 0;
}

void rekey_take(struct rekey *r)
{
	for (uint32_t k = 0; k < r->count; k++) {
		struct subject *s = &r->subjects[k];
		struct source *source = &r->rig->sources[s->leg];
		uint32_t posted = __atomic_load_n(&s->posted, __ATOMIC_ACQUIRE);

		if (posted == s->taken)
			continue;
		source->key = s->keys[posted & 1];
		source->index &= UINT16_MAX; /* the rollover counter begins anew with a key */
		__atomic_store_n(&s->taken, posted, __ATOMIC_RELAXED);
	}
}
