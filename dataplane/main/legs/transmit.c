/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams of the control plane to a leg's participant: of DTLS, and RTCP of the relay's own. */
#include <errno.h>
#include <string.h>

#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/links/port.h"
#include "dataplane/main/shared.h"
#include "dataplane/srtp/index.h"
#include "dataplane/wire/rtcp.h"
#include "dataplane/wire/rtp.h"

#define RTCP_MOST 1200 /* octets */
#define NOT_KNOWN "the participant's address is not known yet"

static int fail(const char **what, const char *text, int error)
{
	*what = text;
	return error;
}

/* Takes the egress over. */
static int send_datagram(struct registry *r, const struct record *record, struct egress *egress,
			 const uint8_t *octets, size_t length, const char **what)
{
	int error = port_send_datagram(r->dataplane, record->worker, record->leg, egress, octets,
				       length);

	if (error == -EHOSTUNREACH)
		error = deferred_add(&r->deferred, record->worker, record->leg, egress, octets,
				     length);
	else
		egress_release(egress);
	return error ? fail(what, "the datagram could not be sent now", error) : 0;
}

static int destination(const struct registry *r, const struct record *record,
		       const Tandem__Dataplane__V1__Endpoint *given, struct endpoint *to,
		       const char **what)
{
	const struct address *local = &r->dataplane->addresses[record->address].address;
	const struct egress *usual = record->egress[0];

	if (!given && !usual)
		return fail(what, NOT_KNOWN, -EDESTADDRREQ);
	if (!given)
		*to = usual->remote;
	else if (leg_plan_endpoint(to, given) ||
		 address_is_ipv4(&to->address) != address_is_ipv4(local))
		return fail(what, "to: needs an address of the leg's family and a port", -EINVAL);
	return 0;
}

/* --- RTCP ------------------------------------------------------------------------------------ */

/* What the participant takes apart: a report first, and nothing but whole packets. */
static bool is_compound(const ProtobufCBinaryData *datagram)
{
	struct rtcp_cursor cursor = {datagram->data, datagram->len};
	struct rtcp_packet p;
	bool first = true;

	if (datagram->len < RTCP_HEADER || datagram->len > RTCP_MOST)
		return false;
	while (rtcp_next(&cursor, &p)) {
		if (first && p.type != RTCP_SR && p.type != RTCP_RR)
			return false;
		first = false;
	}
	return !first && !cursor.left;
}

/*
 * The record counts what was sent, through all keys that the leg ever has: an index that only grows
 * suits a receiver that begins anew with a key as well as one that goes on.
 */
static int protect(struct registry *r, struct record *record, uint8_t *octets, size_t *length,
		   const char **what)
{
	struct crypt_job job = {
		.key = record->protect,
		.data = octets,
		.length = *length,
		.header = RTCP_HEADER,
		.rtcp = true,
		.ssrc = rtcp_ssrc(octets),
		.index = INDEX_RTCP_OWN + record->own_rtcp,
	};

	if (record->latest->security == LEG_PLAIN)
		return 0;
	if (!job.key)
		return fail(what, "leg: the relay has no key towards the participant", -ENOKEY);
	if (job.index >= INDEX_RTCP_END)
		return fail(what, "leg: its SRTCP indices are used up: it needs to be made anew",
			    -EKEYEXPIRED);
	record->own_rtcp++;
	r->config.engine->protect(&job, 1);
	if (job.status != CRYPT_OK)
		return fail(what, "the crypto engine fails", -EIO);
	*length = job.length;
	return 0;
}

static int transmit_rtcp(struct registry *r, struct record *record,
			 const ProtobufCBinaryData *datagram, const char **what)
{
	struct egress *egress = record->egress[record->latest->rtcp_mux ? 0 : 1];
	uint8_t octets[RTCP_MOST + CRYPT_TRAILER_MAX];
	size_t length = datagram->len;
	int error;

	if (!is_compound(datagram))
		return fail(what, "datagram: no compound RTCP of up to 1200 octets", -EINVAL);
	if (!egress)
		return fail(what, NOT_KNOWN, -EDESTADDRREQ);
	memcpy(octets, datagram->data, length);
	error = protect(r, record, octets, &length, what);
	if (error)
		return error;
	return send_datagram(r, record, shared_hold(egress), octets, length, what);
}

/* --- both ------------------------------------------------------------------------------------ */

int registry_transmit(struct registry *r, const Tandem__Dataplane__V1__Transmit *transmit,
		      const char **what)
{
	struct record *record = record_find(r, transmit->leg);
	const ProtobufCBinaryData *datagram = &transmit->datagram;
	struct egress *egress;
	struct endpoint to;
	int error;

	if (!record)
		return fail(what, "leg: no such leg", -ENOENT);
	if (!datagram->len)
		return fail(what, "datagram: empty", -EINVAL);
	if (transmit->rtcp)
		return transmit_rtcp(r, record, datagram, what);
	error = destination(r, record, transmit->to, &to, what);
	if (error)
		return error;
	egress = egress_create(r->dataplane, record->address, record->port, &to, record->dscp);
	if (!egress)
		return fail(what, "to: neither on-link nor behind a gateway", -EHOSTUNREACH);
	return send_datagram(r, record, egress, datagram->data, datagram->len, what);
}
