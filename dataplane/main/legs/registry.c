/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/legs/registry.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <rte_cycles.h>
#include <rte_hash_crc.h>

#include "dataplane/branch.h"
#include "dataplane/main/floods/destinations.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/seen.h"
#include "dataplane/main/workers.h"

void registry_serve_turn(struct registry *r, struct turn_server *turn)
{
	r->turn = turn;
}

uint32_t registry_count(const struct registry *r)
{
	return r->count;
}

uint64_t registry_leg_at(const struct registry *r, unsigned int address, uint16_t port)
{
	struct flow_entry entry = flow_entry_load(r->dataplane, address, port);

	return entry.kind == FLOW_LEG ? r->records[entry.leg].id : 0;
}

bool registry_sends_to(const struct registry *r, const struct shed_prefix *prefix)
{
	return destinations_within(r->destinations, prefix);
}

static int fail(const char **what, const char *text, int error)
{
	*what = text;
	return error;
}

static bool ports_are_free(const struct registry *r, const struct record *self,
			   unsigned int address, uint16_t port, bool rtcp_mux)
{
	for (unsigned int c = 0; c < (rtcp_mux ? 1 : 2); c++) {
		struct flow_entry entry = flow_entry_load(r->dataplane, address, port + c);

		if (entry.kind != FLOW_CLOSED &&
		    (entry.kind != FLOW_LEG || !self || entry.leg != self->leg->index))
			return false;
	}
	return true;
}

/* Without ICE the SDP says where media goes; with ICE `remote` is unset, and a nomination will. */
static void set_signalled(struct registry *r, struct record *record, const struct leg_config *old,
			  const struct leg_config *new)
{
	bool same = old && old->remote_epoch == new->remote_epoch;

	if (same && old->rtcp_mux == new->rtcp_mux)
		return;
	/* Where RTP goes may have been learnt meanwhile. */
	for (unsigned int c = same ? 1 : 0; c < LEG_COMPONENTS; c++) {
		const struct endpoint *remote = &new->remote[c];
		bool unused = endpoint_is_unset(remote) || (c > 0 && new->rtcp_mux);

		remote_set_egress(r, record, c, unused ? NULL : remote, DROP_NO_ADDRESS);
	}
}

static int check_put(struct registry *r, const Tandem__Dataplane__V1__PutLeg *put,
		     const struct record *record, int *address, const char **what)
{
	if (!put->leg)
		return fail(what, "leg: needs an id that is not 0", -EINVAL);
	if (!put->local || put->local->port == 0 || put->local->port > UINT16_MAX)
		return fail(what, "local: needs an address and a port", -EINVAL);
	*address = leg_plan_local(r->dataplane, put->local);
	if (*address < 0)
		return fail(what, "local: none of the media addresses", -EADDRNOTAVAIL);
	if (!put->rtcp_mux && put->local->port % 2)
		return fail(what, "local: a pair of ports begins with an even one", -EINVAL);
	if (record && (record->address != *address || record->port != put->local->port))
		return fail(what, "local: a leg keeps its address and port", -EBUSY);
	if (put->marking && put->marking->dscp > 63)
		return fail(what, "marking: a DSCP has six bits", -EINVAL);
	if (!ports_are_free(r, record, *address, put->local->port, put->rtcp_mux))
		return fail(what, "local: another leg has this port", -EADDRINUSE);
	if (!record && !r->free_count)
		return fail(what, "no free leg: raise [dataplane] legs", -ENOSPC);
	if (!registry_has_room(r))
		return fail(what, "a worker does not keep up", -EAGAIN);
	if (put->ice && !(record && record->pairs) && !slab_reserve(&r->pairs))
		return fail(what, "no memory for the leg: more hugepages", -ENOMEM);
	return 0;
}

int registry_put_leg(struct registry *r, const Tandem__Dataplane__V1__PutLeg *put,
		     const char **what)
{
	struct record *record = record_find(r, put->leg);
	const struct leg_config *old = record ? record->latest : NULL;
	struct leg_config *config;
	int address, error = check_put(r, put, record, &address, what);

	if (error)
		return error;
	config = record_config_create(r, old);
	if (!config)
		return fail(what, "no memory for the leg: more hugepages", -ENOMEM);
	error = leg_plan(r, config, put, what);
	if (error)
		goto out_config;
	if (!record) {
		record = record_create(r, put->leg, address, put->local->port);
		if (!record) {
			error = fail(what, "no memory for the leg", -ENOMEM);
			goto out_config;
		}
		record->tap = captures_tap(&r->captures, put->leg);
	}
	/* Silence before, on hold, was no silence. */
	if (!old || record_ticks(put->media_timeout_ms) != record->media_timeout)
		record->listening = rte_rdtsc();
	if (config->ice && !record->pairs)
		record->pairs = slab_take(&r->pairs); /* check_put() saw to it */
	record->revision = put->revision;
	record->media_timeout = record_ticks(put->media_timeout_ms);
	record->media_pps = put->media_pps;
	record->media_burst = put->media_burst;
	if (!old || old->ice_epoch != config->ice_epoch)
		record->consent_lost = false;

	record->latest = config;
	shed_port_plan(r, record, config);
	remote_mark(r, record,
		    put->marking ? put->marking->dscp
				 : r->dataplane->addresses[address].network->dscp);
	set_signalled(r, record, old, config);
	record_post(r, record, config);
	record_open_ports(r, record, config->rtcp_mux);
	record_repost_sources(r, record);
	return 0;

out_config:
	record_config_free(r, config);
	return error;
}

static int check_keys(const struct record *record, const Tandem__Dataplane__V1__PutKeys *put,
		      const char **what)
{
	const struct suite_info *suite = suite_info(put->suite);
	bool sends = put->send_key.len || put->send_salt.len;

	if (!record)
		return fail(what, "leg: no such leg", -ENOENT);
	if (!suite)
		return fail(what, "suite: not one that this version knows", -EINVAL);
	if (put->receive_key.len != suite->key_length ||
	    put->receive_salt.len != suite->salt_length ||
	    (sends &&
	     (put->send_key.len != suite->key_length || put->send_salt.len != suite->salt_length)))
		return fail(what, "keys: not of the suite's lengths", -EINVAL);
	if (record->latest->security == LEG_PLAIN)
		return fail(what, "keys: the leg's profile has no SRTP", -EINVAL);
	if (put->epoch == 0 || put->epoch < record->key_epoch)
		return fail(what, "epoch: older than the current one", -ESTALE);
	return 0;
}

/* What the participant protects with, in its configuration; the key before serves for a while. */
static void change_receive_key(struct registry *r, struct leg_config *config,
			       struct crypt_key *receive, uint64_t grace)
{
	if (receive == config->receive) {
		key_release(r, receive);
		return;
	}
	key_release(r, config->receive_previous);
	config->receive_previous = config->receive;
	config->receive = receive;
	config->grace_until = rte_rdtsc() + grace;
}

/* What the relay protects with, in the paths of those whom the participant hears. */
static void change_send_key(struct registry *r, struct record *record, struct crypt_key *send,
			    bool goes_on)
{
	/* What went on under a key that was given up is not known. */
	if (send != record->protect && (!goes_on || !record->protect))
		path_forget_sent(r, record);
	key_release(r, record->protect);
	record->protect = send;
}

static int make_keys(struct registry *r, const struct record *record,
		     const Tandem__Dataplane__V1__PutKeys *put, struct crypt_key **receive,
		     struct crypt_key **send, const char **what)
{
	int error = key_renew(r, receive, record->latest->receive,
			      &(struct key_wanted){.suite = put->suite,
						   .direction = CRYPT_RECEIVE,
						   .key = &put->receive_key,
						   .salt = &put->receive_salt});

	if (!error && put->send_key.len)
		error = key_renew(r, send, record->protect,
				  &(struct key_wanted){.suite = put->suite,
						       .direction = CRYPT_SEND,
						       .key = &put->send_key,
						       .salt = &put->send_salt,
						       .unspent = true});
	if (error == -EKEYREJECTED)
		return fail(what, "send_key: it has protected packets before; make a new one",
			    error);
	return error ? fail(what, "suite: the crypto engine does not take this key", error) : 0;
}

int registry_put_keys(struct registry *r, const Tandem__Dataplane__V1__PutKeys *put,
		      const char **what)
{
	struct record *record = record_find(r, put->leg);
	struct crypt_key *receive = NULL, *send = NULL;
	struct leg_config *config;
	int error = check_keys(record, put, what);

	if (error || put->epoch == record->key_epoch)
		return error;
	if (!registry_has_room(r))
		return fail(what, "a worker does not keep up", -EAGAIN);
	config = record_own_windows(r, record) ? record_config_create(r, record->latest) : NULL;
	if (!config)
		return fail(what, "no memory for the keys: more hugepages", -ENOMEM);
	error = make_keys(r, record, put, &receive, &send, what);
	if (error)
		goto out_config;
	key_spend(r, receive);
	if (send)
		key_spend(r, send);
	record->key_epoch = put->epoch;
	change_receive_key(r, config, receive, record_ticks(put->grace_ms));
	change_send_key(r, record, send, put->send_goes_on);
	record_post(r, record, config);
	record_repost_sources(r, record);
	return 0;

out_config:
	key_release(r, receive);
	record_config_free(r, config);
	return error;
}

/* Takes what connects the leg with others, then the leg; needs room for orders. */
static void close_leg(struct registry *r, struct record *record)
{
	path_end_all(r, record);
	deferred_forget(&r->deferred, record->leg);
	record_withdraw(r, record);
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		remote_set_egress(r, record, c, NULL, DROP_NO_PATH);
	record_clear(r, record);
}

int registry_delete_leg(struct registry *r, uint64_t id, const char **what)
{
	struct record *record = record_find(r, id);

	if (!record)
		return fail(what, "leg: no such leg", -ENOENT);
	if (!registry_has_room(r))
		return fail(what, "a worker does not keep up", -EAGAIN);
	close_leg(r, record);
	return 0;
}

int registry_create(struct registry **out, const struct registry_config *config)
{
	uint32_t legs = config->dataplane->leg_count;
	const struct rte_hash_parameters parameters = {
		.name = "legs",
		.entries = RTE_MAX(legs + legs / 4, 64u),
		.key_len = sizeof(uint64_t),
		.hash_func = rte_hash_crc,
		.socket_id = SOCKET_ID_ANY,
	};
	struct registry *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->config = *config;
	r->dataplane = config->dataplane;
	r->configs.size = sizeof(struct leg_config);
	r->terms.size = sizeof(struct leg_terms);
	r->seen.size = sizeof(struct seen);
	r->branches.size = sizeof(struct branch);
	r->windows.size = sizeof(struct stream_windows);
	r->pairs.size = LEG_PAIRS * sizeof(struct leg_pair);
	r->records = calloc(legs, sizeof(*r->records));
	r->free_list = calloc(legs, sizeof(*r->free_list));
	r->by_id = rte_hash_create(&parameters);
	if (!r->records || !r->free_list || !r->by_id || spent_create(&r->spent, legs) ||
	    destinations_create(&r->destinations, legs + legs / 4) || moves_create(r)) {
		registry_destroy(r);
		return -ENOMEM;
	}
	for (uint32_t k = 0; k < legs; k++)
		r->free_list[k] = legs - 1 - k;
	r->free_count = legs;
	*out = r;
	return 0;
}

/* The workers have stopped: this lcore does their part, until nothing is left. */
static void settle(struct registry *r)
{
	unsigned int done;

	do {
		done = 0;
		for (unsigned int k = 0; k < r->dataplane->worker_count; k++)
			done += worker_settle(r->dataplane->workers[k]);
	} while (registry_poll(r) || done);
}

void registry_destroy(struct registry *r)
{
	if (!r)
		return;
	if (r->records && r->by_id) {
		captures_end_all(r);
		settle(r);
		for (uint32_t k = 0; k < r->dataplane->leg_count; k++) {
			if (r->records[k].state != RECORD_OPEN)
				continue;
			close_leg(r, &r->records[k]);
			settle(r);
		}
	}
	deferred_clear(&r->deferred);
	captures_destroy(&r->captures);
	spent_destroy(&r->spent);
	slab_release(&r->configs);
	slab_release(&r->terms);
	slab_release(&r->seen);
	slab_release(&r->windows);
	slab_release(&r->pairs);
	slab_release(&r->branches);
	destinations_destroy(r->destinations);
	rte_hash_free(r->by_id);
	moves_destroy(r);
	free(r->free_list);
	free(r->records);
	free(r);
}
