/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP and SRTCP (RFC 3711, 6188, 7714), batched: one burst is one batch of jobs, whatever the
 * number of calls in it.
 *
 * unprotect.c and protect.c own what the protocol says about packets: which key, index estimation,
 * the replay window, state for a new SSRC only after its tag verified. An engine owns the transform
 * alone, and gets every job with its key and its packet index worked out. A key schedule is
 * immutable and may be shared by flows; index state belongs to the stream.
 */
#ifndef TANDEM_CRYPT_H
#define TANDEM_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/suite.h"
#include "dataplane/burst.h"

/* The longest trailer protect adds: SRTCP index (4) and a tag (16). */
#define CRYPT_TRAILER_MAX 20

enum crypt_direction { CRYPT_RECEIVE, CRYPT_SEND };

/*
 * One direction of one epoch of one leg. It lies inside the engine's own structure. Made and freed
 * by the main lcore; workers read it (the libsrtp engine also keeps a session of its own around it:
 * with that engine a key to receive with serves one flow only).
 */
struct crypt_key {
	/* What each packet needs, CRYPT_KEY_HOT octets. */
	uint8_t suite;     /* enum srtp_suite */
	uint8_t direction; /* enum crypt_direction */
	uint8_t tag;       /* octets of the RTP tag */
	uint8_t tag_rtcp;  /* octets of the RTCP tag */
	uint32_t epoch;    /* counts the keys of this direction of the leg */
	/* What is asked when keys change. */
	uint64_t serial;    /* no two keys have the same */
	uint8_t digest[32]; /* of suite, key and salt: tells whether a key is a new one */
	uint32_t users;     // main: rw. Configurations that name this key; the last one frees it.
};

#define CRYPT_KEY_HOT offsetof(struct crypt_key, serial)

/*
 * CRYPT_REPLAY comes only from an engine that keeps a window of its own, for the second copy of a
 * packet in one burst. CRYPT_NO_MEMORY: likewise, for the SSRC's state.
 */
enum crypt_status { CRYPT_OK, CRYPT_AUTH_FAILED, CRYPT_REPLAY, CRYPT_NO_MEMORY };

/*
 * Lengths are checked: the header is whole, and a packet to unprotect has its trailer behind it;
 * SRTCP has its E bit set.
 */
struct crypt_job {
	struct crypt_key *key;
	uint8_t *data;   /* the whole RTP or RTCP packet; transformed in place */
	uint16_t length; /* octets; the engine writes the new length */
	uint16_t header; /* octets before the encrypted part: CSRCs and extension included */
	bool rtcp;
	uint8_t status; /* enum crypt_status, written by the engine */
	uint32_t ssrc;
	uint64_t index; /* RTP: 48 bits, ROC and SEQ; RTCP: the 31-bit SRTCP index */
};

struct crypt_engine {
	const char *name;
	/*
	 * Once, main lcore, when DPDK knows its lcores and before any key. 0, -ENOTSUP where the
	 * CPU cannot, or -errno.
	 */
	int (*start)(void);
	void (*stop)(void);
	/* Main lcore. `key` and `salt` have the lengths of suite.h. 0, -ENOTSUP, -ENOMEM, -EIO. */
	int (*key_create)(struct crypt_key **out, enum srtp_suite suite,
			  enum crypt_direction direction, const uint8_t *key, const uint8_t *salt);
	/* Main lcore, when no worker holds the key; cleanses it. */
	void (*key_free)(struct crypt_key *key);
	/*
	 * Worker; protect the main lcore as well. Any mix of keys, suites, RTP and RTCP; those of
	 * one SSRC are in order of arrival.
	 * There is room for CRYPT_TRAILER_MAX octets after each packet to protect. A packet whose
	 * tag is wrong may be left in any state.
	 */
	void (*unprotect)(struct crypt_job *jobs, unsigned int count);
	void (*protect)(struct crypt_job *jobs, unsigned int count);
	/*
	 * Worker. For flows whose two legs share keys: unprotect's verdicts, written to `status`
	 * alone. Octets and length are as they came once it returns, those of packets that it
	 * refused as well. For an engine's own window the packet has arrived.
	 */
	void (*verify)(struct crypt_job *jobs, unsigned int count);
	/*
	 * Worker; NULL where an engine keeps nothing per SSRC. The packet of a new SSRC verified,
	 * but the flow may not have another stream: whatever the engine keeps of it must go.
	 */
	void (*forget)(struct crypt_key *key, uint32_t ssrc);
};

/*
 * Starts the engine of that name; NULL: the fastest that starts on this CPU. 0, -ENOENT: there is
 * none of that name, or the error of its start; then `out` is as it was.
 */
int crypt_engine_start(const struct crypt_engine **out, const char *name);

extern const struct crypt_engine crypt_ipsec_mb;
extern const struct crypt_engine crypt_libsrtp;

#endif
