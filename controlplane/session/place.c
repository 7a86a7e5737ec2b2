/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/place.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "controlplane/session/destination.h"
#include "controlplane/session/session_state.h"
#include "controlplane/session/why.h"

static struct media_address *choose_address(struct session *s, const struct wish *wish,
					    const struct sdp_media *media)
{
	int family = media->remote.family;

	if (wish->family == TANDEM__RELAY__V1__FAMILY__FAMILY_IPV4)
		family = AF_INET;
	else if (wish->family == TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6)
		family = AF_INET6;
	return networks_choose(&s->networks, wish->network, family,
			       wish->family != TANDEM__RELAY__V1__FAMILY__FAMILY_SAME);
}

int place_leg(struct leg **leg, struct party *party, const struct wish *wish,
	      const struct sdp_media *media, bool pair, struct session_error *error)
{
	struct media_address *at = choose_address(party->call->session, wish, media);
	int result;

	if (!at)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "the dataplane has no network \"%s\" with an address of that "
				      "family; see tandemctl ports",
				      wish->network);
	result = leg_make(leg, party, at, 0, pair, 0);
	if (result == -EADDRNOTAVAIL)
		return session_refuse(
			error, SESSION_RESOURCE_EXHAUSTED,
			"no free UDP port in network \"%s\"; widen [controlplane] ports",
			at->network);
	if (result)
		return session_refuse(error, SESSION_INTERNAL, "%s", strerror(-result));
	return 0;
}

static bool other_family(const struct leg *leg, const struct sdp_address *address)
{
	return address->family != AF_UNSPEC && address->family != leg->at->address.family;
}

static int check_destination(const struct session *s, const struct sdp_address *address,
			     unsigned int mline, struct session_error *error)
{
	const char *what =
		destination_refuse(address, &s->networks, s->denied, s->config.deny_count);
	char text[WHY_ADDRESS_MAX];

	if (!what)
		return 0;
	why_print_address(text, address, address->port);
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "m-line %u: no media is sent to %s, %s; name the participant's own "
			      "address",
			      mline, text, what);
}

int place_check(const struct leg *leg, const struct terms *t, unsigned int mline,
		struct session_error *error)
{
	if (!t->rtcp_mux && !leg->pair)
		return session_refuse(error, SESSION_UNIMPLEMENTED,
				      "m-line %u: rtcp-mux was agreed and cannot be taken back; "
				      "keep a=rtcp-mux",
				      mline);
	/* With ICE a nomination decides. */
	if (t->ice)
		return 0;
	if (other_family(leg, &t->remote) || (!t->rtcp_mux && other_family(leg, &t->remote_rtcp)))
		return session_refuse(error, SESSION_UNIMPLEMENTED,
				      "m-line %u: its address is not of the family of the relay's "
				      "there, which is IPv%d; choose network and family of that "
				      "party for a new call",
				      mline, leg->at->address.family == AF_INET6 ? 6 : 4);
	if (check_destination(leg->session, &t->remote, mline, error) ||
	    (!t->rtcp_mux && check_destination(leg->session, &t->remote_rtcp, mline, error)))
		return -EINVAL;
	return 0;
}
