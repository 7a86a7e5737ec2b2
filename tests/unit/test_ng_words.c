/* SPDX-License-Identifier: BSD-3-Clause */
/* Dictionaries in both encodings, and the words that operators write. */
#include <errno.h>

#include "controlplane/ng/bencode.h"
#include "controlplane/ng/ng_json.h"
#include "controlplane/ng/ng_words.h"
#include "tests/rig/test.h"

static const struct {
	const char *octets;
	int error;
	size_t used;
} bencoded[] = {
	{"de", 0, 2},
	{"i-12e", 0, 5},
	{"3:abcd", 0, 5},
	{"0:", 0, 2},
	{"d1:bi1e1:al1:xee", 0, 16}, /* keys in any order */
	{"", -EAGAIN, 0},
	{"d", -EAGAIN, 0},
	{"i1", -EAGAIN, 0},
	{"5:abc", -EAGAIN, 0},
	{"d3:abc", -EAGAIN, 0},
	{"i1xe", -EINVAL, 0},
	{"ie", -EINVAL, 0},
	{"i9223372036854775807e", 0, 21},
	{"i-9223372036854775808e", 0, 22},
	{"i9223372036854775808e", -EINVAL, 0},
	{"i12345678901234567890e", -EINVAL, 0},
	{"9999999999:a", -EINVAL, 0},
	{"di1ei2ee", -EINVAL, 0}, /* a key is a text */
	{"x", -EINVAL, 0},
	{"llllllllllllllllllllllee", -EINVAL, 0},
};

static void reads_bencode(void **state)
{
	for (unsigned int k = 0; k < COUNT(bencoded); k++) {
		struct arena arena = {NULL};
		struct ng_value *value;
		size_t used;
		int error = bencode_read(&value, &used, &arena, bencoded[k].octets,
					 strlen(bencoded[k].octets));

		if (error != bencoded[k].error || (!error && used != bencoded[k].used))
			fail_msg("%s: %d, %zu octets", bencoded[k].octets, error, used);
		arena_clear(&arena);
	}
}

static void a_text_has_no_nul(void **state)
{
	struct arena arena = {NULL};
	struct ng_value *value;
	size_t used;

	assert_int_equal(bencode_read(&value, &used, &arena, "3:a\0b", 5), -EINVAL);
	assert_int_equal(ng_json_read(&value, &used, &arena, "{\"a\": \"\\u0000\"}", 15), -EINVAL);
	arena_clear(&arena);
}

/* What `flags` and `rtpp-flags` become, in JSON. */
static const struct {
	const char *request, *sorted;
} words[] = {
	{"{\"flags\": [\"trust-address\", \"ICE=remove\"]}",
	 "{\"flags\":[\"trust-address\"],\"ICE\":\"remove\"}"},
	{"{\"flags\": [\"replace-origin\", \"replace-session-connection\"]}",
	 "{\"flags\":[],\"replace\":[\"origin\",\"session-connection\"]}"},
	{"{\"rtpp-flags\": \"RTP/AVP codec-strip-PCMU codec-strip-G722 received-from=[IP4 1.2.3.4]\"}",
	 "{\"rtpp-flags\":\"RTP/AVP codec-strip-PCMU codec-strip-G722 received-from=[IP4 "
	 "1.2.3.4]\",\"transport-protocol\":\"RTP/AVP\",\"codec\":{\"strip\":[\"PCMU\",\"G722\"]},"
	 "\"received-from\":[\"IP4\",\"1.2.3.4\"]}"},
	{"{\"rtpp-flags\": \"direction=a direction=b SDES-off OSRTP-offer\"}",
	 "{\"rtpp-flags\":\"direction=a direction=b SDES-off "
	 "OSRTP-offer\",\"direction\":[\"a\",\"b\"],\"SDES\":\"off\",\"OSRTP\":\"offer\"}"},
	/* A dictionary that a word makes, and one that should be a list. */
	{"{\"rtpp-flags\": \"codec-strip-A codec=x codec-mask-B flags=y\"}",
	 "{\"rtpp-flags\":\"codec-strip-A codec=x codec-mask-B "
	 "flags=y\",\"codec\":{\"strip\":\"A\",\"mask\":\"B\"},\"flags\":\"y\"}"},
	{"{\"rtpp-flags\": \"a=[ =b  x=\"}",
	 "{\"rtpp-flags\":\"a=[ =b  x=\",\"a\":[\"=b\",\"x=\"]}"},
};

static void sorts_words(void **state)
{
	for (unsigned int k = 0; k < COUNT(words); k++) {
		struct arena arena = {NULL};
		struct ng_value *value;
		size_t used, length;
		char *text;
		FILE *out = open_memstream(&text, &length);

		assert_int_equal(ng_json_read(&value, &used, &arena, words[k].request,
					      strlen(words[k].request)),
				 0);
		ng_words_sort(&arena, value);
		ng_json_write(out, value);
		fclose(out);
		assert_string_equal(text, words[k].sorted);
		free(text);
		arena_clear(&arena);
	}
}

static void keys_have_two_spellings(void **state)
{
	struct arena arena = {NULL};
	struct ng_value *value;
	size_t used;

	assert_int_equal(bencode_read(&value, &used, &arena, "d7:call-id1:18:from tag1:ae", 27), 0);
	assert_string_equal(ng_get_text(value, "call id"), "1");
	assert_string_equal(ng_get_text(value, "from-tag"), "a");
	assert_null(ng_get_text(value, "from-ta"));
	assert_int_equal(ng_get_number(value, "call-id", 0), 1);
	assert_int_equal(ng_get_number(value, "from-tag", -1), -1);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_bencode),
		cmocka_unit_test(a_text_has_no_nul),
		cmocka_unit_test(sorts_words),
		cmocka_unit_test(keys_have_two_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
