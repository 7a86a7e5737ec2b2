/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a leg sends to: in its record, and from there in the paths of those that it hears. */
#include <errno.h>

#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/floods/established.h"
#include "dataplane/main/legs/record.h"

int publish_egress(struct registry *r, struct record *record, unsigned int component,
		   const struct endpoint *remote, enum drop mute)
{
	struct egress *old = record->egress[component];
	struct egress *new = NULL;
	int error = 0;

	if (old && remote && endpoint_equal(&old->remote, remote))
		return 0;
	if (remote) {
		uint16_t port = record->port + (component && !record->latest->rtcp_mux);

		new = egress_create(r->dataplane, record->address, port, remote);
		/* What the leg sent to until now is no longer right either. */
		if (!new) {
			mute = DROP_NO_ROUTE;
			error = -EHOSTUNREACH;
		}
	}
	record->mute = mute;
	record->egress[component] = new;
	if (new)
		established_add(r->established, &new->remote.address);
	if (old)
		established_remove(r->established, &old->remote.address);
	egress_release(old);
	return error;
}

int publish_remote(struct registry *r, struct record *record, unsigned int component,
		   const struct endpoint *remote, enum drop mute)
{
	int error = publish_egress(r, record, component, remote, mute);

	record_refresh_sources(r, record);
	return error;
}
