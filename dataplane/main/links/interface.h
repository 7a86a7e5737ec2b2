/* SPDX-License-Identifier: BSD-3-Clause */
/* What an interface of the kernel's says of itself, in the network namespace of this process. */
#ifndef TANDEM_INTERFACE_H
#define TANDEM_INTERFACE_H

#include <stdbool.h>

/* Whether it is up and has a carrier. */
bool interface_is_linked(const char *name);

/* `name` gets the MAC address that `from` has. 0 or -errno. */
int interface_share_mac(const char *name, const char *from);

#endif
