/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/captures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "controlplane/session/session_state.h"
#include "dataplane/lib/log.h"

#define LEASE_MS 6000
#define RENEW_MS 2000

/* A leg that was captured: its last packets may come when it is gone. */
struct name {
	uint64_t leg;
	char media[CALL_MEDIA_NAME];
	char *tag;
};

struct session_capture {
	LIST_ENTRY(session_capture) entry;
	struct session *session; /* NULL: it is over */
	struct call *call;
	uint64_t id;
	struct captures_wish wish;
	char *tag;          /* wish.tag */
	uint64_t ends;      /* ms of the loop's clock */
	uint64_t legs_made; /* as the call had counted at the last PutCapture */
	bool begun, ending;
	Tandem__Relay__V1__CaptureSummary summary;
	uint64_t behind; /* packets that `told` did not take */
	struct name *names;
	size_t name_count;
	session_captured *told;
	session_reply *reply;
	void *arg;
	uv_timer_t timer;
	uv_check_t check;
	unsigned int users; /* handles that are open, and requests that wait */
};

/* --- life ------------------------------------------------------------------------------------ */

static void release(struct session_capture *c)
{
	if (--c->users)
		return;
	for (size_t k = 0; k < c->name_count; k++)
		free(c->names[k].tag);
	free(c->names);
	free(c->tag);
	free(c);
}

static void on_closed(uv_handle_t *handle)
{
	release(handle->data);
}

/* From here on nobody is told. */
static void leave(struct session_capture *c)
{
	LIST_REMOVE(c, entry);
	c->session = NULL;
	call_release(c->call);
	uv_close((uv_handle_t *)&c->timer, on_closed);
	uv_close((uv_handle_t *)&c->check, on_closed);
}

static void finish(struct session_capture *c, const struct session_error *error)
{
	Tandem__Relay__V1__CaptureReply last = TANDEM__RELAY__V1__CAPTURE_REPLY__INIT;

	log_info("call %s: the capture is over: %s", c->call->id,
		 error ? error->text : c->summary.why);
	c->summary.lost += c->behind;
	last.over = &c->summary;
	last.missed = c->summary.over_rate + c->summary.lost;
	leave(c);
	c->reply(c->arg, error ? NULL : &last.base, error);
}

static void ask_to_delete(struct session_capture *c, struct client *client, client_reply *reply)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__DeleteCapture gone = TANDEM__DATAPLANE__V1__DELETE_CAPTURE__INIT;

	gone.capture = c->id;
	message.delete_capture = &gone;
	client_request(client, &message, reply, c);
}

static void on_deleted(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct session_capture *c = arg;

	if (c->session)
		finish(c, NULL);
	release(c);
}

/* The dataplane tells the last of it first. */
static void end(struct session_capture *c, const char *why)
{
	if (c->ending)
		return;
	c->ending = true;
	c->summary.why = (char *)(uintptr_t)why;
	uv_timer_stop(&c->timer);
	uv_check_stop(&c->check);
	c->users++;
	ask_to_delete(c, c->session->client, on_deleted);
}

void session_uncapture(struct session_capture *c)
{
	log_info("call %s: the capture is over: its reader has gone", c->call->id);
	ask_to_delete(c, c->session->client, NULL);
	leave(c);
}

void captures_close(struct session *s)
{
	struct session_capture *c;

	while ((c = LIST_FIRST(&s->captures)))
		leave(c);
}

/* --- legs ------------------------------------------------------------------------------------ */

static struct name *find_name(const struct session_capture *c, uint64_t leg)
{
	for (size_t k = 0; k < c->name_count; k++)
		if (c->names[k].leg == leg)
			return &c->names[k];
	return NULL;
}

/* Without memory its packets have no name. */
static void name_leg(struct session_capture *c, const struct leg *leg)
{
	struct name *name = find_name(c, leg->id);
	struct name *names;

	if (!name) {
		names = realloc(c->names, (c->name_count + 1) * sizeof(names[0]));
		if (!names)
			return;
		c->names = names;
		name = &names[c->name_count++];
		*name = (struct name){.leg = leg->id};
	}
	snprintf(name->media, sizeof(name->media), "%s", leg->media);
	if (leg->party->tag && !name->tag)
		name->tag = strdup(leg->party->tag);
}

static bool is_meant(const struct session_capture *c, const struct party *party)
{
	return !c->tag[0] || (party->tag && strcmp(party->tag, c->tag) == 0);
}

static size_t list_legs(struct session_capture *c, uint64_t *legs)
{
	const struct call *call = c->call;
	const struct party *party;
	const struct leg *leg;
	size_t count = 0;

	for_each_leg(leg, call)
	{
		if (!is_meant(c, party))
			continue;
		if (legs) {
			legs[count] = leg->id;
			name_leg(c, leg);
		}
		count++;
	}
	return count;
}

/* --- the dataplane's part -------------------------------------------------------------------- */

static void refuse(struct session_capture *c, int error, const char *what)
{
	static const struct {
		int error, code;
	} codes[] = {{-ENOTCONN, SESSION_UNAVAILABLE},
		     {-ENOSPC, SESSION_RESOURCE_EXHAUSTED},
		     {-ENOMEM, SESSION_RESOURCE_EXHAUSTED},
		     {-EEXIST, SESSION_ALREADY_EXISTS},
		     {-EINVAL, SESSION_INVALID_ARGUMENT}};
	struct session_error why = {.code = SESSION_INTERNAL};

	for (size_t k = 0; k < sizeof(codes) / sizeof(codes[0]); k++)
		if (codes[k].error == error)
			why.code = codes[k].code;
	snprintf(why.text, sizeof(why.text), "%s", what);
	if (c->begun)
		ask_to_delete(c, c->session->client, NULL);
	finish(c, &why);
}

static void on_put(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	Tandem__Relay__V1__CaptureReply begun = TANDEM__RELAY__V1__CAPTURE_REPLY__INIT;
	struct session_capture *c = arg;

	if (c->session && !c->ending && error) {
		refuse(c, error, reply ? reply->what : SESSION_AWAY);
	} else if (c->session && !c->begun) {
		c->begun = true;
		c->told(c->arg, &begun);
	}
	release(c);
}

/* With the legs that the call has now, for another lease. */
static void put(struct session_capture *c)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutCapture capture = TANDEM__DATAPLANE__V1__PUT_CAPTURE__INIT;

	c->legs_made = c->call->legs_made;
	capture.capture = c->id;
	capture.legs = calloc(list_legs(c, NULL) + 1, sizeof(capture.legs[0]));
	if (!capture.legs)
		return refuse(c, -ENOMEM, "no memory for the capture");
	capture.n_legs = list_legs(c, capture.legs);
	capture.decrypted = !c->wish.wire;
	capture.snap = c->wish.snap;
	capture.pps = c->wish.pps;
	capture.bytes_per_second = c->wish.bytes_per_second;
	capture.lease_ms = LEASE_MS;
	message.put_capture = &capture;
	c->users++;
	client_request(c->session->client, &message, on_put, c);
	free(capture.legs);
}

static void on_timer(uv_timer_t *timer)
{
	struct session_capture *c = timer->data;
	uint64_t now = uv_now(timer->loop);

	if (now >= c->ends)
		return end(c, "its time is over");
	uv_timer_start(timer, on_timer, c->ends - now < RENEW_MS ? c->ends - now : RENEW_MS, 0);
	put(c);
}

/* After each turn of the loop, so that a new leg is captured before anybody knows of it. */
static void on_check(uv_check_t *check)
{
	struct session_capture *c = check->data;

	if (c->call->gone)
		end(c, "the call has ended");
	else if (!client_is_up(c->session->client))
		refuse(c, -ENOTCONN, SESSION_AWAY);
	else if (c->legs_made != c->call->legs_made)
		put(c);
}

struct session_capture *captures_begin(struct call *call, const struct captures_wish *wish,
				       session_captured *told, session_reply *reply, void *arg)
{
	struct session *s = call->session;
	struct session_capture *c = calloc(1, sizeof(*c));

	if (c)
		c->tag = strdup(wish->tag);
	if (!c || !c->tag) {
		free(c);
		return NULL;
	}
	while (!c->id)
		if (getrandom(&c->id, sizeof(c->id), 0) != sizeof(c->id))
			c->id = uv_hrtime();
	c->session = s;
	c->call = call_hold(call);
	c->wish = *wish;
	c->wish.tag = c->tag;
	c->told = told;
	c->reply = reply;
	c->arg = arg;
	c->ends = uv_now(s->loop) + wish->for_ms;
	tandem__relay__v1__capture_summary__init(&c->summary);
	uv_timer_init(s->loop, &c->timer);
	uv_check_init(s->loop, &c->check);
	c->timer.data = c->check.data = c;
	c->users = 2;
	LIST_INSERT_HEAD(&s->captures, c, entry);
	/* Nobody is told before this returns. */
	c->legs_made = call->legs_made;
	uv_check_start(&c->check, on_check);
	uv_timer_start(&c->timer, on_timer, 0, 0);
	log_info("call %s: a capture begins, %s", call->id,
		 wish->wire ? "as on the wire" : "decrypted");
	return c;
}

/* --- packets --------------------------------------------------------------------------------- */

static void show(const struct session_capture *c, Tandem__Relay__V1__CapturedPacket *to,
		 const Tandem__Dataplane__V1__CapturedPacket *from)
{
	const struct name *name = find_name(c, from->leg);

	tandem__relay__v1__captured_packet__init(to);
	to->time_ns = from->time_ns;
	to->sent = from->sent;
	to->length = from->length;
	to->octets = from->octets;
	to->sealed = from->sealed;
	to->leg = from->leg;
	if (name && name->tag)
		to->tag = name->tag;
	if (name)
		to->media = (char *)name->media;
}

/* As many as the size allows; false: not all. */
static bool tell(struct session_capture *c, const Tandem__Dataplane__V1__Captured *captured,
		 Tandem__Relay__V1__CapturedPacket *packets,
		 Tandem__Relay__V1__CapturedPacket **list)
{
	Tandem__Relay__V1__CaptureReply reply = TANDEM__RELAY__V1__CAPTURE_REPLY__INIT;
	uint64_t bytes = 0;
	size_t count = 0;

	while (count < captured->n_packets) {
		size_t size = captured->packets[count]->octets.len;

		if (c->summary.bytes + bytes + size > c->wish.max_bytes)
			break;
		bytes += size;
		show(c, &packets[count], captured->packets[count]);
		list[count] = &packets[count];
		count++;
	}
	reply.packets = list;
	reply.n_packets = count;
	reply.missed = c->summary.over_rate + c->summary.lost + c->behind;
	if (count && !c->told(c->arg, &reply)) {
		c->behind += count;
	} else {
		c->summary.packets += count;
		c->summary.bytes += bytes;
	}
	return count == captured->n_packets;
}

static void take_packets(struct session_capture *c, const Tandem__Dataplane__V1__Captured *captured)
{
	Tandem__Relay__V1__CapturedPacket *packets =
		calloc(captured->n_packets, sizeof(packets[0]));
	Tandem__Relay__V1__CapturedPacket **list = calloc(captured->n_packets, sizeof(list[0]));

	if (!packets || !list)
		c->behind += captured->n_packets;
	else if (!tell(c, captured, packets, list))
		end(c, "its size is reached");
	free(packets);
	free(list);
}

void captures_take(struct session *s, const Tandem__Dataplane__V1__Captured *captured)
{
	struct session_capture *c;

	LIST_FOREACH (c, &s->captures, entry)
		if (c->id == captured->capture)
			break;
	if (!c)
		return;
	c->summary.over_rate = captured->over_rate;
	c->summary.lost = captured->lost;
	if (captured->n_packets)
		take_packets(c, captured);
	if (captured->over)
		end(c, "the dataplane has ended it: this control plane did not keep up");
}
