/* SPDX-License-Identifier: BSD-3-Clause */
/* Records are written once, and wait while they cannot be. The session is one made here. */
#include "controlplane/cdr/cdr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>
#include <math.h>

#include "controlplane/cdr/cdr_line.h"
#include "controlplane/cdr/cdr_state.h"
#include "controlplane/rpc/message.h"
#include "dataplane/lib/log.h"
#include "tests/rig/test.h"

#define TURNS 20000

struct session {
	const struct session_recorder *recorder;
	uint64_t gone[4096]; /* calls that the dataplane has no more */
	unsigned int count;
	int error; /* what the dataplane says */
	/* It says it later. */
	bool later;
	void (*done)(void *arg, int error);
	void *arg;
};

static struct session session;
static uv_loop_t loop;
static struct cdr *cdr;
static char directory[64], path[96], other[96], log_path[96];
static int syslog_fd;

void session_keep_records(struct session *s, const struct session_recorder *recorder)
{
	s->recorder = recorder;
}

void session_recorded(struct session *s, const uint64_t *keys, size_t count,
		      void (*done)(void *arg, int error), void *arg)
{
	for (size_t k = 0; k < count; k++)
		s->gone[s->count++ % COUNT(s->gone)] = keys[k];
	s->done = done;
	s->arg = arg;
	if (!s->later)
		done(arg, s->error);
}

static int set_up(void **state)
{
	strcpy(directory, "/tmp/tandem-cdr-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/cdr", directory);
	snprintf(other, sizeof(other), "%s/cdr.1", directory);
	snprintf(log_path, sizeof(log_path), "%s/log", directory);
	memset(&session, 0, sizeof(session));
	uv_loop_init(&loop);
	syslog_fd = -1;
	return 0;
}

static int tear_down(void **state)
{
	cdr_stop(cdr);
	cdr = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	if (syslog_fd >= 0)
		close(syslog_fd);
	unlink(path);
	unlink(other);
	unlink(log_path);
	assert_int_equal(rmdir(directory), 0);
	return 0;
}

#define wait_for(condition)                                                                        \
	do {                                                                                       \
		int turns_ = TURNS;                                                                \
		while (!(condition) && turns_--)                                                   \
			uv_run(&loop, UV_RUN_ONCE);                                                \
		assert_true(condition);                                                            \
	} while (0)

static void start(bool with_file, bool with_syslog)
{
	const struct cdr_config config = {
		.file = with_file ? path : NULL,
		.syslog = with_syslog,
		.facility = 3,
		.syslog_socket = log_path,
	};

	assert_int_equal(cdr_start(&cdr, &session, &loop, &config), 0);
	assert_non_null(cdr);
	assert_non_null(session.recorder);
}

static void restart(void)
{
	cdr_stop(cdr);
	uv_run(&loop, UV_RUN_DEFAULT);
	session.count = 0;
	start(true, false);
}

static void end_call(uint64_t key)
{
	Tandem__Relay__V1__CallRecord record = TANDEM__RELAY__V1__CALL_RECORD__INIT;
	char number[17], id[32];

	snprintf(number, sizeof(number), "%016jx", (uintmax_t)key);
	snprintf(id, sizeof(id), "call %u \xc3\xa9\n\"", (unsigned int)key);
	record.version = 1;
	record.record = number;
	record.call_id = id;
	session.recorder->take(session.recorder->arg, key, &record);
}

/* The file has these calls' lines, each once, in this order. */
static void assert_lines(const char *name, uint64_t first, uint64_t last)
{
	FILE *file = fopen(name, "r");
	char line[4096], id[32];

	assert_non_null(file);
	for (uint64_t key = first; key <= last; key++) {
		json_t *json;

		assert_non_null(fgets(line, sizeof(line), file));
		json = json_loads(line, 0, NULL);
		assert_non_null(json);
		snprintf(id, sizeof(id), "call %u \xc3\xa9\n\"", (unsigned int)key);
		assert_string_equal(json_string_value(json_object_get(json, "call_id")), id);
		assert_int_equal(
			strtoull(json_string_value(json_object_get(json, "record")), NULL, 16),
			key);
		json_decref(json);
	}
	assert_null(fgets(line, sizeof(line), file));
	fclose(file);
}

static enum session_recorded state_of(uint64_t key)
{
	return session.recorder->find(session.recorder->arg, key);
}

/* The line of a record, parsed. */
static json_t *line_of(const Tandem__Relay__V1__CallRecord *record)
{
	uint8_t octets[4096];
	size_t size, length = 0;
	char *line;
	json_t *json;

	assert_true(tandem__relay__v1__call_record__get_packed_size(record) < sizeof(octets));
	size = tandem__relay__v1__call_record__pack(record, octets);
	line = cdr_line(octets, size, &length);
	assert_non_null(line);
	assert_ptr_equal(memchr(line, '\n', length), line + length - 1);
	json = json_loadb(line, length, 0, NULL);
	assert_non_null(json);
	free(line);
	return json;
}

/* It is what the API's JSON is. */
static void a_line(void **state)
{
	Tandem__Relay__V1__CallRecord record = TANDEM__RELAY__V1__CALL_RECORD__INIT;
	Tandem__Relay__V1__RecordLeg leg = TANDEM__RELAY__V1__RECORD_LEG__INIT, *legs[] = {&leg};
	Tandem__Relay__V1__Leg shown = TANDEM__RELAY__V1__LEG__INIT;
	Tandem__Relay__V1__Flow flow = TANDEM__RELAY__V1__FLOW__INIT;
	Tandem__Relay__V1__Stream stream = TANDEM__RELAY__V1__STREAM__INIT, *streams[] = {&stream};
	json_t *line, *same;

	record.call_id = (char *)"\x01 \"\\\n\x7f \xc3\xa9";
	record.end = TANDEM__RELAY__V1__END_KIND__END_ALONE;
	record.state = 77; /* a newer one */
	record.begun_ms = 1796064179401;
	record.incomplete = true;
	record.legs = legs;
	record.n_legs = 1;
	leg.leg = &shown;
	shown.flow = &flow;
	shown.id = UINT64_MAX;
	flow.streams = streams;
	flow.n_streams = 1;
	stream.lost = -3;
	stream.ssrc = 0xfffffffe;
	stream.jitter_ms = 0.5;
	line = line_of(&record);
	same = message_json(&record.base);
	assert_true(json_equal(line, same));
	json_decref(line);
	json_decref(same);

	record.call_id = (char *)"a\xff\xc3";
	stream.jitter_ms = NAN;
	line = line_of(&record);
	assert_string_equal(json_string_value(json_object_get(line, "call_id")), "a??");
	json_decref(line);
}

static void nothing_to_keep(void **state)
{
	const struct cdr_config config = {.syslog_socket = log_path};

	assert_int_equal(cdr_start(&cdr, &session, &loop, &config), 0);
	assert_null(cdr);
	assert_null(session.recorder);
	cdr_reopen(cdr);
}

static void each_has_its_line(void **state)
{
	start(true, false);
	for (uint64_t key = 1; key <= 3000; key++)
		end_call(key);
	assert_int_equal(state_of(3000), RECORD_WAITS);
	wait_for(session.count == 3000);
	assert_int_equal(state_of(3000), RECORD_UNKNOWN); /* it is settled */
	assert_lines(path, 1, 3000);
}

/* What the dataplane has not confirmed may be asked for. */
static void until_the_dataplane_knows(void **state)
{
	start(true, false);
	session.later = true;
	end_call(1);
	wait_for(session.count == 1);
	assert_int_equal(state_of(1), RECORD_KEPT);
	end_call(2);
	assert_int_equal(state_of(2), RECORD_WAITS);
	session.later = false;
	session.done(session.arg, -ENOTCONN);
	wait_for(session.count == 2);
	assert_int_equal(state_of(1), RECORD_UNKNOWN);
	assert_lines(path, 1, 2);
}

static void the_next_one_knows_them(void **state)
{
	start(true, false);
	session.later = true;
	end_call(1);
	wait_for(session.count == 1);
	session.done(session.arg, -ENOTCONN);
	restart();
	assert_int_equal(state_of(1), RECORD_KEPT);
	assert_int_equal(state_of(2), RECORD_UNKNOWN);
	session.later = false;
	end_call(2);
	wait_for(session.count == 1);
	assert_lines(path, 1, 2);
}

static void what_waits_is_written_at_the_end(void **state)
{
	start(true, false);
	for (uint64_t key = 1; key <= 2000; key++)
		end_call(key);
	cdr_stop(cdr);
	cdr = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_lines(path, 1, 2000);
	assert_true(session.count < 2000);
}

/* The file is moved away, and later records are in another one. */
static void it_is_opened_anew(void **state)
{
	start(true, false);
	end_call(1);
	wait_for(session.count == 1);
	assert_int_equal(rename(path, other), 0);
	end_call(2);
	wait_for(session.count == 2);
	cdr_reopen(cdr);
	wait_for(access(path, F_OK) == 0);
	end_call(3);
	wait_for(session.count == 3);
	assert_lines(other, 1, 2);
	assert_lines(path, 3, 3);
}

/* Not while the dataplane may have a call of a line in the old one: who reads the new one's end
 * would give it another. */
static void not_before_they_are_settled(void **state)
{
	start(true, false);
	session.later = true;
	end_call(1);
	wait_for(session.count == 1);
	assert_int_equal(rename(path, other), 0);
	cdr_reopen(cdr);
	for (int k = 0; k < 20; k++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	assert_int_equal(access(path, F_OK), -1);
	session.later = false;
	session.done(session.arg, 0);
	wait_for(access(path, F_OK) == 0);
}

/* A place where nothing can be written: they wait, and have their lines once it is mended. */
static void a_dead_disk(void **state)
{
	assert_int_equal(mkdir(path, 0700), 0);
	start(true, false);
	for (uint64_t key = 1; key <= 600; key++)
		end_call(key);
	for (int k = 0; k < 20; k++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	assert_int_equal(session.count, 0);
	assert_int_equal(state_of(1), RECORD_WAITS);
	assert_int_equal(rmdir(path), 0);
	wait_for(session.count == 600);
	assert_lines(path, 1, 600);
}

/* Without end is no memory: the oldest give way, and nothing waits for them any more. */
static void a_disk_that_stays_dead(void **state)
{
	Tandem__Relay__V1__CallRecord record = TANDEM__RELAY__V1__CALL_RECORD__INIT;
	size_t size = 1 << 20;
	char *why = malloc(size + 1);

	memset(why, 'x', size);
	why[size] = '\0';
	record.why = why;
	record.record = (char *)"0000000000000001";
	assert_int_equal(mkdir(path, 0700), 0);
	start(true, false);
	for (uint64_t key = 1; key <= 100; key++)
		session.recorder->take(session.recorder->arg, key, &record);
	free(why);
	assert_int_equal(state_of(1), RECORD_UNKNOWN);
	assert_int_equal(state_of(100), RECORD_WAITS);
	assert_int_equal(session.gone[0], 1);
	assert_in_range(session.count, 36, 40); /* what is over 64 MiB */
	assert_int_equal(rmdir(path), 0);
}

/* --- the system log -------------------------------------------------------------------------- */

static void listen_as_syslog(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, log_path);
	syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(syslog_fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void assert_logged(uint64_t key)
{
	char text[4096], number[40];
	ssize_t length = recv(syslog_fd, text, sizeof(text) - 1, 0);

	assert_true(length > 0);
	text[length] = '\0';
	assert_memory_equal(text, "<158>", 5); /* local3, info */
	assert_non_null(strstr(text, " tandem-cdr["));
	snprintf(number, sizeof(number), "\"record\":\"%016jx\"", (uintmax_t)key);
	assert_non_null(strstr(text, number));
	assert_int_equal(text[length - 1], '}');
}

static void both_have_it(void **state)
{
	listen_as_syslog();
	start(true, true);
	end_call(1);
	wait_for(session.count == 1);
	assert_logged(1);
	assert_lines(path, 1, 1);
	/* The system log is not what the file waits for. */
	close(syslog_fd);
	unlink(log_path);
	end_call(2);
	wait_for(session.count == 2);
	assert_lines(path, 1, 2);
	listen_as_syslog();
	end_call(3);
	wait_for(session.count == 3);
	assert_logged(3);
}

static void the_system_log_alone(void **state)
{
	start(false, true);
	end_call(1);
	for (int k = 0; k < 20; k++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	assert_int_equal(session.count, 0);
	listen_as_syslog();
	wait_for(session.count == 1);
	assert_logged(1);
}

/* Its queue is shorter than a batch. */
static void a_system_log_that_is_behind(void **state)
{
	listen_as_syslog();
	start(true, true);
	for (uint64_t key = 1; key <= 1500; key++)
		end_call(key);
	for (uint64_t key = 1; key <= 1500; key++) {
		struct pollfd from = {.fd = syslog_fd, .events = POLLIN};

		if (key == 1)
			usleep(50000);
		while (poll(&from, 1, 1) == 0)
			uv_run(&loop, UV_RUN_NOWAIT);
		assert_logged(key);
	}
	wait_for(session.count == 1500);
}

/* One that the system log never takes holds up no other. */
static void a_record_that_is_too_long(void **state)
{
	Tandem__Relay__V1__CallRecord record = TANDEM__RELAY__V1__CALL_RECORD__INIT;
	size_t size = 4 << 20;
	char *why = malloc(size + 1);

	memset(why, 'x', size);
	why[size] = '\0';
	record.why = why;
	record.record = (char *)"0000000000000001";
	listen_as_syslog();
	start(false, true);
	session.recorder->take(session.recorder->arg, 1, &record);
	free(why);
	end_call(2);
	wait_for(session.count == 2);
	assert_logged(2);
	assert_int_equal(cdr->too_long, 1);
}

/* A record that makes no line is tried again, those before it are written. */
static void no_memory_for_a_line(void **state)
{
	struct cdr c = {.file = {path, -1}, .syslog = {NULL, 0, -1}};
	struct cdr_entry *entries[2];

	for (unsigned int k = 0; k < 2; k++) {
		entries[k] = calloc(1, sizeof(*entries[k]) + 4);
		c.job.entries[c.job.count++] = entries[k];
	}
	entries[1]->size = 4;
	memset(entries[1]->octets, 0xff, 4);
	cdr_job_run(&c);
	assert_int_equal(c.job.error, -ENOMEM);
	assert_int_equal(c.job.written, 1);
	cdr_file_close(&c.file);
	free(entries[0]);
	free(entries[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line),
		TEST(nothing_to_keep),
		TEST(each_has_its_line),
		TEST(until_the_dataplane_knows),
		TEST(the_next_one_knows_them),
		TEST(what_waits_is_written_at_the_end),
		TEST(it_is_opened_anew),
		TEST(not_before_they_are_settled),
		TEST(a_dead_disk),
		TEST(a_disk_that_stays_dead),
		TEST(both_have_it),
		TEST(the_system_log_alone),
		TEST(a_system_log_that_is_behind),
		TEST(a_record_that_is_too_long),
		TEST(no_memory_for_a_line),
	};

	log_open("test_cdr", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
