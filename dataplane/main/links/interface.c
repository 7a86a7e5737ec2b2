/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/interface.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int ask(unsigned long what, const char *name, struct ifreq *request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", name);
	if (ioctl(fd, what, request))
		error = -errno;
	close(fd);
	return error;
}

bool interface_is_linked(const char *name)
{
	struct ifreq request = {.ifr_flags = 0};

	return !ask(SIOCGIFFLAGS, name, &request) && request.ifr_flags & IFF_RUNNING;
}

int interface_share_mac(const char *name, const char *from)
{
	struct ifreq theirs = {.ifr_flags = 0}, own = {.ifr_flags = 0};
	int error = ask(SIOCGIFHWADDR, from, &theirs);

	if (!error)
		error = ask(SIOCGIFHWADDR, name, &own);
	if (error || memcmp(&own.ifr_hwaddr, &theirs.ifr_hwaddr, sizeof(own.ifr_hwaddr)) == 0)
		return error;
	return ask(SIOCSIFHWADDR, name, &theirs);
}
