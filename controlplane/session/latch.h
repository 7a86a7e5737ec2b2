/* SPDX-License-Identifier: BSD-3-Clause */
/* From whom a leg without ICE may learn where its participant is. Pure functions, any thread. */
#ifndef TANDEM_LATCH_H
#define TANDEM_LATCH_H

#include <stdbool.h>

#include "controlplane/api/relay.pb-c.h"
#include "dataplane/lib/address.h"

/* Whether only packets from the IP address in the SDP count, `signalled`; zero: not known yet. */
bool latch_is_signalled(Tandem__Relay__V1__Latch latch, const struct address *signalled);

/*
 * Whether packets can come from such an address: not one of a private network (RFC 1918, 4193), of
 * a provider's own (RFC 6598), of a link or of the host itself, since behind them is a translator
 * whose outer address no SDP tells.
 */
bool latch_is_routable(const struct address *address);

#endif
