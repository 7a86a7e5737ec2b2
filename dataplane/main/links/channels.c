/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/channels.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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
		result = set_combined(fd, &request, &channels, wanted);
	else
		result = set_single(fd, &request, &channels);
	close(fd);
	return result;
}
