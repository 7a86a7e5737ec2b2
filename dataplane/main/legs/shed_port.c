/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What those who shed floods know of a leg's ports: the main lcore's part of struct shed_port. The
 * flags come last when a port opens and go first when it closes, so that nobody passes by what a
 * leg before it left.
 */
#include <stdio.h>

#include <rte_cycles.h>

#include "dataplane/main/floods/rates.h"
#include "dataplane/main/legs/record.h"
#include "ebpf/shed.h"

#define AHEAD_LEAST 3
#define AHEAD_MOST  256

static struct shed_port *entry_of(const struct registry *r, const struct record *record,
				  unsigned int component)
{
	struct shed_port *ports = r->dataplane->shed_ports[record->address];

	return ports ? &ports[record->port + component] : NULL;
}

void shed_port_plan(const struct registry *r, const struct record *record,
		    struct leg_config *config)
{
	config->shed[0] = entry_of(r, record, 0);
	config->shed[1] = config->rtcp_mux ? NULL : entry_of(r, record, 1);
}

static void store_flags(struct shed_port *port, uint32_t flags)
{
	__atomic_store_n(&port->flags, flags, __ATOMIC_RELEASE);
}

static void set_ufrag(struct shed_port *port, unsigned int which, const char *ufrag)
{
	char head[sizeof(((struct leg_ice *)0)->local_ufrag) + 1];
	uint64_t word = 0;
	int length = *ufrag ? snprintf(head, sizeof(head), "%s:", ufrag) : 0;

	length = RTE_MIN(length, (int)sizeof(word));
	memcpy(&word, head, length);
	port->ufrag[which] = word;
	port->ufrag_octets[which] = length;
}

/* Until a pair is nominated by the new credentials, checks with the old ones are answered. */
static bool is_restarting(const struct record *record)
{
	const struct leg_config *config = record->latest;

	return config->ice && config->terms->credentials[1].local_ufrag[0] &&
	       record->leg->nominated_epoch != config->ice_epoch;
}

static uint32_t flags_of(const struct leg_config *config, unsigned int component, uint64_t now)
{
	uint32_t open = SHED_PORT_OPEN | (config->rtcp_mux || component ? 0 : SHED_PORT_RTP);
	uint32_t learns = open | SHED_PORT_LATCH;

	if (config->ice)
		return open | SHED_PORT_ICE;
	if (now >= config->latch_until)
		return open;
	if (config->security == LEG_DTLS)
		learns |= SHED_PORT_DTLS;
	if (!config->latch_signalled)
		return learns;
	/* There may be no address yet: then nobody's is learnt. */
	if (endpoint_is_unset(&config->remote[component]))
		return open;
	return learns | SHED_PORT_SIGNALLED;
}

static uint16_t ahead_of(uint32_t media_pps)
{
	uint32_t ahead = media_pps / 200;

	if (!media_pps || ahead > AHEAD_MOST)
		return AHEAD_MOST;
	return ahead < AHEAD_LEAST ? AHEAD_LEAST : ahead;
}

void shed_port_open(const struct registry *r, struct record *record, unsigned int component)
{
	const struct leg_config *config = record->latest;
	struct shed_port *port = entry_of(r, record, component);
	uint64_t now = rte_rdtsc();

	if (!port)
		return;
	if (!(port->flags & SHED_PORT_OPEN))
		record->shed_seen[component] = port->shed;
	port->leg = record->leg->index;
	port->window = leg_window(config);
	port->media = rates_of_media(record->media_pps, record->media_burst);
	port->ahead = ahead_of(record->media_pps);
	set_ufrag(port, 0, config->ice ? config->terms->credentials[0].local_ufrag : "");
	set_ufrag(port, 1, is_restarting(record) ? config->terms->credentials[1].local_ufrag : "");
	memcpy(port->signalled.byte, config->remote[component].address.octets,
	       sizeof(port->signalled.byte));
	store_flags(port, flags_of(config, component, now));
	record->restarting = is_restarting(record);
	record->latching = !config->ice && now < config->latch_until;
}

static void count(struct record *record, const struct shed_port *port, unsigned int component)
{
	uint32_t new = port->shed - record->shed_seen[component];

	if (!new)
		return;
	record->shed += new;
	record->shed_seen[component] += new;
	record->shed_reason = port->shed_reason;
}

void shed_port_close(const struct registry *r, struct record *record, unsigned int component)
{
	struct shed_port *port = entry_of(r, record, component);

	if (!port)
		return;
	count(record, port, component);
	store_flags(port, 0);
	memset(port, 0, offsetof(struct shed_port, shed));
	port->leg = SHED_NO_LEG;
}

void shed_port_watch(const struct registry *r, struct record *record, uint64_t now)
{
	unsigned int components = record->latest->rtcp_mux ? 1 : LEG_COMPONENTS;

	if (!(record->latching && now >= record->latest->latch_until) &&
	    !(record->restarting && !is_restarting(record)))
		return;
	for (unsigned int c = 0; c < components; c++)
		shed_port_open(r, record, c);
}

void shed_port_count(const struct registry *r, struct record *record)
{
	unsigned int components = record->latest->rtcp_mux ? 1 : LEG_COMPONENTS;

	for (unsigned int c = 0; c < components; c++)
		if (entry_of(r, record, c))
			count(record, entry_of(r, record, c), c);
}
