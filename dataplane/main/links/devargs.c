/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/devargs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/lib/log.h"
#include "dataplane/main/links/channels.h"
#include "dataplane/main/config.h"

bool devargs_is_af_xdp(const char *devargs)
{
	return strncmp(devargs, "net_af_xdp", 10) == 0 && strstr(devargs, "iface=");
}

bool devargs_are_af_xdp(const struct config_port *port)
{
	return port->devargs.count && devargs_is_af_xdp(port->devargs.texts[0]);
}

char *devargs_interface(const char *devargs)
{
	const char *name = strstr(devargs, "iface=");

	if (!devargs_is_af_xdp(devargs))
		return NULL;
	name += strlen("iface=");
	return strndup(name, strcspn(name, ","));
}

char *devargs_device(const char *devargs)
{
	return strndup(devargs, strcspn(devargs, ","));
}

bool devargs_is_virtual(const char *devargs)
{
	return strncmp(devargs, "net_", 4) == 0 || strncmp(devargs, "eth_", 4) == 0;
}

bool devargs_want_program(const struct config_port *port)
{
	return devargs_are_af_xdp(port) &&
	       (port->shed == CONFIG_SHED_AUTO || port->shed == CONFIG_SHED_XDP);
}

/* The queues of an interface, which are to be as many as the bond's members before have: or 0. */
static unsigned int prepare_queues(const struct config_port *port, const char *devargs,
				   unsigned int wanted, unsigned int before)
{
	char *interface = devargs_interface(devargs);
	int queues = channels_prepare(interface, wanted);

	if (queues < 0)
		log_error("[port %s] devargs: the queues of %s: %s; see ethtool -l %s",
			  config_port_name(port), interface, strerror(-queues), interface);
	else if (before && queues != (int)before)
		log_error("[port %s] devargs: %s has %d queues, and the bond's first device %u; "
			  "see ethtool -L %s",
			  config_port_name(port), interface, queues, before, interface);
	free(interface);
	return queues < 0 || (before && queues != (int)before) ? 0 : queues;
}

unsigned int devargs_queues(const struct config *config, const struct config_port *port)
{
	unsigned int workers = config->lcore_count - 1, queues = 0;

	if (!devargs_are_af_xdp(port))
		return workers;
	for (unsigned int k = 0; k < port->devargs.count; k++) {
		queues = prepare_queues(port, port->devargs.texts[k], workers, queues);
		if (!queues)
			break;
	}
	return queues;
}

char *devargs_complete(const struct config *config, const struct config_port *port,
		       const char *devargs, bool program)
{
	unsigned int queues = devargs_queues(config, port);
	char *complete = NULL;

	if (!queues)
		return NULL;
	if (!devargs_is_af_xdp(devargs))
		return strdup(devargs);
	if (asprintf(&complete, "%s%s%s%s,queue_count=%u", devargs, program ? ",xdp_prog=" : "",
		     program ? config->xdp : "",
		     strstr(devargs, "start_queue=") ? "" : ",start_queue=0", queues) < 0)
		return NULL;
	return complete;
}
