/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypt.h"

#include <errno.h>
#include <string.h>

/* The fastest first. */
static const struct crypt_engine *const engines[] = {&crypt_ipsec_mb, &crypt_libsrtp};

const struct crypt_engine *crypt_engine_find(const char *name)
{
	for (unsigned int k = 0; k < RTE_DIM(engines); k++)
		if (!strcmp(engines[k]->name, name))
			return engines[k];
	return NULL;
}

int crypt_engine_start(const struct crypt_engine **out, const char *name)
{
	int error = -ENOENT;

	for (unsigned int k = 0; k < RTE_DIM(engines); k++) {
		if (name && strcmp(engines[k]->name, name))
			continue;
		error = engines[k]->start();
		if (!error) {
			*out = engines[k];
			return 0;
		}
	}
	return error;
}
