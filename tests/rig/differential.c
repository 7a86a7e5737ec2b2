/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/differential.h"

#include <stdio.h>

#include "dataplane/wire/rtp.h"

static const char *const task_names[TASKS] = {"protect", "unprotect", "verify"};

const char *differential_name(enum drop verdict)
{
	return verdict == DROP_NONE ? "passed" : drop_reasons[verdict].name;
}

struct differential *differential_create(uint32_t (*chance)(uint32_t below))
{
	struct differential *d = calloc(1, sizeof(*d));

	d->bench = call_begin(CALLS * 2 * ENGINES * SSRCS);
	d->engine[0] = d->bench->worker->engine;
	d->engine[1] = &crypt_libsrtp;
	if (d->engine[0] == d->engine[1] || d->engine[1]->start())
		abort();
	d->chance = chance;
	return d;
}

void differential_destroy(struct differential *d)
{
	d->engine[1]->stop();
	call_end();
	free(d);
}

/* Each call has keys of its own, and so has each of its epochs. */
static struct crypt_key *new_key(struct differential *d, unsigned int c, unsigned int e,
				 enum srtp_suite suite, enum crypt_direction direction)
{
	struct crypt_key *key = call_key(d->engine[e], suite, direction, d->epoch[c] + 32 * c);

	key->epoch = d->epoch[c];
	return key;
}

static void rekey(struct differential *d, unsigned int c)
{
	enum srtp_suite suite = 1 + d->chance(SUITE_COUNT - 1);
	bool goes_on = d->chance(2);

	d->epoch[c]++;
	for (unsigned int e = 0; e < ENGINES; e++) {
		struct call *call = d->call[c][e];

		if (call->secure.receive_previous)
			call->engine->key_free(call->secure.receive_previous);
		call->secure.receive_previous = call->receive;
		call->receive = new_key(d, c, e, suite, CRYPT_RECEIVE);
		call->secure.receive = call->receive;
		call->secure.grace_until = d->now + 8;
		stream_new_receive_epoch(&call->receiver->flow, d->epoch[c]);
		call->engine->key_free(call->send);
		call->send = new_key(d, c, e, suite, CRYPT_SEND);
		call->plain.own.send = call->send;
		call_apply(call);
		stream_new_send_key(&call->sender->flow, goes_on);
		/* libsrtp has no way to go on with SRTCP's. */
		for (struct stream *s = call->sender->flow.streams; s; s = s->next)
			s->send_rtcp = 1;
	}
}

void differential_open(struct differential *d)
{
	d->now = 1000;
	d->sent = d->arrived = 0;
	for (unsigned int c = 0; c < CALLS; c++) {
		for (unsigned int e = 0; e < ENGINES; e++) {
			d->bench->worker->engine = d->engine[e];
			d->call[c][e] = call_open(1 + c % (SUITE_COUNT - 1));
		}
		for (unsigned int s = 0; s < SSRCS; s++)
			d->seq[c][s] = d->chance(0x10000);
		d->epoch[c] = 1;
		rekey(d, c);
	}
}

void differential_close(struct differential *d)
{
	for (unsigned int c = 0; c < CALLS; c++)
		for (unsigned int e = 0; e < ENGINES; e++) {
			d->engine[e]->key_free(d->call[c][e]->secure.receive_previous);
			call_close(d->call[c][e]);
		}
	d->bench->worker->engine = d->engine[0];
}

static struct packet plain(struct differential *d, unsigned int c)
{
	unsigned int s = d->chance(d->chance(4) ? SSRCS - 1 : SSRCS), payload = 160;
	uint16_t seq;

	if (d->chance(8) == 0)
		return packet_rtcp(s, d->chance(32));
	if (d->chance(3) == 0)
		payload = d->chance(2) ? d->chance(1401) : d->chance(40);
	d->seq[c][s] += d->chance(32) ? d->chance(16) != 0 : d->chance(33000);
	seq = d->seq[c][s];
	if (d->chance(32) == 0)
		seq -= d->chance(1200);
	return packet_rtp(s, seq, d->chance(4) ? 0 : d->chance(16),
			  d->chance(4) ? -1 : (int)d->chance(4), payload);
}

/* What classify lets through: the packet holds the header that it announces. */
static bool is_whole(const struct packet *w)
{
	unsigned int header = RTP_HEADER + 4 * (w->octets[0] & 0x0f);

	if (w->class == CLASS_RTCP)
		return w->length >= RTCP_HEADER;
	if (w->octets[0] & 0x10)
		header += 4;
	return w->length >= header && w->length >= rtp_header_length(w->octets);
}

static void harm(struct differential *d, struct packet *w)
{
	struct packet harmed = *w;

	if (d->chance(4) == 0)
		harmed.length -= d->chance(harmed.length);
	else
		harmed.octets[d->chance(harmed.length)] ^= 1 << d->chance(8);
	if (is_whole(&harmed))
		*w = harmed;
}

/* The next packet on its way; sometimes one that comes too early, or late, or again. */
static const struct parcel *arrival(struct differential *d)
{
	unsigned int oldest = d->sent > AIR ? d->sent - AIR : 0;
	unsigned int at = RTE_MAX(d->arrived, oldest);
	unsigned int how = d->chance(8);

	if (how == 0)
		at = oldest + d->chance(d->sent - oldest);
	else if (how == 1 && at < d->sent)
		at += d->chance(RTE_MIN(d->sent - at, 16u));
	else if (at < d->sent)
		d->arrived = at + 1;
	else
		at = d->sent - 1;
	return &d->air[at % AIR];
}

static void run(struct differential *d, unsigned int e, enum task task, unsigned int count)
{
	const struct crypt_engine verifier = verifier_of(d->engine[e]);
	struct worker *w = d->bench->worker;
	bool protect = task == PROTECT;
	struct burst b;

	w->engine = task == VERIFY ? &verifier : d->engine[e];
	w->streams_per_flow = protect ? SSRCS : SSRCS - 1;
	media_burst(&b, d->now);
	for (unsigned int k = 0; k < count; k++) {
		const struct parcel *p = &d->burst[k];
		struct call *call = d->call[p->call][e];

		media_add(d->bench, &b, protect ? call->sender : call->receiver, &p->wire);
	}
	crypt_unprotect_stage(w, &b);
	if (protect)
		crypt_protect_stage(w, &b);
	for (unsigned int k = 0; k < count; k++) {
		struct packet *out = &d->out[e][k];

		d->verdict[e][k] = burst_is_media(&b, k) ? DROP_NONE : b.reason[k];
		out->class = b.class[k];
		out->length = d->verdict[e][k] == DROP_NONE ? b.length[k] : 0;
		memcpy(out->octets, burst_payload(&b, k), out->length);
	}
	media_free(&b);
	w->engine = d->engine[e];
}

static uint32_t ssrc(const struct packet *w)
{
	return w->class == CLASS_RTCP ? rtcp_ssrc(w->octets) : rtp_ssrc(w->octets);
}

/*
 * An SSRC that its flow has no room for: libsrtp learns only after the burst that it must forget
 * the first packet, and until then calls the next one with that index a replay. What else there
 * was to say of it, of another key's tag or trailer too, is not heard then.
 */
static bool is_known(const struct differential *d, unsigned int k)
{
	const struct parcel *p = &d->burst[k];

	if (d->verdict[1][k] != DROP_REPLAY || d->verdict[0][k] == DROP_NONE)
		return false;
	while (k--)
		if (d->verdict[0][k] == DROP_STREAM_LIMIT && d->burst[k].call == p->call &&
		    ssrc(&d->burst[k].wire) == ssrc(&p->wire))
			return true;
	return false;
}

static bool agree(struct differential *d, enum task task, unsigned int count)
{
	if (verifier_changed) {
		snprintf(d->why, sizeof(d->why), "verify changed %u packets", verifier_changed);
		return false;
	}
	for (unsigned int k = 0; k < count; k++) {
		const enum drop a = d->verdict[0][k], b = d->verdict[1][k];
		unsigned int c = d->burst[k].call;

		d->count[task][a]++;
		if (a == b && packet_equal(&d->out[0][k], &d->out[1][k]))
			continue;
		if (task != PROTECT && is_known(d, k)) {
			d->known++;
			continue;
		}
		snprintf(d->why, sizeof(d->why),
			 "%s, packet %u of %u, %s, %s, %u octets: %s says %s, %s says %s%s",
			 task_names[task], k, count, suite_name(d->call[c][0]->receive->suite),
			 d->burst[k].wire.class == CLASS_RTCP ? "RTCP" : "RTP",
			 d->burst[k].wire.length, d->engine[0]->name, differential_name(a),
			 d->engine[1]->name, differential_name(b), a == b ? ", octets differ" : "");
		return false;
	}
	return true;
}

static bool send_some(struct differential *d)
{
	unsigned int count = 1 + d->chance(BURST_MAX);

	for (unsigned int k = 0; k < count; k++) {
		struct parcel *p = &d->burst[k];

		p->call = d->chance(CALLS);
		p->wire = plain(d, p->call);
	}
	for (unsigned int e = 0; e < ENGINES; e++)
		run(d, e, PROTECT, count);
	if (!agree(d, PROTECT, count))
		return false;
	for (unsigned int k = 0; k < count; k++)
		if (d->verdict[0][k] == DROP_NONE)
			d->air[d->sent++ % AIR] = (struct parcel){d->burst[k].call, d->out[0][k]};
	return true;
}

static bool receive_some(struct differential *d)
{
	enum task task = d->chance(4) ? UNPROTECT : VERIFY;
	unsigned int count = 1 + d->chance(BURST_MAX);

	if (!d->sent)
		return true;
	for (unsigned int k = 0; k < count; k++) {
		d->burst[k] = *arrival(d);
		if (d->chance(12) == 0)
			harm(d, &d->burst[k].wire);
	}
	for (unsigned int e = 0; e < ENGINES; e++)
		run(d, e, task, count);
	return agree(d, task, count);
}

bool differential_step(struct differential *d)
{
	d->now++;
	if (d->chance(16) == 0)
		rekey(d, d->chance(CALLS));
	return send_some(d) && receive_some(d);
}
