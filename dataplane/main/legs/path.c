/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths between legs, as they are asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/branch.h"
#include "dataplane/claims.h"
#include "dataplane/main/legs/path_plan.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/workers.h"

static int fail(const char **what, const char *text, int error)
{
	*what = text;
	return error;
}

static struct path_record *find(const struct record *from, const struct record *to)
{
	struct path_record *p;

	TAILQ_FOREACH (p, &from->out, out)
		if (p->to == to)
			return p;
	return NULL;
}

static int read_types(uint64_t types[2], const ProtobufCBinaryData *octets)
{
	types[0] = types[1] = 0;
	if (octets->len != 0 && octets->len != 16)
		return -EINVAL;
	for (unsigned int k = 0; k < octets->len; k++)
		types[k / 8] |= (uint64_t)octets->data[k] << 8 * (k % 8);
	return 0;
}

static int read_silence(struct silence **out, const Tandem__Dataplane__V1__PutPath *put)
{
	struct silence *s = put->n_silence ? calloc(1, sizeof(*s)) : NULL;

	*out = s;
	if (put->n_silence && !s)
		return -ENOMEM;
	for (size_t k = 0; k < put->n_silence; k++) {
		uint32_t type = put->silence[k]->payload_type;

		if (type > 127 || put->silence[k]->octet > UINT8_MAX) {
			free(s);
			*out = NULL;
			return -EINVAL;
		}
		s->types[type / 64] |= 1ULL << type % 64;
		s->octet[type] = put->silence[k]->octet;
	}
	if (s)
		s->users = 1;
	return 0;
}

/* What a leg hears by several paths must be told apart by its payload types. */
static bool overlaps(const struct path_record *p, const struct path_record *other)
{
	return !p->some || !other->some || p->types[0] & other->types[0] ||
	       p->types[1] & other->types[1];
}

static int check_room(const struct path_record *wanted, bool branch, const char **what)
{
	const struct path_record *p;
	unsigned int out = 0, in = 0;

	TAILQ_FOREACH (p, &wanted->from->out, out) {
		if (p->to == wanted->to)
			continue;
		if (!p->branch && !branch)
			return fail(what, "branch: another path is the leg's own", -EEXIST);
		out++;
	}
	TAILQ_FOREACH (p, &wanted->to->in, in) {
		if (p->from == wanted->from)
			continue;
		if (overlaps(wanted, p))
			return fail(what, "to: it hears another leg already", -EEXIST);
		in++;
	}
	if (out >= BRANCHES_MAX + 1)
		return fail(what, "from: it goes on to 64 legs already", -ENOSPC);
	if (in >= LEG_HEARD)
		return fail(what, "to: it hears 4 legs already", -ENOSPC);
	return 0;
}

static int read_path(struct registry *r, struct path_record *wanted,
		     const Tandem__Dataplane__V1__PutPath *put, const char **what)
{
	static const enum drop mutes[] = {
		[TANDEM__DATAPLANE__V1__MUTE__MUTE_NONE] = DROP_NONE,
		[TANDEM__DATAPLANE__V1__MUTE__MUTE_HOLD] = DROP_HELD,
		[TANDEM__DATAPLANE__V1__MUTE__MUTE_BLOCK] = DROP_BLOCKED,
	};
	int error;

	if (put->from == put->to)
		return fail(what, "to: a leg does not hear itself", -ELOOP);
	wanted->from = record_find(r, put->from);
	wanted->to = record_find(r, put->to);
	if (!wanted->from || !wanted->to)
		return fail(what, wanted->from ? "to: no such leg" : "from: no such leg", -ENOENT);
	if ((unsigned int)put->mute >= RTE_DIM(mutes))
		return fail(what, "mute: not one that this version knows", -EINVAL);
	if (put->verify && put->n_silence)
		return fail(what, "silence: what is only verified cannot be changed", -EINVAL);
	if (read_types(wanted->types, &put->payload_types))
		return fail(what, "payload_types: needs 16 octets", -EINVAL);
	wanted->some = put->payload_types.len;
	wanted->verify = put->verify;
	wanted->mute = mutes[put->mute];
	error = check_room(wanted, put->branch, what);
	if (!error && !registry_has_room(r))
		return fail(what, "a worker does not keep up", -EAGAIN);
	if (!error && read_silence(&wanted->silence, put))
		return fail(what, "silence: needs payload types up to 127 and octets", -EINVAL);
	return error;
}

static struct branch *make_branch(struct registry *r)
{
	struct branch *branch = slab_take(&r->branches);

	if (!branch)
		return NULL;
	memset(branch, 0, sizeof(*branch));
	branch->users = 1;
	return branch;
}

static struct path_record *make_path(struct registry *r, const struct path_record *wanted,
				     bool branch)
{
	struct path_record *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->from = wanted->from;
	p->to = wanted->to;
	p->branch = branch ? make_branch(r) : NULL;
	if (branch && !p->branch) {
		free(p);
		return NULL;
	}
	/* The leg's own comes first. */
	if (branch)
		TAILQ_INSERT_TAIL(&p->from->out, p, out);
	else
		TAILQ_INSERT_HEAD(&p->from->out, p, out);
	TAILQ_INSERT_TAIL(&p->to->in, p, in);
	return p;
}

static void free_path(struct registry *r, struct path_record *p)
{
	TAILQ_REMOVE(&p->from->out, p, out);
	TAILQ_REMOVE(&p->to->in, p, in);
	path_release_branch(r, p->branch);
	path_release_silence(p->silence);
	free(p);
}

/*
 * Two protect towards the leg: from now on each SSRC is one's. Who sent alone until now has claimed
 * nothing, and begins anew where it was.
 */
static int need_claims(struct registry *r, struct record *to)
{
	struct path_record *p;

	if (to->claims || !path_hears_several(to))
		return 0;
	to->claims = calloc(1, sizeof(*to->claims));
	if (!to->claims)
		return -ENOMEM;
	to->claims->users = 1;
	TAILQ_FOREACH (p, &to->in, in)
		path_let_go(r, p);
	return 0;
}

static int post_both(struct registry *r, struct path_record *p, bool talk, const char **what)
{
	struct path_record *other;
	int error = record_repost(r, p->from);

	if (talk && !error)
		error = record_repost(r, p->to);
	/* Claims hold for those that were there before as well. */
	TAILQ_FOREACH (other, &p->to->in, in)
		if (other != p && p->to->claims && !error)
			error = record_repost(r, other->from);
	return error ? fail(what, "no memory for the path: more hugepages", error) : 0;
}

static void end_path(struct registry *r, struct path_record *p)
{
	struct record *from = p->from, *to = p->to;
	bool talk = path_is_talk(p);

	path_let_go(r, p);
	free_path(r, p);
	record_repost(r, from);
	if (talk)
		record_repost(r, to);
}

int registry_put_path(struct registry *r, const Tandem__Dataplane__V1__PutPath *put,
		      const char **what)
{
	struct path_record wanted = {.from = NULL}, *p;
	int error = read_path(r, &wanted, put, what);
	bool talked, made;

	if (error)
		return error;
	p = find(wanted.from, wanted.to);
	talked = p && path_is_talk(p);
	/* It goes another way through the worker from now on. */
	if (p && (p->branch != NULL) != put->branch) {
		end_path(r, p);
		p = NULL;
	}
	if (p && p->verify != wanted.verify)
		path_let_go(r, p);
	made = !p;
	if (made)
		p = make_path(r, &wanted, put->branch);
	if (!p || need_claims(r, p->to)) {
		if (p && made)
			free_path(r, p);
		path_release_silence(wanted.silence);
		return fail(what, "no memory for the path", -ENOMEM);
	}
	path_release_silence(p->silence);
	p->silence = wanted.silence;
	p->types[0] = wanted.types[0];
	p->types[1] = wanted.types[1];
	p->some = wanted.some;
	p->verify = wanted.verify;
	p->mute = wanted.mute;
	return post_both(r, p, talked || path_is_talk(p), what);
}

int registry_delete_path(struct registry *r, const Tandem__Dataplane__V1__DeletePath *gone,
			 const char **what)
{
	struct record *from = record_find(r, gone->from), *to = record_find(r, gone->to);
	struct path_record *p = from && to ? find(from, to) : NULL;

	if (!p)
		return fail(what, "no such path", -ENOENT);
	if (!registry_has_room(r))
		return fail(what, "a worker does not keep up", -EAGAIN);
	end_path(r, p);
	return 0;
}

void path_end_all(struct registry *r, struct record *record)
{
	struct path_record *p;

	while ((p = TAILQ_FIRST(&record->out))) {
		struct record *to = p->to;
		bool talk = path_is_talk(p);

		path_let_go(r, p);
		free_path(r, p);
		if (talk)
			record_repost(r, to);
	}
	/* Its key goes with it. */
	while ((p = TAILQ_FIRST(&record->in))) {
		struct record *from = p->from;

		free_path(r, p);
		record_repost(r, from);
	}
}

void path_forget_sent(struct registry *r, struct record *record)
{
	path_drop_sent(r, record);
	need_claims(r, record); /* without memory for them nobody sends */
}
