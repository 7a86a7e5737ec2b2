/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/put.h"

void put_endpoint(Tandem__Dataplane__V1__Endpoint *e, uint8_t octets[16], const char *text,
		  uint32_t port)
{
	struct address a = bench_address(text);
	bool ipv4 = address_is_ipv4(&a);

	tandem__dataplane__v1__endpoint__init(e);
	memcpy(octets, &a.octets[ipv4 ? 12 : 0], ipv4 ? 4 : 16);
	e->address.data = octets;
	e->address.len = ipv4 ? 4 : 16;
	e->port = port;
}

void put_init(struct put *p, uint64_t leg, uint64_t peer, enum relay_address local, uint16_t port,
	      const char *remote, uint16_t remote_port)
{
	memset(p, 0, sizeof(*p));
	tandem__dataplane__v1__put_leg__init(&p->m);
	p->m.leg = leg;
	p->peer = peer;
	p->receive = p->send = true;
	put_endpoint(&p->local, p->octets[0], relay_local[local], port);
	p->m.local = &p->local;
	if (remote) {
		put_endpoint(&p->remote, p->octets[1], remote, remote_port);
		p->m.remote = &p->remote;
	}
}

void put_ice(struct put *p, const char *ufrag, const char *password)
{
	tandem__dataplane__v1__ice__init(&p->ice);
	p->ice.local_ufrag = (char *)ufrag;
	p->ice.local_pwd = (char *)password;
	p->m.ice = &p->ice;
	p->m.rtcp_mux = true;
}

void put_phone(struct put *p)
{
	put_init(p, 1, 2, TRUNK_IPV4, 20000, PHONE, 30000);
}

void put_browser(struct put *p)
{
	put_init(p, 2, 1, PUBLIC_IPV4, 20002, BROWSER, 40000);
	p->m.rtcp_mux = true;
}

int relay_put_path(struct relay *r, uint64_t from, uint64_t to, bool verify, bool held)
{
	Tandem__Dataplane__V1__PutPath put = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;

	put.from = from;
	put.to = to;
	put.verify = verify;
	put.mute = held ? TANDEM__DATAPLANE__V1__MUTE__MUTE_HOLD
			: TANDEM__DATAPLANE__V1__MUTE__MUTE_NONE;
	r->what = "";
	return registry_put_path(r->registry, &put, &r->what);
}

int relay_delete_path(struct relay *r, uint64_t from, uint64_t to)
{
	Tandem__Dataplane__V1__DeletePath gone = TANDEM__DATAPLANE__V1__DELETE_PATH__INIT;

	gone.from = from;
	gone.to = to;
	r->what = "";
	return registry_delete_path(r->registry, &gone, &r->what);
}

int relay_put(struct relay *r, const struct put *p)
{
	int error;

	r->what = "";
	error = registry_put_leg(r->registry, &p->m, &r->what);
	if (error || !p->peer || !registry_find(r->registry, p->peer))
		return error;
	error = relay_put_path(r, p->m.leg, p->peer, false, !p->receive);
	return error ? error : relay_put_path(r, p->peer, p->m.leg, false, !p->send);
}

struct served relay_served(struct relay *r, const char *engine)
{
	return (struct served){
		.dataplane = &r->dataplane,
		.registry = r->registry,
		.filter = r->filter,
		.keep = r->keep,
		.counters = &r->counters,
		.engine = engine,
	};
}

static void keys_fill(ProtobufCBinaryData *to, uint8_t *octets, size_t length, uint8_t seed)
{
	oracle_fill(octets, length, 31, seed);
	*to = (ProtobufCBinaryData){length, octets};
}

void keys_init(struct keys *k, uint64_t leg, uint32_t epoch, enum srtp_suite suite)
{
	const struct suite_info *info = suite_info(suite);
	uint8_t seed = 16 * leg + 97 * epoch;

	memset(k, 0, sizeof(*k));
	tandem__dataplane__v1__put_keys__init(&k->m);
	k->m.leg = leg;
	k->m.epoch = epoch;
	k->m.suite = suite;
	keys_fill(&k->m.receive_key, k->receive_key, info->key_length, seed);
	keys_fill(&k->m.receive_salt, k->receive_salt, info->salt_length, seed + 1);
	keys_fill(&k->m.send_key, k->send_key, info->key_length, seed + 2);
	keys_fill(&k->m.send_salt, k->send_salt, info->salt_length, seed + 3);
}

int relay_put_keys(struct relay *r, const struct keys *k)
{
	r->what = "";
	return registry_put_keys(r->registry, &k->m, &r->what);
}

int relay_delete(struct relay *r, uint64_t leg)
{
	r->what = "";
	return registry_delete_leg(r->registry, leg, &r->what);
}
