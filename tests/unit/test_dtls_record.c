/* SPDX-License-Identifier: BSD-3-Clause */
/* What the record filter lets through to OpenSSL, and what it does not. */
#include "controlplane/dtls/dtls_record.h"
#include "tests/rig/test.h"

/* Record header: content, version 254.253, epoch, sequence number, length. */
#define RECORD(content, epoch, length)                                                             \
	content, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 7, (length) >> 8, (length)&255
/* Fragment header: message, its length, sequence number, offset, length of the fragment. */
#define FRAGMENT(message, total, offset, length)                                                   \
	message, 0, (total) >> 8, (total)&255, 0, 0, 0, (offset) >> 8, (offset)&255, 0,            \
		(length) >> 8, (length)&255

enum verdict { NO_RECORD, NOBODY, SERVER, CLIENT, BOTH };

struct sample {
	const char *name;
	enum verdict verdict;
	size_t length;
	uint8_t data[96];
};

static const struct sample samples[] = {
	{"nothing", NO_RECORD, 0, {0}},
	{"half a header", NO_RECORD, 12, {RECORD(22, 0, 0)}},
	{"an empty record", NO_RECORD, 13, {RECORD(22, 0, 0)}},
	{"longer than its datagram", NO_RECORD, 14, {RECORD(20, 0, 2), 1}},
	{"content type below", NO_RECORD, 14, {RECORD(19, 0, 1), 1}},
	{"heartbeat", NO_RECORD, 14, {RECORD(24, 0, 1), 1}},
	{"TLS", NO_RECORD, 14, {20, 3, 3, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1, 1}},
	{"DTLS 1.0", BOTH, 14, {20, 254, 255, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1, 1}},
	{"change_cipher_spec", BOTH, 14, {RECORD(20, 0, 1), 1}},
	{"change_cipher_spec of 2", NOBODY, 14, {RECORD(20, 0, 1), 2}},
	{"change_cipher_spec twice", NOBODY, 15, {RECORD(20, 0, 2), 1, 1}},
	{"fatal alert", BOTH, 15, {RECORD(21, 0, 2), 2, 40}},
	{"close_notify", BOTH, 15, {RECORD(21, 0, 2), 1, 0}},
	{"another warning", NOBODY, 15, {RECORD(21, 0, 2), 1, 90}},
	{"an alert of no level", NOBODY, 15, {RECORD(21, 0, 2), 3, 40}},
	{"half an alert", NOBODY, 14, {RECORD(21, 0, 1), 2}},
	{"application data", NOBODY, 14, {RECORD(23, 0, 1), 0}},
	{"client_hello", SERVER, 27, {RECORD(22, 0, 14), FRAGMENT(1, 2, 0, 2)}},
	{"client_hello, its end", SERVER, 27, {RECORD(22, 0, 14), FRAGMENT(1, 300, 298, 2)}},
	{"server_hello", CLIENT, 27, {RECORD(22, 0, 14), FRAGMENT(2, 2, 0, 2)}},
	{"hello_verify_request", CLIENT, 27, {RECORD(22, 0, 14), FRAGMENT(3, 2, 0, 2)}},
	{"certificate", BOTH, 27, {RECORD(22, 0, 14), FRAGMENT(11, 2, 0, 2)}},
	{"server_hello_done", CLIENT, 25, {RECORD(22, 0, 12), FRAGMENT(14, 0, 0, 0)}},
	{"certificate_verify", SERVER, 27, {RECORD(22, 0, 14), FRAGMENT(15, 2, 0, 2)}},
	{"client_key_exchange", SERVER, 27, {RECORD(22, 0, 14), FRAGMENT(16, 2, 0, 2)}},
	{"finished in the clear", NOBODY, 27, {RECORD(22, 0, 14), FRAGMENT(20, 2, 0, 2)}},
	{"message 255", NOBODY, 27, {RECORD(22, 0, 14), FRAGMENT(255, 2, 0, 2)}},
	{"message 33, which is not 1", NOBODY, 27, {RECORD(22, 0, 14), FRAGMENT(33, 2, 0, 2)}},
	{"half a fragment header", NOBODY, 24, {RECORD(22, 0, 11), FRAGMENT(1, 0, 0, 0)}},
	{"beyond its message", NOBODY, 27, {RECORD(22, 0, 14), FRAGMENT(1, 300, 299, 2)}},
	{"beyond its record", NOBODY, 27, {RECORD(22, 0, 14), FRAGMENT(1, 300, 0, 3)}},
	{"the longest message", SERVER, 27, {RECORD(22, 0, 14), FRAGMENT(1, 16384, 0, 2)}},
	{"one octet more", NOBODY, 27, {RECORD(22, 0, 14), FRAGMENT(1, 16385, 0, 2)}},
	{"two messages",
	 SERVER,
	 39,
	 {RECORD(22, 0, 26), FRAGMENT(11, 2, 0, 2), 0, 0, FRAGMENT(16, 0, 0, 0)}},
	{"two messages, the second for nobody",
	 NOBODY,
	 39,
	 {RECORD(22, 0, 26), FRAGMENT(11, 2, 0, 2), 0, 0, FRAGMENT(20, 0, 0, 0)}},
};

static void test_samples(void **state)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *sample = &samples[i];
		enum verdict verdict = NO_RECORD;
		struct dtls_record record;

		if (dtls_record_read(&record, sample->data, sample->length)) {
			bool server = dtls_record_is_plausible(&record, true);
			bool client = dtls_record_is_plausible(&record, false);

			assert_int_equal(record.length, sample->length);
			verdict = server && client ? BOTH
				  : server         ? SERVER
				  : client         ? CLIENT
						   : NOBODY;
		}
		if (verdict != sample->verdict)
			fail_msg("%s: %d, not %d", sample->name, verdict, sample->verdict);
	}
}

static void test_a_record_is_a_view(void **state)
{
	static const uint8_t data[] = {RECORD(21, 1, 3), 9, 8, 7, 22, 254};
	struct dtls_record record;

	assert_true(dtls_record_read(&record, data, sizeof(data)));
	assert_int_equal(record.content, DTLS_ALERT);
	assert_int_equal(record.epoch, 1);
	assert_ptr_equal(record.start, data);
	assert_ptr_equal(record.body, data + 13);
	assert_int_equal(record.body_length, 3);
	assert_int_equal(record.length, 16);
}

static void test_hello_random(void **state)
{
	uint8_t data[] = {RECORD(22, 0, 46), FRAGMENT(1, 200, 0, 34), 254, 253, [58] = 77};
	const uint8_t *random;
	struct dtls_record record;

	assert_true(dtls_record_read(&record, data, sizeof(data)));
	random = dtls_record_hello_random(&record);
	assert_ptr_equal(random, data + 27);
	assert_int_equal(random[DTLS_RANDOM_LENGTH - 1], 77);

	data[4] = 1; /* epoch 1: ciphertext */
	assert_true(dtls_record_read(&record, data, sizeof(data)));
	assert_null(dtls_record_hello_random(&record));
	data[4] = 0;
	data[13] = 2; /* a server_hello */
	assert_true(dtls_record_read(&record, data, sizeof(data)));
	assert_null(dtls_record_hello_random(&record));
	data[13] = 1;
	data[21] = 1; /* not its beginning */
	assert_true(dtls_record_read(&record, data, sizeof(data)));
	assert_null(dtls_record_hello_random(&record));
	data[21] = 0;
	data[24] = 33; /* the random is not whole */
	assert_true(dtls_record_read(&record, data, sizeof(data)));
	assert_null(dtls_record_hello_random(&record));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_a_record_is_a_view),
		cmocka_unit_test(test_hello_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
