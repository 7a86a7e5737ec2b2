/* SPDX-License-Identifier: BSD-3-Clause */
/* An association's beginning and end. */
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "controlplane/dtls/dtls_state.h"

#define MTU_DEFAULT           1200
#define RETRANSMIT_DEFAULT_MS 200
#define LIMIT_DEFAULT_MS      30000

static int prepare(struct dtls *dtls)
{
	const struct dtls_config *config = &dtls->config;
	BIO *bio;
	int rc;

	ERR_clear_error();
	dtls->ssl = SSL_new(dtls_identity_context(config->identity));
	if (!dtls->ssl)
		return -ENOMEM;
	dtls->ends.arg = dtls;
	dtls->ends.send = dtls_send;
	bio = dtls_bio_make(&dtls->ends);
	if (!bio)
		return -ENOMEM;
	SSL_set_bio(dtls->ssl, bio, bio);
	SSL_set_app_data(dtls->ssl, &dtls->peer);
	DTLS_set_timer_cb(dtls->ssl, dtls_next_interval);
	if (!SSL_set_mtu(dtls->ssl, config->mtu))
		return -EINVAL;
	if (config->role == DTLS_CLIENT)
		SSL_set_connect_state(dtls->ssl);
	else
		SSL_set_accept_state(dtls->ssl);
	rc = dtls_srtp_offer(dtls->ssl, dtls->suites, config->suite_count);
	if (rc == 0 && dtls_has_cookie(dtls))
		rc = dtls_cookie_prime(dtls->ssl, &dtls->ends, &dtls->cookie);
	return rc;
}

int dtls_renew(struct dtls *dtls)
{
	SSL *before = dtls->ssl;
	int rc = prepare(dtls);

	if (rc) {
		SSL_free(dtls->ssl);
		dtls->ssl = before;
		return rc;
	}
	SSL_free(before);
	uv_timer_stop(&dtls->timer);
	dtls->state = HANDSHAKE;
	dtls->peer.mismatch = false;
	dtls->greeted = dtls->has_hello = false;
	dtls->began = 0;
	return 0;
}

static void set_default(unsigned int *value, unsigned int otherwise)
{
	if (!*value)
		*value = otherwise;
}

/* The caller's are read once. */
static int copy_suites(struct dtls *dtls, const struct dtls_config *config)
{
	if (config->suites && config->suite_count > SUITE_COUNT)
		return -EINVAL;
	for (unsigned int i = 0; config->suites && i < config->suite_count; i++)
		dtls->suite[i] = config->suites[i];
	dtls->suites = config->suites ? dtls->suite : NULL;
	dtls->config.suites = NULL;
	return 0;
}

int dtls_start(struct dtls **out, const struct dtls_config *config)
{
	struct dtls *dtls = calloc(1, sizeof(*dtls));
	int rc = -ENOMEM;

	if (!dtls)
		return -ENOMEM;
	dtls->config = *config;
	set_default(&dtls->config.mtu, MTU_DEFAULT);
	set_default(&dtls->config.retransmit_ms, RETRANSMIT_DEFAULT_MS);
	set_default(&dtls->config.limit_ms, LIMIT_DEFAULT_MS);
	if (dtls->config.mtu < DTLS_MTU_MIN || dtls->config.mtu > DTLS_DATAGRAM_MAX) {
		rc = -EINVAL;
		goto out_free;
	}
	rc = copy_suites(dtls, config);
	if (rc == 0)
		rc = dtls_cookie_make(&dtls->cookie);
	if (rc == 0)
		rc = prepare(dtls);
	if (rc < 0)
		goto out_ssl;
	dtls->greeted = !dtls_has_cookie(dtls);
	rc = uv_timer_init(config->loop, &dtls->timer);
	if (rc < 0)
		goto out_ssl;
	dtls->timer.data = dtls;
	dtls_identity_hold(config->identity);
	uv_update_time(config->loop);
	dtls->deadline = uv_now(config->loop) + dtls->config.limit_ms;
	*out = dtls;
	if (config->role == DTLS_CLIENT) {
		dtls->began = uv_hrtime();
		dtls_shake_hands(dtls);
		SSL_get_client_random(dtls->ssl, dtls->hello, sizeof(dtls->hello));
		dtls->has_hello = true;
	}
	dtls_arm(dtls);
	return 0;

out_ssl:
	SSL_free(dtls->ssl);
out_free:
	free(dtls);
	return rc;
}

static void on_timer_closed(uv_handle_t *timer)
{
	struct dtls *dtls = timer->data;

	SSL_free(dtls->ssl);
	dtls_identity_release(dtls->config.identity);
	free(dtls);
}

void dtls_free(struct dtls *dtls)
{
	if (!dtls)
		return;
	/* We may be inside a call of OpenSSL's: the close callback is not. */
	dtls->state = FREED;
	uv_close((uv_handle_t *)&dtls->timer, on_timer_closed);
}
