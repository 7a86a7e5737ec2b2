/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/bond.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_alarm.h>
#include <rte_cycles.h>
#include <rte_eth_bond.h>
#include <rte_eth_bond_8023ad.h>
#include <rte_ethdev.h>

#include "dataplane/dataplane.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/config.h"
#include "dataplane/main/links/devargs.h"
#include "dataplane/main/links/interface.h"
#include "dataplane/main/workers.h"

static int share_mac(const struct config_port *port)
{
	char *first = devargs_interface(port->devargs.texts[0]);
	int error = 0;

	for (unsigned int k = 1; first && !error && k < port->devargs.count; k++) {
		char *interface = devargs_interface(port->devargs.texts[k]);

		error = interface_share_mac(interface, first);
		if (error)
			log_error("[port %s] devargs: %s does not take the MAC address of %s, as "
				  "members of a bond must: %s; try ip link set %s address",
				  config_port_name(port), interface, first, strerror(-error),
				  interface);
		free(interface);
	}
	free(first);
	return error;
}

int bond_prepare(const struct config *config)
{
	int error = 0;

	for (unsigned int p = 0; p < config->port_count && !error; p++)
		error = share_mac(&config->ports[p]);
	return error;
}

/* --- the port -------------------------------------------------------------------------------- */

#define LINK_POLL_US 1000 /* how soon the driver sees that a device has stopped */
#define WAIT_US      100
#define WAIT_SECONDS 1

struct member {
	uint16_t id;
	char name[RTE_ETH_NAME_MAX_LEN]; /* DPDK's */
	char *interface;                 /* of the kernel's; NULL: DPDK drives the NIC */
	bool stopped;                    /* for its link is down */
	bool used;                       /* it carries traffic */
};

struct bond {
	uint16_t id;
	unsigned int count;
	uint32_t asked; /* pulses that are counted in port.passed once they are answered */
	struct member members[BOND_MEMBERS_MAX];
	char name[RTE_ETH_NAME_MAX_LEN];
};

static int find_member(struct member *m, const char *devargs)
{
	char *device = devargs_device(devargs);
	int error = device ? rte_eth_dev_get_port_by_name(device, &m->id) : -ENOMEM;

	free(device);
	m->interface = devargs_interface(devargs);
	return error ? error : rte_eth_dev_get_name_by_port(m->id, m->name);
}

/* Each second, whatever the other end asks for: a frame that was lost is not missed for long. */
static int speak_often(uint16_t bond)
{
	struct rte_eth_bond_8023ad_conf conf;
	int error = rte_eth_bond_8023ad_conf_get(bond, &conf);

	conf.slow_periodic_ms = conf.fast_periodic_ms + 1;
	return error ? error : rte_eth_bond_8023ad_setup(bond, &conf);
}

static int make_bond(struct bond *b)
{
	int node = rte_eth_dev_socket_id(b->members[0].id);
	struct rte_ether_addr mac;
	int id, error;

	snprintf(b->name, sizeof(b->name), "net_bonding%u", b->members[0].id);
	id = rte_eth_bond_create(b->name, BONDING_MODE_8023AD, node < 0 ? 0 : node);
	if (id < 0) {
		*b->name = '\0';
		return id;
	}
	b->id = id;
	error = rte_eth_bond_link_monitoring_set(id, LINK_POLL_US / 1000);
	if (!error)
		error = rte_eth_macaddr_get(b->members[0].id, &mac);
	if (!error)
		error = rte_eth_bond_mac_address_set(id, &mac);
	if (!error)
		error = speak_often(id);
	if (!error)
		error = rte_eth_bond_xmit_policy_set(id, BALANCE_XMIT_POLICY_LAYER34);
	for (unsigned int k = 0; k < b->count && !error; k++)
		error = rte_eth_bond_slave_add(id, b->members[k].id);
	return error;
}

int bond_create(struct port *p, char *const *devargs, unsigned int count)
{
	struct bond *b = calloc(1, sizeof(*b));
	int error = b ? 0 : -ENOMEM;

	p->bond = b;
	for (; b && b->count < count && !error; b->count++)
		error = find_member(&b->members[b->count], devargs[b->count]);
	if (!error)
		error = make_bond(b);
	if (error)
		log_error("[port %s] devargs: its devices make no bond: %s; DPDK's own message is "
			  "above",
			  p->name, strerror(-error));
	else
		p->id = b->id;
	return error;
}

static void on_alarm(void *waits)
{
	__atomic_store_n((bool *)waits, false, __ATOMIC_RELEASE);
}

/*
 * The driver looks after links by an alarm, and stops without calling it off: it would
 * come to a bond that is gone. Alarms are one thread's, which takes them in the order of their
 * time.
 */
static void wait_for_alarms(void)
{
	bool waits = true;

	if (rte_eal_alarm_set(2 * LINK_POLL_US, on_alarm, &waits))
		return;
	while (__atomic_load_n(&waits, __ATOMIC_ACQUIRE))
		usleep(LINK_POLL_US / 10);
}

static void unmake_bond(struct bond *b)
{
	rte_eth_dev_stop(b->id);
	wait_for_alarms();
	for (unsigned int k = 0; k < b->count; k++)
		rte_eth_bond_slave_remove(b->id, b->members[k].id);
	rte_eth_bond_free(b->name);
}

void bond_free(struct port *p)
{
	struct bond *b = p->bond;

	if (!b)
		return;
	if (*b->name)
		unmake_bond(b);
	for (unsigned int k = 0; k < b->count; k++)
		free(b->members[k].interface);
	free(b);
	p->bond = NULL;
}

/* --- its members ----------------------------------------------------------------------------- */

static bool is_active(const struct bond *b, const struct member *m)
{
	uint16_t active[BOND_MEMBERS_MAX];
	int count = rte_eth_bond_active_slaves_get(b->id, active, RTE_DIM(active));

	for (int k = 0; k < count; k++)
		if (active[k] == m->id)
			return true;
	return false;
}

/* Whether it sends: its link is up, and the other end has agreed. */
static bool is_used(const struct bond *b, const struct member *m)
{
	struct rte_eth_bond_8023ad_slave_info info;

	return is_active(b, m) && !rte_eth_bond_8023ad_slave_info(b->id, m->id, &info) &&
	       info.actor_state & STATE_DISTRIBUTING;
}

static uint64_t in_a_while(void)
{
	return rte_rdtsc() + WAIT_SECONDS * rte_get_tsc_hz();
}

/* Returns when each worker has turned since, and none is at the port; false: one does not turn. */
static bool pause_port(struct dataplane *d, struct port *p)
{
	const struct order order = {.kind = ORDER_PULSE, .port = p->id, .object = &p->passed};
	const uint64_t until = in_a_while();
	struct bond *b = p->bond;
	unsigned int told = 0;

	__atomic_store_n(&p->paused, true, __ATOMIC_RELEASE);
	/* Who was late the last time still has that to answer: all that was ever asked counts. */
	while (told < d->worker_count ||
	       __atomic_load_n(&p->passed, __ATOMIC_ACQUIRE) != b->asked) {
		while (told < d->worker_count && !worker_order(d->workers[told], order)) {
			b->asked++;
			told++;
		}
		if (rte_rdtsc() > until)
			return false;
		usleep(WAIT_US);
	}
	return true;
}

/*
 * The kernel's link is down, of which the driver learns when the device stops. A device that has
 * stopped is not to be touched: so the port is left alone until the driver has seen it, some
 * milliseconds. What comes meanwhile waits in the other members' queues; what was to go is lost.
 */
static void stop_member(struct dataplane *d, struct port *p, struct member *m)
{
	if (pause_port(d, p)) {
		const uint64_t until = in_a_while();

		m->stopped = !rte_eth_dev_stop(m->id);
		while (m->stopped && is_active(p->bond, m) && rte_rdtsc() < until)
			usleep(WAIT_US);
	}
	__atomic_store_n(&p->paused, false, __ATOMIC_RELEASE);
}

static void follow_link(struct dataplane *d, struct port *p, struct member *m)
{
	bool linked = interface_is_linked(m->interface);

	if (!linked && !m->stopped)
		stop_member(d, p, m);
	else if (linked && m->stopped)
		m->stopped = rte_eth_dev_start(m->id);
}

static void note(const struct port *p, const struct member *m)
{
	if (m->used)
		log_info("[port %s] %s carries traffic of the bond", p->name, m->name);
	else
		log_warn("[port %s] %s carries nothing any more: its link is down, or the other "
			 "end has left the bond",
			 p->name, m->name);
}

static unsigned int count_used(const struct bond *b)
{
	unsigned int used = 0;

	for (unsigned int k = 0; k < b->count; k++)
		used += b->members[k].used;
	return used;
}

static bool watch(struct dataplane *d, struct port *p)
{
	struct bond *b = p->bond;
	unsigned int before = count_used(b);

	worker_order(d->workers[0], (struct order){.kind = ORDER_PULSE, .port = b->id});
	for (unsigned int k = 0; k < b->count; k++) {
		struct member *m = &b->members[k];
		bool was_used = m->used;

		if (m->interface)
			follow_link(d, p, m);
		m->used = is_used(b, m);
		if (m->used != was_used)
			note(p, m);
	}
	return !before && count_used(b);
}

bool bond_watch(struct dataplane *d)
{
	bool up = false;

	for (unsigned int k = 0; k < d->port_count; k++)
		if (d->ports[k].bond && watch(d, &d->ports[k]))
			up = true;
	return up;
}

void bond_report(const struct bond *bond, uint32_t *members, uint32_t *used)
{
	*members = bond ? bond->count : 1;
	*used = bond ? count_used(bond) : 0;
}
