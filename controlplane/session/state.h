/* SPDX-License-Identifier: BSD-3-Clause */
/* A leg as the blob that the dataplane keeps for it, and back. Format:
 * controlplane/api/state.proto. */
#ifndef TANDEM_STATE_H
#define TANDEM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/api/state.pb-c.h"
#include "controlplane/session/call.h"

#define STATE_MOST 8192 /* octets, as dataplane.proto says */

/* Writes the leg's blob to `octets`, which has STATE_MOST; its size, or -EMSGSIZE. */
int state_pack(const struct leg *leg, uint8_t *octets);
/* Whether these octets are the leg's blob as it would be written now. */
bool state_is_current(const struct leg *leg, const uint8_t *octets, size_t size);

/* NULL when the octets are no blob of this version. Free with state_free(). */
Tandem__State__V1__Leg *state_unpack(const uint8_t *octets, size_t size);
void state_free(Tandem__State__V1__Leg *state);

/* What is in the blob alone; 0, or -EINVAL when a value is out of its range. */
int state_read_terms(struct terms *terms, const Tandem__State__V1__Terms *state);
int state_read_wish(struct wish *wish, const Tandem__State__V1__Wish *state);
int state_read_fingerprint(struct sdp_fingerprint *fingerprint,
			   const Tandem__State__V1__Fingerprint *state);

#endif
