/* SPDX-License-Identifier: BSD-3-Clause */
/* The octets of one HEP version 3 packet (EEP, the encapsulation of Homer). Pure; any thread. */
#ifndef TANDEM_HEP_FRAME_H
#define TANDEM_HEP_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/lib/address.h"

#define HEP_FRAME_MAX 65535 /* its length has 16 bits */

enum hep_type {
	HEP_RTCP = 5,       /* RTCP as JSON */
	HEP_RTP_STATS = 34, /* statistics of a stream as JSON, as RTPAgent has them */
};

struct hep_frame {
	struct endpoint from, to; /* zero: it is not known */
	uint64_t time_us;         /* of the wall clock */
	enum hep_type type;
	uint32_t capture_id;
	const char *password;    /* NULL: none */
	const char *correlation; /* the call id */
	const char *payload;
};

/* Its length; 0: it has no room in `size` octets, or none at all. */
size_t hep_frame_write(uint8_t *out, size_t size, const struct hep_frame *frame);
/* Of a frame that begins here and is whole. */
size_t hep_frame_length(const uint8_t *frame);

#endif
