/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb delete: of one allocation, or, page by page, of all of a user. The dataplane tells of no
 * end that it was asked for, so what is gone is taken from its user's quota here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/turn/turn_state.h"
#include "dataplane/lib/log.h"

#define ID_DIGITS 16

/* One request, until all that it asked of the dataplane is answered. */
struct deletion {
	struct turn_server *t;
	session_reply *reply;
	void *arg;
	unsigned int waiting;  /* for so many answers */
	unsigned int count;    /* that are gone */
	int error;             /* the worst; 0: none */
	char whose[TURN_NAME]; /* a user, or the id */
};

/* One allocation of it. */
struct doomed {
	struct deletion *of;
	uint64_t id;
};

static void end(struct deletion *w)
{
	Tandem__Turn__V1__DeleteReply reply = TANDEM__TURN__V1__DELETE_REPLY__INIT;

	if (--w->waiting)
		return;
	if (w->error == -ENOTCONN)
		session_fail(w->reply, w->arg, SESSION_UNAVAILABLE, SESSION_AWAY);
	else if (w->error)
		session_fail(w->reply, w->arg, SESSION_INTERNAL, "%s: %s", w->whose,
			     strerror(-w->error));
	else if (!w->count)
		session_fail(w->reply, w->arg, SESSION_NOT_FOUND,
			     "%s has, or is, no allocation; see tandemctl turn", w->whose);
	else {
		log_info("turn: %s: %u allocations deleted", w->whose, w->count);
		reply.allocations = w->count;
		w->reply(w->arg, &reply.base, NULL);
	}
	free(w);
}

static void on_deleted(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	struct doomed *d = arg;

	if (!error) {
		turn_lease_remove(&d->of->t->leases, d->id);
		d->of->count++;
	} else if (error != -ENOENT) { /* which is an end, too */
		d->of->error = error;
	}
	end(d->of);
	free(d);
}

static void doom(struct deletion *w, uint64_t id)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__DeleteAllocation gone =
		TANDEM__DATAPLANE__V1__DELETE_ALLOCATION__INIT;
	struct doomed *d = malloc(sizeof(*d));

	if (!d) {
		w->error = -ENOMEM;
		return;
	}
	*d = (struct doomed){w, id};
	w->waiting++;
	gone.allocation = id;
	message.delete_allocation = &gone;
	client_request(w->t->client, &message, on_deleted, d);
}

static void on_page(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	struct deletion *w = arg;
	char user[TURN_NAME];

	if (error)
		w->error = error;
	for (size_t k = 0; !error && k < in->n_allocations; k++) {
		turn_verb_user(user, &in->allocations[k]->user);
		if (strcmp(user, w->whose) == 0)
			doom(w, in->allocations[k]->allocation);
	}
	if (!error && in->next) {
		w->waiting++;
		turn_verb_ask(w->t, in->next, 0, on_page, w);
	}
	end(w);
}

static bool read_id(const char *text, uint64_t *id)
{
	*id = 0;
	if (strlen(text) != ID_DIGITS || strspn(text, "0123456789abcdefABCDEF") != ID_DIGITS)
		return false;
	*id = strtoull(text, NULL, 16);
	return true;
}

/* Says what is wrong with the request, and returns false. */
static bool check(const Tandem__Turn__V1__DeleteRequest *request, uint64_t *id,
		  session_reply *reply, void *arg)
{
	if (!*request->id == !*request->user)
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "say either the id of an allocation or a user");
	else if (*request->id && !read_id(request->id, id))
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "id: an allocation's has %d hexadecimal digits", ID_DIGITS);
	else if (strlen(request->user) >= TURN_NAME)
		session_fail(reply, arg, SESSION_NOT_FOUND, "no user's name is that long");
	else
		return true;
	return false;
}

void turn_delete(struct turn_server *t, const Tandem__Turn__V1__DeleteRequest *request,
		 session_reply *reply, void *arg)
{
	struct deletion *w;
	uint64_t id = 0;

	if (!turn_verb_served(t, reply, arg) || !check(request, &id, reply, arg))
		return;
	w = calloc(1, sizeof(*w));
	if (!w) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*w = (struct deletion){.t = t, .reply = reply, .arg = arg, .waiting = 1};
	strcpy(w->whose, *request->id ? request->id : request->user);
	if (*request->user) {
		turn_verb_ask(t, 0, 0, on_page, w);
	} else {
		doom(w, id);
		end(w);
	}
}
