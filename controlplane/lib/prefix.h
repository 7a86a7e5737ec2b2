/* SPDX-License-Identifier: BSD-3-Clause */
/* Prefixes that an operator wrote. Any thread. */
#ifndef TANDEM_PREFIX_H
#define TANDEM_PREFIX_H

#include "dataplane/lib/address.h"

/* As prefix_parse(), and -EINVAL with a sentence that names the remedy. */
int prefix_read(struct prefix *prefix, const char *text, char *why, size_t size);

#endif
