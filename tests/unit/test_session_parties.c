/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of more than two: forks, withdrawals, glare, who leaves, who listens, who is muted. */
#include "tests/rig/control.h"

#define REPLACE TANDEM__RELAY__V1__GLARE__GLARE_REPLACE

/* --- the verbs, waited for ------------------------------------------------------------------- */

static Tandem__Relay__V1__OfferRequest offer_request(const char *tag, const char *sdp)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)tag;
	request.sdp = (char *)sdp;
	return request;
}

static int run_offer(Tandem__Relay__V1__OfferRequest *request, int profile)
{
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = profile;
	request->to = profile < 0 ? NULL : &to;
	return rig_ask(session_offer, request);
}

static int offer_on(const char *branch, const char *sdp, int profile)
{
	Tandem__Relay__V1__OfferRequest request = offer_request("a", sdp);

	request.branch = (char *)branch;
	return run_offer(&request, profile);
}

static int offer_against(const char *tag, const char *sdp)
{
	Tandem__Relay__V1__OfferRequest request = offer_request(tag, sdp);

	request.glare = REPLACE;
	return run_offer(&request, -1);
}

static int answer_on(const char *branch, const char *tag, const char *sdp)
{
	Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)"a";
	request.to_tag = (char *)tag;
	request.branch = (char *)branch;
	request.sdp = (char *)sdp;
	return rig_ask(session_answer, &request);
}

static int withdraw(const char *tag, const char *branch)
{
	Tandem__Relay__V1__WithdrawRequest request = TANDEM__RELAY__V1__WITHDRAW_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)tag;
	request.branch = (char *)branch;
	return rig_ask(session_withdraw, &request);
}

static int leave(const char *tag, const char *branch)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.branch = (char *)branch;
	return rig_ask(session_delete, &request);
}

static int subscribe(const char *tag, const char *source, int profile)
{
	Tandem__Relay__V1__SubscribeRequest request = TANDEM__RELAY__V1__SUBSCRIBE_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
	char *sources[] = {(char *)source};

	to.profile = profile;
	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.to = &to;
	request.sources = sources;
	request.n_sources = source ? 1 : 0;
	return rig_ask(session_subscribe, &request);
}

static int subscribe_answer(const char *tag, const char *sdp)
{
	Tandem__Relay__V1__SubscribeAnswerRequest request =
		TANDEM__RELAY__V1__SUBSCRIBE_ANSWER_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.sdp = (char *)sdp;
	return rig_ask(session_subscribe_answer, &request);
}

static int unsubscribe(const char *tag)
{
	Tandem__Relay__V1__UnsubscribeRequest request =
		TANDEM__RELAY__V1__UNSUBSCRIBE_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	return rig_ask(session_unsubscribe, &request);
}

static int mute(const char *tag, const char *to, Tandem__Relay__V1__Muting muting)
{
	Tandem__Relay__V1__MuteRequest request = TANDEM__RELAY__V1__MUTE_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.to_tag = (char *)to;
	request.muting = muting;
	return rig_ask(session_mute, &request);
}

static const Tandem__Relay__V1__Party *party_of(const char *tag)
{
	for (size_t i = 0; i < rig.got.call->n_parties; i++)
		if (strcmp(rig.got.call->parties[i]->tag, tag) == 0)
			return rig.got.call->parties[i];
	fail_msg("no party %s", tag);
	return NULL;
}

/* Who has the state of the call alone knows as much. */
static void restart(void)
{
	unsigned int legs = fake_count(&rig.fake), paths = fake_path_count(&rig.fake);

	rig_stop();
	rig_start();
	assert_int_equal(fake_count(&rig.fake), legs);
	assert_int_equal(fake_path_count(&rig.fake), paths);
}

/* --- forks ----------------------------------------------------------------------------------- */

/* Two branches of one offer, as a proxy forks it: the last answer counts. */
static void two_branches(void **state)
{
	struct fake_leg *a, *x, *y;
	unsigned int port;

	assert_done(offer_on("one", rig_phone(41000, ""), AVP));
	x = rig_leg("audio");
	assert_done(offer_on("two", rig_phone(41000, ""), AVP));
	y = rig_leg("audio");
	assert_ptr_not_equal(x, y);
	assert_int_equal(fake_count(&rig.fake), 3); /* the offerer has one leg */
	assert_refused(rig_answer("1", "a", "x", rig_phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "name the branch");
	restart();
	assert_done(answer_on("one", "x", rig_phone(42000, "")));
	a = rig_leg("audio");
	port = rig_port("audio");
	assert_true(rig_hears(a, x) && rig_hears(x, a));
	assert_int_equal(fake_path_count(&rig.fake), 2);
	restart();
	assert_done(answer_on("two", "y", rig_phone(43000, "")));
	assert_int_equal(rig_port("audio"), port);
	assert_true(rig_hears(a, y) && rig_hears(y, a));
	assert_int_equal(fake_path_count(&rig.fake), 2);
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->n_parties, 3);
	assert_string_equal(party_of("a")->partner, "y");
	assert_string_equal(party_of("x")->partner, "");
	assert_int_equal(rig.got.call->n_paths, 2);
	/* The proxy cancels the other one. */
	assert_done(leave("", "one"));
	assert_int_equal(rig.got.call->n_legs, 1);
	assert_string_equal(rig.got.call->legs[0]->tag, "x");
	assert_int_equal(fake_count(&rig.fake), 2);
	assert_true(rig_hears(a, y) && rig_hears(y, a));
	assert_done(rig_drop("1"));
	assert_int_equal(fake_count(&rig.fake) + fake_call_count(&rig.fake), 0);
}

static int link_up(const char *tag, const char *to)
{
	Tandem__Relay__V1__ConnectRequest request = TANDEM__RELAY__V1__CONNECT_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.to_tag = (char *)to;
	return rig_ask(session_connect, &request);
}

/* Back to who had answered first, and then those two without the offerer. */
static void parties_are_connected(void **state)
{
	struct fake_leg *a, *x, *y;

	assert_done(offer_on("one", rig_phone(41000, ""), AVP));
	x = rig_leg("audio");
	assert_done(offer_on("two", rig_phone(41000, ""), AVP));
	y = rig_leg("audio");
	assert_refused(link_up("a", "x"), SESSION_FAILED_PRECONDITION, "has answered");
	assert_done(answer_on("one", "x", rig_phone(42000, "")));
	a = rig_leg("audio");
	assert_done(answer_on("two", "y", rig_phone(43000, "")));
	assert_done(link_up("x", "a"));
	assert_true(rig_hears(a, x) && rig_hears(x, a) && !rig_hears(a, y) && !rig_hears(y, a));
	assert_done(link_up("x", "y"));
	assert_true(rig_hears(x, y) && rig_hears(y, x) && !rig_hears(a, x) && !rig_hears(x, a));
	assert_int_equal(fake_path_count(&rig.fake), 2);
	restart();
	assert_done(rig_query("1"));
	assert_string_equal(party_of("x")->partner, "y");
	assert_refused(link_up("x", "x"), SESSION_INVALID_ARGUMENT, "party itself");
	assert_refused(link_up("x", "z"), SESSION_FAILED_PRECONDITION, "no party");
}

static const char *const no_codecs[] = {
	"",          "/8000",        "AMR",        "AMR/",     "AMR/0",        "AMR/-1",
	"AMR/8000x", "AMR/8000/",    "AMR/8000/0", "A B/8000", "AMR/8000/1/2", "AMR/99999999999",
	"H263",      "AMR\r\nx/8000"};

static int rig_offer_to(const char *from, const char *to)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)from;
	request.to_tag = (char *)to;
	request.sdp = (char *)rig_phone(41000, "");
	return rig_ask(session_offer, &request);
}

static int create(const char *tag, int profile, const char *codec)
{
	Tandem__Relay__V1__CreateRequest request = TANDEM__RELAY__V1__CREATE_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
	char *codecs[] = {(char *)codec};

	to.profile = profile;
	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.to = &to;
	request.codecs = codecs;
	request.n_codecs = codec ? 1 : 0;
	return rig_ask(session_create, &request);
}

/* The relay offers to both, and nobody else does. */
static void created_parties_are_connected(void **state)
{
	struct fake_leg *x, *y;

	assert_done(create("x", AVP, NULL));
	assert_non_null(strstr(rig.got.sdp, " RTP/AVP 0 8 96\r\n"));
	assert_non_null(strstr(rig.got.sdp, "a=rtpmap:96 telephone-event/8000\r\n"));
	assert_non_null(strstr(rig.got.sdp, "a=sendrecv\r\n"));
	x = rig_leg("audio");
	assert_refused(link_up("x", "y"), SESSION_FAILED_PRECONDITION, "has answered");
	assert_done(subscribe_answer("x", rig_phone(41000, "")));
	assert_done(create("y", SAVP, "PCMU"));
	assert_non_null(strstr(rig.got.sdp, " RTP/SAVP 0\r\n"));
	y = rig_leg("audio");
	assert_done(subscribe_answer("y", rig_sdes_phone(3, KEY_A, "")));
	assert_int_equal(fake_path_count(&rig.fake), 0);
	assert_done(link_up("x", "y"));
	assert_true(rig_hears(x, y) && rig_hears(y, x));
	assert_refused(create("y", AVP, NULL), SESSION_ALREADY_EXISTS, "is a party");
	assert_refused(subscribe_answer("z", rig_phone(41000, "")), SESSION_FAILED_PRECONDITION,
		       "create first");
	restart();
	assert_done(rig_query("1"));
	assert_string_equal(party_of("x")->partner, "y");
	/* One of them offers as if it had done so before. */
	assert_done(rig_offer("1", "x", rig_phone(41000, ""), -1));
	assert_done(rig_answer("1", "x", "y", rig_sdes_phone(3, KEY_A, "")));
	assert_done(rig_drop("1"));
	assert_int_equal(fake_count(&rig.fake) + fake_call_count(&rig.fake), 0);
}

/* While the relay's offer waits nobody else's is made of it; afterwards 183 and 200 both count. */
static void a_created_party_answers_twice(void **state)
{
	struct fake_leg *x, *y;

	assert_done(create("x", SAVP, "PCMU"));
	x = rig_leg("audio");
	assert_done(create("y", AVP, NULL));
	y = rig_leg("audio");
	assert_refused(rig_offer("1", "x", rig_phone(41000, ""), AVP), SESSION_FAILED_PRECONDITION,
		       "relay's own offer to \"x\"");
	assert_done(subscribe_answer("y", rig_phone(42000, "")));
	assert_refused(rig_offer_to("y", "x"), SESSION_FAILED_PRECONDITION,
		       "relay's own offer to \"x\"");
	assert_done(subscribe_answer("x", rig_sdes_phone(3, KEY_A, "")));
	assert_int_equal(x->put->put_leg->remote->port, 52000);
	rig_sdes_phone(3, KEY_B, "");
	memcpy(strstr(rig_text, "52000"), "52002", 5);
	assert_done(subscribe_answer("x", rig_text));
	assert_int_equal(x->put->put_leg->remote->port, 52002);
	assert_memory_equal(x->keys->put_keys->receive_key.data, "=-n@", 4);
	assert_done(link_up("x", "y"));
	assert_true(rig_hears(x, y) && rig_hears(y, x));
	/* With another offer that is over. */
	assert_done(rig_offer_to("y", "x"));
	assert_refused(subscribe_answer("x", rig_sdes_phone(3, KEY_B, "")),
		       SESSION_FAILED_PRECONDITION, "waits for an answer");
}

/* What the others of its call send is not what it was offered. */
static void a_created_party_changes_no_m_line(void **state)
{
	struct fake_leg *a, *b;
	char name[300];

	rig_phones("1", &a, &b);
	assert_done(create("x", AVP, "SIREN/16000"));
	assert_done(subscribe_answer("x", "v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\nt=0 0\r\n"
					  "m=audio 41000 RTP/AVP 96\r\nc=IN IP4 203.0.113.1\r\n"
					  "a=rtpmap:96 SIREN/16000\r\n"));
	assert_done(subscribe("r", "a", AVP));
	assert_null(strstr(rig.got.sdp, "SIREN"));
	assert_non_null(strstr(rig.got.sdp, "IN IP4 198.51.100.1\r\n"));
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(create(name, AVP, NULL), SESSION_INVALID_ARGUMENT);
	assert_int_equal(create("", AVP, NULL), SESSION_INVALID_ARGUMENT);
	for (size_t k = 0; k < COUNT(no_codecs); k++)
		assert_refused(create("y", AVP, no_codecs[k]), SESSION_INVALID_ARGUMENT, "is none");
}

/* Nothing is left of what was not answered, or was refused. */
static void a_created_party_that_never_answers(void **state)
{
	assert_refused(create("x", AVP, "SIREN"), SESSION_INVALID_ARGUMENT, "is none");
	assert_int_equal(rig.session->calls.count, 0);
	assert_done(create("x", AVP, "SIREN/16000"));
	assert_non_null(strstr(rig.got.sdp, "a=rtpmap:96 SIREN/16000\r\n"));
	rig.fake.refuse_put = ENOSPC;
	assert_refused(create("y", AVP, NULL), SESSION_RESOURCE_EXHAUSTED, "refused");
	rig.fake.refuse_put = 0;
	assert_int_equal(fake_count(&rig.fake), 1);
	rig_wait(rig.session->calls.count == 0);
	rig_wait(fake_count(&rig.fake) + fake_call_count(&rig.fake) == 0);
}

/* One offer, and two who answer it one after the other (183, then 200 of another one). */
static void two_answers(void **state)
{
	struct fake_leg *a, *b;
	unsigned int port;

	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), SAVP));
	b = rig_leg("audio");
	assert_done(rig_answer("1", "a", "x", rig_sdes_phone(3, KEY_A, "")));
	a = rig_leg("audio");
	port = rig_port("audio");
	assert_int_equal(b->keys->put_keys->suite, SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(b->put->put_leg->remote->port, 52000);
	rig_sdes_phone(3, KEY_B, "");
	memcpy(strstr(rig_text, "52000"), "52002", 5);
	assert_done(rig_answer("1", "a", "y", rig_text));
	assert_int_equal(rig_port("audio"), port);
	assert_ptr_equal(rig_leg("audio"), a);
	assert_int_equal(fake_count(&rig.fake), 2);
	assert_int_equal(b->put->put_leg->remote->port, 52002);
	assert_memory_equal(b->keys->put_keys->receive_key.data, "=-n@", 4);
	assert_true(rig_hears(a, b) && rig_hears(b, a));
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->n_parties, 2);
	assert_string_equal(party_of("y")->partner, "a");
	/* Once there was another offer, this one takes no answer. */
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), -1));
	assert_done(rig_answer("1", "a", "y", rig_sdes_phone(3, KEY_B, "")));
	assert_refused(rig_answer("1", "a", "z", rig_sdes_phone(3, KEY_B, "")),
		       SESSION_FAILED_PRECONDITION, "to_tag");
}

/* The browser's credentials and fingerprint are the same in each answer, so that it takes both. */
static void a_browser_hears_two_answers(void **state)
{
	char first[4096], *line;

	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", false), AVP));
	assert_done(rig_answer("1", "a", "x", rig_phone(42000, "")));
	snprintf(first, sizeof(first), "%s", rig.got.sdp);
	assert_done(rig_answer("1", "a", "y", rig_phone(43000, "")));
	for (line = strtok(first, "\r\n"); line; line = strtok(NULL, "\r\n"))
		if (!strncmp(line, "a=ice", 5) || !strncmp(line, "a=fing", 6) ||
		    !strncmp(line, "m=", 2) || !strncmp(line, "a=cand", 6))
			assert_shows(line);
}

/* --- without an answer ----------------------------------------------------------------------- */

static void a_first_offer_is_withdrawn(void **state)
{
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_refused(withdraw("b", ""), SESSION_FAILED_PRECONDITION, "no such offer");
	assert_done(withdraw("a", ""));
	rig_wait(fake_count(&rig.fake) + fake_call_count(&rig.fake) == 0);
	assert_refused(rig_query("1"), SESSION_NOT_FOUND, "no call");
	assert_refused(withdraw("a", ""), SESSION_NOT_FOUND, "no call");
}

static void one_of_two_branches_is_withdrawn(void **state)
{
	assert_done(offer_on("one", rig_phone(41000, ""), AVP));
	assert_done(offer_on("two", rig_phone(41000, ""), AVP));
	assert_done(withdraw("a", "one"));
	rig_wait(fake_count(&rig.fake) == 2);
	assert_done(rig_answer("1", "a", "y", rig_phone(42000, ""))); /* no doubt is left */
	assert_int_equal(fake_path_count(&rig.fake), 2);
}

/* A refused re-INVITE (488): everything is as before it. */
static void a_re_offer_is_withdrawn(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(rig_offer("1", "a", rig_phone(41002, "m=video 43000 RTP/AVP 96\r\n"), -1));
	assert_int_equal(fake_count(&rig.fake), 4);
	restart();
	assert_done(withdraw("a", ""));
	rig_wait(fake_count(&rig.fake) == 2);
	assert_int_equal(a->put->put_leg->remote->port, 41000);
	assert_true(rig_hears(a, b) && rig_hears(b, a));
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
}

static void glare_is_settled(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(rig_offer("1", "a", rig_phone(41002, ""), -1));
	assert_refused(rig_offer("1", "b", rig_phone(42002, ""), -1), SESSION_ALREADY_EXISTS,
		       "an offer of \"a\" waits");
	assert_done(offer_against("b", rig_phone(42002, "")));
	assert_refused(rig_answer("1", "a", "b", rig_phone(42000, "")), SESSION_FAILED_PRECONDITION,
		       "from_tag is not that of the open offer");
	assert_done(rig_answer("1", "b", "a", rig_phone(41000, "")));
	assert_int_equal(a->put->put_leg->remote->port, 41000);
	assert_int_equal(b->put->put_leg->remote->port, 42002);
}

/* --- one after the other --------------------------------------------------------------------- */

static unsigned int served, order[40];

static void note(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	order[served++] = (unsigned int)(uintptr_t)arg;
	rig.got.code = error ? error->code : 0;
}

static void requests_queue(void **state)
{
	Tandem__Relay__V1__OfferRequest request = offer_request("a", rig_phone(41000, ""));

	rig_stop();
	rig.config.port_quarantine_ms = 0;
	rig_start();
	served = 0;
	for (uintptr_t k = 0; k < 33; k++)
		session_offer(rig.session, &request, note, (void *)k);
	assert_int_equal(served, 0);
	session_offer(rig.session, &request, note, (void *)33);
	assert_int_equal(served, 1);
	assert_int_equal(rig.got.code, SESSION_RESOURCE_EXHAUSTED);
	rig_wait(served == 34);
	for (unsigned int k = 1; k < 34; k++)
		assert_int_equal(order[k], k - 1);
	assert_int_equal(rig.got.code, 0);
	rig_wait(fake_count(&rig.fake) == 2);
}

/* --- who leaves ------------------------------------------------------------------------------ */

static void a_party_leaves_and_another_comes(void **state)
{
	struct fake_leg *a, *b, *c;

	rig_phones("1", &a, &b);
	assert_done(leave("b", ""));
	assert_int_equal(fake_count(&rig.fake), 1);
	assert_int_equal(fake_path_count(&rig.fake), 0);
	restart();
	assert_done(offer_on("other", rig_phone(41000, ""), AVP));
	c = rig_leg("audio");
	assert_done(answer_on("other", "c", rig_phone(43000, "")));
	assert_ptr_equal(rig_leg("audio"), a);
	assert_true(rig_hears(a, c) && rig_hears(c, a));
	assert_refused(leave("b", ""), SESSION_NOT_FOUND, "no such party");
	assert_done(leave("a", ""));
	assert_done(leave("c", ""));
	rig_wait(fake_count(&rig.fake) + fake_call_count(&rig.fake) == 0);
	assert_refused(rig_query("1"), SESSION_NOT_FOUND, "no call");
}

/* --- listeners ------------------------------------------------------------------------------- */

static const char *recorder(const char *media)
{
	static char sdp[1024];

	snprintf(
		sdp, sizeof(sdp),
		"v=0\r\no=- 1 1 IN IP4 203.0.113.50\r\ns=-\r\nc=IN IP4 203.0.113.50\r\nt=0 0\r\n%s",
		media);
	return sdp;
}

#define LISTENS                                                                                    \
	"m=audio 45000 RTP/AVP 0 101\r\na=recvonly\r\nm=audio 45002 RTP/AVP 0 101\r\na=recvonly\r\n"

static void a_recorder_hears_both(void **state)
{
	struct fake_leg *a, *b, *first, *second;

	rig_phones("1", &a, &b);
	assert_done(subscribe("r", NULL, AVP));
	assert_int_equal(rig.got.sources->n_sources, 2);
	assert_string_equal(rig.got.sources->sources[0], "a");
	assert_string_equal(rig.got.sources->sources[1], "b");
	assert_shows("a=sendonly");
	assert_shows("a=rtpmap:101 telephone-event/8000");
	assert_hides("127.0.0.1");
	first = rig_leg("audio");
	assert_int_equal(fake_count(&rig.fake), 4);
	assert_int_equal(fake_path_count(&rig.fake), 2); /* it has not answered yet */
	restart();
	assert_done(subscribe_answer("r", recorder(LISTENS)));
	second = fake_find(&rig.fake, rig.fake.legs[3].put->put_leg->leg);
	assert_true(rig_hears(first, a) && fake_path(&rig.fake, a, first)->branch);
	assert_true(rig_hears(second, b) && fake_path(&rig.fake, b, second)->branch);
	assert_int_equal(fake_path_count(&rig.fake), 4);
	restart();
	/* Who listens does not talk. */
	assert_refused(rig_offer("1", "r", rig_phone(45000, ""), AVP), SESSION_FAILED_PRECONDITION,
		       "no participant");
	assert_done(rig_query("1"));
	assert_true(party_of("r")->listens);
	/* One of the two leaves, the recorder stays, and then it leaves too. */
	assert_done(leave("b", ""));
	assert_int_equal(fake_path_count(&rig.fake), 1);
	assert_true(rig_hears(first, a));
	assert_done(unsubscribe("r"));
	assert_int_equal(rig.got.call->n_legs, 2);
	assert_int_equal(fake_count(&rig.fake), 1);
	assert_refused(unsubscribe("a"), SESSION_NOT_FOUND, "no listener");
}

static void a_listener_is_refused(void **state)
{
	struct fake_leg *a, *b;

	assert_refused(subscribe("r", NULL, AVP), SESSION_NOT_FOUND, "no call");
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_refused(subscribe("r", NULL, AVP), SESSION_FAILED_PRECONDITION, "nothing to hear");
	assert_done(rig_drop("1"));
	rig_phones("1", &a, &b);
	assert_refused(subscribe("b", NULL, AVP), SESSION_ALREADY_EXISTS, "another party");
	assert_refused(subscribe("r", "x", AVP), SESSION_FAILED_PRECONDITION, "no party");
	assert_refused(subscribe_answer("r", recorder(LISTENS)), SESSION_FAILED_PRECONDITION,
		       "waits for an answer");
	assert_done(subscribe("r", "a", AVP));
	assert_refused(subscribe_answer("r", recorder(LISTENS)), SESSION_INVALID_ARGUMENT,
		       "the answer has 2 m-lines");
	assert_done(subscribe_answer("r", recorder("m=audio 45000 RTP/AVP 0\r\n")));
	assert_int_equal(fake_path_count(&rig.fake), 3);
}

static void twenty_listen(void **state)
{
	struct fake_leg *a, *b;
	char tag[8];

	rig_phones("1", &a, &b);
	for (unsigned int k = 0; k < 20; k++) {
		snprintf(tag, sizeof(tag), "r%u", k);
		assert_done(subscribe(tag, "a", k % 2 ? AVP : WEBRTC));
		if (k % 2)
			assert_done(subscribe_answer(tag, recorder("m=audio 45000 RTP/AVP 0\r\n")));
		else
			assert_done(subscribe_answer(
				tag, rig_browser("bbbb", PRINT_B, "active", false)));
	}
	assert_int_equal(fake_path_count(&rig.fake), 22);
	assert_true(rig_hears(a, b) && rig_hears(b, a));
	restart();
	assert_done(rig_query("1"));
	assert_int_equal(rig.got.call->n_paths, 22);
}

/* --- muting ---------------------------------------------------------------------------------- */

static int muted(const struct fake_leg *from, const struct fake_leg *to)
{
	return fake_path(&rig.fake, from, to)->mute;
}

static int block_events(const char *tag, bool blocks)
{
	Tandem__Relay__V1__MuteRequest request = TANDEM__RELAY__V1__MUTE_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.events = true;
	request.muting = blocks ? TANDEM__RELAY__V1__MUTING__MUTING_BLOCK
				: TANDEM__RELAY__V1__MUTING__MUTING_NONE;
	return rig_ask(session_mute, &request);
}

/* The phones have them as payload type 101. */
static void telephone_events_are_blocked(void **state)
{
	const ProtobufCBinaryData *types;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_int_equal(fake_path(&rig.fake, a, b)->payload_types.len, 0);
	assert_done(block_events("a", true));
	restart();
	types = &fake_path(&rig.fake, a, b)->payload_types;
	assert_int_equal(types->len, 16);
	for (unsigned int type = 0; type < 128; type++)
		assert_int_equal(types->data[type / 8] >> type % 8 & 1, type != 101);
	assert_int_equal(fake_path(&rig.fake, b, a)->payload_types.len, 0);
	/* What is said of the rest is another matter. */
	assert_done(mute("a", "", TANDEM__RELAY__V1__MUTING__MUTING_BLOCK));
	assert_done(mute("", "", TANDEM__RELAY__V1__MUTING__MUTING_NONE));
	assert_int_equal(fake_path(&rig.fake, a, b)->payload_types.len, 16);
	assert_done(block_events("", false));
	assert_int_equal(fake_path(&rig.fake, a, b)->payload_types.len, 0);
}

static int publish(const char *tag, const char *sdp)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)tag;
	request.sdp = (char *)sdp;
	request.joins = true;
	return rig_ask(session_publish, &request);
}

/* The relay answers who only sends, and others hear it. */
static void who_publishes_is_heard(void **state)
{
	struct fake_leg *p, *r;

	assert_refused(publish("p", "v=0\r\n"), SESSION_INVALID_ARGUMENT, "sdp line");
	assert_int_equal(fake_call_count(&rig.fake), 0);
	assert_done(publish("p", rig_phone(41000, "a=sendonly\r\n")));
	assert_shows(" RTP/AVP 0\r\n");
	assert_shows("a=recvonly\r\n");
	assert_hides("telephone-event");
	p = rig_leg("audio");
	assert_int_equal(p->put->put_leg->remote->port, 41000);
	assert_int_equal(fake_count(&rig.fake), 1);
	assert_int_equal(fake_path_count(&rig.fake), 0);
	restart();
	assert_done(subscribe("r", "p", AVP));
	r = rig_leg("audio");
	assert_done(subscribe_answer("r", recorder("m=audio 45000 RTP/AVP 0\r\n")));
	assert_true(rig_hears(r, p) && !rig_hears(p, r));
	/* It comes from elsewhere, and is the same party. */
	assert_done(publish("p", rig_phone(41002, "a=sendonly\r\n")));
	assert_ptr_equal(rig_leg("audio"), p);
	assert_int_equal(p->put->put_leg->remote->port, 41002);
	assert_true(rig_hears(r, p));
	assert_done(rig_drop("1"));
	assert_int_equal(fake_count(&rig.fake) + fake_call_count(&rig.fake), 0);
}

static void who_publishes_by_srtp(void **state)
{
	struct fake_leg *p;

	assert_done(publish("p", rig_sdes_phone(3, KEY_A, "a=sendonly\r\n")));
	assert_shows("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:");
	p = rig_leg("audio");
	assert_int_equal(rig.fake.key_puts, 1);
	assert_memory_equal(p->keys->put_keys->receive_key.data, "YS__", 4);
	assert_done(publish("q", rig_browser("abcd", PRINT_A, "actpass", false)));
	assert_shows("a=setup:passive");
	assert_shows("a=ice-ufrag:");
	rig_phones("2", &p, &p);
}

static void who_talks_does_not_publish(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_refused(publish("a", rig_phone(41000, "a=sendonly\r\n")),
		       SESSION_FAILED_PRECONDITION, "talks with another");
	assert_true(rig_hears(a, b) && rig_hears(b, a));
	rig.fake.refuse_put = EINVAL;
	assert_refused(publish("p", rig_phone(41000, "a=sendonly\r\n")), SESSION_INTERNAL,
		       "publish anew");
}

static void parties_are_muted(void **state)
{
	const int block = TANDEM__DATAPLANE__V1__MUTE__MUTE_BLOCK;
	const Tandem__Dataplane__V1__PutPath *path;
	struct fake_leg *a, *b, *r;

	rig_phones("1", &a, &b);
	assert_done(subscribe("r", "a", AVP));
	r = rig_leg("audio");
	assert_done(subscribe_answer("r", recorder("m=audio 45000 RTP/AVP 0\r\n")));
	assert_refused(mute("x", "", TANDEM__RELAY__V1__MUTING__MUTING_BLOCK),
		       SESSION_FAILED_PRECONDITION, "no party");
	assert_done(mute("a", "", TANDEM__RELAY__V1__MUTING__MUTING_BLOCK));
	assert_int_equal(muted(a, b), block);
	assert_int_equal(muted(a, r), block);
	assert_int_equal(muted(b, a), 0);
	/* What is said of two is said again of those two. */
	assert_done(mute("a", "b", TANDEM__RELAY__V1__MUTING__MUTING_NONE));
	assert_int_equal(muted(a, b), 0);
	assert_int_equal(muted(a, r), block);
	restart();
	assert_done(rig_query("1"));
	assert_string_equal(rig.got.call->paths[1]->why, "blocked");
	assert_done(mute("", "", TANDEM__RELAY__V1__MUTING__MUTING_SILENCE));
	path = fake_path(&rig.fake, a, b);
	assert_int_equal(path->n_silence, 1); /* PCMU, and no event */
	assert_int_equal(path->silence[0]->payload_type, 0);
	assert_int_equal(path->silence[0]->octet, 0xff);
	assert_int_equal(path->mute, 0);
	assert_done(mute("", "", TANDEM__RELAY__V1__MUTING__MUTING_NONE));
	assert_int_equal(fake_path(&rig.fake, a, b)->n_silence, 0);
	assert_int_equal(muted(a, r), 0);
}

/* --- those who watch ------------------------------------------------------------------------- */

static char told[1024];

static void hear(void *arg, const Tandem__Relay__V1__WatchEvent *event)
{
	const ProtobufCEnumValue *kind = protobuf_c_enum_descriptor_get_value(
		&tandem__relay__v1__watch_kind__descriptor, event->kind);

	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s:%s ", kind->name + 6,
		 event->tag);
}

static void what_happens_is_told(void **state)
{
	struct session_watcher *all, *other;
	struct fake_leg *a, *b;

	told[0] = '\0';
	all = session_watch_calls(rig.session, "", hear, NULL);
	other = session_watch_calls(rig.session, "2", hear, NULL);
	rig_phones("1", &a, &b);
	fake_event(&rig.fake, a->put->put_leg->leg, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA,
		   NULL, 0);
	assert_done(rig_query("1"));
	assert_done(rig_query("1"));
	assert_done(rig_offer("1", "b", rig_phone(42000, ""), -1));
	assert_done(withdraw("b", ""));
	assert_done(leave("b", ""));
	assert_done(rig_drop("1"));
	assert_string_equal(told, "OFFERED:a ANSWERED:b FIRST_MEDIA:a OFFERED:b WITHDRAWN:b "
				  "PARTY_LEFT:b ENDED: ");
	session_unwatch_calls(all);
	rig_phones("1", &a, &b);
	session_unwatch_calls(other);
	assert_null(strstr(told, "ENDED: O"));
}

static int drop_later(uint32_t delay_ms)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.delay_ms = delay_ms;
	return rig_ask(session_delete, &request);
}

/* Also when the control plane starts anew meanwhile. */
static void a_deletion_may_wait(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(drop_later(600000));
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), -1));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_done(drop_later(300));
	rig_stop();
	rig_start();
	assert_done(rig_query("1"));
	assert_int_equal(fake_count(&rig.fake), 2);
	rig_wait(fake_count(&rig.fake) == 0);
}

/* An offer that comes again, for the one who has not answered the first, is at the same place. */
static void an_offer_comes_again(void **state)
{
	char first[sizeof(rig_text)];

	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), SAVP));
	snprintf(first, sizeof(first), "%s", rig.got.sdp);
	assert_done(rig_offer("1", "a", rig_sdes_phone(1, KEY_A, ""), SAVP));
	assert_string_equal(rig.got.sdp, first);
	/* What will not do there makes room. */
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), WEBRTC));
	assert_done(rig_offer("1", "a", rig_phone(41000, ""), AVP));
	assert_done(rig_answer("1", "a", "b", rig_phone(42000, "")));
	assert_int_equal(fake_count(&rig.fake), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_deletion_may_wait),
		TEST(an_offer_comes_again),
		TEST(two_branches),
		TEST(parties_are_connected),
		TEST(created_parties_are_connected),
		TEST(a_created_party_answers_twice),
		TEST(a_created_party_changes_no_m_line),
		TEST(a_created_party_that_never_answers),
		TEST(two_answers),
		TEST(a_browser_hears_two_answers),
		TEST(a_first_offer_is_withdrawn),
		TEST(one_of_two_branches_is_withdrawn),
		TEST(a_re_offer_is_withdrawn),
		TEST(glare_is_settled),
		TEST(requests_queue),
		TEST(a_party_leaves_and_another_comes),
		TEST(a_recorder_hears_both),
		TEST(a_listener_is_refused),
		TEST(twenty_listen),
		TEST(telephone_events_are_blocked),
		TEST(parties_are_muted),
		TEST(who_publishes_is_heard),
		TEST(who_publishes_by_srtp),
		TEST(who_talks_does_not_publish),
		TEST(what_happens_is_told),
	};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
