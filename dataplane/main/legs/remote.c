/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a leg sends to: in its record, and from there in the paths of those that it hears. */
#include <errno.h>

#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/floods/destinations.h"
#include "dataplane/main/legs/record.h"

static struct egress *make_egress(const struct registry *r, const struct record *record,
				  unsigned int component, const struct endpoint *remote)
{
	uint16_t port = record->port + (component && !record->latest->rtcp_mux);

	return egress_create(r->dataplane, record->address, port, remote, record->dscp);
}

int remote_set_egress(struct registry *r, struct record *record, unsigned int component,
		      const struct endpoint *remote, enum drop mute)
{
	struct egress *old = record->egress[component];
	struct egress *new = NULL;
	int error = 0;

	if (old && remote && endpoint_equal(&old->remote, remote) && old->dscp == record->dscp)
		return 0;
	if (remote) {
		new = make_egress(r, record, component, remote);
		/* What the leg sent to until now is no longer right either. */
		if (!new) {
			mute = DROP_NO_ROUTE;
			error = -EHOSTUNREACH;
		}
	}
	record->mute = mute;
	record->egress[component] = new;
	if (new)
		destinations_add(r->destinations, &new->remote.address);
	if (old)
		destinations_remove(r->destinations, &old->remote.address);
	egress_release(old);
	return error;
}

int remote_set(struct registry *r, struct record *record, unsigned int component,
	       const struct endpoint *remote, enum drop mute)
{
	int error = remote_set_egress(r, record, component, remote, mute);

	record_refresh_sources(r, record);
	return error;
}

void remote_mark(struct registry *r, struct record *record, uint8_t dscp)
{
	record->dscp = dscp;
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		struct egress *old = record->egress[c];
		struct egress *new =
			old && old->dscp != dscp ? make_egress(r, record, c, &old->remote) : NULL;

		/* Without room for another one packets had better go on as they are. */
		if (!new)
			continue;
		record->egress[c] = new;
		egress_release(old);
	}
}
