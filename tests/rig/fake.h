/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A dataplane of memory alone, on the test's own loop: it listens on a real socket, keeps what it
 * is told and can be looked into. One client.
 */
#ifndef TANDEM_TESTS_RIG_FAKE_H
#define TANDEM_TESTS_RIG_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "dataplane/api/frame.h"

#define FAKE_LEGS  64
#define FAKE_PATHS 256
#define FAKE_CALLS 64
#define FAKE_TURNS 16

struct fake_leg {
	Tandem__Dataplane__V1__Request *put;  /* the last PutLeg; NULL if the slot is free */
	Tandem__Dataplane__V1__Request *keys; /* the last PutKeys */
	uint32_t ice;
	uint64_t packets, auth_failures;
	uint32_t silence_ms;
	Tandem__Dataplane__V1__Mode mode;
	/* The test's: in each status it has 500 packets more, unless `quiet`. NULL: none was heard.
	 */
	Tandem__Dataplane__V1__Stream *stream;
};

struct fake {
	uv_loop_t *loop;
	char path[64];
	int listener, fd;
	uv_poll_t accepting, *reading; /* one for each connection */
	bool closed;
	uint64_t generation;
	struct fake_leg legs[FAKE_LEGS];
	Tandem__Dataplane__V1__Request
		*paths[FAKE_PATHS]; /* the last PutPath; NULL if it is free */
	Tandem__Dataplane__V1__Request *calls[FAKE_CALLS]; /* the last PutCall of each */
	uint32_t api;
	unsigned int puts, key_puts, deletes, frames;
	int refuse_put; /* errno of the next PutLegs; 0: take them */
	unsigned int refuse_after;
	int refuse_keys;   /* errno of all PutKeys; 0: take them */
	unsigned int page; /* legs in one reply to GetLegs */
	/* Hangs up in the place of its reply to the request of this number from now; 0: never. */
	unsigned int die_at;
	bool lose_keys; /* hangs up in the place of taking the next PutKeys */
	Tandem__Dataplane__V1__Request *rates, *block,
		*unblock; /* the last ones; NULL if there is none */
	unsigned int rate_puts, block_puts, shed_gets;
	int refuse_block;                  /* errno of PutBlocks and DeleteBlocks; 0: take them */
	unsigned int block_pages;          /* after the first one */
	Tandem__Dataplane__V1__Shed *shed; /* the test's answer to GetShed; NULL: nothing */
	uint64_t auth_failed;              /* a counter */
	uint64_t worked_us;                /* by its worker, since the start */
	uint64_t received, sent;           /* of the one NIC */
	bool quiet;                        /* no stream gets packets by itself */
	bool wider; /* "public" has 198.51.100.9, too; from the next Hello on */
	Tandem__Dataplane__V1__Request *turn, *turn_answer; /* the last PutTurn and AnswerTurn */
	Tandem__Dataplane__V1__Request
		*allocations[FAKE_TURNS]; /* PutAllocation of each; NULL if it is free */
	unsigned int allocation_puts, turn_answers;
	unsigned int allocation_page;   /* places in one reply to GetAllocations */
	unsigned int allocations_asked; /* `most` of the last one */
	unsigned int origin_port; /* of clients that come by a gate; 0: they come by themselves */
	unsigned int rtcp_count;  /* Transmits of RTCP; the last one: */
	uint64_t rtcp_leg, rtcp_heard; /* packets of its stream by then */
	uint8_t rtcp[1500];
	size_t rtcp_length;
	Tandem__Dataplane__V1__Request *capture; /* the last PutCapture; NULL: none runs */
	unsigned int capture_puts, capture_deletes;
	int refuse_capture; /* errno of all PutCaptures; 0: take them */
	void (*transmit)(void *arg, uint64_t leg, const uint8_t *datagram, size_t length);
	void *transmit_arg;
};

/* The loop has to run once more after the end. */
void fake_open(struct fake *f, uv_loop_t *loop);
void fake_close(struct fake *f);

/* A restart of the dataplane: everything is gone but the socket's path. */
void fake_forget(struct fake *f);

/* The leg goes, with its paths. */
void fake_clear(struct fake *f, struct fake_leg *leg);

/* What happens to a leg. */
void fake_event(struct fake *f, uint64_t leg, Tandem__Dataplane__V1__EventKind kind,
		const uint8_t *datagram, size_t length);
/* Packets of the capture that runs, each of these octets, of the leg; more were left out. */
void fake_captured(struct fake *f, uint64_t leg, unsigned int count, const char *octets,
		   uint64_t lost);
/*
 * A client's request that the TURN server's policy has to judge, from 203.0.113.10; with an
 * origin_port from a gate, to which the client came from 192.0.2.9.
 */
void fake_turn_request(struct fake *f, unsigned int client_port, const uint8_t *datagram,
		       size_t length);
void fake_accept(uv_poll_t *poll, int status, int events);
void fake_hang_up(struct fake *f);

/* --- what it was told ------------------------------------------------------------------------ */

unsigned int fake_count(const struct fake *f); /* legs */
unsigned int fake_path_count(const struct fake *f);
unsigned int fake_call_count(const struct fake *f);

/* A leg by its number or its local port; NULL if there is none. */
struct fake_leg *fake_find(struct fake *f, uint64_t id);
struct fake_leg *fake_at(struct fake *f, unsigned int port);

/* The place of the path from the one leg to the other; -1: there is none. */
int fake_path_place(const struct fake *f, uint64_t from, uint64_t to);

/* NULL if the one is not heard by the other. */
const Tandem__Dataplane__V1__PutPath *fake_path(const struct fake *f, const struct fake_leg *from,
						const struct fake_leg *to);

/* The leg that hears this one by its own path; NULL if there is none. */
struct fake_leg *fake_heard_by(struct fake *f, const struct fake_leg *from);

/* Of any message, as sent and received. */
void *fake_copy(const ProtobufCMessage *message, ProtobufCAllocator *allocator);

/* --- between fake.c, fake_turn.c and fake_wire.c
 * ---------------------------------------------------------- */

/* Takes a copy in the place of what is there; `request` NULL: of nothing. */
void fake_remember(Tandem__Dataplane__V1__Request **place,
		   const Tandem__Dataplane__V1__Request *request);

void fake_send(struct fake *f, const Tandem__Dataplane__V1__Frame *frame);

/* What is about TURN. Returns an errno. */
int fake_turn_serve(struct fake *f, const Tandem__Dataplane__V1__Request *request,
		    Tandem__Dataplane__V1__Reply *reply);
void fake_turn_forget(struct fake *f);

/* Does what changes legs, paths or calls. Returns an errno. */
int fake_apply(struct fake *f, const Tandem__Dataplane__V1__Request *request);

#endif
