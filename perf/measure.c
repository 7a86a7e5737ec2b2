/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/measure.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>

#include "dataplane/wire/rtp.h"
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

static double per_packet(const struct measure *m, uint64_t cycles)
{
	return (double)cycles / m->traffic->load;
}

/* Packets that come of a load. */
static uint32_t to_send(const struct measure *m)
{
	const struct traffic *t = m->traffic;

	return m->kind == MEASURE_PORTS ? t->load : t->load * (1 + t->rig->config.listeners);
}

/* Part of the load was not sent yet. */
static bool is_waiting(const struct measure *m)
{
	return traffic_sent(m->traffic) < to_send(m);
}

static void check_sent(struct measure *m)
{
	const struct worker *w = m->traffic->worker;

	if (!is_waiting(m))
		return;
	fprintf(stderr, "pipeline: %u of %u packets were sent\n", traffic_sent(m->traffic),
		to_send(m));
	for (unsigned int k = DROP_NONE + 1; k < DROP_MAX; k++)
		if (w->drops[k])
			fprintf(stderr, "pipeline: dropped, %s: %lu\n", drop_reasons[k].help,
				w->drops[k]);
	m->error = -EIO;
}

static double run_pipeline(struct measure *m)
{
	struct worker *w = m->traffic->worker;
	uint64_t begin = rte_rdtsc_precise();

	for (unsigned int k = 0; k < TURNS_MAX && is_waiting(m); k++)
		worker_poll(w);
	return per_packet(m, rte_rdtsc_precise() - begin);
}

static double run_ports(struct measure *m)
{
	const uint16_t queue = m->traffic->worker->id;
	struct rte_mbuf *packets[BURST_MAX];
	uint64_t begin = rte_rdtsc_precise();

	for (unsigned int k = 0; k < TURNS_MAX && is_waiting(m); k++) {
		for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
			uint16_t count = rte_eth_rx_burst(n, queue, packets, BURST_MAX);

			rte_eth_tx_burst(n, queue, packets, count);
		}
	}
	return per_packet(m, rte_rdtsc_precise() - begin);
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
			   uint16_t *lengths, void (*transform)(struct crypt_job *, unsigned int))
{
	const bool receive = transform != t->rig->engine->protect;
	uint64_t begin;

	for (uint32_t k = 0; k < BURST_MAX; k++) {
		const struct leg_config *config = t->sender[first + k]->leg->config;

		prepare_job(&jobs[k], t, first + k, receive ? config->receive : config->own.send);
		if (lengths[k])
			jobs[k].length = lengths[k];
	}
	begin = rte_rdtsc_precise();
	transform(jobs, BURST_MAX);
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
	const struct crypt_engine *engine = t->rig->engine;
	const enum rig_calls calls = t->rig->config.calls;
	const bool receive = t->from == FROM_SECURE;
	const bool send = !receive || calls == CALLS_SECURE;
	uint64_t cycles = 0;

	for (uint32_t first = 0; first < t->load; first += BURST_MAX) {
		uint16_t lengths[BURST_MAX] = {0}; /* as received */
		struct crypt_job jobs[BURST_MAX];

		if (receive) {
			cycles += run_engine(t, first, jobs, lengths,
					     calls == CALLS_SHARED ? engine->verify
								   : engine->unprotect);
			check_jobs(m, jobs, lengths);
		}
		if (send) {
			cycles += run_engine(t, first, jobs, lengths, engine->protect);
			check_jobs(m, jobs, lengths);
		}
	}
	traffic_skip(t);
	return per_packet(m, cycles);
}

/* --- stage by stage -------------------------------------------------------------------------- */

static void run_stages_of_port(struct worker *w, unsigned int n, uint64_t *cycles)
{
	uint64_t begin = rte_rdtsc(), end;
	struct burst b;

	rx_stage(w, &b, n, w->id);
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

	for (unsigned int k = 0; k < TURNS_MAX && is_waiting(m); k++)
		for (unsigned int n = 0; n < RIG_NETWORKS; n++)
			run_stages_of_port(m->traffic->worker, n, cycles);
	for (unsigned int k = 0; measure_stages[k]; k++) {
		m->stages[load][k] = per_packet(m, cycles[k]);
		sum += m->stages[load][k];
	}
	return sum;
}

/* --- on the workers' cores ------------------------------------------------------------------- */

/* All workers begin a load at the same time, those that can. */
static void meet(struct measure *m, uint32_t load)
{
	struct measure_meeting *meeting = m->meeting;

	__atomic_add_fetch(&meeting->arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&meeting->arrived, __ATOMIC_ACQUIRE) <
		       (load + 1) * meeting->workers &&
	       !__atomic_load_n(&meeting->failed, __ATOMIC_RELAXED))
		rte_pause();
}

static double run_load(struct measure *m, uint32_t load)
{
	switch (m->kind) {
	case MEASURE_PIPELINE:
		return run_pipeline(m);
	case MEASURE_PORTS:
		return run_ports(m);
	case MEASURE_RAW:
		return run_raw(m);
	case MEASURE_STAGES:
		return run_stages(m, load);
	}
	return 0;
}

static int run(void *arg)
{
	struct measure *m = arg;

	for (uint32_t load = 0; load < m->loads; load++) {
		traffic_fill(m->traffic);
		meet(m, load);
		m->cycles[load] = run_load(m, load);
		if (m->kind != MEASURE_RAW && !m->error)
			check_sent(m);
		/* Numbers that nobody has seen would leap. */
		if (m->kind == MEASURE_RAW || m->kind == MEASURE_PORTS)
			traffic_take_back(m->traffic);
		if (m->error)
			__atomic_store_n(&m->meeting->failed, true, __ATOMIC_RELAXED);
		if (__atomic_load_n(&m->meeting->failed, __ATOMIC_RELAXED))
			break;
	}
	return m->error;
}

int measure_run(struct measure *m, unsigned int workers)
{
	struct measure_meeting meeting = {.workers = workers};
	int error = 0;

	if (m->kind == MEASURE_RAW && m->traffic->rig->config.calls == CALLS_PLAIN)
		return -EINVAL; /* there are no keys */
	for (unsigned int k = 0; k < workers; k++) {
		m[k].error = 0;
		m[k].meeting = &meeting;
		if (rte_eal_remote_launch(run, &m[k], m[k].traffic->worker->lcore))
			return -EBUSY;
	}
	for (unsigned int k = 0; k < workers; k++) {
		unsigned int lcore = m[k].traffic->worker->lcore;

		/* rte_eal_wait_lcore() would spin on a core that a worker may have. */
		while (rte_eal_get_lcore_state(lcore) == RUNNING)
			usleep(WAIT_US);
		if (rte_eal_wait_lcore(lcore))
			error = -EIO;
	}
	return error;
}
