/* SPDX-License-Identifier: BSD-3-Clause */
/* How a leg gets its keys: SDES from its terms, DTLS from its association. */
#ifndef TANDEM_KEYING_H
#define TANDEM_KEYING_H

#include "controlplane/session/push.h"

/*
 * Binds a leg that uses DTLS to an identity, if it has none yet; or to another one, if its
 * association failed or its keys are lost. The fingerprint of that one, and of a pending leg, is by
 * `hash`. 0, -ENOMEM, -EIO.
 */
int keying_identify(struct leg *leg, const char *hash);
/*
 * The same, when the identity of an earlier life is lost and a new association needs another one.
 */
int keying_identify_anew(struct leg *leg, const struct terms *next, const char *hash);

/*
 * The leg's terms are other ones than `before`: begins a new DTLS association, or gives the running
 * one its fingerprints; or forgets it, when there is to be none.
 */
void keying_agree_dtls(struct leg *leg, const struct terms *before);
/* After that: pushes SDES keys that changed. */
void keying_push_sdes(struct push *push, struct leg *leg, const struct terms *before);

/* The dataplane did not take the leg's keys, and said why. */
void keying_refused(struct leg *leg, const char *what);

/* A client may begin. */
void keying_leg_up(struct leg *leg);
/* `from` may be NULL. */
void keying_receive(struct leg *leg, const Tandem__Dataplane__V1__Endpoint *from,
		    const uint8_t *datagram, size_t length);

#endif
