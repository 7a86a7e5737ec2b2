/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole dataplane in this process, for measurements: the real registry on the main lcore, real
 * workers, and two networks whose ports are traffic.c instead of a driver.
 */
#ifndef TANDEM_PERF_RIG_H
#define TANDEM_PERF_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/srtp/crypt.h"
#include "dataplane/dataplane.h"
#include "perf/memory.h"

#define RIG_NETWORKS    2
#define RIG_WORKERS_MAX 16
#define RIG_LISTENERS   2    /* most */
#define RIG_PACKETS     8192 /* of each worker, or with `rss` of all, that go round */
#define RIG_LEGS_MAX    (RIG_NETWORKS * NETWORK_ADDRESSES_MAX * 64000)

/* The legs of a call: the one on the first network, and the one on the second. */
enum rig_calls {
	CALLS_PLAIN,   /* RTP, RTP */
	CALLS_MIXED,   /* SRTP by SDES, RTP */
	CALLS_BROWSER, /* SRTP by DTLS with ICE, RTP */
	CALLS_SECURE,  /* SRTP by SDES twice, each with keys of its own */
	CALLS_SHARED,  /* the same, but both protect with what the other one unprotects with */
	CALLS_TURN,    /* RTP, RTP; the first one's participant is behind TURN */
	CALLS_TURNS,   /* RTP, RTP; both participants are */
	CALLS_EITHER,  /* every second call is plain and every second one mixed */
};

/* The tables by which floods are shed. */
enum rig_shed {
	RIG_SHED_OFF,     /* none */
	RIG_SHED_VOUCHED, /* workers keep them for others, as for an XDP program */
	RIG_SHED_JUDGED,  /* and judge by them */
};

struct rig_config {
	const char *engine; /* as crypt_engine_find() knows it */
	enum srtp_suite suite;
	enum rig_calls calls;
	uint32_t legs;
	unsigned int core;    /* the first worker's; another one is the main lcore's and the second
				 worker's */
	unsigned int workers; /* 1 or 2, each on its core; or in turn on one */
	bool rss; /* packets come by the queue that a hash chooses; else by that of their leg's
		     worker */
	unsigned int listeners; /* of each of a call's two: further legs that hear it by a branch */
	enum rig_shed shed;
	bool hugepages;
	bool software_checksums; /* of UDP; else the ports compute them, as those of NICs do */
};

/* One participant: what it takes to send RTP to its leg. */
struct source {
	struct leg *leg;
	struct crypt_key *key; /* what the participant protects with; NULL if it is plain */
	uint64_t index;        /* RTP index of its next packet */
	uint32_t ssrc;
	uint8_t network;
	uint16_t channel;   /* of TURN, in which it is sent; 0: it is not */
	uint8_t header[42]; /* Ethernet, IPv4, UDP; lengths and IPv4 checksum are zero */
};

/* Octets that the legs take in all, by what they are for. */
struct rig_memory {
	uint64_t legs, table, workers, registry;
	uint64_t configuration; /* of the legs, their egress, and their keys */
	uint64_t keys;          /* of these the keys */
	uint64_t participants;  /* not the dataplane's: what sends to it */
};

struct rig {
	struct rig_config config;
	struct dataplane dataplane;
	struct shed *shed; /* NULL: RIG_SHED_OFF */
	struct registry *registry;
	struct turn_server *turn;          /* CALLS_TURN, CALLS_TURNS, or NULL */
	struct worker *worker;             /* the first one */
	const struct crypt_engine *engine; /* of the pipeline */
	const struct crypt_engine *maker;  /* of the participants */
	struct source *sources;            /* by leg; an even one's leg is on the first network */
	struct rig_memory memory;
};

/* Starts DPDK and puts the legs. Mistakes are reported; 0 or -errno. Once in a process. */
int rig_create(struct rig *rig, const struct rig_config *config);
/* What went wrong, on the standard error. Returns `error`. */
int rig_fail(const char *what, int error);

/*
 * Has `answer` print a line for each line of the standard input, until that ends. 0, or the first
 * error, which is reported.
 */
int rig_serve(int (*answer)(void *arg, const char *line), void *arg);

/* The address of a media network with this last octet; the first hosts are the relay's own. */
struct address rig_host(unsigned int network, uint8_t last);
/* Of the addresses that TURN relays there, one for each host that legs have. */
struct address rig_relayed(unsigned int network, unsigned int host);
#define RIG_GATEWAY        14
#define RIG_PORTS_PER_HOST 64000 /* that legs take of a media address */

/* Media addresses of each network that the legs take; what is relayed for clients takes as many. */
static inline unsigned int rig_hosts(const struct rig_config *config)
{
	return (config->legs / RIG_NETWORKS + RIG_PORTS_PER_HOST - 1) / RIG_PORTS_PER_HOST;
}

/* How many of the two participants of a call are behind TURN. */
static inline unsigned int rig_clients(const struct rig_config *config)
{
	return config->calls == CALLS_TURNS ? 2 : config->calls == CALLS_TURN;
}

#endif
