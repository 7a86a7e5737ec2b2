/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypt.h"

#include <string.h>

static const struct crypt_engine *const engines[] = {&crypt_libsrtp};

const struct crypt_engine *crypt_engine_find(const char *name)
{
	for (unsigned int k = 0; k < RTE_DIM(engines); k++)
		if (!strcmp(engines[k]->name, name))
			return engines[k];
	return NULL;
}
