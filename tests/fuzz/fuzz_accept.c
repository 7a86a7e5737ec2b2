/* SPDX-License-Identifier: BSD-3-Clause */
/* What an HTTP client says it accepts, when it asks for metrics. */
#include "controlplane/metrics/exposition.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *accept = malloc(size + 1);
	enum exposition_format format;

	if (!accept)
		return 0;
	memcpy(accept, data, size);
	accept[size] = '\0';
	format = exposition_choose(accept);
	/* Nobody gets what was not named. */
	if (format == EXPOSITION_OPENMETRICS && !strcasestr(accept, "openmetrics"))
		abort();
	free(accept);
	return 0;
}
