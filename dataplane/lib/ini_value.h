/* SPDX-License-Identifier: BSD-3-Clause */
/* One configured text becomes one typed value. Used by ini.c alone. */
#ifndef TANDEM_INI_VALUE_H
#define TANDEM_INI_VALUE_H

#include "dataplane/lib/ini.h"

/*
 * Stores `text` in the structure at `base`; the value keeps pointers to `text`, and a list's array
 * is freed by ini_value_release(). 0, -EINVAL with "what is wrong; the remedy" in `why`, or
 * -ENOMEM.
 */
int ini_value_store(const struct option_key *key, void *base, char *text, char *why, size_t size);
void ini_value_release(const struct option_key *key, void *base);

/* How --help shows the values that the key takes, e.g. "0..4095". */
void ini_value_describe(const struct option_key *key, char *text, size_t size);

#endif
