/* SPDX-License-Identifier: BSD-3-Clause */
/* The TURN server's inside, for the files that make it up. */
#ifndef TANDEM_TURN_STATE_H
#define TANDEM_TURN_STATE_H

#include <sys/queue.h>

#include "controlplane/session/client.h"
#include "controlplane/turn/turn.h"
#include "controlplane/turn/turn_lease.h"
#include "dataplane/lib/turn_message.h"

#define TURN_NAME 512 /* of a user, NUL included */

struct turn_server {
	struct session *session;
	struct client *client; /* the session's */
	struct session_link link;
	struct turn_config config;
	struct turn_leases leases;
	LIST_HEAD(, turn_grant) grants; /* that the dataplane has not answered yet */
	bool serving;
	bool known; /* what allocations there are */
	struct turn_counts counts;
};

/* turn_judge.c: answers a request of somebody without an allocation, or hears that it is gone. */
void turn_judge(struct turn_server *t, const Tandem__Dataplane__V1__Event *event);

/* The user of a USERNAME, for whom it counts; into `name`, which holds TURN_NAME. */
void turn_name_of(char *name, const ProtobufCBinaryData *username);

/* turn_count.c: a request is refused with this code. */
void turn_count_refusal(struct turn_server *t, enum turn_error code);

/* --- turn_verb.c: what the verbs share --- */

/* Whether TURN is configured; replies with an error if not. */
bool turn_verb_served(const struct turn_server *t, session_reply *reply, void *arg);
/* Whether the dataplane has answered; replies with an error if not. */
bool turn_verb_answered(session_reply *reply, void *arg, int error,
			const Tandem__Dataplane__V1__Reply *in);
/* As turn_name_of(), and text for messages: of octets that are not UTF-8 each is "?". */
void turn_verb_user(char *name, const ProtobufCBinaryData *username);
/* Asks for the page of allocations that begins at `after`: `most`, or, 0, what a reply holds. */
void turn_verb_ask(struct turn_server *t, uint64_t after, uint32_t most, client_reply *reply,
		   void *arg);

#endif
