/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole dataplane in this process, for measurements: the real registry on the first core, one
 * real worker on the second, and two networks whose ports are traffic.c instead of a driver.
 */
#ifndef TANDEM_PERF_RIG_H
#define TANDEM_PERF_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/crypt.h"
#include "dataplane/dataplane.h"

#define RIG_NETWORKS 2
#define RIG_PACKETS  8192 /* buffers that go round: as many as a worker has for each port */
#define RIG_LEGS_MAX (RIG_NETWORKS * NETWORK_ADDRESSES_MAX * 64000)

/*
 * Both legs of a call are plain, or the one on the first network has SRTP, or both have; or every
 * second call is plain and every second one mixed.
 */
enum rig_calls { CALLS_PLAIN, CALLS_MIXED, CALLS_SECURE, CALLS_EITHER };

struct rig_config {
	const char *engine; /* as crypt_engine_find() knows it */
	enum srtp_suite suite;
	enum rig_calls calls;
	uint32_t legs;
	unsigned int core; /* the worker's; the main lcore takes another one */
	bool hugepages;
};

/* One participant: what it takes to send RTP to its leg. */
struct source {
	struct leg *leg;
	struct crypt_key *key; /* what the participant protects with; NULL: plain */
	uint64_t index;        /* RTP index of its next packet */
	uint32_t ssrc;
	uint8_t network;
	uint8_t header[42]; /* Ethernet, IPv4, UDP; lengths and IPv4 checksum are zero */
};

struct rig {
	struct rig_config config;
	struct dataplane dataplane;
	struct registry *registry;
	struct worker *worker;
	const struct crypt_engine *engine; /* of the pipeline */
	const struct crypt_engine *maker;  /* of the participants */
	struct source *sources;            /* by leg; an even one's leg is on the first network */
};

/* Starts DPDK and puts the legs. Mistakes are reported; 0 or -errno. Once in a process. */
int rig_create(struct rig *rig, const struct rig_config *config);

/*
 * Gives leg `k`, one with SRTP, the keys of an epoch (it has those of epoch 1); returns what
 * registry_put_keys() does. Its participant then protects with what rig_make_key() makes: 0 or
 * -errno. Odd epochs have one key, even epochs another.
 */
int rig_put_keys(struct rig *rig, uint32_t k, uint32_t epoch, const char **what);
int rig_make_key(const struct rig *rig, struct crypt_key **key, uint32_t k, uint32_t epoch);

#endif
