/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of crypt that share a bench and leave it idle, with one engine after the other. */
#ifndef TANDEM_TESTS_CRYPT_GROUP_H
#define TANDEM_TESTS_CRYPT_GROUP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/crypt_rig.h"

#define SSRC    0xcafebabe
#define STREAMS 256 /* that the bench's worker has */

static struct bench *bench;

static inline int group_start(void **state)
{
	bench = call_bench(STREAMS);
	return 0;
}

static inline int group_stop(void **state)
{
	call_bench_free(bench);
	return 0;
}

static inline int group_is_idle(void **state)
{
	return bench_is_idle(bench) && bench->worker->free_stream_count == STREAMS ? 0 : -1;
}

#define TIDY(test) cmocka_unit_test_teardown(test, group_is_idle)

/* How many tests failed. */
#define group_run(tests)                                                                           \
	({                                                                                         \
		static const char *const names[] = {"ipsec_mb", "libsrtp"};                        \
		int failed = 0;                                                                    \
		for (unsigned int each = 0; each < RTE_DIM(names); each++) {                       \
			call_engine = names[each];                                                 \
			failed += cmocka_run_group_tests_name(names[each], tests, group_start,     \
							      group_stop);                         \
		}                                                                                  \
		failed;                                                                            \
	})

static inline enum drop takes(struct call *call, uint64_t index)
{
	struct wire wire = wire_srtp(&call->oracle, SSRC, index), out;

	return call_unprotect(call, &wire, &out);
}

#endif
