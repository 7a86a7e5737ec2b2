/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of an association share. Private to controlplane/dtls/dtls*.c. */
#ifndef TANDEM_DTLS_STATE_H
#define TANDEM_DTLS_STATE_H

#include <openssl/ssl.h>

#include "controlplane/dtls/dtls.h"
#include "controlplane/dtls/dtls_bio.h"
#include "controlplane/dtls/dtls_cookie.h"
#include "controlplane/dtls/dtls_peer.h"
#include "controlplane/dtls/dtls_record.h"

enum state {
	HANDSHAKE,
	UNPROVEN, /* the handshake is over, the SDP with the fingerprint has not come */
	UP,
	OVER, /* failed or closed: only a restart is told yet */
	FREED,
};

struct dtls {
	struct dtls_config config;
	enum state state;
	SSL *ssl;
	enum srtp_suite suite[SUITE_COUNT];
	const enum srtp_suite *suites; /* NULL for all */
	struct dtls_bio ends;
	struct dtls_peer peer;
	uv_timer_t timer;
	uint64_t deadline; /* uv_now() of the loop, ms */
	uint64_t began;    /* uv_hrtime(), ns; 0: no datagram yet */
	uint64_t ended;
	struct dtls_counters counters;
	struct dtls_cookie cookie;
	bool greeted;    /* a hello with the cookie came; without cookies always */
	uint8_t alerted; /* description of the last alert that was not authentic, and one more */

	/* ClientHello.random of this association, and of the last restart that was told. */
	bool has_hello;
	uint8_t hello[DTLS_RANDOM_LENGTH];
	uint8_t restart[DTLS_RANDOM_LENGTH];
};

static inline bool dtls_has_cookie(const struct dtls *dtls)
{
	return dtls->config.role == DTLS_SERVER && !dtls->config.no_cookie;
}

/* dtls.c: forgets the handshake, the participant's or a forger's; the cookie stays. 0 or -errno. */
int dtls_renew(struct dtls *dtls);

/* dtls_handshake.c: goes on with the record that is the input, and may tell the owner the end. */
void dtls_shake_hands(struct dtls *dtls);
/* The same after the handshake. */
void dtls_listen(struct dtls *dtls);
/* Until the next look at the clock. */
void dtls_arm(struct dtls *dtls);
/* What OpenSSL asks, in microseconds: each wait for an answer is twice the last one. */
unsigned int dtls_next_interval(SSL *ssl, unsigned int last_us);
/* What OpenSSL sends, and what answers without it. */
void dtls_send(void *dtls, const uint8_t *datagram, size_t length);

#endif
