/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One direction of a call cut in two for tests of crypt: a plain leg whose flow protects, and a leg
 * with SRTP whose flow unprotects, with one master key between them.
 */
#ifndef TANDEM_TESTS_RIG_CALL_H
#define TANDEM_TESTS_RIG_CALL_H

#include "tests/rig/media.h"
#include "tests/rig/packet.h"
#include "tests/rig/test.h"

#define SSRC         0xcafebabe
#define CALL_STREAMS 256 /* that a group's bench has */

struct call {
	const struct crypt_engine *engine;
	struct leg_config plain, secure;
	struct stream_windows sent, received; /* of the two */
	struct leg *sender, *receiver;
	struct crypt_key *send, *receive;
	struct oracle oracle;
	uint64_t now;
};

/* One at a time: a bench whose worker has `streams` SSRCs and the engine of that name. */
extern struct bench *call_bench;
extern const char *call_engine;
struct bench *call_begin(uint32_t streams);
void call_end(void);

/* Key and salt of an epoch; every octet differs from its neighbours. */
void call_master(uint32_t epoch, uint8_t key[SUITE_KEY_MAX], uint8_t salt[SUITE_SALT_MAX]);
struct crypt_key *call_key(const struct crypt_engine *engine, enum srtp_suite suite,
			   enum crypt_direction direction, uint32_t epoch);

/* On the bench, with the engine that its worker has by then. */
struct call *call_open(enum srtp_suite suite);
void call_close(struct call *call);

/* After a change of `plain` or `secure`. */
void call_apply(struct call *call);

/* Through a stage or two as one burst; `packets` become what comes out. */
void call_run(struct call *call, struct leg *leg, bool protect, struct packet *packets,
	      enum drop *verdicts, unsigned int count);
enum drop call_protect(struct call *call, struct packet *packet);
enum drop call_unprotect(struct call *call, const struct packet *packet, struct packet *out);

/* Of a packet of SSRC that was sent under that index. */
enum drop call_takes(struct call *call, uint64_t index);

/* As in a flow whose two legs share keys. */
enum drop call_verify(struct call *call, const struct packet *packet, struct packet *out);

/* One at a time: what `engine` is, with verify where the stages ask it to unprotect. */
struct crypt_engine verifier_of(const struct crypt_engine *engine);
extern unsigned int verifier_changed; /* packets that verify did not leave as they came */

/* --- tests that share a bench and leave it idle, with one engine after the other --- */

int call_group_start(void **state);
int call_group_stop(void **state);
int call_is_idle(void **state);

#define TIDY(test) cmocka_unit_test_teardown(test, call_is_idle)

/* Whether the CPU has what ipsec_mb needs; says so when not. */
bool call_engine_is_able(void);

/* How many tests failed. */
#define call_run_group(tests)                                                                      \
	({                                                                                         \
		int failed = 0;                                                                    \
		call_engine = "ipsec_mb";                                                          \
		if (call_engine_is_able())                                                         \
			failed += cmocka_run_group_tests_name("ipsec_mb", tests, call_group_start, \
							      call_group_stop);                    \
		call_engine = "libsrtp";                                                           \
		failed += cmocka_run_group_tests_name("libsrtp", tests, call_group_start,          \
						      call_group_stop);                            \
		failed;                                                                            \
	})

#endif
