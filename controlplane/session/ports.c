/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Free ports wait in two queues: pairs, by their even port, and halves, whose other half is taken.
 * Both are queues by age, so the head tells whether anything is out of quarantine.
 */
#include "controlplane/session/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define NONE UINT32_MAX

struct port {
	uint32_t next, previous; /* in its queue */
	uint64_t ready;          /* when its quarantine is over */
	bool used;
};

struct queue {
	uint32_t head, tail;
};

struct ports {
	unsigned int first, count, used, quarantine_ms;
	struct queue pairs, halves;
	struct port ports[];
};

static void push(struct ports *p, struct queue *queue, uint32_t i)
{
	p->ports[i].next = NONE;
	p->ports[i].previous = queue->tail;
	if (queue->tail == NONE)
		queue->head = i;
	else
		p->ports[queue->tail].next = i;
	queue->tail = i;
}

static void pull(struct ports *p, struct queue *queue, uint32_t i)
{
	struct port *port = &p->ports[i];

	if (port->previous == NONE)
		queue->head = port->next;
	else
		p->ports[port->previous].next = port->next;
	if (port->next == NONE)
		queue->tail = port->previous;
	else
		p->ports[port->next].previous = port->previous;
}

/* Shuffled (Fisher and Yates), so that ports do not tell in which order calls were made. */
static int fill(struct ports *p)
{
	uint32_t pairs = p->count / 2;
	uint32_t *order = malloc(pairs * sizeof(*order));
	uint32_t *random = malloc(pairs * sizeof(*random));
	int error = -ENOMEM;

	if (!order || !random)
		goto out;
	error = -EIO;
	for (size_t got = 0; got < pairs * sizeof(*random);) {
		ssize_t n = getrandom((char *)random + got, pairs * sizeof(*random) - got, 0);

		if (n < 0)
			goto out;
		got += n;
	}
	for (uint32_t i = 0; i < pairs; i++) {
		uint32_t j = (uint64_t)random[i] * (i + 1) >> 32;

		order[i] = order[j];
		order[j] = 2 * i;
	}
	for (uint32_t i = 0; i < pairs; i++)
		push(p, &p->pairs, order[i]);
	error = 0;
out:
	free(order);
	free(random);
	return error;
}

int ports_open(struct ports **out, unsigned int first, unsigned int last,
	       unsigned int quarantine_ms)
{
	struct ports *p;
	int error;

	*out = NULL;
	if (first == 0 || first % 2 != 0 || last % 2 != 1 || last < first || last > 65535)
		return -EINVAL;
	p = calloc(1, sizeof(*p) + (last - first + 1) * sizeof(p->ports[0]));
	if (!p)
		return -ENOMEM;
	p->first = first;
	p->count = last - first + 1;
	p->quarantine_ms = quarantine_ms;
	p->pairs = p->halves = (struct queue){NONE, NONE};
	error = fill(p);
	if (error) {
		free(p);
		return error;
	}
	*out = p;
	return 0;
}

void ports_close(struct ports *p)
{
	free(p);
}

static void use(struct ports *p, uint32_t i)
{
	p->ports[i].used = true;
	p->used++;
}

static bool pair_is_free(const struct ports *p, uint32_t i)
{
	return !p->ports[i & ~1u].used && !p->ports[i | 1].used;
}

/* Takes one port out of a free pair; the other waits in the pair's place in time. */
static void split(struct ports *p, uint32_t i)
{
	pull(p, &p->pairs, i & ~1u);
	use(p, i);
	push(p, &p->halves, i ^ 1);
}

static bool ready(const struct ports *p, uint32_t i, uint64_t now)
{
	return i != NONE && p->ports[i].ready <= now;
}

int ports_take(struct ports *p, bool pair, uint64_t now)
{
	uint32_t i = p->halves.head;

	if (!pair && ready(p, i, now)) {
		pull(p, &p->halves, i);
		use(p, i);
		return p->first + i;
	}
	i = p->pairs.head;
	if (!ready(p, i, now))
		return -EADDRNOTAVAIL;
	if (pair) {
		pull(p, &p->pairs, i);
		use(p, i);
		use(p, i + 1);
	} else {
		split(p, i);
	}
	return p->first + i;
}

int ports_claim(struct ports *p, unsigned int port, bool pair)
{
	uint32_t i = port - p->first;

	if (port < p->first || i >= p->count || (pair && i % 2))
		return -ERANGE;
	if (p->ports[i].used || (pair && !pair_is_free(p, i)))
		return -EADDRINUSE;
	if (pair) {
		pull(p, &p->pairs, i);
		use(p, i);
		use(p, i + 1);
	} else if (pair_is_free(p, i)) {
		split(p, i);
	} else {
		pull(p, &p->halves, i);
		use(p, i);
	}
	return 0;
}

int ports_take_again(struct ports *p, unsigned int port, bool pair, uint64_t given, uint64_t now)
{
	uint32_t i = port - p->first;

	if (port < p->first || i >= p->count || p->ports[i].used ||
	    (!ready(p, i, now) && p->ports[i].ready != given + p->quarantine_ms))
		return -EADDRINUSE;
	return ports_claim(p, port, pair) ? -EADDRINUSE : 0;
}

void ports_give(struct ports *p, unsigned int port, bool pair, uint64_t now)
{
	uint32_t i = port - p->first;
	uint64_t when = now + p->quarantine_ms;

	p->ports[i].used = false;
	p->ports[i].ready = when;
	p->used--;
	if (pair) {
		p->ports[i + 1].used = false;
		p->ports[i + 1].ready = when;
		p->used--;
	} else if (!pair_is_free(p, i)) {
		push(p, &p->halves, i);
		return;
	} else {
		pull(p, &p->halves, i ^ 1);
		p->ports[i ^ 1].ready = when;
	}
	push(p, &p->pairs, i & ~1u);
}

unsigned int ports_used(const struct ports *p)
{
	return p->used;
}

unsigned int ports_free(const struct ports *p)
{
	return p->count - p->used;
}
