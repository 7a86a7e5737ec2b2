/* SPDX-License-Identifier: BSD-3-Clause */
/* What the session counts for metrics, through the lives of calls. */
#include "tests/rig/control.h"

#include "controlplane/session/counts.h"

#define STATE(which) TANDEM__RELAY__V1__CALL_STATE__CALL_##which

static const struct counts *now(void)
{
	return session_counts(rig.session);
}

static uint64_t samples(const struct histogram *h)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k <= HISTOGRAM_BOUNDS; k++)
		sum += h->counts[k];
	return sum;
}

static const struct counts_driver *driver(const char *name)
{
	for (unsigned int k = 0; k < now()->driver_count; k++)
		if (strcmp(now()->drivers[k].name, name) == 0)
			return &now()->drivers[k];
	fail_msg("no driver %s", name);
	return NULL;
}

static unsigned int in_state(unsigned int state)
{
	unsigned int sum = 0;

	for (unsigned int k = 0; k < now()->driver_count; k++)
		sum += now()->drivers[k].calls[state];
	return sum;
}

static unsigned int with_suite(enum srtp_suite suite)
{
	unsigned int sum = 0;

	for (unsigned int k = 0; k < now()->network_count; k++)
		sum += now()->networks[k].legs[suite];
	return sum;
}

/* Of one call of two telephones, in which nothing else happens. */
static void happen(const struct fake_leg *leg, Tandem__Dataplane__V1__EventKind kind)
{
	fake_event(&rig.fake, leg->put->put_leg->leg, kind, NULL, 0);
	assert_done(rig_query("1"));
	assert_done(rig_query("1")); /* its reply comes after the event */
}

/* --- a histogram ----------------------------------------------------------------------------- */

static void a_value_counts_once(void **state)
{
	static const struct histogram_scale scale = {3, {1, 2, 5}};
	static const struct {
		double value;
		unsigned int place;
	} cases[] = {{-1, 0}, {0, 0}, {1, 0}, {1.001, 1}, {2, 1}, {5, 2}, {5.5, 3}, {1e9, 3}};

	for (size_t k = 0; k < COUNT(cases); k++) {
		struct histogram h = {{0}, 0};

		histogram_add(&h, &scale, cases[k].value);
		assert_int_equal(h.counts[cases[k].place], 1);
		assert_int_equal(samples(&h), 1);
		assert_true(h.sum == cases[k].value);
	}
}

/* --- calls ----------------------------------------------------------------------------------- */

static void a_call_is_in_one_state(void **state)
{
	struct fake_leg *a, *b;

	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_int_equal(in_state(STATE(OFFERED)), 1);
	assert_int_equal(driver("grpc")->begun, 1);
	assert_int_equal(now()->parties, 2);
	assert_done(rig_drop("1"));
	assert_int_equal(in_state(STATE(OFFERED)), 0);
	rig_phones("1", &a, &b);
	assert_int_equal(in_state(STATE(OFFERED)), 0);
	assert_int_equal(in_state(STATE(UP)), 1);
	assert_int_equal(samples(&now()->answered), 1);
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), -1));
	assert_int_equal(in_state(STATE(REOFFERED)), 1);
	assert_int_equal(in_state(STATE(UP)), 0);
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(in_state(STATE(UP)), 1);
	assert_int_equal(samples(&now()->answered), 1); /* the first one counts */
	assert_done(rig_drop("1"));
	assert_int_equal(in_state(STATE(UP)), 0);
	assert_int_equal(now()->parties, 0);
	assert_int_equal(with_suite(SUITE_NONE), 0);
	assert_int_equal(driver("grpc")->begun, 2);
	assert_int_equal(now()->ended[COUNTS_DELETED], 2);
	assert_int_equal(samples(&now()->lasted), 1); /* the one that was answered */
	assert_int_equal(samples(&now()->call_mos), 0);
}

static void calls_end_for_a_reason(void **state)
{
	struct fake_leg *a, *b;

	rig_stop();
	rig.config.offer_timeout_ms = 30;
	rig.config.media_timeout_delete = true;
	rig_start();
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	rig_wait(now()->ended[COUNTS_UNANSWERED] == 1);
	rig.fake.refuse_put = ENOSPC;
	assert_refused(rig_offer("1", "a", rig_phone(41000, ""), AVP), SESSION_RESOURCE_EXHAUSTED,
		       "refused");
	rig.fake.refuse_put = 0;
	assert_int_equal(now()->ended[COUNTS_REFUSED], 1);
	assert_refused(rig_offer("1", "a", "nonsense", AVP), SESSION_INVALID_ARGUMENT, "");
	assert_int_equal(now()->ended[COUNTS_REFUSED], 2);
	assert_int_equal(driver("grpc")->begun, 3);
	rig_phones("1", &a, &b);
	a->packets = b->packets = 100;
	a->silence_ms = b->silence_ms = 31000;
	fake_event(&rig.fake, a->put->put_leg->leg,
		   TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT, NULL, 0);
	rig_wait(now()->ended[COUNTS_DROPPED] == 1);
	assert_int_equal(now()->ended[COUNTS_DELETED], 0);
}

/* A name comes from outside: so many are kept, and no more. */
static void drivers_are_bounded(void **state)
{
	Tandem__Relay__V1__OfferRequest offer = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	char id[16];

	rig_stop();
	rig.config.calls_max = 40;
	rig_start();
	offer.call_id = offer.driver = id;
	offer.from_tag = (char *)"a";
	for (unsigned int k = 0; k < 24; k++) {
		snprintf(id, sizeof(id), "driver-%u", k);
		offer.sdp = (char *)rig_phone(41000, "");
		assert_done(rig_ask(session_offer, &offer));
	}
	assert_int_equal(now()->driver_count, COUNTS_DRIVERS);
	assert_int_equal(driver("driver-0")->calls[STATE(OFFERED)], 1);
	assert_int_equal(driver(COUNTS_OTHER)->calls[STATE(OFFERED)], 24 - (COUNTS_DRIVERS - 1));
	assert_int_equal(in_state(STATE(OFFERED)), 24);
	assert_done(rig_drop("driver-23"));
	assert_done(rig_drop("driver-0"));
	assert_int_equal(driver(COUNTS_OTHER)->calls[STATE(OFFERED)], 23 - (COUNTS_DRIVERS - 1));
	assert_int_equal(driver("driver-0")->calls[STATE(OFFERED)], 0);
}

/* --- legs ------------------------------------------------------------------------------------ */

static void legs_have_the_suite_of_their_keys(void **state)
{
	const enum srtp_suite suite = SUITE_AES_CM_128_HMAC_SHA1_80;

	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), AVP));
	assert_int_equal(with_suite(SUITE_NONE), 2);
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(with_suite(SUITE_NONE), 1);
	assert_int_equal(with_suite(suite), 1);
	assert_done(rig_drop("1"));
	assert_int_equal(with_suite(SUITE_NONE) + with_suite(suite), 0);
}

static void media_is_waited_for_once(void **state)
{
	const Tandem__Dataplane__V1__EventKind media =
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_int_equal(samples(&now()->media), 0);
	happen(a, media);
	assert_int_equal(samples(&now()->media), 1);
	happen(a, media); /* after a silence */
	assert_int_equal(samples(&now()->media), 1);
	happen(b, media);
	assert_int_equal(samples(&now()->media), 2);
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(samples(&now()->media), 2);
}

/* Media that is there before the answer has not been waited for; on hold none is. */
static void early_media_and_none(void **state)
{
	struct fake_leg *b;

	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	b = rig_leg("audio");
	happen(b, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA);
	assert_int_equal(samples(&now()->media), 0);
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "a=sendonly\r\n")));
	assert_int_equal(samples(&now()->media), 1);
	assert_int_equal(now()->media.counts[0], 1);
	assert_true(now()->media.sum == 0);
	happen(rig_partner(b), TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA);
	assert_int_equal(samples(&now()->media), 1);
}

/* --- how it sounds --------------------------------------------------------------------------- */

/* Intervals by the codec that was spoken, and of a call that ends its worst stream. */
static void intervals_and_calls_have_a_mos(void **state)
{
	Tandem__Dataplane__V1__Stream good = TANDEM__DATAPLANE__V1__STREAM__INIT, bad = good;
	const struct histogram *pcmu;
	struct fake_leg *a, *b;

	rig_stop();
	rig.config.audit_ms = 20;
	rig_start();
	pcmu = &now()->interval_mos[voice_codec_number(voice_codec_find("PCMU"))];
	rig_phones("1", &a, &b);
	good.ssrc = 1;
	bad.ssrc = 2;
	good.packets = bad.packets = 500;
	a->stream = &good;
	rig_wait(samples(pcmu) > 1);
	assert_int_equal(samples(pcmu), pcmu->counts[7] + pcmu->counts[8]); /* above 4.3 */
	b->stream = &bad;
	for (unsigned int k = 0; k < 8; k++) {
		uint64_t before = now()->rounds;

		bad.lost += 100;
		bad.gone += 100;
		bad.runs += 100;
		rig_wait(now()->rounds > before);
	}
	assert_true(pcmu->counts[7] + pcmu->counts[8] < samples(pcmu));
	assert_int_equal(samples(&now()->call_mos), 0);
	assert_done(rig_drop("1"));
	assert_int_equal(samples(&now()->call_mos), 1);
	assert_true(now()->call_mos.sum > 1 && now()->call_mos.sum < 3.6);
	for (unsigned int k = 0; k < VOICE_CODECS; k++)
		if (&now()->interval_mos[k] != pcmu)
			assert_int_equal(samples(&now()->interval_mos[k]), 0);
}

/* --- the dataplane --------------------------------------------------------------------------- */

static void the_dataplane_comes_and_goes(void **state)
{
	struct fake_leg *a, *b;

	rig_stop();
	rig.config.audit_ms = 20;
	rig_start();
	rig_phones("1", &a, &b);
	assert_int_equal(now()->connections, 1);
	rig_wait(now()->rounds > 1);
	fake_clear(&rig.fake, a);
	rig_wait(now()->mended == 1);
	fake_hang_up(&rig.fake);
	rig_wait(!rig.session->ready);
	assert_int_equal(in_state(STATE(UP)), 1);
	rig_wait(rig.session->ready);
	assert_int_equal(now()->connections, 2);
	assert_int_equal(now()->restarts, 0);
	fake_hang_up(&rig.fake);
	fake_forget(&rig.fake);
	rig_wait(now()->restarts == 1);
	/* A control plane that takes calls over has them, and did not begin them. */
	rig_wait(fake_count(&rig.fake) == 2 && fake_call_count(&rig.fake) == 1);
	rig_stop();
	rig_start();
	assert_int_equal(in_state(STATE(UP)), 1);
	assert_int_equal(driver("grpc")->begun, 0);
	assert_int_equal(now()->parties, 2);
	assert_int_equal(with_suite(SUITE_NONE), 2);
	happen(rig.fake.legs[0].put ? &rig.fake.legs[0] : a,
	       TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA);
	assert_int_equal(samples(&now()->media), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_counts_once),
		TEST(a_call_is_in_one_state),
		TEST(calls_end_for_a_reason),
		TEST(drivers_are_bounded),
		TEST(legs_have_the_suite_of_their_keys),
		TEST(media_is_waited_for_once),
		TEST(early_media_and_none),
		TEST(intervals_and_calls_have_a_mos),
		TEST(the_dataplane_comes_and_goes),
	};

	log_open("test_counts", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
