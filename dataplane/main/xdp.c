/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/xdp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/main/config.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/port.h"
#include "ebpf/shed_maps.h"

static int fail(const char *place, const char *what, int error)
{
	log_error("%s: %s (%s)", place, what, strerror(-error));
	return error;
}

int xdp_prepare(struct xdp *x, const struct config *config)
{
	const char *what = "";
	int error;

	for (unsigned int p = 0; p < config->port_count; p++) {
		char *interface = port_af_xdp_interface(config->ports[p].devargs);

		if (!interface)
			continue;
		if (!x->used && access(config->xdp, R_OK)) {
			free(interface);
			return fail(config->xdp,
				    "the XDP program cannot be read; see [dataplane] xdp", -errno);
		}
		x->used = true;
		error = shed_detach(interface, &what);
		if (error)
			fail(interface, what, error);
		free(interface);
		if (error)
			return error;
	}
	if (!x->used)
		return 0;
	error = shed_bpffs_mount(&what);
	if (!error)
		error = shed_pins_remove(SHED_PIN_DIR, &what);
	return error ? fail(SHED_PIN_DIR, what, error) : 0;
}

int xdp_open(struct xdp *x, const struct dataplane *d)
{
	const char *what = "";
	int error;

	if (!x->used)
		return 0;
	error = shed_open(&x->shed, SHED_PIN_DIR, &what);
	if (error)
		return fail(SHED_PIN_DIR, what, error);
	for (unsigned int k = 0; k < d->address_count; k++) {
		struct shed_address address;
		int index;

		memcpy(address.byte, d->addresses[k].address.octets, sizeof(address.byte));
		index = shed_address_add(x->shed, &address);
		if (index < 0)
			return fail("tandem_addr", "the XDP program takes no more addresses",
				    index);
		x->index[k] = index;
	}
	return 0;
}

void xdp_close(struct xdp *x)
{
	shed_close(x->shed);
	x->shed = NULL;
}

void xdp_port(struct xdp *x, unsigned int address, uint16_t port, bool open)
{
	if (!x->shed)
		return;
	if (open)
		shed_port_open(x->shed, x->index[address], port);
	else
		shed_port_close(x->shed, x->index[address], port);
}
