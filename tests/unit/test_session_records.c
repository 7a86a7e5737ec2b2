/* SPDX-License-Identifier: BSD-3-Clause */
/* Each call that ends has one record, whatever dies meanwhile. */
#include "tests/rig/control.h"

#define MOST 16

/* A keeper of records that survives the session, as a file does. */
static struct {
	uint64_t key;
	Tandem__Relay__V1__CallRecord *record;
	bool kept; /* else it waits */
} records[MOST];
static unsigned int count;
static bool forgets; /* it dies before it has kept anything */

static void take(void *arg, uint64_t key, const Tandem__Relay__V1__CallRecord *record)
{
	if (forgets)
		return;
	assert_true(count < MOST);
	records[count].key = key;
	records[count].kept = false;
	records[count++].record = fake_copy(&record->base, NULL);
}

static enum session_recorded find(void *arg, uint64_t key)
{
	for (unsigned int k = 0; k < count; k++)
		if (records[k].key == key)
			return records[k].kept ? RECORD_KEPT : RECORD_WAITS;
	return RECORD_UNKNOWN;
}

static const struct session_recorder recorder = {take, find, NULL};

static int confirmed; /* what session_recorded() said; 1: nothing yet */

static void on_confirmed(void *arg, int error)
{
	confirmed = error;
}

/* All of them are kept from now on. */
static void keep(void)
{
	uint64_t keys[MOST];

	for (unsigned int k = 0; k < count; k++) {
		records[k].kept = true;
		keys[k] = records[k].key;
	}
	confirmed = 1;
	session_recorded(rig.session, keys, count, on_confirmed, NULL);
	rig_wait(confirmed != 1);
	assert_int_equal(confirmed, 0);
}

static void start(void)
{
	assert_int_equal(session_open(&rig.session, &rig.loop, &rig.config), 0);
	session_keep_records(rig.session, &recorder);
	rig_wait(rig.session->ready);
}

static int set_up(void **state)
{
	rig_set_up(state);
	session_keep_records(rig.session, &recorder);
	forgets = false;
	return 0;
}

static int tear_down(void **state)
{
	rig_tear_down(state);
	while (count)
		protobuf_c_message_free_unpacked(&records[--count].record->base, NULL);
	return 0;
}

#define RECORDS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const Tandem__Relay__V1__CallRecord *the_record(void)
{
	rig_wait(count);
	assert_int_equal(count, 1);
	return records[0].record;
}

static const Tandem__Relay__V1__RecordParty *party_of(const Tandem__Relay__V1__CallRecord *r,
						      const char *name)
{
	for (size_t k = 0; k < r->n_parties; k++)
		if (strcmp(r->parties[k]->tag, name) == 0 ||
		    strcmp(r->parties[k]->branch, name) == 0)
			return r->parties[k];
	fail_msg("no party %s", name);
	return NULL;
}

static const Tandem__Relay__V1__RecordLeg *leg_of(const Tandem__Relay__V1__CallRecord *r,
						  const char *tag)
{
	const Tandem__Relay__V1__RecordLeg *found = NULL;

	for (size_t k = 0; k < r->n_legs; k++) {
		if (strcmp(r->legs[k]->leg->tag, tag) != 0)
			continue;
		assert_null(found);
		found = r->legs[k];
	}
	assert_non_null(found);
	return found;
}

static int leave(const char *tag, const char *branch)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.tag = (char *)tag;
	request.branch = (char *)branch;
	return rig_ask(session_delete, &request);
}

static int offer_on(const char *branch)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)"a";
	request.branch = (char *)branch;
	request.sdp = (char *)rig_phone(41000, "");
	return rig_ask(session_offer, &request);
}

/* Where the legs of the offer before will not do. */
static int offer_elsewhere(const char *branch)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;

	to.family = TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6;
	request.call_id = (char *)"1";
	request.from_tag = (char *)"a";
	request.branch = (char *)branch;
	request.sdp = (char *)rig_phone(41000, "");
	request.to = &to;
	return rig_ask(session_offer, &request);
}

static int answer_on(const char *branch, const char *tag, unsigned int port)
{
	Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)"a";
	request.to_tag = (char *)tag;
	request.branch = (char *)branch;
	request.sdp = (char *)rig_phone(port, "");
	return rig_ask(session_answer, &request);
}

static int withdraw(const char *branch)
{
	Tandem__Relay__V1__WithdrawRequest request = TANDEM__RELAY__V1__WITHDRAW_REQUEST__INIT;

	request.call_id = (char *)"1";
	request.from_tag = (char *)"a";
	request.branch = (char *)branch;
	return rig_ask(session_withdraw, &request);
}

/* --- what is in it --------------------------------------------------------------------------- */

static void a_call_of_two(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	a->packets = 7;
	b->packets = 5;
	b->auth_failures = 3;
	assert_done(rig_drop("1"));
	assert_int_equal(rig.got.call->n_legs, 2);
	r = the_record();
	assert_int_equal(r->version, 1);
	assert_int_equal(strlen(r->record), 16);
	assert_int_equal(strtoull(r->record, NULL, 16), records[0].key);
	assert_string_equal(r->call_id, "1");
	assert_string_equal(r->driver, "grpc");
	assert_int_equal(r->end, TANDEM__RELAY__V1__END_KIND__END_DELETED);
	assert_string_equal(r->why, "it was deleted");
	assert_int_equal(r->state, TANDEM__RELAY__V1__CALL_STATE__CALL_UP);
	assert_false(r->incomplete);
	assert_true(r->begun_ms && r->answered_ms >= r->begun_ms && r->ended_ms >= r->answered_ms);
	assert_int_equal(r->duration_ms, r->ended_ms - r->begun_ms);
	assert_int_equal(r->talk_ms, r->ended_ms - r->answered_ms);
	assert_int_equal(r->n_parties, 2);
	assert_string_equal(party_of(r, "a")->partner, "b");
	assert_int_equal(party_of(r, "a")->role, TANDEM__RELAY__V1__PARTY_ROLE__PARTY_TALKS);
	assert_int_equal(party_of(r, "b")->left_ms, 0);
	assert_int_equal(r->n_legs, 2);
	assert_int_equal(leg_of(r, "a")->leg->flow->packets, 7);
	assert_int_equal(leg_of(r, "b")->leg->flow->packets, 5);
	assert_int_equal(leg_of(r, "b")->leg->flow->auth_failures, 3);
	assert_string_equal(leg_of(r, "a")->leg->remote, "203.0.113.30:41000");
	assert_string_equal(leg_of(r, "a")->keys, "");
}

static void how_it_was_keyed(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;

	assert_done(rig_offer("1", "a", rig_browser("aaaa", PRINT_A, "actpass", false), SAVP));
	assert_done(rig_answer("1", "a", "b", rig_sdes_phone(1, KEY_B, "")));
	assert_done(rig_drop("1"));
	r = the_record();
	assert_string_equal(leg_of(r, "a")->keys, "dtls");
	assert_string_equal(leg_of(r, "b")->keys, "sdes");
	assert_string_equal(leg_of(r, "b")->leg->suite, "AES_CM_128_HMAC_SHA1_80");
}

static void nobody_answers(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;

	assert_done(offer_on("one"));
	assert_done(withdraw("one"));
	r = the_record();
	assert_int_equal(r->end, TANDEM__RELAY__V1__END_KIND__END_UNANSWERED);
	assert_string_equal(r->why, "it was withdrawn");
	assert_int_equal(r->answered_ms, 0);
	assert_int_equal(r->talk_ms, 0);
	assert_int_equal(party_of(r, "one")->role, TANDEM__RELAY__V1__PARTY_ROLE__PARTY_INVITED);
	assert_int_equal(party_of(r, "a")->role, TANDEM__RELAY__V1__PARTY_ROLE__PARTY_TALKS);
	assert_int_equal(r->n_legs, 2);
	keep();
	assert_int_equal(fake_count(&rig.fake) + fake_call_count(&rig.fake), 0);
}

/* A call of which the first offer was refused was none. */
static void what_never_was(void **state)
{
	rig.fake.refuse_put = ENOSPC;
	assert_int_equal(rig_offer("1", "a", rig_phone(41000, ""), AVP),
			 SESSION_RESOURCE_EXHAUSTED);
	assert_int_equal(rig_offer("1", "a", "no SDP", AVP), SESSION_INVALID_ARGUMENT);
	rig.fake.refuse_put = 0;
	rig_settle(5);
	assert_int_equal(count, 0);
	assert_int_equal(fake_call_count(&rig.fake), 0);
}

/* Its only offer gives way to one that is refused: those who were told of it have its record. */
static void refused_in_its_place(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;

	assert_done(offer_on("one"));
	assert_int_equal(rig_offer("1", "a", "no SDP", AVP), SESSION_INVALID_ARGUMENT);
	assert_int_equal(count, 0);
	rig.fake.refuse_put = ENOSPC;
	assert_int_equal(offer_elsewhere("one"), SESSION_RESOURCE_EXHAUSTED);
	r = the_record();
	assert_int_equal(r->end, TANDEM__RELAY__V1__END_KIND__END_UNANSWERED);
	assert_int_equal(rig.session->counts.ended[COUNTS_UNANSWERED], 1);
	assert_int_equal(rig.session->counts.ended[COUNTS_REFUSED], 0);
	assert_int_equal(rig.session->calls.count, 0);
	keep();
	assert_int_equal(fake_count(&rig.fake) + fake_call_count(&rig.fake), 0);
}

/* --- who had left ---------------------------------------------------------------------------- */

static void check_fork(const Tandem__Relay__V1__CallRecord *r)
{
	assert_int_equal(r->n_parties, 4);
	assert_true(party_of(r, "x")->left_ms >= party_of(r, "x")->joined_ms);
	assert_true(party_of(r, "x")->joined_ms);
	assert_int_equal(party_of(r, "three")->role, TANDEM__RELAY__V1__PARTY_ROLE__PARTY_INVITED);
	assert_true(party_of(r, "three")->left_ms);
	assert_int_equal(party_of(r, "y")->left_ms, 0);
	/* Nothing was ever in force of the one that never answered. */
	assert_int_equal(r->n_legs, 3);
	assert_int_equal(leg_of(r, "x")->leg->flow->packets, 9);
	assert_string_equal(leg_of(r, "x")->leg->why, "");
	assert_true(leg_of(r, "x")->left_ms);
	assert_int_equal(leg_of(r, "y")->leg->flow->packets, 4);
	assert_int_equal(leg_of(r, "y")->left_ms, 0);
	assert_int_equal(r->left_out, 0);
}

static void fork_and_leave(void)
{
	struct fake_leg *x;

	assert_done(offer_on("one"));
	x = rig_leg("audio");
	assert_done(offer_on("two"));
	assert_done(offer_on("three"));
	assert_done(answer_on("one", "x", 42000));
	assert_done(answer_on("two", "y", 43000));
	assert_done(withdraw("three"));
	x->packets = 9;
	assert_done(leave("", "one"));
	assert_int_equal(rig.got.call->n_legs, 1);
}

static void set_packets_of_y(void)
{
	assert_done(rig_query("1"));
	for (unsigned int k = 0; k < FAKE_LEGS; k++)
		if (rig.fake.legs[k].put &&
		    rig.fake.legs[k].put->put_leg->leg == rig_leg_of("y")->id)
			rig.fake.legs[k].packets = 4;
}

static void a_fork(void **state)
{
	fork_and_leave();
	set_packets_of_y();
	assert_done(rig_drop("1"));
	check_fork(the_record());
}

/* Who had left is in the call's state. */
static void a_fork_and_a_restart(void **state)
{
	fork_and_leave();
	rig_settle(5);
	rig_stop();
	start();
	set_packets_of_y();
	assert_done(rig_drop("1"));
	check_fork(the_record());
}

static void the_last_one_leaves(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	a->packets = 7;
	b->packets = 5;
	assert_done(leave("a", ""));
	rig_settle(5);
	assert_int_equal(count, 0);
	assert_done(leave("b", ""));
	r = the_record();
	assert_int_equal(r->end, TANDEM__RELAY__V1__END_KIND__END_ALONE);
	assert_int_equal(leg_of(r, "a")->leg->flow->packets, 7);
	assert_int_equal(leg_of(r, "b")->leg->flow->packets, 5);
	assert_int_equal(r->n_parties, 2);
}

/* However many come and go, the state has room for the call. */
static void a_thousand_branches(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;
	char branch[128];

	rig_stop();
	rig.config.port_quarantine_ms = 0;
	start();
	for (unsigned int k = 0; k < 1000; k++) {
		snprintf(branch, sizeof(branch), "%0100u", k);
		assert_done(offer_on(branch));
		if (k == 0)
			assert_done(answer_on(branch, "x", 42000));
		else
			assert_done(withdraw(branch));
	}
	assert_done(rig_drop("1"));
	r = the_record();
	assert_int_equal(r->n_parties + r->left_out, 1001);
	assert_true(r->left_out > 500 && r->n_parties > 100);
	assert_int_equal(r->n_legs, 2);
}

/* --- once ------------------------------------------------------------------------------------ */

static void the_state_waits_for_the_record(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(rig_drop("1"));
	the_record();
	assert_int_equal(fake_count(&rig.fake), 0);
	assert_int_equal(fake_call_count(&rig.fake), 1);
	assert_int_equal(rig_query("1"), SESSION_NOT_FOUND);
	/* A connection that breaks meanwhile changes nothing of that. */
	fake_hang_up(&rig.fake);
	rig_wait(!rig.session->ready);
	rig_wait(rig.session->ready);
	assert_int_equal(fake_call_count(&rig.fake), 1);
	/* Nor does a new call of this name. */
	rig_phones("1", &a, &b);
	assert_int_equal(fake_call_count(&rig.fake), 2);
	keep();
	assert_int_equal(fake_call_count(&rig.fake), 1);
	assert_int_equal(count, 1);
}

/* The control plane dies before the record is anywhere: the next one has it, with what was known.
 */
static void it_dies_before(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	rig_phones("2", &a, &b);
	forgets = true;
	assert_done(rig_drop("1"));
	rig_stop();
	forgets = false;
	start();
	r = the_record();
	assert_string_equal(r->call_id, "1");
	assert_int_equal(r->end, TANDEM__RELAY__V1__END_KIND__END_DELETED);
	assert_true(r->incomplete);
	assert_true(r->answered_ms && r->ended_ms >= r->answered_ms);
	assert_int_equal(r->n_parties, 2);
	assert_string_equal(leg_of(r, "a")->leg->remote, "203.0.113.30:41000");
	assert_null(leg_of(r, "a")->leg->flow);
	assert_int_equal(rig_query("1"), SESSION_NOT_FOUND);
	assert_done(rig_query("2"));
	assert_int_equal(fake_call_count(&rig.fake), 2);
	keep();
	assert_int_equal(fake_call_count(&rig.fake), 1);
}

/* It dies when the record is kept and the dataplane does not know it yet: there is no other one. */
static void it_dies_behind(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(rig_drop("1"));
	the_record();
	records[0].kept = true;
	rig_stop();
	assert_int_equal(fake_call_count(&rig.fake), 1);
	start();
	rig_wait(fake_call_count(&rig.fake) == 0);
	assert_int_equal(count, 1);
}

/* The dataplane goes in the middle: the call is over for its orchestrator, and has its record. */
static void the_connection_breaks(void **state)
{
	const Tandem__Relay__V1__CallRecord *r;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	rig.fake.die_at = 2; /* the state is put, and a leg is deleted */
	assert_int_equal(rig_drop("1"), SESSION_UNAVAILABLE);
	r = the_record();
	assert_true(r->incomplete);
	rig_wait(rig.session->ready);
	assert_int_equal(count, 1);
	rig_wait(fake_count(&rig.fake) == 0);
	keep();
	assert_int_equal(fake_call_count(&rig.fake), 0);
}

/* Those that end as the session closes are taken before it is gone. */
static void the_session_closes(void **state)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	rig_forget();
	request.call_id = (char *)"1";
	session_delete(rig.session, &request, rig_on_reply, NULL);
	assert_int_equal(count, 0);
	rig_stop();
	assert_true(rig.got.came);
	assert_true(the_record()->incomplete);
}

/* --- nobody keeps them ----------------------------------------------------------------------- */

static unsigned int told;

static void on_record(void *arg, const Tandem__Relay__V1__CallRecord *record)
{
	assert_string_equal(record->call_id, "1");
	assert_int_equal(record->n_legs, 2);
	told++;
}

static void watched_alone(void **state)
{
	struct session_record_watcher *watcher;
	struct fake_leg *a, *b;

	session_keep_records(rig.session, NULL);
	watcher = session_watch_records(rig.session, on_record, NULL);
	told = 0;
	rig_phones("1", &a, &b);
	assert_done(rig_drop("1"));
	rig_wait(told == 1);
	/* There is nothing to wait for. */
	assert_int_equal(fake_call_count(&rig.fake), 0);
	session_unwatch_records(watcher);
	rig_phones("1", &a, &b);
	assert_done(rig_drop("1"));
	rig_settle(5);
	assert_int_equal(told, 1);
	assert_int_equal(count, 0);
}

/* What a control plane with records left behind, one without them removes. */
static void records_are_switched_off(void **state)
{
	struct fake_leg *a, *b;

	rig_phones("1", &a, &b);
	assert_done(rig_drop("1"));
	rig_stop();
	assert_int_equal(fake_call_count(&rig.fake), 1);
	rig_start();
	rig_wait(fake_call_count(&rig.fake) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDS(a_call_of_two),         RECORDS(how_it_was_keyed),
		RECORDS(nobody_answers),        RECORDS(what_never_was),
		RECORDS(refused_in_its_place),  RECORDS(a_fork),
		RECORDS(a_fork_and_a_restart),  RECORDS(the_last_one_leaves),
		RECORDS(a_thousand_branches),   RECORDS(the_state_waits_for_the_record),
		RECORDS(it_dies_before),        RECORDS(it_dies_behind),
		RECORDS(the_connection_breaks), RECORDS(the_session_closes),
		RECORDS(watched_alone),         RECORDS(records_are_switched_off),
	};

	log_open("test_session_records", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
