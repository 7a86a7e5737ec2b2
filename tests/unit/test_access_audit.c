/* SPDX-License-Identifier: BSD-3-Clause */
/* What the audit keeps, and what it never does. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/access/access_state.h"
#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/shed.pb-c.h"
#include "controlplane/api/turn.pb-c.h"
#include "tests/rig/test.h"

#define WRITABLE(text) ((char *)(uintptr_t)(text))

static struct access_rules rules;
static char path[64];

static struct access *open_access(void)
{
	struct access *access = NULL;

	assert_int_equal(access_open(&access, &rules), 0);
	return access;
}

static const struct identity ops = {ROLE_OPERATOR, "token:ops", "192.0.2.1:4711"};

/* The nth line of the file, from 0. */
static json_t *line_of(unsigned int n)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	json_t *json = NULL;
	size_t size = 0;

	assert_non_null(file);
	for (unsigned int i = 0; i <= n; i++)
		if (getline(&line, &size, file) < 0)
			fail_msg("there is no line %u", i);
	json = json_loads(line, 0, NULL);
	free(line);
	fclose(file);
	return json;
}

static void assert_text(const json_t *json, const char *field, const char *text)
{
	assert_non_null(json);
	assert_non_null(json_object_get(json, field));
	assert_string_equal(json_string_value(json_object_get(json, field)), text);
}

static int open_file(void **state)
{
	strcpy(path, "/tmp/tandem-audit-XXXXXX");
	close(mkstemp(path));
	unlink(path);
	memset(&rules, 0, sizeof(rules));
	rules.audit = path;
	return 0;
}

static int remove_file(void **state)
{
	unlink(path);
	return 0;
}

static void test_audit_tells_what_not_secrets(void **state)
{
	Tandem__Relay__V1__OfferRequest offer = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Turn__V1__PutSecretRequest secret = TANDEM__TURN__V1__PUT_SECRET_REQUEST__INIT;
	Tandem__Shed__V1__BlockRequest block = TANDEM__SHED__V1__BLOCK_REQUEST__INIT;
	struct access *access = open_access();
	struct stat st;
	json_t *json;
	char *text;

	offer.call_id = WRITABLE("call-1");
	offer.from_tag = WRITABLE("alice");
	offer.sdp = WRITABLE("v=0 secret-sdp");
	access_audit(access, &ops, "/tandem.relay.v1.Relay/Offer", &offer.base, 0, "");
	secret.id = WRITABLE("2026");
	secret.text = WRITABLE("hush");
	access_audit(access, &ops, "/tandem.turn.v1.Turn/PutSecret", &secret.base, 7, "no \"way\"");
	block.prefix = WRITABLE("203.0.113.0/24");
	block.for_ms = 60000;
	access_audit(access, &ops, "/tandem.shed.v1.Shed/Block", &block.base, 0, "");

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	json = line_of(0);
	assert_text(json, "who", "token:ops");
	assert_text(json, "role", "operator");
	assert_text(json, "from", "192.0.2.1:4711");
	assert_text(json, "method", "tandem.relay.v1.Relay/Offer");
	assert_text(json, "result", "OK");
	assert_text(json_object_get(json, "what"), "call_id", "call-1");
	assert_text(json_object_get(json, "what"), "from_tag", "alice");
	assert_int_equal(json_object_size(json_object_get(json, "what")), 2);
	json_decref(json);
	json = line_of(1);
	assert_text(json, "result", "PERMISSION_DENIED");
	assert_text(json, "text", "no \"way\"");
	assert_text(json_object_get(json, "what"), "id", "2026");
	text = json_dumps(json, 0);
	assert_null(strstr(text, "hush"));
	free(text);
	json_decref(json);
	json = line_of(2);
	assert_text(json_object_get(json, "what"), "prefix", "203.0.113.0/24");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "what"), "for_ms")),
		60000);
	json_decref(json);
	access_close(access);
}

static void test_audit_is_bounded(void **state)
{
	Tandem__Relay__V1__SubscribeRequest subscribe = TANDEM__RELAY__V1__SUBSCRIBE_REQUEST__INIT;
	struct access *access = open_access();
	char *sources[100], id[10001];
	json_t *json, *what;

	for (int i = 0; i < 5000; i++)
		memcpy(id + 2 * i, "\xc3\xa9", 2); /* é, which may not be cut */
	id[10000] = '\0';
	subscribe.call_id = id + 1;
	for (int i = 0; i < 100; i++)
		sources[i] = WRITABLE("tag");
	subscribe.call_id = id;
	subscribe.sources = sources;
	subscribe.n_sources = 100;
	access_audit(access, &ops, "/m", &subscribe.base, 0, "");
	id[0] = 'x';
	memmove(id + 1, id + 2, 9998);
	access_audit(access, &ops, "/m", &subscribe.base, 0, "");
	json = line_of(0);
	what = json_object_get(json, "what");
	assert_int_equal(json_string_length(json_object_get(what, "call_id")), 256);
	assert_int_equal(json_array_size(json_object_get(what, "sources")), 8);
	json_decref(json);
	json = line_of(1);
	what = json_object_get(json, "what");
	assert_int_equal(json_string_length(json_object_get(what, "call_id")), 255);
	json_decref(json);
	access_close(access);
}

static void test_audit_appends_and_is_opened_anew(void **state)
{
	struct access *access = open_access();
	char away[80];
	json_t *json;

	access_audit(access, &ops, "/first", NULL, 0, "");
	access_close(access);
	access = open_access();
	access_audit(access, &ops, "/second", NULL, 0, "");
	json = line_of(1);
	assert_text(json, "method", "second");
	json_decref(json);

	snprintf(away, sizeof(away), "%s.1", path);
	assert_int_equal(rename(path, away), 0);
	access_audit(access, &ops, "/third", NULL, 0, "");
	access_reload(access, &rules);
	access_audit(access, &ops, "/fourth", NULL, 0, "");
	json = line_of(0);
	assert_text(json, "method", "fourth");
	json_decref(json);
	assert_int_equal(rename(away, path), 0);
	json = line_of(2);
	assert_text(json, "method", "third");
	json_decref(json);
	access_close(access);
}

static void test_audit_that_cannot_be_opened(void **state)
{
	struct access *access = NULL;
	struct access_rules other;

	rules.audit = WRITABLE("/no/such/directory/audit");
	assert_int_equal(access_open(&access, &rules), -ENOENT);
	/* On a reload the file of before goes on. */
	rules.audit = path;
	access = open_access();
	other = rules;
	other.audit = WRITABLE("/no/such/directory/audit");
	access_reload(access, &other);
	access_audit(access, &ops, "/still", NULL, 0, "");
	json_decref(line_of(0));
	access_close(access);
}

/* A full disk: what cannot be written is lost, and what comes after it is whole. */
static void test_audit_on_a_full_disk(void **state)
{
	struct access *access = open_access();
	struct rlimit limit, old;
	struct stat st;
	json_t *json;

	access_audit(access, &ops, "/first", NULL, 0, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = (rlim_t)st.st_size + 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 3; i++)
		access_audit(access, &ops, "/lost", NULL, 0, "");
	assert_int_equal(access->trail.lost, 3);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	access_audit(access, &ops, "/whole", NULL, 0, "");
	assert_int_equal(access->trail.lost, 0);
	json = line_of(2); /* behind what is left of the second */
	assert_text(json, "method", "whole");
	json_decref(json);
	access_close(access);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FILE(name) cmocka_unit_test_setup_teardown(name, open_file, remove_file)
		WITH_FILE(test_audit_tells_what_not_secrets),
		WITH_FILE(test_audit_is_bounded),
		WITH_FILE(test_audit_appends_and_is_opened_anew),
		WITH_FILE(test_audit_that_cannot_be_opened),
		WITH_FILE(test_audit_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
