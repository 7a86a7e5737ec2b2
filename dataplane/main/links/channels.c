/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/channels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/*
 * Where a virtio NIC has pairs to spare, one for each CPU, its driver takes them for XDP, and the
 * hypervisor spreads over them what comes. So no more are left than are too few for that: it then
 * locks what XDP redirects to other interfaces, which nothing here does.
 */
static unsigned int leave_none_to_xdp(int fd, struct ifreq *request, unsigned int most,
				      unsigned int wanted)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ask = *request;
	unsigned int cpus = sysconf(_SC_NPROCESSORS_CONF);

	ask.ifr_data = (char *)&info;
	if (ioctl(fd, SIOCETHTOOL, &ask) || strcmp(info.driver, "virtio_net") != 0)
		return wanted;
	return wanted + cpus > most ? wanted : most - cpus + 1;
}

static int set_combined(int fd, struct ifreq *request, struct ethtool_channels *c,
			unsigned int wanted)
{
	unsigned int had = c->combined_count;

	c->cmd = ETHTOOL_SCHANNELS;
	c->combined_count = wanted < c->max_combined ? wanted : c->max_combined;
	/* Fewer queues than workers is slower, not wrong. */
	if (had < c->combined_count && ioctl(fd, SIOCETHTOOL, request))
		return had;
	return had > c->combined_count ? had : c->combined_count;
}

static int set_single(int fd, struct ifreq *request, struct ethtool_channels *c)
{
	if (c->rx_count <= 1 && c->tx_count <= 1)
		return 1;
	c->cmd = ETHTOOL_SCHANNELS;
	c->rx_count = c->tx_count = 1;
	return ioctl(fd, SIOCETHTOOL, request) ? -errno : 1;
}

int channels_prepare(const char *interface, unsigned int wanted)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (char *)&channels};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	/* An interface that cannot tell has one queue. */
	if (ioctl(fd, SIOCETHTOOL, &request))
		result = errno == EOPNOTSUPP ? 1 : -errno;
	else if (channels.max_combined)
		result = set_combined(
			fd, &request, &channels,
			leave_none_to_xdp(fd, &request, channels.max_combined, wanted));
	else
		result = set_single(fd, &request, &channels);
	close(fd);
	return result;
}
