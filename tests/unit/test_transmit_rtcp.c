/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP of the relay's own, beside what it passes on: no SRTCP index serves twice under a key. */
#include "dataplane/srtp/index.h"
#include "tests/rig/scene.h"

#define OWN_SSRC 0x0badcafe

static int transmit(struct scene *s, uint64_t leg, const struct packet *p)
{
	Tandem__Dataplane__V1__Transmit t = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;
	int error;

	t.leg = leg;
	t.rtcp = true;
	t.datagram.data = (uint8_t *)p->octets;
	t.datagram.len = p->length;
	s->relay->what = "";
	error = registry_transmit(s->relay->registry, &t, &s->relay->what);
	relay_run(s->relay);
	return error;
}

static void expect_refused(struct scene *s, uint64_t leg, const struct packet *p, int error,
			   const char *what)
{
	assert_int_equal(transmit(s, leg, p), error);
	assert_non_null(strstr(s->relay->what, what));
	scene_expect_silence(s);
}

/* It comes out to `side`, under an index. */
static void expect_sent(struct scene *s, const struct side *side, uint32_t index)
{
	const struct packet m = packet_rtcp(OWN_SSRC, 0);
	const struct packet c = packet_protect(m, &side->send, index);

	assert_int_equal(transmit(s, side->leg, &m), 0);
	scene_expect(s, side, &c);
}

static void plain_rtcp_goes_where_rtcp_goes(void **state)
{
	const struct packet m = packet_rtcp(OWN_SSRC, 0);
	struct scene *s = *state;

	scene_call(s, false, false);
	assert_int_equal(transmit(s, 1, &m), 0);
	scene_expect(s, &s->phone, &m); /* has a port of its own for it */
	assert_int_equal(transmit(s, 2, &m), 0);
	scene_expect(s, &s->browser, &m);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void indices_are_its_own(void **state)
{
	struct scene *s = *state;
	struct packet m, c;

	scene_call(s, false, true);
	expect_sent(s, &s->browser, INDEX_RTCP_OWN);
	/* Whoever takes the same SSRC has other ones. */
	m = packet_rtcp(OWN_SSRC, 1);
	for (uint32_t index = 1; index < 4; index++) {
		c = packet_protect(m, &s->browser.send, index);
		scene_pass(s, &s->phone, &m, &s->browser, &c);
		expect_sent(s, &s->browser, INDEX_RTCP_OWN + index);
	}
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void indices_grow_through_all_keys(void **state)
{
	struct scene *s = *state;

	scene_call(s, false, true);
	expect_sent(s, &s->browser, INDEX_RTCP_OWN);
	scene_put_keys(s, &s->browser, 2, 1000);
	expect_sent(s, &s->browser, INDEX_RTCP_OWN + 1);
	/* The same keys again, as a control plane that restarts may put them. */
	scene_put_keys(s, &s->browser, 2, 1000);
	expect_sent(s, &s->browser, INDEX_RTCP_OWN + 2);
	relay_record(s->relay, 2)->own_rtcp = INDEX_RTCP_END - INDEX_RTCP_OWN - 1;
	expect_sent(s, &s->browser, INDEX_RTCP_END - 1);
	expect_refused(s, 2, &(const struct packet){.length = 8, .octets = {0x80, 201, 0, 1}},
		       -EKEYEXPIRED, "used up");
}

static void who_hears_nobody_is_told(void **state)
{
	struct scene *s = *state;

	scene_trio(s, false, true, false);
	expect_sent(s, &s->browser, INDEX_RTCP_OWN);
}

static void libsrtp_counts_itself(void **state)
{
	struct scene *s = *state;
	struct packet m, c;

	scene_call(s, false, true);
	expect_sent(s, &s->browser, 1);
	/* One counter for all that have the SSRC. */
	m = packet_rtcp(OWN_SSRC, 1);
	c = packet_protect(m, &s->browser.send, 2);
	scene_pass(s, &s->phone, &m, &s->browser, &c);
	expect_sent(s, &s->browser, 3);
}

static void without_a_key_nothing_is_sent(void **state)
{
	const struct packet m = packet_rtcp(OWN_SSRC, 0);
	struct scene *s = *state;

	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, true);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT, true,
		       true);
	expect_refused(s, 2, &m, -ENOKEY, "no key");
	scene_share_keys(s, &s->phone, 1, 11, 22);
	scene_share_keys(s, &s->browser, 1, 11, 22);
	expect_refused(s, 2, &m, -ENOKEY, "no key");
}

static void what_is_no_rtcp_is_refused(void **state)
{
	static const struct packet cases[] = {
		{.length = 0},
		{.length = 4, .octets = {0x80, 201, 0, 0}},
		{.length = 8, .octets = {0x80, 202, 0, 1}},          /* begins with no report */
		{.length = 12, .octets = {0x80, 201, 0, 1}},         /* ends with nonsense */
		{.length = 8, .octets = {0x80, 201, 0, 9}},          /* cut short */
		{.length = 8, .octets = {0x40, 201, 0, 1}},          /* another version */
		{.length = 1204, .octets = {0x80, 201, 0x01, 0x2c}}, /* long */
	};
	struct scene *s = *state;

	scene_call(s, false, true);
	for (unsigned int k = 0; k < RTE_DIM(cases); k++)
		expect_refused(s, 2, &cases[k], -EINVAL, "datagram: ");
	expect_refused(s, 9, &cases[1], -ENOENT, "no such leg");
	expect_sent(s, &s->browser, INDEX_RTCP_OWN); /* none was spent */
}

static void who_is_nowhere_is_told_nothing(void **state)
{
	const struct packet m = packet_rtcp(OWN_SSRC, 0);
	struct scene *s = *state;
	struct put p;

	put_browser(&p);
	p.peer = 0;
	p.m.remote = NULL;
	assert_int_equal(relay_put(s->relay, &p), 0);
	expect_refused(s, 2, &m, -EDESTADDRREQ, "not known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(plain_rtcp_goes_where_rtcp_goes, scene_one),
		SCENE(plain_rtcp_goes_where_rtcp_goes, scene_two),
		SCENE(indices_are_its_own, scene_one),
		SCENE(indices_are_its_own, scene_two),
		SCENE(indices_grow_through_all_keys, scene_one),
		SCENE(who_hears_nobody_is_told, scene_one),
		SCENE(libsrtp_counts_itself, scene_libsrtp),
		SCENE(without_a_key_nothing_is_sent, scene_one),
		SCENE(what_is_no_rtcp_is_refused, scene_one),
		SCENE(who_is_nowhere_is_told_nothing, scene_one),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
