/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An offer and its answers (RFC 3264) between two parties of a call. Several may be open at once,
 * one for each branch. It is open until its first answer, and then kept for a while: a further
 * answer takes the place of the one before. The session's loop only.
 */
#ifndef TANDEM_EXCHANGE_H
#define TANDEM_EXCHANGE_H

#include "controlplane/session/call.h"

struct push;

/* What an exchange makes of one leg once it is answered. */
struct plan {
	struct leg *leg;
	uint32_t lines; /* 0: all were rejected */
	char media[CALL_MEDIA_NAME];
	struct terms terms;
};

/* What it means to one of its parties. */
struct end {
	struct party *party; /* NULL: the relay itself, towards who listens, publishes or was
				created */
	struct wish wish;
	struct plan *plans; /* in order of their first m-line */
	unsigned int plan_count;
};

struct exchange {
	TAILQ_ENTRY(exchange) entry;    /* in its call */
	TAILQ_ENTRY(exchange) deadline; /* in order of `expires` */
	struct call *call;
	struct end from, to;
	struct sdp *sdp;         /* the offer */
	unsigned int sent_lines; /* m-lines that its sender knows of; 0: all */
	bool first;              /* `to` had never answered when it was offered */
	bool answered;
	bool waiting;     /* for `expires` */
	uint64_t expires; /* ms of the loop's clock */
};

/* NULL without memory. */
struct exchange *exchange_make(struct call *call, struct party *from, struct party *to);
/* Forgets it and nothing else. */
void exchange_free(struct exchange *exchange);
/* The ends of a copy, whose SDP and parties are those of `from`. 0, -ENOMEM. */
int exchange_copy(struct exchange *to, const struct exchange *from);
/* Wipes and frees its plans; all that a copy has of its own. */
void exchange_forget_plans(struct exchange *exchange);

/* The open one from the one to the other, either of which may be NULL for anybody. NULL if there is
 * none. */
struct exchange *exchange_find(const struct call *call, const struct party *from,
			       const struct party *to);
/* The relay's own offer to this party, open or answered. NULL if there is none. */
struct exchange *exchange_own(const struct party *party);
/* Whether an exchange plans something for the leg. */
bool exchange_names(const struct call *call, const struct leg *leg);

/* The wish that comes into force for the leg with an answer; NULL if nothing is planned for it. */
const struct wish *exchange_wish(const struct call *call, const struct leg *leg);

/* exchange_end.c */

/* It ends after a time: open, without an answer; answered, further answers are no longer taken. */
void exchange_wait(struct exchange *exchange);
void exchange_stop_waiting(struct exchange *exchange);

/* Forgets it, and deletes what was there for it alone. */
void exchange_close(struct exchange *exchange);
/*
 * Ends an open one without an answer: everything is as before, and what was made for it alone is
 * deleted; the call itself, when nothing is left of it. `why` is for those who watch.
 */
void exchange_withdraw(struct exchange *exchange, const char *why);
/*
 * Deletes what no exchange and no answer needs: pending legs, and parties without any. `push` may
 * be NULL without memory.
 */
void exchange_sweep(struct call *call, struct push *push);

#endif
