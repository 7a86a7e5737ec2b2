/* SPDX-License-Identifier: BSD-3-Clause */
/* The TURN server's inside, for the files that make it up. */
#ifndef TANDEM_TURN_STATE_H
#define TANDEM_TURN_STATE_H

#include "controlplane/session/client.h"
#include "controlplane/turn/turn.h"
#include "controlplane/turn/turn_lease.h"

#define TURN_NAME 512 /* of a user, NUL included */

struct turn_server {
	struct session *session;
	struct client *client; /* the session's */
	struct session_link link;
	struct turn_config config;
	struct turn_leases leases;
	bool serving;
};

/* turn_judge.c: answers a request of somebody without an allocation. */
void turn_judge(struct turn_server *t, const Tandem__Dataplane__V1__Event *event);

/* The user of a USERNAME, for whom it counts; into `name`, which holds TURN_NAME. */
void turn_name_of(char *name, const ProtobufCBinaryData *username);

#endif
