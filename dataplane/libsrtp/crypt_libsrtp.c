/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The libsrtp2 engine: a session per key, whose template serves every SSRC.
 *
 * libsrtp estimates indices and keeps replay windows itself, so its view must follow crypt's. It
 * does, since both see the same packets in the same order and remember as many indices; libsrtp is
 * told each rollover counter; and forget() takes back the one thing that libsrtp does on its own,
 * state for an SSRC that the flow has no room for. SRTCP that is sent takes its index from
 * libsrtp's counter, which runs beside the stream's, begins anew with each key, and is one for all
 * that have the SSRC.
 *
 * libsrtp allocates memory for an SSRC that it sees for the first time, in the worker, and its
 * ciphers may; and a session serves one worker at a time, so that those who protect with one key
 * wait for each other. That cannot be avoided, and is a reason why this is the second engine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <rte_pause.h>
#include <srtp2/crypto_types.h>
#include <srtp2/srtp.h>

#include "dataplane/srtp/crypt.h"
#include "dataplane/stream.h"

#define SHA1_KEY 20 /* octets of a session key of HMAC-SHA1 (RFC 3711 section 4.2.1) */

struct session {
	struct crypt_key key;
	srtp_t srtp;
	bool busy; /* who protects takes turns: a participant may hear flows of several workers */
	/* For SSRCs that do not begin as the template has it. */
	srtp_policy_t policy;
	uint8_t master[SUITE_KEY_MAX + SUITE_SALT_MAX];
};

static srtp_t srtp_of(struct crypt_key *key)
{
	return container_of(key, struct session, key)->srtp;
}

/* libsrtp speaks through hooks that are called in workers: they say nothing there. */
static void ignore_event(srtp_event_data_t *event)
{
}

static void ignore_log(srtp_log_level_t level, const char *message, void *data)
{
}

static int start(void)
{
	if (srtp_init())
		return -EIO;
	srtp_install_event_handler(ignore_event);
	srtp_install_log_handler(ignore_log, NULL);
	return 0;
}

static void stop(void)
{
	srtp_shutdown();
}

static void set_policy(srtp_crypto_policy_t *policy, const struct suite_info *info, int tag)
{
	bool long_key = info->key_length == SUITE_KEY_MAX;

	*policy = (srtp_crypto_policy_t){
		.cipher_type = info->aead ? (long_key ? SRTP_AES_GCM_256 : SRTP_AES_GCM_128)
					  : (long_key ? SRTP_AES_ICM_256 : SRTP_AES_ICM_128),
		.cipher_key_len = info->key_length + info->salt_length,
		.auth_type = info->aead ? SRTP_NULL_AUTH : SRTP_HMAC_SHA1,
		.auth_key_len = info->aead ? 0 : SHA1_KEY,
		.auth_tag_len = tag,
		.sec_serv = sec_serv_conf_and_auth,
	};
}

static int create_session(struct session *session, enum srtp_suite suite,
			  enum crypt_direction direction, const uint8_t *key, const uint8_t *salt)
{
	const struct suite_info *info = suite_info(suite);
	int error = 0;

	if (!info)
		return -ENOTSUP;
	set_policy(&session->policy.rtp, info, info->tag_length);
	set_policy(&session->policy.rtcp, info, info->rtcp_tag_length);
	memcpy(session->master, key, info->key_length);
	memcpy(session->master + info->key_length, salt, info->salt_length);
	session->policy.ssrc.type = direction == CRYPT_SEND ? ssrc_any_outbound : ssrc_any_inbound;
	session->policy.key = session->master;
	session->policy.window_size = STREAM_WINDOW;
	switch (srtp_create(&session->srtp, &session->policy)) {
	case srtp_err_status_ok:
		break;
	case srtp_err_status_alloc_fail:
		error = -ENOMEM;
		break;
	default:
		error = -ENOTSUP;
	}
	session->policy.ssrc.type = ssrc_specific;
	return error;
}

static int key_create(struct crypt_key **out, enum srtp_suite suite, enum crypt_direction direction,
		      const uint8_t *key, const uint8_t *salt)
{
	struct session *session = calloc(1, sizeof(*session));
	int error;

	if (!session)
		return -ENOMEM;
	error = create_session(session, suite, direction, key, salt);
	if (error) {
		OPENSSL_cleanse(session, sizeof(*session));
		free(session);
		return error;
	}
	session->key.suite = suite;
	session->key.direction = direction;
	session->key.tag = suite_info(suite)->tag_length;
	session->key.tag_rtcp = suite_info(suite)->rtcp_tag_length;
	*out = &session->key;
	return 0;
}

/* libsrtp clears the keys that it holds as it frees them. */
static void key_free(struct crypt_key *key)
{
	struct session *session = container_of(key, struct session, key);

	srtp_dealloc(session->srtp);
	OPENSSL_cleanse(session, sizeof(*session));
	free(session);
}

static enum crypt_status status_of(srtp_err_status_t error)
{
	switch (error) {
	case srtp_err_status_ok:
		return CRYPT_OK;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return CRYPT_REPLAY;
	case srtp_err_status_alloc_fail:
		return CRYPT_NO_MEMORY;
	default:
		return CRYPT_AUTH_FAILED;
	}
}

/*
 * Tells libsrtp the packet's rollover counter, 0 aside, which it takes for none and guesses. True:
 * it did not know the SSRC, and the template would begin with 0.
 */
static bool tell_counter(const struct crypt_job *job)
{
	struct session *session = container_of(job->key, struct session, key);
	srtp_policy_t policy = session->policy;
	uint32_t roc = job->index >> 16;

	if (job->rtcp || srtp_set_stream_roc(session->srtp, job->ssrc, roc) == srtp_err_status_ok ||
	    !roc)
		return false;
	policy.ssrc.value = job->ssrc;
	return srtp_add_stream(session->srtp, &policy) == srtp_err_status_ok &&
	       srtp_set_stream_roc(session->srtp, job->ssrc, roc) == srtp_err_status_ok;
}

static void unprotect_one(struct crypt_job *job)
{
	srtp_t srtp = srtp_of(job->key);
	bool introduced = tell_counter(job);
	int length = job->length;

	job->status = status_of(job->rtcp ? srtp_unprotect_rtcp(srtp, job->data, &length)
					  : srtp_unprotect(srtp, job->data, &length));
	job->length = length;
	/* The tag says that the counter was guessed wrong. */
	if (introduced && job->status != CRYPT_OK)
		srtp_remove_stream(srtp, htonl(job->ssrc));
}

static void unprotect(struct crypt_job *jobs, unsigned int count)
{
	for (unsigned int k = 0; k < count; k++)
		unprotect_one(&jobs[k]);
}

/* libsrtp cannot but decipher: a copy. */
static void verify(struct crypt_job *jobs, unsigned int count)
{
	uint8_t copy[UINT16_MAX + 1];

	for (unsigned int k = 0; k < count; k++) {
		struct crypt_job aside = jobs[k];

		memcpy(copy, aside.data, aside.length);
		aside.data = copy;
		unprotect_one(&aside);
		jobs[k].status = aside.status;
	}
}

static struct session *enter(struct crypt_key *key)
{
	struct session *session = container_of(key, struct session, key);

	while (__atomic_test_and_set(&session->busy, __ATOMIC_ACQUIRE))
		rte_pause();
	return session;
}

static void leave(struct session *session)
{
	__atomic_clear(&session->busy, __ATOMIC_RELEASE);
}

static void protect(struct crypt_job *jobs, unsigned int count)
{
	for (unsigned int k = 0; k < count; k++) {
		struct crypt_job *job = &jobs[k];
		struct session *session = enter(job->key);
		int length = job->length;

		tell_counter(job);
		job->status =
			status_of(job->rtcp ? srtp_protect_rtcp(session->srtp, job->data, &length)
					    : srtp_protect(session->srtp, job->data, &length));
		leave(session);
		job->length = length;
	}
}

static void forget(struct crypt_key *key, uint32_t ssrc)
{
	struct session *session = enter(key);

	srtp_remove_stream(session->srtp, htonl(ssrc));
	leave(session);
}

const struct crypt_engine crypt_libsrtp = {
	.name = "libsrtp",
	.start = start,
	.stop = stop,
	.key_create = key_create,
	.key_free = key_free,
	.unprotect = unprotect,
	.verify = verify,
	.protect = protect,
	.forget = forget,
};
