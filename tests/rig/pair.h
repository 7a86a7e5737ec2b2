/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One association of ours against a bare OpenSSL peer, in one process: two queues of datagrams are
 * the network, a uv loop is the clock, and a fault can befall one datagram of one direction.
 */
#ifndef TANDEM_TESTS_RIG_PAIR_H
#define TANDEM_TESTS_RIG_PAIR_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "controlplane/dtls/dtls_state.h"
#include "tests/rig/test.h"

#define PAIR_QUEUE    256
#define PAIR_GUARD_MS 5000

#define ALL_PROFILES                                                                               \
	"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM"

enum fault { NO_FAULT, LOSE, DUPLICATE, DELAY };

enum direction { TO_PEER, TO_US };

struct datagram {
	uint8_t data[DTLS_DATAGRAM_MAX];
	size_t length;
};

struct lane {
	struct datagram queue[PAIR_QUEUE];
	unsigned int head, tail;
	unsigned int count; /* of all that were sent */
	size_t longest;
	enum fault fault;
	unsigned int fault_at;
	uint8_t lose_content; /* the next datagram whose first record has this type; 0: none */
	struct datagram held; /* delayed until the next one has gone */
};

extern struct pair {
	/* The peer, set before pair_start(). */
	const char *profiles;
	unsigned int peer_mtu;
	unsigned int alpn_length; /* makes its ClientHello long */
	int peer_version;
	unsigned int peer_interval_ms; /* its retransmission timer: 10 */
	bool peer_has_no_certificate, peer_is_rsa, peer_is_silent;
	/* Ours. */
	struct dtls_config config;
	bool give_fingerprint; /* the right one, before the handshake */
	bool free_in_callback;
	void (*before_us)(void); /* called ahead of each datagram for us */

	bool started;
	uv_loop_t loop;
	uv_timer_t clock;
	uint64_t guard;
	struct dtls *dtls;
	struct lane lanes[2];

	SSL_CTX *peer_context;
	X509 *peer_certificate;
	SSL *peer;
	struct dtls_bio peer_ends;
	bool peer_done;
	int peer_error; /* reason code of what ended its handshake */

	unsigned int done, failed, closed, restarted;
	struct dtls_result result;
	enum dtls_failure why;
	char text[256];
	struct datagram restart;
} pair;

/* Of a group: one identity of ours for all. */
int pair_group_start(void **state);
int pair_group_stop(void **state);

/* Ends the pair of before; a test may change what the peer and we are like before it starts. */
void pair_init(enum dtls_role role);
void pair_start(void);

/* Starts, and runs until both are done. */
void pair_handshake(void);

/* Runs the loop until `wanted` holds; fails the test when it never does. */
#define pair_run_until(wanted)                                                                     \
	do {                                                                                       \
		pair.guard = uv_hrtime() / 1000000 + PAIR_GUARD_MS;                                \
		while (!(wanted)) {                                                                \
			if (uv_hrtime() / 1000000 > pair.guard)                                    \
				fail_msg("never: %s (ours: %s, peer: %d %s)", #wanted, pair.text,  \
					 pair.peer_error, SSL_state_string_long(pair.peer));       \
			uv_run(&pair.loop, UV_RUN_ONCE);                                           \
		}                                                                                  \
	} while (0)

/* Everything sent so far has arrived, and what it led to as well. */
void pair_settle(void);

/* Another association of ours with the same peer. */
void pair_start_ours(void);

/* The peer forgets everything; goes on with what it has; takes a datagram. */
void pair_renew_peer(void);
void pair_step_peer(void);
void pair_take(const struct datagram *datagram);

/* Of the peer's certificate. */
struct sdp_fingerprint pair_fingerprint(const char *hash);

/* The peer derives the keys by itself, as RFC 5764 section 4.2 lays them out. */
void pair_expect_keys(void);
void pair_expect_failure(enum dtls_failure why, const char *text);

#endif
