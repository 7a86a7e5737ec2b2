/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call in a line of a list: what is known of it without asking the dataplane. How it sounds and
 * what is wrong with it is kept at its legs as each round of the audit reads it. The session's loop
 * only.
 */
#ifndef TANDEM_SUMMARY_H
#define TANDEM_SUMMARY_H

#include "controlplane/session/call.h"

struct arena;

/* What the dataplane says of the leg, once it was rated (rating.h): why it has no media or sounds
 * bad. */
void summary_take(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status);

/* Adds the call to the list; without memory the arena says so. */
void summary_add(Tandem__Relay__V1__ListReply *list, struct arena *arena, const struct call *call);

/*
 * Whether it is part of the call's id, of a tag, label, or address and port of its parties, or of
 * what stands for an address (pseudonym.h). In lower case, without control characters. What a call
 * is searched by is kept until call_changed().
 */
bool summary_matches(struct call *call, const char *lower);

#endif
