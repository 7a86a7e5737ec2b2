/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet's way through a worker, in this order (see worker.c). A stage handles the slots of its
 * class and cannot fail: it gives a packet a drop reason. No system call, allocation, lock or log.
 */
#ifndef TANDEM_STAGES_H
#define TANDEM_STAGES_H

struct worker;
struct burst;

void rx_stage(struct worker *w, struct burst *b, unsigned int port, unsigned int queue);
void classify_stage(struct worker *w, struct burst *b);
void host_stage(struct worker *w, struct burst *b);
void flow_stage(struct worker *w, struct burst *b);
void ice_stage(struct worker *w, struct burst *b);
void punt_stage(struct worker *w, struct burst *b);
void crypt_unprotect_stage(struct worker *w, struct burst *b);
void meter_stage(struct worker *w, struct burst *b);
void route_stage(struct worker *w, struct burst *b);
void crypt_protect_stage(struct worker *w, struct burst *b);
void rewrite_stage(struct worker *w, struct burst *b);
void tx_stage(struct worker *w, struct burst *b);
void drop_stage(struct worker *w, struct burst *b);

#endif
