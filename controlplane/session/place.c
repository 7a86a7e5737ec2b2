/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/place.h"

#include <errno.h>
#include <string.h>

#include "controlplane/session/destination.h"
#include "controlplane/session/session_state.h"

static struct media_address *choose_address(struct session *s, const struct wish *wish,
					    const struct sdp_media *media)
{
	bool ipv4 = wish->family == TANDEM__RELAY__V1__FAMILY__FAMILY_IPV4;
	bool same = wish->family == TANDEM__RELAY__V1__FAMILY__FAMILY_SAME;

	if (same)
		ipv4 = address_is_ipv4(&media->remote.address);
	return networks_choose(&s->networks, wish->network, ipv4, !same);
}

int place_leg(struct leg **leg, struct party *party, const struct wish *wish, unsigned int line,
	      const struct sdp_media *media, bool pair, struct session_error *error)
{
	struct media_address *first = choose_address(party->call->session, wish, media), *at;
	int result;

	if (!first)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "the dataplane has no network \"%s\" with an address of that "
				      "family; see tandemctl ports",
				      wish->network);
	result = leg_make_again(leg, party, first, line, pair);
	if (result)
		result = leg_make(leg, party, first, 0, pair, 0);
	for (at = networks_next(first); at && result == -EADDRNOTAVAIL; at = networks_next(at))
		result = leg_make(leg, party, at, 0, pair, 0);
	if (result == -EADDRNOTAVAIL)
		return session_refuse(
			error, SESSION_RESOURCE_EXHAUSTED,
			"no free UDP port in network \"%s\"; widen [controlplane] ports, "
			"or give it another address",
			first->network);
	if (result)
		return session_refuse(error, SESSION_INTERNAL, "%s", strerror(-result));
	return 0;
}

static bool other_family(const struct leg *leg, const struct endpoint *to)
{
	return !endpoint_is_zero(to) &&
	       address_is_ipv4(&to->address) != address_is_ipv4(&leg->at->address);
}

static int check_destination(const struct session *s, const struct endpoint *to, unsigned int mline,
			     struct session_error *error)
{
	char text[ADDRESS_TEXT];
	const char *what;

	if (endpoint_is_zero(to))
		return 0;
	what = destination_refuse(&to->address, &s->networks, s->denied, s->config.deny_count);
	if (!what)
		return 0;
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "m-line %u: no media is sent to %s, %s; name the participant's own "
			      "address",
			      mline, endpoint_text(text, to), what);
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
				      mline, address_is_ipv4(&leg->at->address) ? 4 : 6);
	if (check_destination(leg->session, &t->remote, mline, error) ||
	    (!t->rtcp_mux && check_destination(leg->session, &t->remote_rtcp, mline, error)))
		return -EINVAL;
	return 0;
}
