/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/floods/blocked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/blocks.h"
#include "dataplane/dataplane.h"
#include "dataplane/main/floods/block_list.h"
#include "dataplane/main/workers.h"
#include "dataplane/main/shared.h"
#include "ebpf/shed_maps.h"

#define LOOKS_A_SECOND 10

struct blocked {
	const struct dataplane *dataplane;
	struct shed *shed;
	struct shed_prefix prefixes[SHED_BLOCKS]; /* beside terms[] */
	struct {
		uint64_t until; /* TSC; 0: until it is deleted */
		bool automatic;
	} terms[SHED_BLOCKS];
	uint32_t count;
	struct block_list *list; /* of them, as of the last poll; NULL: none */
	bool changed;            /* the list, and the workers, have yet to hear */
	uint64_t next_look;      /* TSC: nothing expires before */
};

int blocked_create(struct blocked **out, const struct dataplane *d, struct shed *shed)
{
	struct blocked *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->dataplane = d;
	b->shed = shed;
	*out = b;
	return 0;
}

void blocked_destroy(struct blocked *b)
{
	if (!b)
		return;
	block_list_release(b->list);
	free(b);
}

/* As a number of bits IPv4's are behind the 96 of ::ffff:0:0/96, which IPv6 may not contain. */
int blocked_prefix(struct shed_prefix *prefix, const ProtobufCBinaryData *address, uint32_t length,
		   const char **what)
{
	static const uint8_t ipv4[16] = {[10] = 0xff, [11] = 0xff};
	struct prefix p;

	*what = "address: needs 4 or 16 octets";
	if (address_from_octets(&p.address, address->data, address->len))
		return -EINVAL;
	*what = "length: needs 1 to 32 bits for IPv4, 1 to 128 for IPv6";
	if (length < 1 || length > 8 * address->len)
		return -EINVAL;
	p = prefix_of(&p.address, length + 8 * (16 - address->len));
	*what = "address: an IPv6 prefix that contains all of IPv4; name IPv4 prefixes as such";
	if (p.length <= ADDRESS_IPV4_BITS && address_same_bits(&p.address, ipv4, p.length))
		return -EINVAL;
	*what = "";
	prefix->length = p.length;
	memcpy(prefix->byte, p.address.octets, sizeof(prefix->byte));
	return 0;
}

/* Its place; b->count: it is not blocked. */
static uint32_t find(const struct blocked *b, const struct shed_prefix *prefix)
{
	uint32_t k = 0;

	while (k < b->count && memcmp(&b->prefixes[k], prefix, sizeof(*prefix)) != 0)
		k++;
	return k;
}

static uint64_t expiry(uint32_t for_ms)
{
	return for_ms ? rte_rdtsc() + for_ms * (rte_get_tsc_hz() / 1000) : 0;
}

int blocked_put(struct blocked *b, const struct shed_prefix *prefix, uint32_t for_ms,
		bool automatic, const char **what)
{
	uint32_t k = find(b, prefix);
	int error;

	if (k < b->count && automatic && !b->terms[k].automatic)
		return 0;
	if (k == b->count) {
		error = k < SHED_BLOCKS ? shed_block(b->shed, prefix) : -ENOSPC;
		if (error) {
			*what = "no room for another block: delete some, or block shorter prefixes";
			return error;
		}
		b->prefixes[b->count++] = *prefix;
		b->changed = true;
	}
	b->terms[k].until = expiry(for_ms);
	b->terms[k].automatic = automatic;
	return 0;
}

/* A shorter prefix that contains it is in force again. */
static void take_out(struct blocked *b, uint32_t k)
{
	shed_unblock(b->shed, &b->prefixes[k]);
	b->count--;
	b->prefixes[k] = b->prefixes[b->count];
	b->terms[k] = b->terms[b->count];
	b->changed = true;
}

int blocked_delete(struct blocked *b, const struct shed_prefix *prefix, const char **what)
{
	uint32_t k = find(b, prefix);

	*what = "this prefix is not blocked";
	if (k == b->count)
		return -ENOENT;
	take_out(b, k);
	return 0;
}

static void expire(struct blocked *b, uint64_t now)
{
	for (uint32_t k = b->count; k-- > 0;)
		if (b->terms[k].until && (int64_t)(now - b->terms[k].until) >= 0)
			take_out(b, k);
}

static bool is_any_judged(const struct dataplane *d)
{
	for (unsigned int p = 0; p < d->port_count; p++)
		if (d->ports[p].judged)
			return true;
	return false;
}

/* False: not now. */
static bool make_list(struct blocked *b)
{
	struct block_list *list = NULL;

	if (b->count) {
		list = block_list_make(b->prefixes, b->count);
		if (!list)
			return false;
	}
	block_list_release(b->list);
	b->list = list;
	return true;
}

static void tell_workers(const struct blocked *b)
{
	const struct dataplane *d = b->dataplane;

	if (!is_any_judged(d))
		return;
	for (unsigned int k = 0; k < d->worker_count; k++) {
		shared_hold(b->list);
		worker_order(d->workers[k],
			     (struct order){.kind = ORDER_BLOCKS, .object = b->list});
	}
}

void blocked_poll(struct blocked *b, uint64_t now)
{
	if ((int64_t)(now - b->next_look) >= 0) {
		b->next_look = now + rte_get_tsc_hz() / LOOKS_A_SECOND;
		expire(b, now);
	}
	if (!b->changed || !workers_have_room(b->dataplane) || !make_list(b))
		return;
	tell_workers(b);
	b->changed = false;
}

bool blocked_has(const struct blocked *b, const struct address *address)
{
	struct shed_address a;

	memcpy(a.byte, address->octets, sizeof(a.byte));
	return block_list_has(b->list, &a);
}

uint32_t blocked_count(const struct blocked *b)
{
	return b->count;
}

struct blocked_entry blocked_entry(const struct blocked *b, uint32_t k)
{
	return (struct blocked_entry){
		.prefix = b->prefixes[k],
		.until = b->terms[k].until,
		.automatic = b->terms[k].automatic,
	};
}
