/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where an SDP may have media sent to. A relay that sends wherever it is told reaches hosts and
 * groups that its callers cannot. What a leg learns by itself is the dataplane's to check. Pure
 * functions, any thread.
 */
#ifndef TANDEM_DESTINATION_H
#define TANDEM_DESTINATION_H

#include "controlplane/session/network.h"

/*
 * Returns what kind of address it is, for a message: one that no host has, this host, a group, a
 * link, the relay's own, or in one of the `denied`. NULL if media may go there.
 */
const char *destination_refuse(const struct address *address, const struct networks *networks,
			       const struct prefix *denied, unsigned int denied_count);

#endif
