/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the registry: a relay whose engine makes nothing but keys and counts them, and what
 * is expected of its legs.
 */
#ifndef TANDEM_TESTS_RIG_COUNTING_H
#define TANDEM_TESTS_RIG_COUNTING_H

#include <errno.h>

#include "tests/rig/put.h"
#include "tests/rig/test.h"

/* The engine's keys. */
extern struct counting {
	unsigned int created;
	unsigned int refused_after; /* so many */
} counting;

extern const struct crypt_engine counting_engine;

/* None was created yet, and none will be refused. */
void counting_reset(void);
unsigned int counting_alive(void);

struct counting_kind {
	unsigned int legs, workers;
};

/* From a counting_kind; the relay is the test's state. No key may outlive it. */
int counting_set_up(void **state);
int counting_tear_down(void **state);

#define CASE_OF(test, ...)                                                                         \
	{                                                                                          \
#test, test, counting_set_up, counting_tear_down,                                  \
			(void *)(uintptr_t) & (const struct counting_kind)                         \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define CASE(test)     CASE_OF(test, RELAY_LEGS, 1)
#define CASE_TWO(test) CASE_OF(test, RELAY_LEGS, 2)

/* The one that every worker has. */
const struct leg_config *relay_config(struct relay *r, uint64_t leg);

/* As ice does when a check passed and nominated. */
void relay_nominate(struct relay *r, uint64_t leg, const char *text, uint16_t port);
/* That of RTP and then that of RTCP, where they have ports of their own. */
void relay_nominate_component(struct relay *r, uint64_t id, unsigned int component,
			      const char *text, uint16_t port);

void relay_expect_error(struct relay *r, int got, int error, const char *what);

/* The only one. */
void relay_expect_event(struct relay *r, uint64_t leg, int kind);

#endif
