/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/summary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/arena.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/session/diagnose.h"
#include "controlplane/session/report.h"

/* Of tags and of addresses: a page of 1000 stays below the 4 MiB that gRPC's clients take. */
#define SHOWN_MOST 8

/* --- what is wrong --------------------------------------------------------------------------- */

void summary_take(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	char text[DIAGNOSE_MAX];

	diagnose_leg(text, sizeof(text), leg, status);
	if (!text[0])
		diagnose_interval(text, sizeof(text), leg);
	if (leg->why && strcmp(leg->why, text) == 0)
		return;
	free(leg->why);
	leg->why = text[0] ? strdup(text) : NULL;
}

static const char *why(const struct leg *leg)
{
	const char *reason = diagnose_unready(leg);

	return reason ? reason : leg->why;
}

/* Of the first leg that something is wrong with. */
static char *show_why(struct arena *arena, const struct call *call)
{
	const struct party *party;
	const struct leg *leg;

	for_each_leg(leg, call)
	{
		const char *reason = why(leg);

		if (reason)
			return arena_printf(arena, "%s: %s", party_name(party), reason);
	}
	return (char *)"";
}

/* --- a line ---------------------------------------------------------------------------------- */

static void add_tags(Tandem__Relay__V1__CallSummary *summary, struct arena *arena,
		     const struct call *call)
{
	const struct party *party;

	summary->tags = arena_take(arena, SHOWN_MOST * sizeof(summary->tags[0]));
	TAILQ_FOREACH (party, &call->parties, entry)
		if (party->tag && summary->tags && summary->n_tags < SHOWN_MOST)
			summary->tags[summary->n_tags++] = party->tag;
}

static void add_legs(Tandem__Relay__V1__CallSummary *summary, struct arena *arena,
		     const struct call *call)
{
	const struct party *party;
	const struct leg *leg;
	char text[ADDRESS_TEXT];

	summary->remotes = arena_take(arena, SHOWN_MOST * sizeof(summary->remotes[0]));
	for_each_leg(leg, call)
	{
		const struct endpoint remote = leg_remote(leg);

		summary->legs++;
		if (!endpoint_is_zero(&remote) && summary->remotes &&
		    summary->n_remotes < SHOWN_MOST)
			summary->remotes[summary->n_remotes++] =
				arena_text(arena, endpoint_text(text, &remote));
	}
}

void summary_add(Tandem__Relay__V1__ListReply *list, struct arena *arena, const struct call *call)
{
	Tandem__Relay__V1__CallSummary *summary = arena_add(
		arena, &list->calls, &list->n_calls, &tandem__relay__v1__call_summary__descriptor);

	if (!summary)
		return;
	summary->call_id = call->id;
	summary->state = report_state(call);
	summary->age_ms = report_age_ms(call);
	summary->driver = (char *)call->driver;
	summary->mos = call->mos;
	summary->lowest_mos = call->lowest_mos;
	summary->why = show_why(arena, call);
	add_tags(summary, arena, call);
	add_legs(summary, arena, call);
}

/* --- search ---------------------------------------------------------------------------------- */

struct text {
	char octets[4096]; /* what of a call of many parties has no room is not found */
	size_t length;
};

/* In lower case, with what no search has in it behind. */
static void put(struct text *t, const char *more)
{
	size_t length = more ? strlen(more) : 0;

	if (!length || length + 2 > sizeof(t->octets) - t->length)
		return;
	while (length--)
		t->octets[t->length++] = tolower((unsigned char)*more++);
	t->octets[t->length++] = '\n';
}

static void make_text(struct call *call)
{
	const struct party *party;
	const struct leg *leg;
	struct text t = {.length = 0};

	put(&t, call->id);
	TAILQ_FOREACH (party, &call->parties, entry) {
		put(&t, party->tag);
		put(&t, party->label);
		TAILQ_FOREACH (leg, &party->legs, entry) {
			const struct endpoint remote = leg_remote(leg);
			char text[ADDRESS_TEXT];

			if (!endpoint_is_zero(&remote))
				put(&t, pseudonym_endpoint(text, &remote));
		}
	}
	t.octets[t.length] = '\0';
	call->text = strdup(t.octets);
}

bool summary_matches(struct call *call, const char *lower)
{
	if (!lower[0])
		return true;
	if (!call->text)
		make_text(call);
	return call->text && strstr(call->text, lower);
}
