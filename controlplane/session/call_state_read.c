/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of a blob, checked. */
#include <errno.h>
#include <string.h>

#include "controlplane/lib/octets.h"
#include "controlplane/session/call_state.h"

#define MARKINGS 64 /* DSCPs */

static int read_text(char *out, size_t size, const char *text)
{
	if (strlen(text) >= size)
		return -EINVAL;
	strcpy(out, text);
	return 0;
}

int call_state_read_wish(struct wish *wish, const Tandem__State__V2__Wish *state)
{
	memset(wish, 0, sizeof(*wish));
	if (!state)
		return -EINVAL;
	if (read_text(wish->network, sizeof(wish->network), state->network) ||
	    read_text(wish->hash, sizeof(wish->hash), state->hash) ||
	    state->profile >= SDP_PROFILES || state->setup > SDP_HOLDCONN ||
	    state->marking > MARKINGS || state->n_suites > SUITE_COUNT ||
	    (state->source.len && octets_read(&wish->source, &state->source)))
		return -EINVAL;
	wish->family = state->family;
	wish->profile = state->profile;
	wish->ice = state->ice;
	wish->rtcp_mux = state->rtcp_mux;
	wish->latch = state->latch;
	wish->shared = state->shared_keys;
	wish->keying = state->keying & (SDP_BY_SDES | SDP_BY_DTLS);
	wish->opportunistic = state->opportunistic;
	wish->takes_keys = state->takes_keys;
	wish->as_offered = state->as_offered;
	wish->none_added = state->none_added;
	wish->refuses_ice = state->refuses_ice;
	wish->refuses_mux = state->refuses_mux;
	wish->follows_mux = state->follows_mux;
	wish->setup = state->setup;
	wish->marking = state->marking;
	for (size_t i = 0; i < state->n_suites; i++)
		if (suite_info(state->suites[i]))
			wish->suites[wish->suite_count++] = state->suites[i];
	return 0;
}

int call_state_read_fingerprint(struct sdp_fingerprint *f,
				const Tandem__State__V2__Fingerprint *state)
{
	memset(f, 0, sizeof(*f));
	if (strlen(state->hash) >= sizeof(f->hash) || state->octets.len == 0 ||
	    state->octets.len > sizeof(f->bytes))
		return -EINVAL;
	strcpy(f->hash, state->hash);
	memcpy(f->bytes, state->octets.data, state->octets.len);
	f->length = state->octets.len;
	return 0;
}

static int read_endpoint(struct endpoint *e, const Tandem__State__V2__Endpoint *state)
{
	struct address address;

	if (!state)
		return 0;
	if (octets_read(&address, &state->address) || state->port > UINT16_MAX)
		return -EINVAL;
	*e = endpoint_make(&address, state->port);
	return 0;
}

int call_state_read_terms(struct terms *t, const Tandem__State__V2__Terms *state)
{
	memset(t, 0, sizeof(*t));
	if (!state)
		return -EINVAL;
	if (state->profile >= SDP_PROFILES || state->setup > SDP_HOLDCONN ||
	    state->marking > MARKINGS || state->n_fingerprints > SDP_FINGERPRINTS ||
	    read_text(t->local_ufrag, sizeof(t->local_ufrag), state->local_ufrag) ||
	    read_text(t->local_pwd, sizeof(t->local_pwd), state->local_pwd) ||
	    read_text(t->remote_ufrag, sizeof(t->remote_ufrag), state->remote_ufrag) ||
	    read_text(t->tls_id, sizeof(t->tls_id), state->tls_id) ||
	    read_endpoint(&t->remote, state->remote) ||
	    read_endpoint(&t->remote_rtcp, state->remote_rtcp))
		return -EINVAL;
	t->profile = state->profile;
	t->latch = state->latch;
	t->latch_signalled = state->latch_signalled;
	t->pace = state->pace;
	t->voice_xr = state->voice_xr;
	t->marking = state->marking;
	t->rtcp_mux = state->rtcp_mux;
	t->rtcp_mux_only = state->rtcp_mux_only;
	t->ice = state->ice;
	t->receive = state->receive;
	t->send = state->send;
	t->setup = state->setup;
	for (size_t i = 0; i < state->n_fingerprints; i++)
		if (call_state_read_fingerprint(&t->fingerprints[t->fingerprint_count++],
						state->fingerprints[i]))
			return -EINVAL;
	for (size_t i = 0; i < state->n_clocks; i++)
		t->clock_rate[state->clocks[i] >> 24 & 127] = state->clocks[i] & 0xffffff;
	return 0;
}
