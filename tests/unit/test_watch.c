/* SPDX-License-Identifier: BSD-3-Clause */
/* What time does to a leg: consent that expires, media that stays away. */
#include "tests/rig/counting.h"

static void consent_expires(void **state)
{
	struct relay *r = *state;
	const Tandem__Dataplane__V1__LegStatus *s;
	struct leg *leg;
	struct put p;

	put_browser(&p);
	put_ice(&p, "aaaa", PASSWORD);
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	s = relay_status(r, 2);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CHECKING);
	relay_nominate(r, 2, BROWSER, 40000);
	relay_expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	s = relay_status(r, 2);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED);
	assert_int_equal(s->remote->port, 40000);

	leg = relay_record(r, 2)->leg;
	leg->pairs[0].checked = rte_rdtsc() - 29 * rte_get_tsc_hz();
	relay_look(r);
	assert_int_equal(r->event_count, 0);
	leg->pairs[0].checked -= 2 * rte_get_tsc_hz();
	relay_look(r);
	relay_expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST);
	assert_null(relay_record(r, 2)->egress[0]);
	assert_int_equal(relay_record(r, 2)->mute, DROP_NO_CONSENT);
	relay_look(r); /* once */
	assert_int_equal(r->event_count, 0);
	s = relay_status(r, 2);
	assert_int_equal(s->ice, TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONSENT_LOST);
	assert_null(s->remote);
	relay_nominate(r, 2, BROWSER, 40000);
	relay_expect_event(r, 2, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	assert_non_null(relay_record(r, 2)->egress[0]);
}

/* Each component has a consent of its own; that of RTP is the leg's. */
static void consent_of_two_components(void **state)
{
	struct relay *r = *state;
	struct leg *leg;
	struct put p;

	put_phone(&p);
	put_ice(&p, "aaaa", PASSWORD);
	p.m.rtcp_mux = false;
	assert_int_equal(relay_put(r, &p), 0);
	relay_run(r);
	relay_nominate(r, 1, PHONE, 40000);
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	relay_nominate_component(r, 1, 1, PHONE, 40001);
	assert_int_equal(r->event_count, 0);
	assert_non_null(relay_record(r, 1)->egress[1]);

	leg = relay_record(r, 1)->leg;
	leg->pairs[1].checked -= 31 * rte_get_tsc_hz();
	relay_look(r);
	assert_int_equal(r->event_count, 0);
	assert_null(relay_record(r, 1)->egress[1]);
	assert_non_null(relay_record(r, 1)->egress[0]);
	leg->pairs[0].checked -= 31 * rte_get_tsc_hz();
	relay_look(r);
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST);
	assert_null(relay_record(r, 1)->egress[0]);
}

/* RTCP that was multiplexed for a while has its port anew, and its address as well. */
static void rtcp_comes_back_to_its_port(void **state)
{
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	put_ice(&p, "aaaa", PASSWORD);
	for (unsigned int turn = 0; turn < 2; turn++) {
		p.m.rtcp_mux = false;
		assert_int_equal(relay_put(r, &p), 0);
		relay_run(r);
		assert_true(endpoint_is_unset(&relay_record(r, 1)->leg->remote[1]));
		relay_nominate(r, 1, PHONE, 40000);
		relay_nominate_component(r, 1, 1, PHONE, 40001);
		assert_non_null(relay_record(r, 1)->egress[1]);
		p.m.rtcp_mux = true;
		assert_int_equal(relay_put(r, &p), 0);
		relay_run(r);
		assert_null(relay_record(r, 1)->egress[1]);
	}
}

static void media_that_stays_away_is_told_once(void **state)
{
	struct relay *r = *state;
	uint64_t ms = rte_get_tsc_hz() / 1000;
	struct leg *leg;
	struct put p;

	put_phone(&p);
	p.m.media_timeout_ms = 60000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_look(r);
	assert_int_equal(r->event_count, 0);
	leg = relay_record(r, 1)->leg;
	relay_record(r, 1)->listening -= 61000 * ms; /* it has never sent */
	relay_look(r);
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT);
	relay_look(r);
	assert_int_equal(r->event_count, 0);
	leg->flow.last_packet = rte_rdtsc();
	relay_look(r);
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA);
	leg->flow.last_packet -= 59000 * ms;
	relay_look(r);
	assert_int_equal(r->event_count, 0);
	leg->flow.last_packet -= 2000 * ms;
	relay_look(r);
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT);
	p.m.media_timeout_ms = 0;
	assert_int_equal(relay_put(r, &p), 0);
	relay_record(r, 1)->timed_out = false;
	relay_look(r);
	assert_int_equal(r->event_count, 0);
}

/* Nobody talks on hold: the time begins again with the call that goes on. */
static void hold_is_no_silence(void **state)
{
	struct relay *r = *state;
	uint64_t ms = rte_get_tsc_hz() / 1000;
	struct put p;

	put_phone(&p);
	p.m.media_timeout_ms = 60000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_look(r);
	relay_record(r, 1)->leg->flow.last_packet = rte_rdtsc() - 61000 * ms;
	p.m.media_timeout_ms = 0;
	assert_int_equal(relay_put(r, &p), 0);
	relay_look(r);
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA);
	relay_record(r, 1)->listening -= 61000 * ms;
	p.m.media_timeout_ms = 60000;
	assert_int_equal(relay_put(r, &p), 0);
	relay_look(r);
	assert_int_equal(r->event_count, 0);
	/* The same request again is no reason to wait longer. */
	relay_record(r, 1)->listening -= 61000 * ms;
	assert_int_equal(relay_put(r, &p), 0);
	relay_look(r);
	relay_expect_event(r, 1, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(consent_expires),
		CASE(consent_of_two_components),
		CASE(rtcp_comes_back_to_its_port),
		CASE(media_that_stays_away_is_told_once),
		CASE(hold_is_no_silence),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
