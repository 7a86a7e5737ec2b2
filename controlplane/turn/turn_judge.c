/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verdict on an Allocate request that has met its challenge (RFC 8656 7.2): is it signed, does
 * it ask for what is served, has its user some left. What is granted the dataplane opens and
 * answers itself; what is refused is answered here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "controlplane/lib/octets.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/turn/turn_state.h"
#include "dataplane/lib/log.h"

#define TRIES 16 /* ports that may be taken */

/* One request while the dataplane is asked for a port. */
struct turn_grant {
	LIST_ENTRY(turn_grant) entry;
	struct turn_server *t;
	bool gone; /* its client is, meanwhile */
	uint64_t id;
	struct endpoint server, client, relayed;
	struct endpoint origin; /* where the gate's client is; zero: it came by itself */
	uint8_t key[TURN_KEY];
	uint8_t user[TURN_NAME];
	size_t user_length;
	uint32_t lifetime_s;
	unsigned int tries;
	bool even_port;
	uint8_t request[STUN_HEADER]; /* its header */
};

void turn_name_of(char *name, const ProtobufCBinaryData *username)
{
	char text[TURN_NAME];

	snprintf(text, sizeof(text), "%.*s", (int)username->len, (const char *)username->data);
	turn_user_name(name, TURN_NAME, text);
}

/* Where the client is, for the log. */
static const char *where(char text[ADDRESS_TEXT], const struct turn_grant *g)
{
	return pseudonym_endpoint(text, endpoint_is_zero(&g->origin) ? &g->client : &g->origin);
}

/* --- refusals -------------------------------------------------------------------------------- */

static void answer(struct turn_server *t, const struct endpoint *server,
		   const struct endpoint *client, uint8_t *datagram, size_t length)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__AnswerTurn put = TANDEM__DATAPLANE__V1__ANSWER_TURN__INIT;
	Tandem__Dataplane__V1__Endpoint from, to;

	octets_fill_endpoint(&from, &server->address, endpoint_port(server));
	octets_fill_endpoint(&to, &client->address, endpoint_port(client));
	put.server = &from;
	put.client = &to;
	put.datagram = (ProtobufCBinaryData){length, datagram};
	message.answer_turn = &put;
	client_request(t->client, &message, NULL, NULL);
}

static void refuse(struct turn_server *t, const struct endpoint *server,
		   const struct endpoint *client, const struct turn_message *request,
		   enum turn_error code, const uint8_t key[TURN_KEY])
{
	uint8_t out[TURN_ANSWER_MAX];
	struct stun_auth auth = {{0}, {0}};

	turn_count_refusal(t, code);
	if (key)
		stun_auth_set_key(&auth, key, TURN_KEY);
	answer(t, server, client, out, turn_answer_error(out, request, code, key ? &auth : NULL));
	OPENSSL_cleanse(&auth, sizeof(auth));
}

/* Its nonce was right, and stays so: with other credentials it may try again. */
static void ask_again(struct turn_server *t, const struct endpoint *server,
		      const struct endpoint *client, const struct turn_message *request)
{
	size_t realm = strlen(t->config.realm);
	uint8_t out[TURN_ANSWER_MAX];
	uint16_t at = turn_answer(out, request, TURN_ERROR);

	turn_count_refusal(t, TURN_UNAUTHENTICATED);
	stun_put_error(out, &at, TURN_UNAUTHENTICATED, "");
	memcpy(stun_put(out, &at, STUN_REALM, realm), t->config.realm, realm);
	memcpy(stun_put(out, &at, STUN_NONCE, request->nonce_length),
	       request->data + request->nonce, request->nonce_length);
	answer(t, server, client, out, turn_finish(out, at, NULL));
}

/* --- granting -------------------------------------------------------------------------------- */

static void ask_port(struct turn_grant *g);

static void end(struct turn_grant *g)
{
	LIST_REMOVE(g, entry);
	OPENSSL_cleanse(g, sizeof(*g));
	free(g);
}

/* What was granted to nobody; the dataplane tells of no end that it was asked for. */
static void take_back(struct turn_grant *g, bool granted)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__DeleteAllocation gone =
		TANDEM__DATAPLANE__V1__DELETE_ALLOCATION__INIT;

	turn_lease_remove(&g->t->leases, g->id);
	gone.allocation = g->id;
	message.delete_allocation = &gone;
	if (granted)
		client_request(g->t->client, &message, NULL, NULL);
	end(g);
}

static void on_granted(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct turn_grant *g = arg;
	struct turn_message request = {
		.data = g->request, .length = STUN_HEADER, .type = TURN_ALLOCATE};
	char text[ADDRESS_TEXT];

	/* Without the dataplane nobody is there to answer. */
	if (!reply)
		return end(g);
	if (g->gone)
		return take_back(g, !error);
	if (error == -EADDRINUSE && ++g->tries < TRIES)
		return ask_port(g);
	/* Of whoever had the address before, or of a request before this one. */
	if (error == -EEXIST) {
		turn_lease_remove(&g->t->leases, g->id);
		refuse(g->t, &g->server, &g->client, &request, TURN_ALLOCATION_MISMATCH, g->key);
		return end(g);
	}
	if (error) {
		log_warn("turn: no allocation for %.*s at %s: %s", (int)g->user_length,
			 (const char *)g->user, where(text, g), reply->what);
		turn_lease_remove(&g->t->leases, g->id);
		refuse(g->t, &g->server, &g->client, &request, TURN_INSUFFICIENT_CAPACITY, g->key);
	} else {
		g->t->counts.granted++;
		log_debug("turn: allocation %016" PRIx64 " of %.*s at %s", g->id,
			  (int)g->user_length, (const char *)g->user, where(text, g));
	}
	end(g);
}

/* At random: who knows one relayed port knows nothing of the next (RFC 8656 7.2). */
static unsigned int choose_port(const struct turn_grant *g)
{
	const struct turn_config *config = &g->t->config;
	unsigned int port;
	uint32_t random = 0;

	RAND_bytes((uint8_t *)&random, sizeof(random));
	port = config->port_first + random % (config->port_last - config->port_first + 1);
	if (!g->even_port || port % 2 == 0)
		return port;
	return port > config->port_first ? port - 1 : port + 1;
}

static void ask_port(struct turn_grant *g)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutAllocation put = TANDEM__DATAPLANE__V1__PUT_ALLOCATION__INIT;
	Tandem__Dataplane__V1__Endpoint server, client, relayed, origin;

	octets_fill_endpoint(&server, &g->server.address, endpoint_port(&g->server));
	octets_fill_endpoint(&client, &g->client.address, endpoint_port(&g->client));
	octets_fill_endpoint(&relayed, &g->relayed.address, choose_port(g));
	octets_fill_endpoint(&origin, &g->origin.address, endpoint_port(&g->origin));
	put.allocation = g->id;
	put.server = &server;
	put.client = &client;
	put.relayed = &relayed;
	put.origin = endpoint_is_zero(&g->origin) ? NULL : &origin;
	put.lifetime_s = g->lifetime_s;
	put.key = (ProtobufCBinaryData){sizeof(g->key), g->key};
	put.user = (ProtobufCBinaryData){g->user_length, g->user};
	put.transaction = (ProtobufCBinaryData){12, g->request + 8};
	message.put_allocation = &put;
	client_request(g->t->client, &message, on_granted, g);
}

/* The same request, which may come again, asks for the same allocation. */
static uint64_t make_id(const struct turn_grant *g)
{
	uint8_t digest[SHA256_DIGEST_LENGTH], of[2 * (16 + 2) + 12];
	uint64_t id;

	memcpy(of, g->server.address.octets, 16);
	memcpy(of + 16, &g->server.port, 2);
	memcpy(of + 18, g->client.address.octets, 16);
	memcpy(of + 34, &g->client.port, 2);
	memcpy(of + 36, g->request + 8, 12);
	SHA256(of, sizeof(of), digest);
	memcpy(&id, digest, sizeof(id));
	return id ? id : 1;
}

static uint32_t lifetime_of(const struct turn_config *config, const struct turn_message *request)
{
	uint32_t wanted = request->has_lifetime ? request->lifetime : 0;

	if (wanted < config->lifetime_s)
		return config->lifetime_s;
	return wanted < config->lifetime_most_s ? wanted : config->lifetime_most_s;
}

static void grant(struct turn_server *t, const struct turn_grant *made, const char *name)
{
	struct turn_grant *g = malloc(sizeof(*g));

	if (!g)
		return;
	*g = *made;
	LIST_INSERT_HEAD(&t->grants, g, entry);
	if (turn_lease_add(&t->leases, g->id, name))
		return end(g);
	ask_port(g);
}

/* --- the verdict ----------------------------------------------------------------------------- */

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };

/* What the request asks for that is not served; 0: nothing. */
static int what_is_wrong(const struct turn_message *m)
{
	if (m->unknown_count)
		return TURN_UNKNOWN_ATTRIBUTE;
	if (m->reservation && (m->even_port || m->family))
		return TURN_BAD_REQUEST;
	if (!m->transport)
		return TURN_BAD_REQUEST;
	if (m->transport != TURN_UDP)
		return TURN_TRANSPORT_NOT_SUPPORTED;
	if (m->next_port || m->reservation)
		return TURN_INSUFFICIENT_CAPACITY;
	if (m->family && m->family != FAMILY_IPV4 && m->family != FAMILY_IPV6)
		return TURN_FAMILY_NOT_SUPPORTED;
	return 0;
}

/* The address that is relayed: without a wish one of IPv4 (RFC 8656 7.2), or what there is. False:
 * there is none. */
static bool choose_address(const struct turn_server *t, const struct endpoint *server,
			   const struct turn_message *m, struct address *out)
{
	bool ipv4 = m->family != FAMILY_IPV6;

	for (unsigned int k = 0; k < t->config.relay_count; k++) {
		*out = t->config.relay[k];
		if (address_is_ipv4(out) == ipv4)
			return true;
	}
	if (t->config.relay_count)
		return !m->family;
	*out = server->address;
	if (address_is_ipv4(out) == ipv4 || session_other_family(t->session, &server->address, out))
		return true;
	*out = server->address;
	return !m->family;
}

/* A request that came again, before the first could be answered. */
static bool is_under_way(const struct turn_server *t, uint64_t id)
{
	const struct turn_grant *g;

	LIST_FOREACH (g, &t->grants, entry)
		if (g->id == id && !g->gone)
			return true;
	return false;
}

static void judge_allocate(struct turn_server *t, struct turn_grant *g,
			   const struct turn_message *m)
{
	char name[TURN_NAME], text[ADDRESS_TEXT];
	int wrong = what_is_wrong(m);

	if (!wrong && !choose_address(t, &g->server, m, &g->relayed.address))
		wrong = TURN_FAMILY_NOT_SUPPORTED;
	if (wrong)
		return refuse(t, &g->server, &g->client, m, wrong, g->key);
	turn_name_of(name, &(ProtobufCBinaryData){g->user_length, g->user});
	g->id = make_id(g);
	if (is_under_way(t, g->id))
		return;
	if (!turn_lease_has(&t->leases, g->id) &&
	    turn_lease_count(&t->leases, name) >= t->config.allocations_per_user) {
		log_info("turn: %s at %s: refused, the user has its %u allocations", name,
			 where(text, g), t->config.allocations_per_user);
		return refuse(t, &g->server, &g->client, m, TURN_QUOTA_REACHED, g->key);
	}
	g->lifetime_s = lifetime_of(&t->config, m);
	g->even_port = m->even_port;
	grant(t, g, name);
}

/* The gate's word that a client's connection ended, or that another one begins. */
static void hear_gone(struct turn_server *t, const struct turn_grant *gone)
{
	struct turn_grant *g;

	LIST_FOREACH (g, &t->grants, entry)
		if (endpoint_equal(&g->server, &gone->server) &&
		    endpoint_equal(&g->client, &gone->client))
			g->gone = true;
}

void turn_judge(struct turn_server *t, const Tandem__Dataplane__V1__Event *event)
{
	struct turn_message m;
	struct turn_grant g = {.t = t};

	if (!t->serving || !t->known || turn_parse(&m, event->datagram.data, event->datagram.len))
		return;
	g.server = octets_read_endpoint(event->local);
	g.client = octets_read_endpoint(event->remote);
	g.origin = octets_read_endpoint(event->origin);
	if (m.type == TURN_HERE || m.type == TURN_GONE)
		return hear_gone(t, &g);
	if (!m.integrity || m.username_length > sizeof(g.user))
		return;
	if (!turn_credentials_verify(&t->config.credentials, t->config.realm, &m, time(NULL),
				     g.key))
		return ask_again(t, &g.server, &g.client, &m);
	memcpy(g.request, m.data, sizeof(g.request));
	memcpy(g.user, m.data + m.username, m.username_length);
	g.user_length = m.username_length;
	if (m.type == TURN_ALLOCATE)
		judge_allocate(t, &g, &m);
	else
		refuse(t, &g.server, &g.client, &m, TURN_ALLOCATION_MISMATCH, g.key);
	OPENSSL_cleanse(&g, sizeof(g));
}
