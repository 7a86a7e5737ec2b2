/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TURN server's policy (RFC 8656): who may have an allocation, how many, at which port. The
 * dataplane serves what is granted, and whoever only wants more of the same; it is told where to
 * listen whenever it is connected. The loop's thread only.
 */
#ifndef TANDEM_TURN_H
#define TANDEM_TURN_H

#include "controlplane/api/turn.pb-c.h"
#include "controlplane/session/session.h"
#include "controlplane/turn/turn_credential.h"
#include "dataplane/lib/address.h"
#include "dataplane/lib/ini.h"

#define TURN_LISTEN   16
#define TURN_URIS     16
#define TURN_PREFIXES 64

struct turn_server;

struct turn_config {
	struct endpoint listen[TURN_LISTEN]; /* none: TURN is not served */
	unsigned int listen_count;
	struct endpoint gates[TURN_LISTEN]; /* likewise, of tandem-turngate's clients */
	unsigned int gate_count;
	struct address relay[TURN_LISTEN]; /* what is relayed; of a family that is not here, where
					    * the client's server is */
	unsigned int relay_count;
	struct option_list uris; /* what credentials name beside `listen`; TURN_URIS at most */
	char *realm;
	struct turn_credentials credentials;
	unsigned int port_first, port_last; /* of relayed addresses */
	unsigned int allocations_per_user;
	unsigned int lifetime_s, lifetime_most_s;
	unsigned int client_pps, stranger_pps;
	bool any; /* peers may be anywhere, and not only at this relay */
	struct prefix deny[TURN_PREFIXES], allow[TURN_PREFIXES];
	unsigned int deny_count, allow_count;
};

/*
 * Serves by way of the session, which has to be opened in the same turn of the
 * loop. The texts of `config` must outlive it. 0, -ENOMEM.
 */
int turn_start(struct turn_server **turn, struct session *session, uv_loop_t *loop,
	       const struct turn_config *config);
/*
 * After session_close(), by which all that was asked has failed. Allocations stay in the dataplane,
 * and those who have them go on. NULL is accepted.
 */
void turn_stop(struct turn_server *turn);

/* What became of requests for an allocation, since the start. */
enum turn_refusal {
	TURN_REFUSED_CREDENTIALS, /* unknown, expired, or the password is wrong */
	TURN_REFUSED_QUOTA,       /* the user has as many as it may */
	TURN_REFUSED_CAPACITY,    /* no port, or no room in the dataplane */
	TURN_REFUSED_OTHER,       /* it asks for what is not served, or has another one */
	TURN_REFUSALS
};
struct turn_counts {
	uint64_t granted, refused[TURN_REFUSALS];
};
const struct turn_counts *turn_counts(const struct turn_server *turn);
const char *turn_refusal_name(enum turn_refusal refusal);
/* How many there are; -1: the dataplane has not told yet, or TURN is not configured. */
long turn_allocations(const struct turn_server *turn);

/* As the verbs of session.h; the words are those of turn.proto. */
void turn_list(struct turn_server *turn, const Tandem__Turn__V1__ListRequest *request,
	       session_reply *reply, void *arg);
void turn_delete(struct turn_server *turn, const Tandem__Turn__V1__DeleteRequest *request,
		 session_reply *reply, void *arg);
void turn_create_credentials(struct turn_server *turn,
			     const Tandem__Turn__V1__CreateCredentialsRequest *request,
			     session_reply *reply, void *arg);
void turn_put_secret(struct turn_server *turn, const Tandem__Turn__V1__PutSecretRequest *request,
		     session_reply *reply, void *arg);
void turn_delete_secret(struct turn_server *turn,
			const Tandem__Turn__V1__DeleteSecretRequest *request, session_reply *reply,
			void *arg);
void turn_list_secrets(struct turn_server *turn,
		       const Tandem__Turn__V1__ListSecretsRequest *request, session_reply *reply,
		       void *arg);

#endif
