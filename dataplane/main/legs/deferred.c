/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/legs/deferred.h"

#include <errno.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/egress.h"
#include "dataplane/main/links/port.h"

static void release(struct deferred *d, unsigned int k)
{
	egress_release(d->datagrams[k].egress);
	d->datagrams[k].egress = NULL;
	d->count--;
}

int deferred_add(struct deferred *d, unsigned int worker, struct leg *leg, struct egress *egress,
		 const void *datagram, size_t length)
{
	for (unsigned int k = 0; k < DEFERRED_MAX && length <= DEFERRED_BYTES; k++) {
		if (d->datagrams[k].egress)
			continue;
		d->datagrams[k].egress = egress;
		d->datagrams[k].leg = leg;
		d->datagrams[k].deadline = rte_rdtsc() + rte_get_tsc_hz();
		d->datagrams[k].length = length;
		d->datagrams[k].worker = worker;
		memcpy(d->datagrams[k].octets, datagram, length);
		d->count++;
		return 0;
	}
	egress_release(egress);
	return -ENOBUFS;
}

void deferred_poll(struct deferred *d, struct dataplane *dataplane)
{
	uint64_t now;

	if (!d->count)
		return;
	now = rte_rdtsc();
	for (unsigned int k = 0; k < DEFERRED_MAX; k++) {
		if (!d->datagrams[k].egress)
			continue;
		if (port_send_datagram(dataplane, d->datagrams[k].worker, d->datagrams[k].leg,
				       d->datagrams[k].egress, d->datagrams[k].octets,
				       d->datagrams[k].length) != -EHOSTUNREACH ||
		    (int64_t)(now - d->datagrams[k].deadline) >= 0)
			release(d, k);
	}
}

void deferred_forget(struct deferred *d, const struct leg *leg)
{
	for (unsigned int k = 0; d->count && k < DEFERRED_MAX; k++)
		if (d->datagrams[k].egress && d->datagrams[k].leg == leg)
			release(d, k);
}

void deferred_clear(struct deferred *d)
{
	for (unsigned int k = 0; k < DEFERRED_MAX; k++)
		if (d->datagrams[k].egress)
			release(d, k);
}
