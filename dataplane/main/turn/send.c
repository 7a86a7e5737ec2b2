/* SPDX-License-Identifier: BSD-3-Clause */
/* What the main lcore sends to clients, and to the gate of them. */
#include <errno.h>

#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/links/port.h"
#include "dataplane/main/shared.h"
#include "dataplane/main/turn/turn_state.h"

void turn_send(struct turn_server *s, struct egress *egress, const uint8_t *datagram,
	       uint16_t length)
{
	/* What is lost for another reason the client asks for again. */
	if (port_send_datagram(s->dataplane, 0, NULL, egress, datagram, length) == -EHOSTUNREACH)
		deferred_add(&s->deferred, 0, NULL, shared_hold(egress), datagram, length);
}

/* --- the gate -------------------------------------------------------------------------------- */

bool turn_is_blocked(const struct turn_server *s, const struct endpoint *origin)
{
	return !endpoint_is_zero(origin) && s->config.is_blocked(s->config.arg, &origin->address);
}

void turn_hang_up(struct turn_server *s, unsigned int listener, const struct endpoint *client)
{
	const struct turn_listener *l = &s->turn.listeners[listener];
	struct egress *egress =
		egress_create(s->dataplane, l->address, endpoint_port(&l->local), client,
			      s->dataplane->addresses[l->address].network->dscp);
	uint8_t gone[STUN_HEADER] = {TURN_GONE >> 8, TURN_GONE & 0xff};

	if (!egress)
		return;
	stun_store32(gone + 4, STUN_COOKIE);
	turn_send(s, egress, gone, sizeof(gone));
	egress_release(egress);
}
