/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/workload.h"

#include "controlplane/session/session_state.h"

#define LEAST_US 1000000 /* of a share that says something */

void workload_reset(struct workload *load)
{
	*load = (struct workload){.last.count = 0};
}

static bool is_later(const struct workload_reading *reading,
		     const Tandem__Dataplane__V1__Reply *reply)
{
	if (!reading->count || reading->count != reply->n_workers)
		return false;
	for (unsigned int k = 0; k < reading->count; k++)
		if (reply->workers[k]->total_us < reading->workers[k].total_us + LEAST_US ||
		    reply->workers[k]->busy_us < reading->workers[k].busy_us)
			return false;
	return true;
}

void workload_take(struct workload *load, const Tandem__Dataplane__V1__Reply *reply)
{
	if (!reply->n_workers || reply->n_workers > WORKLOAD_WORKERS)
		return;
	if (load->last.count == reply->n_workers && !is_later(&load->last, reply))
		return;
	load->before = load->last;
	load->last.count = reply->n_workers;
	for (unsigned int k = 0; k < load->last.count; k++) {
		load->last.workers[k].busy_us = reply->workers[k]->busy_us;
		load->last.workers[k].total_us = reply->workers[k]->total_us;
	}
}

unsigned int workload_busy(const struct workload *load, const Tandem__Dataplane__V1__Reply *reply,
			   double busy[WORKLOAD_WORKERS])
{
	const struct workload_reading *since = &load->last;

	if (!is_later(since, reply))
		since = &load->before;
	if (!is_later(since, reply))
		return 0;
	for (unsigned int k = 0; k < since->count; k++)
		busy[k] = (double)(reply->workers[k]->busy_us - since->workers[k].busy_us) /
			  (double)(reply->workers[k]->total_us - since->workers[k].total_us);
	return since->count;
}

static void take(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct session *s = arg;

	if (!error)
		workload_take(&s->workload, reply);
}

void workload_read(struct session *s)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetCounters get = TANDEM__DATAPLANE__V1__GET_COUNTERS__INIT;

	message.get_counters = &get;
	client_request(s->client, &message, take, s);
}
