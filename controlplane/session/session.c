/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/prefix.h"
#include "controlplane/session/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/captures.h"
#include "controlplane/session/events.h"
#include "controlplane/session/resync.h"
#include "dataplane/lib/log.h"

/* --- for the verbs --------------------------------------------------------------------------- */

int session_check_text(const char *field, const char *text, struct session_error *error)
{
	if (!text[0])
		return session_refuse(error, SESSION_INVALID_ARGUMENT, "%s is empty; set it",
				      field);
	return session_check_name(field, text, error);
}

int session_check_name(const char *field, const char *text, struct session_error *error)
{
	size_t length = strlen(text);

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

/* --- life ------------------------------------------------------------------------------------ */

struct client *session_client(const struct session *s)
{
	return s->client;
}

const struct counts *session_counts(const struct session *s)
{
	return &s->counts;
}

unsigned int session_calls_max(const struct session *s)
{
	return s->config.calls_max;
}

bool session_other_family(const struct session *s, const struct address *address,
			  struct address *other)
{
	const struct media_address *own = networks_find(&s->networks, address);
	const struct media_address *found =
		own ? networks_choose(&s->networks, own->network, !address_is_ipv4(address), true)
		    : NULL;

	if (!found)
		return false;
	*other = found->address;
	return true;
}

void session_link(struct session *s, struct session_link *link)
{
	LIST_INSERT_HEAD(&s->links, link, entry);
}

void session_unlink(struct session_link *link)
{
	LIST_REMOVE(link, entry);
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
	TAILQ_INIT(&s->endings);
	LIST_INIT(&s->links);
	LIST_INIT(&s->meters);
	LIST_INIT(&s->captures);
	LIST_INIT(&s->record_watchers);
	LIST_INIT(&s->cursors);
	error = -ENOMEM;
	if (hashtable_open(&s->calls) || hashtable_open(&s->calls_by_key) ||
	    hashtable_open(&s->legs))
		goto out_tables;
	error = dtls_identity_make(&s->identity);
	if (error)
		goto out_tables;
	error = client_open(&s->client, loop, config->dataplane, &handlers);
	if (error)
		goto out_identity;
	error = history_open(s);
	if (error)
		goto out_client;
	uv_timer_init(loop, &s->expiry);
	s->expiry.data = s;
	uv_timer_init(loop, &s->ending);
	s->ending.data = s;
	audit_start(s);
	slices_open(&s->slices, loop);
	s->slices.idle.data = s;
	watch_open(&s->watch);
	*out = s;
	return 0;

out_client:
	client_close(s->client);
out_identity:
	dtls_identity_release(s->identity);
out_tables:
	hashtable_close(&s->calls);
	hashtable_close(&s->calls_by_key);
	hashtable_close(&s->legs);
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

static void on_expiry_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	uv_close((uv_handle_t *)&s->ending, on_closed);
}

static void on_audit_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	uv_close((uv_handle_t *)&s->expiry, on_expiry_closed);
}

static void on_history_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	uv_close((uv_handle_t *)&s->audit.timer, on_audit_closed);
}

static void on_slices_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	uv_close((uv_handle_t *)&s->history.timer, on_history_closed);
}

void session_close(struct session *s)
{
	struct call *call;

	if (!s)
		return;
	s->changed = NULL;
	watch_close(&s->watch);
	slices_close(&s->slices);
	captures_close(s);
	client_close(s->client); /* what was ending has ended by that, and has its record */
	records_close(s);
	while ((call = TAILQ_FIRST(&s->by_age)))
		session_forget_call(s, call);
	networks_free(&s->networks);
	free(s->denied);
	dtls_identity_release(s->identity);
	hashtable_close(&s->calls);
	hashtable_close(&s->calls_by_key);
	hashtable_close(&s->legs);
	audit_free(s);
	history_free(s);
	uv_close((uv_handle_t *)&s->slices.idle, on_slices_closed);
}
