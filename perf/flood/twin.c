/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/flood/twin.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_ring_elem.h>

#include "dataplane/blocks.h"
#include "dataplane/dataplane.h"
#include "dataplane/clock.h"
#include "dataplane/main/floods/block_list.h"
#include "dataplane/sources.h"
#include "dataplane/stages.h"
#include "dataplane/turn.h"
#include "dataplane/worker.h"
#include "perf/flood/tables.h"
#include "perf/flood/vary.h"

/* A load: when its last packet is made, the first ones have left the inner caches. */
enum { LOAD = 8192, SAMPLES = 1024, VERSIONS = 2 };

static struct {
	struct dataplane dataplane;
	struct worker worker;
	struct tables tables;
	struct turn turn;
	struct rte_mbuf *load[LOAD];
} twin;

static void start_environment(int core)
{
	static char arguments[][20] = {"verdict",           "--no-pci", "--no-telemetry",
				       "--no-shconf",       "-m256",    "--no-huge",
				       "--log-level=error", "-l",       ""};
	char *argv[RTE_DIM(arguments) + 1] = {NULL};

	snprintf(arguments[RTE_DIM(arguments) - 1], sizeof(arguments[0]), "%d", core);
	for (unsigned int k = 0; k < RTE_DIM(arguments); k++)
		argv[k] = arguments[k];
	if (rte_eal_init(RTE_DIM(arguments), argv) < 0)
		errx(1, "DPDK does not start");
}

static void add_addresses(struct dataplane *d)
{
	struct network *network = &d->networks[0];

	d->ports[0] = (struct port){
		.name = "verdict", .judged = true, .network_count = 1, .networks = {network}};
	*network = (struct network){.name = "verdict", .port = &d->ports[0]};
	d->port_by_id[0] = &d->ports[0];
	d->port_count = d->network_count = 1;
	d->shed_rule = shed_rule(twin.tables.shed);
	d->shed_sketch = shed_sketch(twin.tables.shed);
	for (int n = 0; n < VERSIONS; n++) {
		struct shed_address media = frame_media(n ? 6 : 4);

		memcpy(d->addresses[n].address.octets, media.byte, sizeof(media.byte));
		d->addresses[n].network = network;
		d->shed_ports[n] = twin.tables.ports[n];
		network->address[network->address_count++] = d->address_count++;
	}
}

static void *calloc_aligned(size_t count, size_t size)
{
	void *memory = aligned_alloc(RTE_CACHE_LINE_SIZE, count * size);

	if (!memory)
		errx(1, "no memory");
	return memset(memory, 0, count * size);
}

static void enter(struct turn *t, struct allocation *a)
{
	uint64_t hash = turn_hash(t, a->listener, &a->client);

	for (unsigned int k = 0; k < 2 * TURN_BUCKET; k++) {
		uint64_t *entry = &turn_bucket(t, hash, k % 2)->entry[k / 2];

		if (*entry)
			continue;
		*entry = (uint64_t)turn_tag(hash) << 32 | (a->index + 1);
		return;
	}
	errx(1, "no room for TURN's clients");
}

/* Of the TURN server there is what its clients are found by. */
static void add_clients(struct turn *t)
{
	const uint32_t per_version = CASE_CLIENTS + 1;

	t->mask = CASE_CLIENTS - 1;
	t->allocations = calloc_aligned(VERSIONS * per_version, sizeof(*t->allocations));
	t->buckets = calloc_aligned(CASE_CLIENTS, sizeof(*t->buckets));
	for (uint32_t n = 0; n < VERSIONS * per_version; n++) {
		struct allocation *a = &t->allocations[n];
		struct shed_client client = tables_client(n < per_version ? 4 : 6, n % per_version);

		memcpy(a->client.address.octets, client.address.byte, sizeof(client.address.byte));
		a->client.port = client.port;
		a->index = n;
		enter(t, a);
	}
	twin.dataplane.turn = t;
}

void twin_open(int core)
{
	struct worker *w = &twin.worker;
	struct shed *shed;

	start_environment(core);
	if (shed_create(&shed) || tables_open(&twin.tables, shed))
		errx(1, "no memory for the tables");
	add_addresses(&twin.dataplane);
	add_clients(&twin.turn);
	twin.dataplane.mbufs = rte_pktmbuf_pool_create("verdict", 2 * LOAD - 1, 256, 0,
						       RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	clock_set(&twin.dataplane.clock);
	w->dataplane = &twin.dataplane;
	w->hz = rte_get_tsc_hz();
	w->sources = calloc_aligned(1, sizeof(*w->sources));
	w->samples = rte_ring_create_elem("samples", sizeof(struct shed_sample), SAMPLES,
					  SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (!twin.dataplane.mbufs || !w->samples)
		errx(1, "no memory for packets");
	w->sources->seed = 0x9e3779b97f4a7c15;
}

/* --- one case ----------------------------------------------------------------------------------*/

static void block(const struct verdict_case *c, int version)
{
	struct shed_prefix *prefixes = calloc(c->blocks ?: 1, sizeof(*prefixes));

	if (!prefixes)
		errx(1, "no memory for blocks");
	for (unsigned int n = 0; n < c->blocks; n++)
		prefixes[n] = tables_prefix(c, version, n);
	block_list_release(twin.worker.blocks);
	twin.worker.blocks = block_list_make(prefixes, c->blocks);
	free(prefixes);
	if (!twin.worker.blocks)
		errx(1, "no memory for blocks");
}

static void fill(const struct frame *frame, struct vary *vary)
{
	if (rte_pktmbuf_alloc_bulk(twin.dataplane.mbufs, twin.load, LOAD))
		errx(1, "packets are missing");
	for (unsigned int n = 0; n < LOAD; n++) {
		char *at = rte_pktmbuf_append(twin.load[n], frame->length);

		memcpy(at, frame->octet, frame->length);
		if (vary)
			vary_frame((struct packet){at, at + frame->length}, vary);
	}
}

/* TSC cycles of a load. What passes is then freed; what is dropped was, and that is in it. */
static uint64_t judge(void)
{
	static struct burst b;
	uint64_t cycles = 0;

	for (unsigned int n = 0; n < LOAD; n += BURST_MAX) {
		uint64_t begin;

		memcpy(b.mbuf, &twin.load[n], sizeof(b.mbuf));
		b.count = BURST_MAX;
		b.port[0] = 0;
		b.handed_over = false;
		begin = rte_rdtsc_precise();
		b.now = begin;
		shed_stage(&twin.worker, &b);
		cycles += rte_rdtsc_precise() - begin;
		rte_pktmbuf_free_bulk(b.mbuf, b.count);
	}
	rte_ring_reset(twin.worker.samples);
	return cycles;
}

double twin_measure(const struct verdict_case *c, int version, uint32_t repeat)
{
	const struct shed_address from =
		c->from_peer ? frame_peer(version) : frame_stranger(version);
	struct vary vary = {
		.random = 0x2545f4914f6cdd1d, .sources = c->sources, .ports = c->random_ports};
	uint64_t least = UINT64_MAX, before = twin.worker.sheds[c->reason], cycles, right;
	uint32_t loads = 1 + repeat / LOAD;
	struct frame frame;

	if (c->no_socket)
		return -1;
	frame_make(&frame, version, c->kind, &from, c->spoil);
	tables_prepare(&twin.tables, c, version);
	block(c, version);
	for (uint32_t n = 0; n < loads; n++) {
		fill(&frame, c->sources || c->random_ports ? &vary : NULL);
		cycles = judge();
		least = RTE_MIN(least, cycles);
	}
	right = twin.worker.sheds[c->reason] - before;
	/* A full bucket lets a few packets through before, and then one every four seconds. */
	if (right + 4 < loads * LOAD)
		errx(1, "%s, IPv%d: %ju of %u packets got the verdict %s in the dataplane", c->name,
		     version, (uintmax_t)right, loads * LOAD, shed_reason_name(c->reason));
	return (double)least / LOAD;
}

void twin_close(void)
{
	block_list_release(twin.worker.blocks);
	free(twin.worker.sources);
	free(twin.turn.buckets);
	free(twin.turn.allocations);
	shed_close(twin.tables.shed);
	rte_eal_cleanup();
}
