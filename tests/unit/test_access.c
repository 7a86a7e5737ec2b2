/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may do what: tokens, certificates, processes, failures, methods. */
#include "controlplane/access/access.h"

#include <errno.h>
#include <unistd.h>

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

#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

/* --- identities --------------------------------------------------------------------------------*/

static struct access_rules rules;

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
	refuse("audit", "audit.log", "begin it with /");
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
#define WITH_RULES(name) cmocka_unit_test_setup(name, clear)
		WITH_RULES(test_knows_tokens),
		WITH_RULES(test_knows_certificates),
		WITH_RULES(test_knows_processes),
		cmocka_unit_test(test_failures_of_one_source),
		cmocka_unit_test(test_failures_of_many_sources),
		WITH_RULES(test_failures_make_busy),
		cmocka_unit_test(test_every_method_has_a_role),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
