/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bencode, the encoding of BitTorrent (BEP 3), as proxies write it: the keys of a dictionary may
 * come in any order. One thread.
 */
#ifndef TANDEM_BENCODE_H
#define TANDEM_BENCODE_H

#include <stdio.h>

#include "controlplane/ng/ng_value.h"

/*
 * Reads one value from the beginning of `size` octets, *used of them. 0; -EAGAIN if what there is
 * may yet become one when more comes; -EINVAL if it never will, also since a text has a NUL;
 * -ENOMEM.
 */
int bencode_read(struct ng_value **out, size_t *used, struct arena *arena, const char *octets,
		 size_t size);
void bencode_write(FILE *out, const struct ng_value *value);

#endif
