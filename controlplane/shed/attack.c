/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/shed/attack.h"

#include <stdio.h>
#include <string.h>

/* A source, or the share of one call, that is worth its name. */
#define SHARE_OF_SOURCE 10
#define SHARE_OF_CALL   32

/* By the names of ebpf/shed.h and dataplane/drop.h. What is not here is nobody's attempt. */
static const struct {
	const char *reason;
	enum attack_kind kind;
} reasons[] = {
	{"runt", ATTACK_MALFORMED},
	{"ip_header", ATTACK_MALFORMED},
	{"ip_options", ATTACK_MALFORMED},
	{"checksum", ATTACK_MALFORMED},
	{"udp_checksum", ATTACK_MALFORMED},
	{"fragment", ATTACK_MALFORMED},
	{"source", ATTACK_MALFORMED},
	{"protocol", ATTACK_MALFORMED},
	{"udp_length", ATTACK_MALFORMED},
	{"udp_port", ATTACK_MALFORMED},
	{"rtp_header", ATTACK_MALFORMED},
	{"rtcp_header", ATTACK_MALFORMED},
	{"closed_port", ATTACK_SCAN},
	{"not_media", ATTACK_GARBAGE},
	{"stranger_media", ATTACK_SPOOFED_MEDIA},
	{"wrong_source", ATTACK_SPOOFED_MEDIA},
	{"not_validated", ATTACK_SPOOFED_MEDIA},
	{"no_permission", ATTACK_SPOOFED_MEDIA},
	{"replay", ATTACK_FORGED_MEDIA},
	{"unknown_rate", ATTACK_FORGED_MEDIA},
	{"auth_failed", ATTACK_FORGED_MEDIA},
	{"srtp_length", ATTACK_FORGED_MEDIA},
	{"stream_limit", ATTACK_FORGED_MEDIA},
	{"media_rate", ATTACK_EXCESS},
	{"rtcp_rate", ATTACK_EXCESS},
	{"stun_rate", ATTACK_STUN},
	{"stun_malformed", ATTACK_STUN},
	{"stun_unhandled", ATTACK_STUN},
	{"stun_fingerprint", ATTACK_STUN},
	{"stun_ufrag", ATTACK_STUN},
	{"stun_401", ATTACK_STUN},
	{"source_rate", ATTACK_STUN},
	{"stranger_rate", ATTACK_STUN},
	{"turn_stranger", ATTACK_STUN},
	{"client_rate", ATTACK_EXCESS},
	{"dtls_rate", ATTACK_DTLS},
	{"stranger_dtls", ATTACK_DTLS},
	{"icmp", ATTACK_SERVICE},
	{"ndp", ATTACK_SERVICE},
	{"service_rate", ATTACK_SERVICE},
	{"blocked", ATTACK_BLOCKED},
};

enum attack_kind attack_kind_of(const char *reason)
{
	for (unsigned int i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].reason, reason) == 0)
			return reasons[i].kind;
	return ATTACK_NONE;
}

const char *attack_kind_name(enum attack_kind kind)
{
	static const char *const names[ATTACK_KINDS] = {
		[ATTACK_NONE] = "none",
		[ATTACK_MALFORMED] = "malformed packets",
		[ATTACK_SCAN] = "port scan",
		[ATTACK_GARBAGE] = "garbage",
		[ATTACK_SPOOFED_MEDIA] = "spoofed media",
		[ATTACK_FORGED_MEDIA] = "forged media",
		[ATTACK_EXCESS] = "more media than negotiated",
		[ATTACK_STUN] = "STUN",
		[ATTACK_DTLS] = "DTLS",
		[ATTACK_SERVICE] = "ARP, neighbour discovery or ICMP",
		[ATTACK_BLOCKED] = "blocked sources",
	};

	return names[kind];
}

/* --- whom it comes from and whom it meets ---------------------------------------------------- */

static void take_sources(struct attack *a, enum attack_kind kind, const struct attack_second *s)
{
	a->source_count = 0;
	for (unsigned int i = 0; i < s->source_count && a->source_count < ATTACK_SOURCES; i++)
		if (attack_kind_of(s->sources[i].reason) == kind)
			a->sources[a->source_count++] = s->sources[i];
}

static bool has_call(const struct attack *a, const char *id)
{
	for (unsigned int i = 0; i < a->call_count; i++)
		if (strcmp(a->call_ids[i], id) == 0)
			return true;
	return false;
}

static void take_calls(struct attack *a, enum attack_kind kind, const struct attack_second *s)
{
	for (unsigned int i = 0; i < s->target_count && a->call_count < ATTACK_CALLS; i++) {
		const struct attack_target *t = &s->targets[i];

		if (t->call_id && (uint64_t)t->pps * SHARE_OF_CALL >= a->pps &&
		    attack_kind_of(t->reason) == kind && !has_call(a, t->call_id))
			snprintf(a->call_ids[a->call_count++], ATTACK_CALL_ID, "%s", t->call_id);
	}
}

const char *attack_worst(const struct attack *a)
{
	if (a->source_count && (uint64_t)a->sources[0].pps * SHARE_OF_SOURCE >= a->pps)
		return a->sources[0].address;
	return "";
}

/* --- its life -------------------------------------------------------------------------------- */

static void remember_told(struct attack *a)
{
	a->pps_told = a->pps;
	a->calls_told = a->call_count;
	snprintf(a->worst_told, sizeof(a->worst_told), "%s", attack_worst(a));
}

static bool is_news(const struct attack *a)
{
	return a->pps >= 2 * (uint64_t)a->pps_told || 2 * (uint64_t)a->pps <= a->pps_told ||
	       a->call_count != a->calls_told || strcmp(attack_worst(a), a->worst_told) != 0;
}

static enum attack_change go_on(struct attack *a, uint32_t begin_pps)
{
	a->below = a->pps < (begin_pps + 1) / 2 ? a->below + 1 : 0;
	if (a->below >= ATTACK_ENDS_AFTER)
		return ATTACK_ENDED;
	/* While it dies away that is told once, by its end. */
	if (a->below || !is_news(a))
		return ATTACK_STAYS;
	remember_told(a);
	return ATTACK_CHANGED;
}

static enum attack_change begin(struct attacks *attacks, struct attack *a, uint64_t now_ms)
{
	if (a->pps < attacks->begin_pps) {
		memset(a, 0, sizeof(*a));
		return ATTACK_STAYS;
	}
	if (++a->above == 1)
		a->began_ms = now_ms;
	if (a->above < ATTACK_BEGINS_AFTER)
		return ATTACK_STAYS;
	a->id = ++attacks->last_id;
	remember_told(a);
	return ATTACK_BEGAN;
}

void attacks_feed(struct attacks *attacks, const struct attack_second *second,
		  void (*changed)(void *arg, enum attack_change change, enum attack_kind kind,
				  const struct attack *attack),
		  void *arg)
{
	for (enum attack_kind kind = ATTACK_NONE + 1; kind < ATTACK_KINDS; kind++) {
		struct attack *a = &attacks->of[kind];
		enum attack_change change;

		a->pps = second->pps[kind];
		a->packets += a->pps;
		if (a->pps > a->pps_peak)
			a->pps_peak = a->pps;
		/* In its last seconds those that it came from stay named. */
		if (a->pps >= attacks->begin_pps) {
			take_sources(a, kind, second);
			take_calls(a, kind, second);
		}
		change = a->id ? go_on(a, attacks->begin_pps) : begin(attacks, a, second->now_ms);
		attacks->begun[kind] += change == ATTACK_BEGAN;
		if (change != ATTACK_STAYS)
			changed(arg, change, kind, a);
		if (change == ATTACK_ENDED)
			memset(a, 0, sizeof(*a));
	}
}
