/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/measure.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>

#include "dataplane/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

#define TURNS_MAX (4 * RIG_PACKETS / BURST_MAX)
#define WAIT_US   1000

const char *const measure_stages[] = {"rx",
#define X(stage) #stage,
				      STAGES(X)
#undef X
					      NULL};

static_assert(RTE_DIM(measure_stages) <= RTE_DIM(((struct measure *)0)->stages[0]) + 1,
	      "a place for every stage");

static double per_packet(uint64_t cycles)
{
	return (double)cycles / RIG_PACKETS;
}

static bool all_sent(struct measure *m)
{
	const struct worker *w = m->traffic->rig->worker;

	if (traffic_sent() == RIG_PACKETS)
		return true;
	fprintf(stderr, "pipeline: %u of %u packets were sent\n", traffic_sent(), RIG_PACKETS);
	for (unsigned int k = DROP_NONE + 1; k < DROP_MAX; k++)
		if (w->drops[k])
			fprintf(stderr, "pipeline: dropped, %s: %lu\n", drop_reasons[k].help,
				w->drops[k]);
	m->error = -EIO;
	return false;
}

static double run_pipeline(struct measure *m)
{
	struct worker *w = m->traffic->rig->worker;
	uint64_t begin = rte_rdtsc_precise();

	for (unsigned int k = 0; k < TURNS_MAX && traffic_sent() < RIG_PACKETS; k++)
		worker_poll(w);
	return per_packet(rte_rdtsc_precise() - begin);
}

static double run_ports(struct measure *m)
{
	struct rte_mbuf *packets[BURST_MAX];
	uint64_t begin = rte_rdtsc_precise();

	for (unsigned int k = 0; k < TURNS_MAX && traffic_sent() < RIG_PACKETS; k++) {
		for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
			uint16_t count = rte_eth_rx_burst(n, 0, packets, BURST_MAX);

			rte_eth_tx_burst(n, 0, packets, count);
		}
	}
	return per_packet(rte_rdtsc_precise() - begin);
}

/* --- the engine alone ------------------------------------------------------------------------ */

/* The sender has made other packets since. */
static uint64_t index_of(const struct source *sender, uint16_t seq)
{
	return sender->index - (uint16_t)(sender->index - seq);
}

static void prepare_job(struct crypt_job *job, const struct traffic *t, uint32_t k,
			struct crypt_key *key)
{
	struct rte_mbuf *m = t->mbuf[k];
	uint8_t *p = rte_pktmbuf_mtod_offset(m, uint8_t *, sizeof(t->sender[k]->header));

	*job = (struct crypt_job){
		.key = key,
		.data = p,
		.length = m->data_len - sizeof(t->sender[k]->header),
		.header = rtp_header_length(p),
		.ssrc = rtp_ssrc(p),
		.index = index_of(t->sender[k], rtp_seq(p)),
	};
}

/*
 * What unprotect.c and protect.c hand over, and only the time that the engine then takes. Jobs and
 * RTP headers are in the innermost cache, as after those; keys and the rest of the packet are not.
 */
static uint64_t run_engine(const struct traffic *t, uint32_t first, struct crypt_job *jobs,
			   uint16_t *lengths, bool receive)
{
	const struct crypt_engine *engine = t->rig->engine;
	uint64_t begin;

	for (uint32_t k = 0; k < BURST_MAX; k++) {
		const struct leg_config *config = t->sender[first + k]->leg->config;

		prepare_job(&jobs[k], t, first + k, receive ? config->receive : config->send);
		if (lengths[k])
			jobs[k].length = lengths[k];
	}
	begin = rte_rdtsc_precise();
	if (receive)
		engine->unprotect(jobs, BURST_MAX);
	else
		engine->protect(jobs, BURST_MAX);
	return rte_rdtsc_precise() - begin;
}

static void check_jobs(struct measure *m, const struct crypt_job *jobs, uint16_t *lengths)
{
	for (uint32_t k = 0; k < BURST_MAX; k++) {
		lengths[k] = jobs[k].length;
		if (jobs[k].status == CRYPT_OK)
			continue;
		fprintf(stderr, "pipeline: the engine refused a packet\n");
		m->error = -EIO;
	}
}

static double run_raw(struct measure *m)
{
	struct traffic *t = m->traffic;
	const bool receive = t->from == FROM_SECURE;
	const bool send = !receive || t->rig->config.calls == CALLS_SECURE;
	uint64_t cycles = 0;

	for (uint32_t first = 0; first < RIG_PACKETS; first += BURST_MAX) {
		uint16_t lengths[BURST_MAX] = {0}; /* as received */
		struct crypt_job jobs[BURST_MAX];

		if (receive) {
			cycles += run_engine(t, first, jobs, lengths, true);
			check_jobs(m, jobs, lengths);
		}
		if (send) {
			cycles += run_engine(t, first, jobs, lengths, false);
			check_jobs(m, jobs, lengths);
		}
	}
	traffic_skip();
	return per_packet(cycles);
}

/* --- stage by stage -------------------------------------------------------------------------- */

static void run_stages_of_port(struct worker *w, unsigned int n, uint64_t *cycles)
{
	uint64_t begin = rte_rdtsc(), end;
	struct burst b;

	rx_stage(w, &b, n, 0);
	if (!b.count)
		return;
#define X(stage)                                                                                   \
	end = rte_rdtsc();                                                                         \
	*cycles++ += end - begin;                                                                  \
	begin = end;                                                                               \
	stage##_stage(w, &b);
	STAGES(X)
#undef X
	*cycles += rte_rdtsc() - begin;
}

static double run_stages(struct measure *m, uint32_t load)
{
	uint64_t cycles[RTE_DIM(m->stages[0])] = {0};
	double sum = 0;

	for (unsigned int k = 0; k < TURNS_MAX && traffic_sent() < RIG_PACKETS; k++)
		for (unsigned int n = 0; n < RIG_NETWORKS; n++)
			run_stages_of_port(m->traffic->rig->worker, n, cycles);
	for (unsigned int k = 0; measure_stages[k]; k++) {
		m->stages[load][k] = per_packet(cycles[k]);
		sum += m->stages[load][k];
	}
	return sum;
}

/* --- on the worker's core -------------------------------------------------------------------- */

static int run(void *arg)
{
	struct measure *m = arg;

	for (uint32_t load = 0; load < m->loads && !m->error; load++) {
		traffic_fill(m->traffic);
		switch (m->kind) {
		case MEASURE_PIPELINE:
			m->cycles[load] = run_pipeline(m);
			break;
		case MEASURE_PORTS:
			m->cycles[load] = run_ports(m);
			break;
		case MEASURE_RAW:
			m->cycles[load] = run_raw(m);
			continue;
		case MEASURE_STAGES:
			m->cycles[load] = run_stages(m, load);
			break;
		}
		if (!all_sent(m))
			break;
	}
	return m->error;
}

int measure_run(struct measure *m)
{
	unsigned int lcore = m->traffic->rig->worker->lcore;
	int error;

	if (m->kind == MEASURE_RAW && m->traffic->rig->config.calls == CALLS_PLAIN)
		return -EINVAL; /* there are no keys */
	m->error = 0;
	error = rte_eal_remote_launch(run, m, lcore);
	if (error)
		return error;
	/* rte_eal_wait_lcore() would spin on the other core. */
	while (rte_eal_get_lcore_state(lcore) == RUNNING)
		usleep(WAIT_US);
	return rte_eal_wait_lcore(lcore);
}
