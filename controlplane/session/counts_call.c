/* SPDX-License-Identifier: BSD-3-Clause */
/* What is counted of whole calls, which takes knowing what they are made of. */
#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/report.h"
#include "controlplane/session/session_state.h"

static double age_s(const struct call *call)
{
	uint64_t now = wall_clock_ms();

	return now > call->created ? (now - call->created) / 1000.0 : 0;
}

void counts_add_call(struct call *call, bool anew)
{
	struct counts *c = &call->session->counts;

	call->counted.known = true;
	call->counted.driver = counts_driver(c, call->driver);
	call->counted.state = report_state(call);
	c->drivers[call->counted.driver].calls[call->counted.state]++;
	c->drivers[call->counted.driver].begun += anew;
}

static void settle_state(struct call *call)
{
	unsigned int *calls = call->session->counts.drivers[call->counted.driver].calls;
	unsigned int state = report_state(call);

	if (!call->counted.known || state == call->counted.state)
		return;
	calls[call->counted.state]--;
	calls[state]++;
	call->counted.state = state;
}

static void settle_suite(struct leg *leg)
{
	unsigned int *legs = leg->session->counts.networks[leg->counted.network].legs;
	enum srtp_suite suite = leg->keyed && leg->suite < SUITE_COUNT ? leg->suite : SUITE_NONE;

	if (leg->retired || suite == leg->counted.suite)
		return;
	legs[leg->counted.suite]--;
	legs[suite]++;
	leg->counted.suite = suite;
}

void counts_settle(struct call *call)
{
	struct party *party;
	struct leg *leg;

	settle_state(call);
	for_each_leg(leg, call) settle_suite(leg);
}

/* --- how they go ----------------------------------------------------------------------------- */

void counts_answer_call(const struct call *call)
{
	histogram_add(&call->session->counts.answered, &counts_seconds, age_s(call));
}

/* What the worst of its streams had on average; 0: none was rated. */
static double mos_of(const struct call *call)
{
	const struct party *party;
	const struct rated *rated;
	const struct leg *leg;
	double worst = 0;

	for_each_leg(leg, call)
	{
		LIST_FOREACH (rated, &leg->rated, entry) {
			double mos = quality_average(&rated->quality);

			if (mos && (!worst || mos < worst))
				worst = mos;
		}
	}
	return worst;
}

void counts_end_call(const struct call *call, enum counts_end end)
{
	struct counts *c = &call->session->counts;
	double mos = mos_of(call);

	c->ended[end]++;
	if (mos)
		histogram_add(&c->call_mos, &counts_mos, mos);
	if (call_is_answered(call))
		histogram_add(&c->lasted, &counts_long, age_s(call));
}
