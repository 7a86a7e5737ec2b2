/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/xdp.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "dataplane/main/config.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/links/devargs.h"
#include "dataplane/main/floods/rates.h"
#include "ebpf/shed_maps.h"

/* Made by libxdp when it attaches a program of its own, and left there. */
#define LIBXDP_DIRECTORY SHED_PIN_DIR "/xdp"

static int fail(const char *place, const char *what, int error)
{
	log_error("%s: %s (%s)", place, what, strerror(-error));
	return error;
}

/*
 * An interface serves one dataplane, and detach() would cut off the calls of a running one. Who has
 * this name has the interface: abstract names belong to a network namespace as interfaces do, and
 * the kernel takes them back from a process that ends, however it ends.
 */
static int claim(struct xdp *x, const char *interface)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "tandem-dataplane/%s",
			      interface);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return fail(interface, "cannot be claimed", -errno);
	if (bind(fd, (const struct sockaddr *)&name,
		 offsetof(struct sockaddr_un, sun_path) + 1 + length)) {
		error = -errno;
		close(fd);
		return fail(
			interface,
			"another tandem-dataplane uses this interface: stop it, or take another",
			error);
	}
	x->claims[x->claim_count++] = fd;
	return 0;
}

/* What a killed dataplane left. */
static int detach(struct xdp *x, const char *interface)
{
	const char *what = "";
	int error = shed_detach(interface, &what);

	return error ? fail(interface, what, error) : 0;
}

static int on_devices(struct xdp *x, const struct config_port *port,
		      int (*act)(struct xdp *x, const char *interface))
{
	int error = 0;

	for (unsigned int k = 0; k < port->devargs.count && !error; k++) {
		char *interface = devargs_interface(port->devargs.texts[k]);

		if (interface)
			error = act(x, interface);
		free(interface);
	}
	return error;
}

static int on_interfaces(struct xdp *x, const struct config *config,
			 int (*act)(struct xdp *x, const char *interface))
{
	int error = 0;

	for (unsigned int p = 0; p < config->port_count && !error; p++)
		error = on_devices(x, &config->ports[p], act);
	return error;
}

static bool is_program_wanted(const struct config *config)
{
	for (unsigned int p = 0; p < config->port_count; p++)
		if (devargs_want_program(&config->ports[p]))
			return true;
	return false;
}

static int check_system(const struct config *config)
{
	int fd;

	if (is_program_wanted(config) && access(config->xdp, R_OK))
		return fail(config->xdp, "the XDP program cannot be read; see [dataplane] xdp",
			    -errno);
	fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("AF_XDP",
			    errno == EPERM ? "run as root" : "needs Linux with CONFIG_XDP_SOCKETS",
			    -errno);
	close(fd);
	return 0;
}

int xdp_prepare(struct xdp *x, const struct config *config)
{
	const char *what = "";
	int error = on_interfaces(x, config, claim);

	if (error || !x->claim_count)
		return error;
	x->alone = access(LIBXDP_DIRECTORY, F_OK) != 0;
	error = check_system(config);
	if (!error)
		error = on_interfaces(x, config, detach);
	if (error || !is_program_wanted(config))
		return error;
	error = shed_bpffs_mount(&what);
	if (!error)
		error = shed_pins_remove(SHED_PIN_DIR, &what);
	if (error)
		return fail(SHED_PIN_DIR, what, error);
	x->used = true;
	return 0;
}

/* DPDK has started the ports in the configuration's order. */
static Tandem__Dataplane__V1__JudgeKind judge_of(const struct config_port *port,
						 const struct port *started)
{
	bool native = true;

	if (started->judged)
		return TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_WORKER;
	if (!devargs_want_program(port))
		return TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_OFF;
	for (unsigned int k = 0; k < port->devargs.count; k++) {
		char *interface = devargs_interface(port->devargs.texts[k]);

		native = native && interface && shed_is_native(interface);
		free(interface);
	}
	return native ? TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_XDP_NATIVE
		      : TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_XDP_GENERIC;
}

static bool is_program(Tandem__Dataplane__V1__JudgeKind judge)
{
	return judge == TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_XDP_NATIVE ||
	       judge == TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_XDP_GENERIC;
}

/* The maps of the XDP programs; or memory, also where the kernel has refused all of them. */
static int open_tables(struct xdp *x, const struct dataplane *d)
{
	const char *what = "";
	bool attached = false;
	int error;

	for (unsigned int p = 0; p < d->port_count; p++)
		attached |= is_program(x->judges[p]);
	if (attached)
		error = shed_open(&x->shed, SHED_PIN_DIR, &what);
	else
		error = x->used ? shed_pins_remove(SHED_PIN_DIR, &what) : 0;
	if (error)
		return fail(SHED_PIN_DIR, what, error);
	if (!attached)
		error = shed_create(&x->shed);
	return error ? fail("shed", "no memory for the tables by which floods are shed", error) : 0;
}

static bool has_bond(const struct dataplane *d)
{
	for (unsigned int p = 0; p < d->port_count; p++)
		if (d->ports[p].bond)
			return true;
	return false;
}

int xdp_open(struct xdp *x, const struct config *config, struct dataplane *d)
{
	int error;

	for (unsigned int p = 0; p < d->port_count; p++)
		x->judges[p] = judge_of(&config->ports[p], &d->ports[p]);
	error = open_tables(x, d);
	if (error)
		return error;
	for (unsigned int k = 0; k < d->address_count; k++) {
		struct shed_address address;
		int index;

		memcpy(address.byte, d->addresses[k].address.octets, sizeof(address.byte));
		index = shed_address_add(x->shed, &address);
		if (index < 0)
			return fail("shed", "no memory for the ports of another media address",
				    index);
		d->shed_ports[k] = shed_ports(x->shed, index);
	}
	d->shed_rule = shed_rule(x->shed);
	d->shed_rule->lacp = has_bond(d);
	d->shed_sketch = shed_sketch(x->shed);
	rates_put_default(d->shed_rule);
	return 0;
}

void xdp_close(struct xdp *x)
{
	const char *what;

	if (x->shed)
		shed_close(x->shed);
	else if (x->used) /* The first port may have loaded the program, and the second failed. */
		shed_pins_remove(SHED_PIN_DIR, &what);
	if (x->alone)
		rmdir(LIBXDP_DIRECTORY);
	x->shed = NULL;
	x->used = x->alone = false;
	while (x->claim_count)
		close(x->claims[--x->claim_count]);
}
