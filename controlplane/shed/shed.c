/* SPDX-License-Identifier: BSD-3-Clause */
/* The second's round: what was dropped, by whom, aimed at what. */
#include "controlplane/shed/shed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/drop_reason.h"
#include "controlplane/lib/octets.h"
#include "controlplane/session/owner.h"
#include "controlplane/shed/shed_state.h"
#include "dataplane/lib/log.h"

#define TICK_MS 1000

/* --- rates ----------------------------------------------------------------------------------- */

static void rates_put(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	if (error && reply)
		log_warn("shed: the dataplane takes no rates: %s", reply->what);
}

/* A dataplane that was just started has none of ours. */
static void connected(void *arg)
{
	struct shed *s = arg;
	const struct shed_rates *rates = &s->config.rates;
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutRates put = TANDEM__DATAPLANE__V1__PUT_RATES__INIT;

	tally_forget(&s->tally);
	put.unknown_pps = rates->unknown_pps;
	put.rtcp_pps = rates->rtcp_pps;
	put.stun_pps = rates->stun_pps;
	put.dtls_pps = rates->dtls_pps;
	put.stranger_pps = rates->stranger_pps;
	put.source_pps = rates->source_pps;
	put.service_pps = rates->service_pps;
	put.off = rates->off;
	message.put_rates = &put;
	client_request(s->client, &message, rates_put, s);
}

/* --- one second ------------------------------------------------------------------------------ */

static unsigned int read_sources(struct shed *s, struct attack_source out[SHED_TOP],
				 const Tandem__Dataplane__V1__Shed *in)
{
	unsigned int count = 0;

	for (size_t i = 0; i < in->n_sources && count < SHED_TOP; i++) {
		const Tandem__Dataplane__V1__Source *source = in->sources[i];
		struct prefix prefix;

		if (octets_read_source(&prefix, &source->address))
			continue;
		prefix_text(out[count].address, &prefix);
		snprintf(out[count].reason, sizeof(out[count].reason), "%s",
			 drop_reason_name(source->reason));
		out[count++].pps = source->pps;
		if (s->strikes)
			shed_strike(s, &prefix, source->failures_pps);
	}
	return count;
}

static unsigned int read_targets(struct shed *s, struct attack_target out[SHED_TOP],
				 const Tandem__Dataplane__V1__Shed *in)
{
	unsigned int count = 0;

	for (size_t i = 0; i < in->n_targets && count < SHED_TOP; i++) {
		const Tandem__Dataplane__V1__Target *target = in->targets[i];
		struct owner owner = {NULL};

		owner_of_leg(s->session, target->leg, &owner);
		out[count++] = (struct attack_target){
			owner.call_id, drop_reason_name(target->reason), target->pps};
	}
	return count;
}

static void feed_attacks(struct shed *s, const Tandem__Dataplane__V1__Shed *in)
{
	struct attack_source sources[SHED_TOP];
	struct attack_target targets[SHED_TOP];
	struct attack_second second = {
		.now_ms = uv_now(s->loop), .sources = sources, .targets = targets};

	if (in) {
		second.source_count = read_sources(s, sources, in);
		second.target_count = read_targets(s, targets, in);
	}
	for (unsigned int i = 0; i < s->tally.count; i++)
		second.pps[attack_kind_of(s->tally.reasons[i].name)] += s->tally.reasons[i].pps;
	attacks_feed(&s->attacks, &second, shed_notify, s);
}

static void on_shed(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct shed *s = arg;
	const Tandem__Dataplane__V1__Shed *shed = error ? NULL : reply->shed;

	s->asking = false;
	if (shed) {
		for (size_t i = 0; i < shed->n_counters; i++)
			if (shed->counters[i]->drop)
				tally_add(&s->tally, drop_reason_name(shed->counters[i]->name),
					  shed->counters[i]->help, shed->counters[i]->value);
		tally_end(&s->tally, uv_now(s->loop));
	} else {
		tally_forget(&s->tally);
	}
	feed_attacks(s, shed);
}

/*
 * What a worker dropped counts where it tells of an attempt; what the filter did comes by itself.
 */
static void on_counters(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct shed *s = arg;

	for (size_t i = 0; !error && i < reply->n_counters; i++) {
		const Tandem__Dataplane__V1__Counter *counter = reply->counters[i];

		if (attack_kind_of(counter->name) != ATTACK_NONE)
			tally_add(&s->tally, counter->name, counter->help, counter->value);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct shed *s = timer->data;
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetCounters get_counters = TANDEM__DATAPLANE__V1__GET_COUNTERS__INIT;
	Tandem__Dataplane__V1__GetShed get_shed = TANDEM__DATAPLANE__V1__GET_SHED__INIT;

	if (s->asking)
		return;
	s->asking = true;
	tally_begin(&s->tally);
	message.get_counters = &get_counters;
	client_request(s->client, &message, on_counters, s);
	message.get_counters = NULL;
	get_shed.sources = get_shed.targets = SHED_TOP;
	message.get_shed = &get_shed;
	client_request(s->client, &message, on_shed, s);
}

/* --- life ------------------------------------------------------------------------------------ */

int shed_start(struct shed **out, struct session *session, uv_loop_t *loop,
	       const struct shed_config *config)
{
	struct shed *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->session = session;
	s->client = session_client(session);
	s->config = *config;
	s->attacks.begin_pps = config->attack_pps;
	LIST_INIT(&s->watchers);
	if (config->auto_block) {
		s->strikes = strikes_make(&config->strike);
		if (!s->strikes) {
			free(s);
			return -ENOMEM;
		}
	}
	s->link = (struct session_link){.connected = connected, .arg = s};
	session_link(session, &s->link);
	uv_timer_init(loop, &s->tick);
	s->tick.data = s;
	uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
	*out = s;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct shed *s = handle->data;

	strikes_free(s->strikes);
	free(s);
}

/* The session's replies come before it closes: the memory is there until then. */
void shed_stop(struct shed *s)
{
	if (!s)
		return;
	session_unlink(&s->link);
	uv_close((uv_handle_t *)&s->tick, on_closed);
}
