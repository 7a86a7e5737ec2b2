/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DTLS-SRTP for one leg (RFC 5764 over DTLS 1.2, RFC 6347), either role. An association takes the
 * datagrams of its leg, sends its own through a callback, and ends its handshake with one of two
 * calls: `done` with the SRTP keys, or `fail` with a reason. Nothing but `done` lets a key out, and
 * it is called only after a fingerprint was given that the peer's certificate matches.
 *
 * A server asks for a cookie first, unless it is told not to: nothing that a forger sends who does
 * not see the answer reaches the handshake before, and the time limit begins with the hello that
 * has it. A hello with the cookie and another random begins the handshake anew: the participant's
 * own, after somebody else's. An alert that is not authentic ends nothing at once: the handshake
 * has three seconds left to go on. Otherwise, as in all of DTLS 1.2, who can forge the peer's
 * address and message numbers can spoil a handshake that runs, but not an association that is up:
 * who owns it starts another one then.
 *
 * Memory: up to 100 KB while the handshake runs, 40 KB when it is over, of which OpenSSL keeps half
 * to send the last flight again. A hostile peer can make the first 260 KB, until the time limit:
 * OpenSSL keeps ten messages of 16 KB that came early. Records of an epoch that has no key yet, of
 * which it would keep a hundred, are not given to it.
 *
 * All of it belongs to the loop's thread. Callbacks may call dtls_free(); `send` may not, and must
 * not lead to dtls_receive() before it returns.
 */
#ifndef TANDEM_DTLS_H
#define TANDEM_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "controlplane/dtls/dtls_identity.h"
#include "controlplane/dtls/dtls_srtp.h"
#include "controlplane/sdp/sdp.h"

#define DTLS_DATAGRAM_MAX 2048 /* octets; longer ones are discarded */
#define DTLS_MTU_MIN      256

struct dtls;

enum dtls_role { DTLS_CLIENT /* our setup:active */, DTLS_SERVER /* our setup:passive */ };

enum dtls_failure {
	DTLS_FAIL_TIMEOUT,     /* the time limit passed */
	DTLS_FAIL_FINGERPRINT, /* the certificate is not the one of the SDP */
	DTLS_FAIL_NO_SRTP,     /* no common use_srtp profile */
	DTLS_FAIL_ALERT,       /* the peer ended it */
	DTLS_FAIL_PROTOCOL,    /* anything else that OpenSSL refuses, named in the text */
};

struct dtls_result {
	enum srtp_suite suite;
	struct dtls_keys rx;     /* what the peer protects with */
	struct dtls_keys tx;     /* what we protect with */
	unsigned int elapsed_ms; /* from the first datagram to the end of the handshake */
	const char *cipher;      /* OpenSSL's name of the DTLS cipher, static */
};

struct dtls_counters {
	uint64_t received;  /* datagrams */
	uint64_t asked;     /* requests for the cookie */
	uint64_t discarded; /* what could not belong to the handshake: datagrams, records, tails */
	uint64_t ignored;   /* application data records */
	uint64_t sent;      /* datagrams */
	uint64_t expired;   /* retransmission timer */
};

struct dtls_config {
	uv_loop_t *loop;
	struct dtls_identity *identity; /* held until the association is gone */
	enum dtls_role role;
	bool no_cookie; /* a server takes the first hello that comes */

	const enum srtp_suite *suites; /* as dtls_srtp_offer() takes them; NULL for all */
	unsigned int suite_count;

	/* 0 takes the default of each. */
	unsigned int mtu;           /* octets of the longest datagram sent: 1200, at least 256 */
	unsigned int retransmit_ms; /* until a lost flight is sent again, doubled each time: 200 */
	unsigned int limit_ms;      /* of the handshake as a whole: 30000 */

	void *arg;
	/* The datagram is gone when it returns. A datagram that cannot be sent is a lost one. */
	void (*send)(void *arg, const uint8_t *datagram, size_t length);
	/* Once. The result is cleansed when it returns. */
	void (*done)(void *arg, const struct dtls_result *result);
	/* Once, instead of `done`. */
	void (*fail)(void *arg, enum dtls_failure why, const char *text);
	/*
	 * After `done`: the peer says that it is gone, or asked for our last flight a dozen times
	 * in vain. May be NULL. The keys are still good.
	 */
	void (*closed)(void *arg, const char *text);
	/*
	 * The peer begins a new association (RFC 6347 section 4.2.8): for each new ClientHello,
	 * once, be this one handshaking without a cookie, up, closed or failed. It is not touched.
	 * Who wants the new one starts it, gives it this datagram and all later ones. May be NULL.
	 */
	void (*restart)(void *arg, const uint8_t *datagram, size_t length);
};

/*
 * A client's first flight is sent before this returns. 0, -ENOMEM, -EINVAL for a configuration that
 * makes no sense; *out is set, and callbacks are made, only with 0.
 */
int dtls_start(struct dtls **out, const struct dtls_config *config);

/*
 * The fingerprints of the peer's SDP, before, during or after the handshake; may call `done` or
 * `fail` at once. Without them a finished handshake waits as long as it is let.
 * controlplane/dtls/dtls_peer.h says which of them count. Without any effect once the handshake has
 * been judged: new fingerprints need a new association (RFC 8842). 0, -EINVAL when none is of a
 * hash that can be checked.
 */
int dtls_set_fingerprints(struct dtls *dtls, const struct sdp_fingerprint *fingerprints,
			  unsigned int count);

/* Any octets whatever; what is no DTLS is counted and does no harm. */
void dtls_receive(struct dtls *dtls, const uint8_t *datagram, size_t length);

/*
 * No further callback is made; the memory goes, keys cleansed, with the loop's next iteration.
 * NULL will do.
 */
void dtls_free(struct dtls *dtls);

#endif
