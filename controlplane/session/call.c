/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "controlplane/session/session_state.h"

struct call *call_make(struct session *session, const char *id)
{
	struct call *call = calloc(1, sizeof(*call));
	struct timespec now;

	if (!call)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	call->created = (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	call->session = session;
	call->references = 1;
	TAILQ_INIT(&call->bridges);
	call->id = strdup(id);
	if (!call->id) {
		free(call);
		return NULL;
	}
	return call;
}

struct call *call_hold(struct call *call)
{
	call->references++;
	return call;
}

void call_release(struct call *call)
{
	struct bridge *bridge;

	if (!call || --call->references)
		return;
	offer_free(call->offer);
	while ((bridge = TAILQ_FIRST(&call->bridges)))
		bridge_free(bridge);
	for (enum side side = SIDE_A; side < SIDES; side++)
		mids_free(&call->mids[side]);
	free(call->tags[SIDE_A]);
	free(call->tags[SIDE_B]);
	free(call->id);
	free(call);
}

struct bridge *bridge_make(struct call *call)
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));

	if (!bridge)
		return NULL;
	bridge->call = call;
	bridge->number = ++call->bridges_made;
	bridge->pending = true;
	TAILQ_INSERT_TAIL(&call->bridges, bridge, entry);
	return bridge;
}

void bridge_free(struct bridge *bridge)
{
	TAILQ_REMOVE(&bridge->call->bridges, bridge, entry);
	leg_free(bridge->legs[SIDE_A]);
	leg_free(bridge->legs[SIDE_B]);
	free(bridge);
}

struct bridge *call_bridge_of_line(const struct call *call, unsigned int line)
{
	struct bridge *bridge;

	TAILQ_FOREACH (bridge, &call->bridges, entry)
		if (!bridge->pending && bridge->lines & 1u << line)
			return bridge;
	return NULL;
}

static uint64_t fresh_id(void)
{
	uint64_t id = 0;

	while (id == 0)
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			return 0;
	return id;
}

int leg_make(struct leg **out, struct bridge *bridge, enum side side, struct media_address *at,
	     unsigned int port, bool pair, uint64_t id)
{
	struct session *session = bridge->call->session;
	struct leg *leg = calloc(1, sizeof(*leg));
	int taken;

	*out = NULL;
	if (!leg)
		return -ENOMEM;
	taken = port ? ports_claim(at->ports, port, pair)
		     : ports_take(at->ports, pair, uv_now(session->loop));
	leg->id = id ? id : fresh_id();
	if (taken < 0 || leg->id == 0) {
		free(leg);
		return taken < 0 ? taken : -EIO;
	}
	leg->session = session;
	leg->bridge = bridge;
	leg->side = side;
	leg->at = at;
	leg->port = port ? port : (unsigned int)taken;
	leg->pair = pair;
	bridge->legs[side] = leg;
	session_add_leg(session, leg);
	*out = leg;
	return 0;
}

void leg_retire(struct leg *leg)
{
	if (leg->retired)
		return;
	leg->retired = true;
	session_remove_leg(leg->session, leg);
	dtls_free(leg->dtls);
	leg->dtls = NULL;
}

void leg_free(struct leg *leg)
{
	if (!leg)
		return;
	leg_retire(leg);
	ports_give(leg->at->ports, leg->port, leg->pair, uv_now(leg->session->loop));
	dtls_identity_release(leg->identity);
	leg->bridge->legs[leg->side] = NULL;
	terms_wipe(&leg->terms);
	free(leg);
}

void leg_hear(struct leg *leg, const Tandem__Dataplane__V1__Endpoint *remote)
{
	memset(&leg->heard, 0, sizeof(leg->heard));
	if (!remote || (remote->address.len != 4 && remote->address.len != 16))
		return;
	leg->heard.family = remote->address.len == 16 ? AF_INET6 : AF_INET;
	memcpy(leg->heard.ip, remote->address.data, remote->address.len);
	leg->heard.port = remote->port;
}

void offer_free(struct offer *offer)
{
	if (!offer)
		return;
	for (unsigned int i = 0; i < offer->plan_count; i++)
		for (enum side side = SIDE_A; side < SIDES; side++)
			terms_wipe(&offer->plans[i].terms[side]);
	free(offer->plans);
	sdp_free(offer->sdp);
	free(offer);
}
