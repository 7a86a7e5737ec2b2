/* SPDX-License-Identifier: BSD-3-Clause */
/* From a PutLeg to what the leg is to be: every field checked, nothing else touched. */
#include <errno.h>

#include <rte_cycles.h>

#include "dataplane/main/legs/record.h"

int leg_plan_endpoint(struct endpoint *to, const Tandem__Dataplane__V1__Endpoint *from)
{
	memset(to, 0, sizeof(*to));
	if (from->port == 0 || from->port > UINT16_MAX)
		return -EINVAL;
	to->port = rte_cpu_to_be_16(from->port);
	return address_from_octets(&to->address, from->address.data, from->address.len);
}

int leg_plan_local(const struct dataplane *d, const Tandem__Dataplane__V1__Endpoint *local)
{
	struct endpoint e;

	if (leg_plan_endpoint(&e, local))
		return -1;
	for (unsigned int k = 0; k < d->address_count; k++)
		if (address_equal(&d->addresses[k].address, &e.address))
			return k;
	return -1;
}

static int plan_remote(struct leg_config *config, const Tandem__Dataplane__V1__PutLeg *put,
		       bool ipv4, const char **what)
{
	struct endpoint remote[LEG_COMPONENTS];

	memset(remote, 0, sizeof(remote));
	/* With ICE the SDP's address is of no use. */
	if (put->ice)
		goto out_changed;
	if (put->remote && leg_plan_endpoint(&remote[0], put->remote)) {
		*what = "remote: needs an address of 4 or 16 octets and a port";
		return -EINVAL;
	}
	if (put->remote_rtcp && leg_plan_endpoint(&remote[1], put->remote_rtcp)) {
		*what = "remote_rtcp: needs an address of 4 or 16 octets and a port";
		return -EINVAL;
	}
	if (put->remote && !put->remote_rtcp) {
		remote[1] = remote[0];
		if (!put->rtcp_mux)
			remote[1].port = rte_cpu_to_be_16(rte_be_to_cpu_16(remote[0].port) + 1);
	}
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		if (!endpoint_is_unset(&remote[c]) && address_is_ipv4(&remote[c].address) != ipv4) {
			*what = "remote: not of the local address's family";
			return -EINVAL;
		}
	}

out_changed:
	/* The first epoch is 1. */
	if (!config->remote_epoch || config->ice != (put->ice != NULL) ||
	    memcmp(remote, config->remote, sizeof(remote)) != 0) {
		memcpy(config->remote, remote, sizeof(remote));
		config->remote_epoch++;
		config->latch_epoch = put->latch_epoch - 1;
	}
	if (config->latch_epoch != put->latch_epoch) {
		config->latch_epoch = put->latch_epoch;
		config->latch_until = put->latch_ms ? rte_rdtsc() + record_ticks(put->latch_ms) : 0;
	}
	return 0;
}

static bool put_text(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return false;
	strcpy(to, from);
	return true;
}

static int plan_ice(struct registry *r, struct leg_config *config,
		    const Tandem__Dataplane__V1__Ice *ice, const char **what)
{
	struct leg_ice *now = &config->terms->credentials[0];
	bool known = config->ice;

	config->ice = ice != NULL;
	if (!ice)
		return 0;
	if (strlen(ice->local_ufrag) < 4 || strlen(ice->local_pwd) < 22 ||
	    strlen(ice->local_pwd) > 256) {
		*what = "ice: needs a ufrag of 4 characters and a password of 22 at least";
		return -EINVAL;
	}
	if (!known || strcmp(now->local_ufrag, ice->local_ufrag) != 0) {
		if (!record_terms_renew(r, config->terms)) {
			*what = "no memory for the leg: more hugepages";
			return -ENOMEM;
		}
		if (!put_text(now->local_ufrag, sizeof(now->local_ufrag), ice->local_ufrag)) {
			*what = "ice: local_ufrag is longer than 35 characters";
			return -EINVAL;
		}
		stun_auth_set(&now->auth, ice->local_pwd);
		config->ice_epoch++;
	}
	if (!put_text(now->remote_ufrag, sizeof(now->remote_ufrag), ice->remote_ufrag)) {
		*what = "ice: remote_ufrag is longer than 35 characters";
		return -EINVAL;
	}
	return 0;
}

/* 0, the default, also when there are too many rates: only jitter suffers. */
static uint8_t clock_number(struct leg_terms *terms, uint32_t hz)
{
	for (unsigned int k = 0; hz != LEG_CLOCK_DEFAULT && k < LEG_CLOCKS; k++) {
		if (!terms->clock_hz[k])
			terms->clock_hz[k] = hz;
		if (terms->clock_hz[k] == hz)
			return k + 1;
	}
	return 0;
}

static int plan_clocks(struct leg_terms *terms, const Tandem__Dataplane__V1__PutLeg *put,
		       const char **what)
{
	memset(terms->clock, 0, sizeof(terms->clock));
	memset(terms->clock_hz, 0, sizeof(terms->clock_hz));
	for (size_t k = 0; k < put->n_clocks; k++) {
		const Tandem__Dataplane__V1__Clock *clock = put->clocks[k];

		if (clock->payload_type > 127 || clock->hz == 0 || clock->hz > 1000000) {
			*what = "clocks: needs a payload type up to 127 and a rate up to 1 MHz";
			return -EINVAL;
		}
		terms->clock[clock->payload_type] = clock_number(terms, clock->hz);
	}
	return 0;
}

int leg_plan(struct registry *r, struct leg_config *config,
	     const Tandem__Dataplane__V1__PutLeg *put, const char **what)
{
	const struct dataplane *d = r->dataplane;
	int local = leg_plan_local(d, put->local);
	int error;

	if (put->security > TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS) {
		*what = "security: not one that this version knows";
		return -EINVAL;
	}
	/* RTCP on a port of its own would have a handshake of its own (RFC 5764 4.1). */
	if (put->ice && !put->rtcp_mux &&
	    put->security == TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS) {
		*what = "ice: with DTLS needs rtcp_mux";
		return -EOPNOTSUPP;
	}
	config->security = put->security; /* the same numbers */
	config->rtcp_mux = put->rtcp_mux;
	config->latch_signalled = put->latch_signalled;
	if (!record_config_own_terms(r, config)) {
		*what = "no memory for the leg: more hugepages";
		return -ENOMEM;
	}
	error = plan_remote(config, put, address_is_ipv4(&d->addresses[local].address), what);
	if (!error)
		error = plan_ice(r, config, put->ice, what);
	if (!error)
		error = plan_clocks(config->terms, put, what);
	if (!error && !config->ice && !config->terms->clock_hz[0])
		record_config_drop_terms(r, config);
	return error;
}
