/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/devargs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/lib/log.h"
#include "dataplane/main/links/channels.h"
#include "dataplane/main/config.h"

char *devargs_interface(const char *devargs)
{
	const char *name = strstr(devargs, "iface=");

	if (strncmp(devargs, "net_af_xdp", 10) != 0 || !name)
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
	char *interface = devargs_interface(port->devargs);
	bool is_af_xdp = interface;

	free(interface);
	return is_af_xdp && (port->shed == CONFIG_SHED_AUTO || port->shed == CONFIG_SHED_XDP);
}

unsigned int devargs_queues(const struct config *config, const struct config_port *port)
{
	unsigned int workers = config->lcore_count - 1;
	char *interface = devargs_interface(port->devargs);
	int queues;

	if (!interface)
		return workers;
	queues = channels_prepare(interface, workers);
	if (queues < 0)
		log_error("[port %s] devargs: the queues of %s: %s; see ethtool -l %s", port->name,
			  interface, strerror(-queues), interface);
	free(interface);
	return queues < 0 ? 0 : queues;
}

char *devargs_complete(const struct config *config, const struct config_port *port, bool program)
{
	unsigned int queues = devargs_queues(config, port);
	char *interface = devargs_interface(port->devargs);
	bool is_af_xdp = interface;
	char *complete = NULL;

	free(interface);
	if (!queues)
		return NULL;
	if (!is_af_xdp)
		return strdup(port->devargs);
	if (asprintf(&complete, "%s%s%s%s,queue_count=%u", port->devargs,
		     program ? ",xdp_prog=" : "", program ? config->xdp : "",
		     strstr(port->devargs, "start_queue=") ? "" : ",start_queue=0", queues) < 0)
		return NULL;
	return complete;
}
