/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/legs/path_plan.h"

#include <stdlib.h>

#include "dataplane/branch.h"
#include "dataplane/claims.h"
#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/legs/tap.h"
#include "dataplane/srtp/sent.h"
#include "dataplane/main/shared.h"

void path_release_sent(struct sent *sent)
{
	if (shared_release(sent))
		free(sent);
}

void path_release_silence(struct silence *silence)
{
	if (shared_release(silence))
		free(silence);
}

void path_release_branch(struct registry *r, struct branch *branch)
{
	if (shared_release(branch))
		slab_put(&r->branches, branch);
}

void path_release_claims(struct claims *claims)
{
	if (shared_release(claims))
		free(claims);
}

/* Whether what is received goes this way as it came: both participants have SRTP and the keys. */
static bool is_shared(const struct path_record *p, const struct leg_config *from)
{
	return p->verify && from->security != LEG_PLAIN && p->to->latest->security != LEG_PLAIN;
}

/*
 * Whether the path takes what the leg's own path makes of a packet: what goes there as it came is
 * never deciphered, and all else is.
 */
static bool is_possible(const struct path_record *p, const struct leg_config *from)
{
	const struct path_record *own = TAILQ_FIRST(&p->from->out);
	bool sealed = !own->branch && is_shared(own, from);

	return is_shared(p, from) == sealed;
}

/* Why nothing is sent, not even RTCP, where there is no egress. */
static enum drop why_unreachable(const struct path_record *p, const struct leg_config *from)
{
	if (!is_possible(p, from))
		return DROP_SHARED_KEYS;
	return p->to->mute ? p->to->mute : DROP_NO_ADDRESS;
}

/* Several legs are heard by this one. */
bool path_hears_several(const struct record *to)
{
	const struct path_record *p = TAILQ_FIRST(&to->in);

	return p && TAILQ_NEXT(p, in);
}

/* What it protects with, and what others sent under that key. */
static void plan_key(struct registry *r, struct path *path, struct path_record *p)
{
	struct record *to = p->to;

	if (!path->protects || path->verify || !to->protect)
		return;
	if (!p->branch && !record_own_windows(r, p->from)) {
		p->from->outdated = true; /* tried again */
		return;
	}
	/* Without memory for claims nobody of them sends. */
	if (!to->claims && path_hears_several(to))
		return;
	if (p->lineage != to->lineage) {
		/* The flow that protected before says first what it sent. */
		if (to->letting_go)
			return;
		p->lineage = to->lineage;
		p->lane = ++to->lanes;
	}
	path->send = shared_hold(to->protect);
	path->sent = shared_hold(to->sent);
	path->claims = shared_hold(to->claims);
	path->lane = p->lane;
}

static void plan_one(struct registry *r, struct path *path, struct path_record *p,
		     const struct leg_config *from)
{
	struct record *to = p->to;
	bool possible = is_possible(p, from);

	*path = (struct path){
		.silence = shared_hold(p->silence),
		.branch = shared_hold(p->branch),
		.tap = shared_hold(to->tap),
		.types = {p->types[0], p->types[1]},
		.some = p->some,
		.protects = to->latest->security != LEG_PLAIN,
		.verify = is_shared(p, from),
		.rtcp_mux = to->latest->rtcp_mux,
		.mute = possible ? p->mute : DROP_SHARED_KEYS,
		.unreachable = why_unreachable(p, from),
		.lineage = to->lineage,
	};
	for (unsigned int c = 0; c < LEG_COMPONENTS && possible; c++)
		path->egress[c] = shared_hold(to->egress[c]);
	plan_key(r, path, p);
}

static void release_one(struct registry *r, struct path *path)
{
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		egress_release(path->egress[c]);
	key_release(r, path->send);
	path_release_sent((struct sent *)path->sent);
	path_release_claims(path->claims);
	path_release_silence(path->silence);
	path_release_branch(r, path->branch);
	tap_release(path->tap);
}

/* Whether the RTCP of the one that hears speaks of those that it hears by this path. */
bool path_is_talk(const struct path_record *p)
{
	return !p->branch || p->some;
}

static void plan_heard(struct registry *r, const struct record *record, struct leg_config *config)
{
	const struct path_record *p;
	unsigned int count = 0;

	TAILQ_FOREACH (p, &record->in, in) {
		if (!path_is_talk(p) || count == LEG_HEARD)
			continue;
		config->heard_by[count] = shared_hold(p->branch);
		config->heard[count++] = p->from->leg;
		p->from->named++;
	}
}

void path_plan(struct registry *r, struct record *record, struct leg_config *config)
{
	struct path_record *p;
	unsigned int count = 0;

	TAILQ_FOREACH (p, &record->out, out)
		count += p->branch != NULL;
	config->branches = count ? calloc(count, sizeof(config->branches[0])) : NULL;
	TAILQ_FOREACH (p, &record->out, out) {
		if (!p->branch) {
			plan_one(r, &config->own, p, config);
			config->has_own = true;
		} else if (config->branches) {
			plan_one(r, &config->branches[config->branch_count++], p, config);
		} else {
			/* The worker ends it, and all that it knows. */
			path_give_up(r, p);
			record->outdated = true;
		}
	}
	plan_heard(r, record, config);
}

void path_unplan(struct registry *r, struct leg_config *config)
{
	if (config->has_own)
		release_one(r, &config->own);
	for (unsigned int k = 0; k < config->branch_count; k++)
		release_one(r, &config->branches[k]);
	free(config->branches);
	for (unsigned int k = 0; k < LEG_HEARD && config->heard[k]; k++) {
		record_of(r, config->heard[k])->named--;
		path_release_branch(r, config->heard_by[k]);
	}
}

void path_drop_sent(struct registry *r, struct record *record)
{
	record->lineage = ++r->last_lineage;
	path_release_sent(record->sent);
	record->sent = NULL;
	path_release_claims(record->claims);
	record->claims = NULL;
}

void path_give_up(struct registry *r, struct path_record *p)
{
	struct record *to = p->to;

	if (p->lineage != to->lineage)
		return;
	key_release(r, to->protect);
	to->protect = NULL;
	to->lineage = ++r->last_lineage;
}
