/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parses and rewrites every fixture with the allocator failing at the first, the second, ... call,
 * until none fails. The sanitized build finds what is lost on the way out.
 */
#include <errno.h>
#include <sys/socket.h>

#include "controlplane/sdp/sdp_rewrite.h"
#include "tests/rig/sdp.h"
#include "tests/rig/test.h"

/* The allocators below this program's own, which stand in front of them for the whole process. */
#ifdef __SANITIZE_ADDRESS__
#define BELOW(name) __interceptor_##name
#else
#define BELOW(name) __libc_##name
#endif
void *BELOW(malloc)(size_t size);
void *BELOW(calloc)(size_t count, size_t size);
void *BELOW(realloc)(void *old, size_t size);

static unsigned int calls_left; /* 0: none fails; 1: the next one does */

static bool fails(void)
{
	return calls_left && !--calls_left;
}

void *malloc(size_t size)
{
	return fails() ? NULL : BELOW(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : BELOW(calloc)(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : BELOW(realloc)(old, size);
}

static int parse_and_rewrite(const char *text, unsigned int failing)
{
	struct sdp_transport media[SDP_MEDIA_MAX] = {0};
	struct sdp_rewrite to = {.origin = {.octets = {[10] = 0xff, 0xff, 198, 51, 100, 1}},
				 .media = media};
	struct sdp *sdp = NULL;
	struct sdp_error err;
	size_t length;
	char *out;
	int ret;

	calls_left = failing;
	ret = sdp_parse(&sdp, text, strlen(text), &err);
	if (!ret) {
		to.media_count = sdp->media_count;
		ret = sdp_rewrite(&out, &length, sdp, &to);
		if (!ret)
			sdp_text_free(out);
		sdp_free(sdp);
	}
	return ret;
}

static void test_each_allocation_fails(void **state)
{
	for (size_t f = 0; f < sizeof(sdp_fixtures) / sizeof(sdp_fixtures[0]); f++) {
		unsigned int failing = 1;
		bool failed = true;

		while (failed) {
			int ret = parse_and_rewrite(sdp_fixtures[f].text, failing++);

			/* What is left of the count tells whether the failing call was reached. */
			failed = !calls_left;
			calls_left = 0;
			assert_int_equal(ret, failed ? -ENOMEM : 0);
			assert_true(failing < 100);
		}
		/* The struct, two texts, lines, an m-line, its formats and the output at least. */
		assert_true(failing > 7);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation_fails)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
