/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of one leg on the main lcore: its slot, its ports, and the configurations that it posts.
 */
#include "dataplane/main/workers.h"
#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/legs/path_plan.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/legs/tap.h"
#include "dataplane/seen.h"
#include "dataplane/main/shared.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <rte_cycles.h>

struct leg_config *record_config_create(struct registry *r, const struct leg_config *from)
{
	struct leg_config *config = slab_take(&r->configs);

	if (!config)
		return NULL;
	if (from)
		*config = *from;
	else
		memset(config, 0, sizeof(*config));
	shared_hold(config->receive);
	shared_hold(config->receive_previous);
	shared_hold(config->terms);
	/* Paths are worked out anew by record_post(). */
	config->has_own = false;
	config->branches = NULL;
	config->branch_count = 0;
	memset(&config->own, 0, sizeof(config->own));
	memset(config->heard, 0, sizeof(config->heard));
	config->tap = NULL;
	return config;
}

static void release_seen(struct registry *r, struct seen *seen)
{
	if (shared_release(seen))
		slab_put(&r->seen, seen);
}

bool record_terms_renew(struct registry *r, struct leg_terms *terms)
{
	struct seen *seen = slab_take(&r->seen);

	if (!seen)
		return false;
	memset(seen, 0, sizeof(*seen));
	if (getrandom(seen->key, sizeof(seen->key), 0) != sizeof(seen->key))
		seen->key[0] = rte_rdtsc();
	seen->users = 1;
	release_seen(r, terms->credentials[1].seen);
	terms->credentials[1] = terms->credentials[0];
	terms->credentials[0].seen = seen;
	return true;
}

void record_config_drop_terms(struct registry *r, struct leg_config *config)
{
	struct leg_terms *terms = config->terms;

	config->terms = NULL;
	if (!shared_release(terms))
		return;
	for (unsigned int k = 0; k < RTE_DIM(terms->credentials); k++)
		release_seen(r, terms->credentials[k].seen);
	OPENSSL_cleanse(terms, sizeof(*terms));
	slab_put(&r->terms, terms);
}

bool record_config_own_terms(struct registry *r, struct leg_config *config)
{
	struct leg_terms *own = slab_take(&r->terms);

	if (!own)
		return false;
	if (config->terms)
		*own = *config->terms;
	else
		memset(own, 0, sizeof(*own));
	own->users = 1;
	for (unsigned int k = 0; k < RTE_DIM(own->credentials); k++)
		shared_hold(own->credentials[k].seen);
	record_config_drop_terms(r, config);
	config->terms = own;
	return true;
}

void record_config_free(struct registry *r, struct leg_config *config)
{
	if (!config)
		return;
	path_unplan(r, config);
	key_release(r, config->receive);
	key_release(r, config->receive_previous);
	tap_release(config->tap);
	record_config_drop_terms(r, config);
	OPENSSL_cleanse(config, sizeof(*config));
	slab_put(&r->configs, config);
}

void record_post(struct registry *r, struct record *record, struct leg_config *config)
{
	path_plan(r, record, config);
	config->windows = record->windows;
	config->pairs = record->pairs;
	config->tap = shared_hold(record->tap);
	record->latest = config;
	record_order(r, record,
		     (struct order){.kind = ORDER_APPLY, .leg = record->leg, .object = config});
}

int record_repost(struct registry *r, struct record *record)
{
	struct leg_config *config;

	if (!record->latest)
		return 0;
	config = record_config_create(r, record->latest);
	record->outdated = !config;
	if (!config)
		return -ENOMEM;
	record_post(r, record, config);
	return 0;
}

void record_refresh(struct registry *r, struct record *record)
{
	record->outdated = true;
	if (registry_has_room(r))
		record_repost(r, record);
}

void record_repost_sources(struct registry *r, struct record *record)
{
	struct path_record *path;

	TAILQ_FOREACH (path, &record->in, in)
		record_repost(r, path->from);
}

void record_refresh_sources(struct registry *r, struct record *record)
{
	struct path_record *path;

	TAILQ_FOREACH (path, &record->in, in)
		record_refresh(r, path->from);
}

/* Opens the first `count` of the leg's ports, closes the others. */
static void set_ports(struct registry *r, struct record *record, unsigned int count)
{
	for (unsigned int c = 0; c < LEG_COMPONENTS && record->port + c <= UINT16_MAX; c++) {
		uint16_t port = record->port + c;
		struct flow_entry entry = flow_entry_load(r->dataplane, record->address, port);
		bool was = entry.kind == FLOW_LEG && entry.leg == record->leg->index;
		bool open = c < count;

		if (was && !open)
			shed_port_close(r, record, c);
		entry = (struct flow_entry){.kind = FLOW_CLOSED};
		if (open)
			entry = (struct flow_entry){
				.kind = FLOW_LEG, .leg = record->leg->index, .component = c};
		if (open != was)
			flow_entry_store(r->dataplane, record->address, port, entry);
		if (open)
			shed_port_open(r, record, c);
	}
}

void record_open_ports(struct registry *r, struct record *record, bool rtcp_mux)
{
	set_ports(r, record, rtcp_mux ? 1 : LEG_COMPONENTS);
}

void record_withdraw(struct registry *r, struct record *record)
{
	rte_hash_del_key(r->by_id, &record->id);
	r->count--;
	record->state = RECORD_CLOSING;
	set_ports(r, record, 0);
}

void record_clear(struct registry *r, struct record *record)
{
	record_order(r, record, (struct order){.kind = ORDER_CLEAR, .leg = record->leg});
	path_drop_sent(r, record);
	key_release(r, record->protect);
	record->protect = NULL;
	tap_release(record->tap);
	record->tap = NULL;
}

struct record *record_create(struct registry *r, uint64_t id, unsigned int address, uint16_t port)
{
	struct record *record;
	uint32_t index;

	if (!r->free_count)
		return NULL;
	index = r->free_list[r->free_count - 1];
	if (rte_hash_add_key_data(r->by_id, &id, (void *)(uintptr_t)(index + 1)))
		return NULL;
	r->free_count--;
	r->count++;
	record = &r->records[index];
	memset(record, 0, sizeof(*record));
	record->id = id;
	record->lineage = ++r->last_lineage;
	TAILQ_INIT(&record->out);
	TAILQ_INIT(&record->in);
	record->leg = &r->dataplane->legs[index];
	record->state = RECORD_OPEN;
	record->address = address;
	record->port = port;
	record->created = rte_rdtsc();
	/* Until its packets say which one it had better be. */
	record->worker = (port >> 1) % r->dataplane->worker_count;
	leg_set_worker(record->leg, record->worker);
	return record;
}

void record_reuse(struct registry *r, struct record *record)
{
	if (record->state != RECORD_CLOSING || !record->cleared || record->named)
		return;
	slab_put(&r->windows, record->windows);
	slab_put(&r->pairs, record->pairs);
	record->state = RECORD_FREE;
	r->free_list[r->free_count++] = record->leg->index;
}
