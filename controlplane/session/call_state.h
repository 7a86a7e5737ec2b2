/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call as the blob that the dataplane keeps of it, and the parts of one back. Format:
 * controlplane/api/state.proto. Any thread.
 */
#ifndef TANDEM_CALL_STATE_H
#define TANDEM_CALL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/api/state.pb-c.h"
#include "controlplane/session/call.h"

#define CALL_STATE_MOST 61440 /* octets, as dataplane.proto says */

struct call_state_blob {
	uint8_t *octets;
	size_t size;
};

/*
 * For call_state_blob_free(). 0, -ENOMEM, -EMSGSIZE. What had left the call is left out where it
 * would not fit, and so are open exchanges then: they end with the control plane.
 */
int call_state_pack(struct call_state_blob *blob, const struct call *call);
/* Of a call that has ended, likewise. */
int call_state_pack_ended(struct call_state_blob *blob, const struct call *call,
			  const Tandem__Relay__V1__CallRecord *record);
void call_state_blob_free(struct call_state_blob *blob);
/* Whether these octets are the call's blob as it would be written now. */
bool call_state_is_current(const struct call *call, const uint8_t *octets, size_t size);

/* NULL when the octets are no blob of this version. Free with call_state_free(). */
Tandem__State__V2__Call *call_state_unpack(const uint8_t *octets, size_t size);
void call_state_free(Tandem__State__V2__Call *state);

/* What is in the blob alone; 0, or -EINVAL when a value is out of its range. */
int call_state_read_terms(struct terms *terms, const Tandem__State__V2__Terms *state);
int call_state_read_wish(struct wish *wish, const Tandem__State__V2__Wish *state);
int call_state_read_fingerprint(struct sdp_fingerprint *fingerprint,
				const Tandem__State__V2__Fingerprint *state);

#endif
