/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/announce.h"

#include <rte_cycles.h>

#include "dataplane/dataplane.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/links/solicit.h"

#define ANNOUNCEMENTS 3
#define INTERVAL_S    1
#define DEFEND_S      10 /* RFC 5227 2.4 */

static struct {
	unsigned int left;
	uint64_t next;
	uint64_t defended; /* 0: never */
} announcements;

/*
 * The first comes with a probe, but does not wait for its outcome as RFC 4862 would: calls that
 * outlive a restart need the address at once. An answer to the probe ends in announce_defend().
 */
void announce_tick(struct dataplane *d, uint64_t now)
{
	if (!announcements.left || (int64_t)(now - announcements.next) < 0)
		return;
	for (unsigned int k = 0; k < d->address_count; k++) {
		if (announcements.left == ANNOUNCEMENTS)
			solicit_probe(d, &d->addresses[k]);
		solicit_announce(d, &d->addresses[k]);
	}
	announcements.left--;
	announcements.next = now + INTERVAL_S * rte_get_tsc_hz();
}

void announce_begin(struct dataplane *d, uint64_t now)
{
	announcements.left = ANNOUNCEMENTS;
	announcements.next = now;
	announcements.defended = 0;
	announce_tick(d, now);
}

void announce_defend(struct dataplane *d, const struct local_address *local,
		     const struct rte_ether_addr *mac, uint64_t now)
{
	char text[ADDRESS_TEXT], who[RTE_ETHER_ADDR_FMT_SIZE];

	if (announcements.defended && now - announcements.defended < DEFEND_S * rte_get_tsc_hz())
		return;
	announcements.defended = now;
	rte_ether_format_addr(who, sizeof(who), mac);
	log_error("port %s: address %s is also used by %s: give one of the two another address",
		  local->network->name, address_text(text, &local->address), who);
	solicit_announce(d, local);
}
