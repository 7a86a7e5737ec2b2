/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened to a leg, as the control plane is told. */
#include "dataplane/main/legs/record.h"

void registry_tell(struct registry *r, const struct record *record, int kind,
		   const struct endpoint *remote, const struct rte_mbuf *datagram)
{
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;
	Tandem__Dataplane__V1__Endpoint where = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;

	event.leg = record->id;
	event.kind = kind;
	if (remote) {
		where.address.data = (uint8_t *)(uintptr_t)address_octets(&remote->address);
		where.address.len = address_octet_count(&remote->address);
		where.port = rte_be_to_cpu_16(remote->port);
		event.remote = &where;
	}
	if (datagram) {
		event.datagram.data = rte_pktmbuf_mtod(datagram, uint8_t *);
		event.datagram.len = rte_pktmbuf_data_len(datagram);
	}
	r->config.event(r->config.arg, &event);
}
