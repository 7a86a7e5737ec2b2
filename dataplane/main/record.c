/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of one leg on the main lcore: its slot, its ports, its keys, the configurations it posts
 * and how two legs that name each other are connected.
 */
#include "dataplane/main/workers.h"
#include "dataplane/main/egress_make.h"
#include "dataplane/main/record.h"
#include "dataplane/seen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <rte_cycles.h>

static struct worker *owner(const struct registry *r, const struct record *record)
{
	return r->dataplane->workers[record->leg->worker];
}

struct leg_config *record_config_create(struct registry *r, const struct leg_config *from)
{
	struct leg_config *config = slab_take(&r->configs);

	if (!config)
		return NULL;
	if (from)
		*config = *from;
	else
		memset(config, 0, sizeof(*config));
	key_hold(config->receive);
	key_hold(config->receive_previous);
	if (config->terms)
		config->terms->users++;
	/* What the peer decides is worked out anew by record_post(). */
	config->send = NULL;
	config->peer = NULL;
	config->peer_secure = false;
	config->verify = false;
	config->peer_rtcp_mux = false;
	config->mute = DROP_NONE;
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		config->egress[c] = NULL;
	return config;
}

static void hold_seen(struct seen *seen)
{
	if (seen)
		seen->users++;
}

static void release_seen(struct registry *r, struct seen *seen)
{
	if (seen && --seen->users == 0)
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
	if (!terms || --terms->users)
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
		hold_seen(own->credentials[k].seen);
	record_config_drop_terms(r, config);
	config->terms = own;
	return true;
}

void record_config_free(struct registry *r, struct leg_config *config)
{
	if (!config)
		return;
	if (config->peer)
		record_of(r, config->peer)->named--;
	key_release(r, config->receive);
	key_release(r, config->receive_previous);
	key_release(r, config->send);
	record_config_drop_terms(r, config);
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		egress_release(config->egress[c]);
	OPENSSL_cleanse(config, sizeof(*config));
	slab_put(&r->configs, config);
}

/* What a leg's configuration takes from the leg it is connected with. */
static void connect_peer(struct registry *r, struct record *record, struct leg_config *config)
{
	struct record *peer = record_peer(r, record);

	config->forward = record->receive && peer && peer->send;
	if (!peer || !peer->latest)
		return;
	config->peer = peer->leg;
	config->peer_secure = peer->latest->security != LEG_PLAIN;
	config->peer_rtcp_mux = peer->latest->rtcp_mux;
	config->verify = config->security != LEG_PLAIN && config->peer_secure && peer->shared;
	config->send = key_hold(peer->protect);
	config->mute = peer->mute;
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		config->egress[c] = egress_hold(peer->egress[c]);
	peer->named++;
}

void record_post(struct registry *r, struct record *record, struct leg_config *config)
{
	connect_peer(r, record, config);
	record->latest = config;
	worker_order(owner(r, record),
		     (struct order){.kind = ORDER_APPLY, .leg = record->leg, .object = config});
}

int record_repost(struct registry *r, struct record *record)
{
	struct leg_config *config;

	if (!record || !record->latest)
		return 0;
	config = record_config_create(r, record->latest);
	if (!config)
		return -ENOMEM;
	record_post(r, record, config);
	return 0;
}

void record_refresh(struct registry *r, struct record *record)
{
	if (record)
		record->outdated = !workers_have_room(r->dataplane) || record_repost(r, record);
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
			gate_close(r, record, c);
		entry = (struct flow_entry){.kind = FLOW_CLOSED};
		if (open)
			entry = (struct flow_entry){.kind = FLOW_LEG,
						    .leg = record->leg->index,
						    .worker = record->leg->worker,
						    .component = c};
		if (open != was)
			flow_entry_store(r->dataplane, record->address, port, entry);
		if (open)
			gate_open(r, record, c);
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
	worker_order(owner(r, record), (struct order){.kind = ORDER_CLEAR, .leg = record->leg});
	record_keep_blob(record, NULL, 0);
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
	record->leg = &r->dataplane->legs[index];
	record->state = RECORD_OPEN;
	record->address = address;
	record->port = port;
	record->created = rte_rdtsc();
	/* Both ports of a pair go to the same worker. */
	record->leg->worker = (port >> 1) % r->dataplane->worker_count;
	return record;
}

void record_reuse(struct registry *r, struct record *record)
{
	if (record->state != RECORD_CLOSING || !record->cleared || record->named)
		return;
	record->state = RECORD_FREE;
	r->free_list[r->free_count++] = record->leg->index;
}

void record_forget_key(struct registry *r, struct record *record)
{
	if (!record)
		return;
	key_release(r, record->protect);
	record->protect = NULL;
	record->shared = false;
}

void record_keep_blob(struct record *record, uint8_t *blob, size_t size)
{
	if (record->blob)
		OPENSSL_cleanse(record->blob, record->blob_size);
	free(record->blob);
	record->blob = blob;
	record->blob_size = size;
}
