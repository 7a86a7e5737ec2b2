/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/calls.h"

#include <stdio.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/main/legs/registry.h"
#include "dataplane/main/turn/turn_state.h"
#include "perf/traffic.h"

#define FIRST_PORT       1024
#define SERVER_PORT      443 /* no leg's */
#define CHANNEL          0x4001
#define MEASURED_SECONDS 86400
#define CALL_SSRC        0x5eed0000u
#define GRACE_MS         10000   /* as the control plane has it */
#define MEDIA_PPS        1000000 /* a limit that is counted and that no participant reaches */

static const uint8_t salt[SUITE_SALT_MAX] = "measured salt";

/* The workers do not run yet: this thread does their part. */
static void settle(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;

	do {
		for (unsigned int k = 0; k < d->worker_count; k++)
			worker_poll(d->workers[k]);
	} while (registry_poll(rig->registry));
}

static bool is_secure(const struct rig *rig, uint32_t k)
{
	switch (rig->config.calls) {
	case CALLS_PLAIN:
	case CALLS_TURN:
	case CALLS_TURNS:
		return false;
	case CALLS_MIXED:
	case CALLS_BROWSER:
		return k % 2 == 0;
	case CALLS_SECURE:
	case CALLS_SHARED:
		return true;
	case CALLS_EITHER:
		return k % 4 == 2;
	}
	return false;
}

/* --- addresses --- */

/*
 * Leg k and its neighbour k ^ 1 are a call across the two networks. Ports decide which worker has a
 * leg, so those of every other call differ: with two workers it goes from one to the other.
 */
static uint32_t place_of(uint32_t k)
{
	uint32_t place = k / RIG_NETWORKS;

	return k % RIG_NETWORKS ? place ^ (place >> 1 & 2) : place;
}

static unsigned int host_of(uint32_t k)
{
	return place_of(k) / RIG_PORTS_PER_HOST;
}

static struct endpoint local_of(uint32_t k)
{
	return (struct endpoint){
		.address = rig_host(k % RIG_NETWORKS, 1 + host_of(k)),
		.port = rte_cpu_to_be_16(FIRST_PORT + place_of(k) % RIG_PORTS_PER_HOST)};
}

static bool is_behind_turn(const struct rig *rig, uint32_t k)
{
	return k % RIG_NETWORKS < rig_clients(&rig->config);
}

/* Where TURN is served to the participants of a network: at the first of its media addresses. */
static struct endpoint server_of(unsigned int network)
{
	return (struct endpoint){.address = rig_host(network, 1),
				 .port = rte_cpu_to_be_16(SERVER_PORT)};
}

/* What is relayed for the participant: as many addresses as the legs have, and the same port. */
static struct endpoint relayed_of(uint32_t k)
{
	struct endpoint local = local_of(k);

	local.address = rig_relayed(k % RIG_NETWORKS, host_of(k));
	return local;
}

/* All participants are behind the gateway. */
static struct endpoint remote_of(uint32_t k)
{
	uint32_t place = k / RIG_NETWORKS;

	return (struct endpoint){.address = rig_host(k % RIG_NETWORKS, 16 + place % 200),
				 .port = rte_cpu_to_be_16(FIRST_PORT + place / 200 * 2)};
}

static void put_endpoint(Tandem__Dataplane__V1__Endpoint *to, struct endpoint *from)
{
	tandem__dataplane__v1__endpoint__init(to);
	to->address.data = &from->address.octets[12];
	to->address.len = 4;
	to->port = rte_be_to_cpu_16(from->port);
}

/* --- TURN --- */

static int serve_turn(struct rig *rig, const char **what)
{
	Tandem__Dataplane__V1__PutTurn put;
	Tandem__Dataplane__V1__Endpoint listen[RIG_NETWORKS], *list[RIG_NETWORKS];
	struct endpoint servers[RIG_NETWORKS];

	tandem__dataplane__v1__put_turn__init(&put);
	put.listen = list;
	put.n_listen = rig_clients(&rig->config);
	for (unsigned int n = 0; n < put.n_listen; n++) {
		servers[n] = server_of(n);
		put_endpoint(&listen[n], &servers[n]);
		list[n] = &listen[n];
	}
	put.realm = (char *)"measured";
	return turn_server_put(rig->turn, &put, what);
}

/* The client has bound a channel to its leg, for as long as it is measured. */
static int put_allocation(struct rig *rig, uint32_t k, const char **what)
{
	struct endpoint server = server_of(k % RIG_NETWORKS), client = remote_of(k);
	struct endpoint relayed = relayed_of(k), local = local_of(k);
	Tandem__Dataplane__V1__Endpoint to_server, to_client, to_relayed;
	Tandem__Dataplane__V1__PutAllocation put;
	struct allocation *a;
	int error;

	tandem__dataplane__v1__put_allocation__init(&put);
	put_endpoint(&to_server, &server);
	put_endpoint(&to_client, &client);
	put_endpoint(&to_relayed, &relayed);
	put.allocation = 1 + k;
	put.server = &to_server;
	put.client = &to_client;
	put.relayed = &to_relayed;
	put.lifetime_s = MEASURED_SECONDS;
	put.key = (ProtobufCBinaryData){TURN_KEY, (uint8_t *)"a measured key16"};
	put.user = (ProtobufCBinaryData){8, (uint8_t *)"measured"};
	put.transaction = (ProtobufCBinaryData){12, (uint8_t *)"transaction!"};
	error = turn_server_put_allocation(rig->turn, &put, what);
	if (error)
		return error;
	a = turn_find_id(rig->turn, put.allocation)->allocation;
	error = turn_bind(rig->turn, a, CHANNEL, &local, rte_rdtsc());
	a->channels[0].until = a->permissions[0].until = a->until;
	return error ? -EINVAL : 0;
}

/* --- legs --- */

static int put_leg(struct rig *rig, uint32_t k, const char **what)
{
	const bool browser = rig->config.calls == CALLS_BROWSER && is_secure(rig, k);
	struct endpoint local = local_of(k);
	struct endpoint remote = is_behind_turn(rig, k) ? relayed_of(k) : remote_of(k);
	Tandem__Dataplane__V1__PutLeg put;
	Tandem__Dataplane__V1__Endpoint to_local, to_remote;
	Tandem__Dataplane__V1__Ice ice;

	tandem__dataplane__v1__put_leg__init(&put);
	tandem__dataplane__v1__ice__init(&ice);
	ice.local_ufrag = (char *)"measured";
	ice.local_pwd = (char *)"a password of the measured leg";
	ice.remote_ufrag = (char *)"browser";
	put_endpoint(&to_local, &local);
	put_endpoint(&to_remote, &remote);
	put.leg = 1 + k;
	put.local = &to_local;
	put.remote = browser ? NULL : &to_remote;
	put.ice = browser ? &ice : NULL;
	put.rtcp_mux = true;
	put.media_pps = rig->config.shed == RIG_SHED_OFF ? 0 : MEDIA_PPS;
	put.security = browser             ? TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS
		       : is_secure(rig, k) ? TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES
					   : TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE;
	return registry_put_leg(rig->registry, &put, what);
}

/* Of its call, in the order in which they are put: first the two that talk. */
static uint32_t place_in_call(const struct rig *rig, uint32_t k)
{
	return k % (2 + 2 * rig->config.listeners);
}

static bool talks(const struct rig *rig, uint32_t k)
{
	return place_in_call(rig, k) < 2;
}

bool calls_speaks(const struct rig *rig, uint32_t k)
{
	const uint32_t first = k - place_in_call(rig, k);

	return talks(rig, k) && first + 2 + 2 * rig->config.listeners <= rig->config.legs;
}

/* To a listener, from the one that is on the other network. */
static int put_branch(struct rig *rig, uint32_t k, const char **what)
{
	Tandem__Dataplane__V1__PutPath put;

	tandem__dataplane__v1__put_path__init(&put);
	put.from = 1 + k - place_in_call(rig, k) + !(k % 2);
	put.to = 1 + k;
	put.branch = true;
	return registry_put_path(rig->registry, &put, what);
}

/* From the leg to the other one of its call, which is there already, and back. */
static int put_paths(struct rig *rig, uint32_t k, const char **what)
{
	Tandem__Dataplane__V1__PutPath put;
	int error;

	if (!talks(rig, k))
		return put_branch(rig, k, what);
	if (k % 2 == 0)
		return 0;
	tandem__dataplane__v1__put_path__init(&put);
	put.from = 1 + k;
	put.to = 1 + (k ^ 1);
	put.verify = rig->config.calls == CALLS_SHARED;
	error = registry_put_path(rig->registry, &put, what);
	put.to = 1 + k;
	put.from = 1 + (k ^ 1);
	return error ? error : registry_put_path(rig->registry, &put, what);
}

/* What the participant (CRYPT_RECEIVE) or the relay protects with: it is nobody else's. */
static void make_key(uint8_t octets[SUITE_KEY_MAX], uint32_t k, uint32_t epoch,
		     enum crypt_direction direction)
{
	/* What participants protect with comes again; what the relay protects with must not. */
	const uint32_t turn = direction == CRYPT_SEND ? epoch : epoch & 1;

	for (unsigned int i = 0; i < SUITE_KEY_MAX; i++) {
		octets[i] = (k >> i % 4 * 8) + 31 * i + direction;
		if (i / 4 == 1)
			octets[i] += turn >> i % 4 * 8;
	}
}

int calls_put_keys(struct rig *rig, uint32_t k, uint32_t epoch, const char **what)
{
	const struct suite_info *info = suite_info(rig->config.suite);
	const bool shared = rig->config.calls == CALLS_SHARED;
	uint8_t receive[SUITE_KEY_MAX], send[SUITE_KEY_MAX];
	Tandem__Dataplane__V1__PutKeys put;

	make_key(receive, k, epoch, CRYPT_RECEIVE);
	make_key(send, k, epoch, CRYPT_SEND);
	tandem__dataplane__v1__put_keys__init(&put);
	put.leg = 1 + k;
	put.epoch = epoch;
	put.suite = rig->config.suite;
	put.receive_key = (ProtobufCBinaryData){info->key_length, receive};
	put.receive_salt = (ProtobufCBinaryData){info->salt_length, (uint8_t *)salt};
	if (!shared) {
		put.send_key = (ProtobufCBinaryData){info->key_length, send};
		put.send_salt = put.receive_salt;
	}
	put.grace_ms = GRACE_MS;
	return registry_put_keys(rig->registry, &put, what);
}

int calls_make_key(const struct rig *rig, struct crypt_key **key, uint32_t k, uint32_t epoch)
{
	uint8_t octets[SUITE_KEY_MAX];

	make_key(octets, k, epoch, CRYPT_RECEIVE);
	return rig->maker->key_create(key, rig->config.suite, CRYPT_SEND, octets, salt);
}

static struct leg *leg_of(const struct rig *rig, uint32_t k)
{
	const struct dataplane *d = &rig->dataplane;
	const struct network *network = &d->networks[k % RIG_NETWORKS];
	const struct flow_entry entry = flow_entry_load(d, network->address[host_of(k)],
							rte_be_to_cpu_16(local_of(k).port));

	return &d->legs[entry.leg];
}

/* The participant's check succeeded and nominated its address. */
static void nominate(struct rig *rig, uint32_t k)
{
	struct endpoint remote = remote_of(k);
	struct leg *leg = leg_of(rig, k);

	leg_learn(rig->dataplane.workers[leg->worker], leg, 0, &remote);
}

int calls_put_legs(struct rig *rig)
{
	const char *what = "";
	int error = rig->turn ? serve_turn(rig, &what) : 0;

	if (error)
		return rig_fail(what, error);
	for (uint32_t k = 0; k < rig->config.legs; k++) {
		error = is_behind_turn(rig, k) ? put_allocation(rig, k, &what) : 0;
		if (!error)
			error = put_leg(rig, k, &what);
		if (!error && is_secure(rig, k))
			error = calls_put_keys(rig, k, 1, &what);
		if (!error)
			error = put_paths(rig, k, &what);
		if (error)
			return rig_fail(what, error);
		if (k % 64 == 63)
			settle(rig);
	}
	settle(rig);
	for (uint32_t k = 0; rig->config.calls == CALLS_BROWSER && k < rig->config.legs; k += 2) {
		nominate(rig, k);
		settle(rig);
	}
	return 0;
}

/* --- participants --- */

static void make_header(const struct rig *rig, uint32_t k, struct source *s)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)s->header;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	struct endpoint local = s->channel ? server_of(s->network) : local_of(k);
	struct endpoint remote = remote_of(k);

	ether->dst_addr = rig->dataplane.ports[s->network].mac;
	ether->src_addr = (struct rte_ether_addr){{0x02, 0, 0x5e, 0, 1, s->network}};
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->time_to_live = 60;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, &remote.address.octets[12], 4);
	memcpy(&ip->dst_addr, &local.address.octets[12], 4);
	udp->src_port = remote.port;
	udp->dst_port = local.port;
}

/* The participant protects with what the relay unprotects with. */
static int make_source(struct rig *rig, uint32_t k)
{
	struct source *s = &rig->sources[k];

	s->leg = leg_of(rig, k);
	s->network = k % RIG_NETWORKS;
	s->ssrc = CALL_SSRC + k;
	s->channel = is_behind_turn(rig, k) ? CHANNEL : 0;
	s->index = k % 0x8000; /* RFC 3711 3.3.1: so no packet is lost around the first wrap */
	make_header(rig, k, s);
	return is_secure(rig, k) ? calls_make_key(rig, &s->key, k, 1) : 0;
}

int calls_put_sources(struct rig *rig)
{
	int error = 0;

	for (uint32_t k = 0; k < rig->config.legs && !error; k++)
		error = make_source(rig, k);
	return error ? rig_fail("the participants' keys", error) : 0;
}
