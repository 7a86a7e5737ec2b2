/* SPDX-License-Identifier: BSD-3-Clause */
/* Any blob is refused or read whole, and what was read is within its bounds. */
#include "controlplane/session/state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Tandem__State__V1__Leg *state = state_unpack(data, size);
	struct sdp_fingerprint fingerprint;
	struct terms terms;
	struct wish wish;

	if (!state)
		return 0;
	if (state_read_terms(&terms, state->terms) == 0 &&
	    (terms.profile >= SDP_PROFILES || terms.fingerprint_count > SDP_FINGERPRINTS ||
	     strlen(terms.remote_ufrag) > NEGOTIATE_UFRAG_MAX))
		abort();
	if (state_read_wish(&wish, state->wish) == 0 && wish.suite_count > SUITE_COUNT)
		abort();
	if (state->fingerprint && state_read_fingerprint(&fingerprint, state->fingerprint) == 0 &&
	    fingerprint.length > SDP_FINGERPRINT_MAX)
		abort();
	state_free(state);
	return 0;
}
