/* SPDX-License-Identifier: BSD-3-Clause */
/* The ng protocol's other encoding: JSON (RFC 8259). One thread. */
#ifndef TANDEM_NG_JSON_H
#define TANDEM_NG_JSON_H

#include <stdio.h>

#include "controlplane/ng/ng_value.h"

/* As bencode_read(). true and false are 1 and 0, null is "", a fraction loses its fraction. */
int ng_json_read(struct ng_value **out, size_t *used, struct arena *arena, const char *octets,
		 size_t size);
/* What is no UTF-8 in a text becomes question marks. */
void ng_json_write(FILE *out, const struct ng_value *value);

#endif
