/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may do what: tokens, certificates, processes, failures, and the audit. */
#include "controlplane/access/access.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/access/access_state.h"
#include "controlplane/access/failures.h"
#include "controlplane/api/access.pb-c.h"
#include "controlplane/api/health.pb-c.h"
#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/shed.pb-c.h"
#include "controlplane/api/turn.pb-c.h"
#include "controlplane/rpc/access_service.h"
#include "controlplane/rpc/health_service.h"
#include "controlplane/rpc/relay_service.h"
#include "controlplane/rpc/shed_service.h"
#include "controlplane/rpc/turn_service.h"
#include "tests/rig/test.h"

#define WRITABLE(text) ((char *)(uintptr_t)(text))
#define HASH           "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

/* --- tokens ------------------------------------------------------------------------------------*/

static void test_reads_tokens(void **state)
{
	static const struct {
		const char *line;
		enum role role;
		uint64_t expires_s;
	} good[] = {
		{"ops viewer never " HASH, ROLE_VIEWER, 0},
		{"proxy-1.example_x@y operator 2027-01-31 " HASH, ROLE_OPERATOR, 1801440000},
		{"a admin 2027-01-31T12:30:00Z " HASH, ROLE_ADMIN, 1801398600},
		{"  a\tadmin  2028-02-29   " HASH " ", ROLE_ADMIN, 1835481600},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char why[400] = "", line[TOKEN_LINE];
		struct token token, again;

		assert_int_equal(token_read(&token, good[i].line, why, sizeof(why)), 0);
		assert_int_equal(token.role, good[i].role);
		assert_int_equal(token.expires_s, good[i].expires_s);
		assert_int_equal(token.hash[0], 0x01);
		assert_int_equal(token.hash[15], 0xef);
		token_write(line, &token);
		assert_int_equal(token_read(&again, line, why, sizeof(why)), 0);
		assert_string_equal(again.name, token.name);
		assert_int_equal(again.role, token.role);
		assert_int_equal(again.expires_s, token.expires_s);
		assert_memory_equal(again.hash, token.hash, TOKEN_HASH);
	}
}

static void test_refuses_tokens(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{"", "four parts"},
		{"ops viewer never", "four parts"},
		{"ops viewer never " HASH " more", "four parts"},
		{"o:ps viewer never " HASH, "is no name"},
		{"ops root never " HASH, "is no role"},
		{"ops nobody never " HASH, "is no role"},
		{"ops viewer soon " HASH, "is no time"},
		{"ops viewer 2027-02-30 " HASH, "is no time"},
		{"ops viewer 2027-1-3 " HASH, "is no time"},
		{"ops viewer 2027-01-31T25:00:00Z " HASH, "is no time"},
		{"ops viewer 2027-01-31T12:00:00 " HASH, "is no time"},
		{"ops viewer 1969-12-31 " HASH, "is no time"},
		{"ops viewer never " HASH "0", "hexadecimal digits"},
		{"ops viewer never 0123", "hexadecimal digits"},
		{"ops viewer never x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		 "hexadecimal digits"},
	};
	char name[TOKEN_NAME + 1];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char why[400] = "";
		struct token token;

		if (token_read(&token, bad[i].line, why, sizeof(why)) != -EINVAL)
			fail_msg("\"%s\" is read", bad[i].line);
		if (!strstr(why, bad[i].says))
			fail_msg("\"%s\": %s", bad[i].line, why);
	}
	memset(name, 'a', TOKEN_NAME);
	name[TOKEN_NAME] = '\0';
	assert_false(token_is_name(name));
	name[TOKEN_NAME - 1] = '\0';
	assert_true(token_is_name(name));
}

static void test_makes_tokens(void **state)
{
	/* SHA-256 of "abc": FIPS 180-2, B.1. */
	static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
	char text[2][TOKEN_TEXT];
	uint8_t hash[2][TOKEN_HASH], again[TOKEN_HASH];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(token_make(text[i], hash[i]), 0);
		assert_int_equal(strlen(text[i]), TOKEN_TEXT - 1);
		assert_int_equal(strncmp(text[i], TOKEN_PREFIX, strlen(TOKEN_PREFIX)), 0);
		token_hash(text[i], again);
		assert_memory_equal(again, hash[i], TOKEN_HASH);
	}
	assert_string_not_equal(text[0], text[1]);
	token_hash("abc", again);
	assert_memory_equal(again, abc, sizeof(abc));
}

/* --- identities --------------------------------------------------------------------------------*/

static struct access_rules rules;
static char path[64];

static struct access *open_access(void)
{
	struct access *access = NULL;

	assert_int_equal(access_open(&access, &rules), 0);
	return access;
}

static void configure(const char *key, const char *text)
{
	char why[400] = "";

	for (const struct option_key *k = access_keys; k->key; k++)
		if (!strcmp(k->key, key) &&
		    k->parse((char *)&rules + k->offset, text, why, sizeof(why)))
			fail_msg("%s = %s: %s", key, text, why);
}

static void refuse(const char *key, const char *text, const char *says)
{
	char why[400] = "";

	for (const struct option_key *k = access_keys; k->key; k++)
		if (!strcmp(k->key, key))
			assert_int_equal(
				k->parse((char *)&rules + k->offset, text, why, sizeof(why)),
				-EINVAL);
	if (!strstr(why, says))
		fail_msg("%s = %s: %s", key, text, why);
}

static int clear(void **state)
{
	memset(&rules, 0, sizeof(rules));
	return 0;
}

static void add_token(const char *name, const char *role, const char *expiry, char text[TOKEN_TEXT])
{
	char line[TOKEN_LINE];
	struct token token = {.role = role_read(role, strlen(role))};

	strcpy(token.name, name);
	assert_int_equal(token_make(text, token.hash), 0);
	token_write(line, &token);
	/* "NAME ROLE never HASH" with another expiry. */
	if (strcmp(expiry, "never")) {
		char hash[65];

		strcpy(hash, strrchr(line, ' ') + 1);
		snprintf(line, sizeof(line), "%s %s %s %s", name, role, expiry, hash);
	}
	configure("token", line);
}

static void test_knows_tokens(void **state)
{
	char text[3][TOKEN_TEXT], why[256];
	struct identity who;
	struct access *access;

	add_token("ops", "viewer", "never", text[0]);
	add_token("proxy", "operator", "2999-12-31", text[1]);
	add_token("old", "admin", "2020-01-01", text[2]);
	refuse("token", "ops admin never " HASH, "another token is called ops");
	access = open_access();

	assert_int_equal(access_token(access, text[0], "192.0.2.1:4711", &who), 0);
	assert_int_equal(who.role, ROLE_VIEWER);
	assert_string_equal(who.name, "token:ops");
	assert_string_equal(who.from, "192.0.2.1:4711");
	assert_int_equal(access_token(access, text[1], "192.0.2.1:4711", &who), 0);
	assert_int_equal(who.role, ROLE_OPERATOR);

	assert_int_equal(access_token(access, text[2], "192.0.2.1:4711", &who), -EACCES);
	assert_int_equal(who.role, ROLE_NOBODY);
	access_explain(&who, -EACCES, why, sizeof(why));
	assert_non_null(strstr(why, "token:old has expired"));

	text[0][10] ^= 1;
	assert_int_equal(access_token(access, text[0], "192.0.2.1:4711", &who), -EACCES);
	assert_int_equal(who.role, ROLE_NOBODY);
	assert_string_equal(who.name, "");
	assert_int_equal(access_token(access, "", "192.0.2.1:4711", &who), -EACCES);
	assert_int_equal(access_token(access, NULL, "192.0.2.1:4711", &who), -EACCES);
	access_explain(&who, -EACCES, why, sizeof(why));
	assert_non_null(strstr(why, "tandemctl token"));
	access_close(access);
}

static void test_knows_certificates(void **state)
{
	struct access *access;
	struct identity who;
	char why[256], subject[160];

	configure("certificate", "operator CN=proxy,O=Example Ltd");
	configure("certificate", "viewer  CN=wall");
	refuse("certificate", "boss CN=x", "\"boss\" is no role");
	refuse("certificate", "viewer", "is no subject");
	refuse("certificate", "viewer someone", "is no subject");
	memset(subject, 'x', sizeof(subject));
	memcpy(subject, "viewer CN=", 10);
	subject[140] = '\0';
	refuse("certificate", subject, "at most 127 octets");
	access = open_access();
	assert_int_equal(access_certificate(access, "CN=proxy,O=Example Ltd", "192.0.2.1:1", &who),
			 0);
	assert_int_equal(who.role, ROLE_OPERATOR);
	assert_string_equal(who.name, "cert:CN=proxy,O=Example Ltd");
	assert_int_equal(access_certificate(access, "CN=wall", "192.0.2.1:1", &who), 0);
	assert_int_equal(who.role, ROLE_VIEWER);
	/* Only a whole subject is one. */
	assert_int_equal(access_certificate(access, "CN=proxy", "192.0.2.1:1", &who), -EACCES);
	assert_int_equal(access_certificate(access, "CN=wall,O=x", "192.0.2.1:1", &who), -EACCES);
	assert_int_equal(access_certificate(access, "cn=wall", "192.0.2.1:1", &who), -EACCES);
	access_explain(&who, -EACCES, why, sizeof(why));
	assert_non_null(strstr(why, "certificate = ROLE cn=wall"));

	/* The most that one of the lines gives. */
	configure("certificate", "viewer *");
	assert_int_equal(access_certificate(access, "CN=anyone", "192.0.2.1:1", &who), 0);
	assert_int_equal(who.role, ROLE_VIEWER);
	assert_int_equal(access_certificate(access, "CN=proxy,O=Example Ltd", "192.0.2.1:1", &who),
			 0);
	assert_int_equal(who.role, ROLE_OPERATOR);
	access_close(access);
}

static void test_knows_processes(void **state)
{
	const gid_t groups[] = {7, 2}; /* 2: bin, on every Debian */
	struct access_peer other = {.uid = 4000, .gid = 4000, .pid = 17};
	struct access_peer self = {.uid = geteuid()}, root = {.uid = 0, .pid = 1};
	struct access *access = open_access();
	struct identity who;
	char why[256];

	assert_int_equal(access_peer(access, &root, &who), 0);
	assert_int_equal(who.role, ROLE_ADMIN);
	assert_string_equal(who.name, "user:root");
	assert_string_equal(who.from, "uid 0 pid 1");
	assert_int_equal(access_peer(access, &self, &who), 0);
	assert_int_equal(who.role, ROLE_ADMIN);
	assert_int_equal(access_peer(access, &other, &who), -EACCES);
	access_explain(&who, -EACCES, why, sizeof(why));
	assert_non_null(strstr(why, "uid:4000"));

	configure("unix", "viewer group:bin");
	configure("unix", "operator user:daemon");
	refuse("unix", "viewer daemon", "user:NAME or group:NAME");
	refuse("unix", "viewer user:no-such-user", "this machine has no user:no-such-user");
	assert_int_equal(access_peer(access, &other, &who), -EACCES);
	other.groups = groups;
	other.group_count = 1;
	assert_int_equal(access_peer(access, &other, &who), -EACCES);
	other.group_count = 2;
	assert_int_equal(access_peer(access, &other, &who), 0);
	assert_int_equal(who.role, ROLE_VIEWER);
	assert_string_equal(who.name, "uid:4000");
	other.uid = 1;
	assert_int_equal(access_peer(access, &other, &who), 0);
	assert_int_equal(who.role, ROLE_OPERATOR);
	assert_string_equal(who.name, "user:daemon");
	access_close(access);
}

/* --- failures ----------------------------------------------------------------------------------*/

static unsigned int let_in(struct failures *failures, const char *from, uint64_t now_ms,
			   unsigned int tries)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < tries; i++)
		count += failures_count(failures, from, now_ms);
	return count;
}

static void test_failures_of_one_source(void **state)
{
	static const struct {
		const char *one, *same, *other;
	} sources[] = {
		{"192.0.2.1:4711", "192.0.2.1:4712", "192.0.2.2:4711"},
		{"192.0.3.1", "192.0.3.1:1", "192.0.3.2"},
		{"[2001:db8:1:2::1]:4711", "[2001:db8:1:2:3::1]:4", "[2001:db8:1:3::1]:4711"},
		{"2001:db8:2:2::1", "[2001:db8:2:2:3::1]:4", "2001:db8:2:3::1"},
		{"[fe80::1%eth0]:4711", "[fe80::2%eth1]:4711", "[fe81::1]:4711"},
		{"uid 1000 pid 1", "uid 1000 pid 2", "uid 1001 pid 1"},
		{"what is this", "or that", "192.0.9.9"},
	};
	struct failures *failures = failures_create();
	uint64_t now = 1000000;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		assert_int_equal(let_in(failures, sources[i].one, now, 100), FAILURES_BURST);
		assert_int_equal(let_in(failures, sources[i].same, now, 100), 0);
		assert_int_equal(let_in(failures, sources[i].other, now, 100), FAILURES_BURST);
		now += FAILURES_EACH_MS - 1;
		assert_int_equal(let_in(failures, sources[i].same, now, 100), 0);
		now++;
		assert_int_equal(let_in(failures, sources[i].same, now, 100), 1);
		now += FAILURES_EACH_MS * FAILURES_BURST;
		assert_int_equal(let_in(failures, sources[i].one, now, 100), FAILURES_BURST);
		now += FAILURES_EACH_MS * FAILURES_BURST;
	}
	failures_free(failures);
}

/* Who has many addresses is no better off, and takes no more memory. */
static void test_failures_of_many_sources(void **state)
{
	struct failures *failures = failures_create();
	unsigned int count = 0;
	char from[64];

	for (unsigned int i = 0; i < 3 * FAILURES_SOURCES; i++) {
		snprintf(from, sizeof(from), "10.%u.%u.%u:1", i >> 16, i >> 8 & 255, i & 255);
		count += failures_count(failures, from, 5000);
	}
	assert_int_equal(count, FAILURES_ALL);
	assert_int_equal(let_in(failures, "192.0.2.1:1", 5000, 5), 0);
	assert_int_equal(let_in(failures, "192.0.2.1:1", 5000 + FAILURES_ALL_EACH, 5), 1);
	failures_free(failures);
}

static void test_failures_make_busy(void **state)
{
	char text[TOKEN_TEXT], why[256];
	struct access *access;
	struct identity who;

	add_token("ops", "viewer", "never", text);
	access = open_access();
	for (int i = 0; i < FAILURES_BURST; i++)
		assert_int_equal(access_token(access, "x", "192.0.2.1:1", &who), -EACCES);
	assert_int_equal(access_token(access, "x", "192.0.2.1:2", &who), -EBUSY);
	access_explain(&who, -EBUSY, why, sizeof(why));
	assert_non_null(strstr(why, "too many failed attempts came from 192.0.2.1:2"));
	assert_int_equal(access_token(access, "x", "192.0.2.2:2", &who), -EACCES);
	/* Whoever shares the address with one who guesses is served all the same. */
	assert_int_equal(access_token(access, text, "192.0.2.1:3", &who), 0);
	access_close(access);
}

/* --- the audit ---------------------------------------------------------------------------------*/

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
	clear(state);
	configure("audit", path);
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
	refuse("audit", "audit.log", "begin it with /");
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

/* --- methods -----------------------------------------------------------------------------------*/

static const struct rpc_method *find(const struct rpc_service *services, unsigned int count,
				     const char *path_wanted)
{
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int j = 0; j < services[i].count; j++)
			if (!strcmp(services[i].methods[j].path, path_wanted))
				return &services[i].methods[j];
	return NULL;
}

/* What a viewer may not see, and is no change either. */
static bool only_reads(const char *method)
{
	static const char *const known[] = {"/tandem.relay.v1.Relay/Records"};

	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(known[i], method))
			return true;
	return false;
}

/* Each method that the protos have is served, has a role, and who only looks changes nothing. */
static void test_every_method_has_a_role(void **state)
{
	const ProtobufCServiceDescriptor *const known[] = {
		&tandem__relay__v1__relay__descriptor, &tandem__shed__v1__shed__descriptor,
		&tandem__turn__v1__turn__descriptor, &tandem__access__v1__access__descriptor,
		&grpc__health__v1__health__descriptor};
	const struct rpc_service services[] = {relay_service(NULL), shed_service(NULL),
					       turn_service(NULL), access_service(),
					       health_service(NULL)};
	unsigned int served = 0, methods = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		bool is_health = known[i] == &grpc__health__v1__health__descriptor;

		for (unsigned int j = 0; j < known[i]->n_methods; j++, methods++) {
			const struct rpc_method *method;
			char full[128];

			snprintf(full, sizeof(full), "/%s/%s", known[i]->name,
				 known[i]->methods[j].name);
			method = find(services, COUNT(services), full);
			if (!method)
				fail_msg("%s is not served", full);
			assert_ptr_equal(method->request, known[i]->methods[j].input);
			if (is_health ? method->role != ROLE_ANYBODY
				      : method->role < ROLE_VIEWER || method->role > ROLE_ADMIN)
				fail_msg("%s has role %d", full, method->role);
			if (method->changes != (method->role > ROLE_VIEWER && !is_health) &&
			    !only_reads(full))
				fail_msg("%s: does it change something?", full);
		}
	}
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		served += services[i].count;
	assert_int_equal(served, methods);
}

static void test_roles(void **state)
{
	static const enum role all[] = {ROLE_NOBODY, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN};

	for (int i = 0; i < 4; i++) {
		for (int least = 1; least < 4; least++)
			assert_int_equal(role_may(all[i], all[least]), i >= least);
		assert_true(role_may(all[i], ROLE_ANYBODY));
		assert_false(role_may(all[i], ROLE_NOBODY));
	}
	assert_string_equal(role_name(ROLE_OPERATOR), "operator");
	assert_string_equal(role_name(ROLE_ANYBODY), "nobody");
	assert_int_equal(role_read("viewers", 6), ROLE_VIEWER);
	assert_int_equal(role_read("viewers", 7), ROLE_NOBODY);
	assert_int_equal(role_read("", 0), ROLE_NOBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FILE(name)  cmocka_unit_test_setup_teardown(name, open_file, remove_file)
#define WITH_RULES(name) cmocka_unit_test_setup(name, clear)
		cmocka_unit_test(test_reads_tokens),
		cmocka_unit_test(test_refuses_tokens),
		cmocka_unit_test(test_makes_tokens),
		WITH_RULES(test_knows_tokens),
		WITH_RULES(test_knows_certificates),
		WITH_RULES(test_knows_processes),
		cmocka_unit_test(test_failures_of_one_source),
		cmocka_unit_test(test_failures_of_many_sources),
		WITH_RULES(test_failures_make_busy),
		WITH_FILE(test_audit_tells_what_not_secrets),
		WITH_FILE(test_audit_is_bounded),
		WITH_FILE(test_audit_appends_and_is_opened_anew),
		WITH_FILE(test_audit_that_cannot_be_opened),
		WITH_FILE(test_audit_on_a_full_disk),
		cmocka_unit_test(test_every_method_has_a_role),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
