/* SPDX-License-Identifier: BSD-3-Clause */
/* What a Homer server sees of where a participant is. The loop only. */
#ifndef TANDEM_HEP_ADDRESS_H
#define TANDEM_HEP_ADDRESS_H

#include "dataplane/lib/address.h"

/*
 * The participant's own, or where addresses are not to be seen ([controlplane] privacy) one that
 * stands for it: a unique local address (RFC 4193) whose global id is the pseudonym's number,
 * fd3f:9a2c:81d0:: for "ip4-3f9a2c81d0".
 */
struct endpoint hep_participant(const struct endpoint *participant);
/* Of a text that has one or the other; zero: it has neither. */
struct endpoint hep_participant_text(const char *text);

#endif
