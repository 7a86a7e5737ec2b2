/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/drop_reason.h"

#include <string.h>

const char *drop_reason_name(const char *counter)
{
	static const char prefix[] = "shed_";
	size_t length = sizeof(prefix) - 1;

	return strncmp(counter, prefix, length) == 0 ? counter + length : counter;
}
