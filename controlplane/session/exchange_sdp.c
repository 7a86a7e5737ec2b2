/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/exchange_sdp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "controlplane/sdp/sdp_rewrite.h"
#include "controlplane/session/form.h"

int exchange_read_sdp(struct sdp **out, const char *text,
		      const Tandem__Relay__V1__SdpFilter *filter, struct session_error *error)
{
	struct sdp_error why;
	int result = sdp_parse(out, text, strlen(text), &why);

	if (result == -ENOMEM)
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	if (result)
		return session_refuse(error,
				      result == -ENOTSUP ? SESSION_UNIMPLEMENTED
							 : SESSION_INVALID_ARGUMENT,
				      "sdp line %u: %s", why.line, why.text);
	if (form_filter(*out, filter, error) == 0)
		return 0;
	sdp_free(*out);
	*out = NULL;
	return -EINVAL;
}

/*
 * A group of one could be left out (RFC 9143), but a browser that was told to bundle everything
 * takes no offer without a group. An answer has a group where the offer has one.
 */
static bool shows_bundle(const struct exchange *x, const struct plan *plan, unsigned int line,
			 bool answer)
{
	if (plan->lines & (plan->lines - 1))
		return true;
	return answer ? x->sdp->media[line].bundle && sdp_profile_has_dtls(plan->terms.profile)
		      : plan->terms.profile == SDP_UDP_TLS_RTP_SAVPF;
}

/* `bundle`: the number of the plan, from 1. */
static void show(struct sdp_transport *out, const struct exchange *x, const struct plan *plan,
		 unsigned int bundle, unsigned int line, bool answer)
{
	const struct leg *leg = plan->leg;
	const struct terms *t = &plan->terms;
	bool first = (plan->lines & ((1u << line) - 1)) == 0;

	out->rtp = endpoint_make(&leg->at->address, leg->port);
	out->profile = t->profile;
	out->rtcp_mux = t->rtcp_mux;
	out->rtcp_mux_only = !answer && t->rtcp_mux_only;
	out->rtcp_port = leg->pair && !(answer && t->rtcp_mux) ? leg->port + 1 : 0;
	if (shows_bundle(x, plan, line, answer)) {
		out->bundle = bundle;
		out->bundle_only = !answer && !first && !(leg->lines & 1u << line);
	}
	if (t->ice) {
		out->ice_ufrag = t->local_ufrag;
		out->ice_pwd = t->local_pwd;
	}
	if (sdp_profile_has_dtls(t->profile)) {
		out->fingerprint = leg->fingerprint;
		out->setup = answer ? t->setup : SDP_ACTPASS;
	}
	if (sdp_profile_has_sdes(t->profile)) {
		out->sdes = t->local;
		out->sdes_count = t->local_count;
	}
}

/* What each of the two calls its m-lines from now on. */
static void learn_mids(const struct exchange *x, char shown[][SDP_MID_MAX + 1], bool answer)
{
	if (x->from.party)
		mids_learn_all(&x->from.party->mids, x->sdp);
	for (unsigned int line = 0; !answer && line < x->sdp->media_count; line++)
		mids_learn(&x->to.party->mids, line, shown[line]);
}

/* Of all that follows the o= line. */
static uint64_t digest(const char *text)
{
	const char *rest = strstr(text, "\r\ns=");
	uint8_t hash[SHA256_DIGEST_LENGTH];
	uint64_t number;

	SHA256((const uint8_t *)rest, strlen(rest), hash);
	memcpy(&number, hash, sizeof(number));
	return number;
}

/*
 * The version of the relay's own (RFC 8866 section 5.2) for a text that has the sender's: 0 if that
 * will do.
 */
static uint64_t count_version(struct party *party, const struct sdp *sdp, const char *text,
			      bool grows)
{
	uint64_t theirs = strtoull(sdp->session_version, NULL, 10), now = digest(text);

	if (theirs == 0 || theirs > INT64_MAX)
		theirs = 1;
	if (!party->sdp_version)
		party->sdp_version = theirs;
	else if (grows || now != party->sdp_digest)
		party->sdp_version++;
	party->sdp_digest = now;
	return party->sdp_version;
}

static char *write_one(const struct exchange *x, const struct sdp *answer,
		       const struct sdp_form *form, struct session_error *error)
{
	const struct end *end = answer ? &x->from : &x->to;
	const struct sdp *sdp = answer ? answer : x->sdp;
	char shown[SDP_MEDIA_MAX][SDP_MID_MAX + 1];
	struct sdp_transport media[SDP_MEDIA_MAX];
	struct sdp_rewrite to = {
		.form = *form,
		.media = media,
		.media_count = sdp->media_count,
		.offer = answer ? x->sdp : NULL,
		.mids = answer ? NULL : (const char *const *)end->party->mids.text,
		.shown_mids = shown,
	};
	char *text;
	size_t length;
	int result;

	to.form.lines = answer ? x->sent_lines : 0;
	memset(media, 0, sizeof(media));
	for (unsigned int i = 0; i < end->plan_count; i++)
		for (unsigned int line = 0; line < sdp->media_count; line++)
			if (end->plans[i].lines & 1u << line)
				show(&media[line], x, &end->plans[i], i + 1, line, answer != NULL);
	for (unsigned int line = sdp->media_count; line-- > 0;)
		if (!endpoint_is_zero(&media[line].rtp))
			to.origin = media[line].rtp.address;
	result = sdp_rewrite(&text, &length, sdp, &to);
	if (result == 0) {
		learn_mids(x, shown, answer != NULL);
		return text;
	}
	session_refuse(error, SESSION_INTERNAL, "the SDP cannot be written: %s", strerror(-result));
	return NULL;
}

static char *write_and_edit(const struct exchange *x, const struct sdp *answer,
			    const struct sdp_form *form, const Tandem__Relay__V1__SdpForm *said,
			    struct session_error *error)
{
	char *text = write_one(x, answer, form, error);

	return text && form_edit(&text, said, error) ? NULL : text;
}

char *exchange_write_sdp(const struct exchange *x, const struct sdp *answer,
			 const Tandem__Relay__V1__SdpForm *said, struct session_error *error)
{
	struct party *party = answer ? x->from.party : x->to.party;
	struct sdp_form form;
	char *text;

	if (form_read(&form, said, error))
		return NULL;
	text = write_and_edit(x, answer, &form, said, error);
	if (!text || !said || (!said->version && !said->new_version))
		return text;
	form.version = count_version(party, answer ? answer : x->sdp, text, said->new_version);
	sdp_text_free(text);
	return write_and_edit(x, answer, &form, said, error);
}
