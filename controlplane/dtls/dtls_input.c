/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of what comes from the peer's address a handshake gets to see, and what begins another. */
#include <string.h>

#include "controlplane/dtls/dtls_state.h"

#define ALERT_GRACE_MS 3000

/* Whether the peer's change_cipher_spec was read, so that epoch 1 can be. */
static bool has_read_key(const struct dtls *dtls)
{
	switch (SSL_get_state(dtls->ssl)) {
	case TLS_ST_SR_CHANGE:
	case TLS_ST_CR_CHANGE:
	case TLS_ST_SR_FINISHED:
	case TLS_ST_CR_FINISHED:
	case TLS_ST_OK:
		return true;
	default:
		return false;
	}
}

/* A ClientHello again is a retransmission or a late copy; one with another random is a restart. */
static bool is_restart(struct dtls *dtls, const struct dtls_record *record)
{
	const uint8_t *random = dtls_record_hello_random(record);

	if (!random || !dtls->has_hello || !dtls_record_is_plausible(record, true) ||
	    (dtls->state == HANDSHAKE &&
	     (dtls->config.role == DTLS_CLIENT || dtls_has_cookie(dtls))) ||
	    (dtls->state == UNPROVEN && dtls_has_cookie(dtls)))
		return false;
	if (memcmp(random, dtls->hello, DTLS_RANDOM_LENGTH) == 0 ||
	    memcmp(random, dtls->restart, DTLS_RANDOM_LENGTH) == 0)
		return false;
	memcpy(dtls->restart, random, DTLS_RANDOM_LENGTH);
	return true;
}

static void remember_hello(struct dtls *dtls, const struct dtls_record *record)
{
	const uint8_t *random = dtls_record_hello_random(record);

	if (!random || dtls->has_hello)
		return;
	memcpy(dtls->hello, random, DTLS_RANDOM_LENGTH);
	dtls->has_hello = true;
}

/* Whether what a server gets in the clear is of a peer who sees what we send. */
static bool is_greeted(struct dtls *dtls, struct dtls_record *record, uint8_t *room)
{
	uint8_t request[DTLS_COOKIE_REQUEST_MAX];

	if (!dtls_has_cookie(dtls) || dtls->state == UP || dtls->state == OVER)
		return true;
	switch (dtls_cookie_judge(&dtls->cookie, record, room)) {
	case COOKIE_RIGHT:
		break;
	case COOKIE_ASK:
		dtls->counters.asked++;
		dtls_send(dtls, request, dtls_cookie_request(&dtls->cookie, request));
		return false;
	case COOKIE_GATHER:
		return false;
	case COOKIE_REST:
	case COOKIE_NO_HELLO:
		if (dtls->greeted)
			return true;
		/* fall through */
	case COOKIE_REFUSE:
		dtls->counters.discarded++;
		return false;
	}
	if (dtls->has_hello &&
	    memcmp(dtls_record_hello_random(record), dtls->hello, DTLS_RANDOM_LENGTH) != 0 &&
	    dtls_renew(dtls))
		return false;
	if (!dtls->greeted)
		dtls->deadline = uv_now(dtls->config.loop) + dtls->config.limit_ms;
	dtls->greeted = true;
	return true;
}

/* It may be the peer's or anybody's: the handshake has a while to prove it wrong. */
static void heed_alert(struct dtls *dtls, uint8_t description)
{
	uint64_t deadline = uv_now(dtls->config.loop) + ALERT_GRACE_MS;

	dtls->alerted = description + 1;
	if (deadline < dtls->deadline)
		dtls->deadline = deadline;
}

static bool is_admitted(struct dtls *dtls, const struct dtls_record *record)
{
	if (record->epoch == 0 && record->content == DTLS_ALERT && dtls->state == HANDSHAKE) {
		if (dtls->greeted && record->body_length == 2)
			heed_alert(dtls, record->body[1]);
		return false;
	}
	if (record->epoch == 0)
		return dtls->state == HANDSHAKE &&
		       dtls_record_is_plausible(record, dtls->config.role == DTLS_SERVER);
	return record->epoch == 1 && dtls->state != OVER && has_read_key(dtls) &&
	       record->content != DTLS_CHANGE_CIPHER_SPEC;
}

static void take(struct dtls *dtls, struct dtls_record *record)
{
	uint8_t room[DTLS_COOKIE_RECORD_MAX];

	if (record->content == DTLS_APPLICATION_DATA && record->epoch == 1) {
		dtls->counters.ignored++;
		return;
	}
	if (record->epoch == 0 && !is_greeted(dtls, record, room))
		return;
	if (!is_admitted(dtls, record)) {
		dtls->counters.discarded++;
		return;
	}
	if (!dtls->began)
		dtls->began = uv_hrtime();
	remember_hello(dtls, record);
	dtls->ends.input = record->start;
	dtls->ends.input_length = record->length;
	if (dtls->state == HANDSHAKE)
		dtls_shake_hands(dtls);
	else
		dtls_listen(dtls);
	dtls->ends.input_length = 0;
}

void dtls_receive(struct dtls *dtls, const uint8_t *datagram, size_t length)
{
	const uint8_t *next = datagram;
	size_t left = length;

	dtls->counters.received++;
	if (length > DTLS_DATAGRAM_MAX)
		left = 0;
	while (left && dtls->state != FREED) {
		struct dtls_record record;

		if (!dtls_record_read(&record, next, left))
			break;
		if (is_restart(dtls, &record)) {
			if (dtls->config.restart)
				dtls->config.restart(dtls->config.arg, datagram, length);
			return;
		}
		next += record.length;
		left -= record.length;
		take(dtls, &record);
	}
	if (left || length > DTLS_DATAGRAM_MAX)
		dtls->counters.discarded++;
	dtls_arm(dtls);
}
