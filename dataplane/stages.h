/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet's way through a worker, in this order. A stage handles the slots of its class and cannot
 * fail: it gives a packet a drop reason. No system call, allocation, lock or log.
 */
#ifndef TANDEM_STAGES_H
#define TANDEM_STAGES_H

struct worker;
struct burst;

#define STAGES(X)                                                                                  \
	X(shed)                                                                                    \
	X(classify)                                                                                \
	X(host)                                                                                    \
	X(turn)                                                                                    \
	X(flow)                                                                                    \
	X(ice)                                                                                     \
	X(punt)                                                                                    \
	X(crypt_unprotect)                                                                         \
	X(meter)                                                                                   \
	X(fork)                                                                                    \
	X(route)                                                                                   \
	X(crypt_protect)                                                                           \
	X(rewrite)                                                                                 \
	X(tx)                                                                                      \
	X(drop)

/* The burst from one queue of one port that goes this way. */
void rx_stage(struct worker *w, struct burst *b, unsigned int port, unsigned int queue);

#define X(stage) void stage##_stage(struct worker *w, struct burst *b);
STAGES(X)
#undef X

#endif
