/* SPDX-License-Identifier: BSD-3-Clause */
/* The RFCs' vectors, and that the engines send what the RFCs say, octet for octet. */
#include "tests/rig/call.h"

static unsigned int unhex(uint8_t *out, const char *text)
{
	unsigned int length = 0, octet;

	while (sscanf(text, "%2x", &octet) == 1) {
		out[length++] = octet;
		text += 2;
	}
	return length;
}

static void assert_octets(const uint8_t *octets, unsigned int length, const char *text)
{
	uint8_t expected[256];

	assert_int_equal(unhex(expected, text), length);
	assert_memory_equal(octets, expected, length);
}

/* --- the oracle is held to the RFCs --- */

static void rfc3711_key_derivation(void **state)
{
	uint8_t key[16], salt[14];
	struct oracle o;

	unhex(key, "e1f97a0d3e018be0d64fa32c06de4139");
	unhex(salt, "0ec675ad498afeebb6960b3aabe6");
	oracle_derive(&o, SUITE_AES_CM_128_HMAC_SHA1_80, key, salt);
	assert_octets(o.rtp.cipher, 16, "c61e7a93744f39ee10734afe3ff7a087");
	assert_octets(o.rtp.salt, 14, "30cbbc08863d8c85d49db34a9ae1");
	assert_octets(o.rtp.auth, 20, "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
}

static void rfc6188_key_derivation(void **state)
{
	uint8_t key[32], salt[14];
	struct oracle o;

	unhex(key, "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6");
	unhex(salt, "3b04803de51ee7c96423ab5b78d2");
	oracle_derive(&o, SUITE_AES_256_CM_HMAC_SHA1_80, key, salt);
	assert_octets(o.rtp.cipher, 32,
		      "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4");
	assert_octets(o.rtp.salt, 14, "fa31791685ca444a9e07c6c64e93");
	assert_octets(o.rtp.auth, 20, "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05");
}

/* RFC 3711 B.2 and RFC 6188 7.1: SSRC and index are zero, so that the salt alone is the counter. */
static void counter_mode_keystream(void **state)
{
	const uint8_t ssrc[4] = {0};
	struct oracle_keys keys;
	uint8_t data[48] = {0};

	unhex(keys.cipher, "2b7e151628aed2a6abf7158809cf4f3c");
	unhex(keys.salt, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
	oracle_cm(suite_info(SUITE_AES_CM_128_HMAC_SHA1_80), &keys, ssrc, 0, data, sizeof(data));
	assert_octets(data, sizeof(data),
		      "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
		      "41e95b3bb0a2e8dd477901e4fca894c0");
}

static void rfc7714_packets(void **state)
{
	static const struct {
		enum srtp_suite suite;
		bool rtcp;
		const char *plain, *protected;
	} cases[] = {
		{SUITE_AEAD_AES_128_GCM, false,
		 "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e20"
		 "7061727465732074726573",
		 "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f4"
		 "7a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"},
		{SUITE_AEAD_AES_256_GCM, false,
		 "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e20"
		 "7061727465732074726573",
		 "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a"
		 "0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13"},
		{SUITE_AEAD_AES_128_GCM, true,
		 "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbe"
		 "efdeadbeefdeadbeefdeadbeef",
		 "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6f"
		 "da4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"},
		{SUITE_AEAD_AES_256_GCM, true,
		 "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbe"
		 "efdeadbeefdeadbeefdeadbeef",
		 "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555"
		 "be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4"},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct oracle o = {.suite = cases[k].suite};
		uint8_t packet[128];
		int length = unhex(packet, cases[k].plain);

		for (int octet = 0; octet < 32; octet++)
			o.rtp.cipher[octet] = octet;
		unhex(o.rtp.salt, "517569642070726f2071756f");
		o.rtcp = o.rtp;
		length = cases[k].rtcp ? oracle_protect_rtcp(&o, packet, length, 0x5d4)
				       : oracle_protect_rtp(&o, packet, length, 12, 0xf17b);
		assert_octets(packet, length, cases[k].protected);
	}
}

/* --- known answers through the stages --- */

static void known_answers(void **state)
{
	static const char cm128_key[] = "e1f97a0d3e018be0d64fa32c06de4139";
	static const char cm_salt[] = "0ec675ad498afeebb6960b3aabe6";
	static const char rtp[] = "800f1234decafbadcafebabeabababababababababababababababab";
	static const char rtcp[] = "81c8000bcafebabeabababababababababababababababab";
	static const struct {
		enum srtp_suite suite;
		const char *key, *salt, *plain, *protected;
	} cases[] = {
		{SUITE_AES_CM_128_HMAC_SHA1_80, cm128_key, cm_salt, rtp,
		 "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"},
		{SUITE_AES_CM_128_HMAC_SHA1_32, cm128_key, cm_salt, rtp,
		 "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc"},
		{SUITE_AES_CM_128_HMAC_SHA1_80, cm128_key, cm_salt, rtcp,
		 "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"},
		{SUITE_AES_CM_128_HMAC_SHA1_32, cm128_key, cm_salt, rtcp,
		 "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"},
		{SUITE_AES_256_CM_HMAC_SHA1_80,
		 "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
		 "3b04803de51ee7c96423ab5b78d2", rtp,
		 "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b"},
		{SUITE_AEAD_AES_128_GCM, "000102030405060708090a0b0c0d0e0f",
		 "a0a1a2a3a4a5a6a7a8a9aaab", rtp,
		 "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131"
		 "a127e8a392"},
		{SUITE_AEAD_AES_128_GCM, "000102030405060708090a0b0c0d0e0f",
		 "a0a1a2a3a4a5a6a7a8a9aaab", rtcp,
		 "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce6"
		 "1e80000001"},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct call *call = call_open(cases[k].suite);
		struct call *shared = call_open(cases[k].suite);
		uint8_t key[SUITE_KEY_MAX], salt[SUITE_SALT_MAX];
		struct crypt_key *send, *receive, *verify;
		struct packet wire, out;

		unhex(key, cases[k].key);
		unhex(salt, cases[k].salt);
		call->engine->key_create(&send, cases[k].suite, CRYPT_SEND, key, salt);
		call->engine->key_create(&receive, cases[k].suite, CRYPT_RECEIVE, key, salt);
		call->engine->key_create(&verify, cases[k].suite, CRYPT_RECEIVE, key, salt);
		call->plain.own.send = send;
		call->secure.receive = receive;
		shared->secure.receive = verify;
		call_apply(call);
		call_apply(shared);
		wire.class = cases[k].plain == rtcp ? CLASS_RTCP : CLASS_RTP;
		wire.length = unhex(wire.octets, cases[k].plain);
		assert_int_equal(call_protect(call, &wire), DROP_NONE);
		assert_octets(wire.octets, wire.length, cases[k].protected);
		assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
		assert_octets(out.octets, out.length, cases[k].plain);
		assert_int_equal(call_verify(shared, &wire, &out), DROP_NONE);
		call->engine->key_free(send);
		call->engine->key_free(receive);
		call->engine->key_free(verify);
		call_close(call);
		call_close(shared);
	}
}

/* --- the engine sends what the oracle sends, and takes it --- */

static void crosses_rtp(struct call *call, struct call *shared, struct packet plain,
			unsigned int header, uint64_t index)
{
	struct packet sent = plain, expected = plain, back;

	assert_int_equal(call_protect(call, &sent), DROP_NONE);
	expected.length =
		oracle_protect_rtp(&call->oracle, expected.octets, plain.length, header, index);
	assert_true(packet_equal(&sent, &expected));
	assert_int_equal(call_unprotect(call, &sent, &back), DROP_NONE);
	assert_true(packet_equal(&back, &plain));
	assert_int_equal(call_verify(shared, &sent, &back), DROP_NONE);
}

static void every_suite_and_shape(void **state)
{
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);
		struct call *shared = call_open(suite);
		uint16_t seq = 65000;
		uint64_t index = seq;

		for (unsigned int csrcs = 0; csrcs < 16; csrcs += 5)
			for (int words = -1; words < 4; words++)
				for (unsigned int payload = 0; payload < 1300;
				     payload += payload < 40 ? 1 : 371) {
					crosses_rtp(
						call, shared,
						packet_rtp(0x11223344, seq, csrcs, words, payload),
						12 + 4 * csrcs + 4 * (words + 1), index);
					seq++;
					index++;
				}
		assert_true(index > 0x10000); /* it wrapped */
		for (uint32_t k = 1; k < 50; k++) {
			struct packet plain = packet_rtcp(k % 3, k % 31), sent = plain,
				      expected = plain, back;

			assert_int_equal(call_protect(call, &sent), DROP_NONE);
			expected.length = oracle_protect_rtcp(&call->oracle, expected.octets,
							      plain.length, (k + 2) / 3);
			assert_true(packet_equal(&sent, &expected));
			assert_int_equal(call_unprotect(call, &sent, &back), DROP_NONE);
			assert_true(packet_equal(&back, &plain));
			assert_int_equal(call_verify(shared, &sent, &back), DROP_NONE);
		}
		call_close(call);
		call_close(shared);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIDY(rfc3711_key_derivation), TIDY(rfc6188_key_derivation),
		TIDY(counter_mode_keystream), TIDY(rfc7714_packets),
		TIDY(known_answers),          TIDY(every_suite_and_shape),
	};

	return call_run_group(tests);
}
