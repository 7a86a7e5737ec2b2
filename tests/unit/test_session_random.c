/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random histories of the session: every verb, event, refusal and loss between any two steps of the
 * others. When all is quiet the dataplane has the legs and paths of the calls, and no others; and
 * who hears whom is what a plain model says, which knows nothing but the verbs that succeeded. No
 * call has two records, whatever died between.
 *
 * TANDEM_STEPS and TANDEM_SEED say how long and which; a failure prints both.
 */
#include <inttypes.h>

#include "controlplane/session/report.h"
#include "tests/rig/control.h"

#define STEPS 20000
#define EPOCH 400 /* steps until all must come to rest */
#define CALLS 6
#define IDS   64 /* of legs that were there once */
#define ROUND 30 /* ms between audits */
#define TAGS  4  /* of parties that talk: a to d */

static uint64_t seed;
static uint64_t ids[IDS];
static unsigned int id_count, replies, asked;

static unsigned int chance(unsigned int below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % below;
}

/* --- the model ------------------------------------------------------------------------------- */

/* Whom each party of a call says it talks with: a tag, or 0. */
struct modelled {
	char partner[TAGS];
	bool unknown; /* an answer failed half way: until the call is gone anything may be */
};

static struct modelled model[CALLS];

/* A request on its way, and what it means once it succeeded. */
struct pending {
	unsigned int call;
	enum { OTHER, TALK, DELETE, LEAVE } verb;
	char from, to;
};

static char *partner_of_tag(struct modelled *m, char tag)
{
	return &m->partner[tag - 'a'];
}

static void leave(struct modelled *m, char tag)
{
	*partner_of_tag(m, tag) = 0;
	for (unsigned int k = 0; k < TAGS; k++)
		if (m->partner[k] == tag)
			m->partner[k] = 0;
}

/* The one who answers takes the tag of who answered the same offer before. */
static void take_success(const struct pending *p)
{
	struct modelled *m = &model[p->call];

	switch (p->verb) {
	case TALK:
		*partner_of_tag(m, p->from) = p->to;
		*partner_of_tag(m, p->to) = p->from;
		break;
	case DELETE:
		*m = (struct modelled){.unknown = false};
		break;
	case LEAVE:
		leave(m, p->from);
		break;
	case OTHER:
		break;
	}
}

static void replied(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	struct pending *p = arg;

	assert_true((reply == NULL) != (error == NULL));
	replies++;
	if (!error)
		take_success(p);
	else if (p->verb != OTHER && error->code != SESSION_INVALID_ARGUMENT &&
		 error->code != SESSION_FAILED_PRECONDITION &&
		 error->code != SESSION_UNIMPLEMENTED && error->code != SESSION_NOT_FOUND)
		model[p->call].unknown = true;
	free(p);
}

static struct pending *begin(unsigned int call, int verb, char from, char to)
{
	struct pending *p = malloc(sizeof(*p));

	assert_non_null(p);
	*p = (struct pending){call, verb, from, to};
	return p;
}

/* The tag with which the relay offers the suite that rig_sdes_phone() takes. */
#define TAG_OFFERED 3

/* Participants of these calls mostly speak SRTP, with SDES. */
static bool is_secure(unsigned int call)
{
	return call < CALLS / 2;
}

/* `tag`: of a=crypto. */
static const char *any_sdp(unsigned int call, unsigned int port, unsigned int tag)
{
	static const char *const prints[] = {PRINT_A, PRINT_B};
	static const char *const setups[] = {"actpass", "active", "passive"};
	static const char *const more[] = {"", "a=sendonly\r\n", "a=inactive\r\n",
					   "m=image 4000 udptl t38\r\n",
					   "m=audio 43000 RTP/AVP 0\r\n"};

	/* Mostly what fits together, so that calls come about. */
	if (is_secure(call) && chance(10))
		return rig_sdes_phone(tag, chance(2) ? KEY_A : KEY_B, "");
	switch (chance(10)) {
	case 0:
		return rig_sdes_phone(1 + chance(4), chance(2) ? KEY_A : KEY_B, "");
	case 1:
		return rig_browser(chance(2) ? "aaaa" : "bbbb", prints[chance(2)],
				   setups[chance(3)], chance(4) == 0);
	default:
		return rig_phone(port + 2 * chance(3), more[chance(5)]);
	}
}

/* --- what is asked --------------------------------------------------------------------------- */

#define CALL_ID(call) ((char[]){'0' + (call), '\0'})
#define TAG(tag)      ((char[]){(tag), '\0'})

static char any_tag(void)
{
	return "aaaaaabbbcd"[chance(11)];
}

static const char *any_branch(void)
{
	static const char *const branches[] = {"", "", "", "one", "two"};

	return branches[chance(2) ? 0 : chance(5)];
}

static void ask_offer(unsigned int call)
{
	static const int profiles[] = {-1, AVP, AVP, AVP, AVP, AVP, SAVP, WEBRTC};
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
	int profile = is_secure(call) && chance(4) ? SAVP : profiles[chance(8)];

	to.profile = profile;
	request.call_id = CALL_ID(call);
	request.from_tag = TAG(any_tag());
	request.to_tag = chance(6) ? (char *)"" : TAG(any_tag());
	request.branch = (char *)any_branch();
	request.glare = chance(2);
	request.sdp = (char *)any_sdp(call, 41000, 1);
	request.to = profile < 0 ? NULL : &to;
	session_offer(rig.session, &request, replied, begin(call, OTHER, 0, 0));
}

static void ask_answer(unsigned int call)
{
	Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;
	char from = any_tag(), to = chance(2) ? 'b' : any_tag();

	request.call_id = CALL_ID(call);
	request.from_tag = TAG(from);
	request.to_tag = TAG(to);
	request.branch = (char *)any_branch();
	request.sdp = (char *)any_sdp(call, 42000, TAG_OFFERED);
	session_answer(rig.session, &request, replied, begin(call, TALK, from, to));
}

static void ask_withdraw(unsigned int call)
{
	Tandem__Relay__V1__WithdrawRequest request = TANDEM__RELAY__V1__WITHDRAW_REQUEST__INIT;

	request.call_id = CALL_ID(call);
	request.from_tag = TAG(any_tag());
	request.branch = (char *)any_branch();
	session_withdraw(rig.session, &request, replied, begin(call, OTHER, 0, 0));
}

static void ask_delete(unsigned int call)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;
	bool whole = chance(2);
	char tag = any_tag();

	request.call_id = CALL_ID(call);
	request.tag = whole ? (char *)"" : TAG(tag);
	session_delete(rig.session, &request, replied, begin(call, whole ? DELETE : LEAVE, tag, 0));
}

static void ask_to_listen(unsigned int call)
{
	Tandem__Relay__V1__SubscribeRequest request = TANDEM__RELAY__V1__SUBSCRIBE_REQUEST__INIT;
	Tandem__Relay__V1__SubscribeAnswerRequest answer =
		TANDEM__RELAY__V1__SUBSCRIBE_ANSWER_REQUEST__INIT;
	Tandem__Relay__V1__UnsubscribeRequest gone = TANDEM__RELAY__V1__UNSUBSCRIBE_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
	char tag = 'x' + chance(2), *sources[] = {TAG(any_tag())};

	switch (chance(3)) {
	case 0:
		to.profile = (int[]){AVP, SAVP, WEBRTC}[chance(3)];
		request.call_id = CALL_ID(call);
		request.tag = TAG(tag);
		request.to = &to;
		request.sources = sources;
		request.n_sources = chance(2);
		session_subscribe(rig.session, &request, replied, begin(call, OTHER, 0, 0));
		return;
	case 1:
		answer.call_id = CALL_ID(call);
		answer.tag = TAG(chance(2) ? tag : any_tag());
		answer.sdp = (char *)any_sdp(call, 45000, TAG_OFFERED);
		session_subscribe_answer(rig.session, &answer, replied, begin(call, OTHER, 0, 0));
		return;
	default:
		gone.call_id = CALL_ID(call);
		gone.tag = TAG(tag);
		session_unsubscribe(rig.session, &gone, replied, begin(call, OTHER, 0, 0));
	}
}

static void ask_to_mute(unsigned int call)
{
	Tandem__Relay__V1__MuteRequest request = TANDEM__RELAY__V1__MUTE_REQUEST__INIT;

	request.call_id = CALL_ID(call);
	request.tag = chance(2) ? TAG(any_tag()) : (char *)"";
	request.to_tag = chance(2) ? TAG(any_tag()) : (char *)"";
	request.muting = chance(3);
	session_mute(rig.session, &request, replied, begin(call, OTHER, 0, 0));
}

static void ask_to_publish(unsigned int call)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	request.call_id = CALL_ID(call);
	request.from_tag = TAG(any_tag());
	request.sdp = (char *)any_sdp(call, 46000, TAG_OFFERED);
	request.joins = chance(2);
	session_publish(rig.session, &request, replied, begin(call, OTHER, 0, 0));
}

static void ask_to_create(unsigned int call)
{
	Tandem__Relay__V1__CreateRequest request = TANDEM__RELAY__V1__CREATE_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.profile = (int[]){AVP, SAVP, WEBRTC}[chance(3)];
	request.call_id = CALL_ID(call);
	request.tag = TAG(any_tag());
	request.to = &to;
	session_create(rig.session, &request, replied, begin(call, OTHER, 0, 0));
}

static void ask_to_connect(unsigned int call)
{
	Tandem__Relay__V1__ConnectRequest request = TANDEM__RELAY__V1__CONNECT_REQUEST__INIT;
	char one = any_tag(), other = any_tag();

	request.call_id = CALL_ID(call);
	request.tag = TAG(one);
	request.to_tag = TAG(other);
	session_connect(rig.session, &request, replied, begin(call, TALK, one, other));
}

static void ask_query(unsigned int call)
{
	Tandem__Relay__V1__QueryRequest request = TANDEM__RELAY__V1__QUERY_REQUEST__INIT;

	request.call_id = CALL_ID(call);
	session_query(rig.session, &request, replied, begin(call, OTHER, 0, 0));
}

static void ask_something(void)
{
	static void (*const verbs[])(unsigned int) = {
		ask_offer,      ask_offer,      ask_offer,     ask_offer,     ask_answer,
		ask_answer,     ask_answer,     ask_answer,    ask_answer,    ask_withdraw,
		ask_delete,     ask_to_listen,  ask_to_listen, ask_to_listen, ask_to_mute,
		ask_to_connect, ask_to_publish, ask_to_create, ask_query,
	};

	asked++;
	verbs[chance(sizeof(verbs) / sizeof(verbs[0]))](chance(CALLS));
}

/* --- what happens ---------------------------------------------------------------------------- */

static void remember_legs(void)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		if (rig.fake.legs[i].put)
			ids[id_count++ % IDS] = rig.fake.legs[i].put->put_leg->leg;
}

/* Of a leg that is there, or was. */
static void happen(void)
{
	static const Tandem__Dataplane__V1__EventKind kinds[] = {
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT,
		TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_KEYS_STALE,
	};
	/* The beginning of a hello, and nonsense. */
	uint8_t datagram[80] = {
		22, 0xfe, 0xff, [11] = 0, [12] = 67, [13] = 1, [16] = 55, [24] = 55};

	remember_legs();
	if (rig.fake.fd < 0 || !id_count)
		return;
	datagram[25] = 0xfe;
	datagram[26 + chance(20)] = chance(256);
	fake_event(&rig.fake, ids[chance(id_count < IDS ? id_count : IDS)], kinds[chance(5)],
		   datagram, sizeof(datagram));
}

/* --- records --------------------------------------------------------------------------------- */

/* Those that are kept outlive the control plane; those that wait do not. */
static struct {
	uint64_t *keys;
	unsigned int count;
} kept, waiting;

static bool has(const uint64_t *keys, unsigned int count, uint64_t key)
{
	for (unsigned int k = 0; k < count; k++)
		if (keys[k] == key)
			return true;
	return false;
}

/* No call has two. */
static void take_record(void *arg, uint64_t key, const Tandem__Relay__V1__CallRecord *record)
{
	assert_false(has(kept.keys, kept.count, key) || has(waiting.keys, waiting.count, key));
	waiting.keys = realloc(waiting.keys, (waiting.count + 1) * sizeof(key));
	waiting.keys[waiting.count++] = key;
}

static enum session_recorded find_record(void *arg, uint64_t key)
{
	return has(kept.keys, kept.count, key)         ? RECORD_KEPT
	       : has(waiting.keys, waiting.count, key) ? RECORD_WAITS
						       : RECORD_UNKNOWN;
}

static const struct session_recorder recorder = {take_record, find_record, NULL};

static void on_settled(void *arg, int error)
{
}

static void keep_records(void)
{
	kept.keys = realloc(kept.keys, (kept.count + waiting.count + 1) * sizeof(kept.keys[0]));
	for (unsigned int k = 0; k < waiting.count; k++)
		kept.keys[kept.count++] = waiting.keys[k];
	session_recorded(rig.session, waiting.keys, waiting.count, on_settled, NULL);
	waiting.count = 0;
}

static void open_session(void)
{
	assert_int_equal(session_open(&rig.session, &rig.loop, &rig.config), 0);
	session_keep_records(rig.session, &recorder);
}

static bool broke; /* the connection did, or the dataplane, and not all may be well yet */

static void go_wrong(void)
{
	switch (chance(8)) {
	case 0:
		broke = true;
		fake_hang_up(&rig.fake);
		return;
	case 1: /* the dataplane restarts */
		broke = true;
		/* A control plane that has just begun knows no call yet. */
		for (unsigned int call = 0; call < CALLS; call++)
			model[call].unknown |= !rig.session->synced;
		fake_hang_up(&rig.fake);
		fake_forget(&rig.fake);
		return;
	case 2: /* the control plane restarts */
		/* What was lost on both sides is lost, or was deleted on one alone. */
		for (unsigned int call = 0; call < CALLS; call++)
			model[call].unknown |= broke;
		rig_stop();
		assert_int_equal(replies, asked);
		waiting.count = 0;
		open_session();
		return;
	case 3:
	case 4:
		rig.fake.refuse_put = EINVAL;
		rig.fake.refuse_after = chance(4);
		return;
	case 5:
		rig.fake.refuse_keys = rig.fake.refuse_keys ? 0 : EINVAL;
		return;
	case 6: /* a leg gets lost, and one comes from nowhere */
		for (unsigned int i = 0; i < FAKE_LEGS; i++)
			if (rig.fake.legs[i].put && chance(4) == 0) {
				fake_clear(&rig.fake, &rig.fake.legs[i]);
				return;
			}
		return;
	default:
		rig_settle(1 + chance(5));
	}
}

/* --- what must hold -------------------------------------------------------------------------- */

/* Of all calls. */
static struct {
	unsigned int legs, paths;
} seen;
static char odd[80]; /* what was other than it has to be */

static bool talks(const struct modelled *m, char one, char other)
{
	return m->partner[one - 'a'] == other && m->partner[other - 'a'] == one;
}

static bool reply_talks(char one, char other)
{
	for (size_t i = 0; i < rig.got.call->n_parties; i++)
		if (rig.got.call->parties[i]->tag[0] == one &&
		    rig.got.call->parties[i]->partner[0] == other)
			return true;
	return false;
}

/* Who talks with whom is what the verbs said; *agrees is left alone if it is. */
static void compare_model(unsigned int call, bool *agrees)
{
	for (char one = 'a'; one < 'a' + TAGS; one++) {
		for (char other = 'a'; other < 'a' + TAGS; other++) {
			bool right = talks(&model[call], one, other);

			if (one == other || right == (rig.got.code == 0 && reply_talks(one, other)))
				continue;
			snprintf(odd, sizeof(odd), "call %u: %c and %c %s", call, one, other,
				 right ? "have to talk" : "talk");
			*agrees = false;
		}
	}
}

static void compare_paths(bool *agrees)
{
	for (size_t i = 0; i < rig.got.call->n_paths; i++) {
		if (fake_path_place(&rig.fake, rig.got.call->paths[i]->from,
				    rig.got.call->paths[i]->to) >= 0)
			continue;
		snprintf(odd, sizeof(odd), "call %s: a path is missing", rig.got.call->call_id);
		*agrees = false;
	}
	seen.legs += rig.got.call->n_legs;
	seen.paths += rig.got.call->n_paths;
}

static bool is_same_key(const ProtobufCBinaryData *key, const struct fake_leg *sends)
{
	const ProtobufCBinaryData *send = &sends->keys->put_keys->send_key;

	return key->len == send->len && memcmp(key->data, send->data, key->len) == 0;
}

/*
 * What is sent to a participant is protected with a key of that leg's own, which nobody else has.
 */
static void compare_keys(bool *agrees)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++) {
		const struct fake_leg *one = &rig.fake.legs[i];

		if (!one->put || !one->keys || !one->keys->put_keys->send_key.len)
			continue;
		for (unsigned int k = 0; k < FAKE_LEGS; k++) {
			const struct fake_leg *other = &rig.fake.legs[k];
			const Tandem__Dataplane__V1__PutKeys *theirs;

			if (!other->put || !other->keys)
				continue;
			theirs = other->keys->put_keys;
			if ((k == i || !is_same_key(&theirs->send_key, one)) &&
			    !is_same_key(&theirs->receive_key, one))
				continue;
			snprintf(odd, sizeof(odd),
				 "a key protects towards leg %u and serves leg %u", i, k);
			*agrees = false;
		}
	}
}

/* What is counted as it happens is what there is. */
static void compare_counts(bool *agrees)
{
	const struct counts *c = session_counts(rig.session);
	unsigned int calls[COUNTS_STATES] = {0}, counted[COUNTS_STATES] = {0};
	unsigned int parties = 0, legs = 0, secure = 0;
	const struct party *party;
	const struct call *call;
	const struct leg *leg;

	TAILQ_FOREACH (call, &rig.session->by_age, entry) {
		calls[report_state(call)]++;
		parties += call->party_count;
		for_each_leg(leg, call)
		{
			legs++;
			secure += leg->keyed;
		}
	}
	for (unsigned int k = 0; k < c->driver_count; k++)
		for (unsigned int s = 0; s < COUNTS_STATES; s++)
			counted[s] += c->drivers[k].calls[s];
	for (unsigned int k = 0; k < c->network_count; k++)
		for (unsigned int s = 0; s < SUITE_COUNT; s++) {
			legs -= c->networks[k].legs[s];
			secure -= s == SUITE_NONE ? 0 : c->networks[k].legs[s];
		}
	if (c->parties == parties && !legs && !secure && !memcmp(calls, counted, sizeof(calls)))
		return;
	snprintf(odd, sizeof(odd), "calls, parties or legs are not as many as are counted");
	*agrees = false;
}

static bool agrees(void)
{
	bool all = replies == asked && rig.session->ready;

	keep_records();
	memset(&seen, 0, sizeof(seen));
	odd[0] = '\0';
	for (unsigned int call = 0; all && call < CALLS; call++) {
		rig_query(CALL_ID(call));
		if (!model[call].unknown)
			compare_model(call, &all);
		if (rig.got.code == 0)
			compare_paths(&all);
		else if (rig.got.code == SESSION_NOT_FOUND && model[call].unknown)
			model[call] = (struct modelled){.unknown = false};
	}
	compare_keys(&all);
	compare_counts(&all);
	if (all && fake_call_count(&rig.fake) != rig.session->calls.count) {
		snprintf(odd, sizeof(odd), "the dataplane keeps %u calls, and there are %zu",
			 fake_call_count(&rig.fake), rig.session->calls.count);
		return false;
	}
	return all && seen.legs == fake_count(&rig.fake) &&
	       seen.paths == fake_path_count(&rig.fake);
}

/* Once nothing happens: after some rounds of the audit both have the same. */
static void come_to_rest(void)
{
	rig.fake.refuse_put = rig.fake.refuse_keys = 0;
	broke = false;
	rig_settle(ROUND); /* what broke is noticed */
	for (unsigned int tries = 0; tries < 40 && !agrees(); tries++)
		rig_settle(ROUND);
	assert_int_equal(replies, asked);
	assert_true(rig.session->ready);
	if (!agrees())
		fail_msg("%s; %u legs and %u paths for %u and %u", odd, fake_count(&rig.fake),
			 fake_path_count(&rig.fake), seen.legs, seen.paths);
}

static void any_history_comes_to_rest(void **state)
{
	const char *steps = getenv("TANDEM_STEPS"), *from = getenv("TANDEM_SEED");
	unsigned long count = steps ? strtoul(steps, NULL, 10) : STEPS;

	seed = from ? strtoull(from, NULL, 0) : 0x5eed5eed5eedull;
	print_message("# %lu steps from TANDEM_SEED=0x%" PRIx64 "\n", count, seed);
	rig_stop();
	rig.config.audit_ms = ROUND;
	rig.config.port_quarantine_ms = 0;
	rig.config.dtls_cookie = true;
	open_session();
	rig_wait(rig.session->ready);
	for (unsigned long step = 1; step <= count; step++) {
		unsigned int what = chance(40);

		if (what == 0)
			go_wrong();
		else if (what < 12)
			happen();
		else if (what < 20)
			ask_something();
		else if (what == 20)
			keep_records();
		else
			uv_run(&rig.loop, UV_RUN_NOWAIT);
		if (step % EPOCH == 0)
			come_to_rest();
	}
	come_to_rest();
	assert_true(kept.count > 0);
	print_message("# %u calls have ended\n", kept.count);
	free(kept.keys);
	free(waiting.keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(any_history_comes_to_rest)};

	log_open("test_session", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
