/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/api/frame.h"

struct outbox_letter {
	TAILQ_ENTRY(outbox_letter) entry;
	bool punt;
	size_t size;
	uint8_t octets[];
};

void outbox_open(struct outbox *o)
{
	TAILQ_INIT(&o->letters);
}

static void throw_away(struct outbox *o, struct outbox_letter *letter)
{
	TAILQ_REMOVE(&o->letters, letter, entry);
	if (letter->punt)
		o->punts--;
	else
		o->octets -= letter->size;
	explicit_bzero(letter->octets, letter->size);
	free(letter);
}

static void lose_oldest_punt(struct outbox *o)
{
	struct outbox_letter *letter = TAILQ_FIRST(&o->letters);

	while (letter && !letter->punt)
		letter = TAILQ_NEXT(letter, entry);
	if (!letter)
		return;
	throw_away(o, letter);
	o->lost++;
}

static int keep(struct outbox *o, const Tandem__Dataplane__V1__Frame *frame, bool punt)
{
	size_t size = tandem__dataplane__v1__frame__get_packed_size(frame);
	struct outbox_letter *letter;

	if (size > FRAME_MOST)
		return -EMSGSIZE;
	if (!punt && o->octets + size > OUTBOX_OCTETS)
		return -EAGAIN;
	if (punt && o->punts == OUTBOX_PUNTS)
		lose_oldest_punt(o);
	letter = malloc(sizeof(*letter) + size);
	if (!letter && punt) {
		o->lost++;
		return 0;
	}
	if (!letter)
		return -ENOMEM;
	letter->punt = punt;
	letter->size = size;
	tandem__dataplane__v1__frame__pack(frame, letter->octets);
	TAILQ_INSERT_TAIL(&o->letters, letter, entry);
	if (punt)
		o->punts++;
	else
		o->octets += size;
	return 0;
}

int outbox_send(struct outbox *o, int fd, const Tandem__Dataplane__V1__Frame *frame, bool punt)
{
	int error = -EAGAIN;

	if (TAILQ_EMPTY(&o->letters))
		error = frame_send(fd, frame);
	return error == -EAGAIN ? keep(o, frame, punt) : error;
}

int outbox_flush(struct outbox *o, int fd)
{
	struct outbox_letter *letter;

	while ((letter = TAILQ_FIRST(&o->letters))) {
		int error = frame_send_packed(fd, letter->octets, letter->size);

		if (error)
			return error == -EAGAIN ? 0 : error;
		throw_away(o, letter);
	}
	return 0;
}

void outbox_clear(struct outbox *o)
{
	struct outbox_letter *letter;

	while ((letter = TAILQ_FIRST(&o->letters)))
		throw_away(o, letter);
}
