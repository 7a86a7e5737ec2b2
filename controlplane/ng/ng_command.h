/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands that have files of their own; each replies, perhaps before it returns. */
#ifndef TANDEM_NG_COMMAND_H
#define TANDEM_NG_COMMAND_H

#include "controlplane/ng/ng_state.h"

/* ng_offer.c */
void ng_offer(struct ng_query *q);
void ng_take_answer(struct ng_query *q);
void ng_publish(struct ng_query *q);
void ng_delete(struct ng_query *q);

/* ng_hear.c */
void ng_block(struct ng_query *q);
void ng_silence(struct ng_query *q);
void ng_unmute(struct ng_query *q);
void ng_block_events(struct ng_query *q);
void ng_unblock_events(struct ng_query *q);
void ng_subscribe(struct ng_query *q);
void ng_answer_subscription(struct ng_query *q);
void ng_unsubscribe(struct ng_query *q);
void ng_create(struct ng_query *q);
void ng_answer_created(struct ng_query *q);
void ng_connect(struct ng_query *q);
void ng_mesh(struct ng_query *q);

#endif
