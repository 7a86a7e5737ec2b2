/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/srtp/crypt.h"

#include <errno.h>
#include <string.h>

/* The fastest first. */
static const struct crypt_engine *const engines[] = {&crypt_ipsec_mb, &crypt_libsrtp};

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
