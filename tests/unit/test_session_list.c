/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of calls: orders, pages, search, and what they say of a call. */
#include "controlplane/session/rating.h"
#include "tests/rig/control.h"

#define MANY 5000
#define SOME 500

static Tandem__Relay__V1__ListRequest request;
static char token[64];

static void begin(int order, unsigned int size, const char *search)
{
	tandem__relay__v1__list_request__init(&request);
	request.order = order;
	request.page_size = size;
	request.search = (char *)search;
}

#define AGE    TANDEM__RELAY__V1__ORDER__ORDER_AGE
#define NEWEST TANDEM__RELAY__V1__ORDER__ORDER_NEWEST
#define WORST  TANDEM__RELAY__V1__ORDER__ORDER_WORST

/* The next page; false after the last one. */
static bool ask(void)
{
	assert_done(rig_ask(session_list, &request));
	snprintf(token, sizeof(token), "%s", rig.got.list->next_page_token);
	request.page_token = token;
	return token[0];
}

/* Without legs: the dataplane of the rig has no room for many. */
static struct call *add(unsigned int number, float mos)
{
	struct call *call;
	char id[32];

	snprintf(id, sizeof(id), "call-%u", number);
	call = call_make(rig.session, id);
	assert_non_null(call);
	call->mos = mos;
	session_add_call(rig.session, call);
	return call;
}

static unsigned int number_of(size_t k)
{
	unsigned int number = 0;

	assert_int_equal(sscanf(rig.got.list->calls[k]->call_id, "call-%u", &number), 1);
	return number;
}

/* --- orders ---------------------------------------------------------------------------------- */

static float moses[] = {4.1f, 0, 2.5f, 4.4f, 1.0f, 2.5f, 0, 3.3f, 1.0f, 4.4f, 2.5f};

static void by_order(void **state)
{
	static const struct {
		int order;
		unsigned int numbers[11];
	} cases[] = {
		{AGE, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{NEWEST, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		{WORST, {4, 8, 2, 5, 10, 7, 0, 3, 9, 1, 6}},
	};

	for (unsigned int k = 0; k < COUNT(moses); k++)
		add(k, moses[k]);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (unsigned int size = 0; size <= COUNT(moses) + 1; size++) {
			unsigned int seen = 0;
			bool more;

			begin(cases[i].order, size, "");
			do {
				more = ask();
				assert_true(!more || rig.got.list->n_calls == size);
				for (size_t k = 0; k < rig.got.list->n_calls; k++)
					assert_int_equal(number_of(k), cases[i].numbers[seen++]);
			} while (more);
			assert_int_equal(seen, COUNT(moses));
		}
}

/* What comes and goes between pages is no matter to the others. */
static void pages_are_stable(void **state)
{
	static const int orders[] = {AGE, NEWEST, WORST};

	for (size_t i = 0; i < COUNT(orders); i++) {
		struct call *calls[12];
		unsigned int seen = 0;

		for (unsigned int k = 0; k < COUNT(calls); k++)
			calls[k] = add(k, 1 + k / 4.0f);
		begin(orders[i], 4, "");
		assert_true(ask());
		assert_int_equal(rig.got.list->n_calls, 4);
		/* That the page ended with: */
		session_forget_call(rig.session, calls[orders[i] == NEWEST ? 8 : 3]);
		session_forget_call(rig.session, calls[orders[i] == NEWEST ? 11 : 0]);
		session_forget_call(rig.session, calls[5]);
		add(100, 5);
		while (ask())
			seen += rig.got.list->n_calls;
		seen += rig.got.list->n_calls;
		/* Those that were left: one of eight is gone, and one came where it is last. */
		assert_int_equal(seen, orders[i] == NEWEST ? 7 : 8);
		while (TAILQ_FIRST(&rig.session->by_age))
			session_forget_call(rig.session, TAILQ_FIRST(&rig.session->by_age));
	}
}

static void bad_requests(void **state)
{
	static const struct {
		int order;
		const char *token, *search, *what;
	} cases[] = {
		{AGE, "x", "", "page_token"},
		{AGE, "5", "", "page_token"},
		{AGE, "a0-1", "", "page_token"},
		{AGE, "a0-1-2 ", "", "page_token"},
		{AGE, "a0-1-02", "", "page_token"},
		{AGE, "a0--1-2", "", "page_token"},
		{AGE, "a0-1ffffffffffffffff-2", "", "page_token"},
		{AGE, "n0-1-2", "", "page_token"},
		{NEWEST, "w0-1-2", "", "page_token"},
		{WORST, "a0-1-2", "", "page_token"},
		{3, "", "", "order 3"},
		{-1, "", "", "order -1"},
		{AGE, "", "a\nb", "search holds a control character"},
		{AGE, "", rig_text, "search has 300 octets"},
	};

	memset(rig_text, 'a', 300);
	rig_text[300] = '\0';
	for (size_t k = 0; k < COUNT(cases); k++) {
		begin(cases[k].order, 0, cases[k].search);
		request.page_token = (char *)cases[k].token;
		assert_refused(rig_ask(session_list, &request), SESSION_INVALID_ARGUMENT,
			       cases[k].what);
	}
	begin(AGE, 0, "");
	request.page_token = (char *)"a0-1-2";
	assert_done(rig_ask(session_list, &request));
	assert_int_equal(rig.got.list->n_calls, 0);
}

/* --- search ---------------------------------------------------------------------------------- */

static void assert_finds(const char *text, const char *expected)
{
	char ids[64] = "";

	begin(AGE, 0, text);
	assert_false(ask());
	for (size_t i = 0; i < rig.got.list->n_calls; i++)
		snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%s ",
			 rig.got.list->calls[i]->call_id);
	if (strcmp(ids, expected) != 0)
		fail_msg("\"%s\" finds %s", text, ids);
}

static void searches(void **state)
{
	static const struct {
		const char *text, *ids;
	} cases[] = {
		{"", "Alpha beta "},
		{"a", "Alpha beta "},
		{"ALPH", "Alpha "},
		{"BETA", "beta "},
		{"b", "Alpha beta "},
		{"203.0.113.30:41000", "Alpha "},
		{"203.0.113.", "Alpha beta "},
		{"3.40:5", "beta "},
		{"0.0.0.0", ""},
		{"agent", "beta "},
		{"gamma", ""},
		{"20000", ""},
		{"203.0.113.30:4100x", ""},
	};
	Tandem__Relay__V1__OfferRequest offer = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
	struct fake_leg *a, *b;

	rig_phones("Alpha", &a, &b);
	to.profile = AVP;
	offer.call_id = (char *)"beta";
	offer.from_tag = (char *)"c";
	offer.label = (char *)"Agent 7";
	offer.sdp = (char *)rig_sdes_phone(1, KEY_A, "");
	offer.to = &to;
	assert_done(rig_ask(session_offer, &offer));
	for (size_t k = 0; k < COUNT(cases); k++)
		assert_finds(cases[k].text, cases[k].ids);

	/* What was searched changes: who answers, where media comes from, who has left. */
	assert_done(rig_answer("beta", "c", "Dora", rig_phone(43000, "")));
	assert_finds("dora", "beta ");
	assert_finds("203.0.113.30:43", "beta ");
	fake_event(&rig.fake, a->put->put_leg->leg, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP,
		   NULL, 0);
	rig_settle(20);
	assert_finds("203.0.113.10:40000", "Alpha ");
	assert_finds("203.0.113.30:41000", "");
	assert_done(rig_drop("beta"));
	assert_finds("dora", "");
}

/* Pages have as many as they shall, of those that are searched for. */
static void pages_of_a_search(void **state)
{
	static const int orders[] = {AGE, NEWEST, WORST};

	for (unsigned int k = 0; k < 300; k++)
		add(k, 1 + k % 7 / 2.0f);
	for (size_t i = 0; i < COUNT(orders); i++) {
		unsigned int seen = 0, pages = 0;
		bool more;

		begin(orders[i], 5, "LL-9"); /* call-9, call-90 to call-99 */
		do {
			more = ask();
			seen += rig.got.list->n_calls;
			pages++;
		} while (more);
		assert_int_equal(seen, 11);
		assert_int_equal(pages, 3);
	}
}

/* --- many ------------------------------------------------------------------------------------ */

/* A list that takes a while, beside what else is asked. */
static struct later {
	bool came;
	int code;
	unsigned int count;
	char first[32], last[32];
} later;

static void on_list(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	const Tandem__Relay__V1__ListReply *list = (const Tandem__Relay__V1__ListReply *)reply;
	struct later *l = arg;

	assert_false(l->came);
	l->came = true;
	l->code = error ? error->code : 0;
	if (error)
		return;
	l->count = list->n_calls;
	if (!list->n_calls)
		return;
	snprintf(l->first, sizeof(l->first), "%s", list->calls[0]->call_id);
	snprintf(l->last, sizeof(l->last), "%s", list->calls[list->n_calls - 1]->call_id);
}

static void start(unsigned int calls)
{
	rig_stop();
	rig.config.list_us = 1;
	rig.config.calls_max = 2 * MANY;
	rig_start();
	for (unsigned int k = 0; k < calls; k++)
		add(k, 4.4f - k / (float)calls);
	memset(&later, 0, sizeof(later));
}

static void others_are_served_meanwhile(void **state)
{
	struct fake_leg *a, *b;

	start(MANY);
	begin(WORST, 10, "");
	session_list(rig.session, &request, on_list, &later);
	rig_phones("1", &a, &b);
	assert_done(rig_query("1"));
	assert_false(later.came);
	rig_wait(later.came);
	assert_int_equal(later.code, 0);
	assert_int_equal(later.count, 10);
	assert_string_equal(later.first, "call-4999");
	assert_string_equal(later.last, "call-4990");
}

/* The one that comes next, those that were found, and the last one. */
static void calls_end_meanwhile(void **state)
{
	static const int orders[] = {WORST, AGE, NEWEST};

	for (size_t i = 0; i < COUNT(orders); i++) {
		struct call *call;

		start(MANY);
		begin(orders[i], 1000, "call-1");
		session_list(rig.session, &request, on_list, &later);
		assert_false(later.came);
		while (!later.came) {
			unsigned int k = 0;

			for (; k < 100 && (call = TAILQ_FIRST(&rig.session->by_age)); k++)
				session_forget_call(rig.session, call);
			for (; k && (call = TAILQ_LAST(&rig.session->by_age, call_list)); k--)
				session_forget_call(rig.session, call);
			uv_run(&rig.loop, UV_RUN_NOWAIT);
		}
		assert_int_equal(later.code, 0);
		assert_true(later.count < 1000);
	}
}

static void the_end_comes_meanwhile(void **state)
{
	start(MANY);
	begin(WORST, 10, "");
	session_list(rig.session, &request, on_list, &later);
	rig_stop();
	assert_true(later.came);
	assert_int_equal(later.code, SESSION_UNAVAILABLE);
}

static void not_too_many_at_a_time(void **state)
{
	static struct later lists[100];
	unsigned int refused = 0;

	memset(lists, 0, sizeof(lists));
	start(SOME);
	begin(WORST, 10, "");
	for (size_t k = 0; k < COUNT(lists); k++) {
		session_list(rig.session, &request, on_list, &lists[k]);
		assert_true(!lists[k].came || lists[k].code == SESSION_RESOURCE_EXHAUSTED);
		refused += lists[k].came;
	}
	assert_int_equal(refused, 36);
	for (size_t k = 0; k < COUNT(lists); k++)
		rig_wait(lists[k].came);
	for (size_t k = 0; k < 64; k++)
		assert_string_equal(lists[k].first, "call-499");
}

/* --- what is said of a call ------------------------------------------------------------------ */

static Tandem__Dataplane__V1__Stream streams[2];

static void speak(struct fake_leg *leg, uint32_t ssrc, unsigned int packets, unsigned int lost)
{
	if (!leg->stream) {
		leg->stream = &streams[ssrc - 1];
		tandem__dataplane__v1__stream__init(leg->stream);
	}
	leg->stream->ssrc = ssrc;
	leg->stream->packets += packets;
	leg->stream->lost += lost;
	leg->stream->gone += lost;
	leg->stream->runs += lost;
	leg->packets += packets;
}

/* Whatever was read before a round began is not what it found. */
static void audit_twice(void)
{
	uint32_t round = rig.session->audit.round;

	rig_wait(rig.session->audit.round >= round + 3);
}

static const Tandem__Relay__V1__CallSummary *summary(void)
{
	begin(AGE, 0, "");
	assert_false(ask());
	assert_int_equal(rig.got.list->n_calls, 1);
	return rig.got.list->calls[0];
}

static void a_call_in_a_line(void **state)
{
	const Tandem__Relay__V1__CallSummary *line;
	struct fake_leg *a, *b;

	rig_stop();
	rig.config.audit_ms = 10;
	rig.fake.quiet = true;
	rig_start();
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	b = rig_leg("audio");
	line = summary();
	assert_string_equal(line->why, "a: waiting for the answer");
	assert_int_equal(line->n_tags, 1);
	assert_int_equal(line->state, TANDEM__RELAY__V1__CALL_STATE__CALL_OFFERED);
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	a = rig_leg("audio");

	audit_twice();
	line = summary();
	assert_non_null(strstr(line->why, "a: nothing received: the participant sends no RTP to "));
	assert_int_equal(line->legs, 2);
	assert_int_equal(line->n_tags, 2);
	assert_string_equal(line->tags[1], "b");
	assert_int_equal(line->n_remotes, 2);
	assert_string_equal(line->remotes[0], "203.0.113.30:41000");
	assert_string_equal(line->remotes[1], "203.0.113.30:42000");
	assert_true(line->mos == 0 && line->lowest_mos == 0);

	/* The streams are known; from now on each interval counts. */
	speak(a, 1, 1, 0);
	speak(b, 2, 1, 0);
	audit_twice();
	speak(a, 1, 500, 0);
	speak(b, 2, 500, 100);
	rig_wait(TAILQ_FIRST(&rig.session->by_age)->mos);
	line = summary();
	assert_true(line->mos > 1 && line->mos < 3.5);
	assert_string_equal(line->why, "b: 16.7 % of what it sends is lost before the relay");

	speak(b, 2, 500, 0);
	rig_wait(TAILQ_FIRST(&rig.session->by_age)->mos > 4);
	line = summary();
	assert_true(line->lowest_mos > 1 && line->lowest_mos < 3.5);
	assert_string_equal(line->why, "");

	/* 400 of 1501 are missing to who hears it, and 100 of these were lost before. */
	a->stream->heard_ssrc = 2;
	a->stream->heard_lost = 400;
	audit_twice();
	speak(b, 2, 500, 0);
	rig_wait(TAILQ_FIRST(&rig.session->by_age)->mos > 4);
	assert_string_equal(summary()->why,
			    "b: 20.0 % of what it sends is lost behind the relay, as "
			    "who hears it says");
}

/* What the participant of `by` says of SSRC 2 in an interval; which part it lacks. */
static double say(struct leg *by, unsigned int lost)
{
	Tandem__Dataplane__V1__LegStatus status = TANDEM__DATAPLANE__V1__LEG_STATUS__INIT;
	Tandem__Dataplane__V1__Stream stream = TANDEM__DATAPLANE__V1__STREAM__INIT,
				      *list[] = {&stream};

	status.streams = list;
	status.n_streams = 1;
	stream.ssrc = 9;
	stream.heard_ssrc = 2;
	stream.heard_lost = lost;
	rating_take(by, &status);
	return rating_missing(by, &stream);
}

/* Two that hear the same stream have lost other packets of it. */
static void one_says_what_is_missing(void **state)
{
	struct fake_leg *a, *b;
	struct leg *speaker, *one, *other;
	struct rated *r;

	rig_phones("1", &a, &b);
	assert_done(rig_offer("1", "a", rig_phone(41000, "m=video 41002 RTP/AVP 96\r\n"), AVP));
	speaker = session_find_leg(rig.session, a->put->put_leg->leg);
	one = session_find_leg(rig.session, b->put->put_leg->leg);
	other = session_find_leg(rig.session, rig_leg("video")->put->put_leg->leg);
	r = rated_add(&speaker->rated, 2, 0);
	assert_non_null(r);
	r->quality.latest.packets = 100;
	assert_true(say(one, 10) == 0);
	assert_true(say(one, 20) == 0.1);
	assert_true(say(other, 90) == 0);
	assert_int_equal(r->missing, 20);
	assert_true(say(one, 40) == 0.2);
	/* The other one's word counts once it is alone. */
	leg_retire(one);
	assert_true(say(other, 90) == 0);
	assert_true(say(other, 95) == 0.05);
	assert_true(say(one, 50) == 0);
}

static void the_oldest_first_after_a_restart(void **state)
{
	for (unsigned int k = 0; k < 8; k++) {
		char id[16];

		snprintf(id, sizeof(id), "call-%u", k);
		assert_done(rig_offer(id, "a", rig_phone(41000, ""), AVP));
		rig_settle(2);
	}
	rig_stop();
	rig_start();
	begin(AGE, 0, "");
	assert_false(ask());
	assert_int_equal(rig.got.list->n_calls, 8);
	for (size_t k = 0; k < 8; k++)
		assert_int_equal(number_of(k), k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_order),
		TEST(pages_are_stable),
		TEST(bad_requests),
		TEST(searches),
		TEST(pages_of_a_search),
		TEST(others_are_served_meanwhile),
		TEST(calls_end_meanwhile),
		TEST(the_end_comes_meanwhile),
		TEST(not_too_many_at_a_time),
		TEST(a_call_in_a_line),
		TEST(one_says_what_is_missing),
		TEST(the_oldest_first_after_a_restart),
	};

	log_open("test_session_list", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
