/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs block and unblock. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/octets.h"
#include "controlplane/lib/prefix.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/session/owner.h"
#include "controlplane/shed/shed_state.h"
#include "dataplane/lib/log.h"

struct blocking {
	struct shed *shed;
	struct prefix prefix;
	session_reply *reply;
	void *arg;
};

static struct blocking *begin(struct shed *s, const char *prefix, session_reply *reply, void *arg)
{
	struct blocking *w = malloc(sizeof(*w));
	char why[160];

	if (!w) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return NULL;
	}
	*w = (struct blocking){.shed = s, .reply = reply, .arg = arg};
	if (!prefix_read(&w->prefix, prefix, why, sizeof(why)))
		return w;
	session_fail(reply, arg, SESSION_INVALID_ARGUMENT, "%s", why);
	free(w);
	return NULL;
}

static bool is_blocked(void *arg, const struct address *address)
{
	return prefix_has(arg, address);
}

static void refuse(struct blocking *w, int error, const Tandem__Dataplane__V1__Reply *in)
{
	char text[ADDRESS_TEXT];

	prefix_text(text, &w->prefix);
	if (!in)
		session_fail(w->reply, w->arg, SESSION_UNAVAILABLE, SESSION_AWAY);
	else if (error == -ENOENT)
		session_fail(w->reply, w->arg, SESSION_NOT_FOUND,
			     "%s is not blocked; see tandemctl shed", text);
	else
		session_fail(w->reply, w->arg,
			     error == -ENOSPC || error == -ENOMEM ? SESSION_RESOURCE_EXHAUSTED
			     : error == -EINVAL                   ? SESSION_INVALID_ARGUMENT
								  : SESSION_INTERNAL,
			     "%s: %s", text, in->what[0] ? in->what : strerror(-error));
}

/* --- block ----------------------------------------------------------------------------------- */

static void blocked(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	struct blocking *w = arg;
	Tandem__Shed__V1__BlockReply reply = TANDEM__SHED__V1__BLOCK_REPLY__INIT;
	char text[ADDRESS_TEXT];

	if (error) {
		refuse(w, error, in);
	} else {
		pseudonym_prefix(text, &w->prefix);
		reply.calls = owner_count(w->shed->session, is_blocked, &w->prefix);
		log_info("shed: %s is blocked; calls that it cuts off: %u", text, reply.calls);
		w->reply(w->arg, &reply.base, NULL);
	}
	free(w);
}

void shed_put_block(struct shed *s, const Tandem__Shed__V1__BlockRequest *request,
		    session_reply *reply, void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutBlock put = TANDEM__DATAPLANE__V1__PUT_BLOCK__INIT;
	struct blocking *w;

	if (request->for_ms > UINT32_MAX) {
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "for_ms: a block ends within 49 days, or, with 0, never; choose one");
		return;
	}
	w = begin(s, request->prefix, reply, arg);
	if (!w)
		return;
	put.address = octets_of(&w->prefix.address);
	put.length = octets_prefix_length(&w->prefix);
	put.for_ms = request->for_ms;
	message.put_block = &put;
	client_request(s->client, &message, blocked, w);
}

/* --- unblock --------------------------------------------------------------------------------- */

static void unblocked(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	struct blocking *w = arg;
	Tandem__Shed__V1__UnblockReply reply = TANDEM__SHED__V1__UNBLOCK_REPLY__INIT;
	char text[ADDRESS_TEXT];

	if (error) {
		refuse(w, error, in);
	} else {
		pseudonym_prefix(text, &w->prefix);
		log_info("shed: %s is no longer blocked", text);
		w->reply(w->arg, &reply.base, NULL);
	}
	free(w);
}

void shed_delete_block(struct shed *s, const Tandem__Shed__V1__UnblockRequest *request,
		       session_reply *reply, void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__DeleteBlock gone = TANDEM__DATAPLANE__V1__DELETE_BLOCK__INIT;
	struct blocking *w = begin(s, request->prefix, reply, arg);

	if (!w)
		return;
	gone.address = octets_of(&w->prefix.address);
	gone.length = octets_prefix_length(&w->prefix);
	message.delete_block = &gone;
	client_request(s->client, &message, unblocked, w);
}
