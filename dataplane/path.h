/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A path: where what a leg receives goes on to, and what is done with it. Immutable, a part of the
 * leg's configuration. One path is the leg's own, and is served by the flow in the leg; each other
 * one is a branch (branch.h).
 */
#ifndef TANDEM_PATH_H
#define TANDEM_PATH_H

#include <stdbool.h>
#include <stdint.h>

#define PATH_COMPONENTS 2 /* RTP, and RTCP where it has a port of its own */

struct branch;
struct claims;
struct crypt_key;
struct egress;
struct sent;
struct tap;

/* Payload types that go on as silence. Main lcore: made and freed. */
struct silence {
	uint32_t users;    // main: rw. Paths that name it.
	uint64_t types[2]; /* bits */
	uint8_t octet[128];
};

struct path {
	struct branch *branch; /* NULL if it is the leg's own */
	uint64_t types[2];     /* with `some`: the RTP payload types that go this way, as bits */
	bool some;
	struct egress *egress[PATH_COMPONENTS]; /* NULL: see `unreachable` */
	struct crypt_key *send;  /* that the leg it leads to protects with; NULL if none */
	const struct sent *sent; /* what others have sent under that key; NULL: nothing */
	struct claims *claims;   /* who may send which SSRC under it; NULL if nobody else sends */
	struct silence *silence; /* NULL if RTP goes on as it came */
	struct tap *tap;         /* of the leg that it leads to, if that is captured; or NULL */
	uint64_t lineage;        /* of keys under which indices go on, one after the other; not 0 */
	uint32_t lane;           /* in `claims`; another one whenever the flow begins to protect */
	uint8_t mute;            /* enum drop: why RTP does not go this way; DROP_NONE: it does */
	uint8_t unreachable;     /* enum drop: why there is no egress, where there is none */
	bool protects;           /* what leaves is SRTP */
	bool verify;             /* it was, and leaves as it came */
	bool rtcp_mux;           /* of the leg that it leads to */
};

static inline bool path_takes(const struct path *path, uint8_t payload_type)
{
	return !path->some || path->types[payload_type / 64] >> payload_type % 64 & 1;
}

#endif
