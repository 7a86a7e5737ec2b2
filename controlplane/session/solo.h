/* SPDX-License-Identifier: BSD-3-Clause */
/* Exchanges whose other end is the relay itself: with those who only listen, or only publish. */
#ifndef TANDEM_SOLO_H
#define TANDEM_SOLO_H

#include "controlplane/session/exchange.h"

struct push;

/*
 * What was agreed with the party of this end, that of a copy perhaps, comes into force, and what
 * was rejected goes; all of it is in `push` then. The exchange is freed, unless the party was
 * created: then a further answer may take the place of this one.
 */
void solo_settle(struct exchange *exchange, struct end *end, struct push *push);

#endif
