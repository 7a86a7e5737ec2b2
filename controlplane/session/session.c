/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/prefix.h"
#include "controlplane/session/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/events.h"
#include "controlplane/session/push.h"
#include "controlplane/session/resync.h"
#include "dataplane/lib/log.h"

/* --- tables --------------------------------------------------------------------------------------
 */

#define container(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

static bool same_leg(const struct table_node *node, const void *id)
{
	return container(const struct leg, node, node)->id == *(const uint64_t *)id;
}

static bool same_call(const struct table_node *node, const void *id)
{
	return strcmp(container(const struct call, node, node)->id, id) == 0;
}

void session_add_leg(struct session *s, struct leg *leg)
{
	table_add(&s->legs, &leg->node, table_hash(&s->legs, &leg->id, sizeof(leg->id)));
}

void session_remove_leg(struct session *s, struct leg *leg)
{
	table_remove(&s->legs, &leg->node);
}

struct leg *session_find_leg(struct session *s, uint64_t id)
{
	struct table_node *node =
		table_find(&s->legs, table_hash(&s->legs, &id, sizeof(id)), same_leg, &id);

	return node ? container(struct leg, node, node) : NULL;
}

struct call *session_find_call(struct session *s, const char *id)
{
	struct table_node *node =
		table_find(&s->calls, table_hash(&s->calls, id, strlen(id)), same_call, id);

	return node ? container(struct call, node, node) : NULL;
}

void session_add_call(struct session *s, struct call *call)
{
	call->serial = ++s->last_serial;
	table_add(&s->calls, &call->node, table_hash(&s->calls, call->id, strlen(call->id)));
	TAILQ_INSERT_TAIL(&s->by_age, call, entry);
}

/*
 * Out of the tables, its legs too: a late event or reply makes nothing anew. It lives on as long as
 * somebody works on it.
 */
void session_forget_call(struct session *s, struct call *call)
{
	struct bridge *bridge;

	if (call->gone)
		return;
	call->gone = true;
	TAILQ_FOREACH (bridge, &call->bridges, entry)
		for (enum side side = SIDE_A; side < SIDES; side++)
			if (bridge->legs[side])
				leg_retire(bridge->legs[side]);
	session_stop_waiting(s, call);
	table_remove(&s->calls, &call->node);
	TAILQ_REMOVE(&s->by_age, call, entry);
	call_release(call);
}

/* --- waiting for answers -------------------------------------------------------------------------
 */

static void on_expiry(uv_timer_t *timer);

static void set_expiry(struct session *s)
{
	struct call *call = TAILQ_FIRST(&s->waiting);
	uint64_t now = uv_now(s->loop);

	if (!call)
		uv_timer_stop(&s->expiry);
	else
		uv_timer_start(&s->expiry, on_expiry, call->expires > now ? call->expires - now : 0,
			       0);
}

/* Every wait is as long as the others, so the queue is in order. */
void session_wait_for_answer(struct session *s, struct call *call)
{
	session_stop_waiting(s, call);
	call->expires = uv_now(s->loop) + s->config.offer_timeout_ms;
	call->waiting = true;
	TAILQ_INSERT_TAIL(&s->waiting, call, deadline);
	set_expiry(s);
}

void session_stop_waiting(struct session *s, struct call *call)
{
	if (!call->waiting)
		return;
	call->waiting = false;
	TAILQ_REMOVE(&s->waiting, call, deadline);
	set_expiry(s);
}

static void on_expiry(uv_timer_t *timer)
{
	struct session *s = timer->data;
	uint64_t now = uv_now(s->loop);
	struct call *call;

	while ((call = TAILQ_FIRST(&s->waiting)) && call->expires <= now) {
		if (call->busy || !s->ready) {
			session_wait_for_answer(s, call);
		} else if (!call->answered) {
			session_drop_call(s, call, "its offer was never answered");
		} else {
			log_info("call %s: the re-offer was never answered; the call goes on as it "
				 "was",
				 call->id);
			session_close_offer(s, call);
		}
	}
	set_expiry(s);
}

/* --- taking back ---------------------------------------------------------------------------------
 */

static void delete_bridge(struct push *push, struct bridge *bridge)
{
	for (enum side side = SIDE_A; push && side < SIDES; side++)
		if (bridge->legs[side] && bridge->legs[side]->pushed)
			push_delete(push, bridge->legs[side]);
}

void session_drop_call(struct session *s, struct call *call, const char *why)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct bridge *bridge;

	log_info("call %s: deleted: %s", call->id, why);
	TAILQ_FOREACH (bridge, &call->bridges, entry)
		delete_bridge(push, bridge);
	if (push)
		push_end(push);
	session_forget_call(s, call);
}

void session_close_offer(struct session *s, struct call *call)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct bridge *bridge = TAILQ_FIRST(&call->bridges);

	offer_free(call->offer);
	call->offer = NULL;
	session_stop_waiting(s, call);
	while (bridge) {
		struct bridge *next = TAILQ_NEXT(bridge, entry);

		if (bridge->pending) {
			delete_bridge(push, bridge);
			bridge_free(bridge);
		}
		bridge = next;
	}
	if (push)
		push_end(push);
}

/* --- for the verbs -------------------------------------------------------------------------------
 */

void session_fail(session_reply *reply, void *arg, int code, const char *fmt, ...)
{
	struct session_error error = {.code = code};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error.text, sizeof(error.text), fmt, ap);
	va_end(ap);
	reply(arg, NULL, &error);
}

int session_check_text(const char *field, const char *text, struct session_error *error)
{
	size_t length = strlen(text);

	if (length == 0)
		return session_refuse(error, SESSION_INVALID_ARGUMENT, "%s is empty; set it",
				      field);
	if (length > CALL_TEXT_MAX)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "%s has %zu octets; use at most %d", field, length,
				      CALL_TEXT_MAX);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return session_refuse(error, SESSION_INVALID_ARGUMENT,
					      "%s holds a control character; remove it", field);
	return 0;
}

int session_check_ready(const struct session *s, struct session_error *error)
{
	if (s->ready)
		return 0;
	return session_refuse(error, SESSION_UNAVAILABLE, SESSION_AWAY);
}

int session_read_sdp(struct sdp **sdp, const char *text, struct session_error *error)
{
	struct sdp_error why;
	int result = sdp_parse(sdp, text, strlen(text), &why);

	if (result == 0)
		return 0;
	if (result == -ENOMEM)
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	return session_refuse(error,
			      result == -ENOTSUP ? SESSION_UNIMPLEMENTED : SESSION_INVALID_ARGUMENT,
			      "sdp line %u: %s", why.line, why.text);
}

/* --- life ----------------------------------------------------------------------------------------
 */

bool session_is_ready(const struct session *s)
{
	return s->ready;
}

void session_watch(struct session *s, void (*changed)(void *arg, bool ready), void *arg)
{
	s->changed = changed;
	s->changed_arg = arg;
}

struct client *session_client(const struct session *s)
{
	return s->client;
}

void session_watch_connection(struct session *s, void (*connected)(void *arg), void *arg)
{
	s->connected = connected;
	s->connected_arg = arg;
}

void session_set_ready(struct session *s, bool ready)
{
	if (s->ready == ready)
		return;
	s->ready = ready;
	session_tell_ready(s);
}

void session_tell_ready(struct session *s)
{
	if (s->changed)
		s->changed(s->changed_arg, s->ready && !s->audit.full);
}

/* The configuration was judged when it was read. */
static int read_denied(struct session *s)
{
	char why[200];

	s->denied = calloc(s->config.deny_count + 1, sizeof(s->denied[0]));
	if (!s->denied)
		return -ENOMEM;
	for (unsigned int i = 0; i < s->config.deny_count; i++)
		if (prefix_read(&s->denied[i], s->config.deny[i], why, sizeof(why)))
			return -EINVAL;
	return 0;
}

int session_open(struct session **out, uv_loop_t *loop, const struct session_config *config)
{
	struct session *s = calloc(1, sizeof(*s));
	struct client_handlers handlers = {
		.up = resync_up, .down = resync_down, .event = events_take, .arg = s};
	int error = -ENOMEM;

	*out = NULL;
	if (!s)
		goto out;
	s->loop = loop;
	s->config = *config;
	error = read_denied(s);
	if (error)
		goto out_session;
	s->networks.port_first = config->port_first;
	s->networks.port_last = config->port_last;
	s->networks.quarantine_ms = config->port_quarantine_ms;
	TAILQ_INIT(&s->by_age);
	TAILQ_INIT(&s->waiting);
	error = -ENOMEM;
	if (table_open(&s->calls) || table_open(&s->legs))
		goto out_tables;
	error = dtls_identity_make(&s->identity);
	if (error)
		goto out_tables;
	error = client_open(&s->client, loop, config->dataplane, &handlers);
	if (error)
		goto out_identity;
	uv_timer_init(loop, &s->expiry);
	s->expiry.data = s;
	audit_start(s);
	*out = s;
	return 0;

out_identity:
	dtls_identity_release(s->identity);
out_tables:
	table_close(&s->calls);
	table_close(&s->legs);
out_session:
	free(s->denied);
	free(s);
out:
	log_error("session: %s", strerror(-error));
	return error;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_audit_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	uv_close((uv_handle_t *)&s->expiry, on_closed);
}

void session_close(struct session *s)
{
	struct call *call;

	if (!s)
		return;
	s->changed = NULL;
	client_close(s->client);
	while ((call = TAILQ_FIRST(&s->by_age)))
		session_forget_call(s, call);
	networks_free(&s->networks);
	free(s->denied);
	dtls_identity_release(s->identity);
	table_close(&s->calls);
	table_close(&s->legs);
	audit_free(s);
	uv_close((uv_handle_t *)&s->audit.timer, on_audit_closed);
}
