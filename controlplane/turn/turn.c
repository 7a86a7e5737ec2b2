/* SPDX-License-Identifier: BSD-3-Clause */
/* What the dataplane is told to serve, and what it has when this program starts. */
#include "controlplane/turn/turn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "controlplane/lib/octets.h"
#include "controlplane/turn/turn_state.h"
#include "dataplane/lib/log.h"

static void on_put(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct turn_server *t = arg;

	t->serving = !error;
	if (error && reply)
		log_error("turn: the dataplane does not serve it: %s", reply->what);
	else if (!error)
		log_info("turn: served at %u addresses, realm %s",
			 t->config.listen_count + t->config.gate_count, t->config.realm);
}

static void fill_prefixes(Tandem__Dataplane__V1__TurnPrefix *to,
			  Tandem__Dataplane__V1__TurnPrefix **list, const struct prefix *from,
			  unsigned int count)
{
	for (unsigned int k = 0; k < count; k++) {
		tandem__dataplane__v1__turn_prefix__init(&to[k]);
		to[k].address = octets_of(&from[k].address);
		to[k].length = octets_prefix_length(&from[k]);
		list[k] = &to[k];
	}
}

static void fill_endpoint(Tandem__Dataplane__V1__Endpoint *to, const struct endpoint *from)
{
	octets_fill_endpoint(to, &from->address, endpoint_port(from));
}

static void put_turn(struct turn_server *t)
{
	const struct turn_config *config = &t->config;
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutTurn put = TANDEM__DATAPLANE__V1__PUT_TURN__INIT;
	Tandem__Dataplane__V1__Endpoint listen[2 * TURN_LISTEN], *listen_list[2 * TURN_LISTEN];
	unsigned int count = 0;
	Tandem__Dataplane__V1__TurnPrefix deny[TURN_PREFIXES], *deny_list[TURN_PREFIXES];
	Tandem__Dataplane__V1__TurnPrefix allow[TURN_PREFIXES], *allow_list[TURN_PREFIXES];

	for (unsigned int k = 0; k < config->listen_count; k++, count++)
		fill_endpoint(&listen[count], &config->listen[k]);
	for (unsigned int k = 0; k < config->gate_count; k++, count++)
		fill_endpoint(&listen[count], &config->gates[k]);
	for (unsigned int k = 0; k < count; k++)
		listen_list[k] = &listen[k];
	fill_prefixes(deny, deny_list, config->deny, config->deny_count);
	fill_prefixes(allow, allow_list, config->allow, config->allow_count);
	put.listen = listen_list;
	put.n_listen = count;
	put.gates = listen_list + config->listen_count;
	put.n_gates = config->gate_count;
	put.realm = (char *)config->realm;
	put.any = config->any;
	put.deny = deny_list;
	put.n_deny = config->deny_count;
	put.allow = allow_list;
	put.n_allow = config->allow_count;
	put.lifetime_max_s = config->lifetime_most_s;
	put.client_pps = config->client_pps;
	put.stranger_pps = config->stranger_pps;
	message.put_turn = &put;
	client_request(t->client, &message, on_put, t);
}

/* --- what there is --------------------------------------------------------------------------- */

static void on_allocations(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct turn_server *t = arg;

	for (size_t k = 0; !error && k < reply->n_allocations; k++) {
		const Tandem__Dataplane__V1__Allocation *a = reply->allocations[k];
		char user[TURN_NAME];

		turn_name_of(user, &a->user);
		if (turn_lease_add(&t->leases, a->allocation, user))
			log_error("turn: not enough memory for all allocations");
	}
	if (!error && reply->next)
		turn_verb_ask(t, reply->next, 0, on_allocations, t);
	else if (!error)
		t->known = true;
}

/* Without a place to listen it is told so as well: another configuration may have had some. */
static void connected(void *arg)
{
	struct turn_server *t = arg;

	turn_leases_forget(&t->leases);
	t->serving = t->known = false;
	put_turn(t);
	turn_verb_ask(t, 0, 0, on_allocations, t);
}

static void on_event(void *arg, const Tandem__Dataplane__V1__Event *event)
{
	struct turn_server *t = arg;

	switch (event->kind) {
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_TURN_REQUEST:
		turn_judge(t, event);
		break;
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_ALLOCATION_OVER:
		turn_lease_remove(&t->leases, event->allocation);
		break;
	default:
		break;
	}
}

int turn_start(struct turn_server **out, struct session *session, uv_loop_t *loop,
	       const struct turn_config *config)
{
	struct turn_server *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t || turn_leases_open(&t->leases)) {
		free(t);
		return -ENOMEM;
	}
	t->session = session;
	t->client = session_client(session);
	t->config = *config;
	t->link = (struct session_link){.connected = connected, .event = on_event, .arg = t};
	session_link(session, &t->link);
	*out = t;
	return 0;
}

void turn_stop(struct turn_server *t)
{
	if (!t)
		return;
	turn_leases_close(&t->leases);
	OPENSSL_cleanse(&t->config, sizeof(t->config));
	free(t);
}
