/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/path.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/session/media.h"
#include "controlplane/session/push.h"

static void add(struct paths *paths, const struct path *path)
{
	/* The list has room for as many as the next power of two. */
	if (!(paths->count & (paths->count - 1))) {
		unsigned int room = paths->count ? 2 * paths->count : 1;
		struct path *grown = realloc(paths->list, room * sizeof(grown[0]));

		if (!grown) {
			paths->whole = false;
			return;
		}
		paths->list = grown;
	}
	paths->list[paths->count++] = *path;
}

static void set_types(struct path *path, const struct call *call, uint32_t lines)
{
	for (; lines; lines &= lines - 1) {
		const struct medium *medium = &call->media[__builtin_ctz(lines)];

		path->types[0] |= medium->types[0];
		path->types[1] |= medium->types[1];
	}
}

/* What was said last, of these two, one of them and everybody, or everybody. */
static Tandem__Relay__V1__Muting muting_of(const struct party *from, const struct party *to,
					   bool events)
{
	Tandem__Relay__V1__Muting muting = TANDEM__RELAY__V1__MUTING__MUTING_NONE;
	const struct mute *mute;

	TAILQ_FOREACH (mute, &from->call->mutes, entry)
		if (mute->events == events && (!mute->from || mute->from == from) &&
		    (!mute->to || mute->to == to))
			muting = mute->muting;
	return muting;
}

/* All that may go the path but for telephone events, where those are blocked. */
static void leave_out_events(struct path *path, const struct party *from, const struct party *to,
			     uint32_t lines)
{
	uint64_t events[2] = {0};

	if (muting_of(from, to, true) == TANDEM__RELAY__V1__MUTING__MUTING_NONE)
		return;
	for (; lines; lines &= lines - 1)
		media_events(events, &from->call->media[__builtin_ctz(lines)]);
	if (!path->some)
		path->types[0] = path->types[1] = UINT64_MAX;
	path->some = true;
	path->types[0] &= ~events[0];
	path->types[1] &= ~events[1];
}

/* What one says to the other, leg by leg. */
static void add_talk(struct paths *paths, const struct leg *from, const struct party *partner)
{
	bool own = true;
	struct leg *to;

	TAILQ_FOREACH (to, &partner->legs, entry) {
		uint32_t lines = from->lines & to->lines;
		struct path path = {
			.from = from->id,
			.to = to->id,
			.branch = !own,
			.verify = partner->wish.shared,
			.held = !(from->terms.receive & to->terms.send & lines),
			.some = lines != from->lines || lines != to->lines,
			.muting = muting_of(from->party, partner, false),
		};

		if (to->pending || !lines)
			continue;
		if (path.some)
			set_types(&path, paths->call, lines);
		leave_out_events(&path, from->party, partner, lines);
		add(paths, &path);
		own = false;
	}
}

static void add_listeners(struct paths *paths, const struct leg *from)
{
	const struct party *party;
	struct leg *to;

	for_each_leg(to, paths->call)
	{
		uint32_t line = 1u << to->source_line;
		struct path path = {
			.from = from->id,
			.to = to->id,
			.branch = true,
			.held = !(from->terms.receive & line) || !to->terms.send,
			.some = from->lines != line,
			.muting = muting_of(from->party, to->party, false),
		};

		if (to->pending || to->source != from->party || !(from->lines & line))
			continue;
		if (path.some)
			set_types(&path, paths->call, line);
		leave_out_events(&path, from->party, to->party, line);
		add(paths, &path);
	}
}

struct paths paths_derive(const struct call *call)
{
	struct paths paths = {.call = call, .whole = true};
	const struct party *party;
	struct leg *leg;

	for_each_leg(leg, call)
	{
		const struct party *partner = party_talks_with(party);

		if (leg->pending)
			continue;
		if (partner)
			add_talk(&paths, leg, partner);
		add_listeners(&paths, leg);
	}
	return paths;
}

void paths_free(struct paths *paths)
{
	free(paths->list);
	*paths = (struct paths){NULL};
}

const struct path *paths_find(const struct paths *paths, uint64_t from, uint64_t to)
{
	for (unsigned int i = 0; i < paths->count; i++)
		if (paths->list[i].from == from && paths->list[i].to == to)
			return &paths->list[i];
	return NULL;
}

/* What goes on as silence depends on the codecs as well. */
static bool same(const struct path *a, const struct path *b)
{
	return a->branch == b->branch && a->verify == b->verify && a->held == b->held &&
	       a->some == b->some && memcmp(a->types, b->types, sizeof(a->types)) == 0 &&
	       a->muting == b->muting && a->muting != TANDEM__RELAY__V1__MUTING__MUTING_SILENCE;
}

static void push_gone(struct push *push, const struct paths *before, const struct paths *now)
{
	for (unsigned int i = 0; i < before->count; i++) {
		const struct path *was = &before->list[i];
		const struct path *is = paths_find(now, was->from, was->to);

		/* What becomes a branch makes room for the leg's own first. */
		if (!is || is->branch != was->branch)
			push_delete_path(push, was->from, was->to);
	}
}

void paths_push(struct push *push, const struct paths *before, const struct paths *now)
{
	push_gone(push, before, now);
	for (unsigned int i = 0; i < now->count; i++) {
		const struct path *is = &now->list[i];
		const struct path *was = paths_find(before, is->from, is->to);

		if (!was || !same(was, is))
			push_path(push, now->call, is);
	}
}

void paths_push_all(struct push *push, const struct paths *paths)
{
	for (unsigned int i = 0; i < paths->count; i++)
		push_path(push, paths->call, &paths->list[i]);
}

void paths_push_anew(struct push *push, const struct paths *before, const struct paths *now)
{
	push_gone(push, before, now);
	paths_push_all(push, now);
}
