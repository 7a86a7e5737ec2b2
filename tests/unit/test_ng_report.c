/* SPDX-License-Identifier: BSD-3-Clause */
/* A call's statistics: proxies find a tag's quality by the SSRC of its stream. */
#include "controlplane/ng/ng_state.h"
#include "tests/rig/test.h"

struct world {
	Tandem__Relay__V1__Quality quality;
	Tandem__Relay__V1__Stream stream[3];
	Tandem__Relay__V1__Stream *streams[3];
	Tandem__Relay__V1__Flow flow;
	Tandem__Relay__V1__Leg leg;
	Tandem__Relay__V1__Party party;
	Tandem__Relay__V1__Call call;
	Tandem__Relay__V1__Leg *legs[1];
	Tandem__Relay__V1__Party *parties[1];
	struct arena arena;
	struct ng_value *reply;
};

/* One party whose leg heard so many packets of SSRC 1, 2 and 3. */
static void report(struct world *w, const uint64_t packets[3])
{
	*w = (struct world){.quality = TANDEM__RELAY__V1__QUALITY__INIT,
			    .flow = TANDEM__RELAY__V1__FLOW__INIT,
			    .leg = TANDEM__RELAY__V1__LEG__INIT,
			    .party = TANDEM__RELAY__V1__PARTY__INIT,
			    .call = TANDEM__RELAY__V1__CALL__INIT};
	for (unsigned int k = 0; k < 3; k++) {
		tandem__relay__v1__stream__init(&w->stream[k]);
		w->stream[k].ssrc = k + 1;
		w->stream[k].packets = packets[k];
		w->stream[k].quality = packets[k] > 1000 ? &w->quality : NULL;
		w->streams[k] = &w->stream[k];
	}
	w->quality.mos = 4.1;
	w->quality.lowest_mos = 3.52;
	w->flow.streams = w->streams;
	w->flow.n_streams = 3;
	w->leg.tag = w->party.tag = (char *)"a";
	w->leg.flow = &w->flow;
	w->legs[0] = &w->leg;
	w->parties[0] = &w->party;
	w->call.legs = w->legs;
	w->call.parties = w->parties;
	w->call.n_legs = w->call.n_parties = 1;
	w->call.age_ms = 60000;
	w->reply = ng_dictionary(&w->arena);
	ng_report_call(&w->arena, w->reply, &w->call);
}

static const struct ng_value *stream_of(const struct world *w)
{
	const struct ng_value *tag = ng_get(ng_get(w->reply, "tags"), "a");

	return ng_get(ng_get(tag, "medias")->first, "streams")->first;
}

static void a_tag_names_the_stream_that_said_most(void **state)
{
	struct world w;
	const struct ng_value *lowest;

	report(&w, (const uint64_t[]){10, 3000, 20});
	assert_int_equal(ng_get_number(stream_of(&w), "SSRC", 0), 2);
	lowest = ng_get(ng_get(ng_get(w.reply, "SSRC"), "2"), "lowest MOS");
	assert_int_equal(ng_get_number(lowest, "MOS", 0), 35);
	/* No interval has been rated yet: then the whole is the highest. */
	assert_int_equal(ng_get_number(ng_get(ng_get(ng_get(w.reply, "SSRC"), "2"), "highest MOS"),
				       "MOS", 0),
			 41);
	assert_null(ng_get(ng_get(ng_get(w.reply, "SSRC"), "1"), "average MOS"));
	assert_non_null(ng_get(ng_get(ng_get(w.reply, "SSRC"), "1"), "cumulative loss"));
	assert_in_range(ng_get_number(lowest, "reported at", 0),
			ng_get_number(w.reply, "created", INT64_MAX) + 60, INT64_MAX);
	arena_clear(&w.arena);
}

/* A bundle's pictures have more packets than its voice. */
static void a_tag_names_its_voice(void **state)
{
	struct world w;

	report(&w, (const uint64_t[]){10, 3000, 20});
	w.streams[1]->quality = NULL;
	w.streams[2]->quality = &w.quality;
	arena_clear(&w.arena);
	w.reply = ng_dictionary(&w.arena);
	ng_report_call(&w.arena, w.reply, &w.call);
	assert_int_equal(ng_get_number(stream_of(&w), "SSRC", 0), 3);
	arena_clear(&w.arena);
}

static void what_was_not_heard_has_no_quality(void **state)
{
	struct world w;

	report(&w, (const uint64_t[]){0, 0, 0});
	assert_null(ng_get(stream_of(&w), "SSRC"));
	assert_null(ng_get(w.reply, "SSRC")->first);
	arena_clear(&w.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_names_the_stream_that_said_most),
		cmocka_unit_test(a_tag_names_its_voice),
		cmocka_unit_test(what_was_not_heard_has_no_quality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
