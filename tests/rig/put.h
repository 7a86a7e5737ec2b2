/* SPDX-License-Identifier: BSD-3-Clause */
/* What a control plane asks of a relay: legs and keys, plain unless a test says otherwise. */
#ifndef TANDEM_TESTS_RIG_PUT_H
#define TANDEM_TESTS_RIG_PUT_H

#include "dataplane/main/legs/answer.h"
#include "tests/rig/oracle.h"
#include "tests/rig/relay.h"

#define PHONE    "203.0.113.9"
#define BROWSER  "198.51.100.9"
#define PASSWORD "0123456789abcdefghijklmn"

/* A request with what it points to, and the leg that it talks with, by a path each way. */
struct put {
	Tandem__Dataplane__V1__PutLeg m;
	uint64_t peer;      /* 0: none */
	bool receive, send; /* RTP goes on from it, and to it */
	Tandem__Dataplane__V1__Endpoint local, remote, remote_rtcp;
	Tandem__Dataplane__V1__Ice ice;
	uint8_t octets[3][16];
};

void put_endpoint(Tandem__Dataplane__V1__Endpoint *e, uint8_t octets[16], const char *text,
		  uint32_t port);

/* `remote` NULL while it is not known yet. */
void put_init(struct put *p, uint64_t leg, uint64_t peer, enum relay_address local, uint16_t port,
	      const char *remote, uint16_t remote_port);
void put_ice(struct put *p, const char *ufrag, const char *password);

/* Leg 1 towards a phone on the trunk, leg 2 towards a browser, each the other's peer. */
void put_phone(struct put *p);
void put_browser(struct put *p);

/* These return what the registry does, and leave what it says in `what`. */
int relay_put(struct relay *r, const struct put *p);
int relay_put_path(struct relay *r, uint64_t from, uint64_t to, bool verify, bool held);
int relay_delete_path(struct relay *r, uint64_t from, uint64_t to);
int relay_delete(struct relay *r, uint64_t leg);

/* The relay as the server has it. */
struct served relay_served(struct relay *r, const char *engine);

/* Both directions of an epoch; every octet differs from its neighbours. */
struct keys {
	Tandem__Dataplane__V1__PutKeys m;
	uint8_t receive_key[SUITE_KEY_MAX], receive_salt[SUITE_SALT_MAX];
	uint8_t send_key[SUITE_KEY_MAX], send_salt[SUITE_SALT_MAX];
};

void keys_init(struct keys *k, uint64_t leg, uint32_t epoch, enum srtp_suite suite);
int relay_put_keys(struct relay *r, const struct keys *k);

#endif
