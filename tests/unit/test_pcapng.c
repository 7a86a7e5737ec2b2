/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files, octet by octet as draft-ietf-opsawg-pcapng has them. */
#include "controlplane/lib/pcapng.h"

#include "tests/rig/test.h"

/* What was written, and where the reading of it is. */
struct written {
	char *octets;
	size_t size, at;
};

static const struct pcapng_head head = {
	.link = PCAPNG_RAW_IP,
	.snap = 96,
	.application = "tandemctl",
	.comment = "call c1",
	.interface = "tandem",
};

static FILE *begin(struct written *w)
{
	FILE *out;

	memset(w, 0, sizeof(*w));
	out = open_memstream(&w->octets, &w->size);
	assert_non_null(out);
	pcapng_begin(out, &head);
	return out;
}

static const char *take(struct written *w, size_t length)
{
	const char *at = w->octets + w->at;

	w->at += length;
	assert_true(w->at <= w->size);
	return at;
}

static uint32_t take32(struct written *w)
{
	uint32_t value;

	memcpy(&value, take(w, sizeof(value)), sizeof(value));
	return value;
}

static void expect_option(struct written *w, uint16_t code, const void *value, uint16_t length)
{
	uint32_t head32 = take32(w);
	const char *at = take(w, (length + 3) & ~3);

	assert_int_equal(head32, code | (uint32_t)length << 16);
	assert_memory_equal(at, value, length);
	for (unsigned int k = length; k % 4; k++)
		assert_int_equal(at[k], 0);
}

static void expect_text(struct written *w, uint16_t code, const char *text)
{
	expect_option(w, code, text, strlen(text));
}

/* Both lengths of a block, which began at `from`. */
static void expect_end(struct written *w, size_t from)
{
	uint32_t length;

	memcpy(&length, w->octets + from + 4, sizeof(length));
	assert_int_equal(take32(w), length);
	assert_int_equal(length, w->at - from);
	assert_int_equal(length % 4, 0);
}

static void expect_head(struct written *w)
{
	size_t from = w->at;

	assert_int_equal(take32(w), 0x0a0d0d0a);
	take32(w);
	assert_int_equal(take32(w), 0x1a2b3c4d);
	assert_int_equal(take32(w), 1); /* version 1.0 */
	assert_int_equal(take32(w), UINT32_MAX);
	assert_int_equal(take32(w), UINT32_MAX);
	expect_text(w, 1, "call c1");
	expect_text(w, 4, "tandemctl");
	assert_int_equal(take32(w), 0);
	expect_end(w, from);

	from = w->at;
	assert_int_equal(take32(w), 1);
	take32(w);
	assert_int_equal(take32(w), PCAPNG_RAW_IP);
	assert_int_equal(take32(w), 96);
	expect_text(w, 2, "tandem");
	expect_option(w, 9, "\x09", 1);
	assert_int_equal(take32(w), 0);
	expect_end(w, from);
}

static void test_a_file_begins_with_its_interface(void **state)
{
	struct written w;

	fclose(begin(&w));
	expect_head(&w);
	assert_int_equal(w.at, w.size);
	free(w.octets);
}

static void test_packets_of_each_length(void **state)
{
	static const char octets[] = "0123456789";
	struct written w;
	FILE *out = begin(&w);

	for (uint32_t size = 0; size < sizeof(octets); size++)
		pcapng_write(out, &(struct pcapng_packet){
					  .time_ns = 0x1122334455667788 + size,
					  .sent = size % 2,
					  .octets = (const uint8_t *)octets,
					  .captured = size,
					  .length = 2 * size,
					  .comment = size ? "of a" : "",
				  });
	fclose(out);
	expect_head(&w);
	for (uint32_t size = 0; size < sizeof(octets); size++) {
		const uint32_t flags = size % 2 ? 2 : 1;
		size_t from = w.at;
		const char *data;

		assert_int_equal(take32(&w), 6);
		take32(&w);
		assert_int_equal(take32(&w), 0); /* the interface */
		assert_int_equal(take32(&w), 0x11223344);
		assert_int_equal(take32(&w), 0x55667788 + size);
		assert_int_equal(take32(&w), size);
		assert_int_equal(take32(&w), 2 * size);
		data = take(&w, (size + 3) & ~3u);
		assert_memory_equal(data, octets, size);
		for (unsigned int k = size; k % 4; k++)
			assert_int_equal(data[k], 0);
		expect_option(&w, 2, &flags, 4);
		if (size)
			expect_text(&w, 1, "of a");
		assert_int_equal(take32(&w), 0);
		expect_end(&w, from);
	}
	assert_int_equal(w.at, w.size);
	free(w.octets);
}

static void test_the_end_says_what_is_missing(void **state)
{
	const struct pcapng_statistics statistics = {
		.begun_ns = 1ULL << 32 | 5,
		.ended_ns = 2ULL << 32 | 7,
		.received = 30,
		.dropped = 4,
		.comment = "over",
	};
	const uint32_t begun[] = {1, 5}, ended[] = {2, 7};
	struct written w;
	FILE *out = begin(&w);
	size_t from;

	pcapng_end(out, &statistics);
	fclose(out);
	expect_head(&w);
	from = w.at;
	assert_int_equal(take32(&w), 5);
	take32(&w);
	assert_int_equal(take32(&w), 0);
	assert_int_equal(take32(&w), 2);
	assert_int_equal(take32(&w), 7);
	expect_text(&w, 1, "over");
	expect_option(&w, 2, begun, 8);
	expect_option(&w, 3, ended, 8);
	expect_option(&w, 4, &statistics.received, 8);
	expect_option(&w, 5, &statistics.dropped, 8);
	assert_int_equal(take32(&w), 0);
	expect_end(&w, from);
	assert_int_equal(w.at, w.size);
	free(w.octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_begins_with_its_interface),
		cmocka_unit_test(test_packets_of_each_length),
		cmocka_unit_test(test_the_end_says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
