/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane's API over its socket, as a control plane meets it. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/api/frame.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/counters.h"
#include "dataplane/main/outbox.h"
#include "dataplane/main/server.h"
#include "tests/rig/put.h"
#include "tests/rig/test.h"

struct world {
	struct relay *relay;
	struct server *server;
	char directory[32], path[64];
	int client; /* -1: none */
};

static int dial(const struct world *w)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, w->path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int create(void **state)
{
	struct served served;
	struct world *w = calloc(1, sizeof(*w));

	w->client = -1;
	strcpy(w->directory, "/tmp/test_server.XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	snprintf(w->path, sizeof(w->path), "%s/socket", w->directory);
	w->relay = relay_create(RELAY_LEGS, 1, 1, &crypt_libsrtp);
	assert_int_equal(server_open(&w->server, w->path), 0);
	served = relay_served(w->relay, "libsrtp");
	w->relay->counters.punts_lost = server_punts_lost(w->server);
	server_serve(w->server, &served);
	*state = w;
	return 0;
}

static int destroy(void **state)
{
	struct world *w = *state;

	if (w->client >= 0)
		close(w->client);
	server_close(w->server);
	assert_int_equal(access(w->path, F_OK), -1); /* nothing is left behind */
	assert_int_equal(rmdir(w->directory), 0);
	relay_destroy(w->relay);
	free(w);
	return 0;
}

static void turn(struct world *w)
{
	server_poll(w->server);
	relay_run(w->relay);
}

/* The next frame; NULL with `error` when there is none. */
static Tandem__Dataplane__V1__Frame *next(struct world *w, int error)
{
	Tandem__Dataplane__V1__Frame *frame;

	assert_int_equal(frame_receive(w->client, &frame), error);
	return frame;
}

/* Connects and takes Hello; returns its generation. */
static uint64_t greet(struct world *w)
{
	Tandem__Dataplane__V1__Frame *frame;
	uint64_t generation;

	w->client = dial(w);
	assert_true(w->client >= 0);
	turn(w);
	frame = next(w, 0);
	assert_non_null(frame->hello);
	generation = frame->hello->generation;
	frame_free(frame);
	return generation;
}

struct batch {
	Tandem__Dataplane__V1__Frame frame;
	Tandem__Dataplane__V1__Request requests[16], *list[16];
};

static Tandem__Dataplane__V1__Request *add(struct batch *b)
{
	Tandem__Dataplane__V1__Request *request = &b->requests[b->frame.n_requests];

	tandem__dataplane__v1__request__init(request);
	request->id = 100 + b->frame.n_requests;
	b->list[b->frame.n_requests++] = request;
	return request;
}

static void begin(struct batch *b)
{
	tandem__dataplane__v1__frame__init(&b->frame);
	b->frame.requests = b->list;
}

static void submit(struct world *w, const struct batch *b)
{
	assert_int_equal(frame_send(w->client, &b->frame), 0);
	turn(w);
}

static void put_legs(struct world *w, unsigned int count)
{
	struct put puts[RELAY_LEGS];
	struct batch b;

	begin(&b);
	for (unsigned int k = 0; k < count; k++) {
		put_init(&puts[k], k + 1, 0, TRUNK_IPV4, 20000 + 2 * k, NULL, 0);
		add(&b)->put_leg = &puts[k].m;
		submit(w, &b);
		frame_free(next(w, 0));
		begin(&b);
	}
	assert_int_equal(registry_count(w->relay->registry), count);
}

/* Calls 1 and so on, each with its number in its blob. */
static void put_calls(struct world *w, unsigned int count, size_t blob_size)
{
	static uint8_t blob[60 << 10];
	Tandem__Dataplane__V1__PutCall put = TANDEM__DATAPLANE__V1__PUT_CALL__INIT;
	struct batch b;

	for (unsigned int k = 1; k <= count; k++) {
		Tandem__Dataplane__V1__Frame *frame;

		blob[0] = put.call = k;
		put.blob = (ProtobufCBinaryData){blob_size, blob};
		begin(&b);
		add(&b)->put_call = &put;
		submit(w, &b);
		frame = next(w, 0);
		assert_int_equal(frame->replies[0]->error, 0);
		frame_free(frame);
	}
}

static void says_hello(void **state)
{
	struct world *w = *state;
	const Tandem__Dataplane__V1__Hello *hello;
	Tandem__Dataplane__V1__Frame *frame;

	w->client = dial(w);
	turn(w);
	frame = next(w, 0);
	hello = frame->hello;
	assert_int_not_equal(hello->generation, 0);
	assert_int_not_equal(hello->version[0], 0);
	assert_int_equal(hello->workers, 1);
	assert_int_equal(hello->legs_max, RELAY_LEGS);
	assert_string_equal(hello->crypto_engine, "libsrtp");
	assert_int_equal(hello->n_networks, 2);
	assert_string_equal(hello->networks[1]->name, "trunk");
	assert_int_equal(hello->networks[1]->n_addresses, 2);
	assert_memory_equal(hello->networks[1]->addresses[0].data, ((uint8_t[]){203, 0, 113, 1}),
			    4);
	assert_int_equal(hello->networks[0]->addresses[1].len, 16);
	frame_free(frame);
	next(w, -EAGAIN);
}

static void only_its_owner_may_connect(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void answers_a_batch_in_order(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__DeleteLeg gone = TANDEM__DATAPLANE__V1__DELETE_LEG__INIT;
	Tandem__Dataplane__V1__GetCounters counters = TANDEM__DATAPLANE__V1__GET_COUNTERS__INIT;
	Tandem__Dataplane__V1__GetLegs get = TANDEM__DATAPLANE__V1__GET_LEGS__INIT;
	uint64_t ids[] = {1, 77};
	Tandem__Dataplane__V1__Frame *frame;
	struct put put, wrong;
	struct keys keys;
	struct batch b;

	greet(w);
	begin(&b);
	put_init(&put, 1, 0, TRUNK_IPV4, 20000, "203.0.113.9", 30000);
	put.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	put_init(&wrong, 2, 0, TRUNK_IPV4, 20001, NULL, 0);
	keys_init(&keys, 1, 1, SUITE_AEAD_AES_128_GCM);
	get.legs = ids;
	get.n_legs = 2;
	gone.leg = 1;
	add(&b)->put_leg = &put.m;
	add(&b)->put_leg = &wrong.m;
	add(&b)->put_keys = &keys.m;
	add(&b)->get_legs = &get;
	add(&b)->delete_leg = &gone;
	add(&b)->delete_leg = &gone;
	add(&b)->get_counters = &counters;
	add(&b); /* a request of a later version */
	submit(w, &b);

	frame = next(w, 0);
	assert_int_equal(frame->n_replies, 8);
	for (unsigned int k = 0; k < 8; k++)
		assert_int_equal(frame->replies[k]->id, 100 + k);
	assert_int_equal(frame->replies[0]->error, 0);
	assert_int_equal(frame->replies[1]->error, EINVAL);
	assert_string_equal(frame->replies[1]->what,
			    "local: a pair of ports begins with an even one");
	assert_int_equal(frame->replies[2]->error, 0);
	assert_int_equal(frame->replies[3]->n_legs, 1); /* the unknown one is left out */
	assert_int_equal(frame->replies[3]->legs[0]->key_epoch, 1);
	assert_int_equal(frame->replies[3]->next, 0);
	assert_int_equal(frame->replies[4]->error, 0);
	assert_int_equal(frame->replies[4]->n_legs, 1); /* its last statistics */
	assert_int_equal(frame->replies[4]->legs[0]->leg, 1);
	assert_int_equal(frame->replies[5]->error, ENOENT);
	assert_int_equal(frame->replies[5]->n_legs, 0);
	assert_true(frame->replies[6]->n_counters > DROP_MAX);
	assert_int_equal(frame->replies[7]->error, EOPNOTSUPP);
	assert_string_equal(frame->replies[7]->what, "no request that this version knows");
	frame_free(frame);
	next(w, -EAGAIN);
}

static void names_every_counter_once(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__GetCounters counters = TANDEM__DATAPLANE__V1__GET_COUNTERS__INIT;
	Tandem__Dataplane__V1__Counter **list;
	Tandem__Dataplane__V1__Frame *frame;
	bool found = false;
	struct batch b;

	greet(w);
	w->relay->dataplane.workers[0]->drops[DROP_REPLAY] = 4711;
	begin(&b);
	add(&b)->get_counters = &counters;
	submit(w, &b);
	frame = next(w, 0);
	list = frame->replies[0]->counters;
	for (size_t k = 0; k < frame->replies[0]->n_counters; k++) {
		assert_true(list[k]->help[0]);
		for (size_t j = 0; j < k; j++)
			assert_string_not_equal(list[j]->name, list[k]->name);
		if (strcmp(list[k]->name, "replay") != 0)
			continue;
		assert_int_equal(list[k]->value, 4711);
		assert_true(list[k]->drop);
		found = true;
	}
	assert_true(found);
	assert_int_equal(frame->replies[0]->n_workers, w->relay->dataplane.worker_count);
	assert_int_equal(frame->replies[0]->workers[0]->n_latency,
			 frame->replies[0]->workers[0]->n_bounds_us + 1);
	frame_free(frame);
}

/*
 * Six calls of 8 KiB each, eight times over: more than one frame, no reply too large for its own.
 */
static void pages_and_splits(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__GetCalls get = TANDEM__DATAPLANE__V1__GET_CALLS__INIT;
	unsigned int replies = 0, frames = 0;
	struct batch b;

	greet(w);
	put_calls(w, 6, 8192);
	begin(&b);
	for (unsigned int k = 0; k < 8; k++)
		add(&b)->get_calls = &get;
	submit(w, &b);
	for (; replies < 8; frames++) {
		Tandem__Dataplane__V1__Frame *frame = next(w, 0);

		for (size_t k = 0; k < frame->n_replies; k++, replies++) {
			assert_int_equal(frame->replies[k]->id, 100 + replies);
			assert_int_equal(frame->replies[k]->n_calls, 6);
			assert_int_equal(frame->replies[k]->next, 0);
			assert_int_equal(frame->replies[k]->calls[5]->blob.data[0],
					 frame->replies[k]->calls[5]->call);
		}
		frame_free(frame);
	}
	assert_in_range(frames, 4, 8);
}

static void pages_by_place(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__GetLegs get = TANDEM__DATAPLANE__V1__GET_LEGS__INIT;
	Tandem__Dataplane__V1__Frame *frame;
	struct batch b;

	greet(w);
	put_legs(w, 3);
	get.after = registry_find(w->relay->registry, 1);
	begin(&b);
	add(&b)->get_legs = &get;
	submit(w, &b);
	frame = next(w, 0);
	assert_int_equal(frame->replies[0]->n_legs, 2);
	assert_int_equal(frame->replies[0]->legs[0]->leg, 2);
	frame_free(frame);
}

/* Blobs of 60 KiB: a page each. What is larger is refused, and what is gone is not there. */
static void keeps_calls(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__GetCalls get = TANDEM__DATAPLANE__V1__GET_CALLS__INIT;
	Tandem__Dataplane__V1__PutCall put = TANDEM__DATAPLANE__V1__PUT_CALL__INIT;
	Tandem__Dataplane__V1__DeleteCall gone = TANDEM__DATAPLANE__V1__DELETE_CALL__INIT;
	static uint8_t blob[61441];
	Tandem__Dataplane__V1__Frame *frame;
	unsigned int seen = 0, pages = 0;
	struct batch b;

	greet(w);
	put_calls(w, 5, 60 << 10);
	gone.call = 3;
	put.call = 9;
	put.blob = (ProtobufCBinaryData){sizeof(blob), blob};
	begin(&b);
	add(&b)->delete_call = &gone;
	add(&b)->delete_call = &gone;
	add(&b)->put_call = &put;
	submit(w, &b);
	frame = next(w, 0);
	assert_int_equal(frame->replies[0]->error, 0);
	assert_int_equal(frame->replies[1]->error, ENOENT);
	assert_int_equal(frame->replies[2]->error, EMSGSIZE);
	frame_free(frame);
	do {
		begin(&b);
		add(&b)->get_calls = &get;
		submit(w, &b);
		frame = next(w, 0);
		for (size_t k = 0; k < frame->replies[0]->n_calls; k++, seen++)
			assert_int_not_equal(frame->replies[0]->calls[k]->call, 3);
		get.after = frame->replies[0]->next;
		frame_free(frame);
		pages++;
	} while (get.after);
	assert_int_equal(seen, 4);
	assert_in_range(pages, 2, 5);
}

static void a_second_client_is_refused(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__Frame *frame;
	int second;

	greet(w);
	second = dial(w);
	turn(w);
	assert_int_equal(frame_receive(second, &frame), -ENOTCONN);
	close(second);
	next(w, -EAGAIN); /* the first is still there */
	put_legs(w, 1);
}

static void the_next_client_finds_everything(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__GetLegs get = TANDEM__DATAPLANE__V1__GET_LEGS__INIT;
	uint64_t generation = greet(w);
	Tandem__Dataplane__V1__Frame *frame;
	struct batch b;

	put_legs(w, 2);
	close(w->client);
	/* The old one's end and the new one's beginning are met in one turn. */
	assert_int_equal(server_reader(w->server), READER_READY);
	assert_int_equal(greet(w), generation);
	assert_int_equal(server_reader(w->server), READER_GONE);
	assert_int_equal(server_reader(w->server), READER_READY);
	begin(&b);
	add(&b)->get_legs = &get;
	submit(w, &b);
	frame = next(w, 0);
	assert_int_equal(frame->replies[0]->n_legs, 2);
	frame_free(frame);
}

static void a_running_one_is_not_pushed_aside(void **state)
{
	struct world *w = *state;
	struct server *second;

	assert_int_equal(server_open(&second, w->path), -EADDRINUSE);
	turn(w);
	greet(w);
}

static void a_stale_socket_is_replaced(void **state)
{
	struct world *w = *state;
	struct served served;
	char stale[80];

	/* As a killed dataplane leaves it: the file is there, nobody listens. */
	snprintf(stale, sizeof(stale), "%s.stale", w->path);
	assert_int_equal(link(w->path, stale), 0);
	server_close(w->server);
	assert_int_equal(rename(stale, w->path), 0);
	assert_int_equal(dial(w), -1);
	assert_int_equal(server_open(&w->server, w->path), 0);
	served = relay_served(w->relay, "libsrtp");
	server_serve(w->server, &served);
	greet(w);
}

static void another_file_is_left_alone(void **state)
{
	struct world *w = *state;
	struct server *s;
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s.txt", w->path);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(server_open(&s, path), -EEXIST);
	assert_int_equal(unlink(path), 0);
}

static void a_path_must_fit(void **state)
{
	char path[200];
	struct server *s;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	assert_int_equal(server_open(&s, path), -ENAMETOOLONG);
	assert_int_equal(server_open(&s, "/nonexistent/socket"), -ENOENT);
}

#define BURST 20000

/* `count` events of a kind, numbered in `leg` from 1 on. */
static void burst(struct world *w, Tandem__Dataplane__V1__EventKind kind, unsigned int count)
{
	static uint8_t datagram[1400];
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;

	event.kind = kind;
	event.datagram.data = datagram;
	event.datagram.len = sizeof(datagram);
	for (event.leg = 1; event.leg <= count; event.leg++)
		server_event(w->server, &event);
}

/* What a participant sends in plenty never costs the control plane its connection. */
static void a_burst_of_punts_loses_the_oldest(void **state)
{
	struct world *w = *state;
	unsigned int punts = 0, last = 0, others = 0;

	greet(w);
	burst(w, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT, BURST / 2);
	burst(w, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, 1);
	burst(w, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT, BURST);
	while (last < BURST || others < 1) {
		Tandem__Dataplane__V1__Frame *frame;
		int error = frame_receive(w->client, &frame);

		if (error) {
			assert_int_equal(error, -EAGAIN);
			turn(w);
			continue;
		}
		if (frame->events[0]->kind == TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT) {
			last = frame->events[0]->leg;
			punts++;
		} else {
			others++;
		}
		frame_free(frame);
	}
	assert_int_equal(others, 1);
	assert_in_range(punts, OUTBOX_PUNTS, BURST);
	assert_int_equal(punts + *server_punts_lost(w->server), BURST + BURST / 2);
	next(w, -EAGAIN);
	put_legs(w, 1); /* and it is answered as ever */
}

/* Memory does not grow with a client that sleeps: it is cut off, and the next one starts over. */
static void who_does_not_read_is_cut_off(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__Frame *frame;
	unsigned int events = 0;
	int error;

	greet(w);
	burst(w, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP, BURST);
	while ((error = frame_receive(w->client, &frame)) == 0) {
		frame_free(frame);
		events++;
	}
	assert_int_equal(error, -ENOTCONN);
	assert_in_range(events, 1, BURST - 1);
	close(w->client);
	greet(w);
	put_legs(w, 1);
}

static void garbage_ends_the_connection(void **state)
{
	static const char *const garbage[] = {"\x12\x7f", "\xff\xff\xff", "\x0a\x05hello"};
	struct world *w = *state;
	char *large = calloc(1, FRAME_MOST + 1);

	for (unsigned int k = 0; k < RTE_DIM(garbage); k++) {
		greet(w);
		assert_true(send(w->client, garbage[k], strlen(garbage[k]), 0) > 0);
		turn(w);
		next(w, -ENOTCONN);
		close(w->client);
	}
	greet(w);
	assert_true(send(w->client, large, FRAME_MOST + 1, 0) > 0);
	free(large);
	turn(w);
	next(w, -ENOTCONN);
	close(w->client);
	greet(w);
}

/* What only the dataplane says is passed over when a client says it. */
static void foreign_fields_are_passed_over(void **state)
{
	struct world *w = *state;
	Tandem__Dataplane__V1__Hello hello = TANDEM__DATAPLANE__V1__HELLO__INIT;
	struct batch b;

	greet(w);
	begin(&b);
	b.frame.hello = &hello;
	submit(w, &b);
	next(w, -EAGAIN);
	put_legs(w, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, create, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(says_hello),
		CASE(only_its_owner_may_connect),
		CASE(answers_a_batch_in_order),
		CASE(names_every_counter_once),
		CASE(pages_and_splits),
		CASE(pages_by_place),
		CASE(keeps_calls),
		CASE(a_second_client_is_refused),
		CASE(the_next_client_finds_everything),
		CASE(a_running_one_is_not_pushed_aside),
		CASE(a_stale_socket_is_replaced),
		CASE(another_file_is_left_alone),
		CASE(a_path_must_fit),
		CASE(a_burst_of_punts_loses_the_oldest),
		CASE(who_does_not_read_is_cut_off),
		CASE(garbage_ends_the_connection),
		CASE(foreign_fields_are_passed_over),
	};
	int failed;

	log_open("test", LOG_LEVEL_ERROR);
	if (bench_environment(NULL) || crypt_libsrtp.start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	crypt_libsrtp.stop();
	return failed;
}
