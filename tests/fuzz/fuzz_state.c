/* SPDX-License-Identifier: BSD-3-Clause */
/* Any blob is refused or read whole, and what was read is within its bounds. */
#include "controlplane/session/call_state.h"

#include "controlplane/cdr/cdr_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_terms(const Tandem__State__V2__Terms *state)
{
	struct terms terms;

	if (call_state_read_terms(&terms, state) == 0 &&
	    (terms.profile >= SDP_PROFILES || terms.fingerprint_count > SDP_FINGERPRINTS ||
	     strlen(terms.remote_ufrag) > NEGOTIATE_UFRAG_MAX))
		abort();
}

static void read_wish(const Tandem__State__V2__Wish *state)
{
	struct wish wish;

	if (call_state_read_wish(&wish, state) == 0 && wish.suite_count > SUITE_COUNT)
		abort();
}

static void read_leg(const Tandem__State__V2__Leg *leg)
{
	struct sdp_fingerprint fingerprint;

	read_terms(leg->terms);
	if (leg->fingerprint && call_state_read_fingerprint(&fingerprint, leg->fingerprint) == 0 &&
	    fingerprint.length > SDP_FINGERPRINT_MAX)
		abort();
}

static void read_departed(const Tandem__State__V2__Call *state)
{
	struct departed departed = {NULL};

	departed_read(&departed, state);
	if (departed.octets > DEPARTED_OCTETS)
		abort();
	departed_free(&departed);
}

/* Whatever a record says, it is one line. */
static void read_record(const ProtobufCBinaryData *record)
{
	size_t length;
	char *line = cdr_line(record->data, record->len, &length);

	if (line && memchr(line, '\n', length) != line + length - 1)
		abort();
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Tandem__State__V2__Call *state = call_state_unpack(data, size);

	if (!state)
		return 0;
	for (size_t i = 0; i < state->n_parties; i++) {
		read_wish(state->parties[i]->wish);
		for (size_t k = 0; k < state->parties[i]->n_legs; k++)
			read_leg(state->parties[i]->legs[k]);
	}
	for (size_t i = 0; i < state->n_exchanges; i++) {
		read_wish(state->exchanges[i]->from_wish);
		for (size_t k = 0; k < state->exchanges[i]->n_to_plans; k++)
			read_terms(state->exchanges[i]->to_plans[k]->terms);
	}
	read_departed(state);
	read_record(&state->record);
	call_state_free(state);
	return 0;
}
