/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aligned text tables. Cells come from peers too: control characters in them become '?', so that
 * nobody's tag can drive the operator's terminal. Without memory the program ends.
 */
#ifndef TANDEM_CTL_COLUMNS_H
#define TANDEM_CTL_COLUMNS_H

#include <stdio.h>

struct columns;

/* Heads, up to the NULL after the last; those that begin with '>' are set flush right. */
struct columns *columns_new(const char *const *heads);
void columns_free(struct columns *columns);

/* Fills the next cell, row by row. An empty text becomes "-". */
void columns_add(struct columns *columns, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints the table, its last column not padded. */
void columns_print(const struct columns *columns, FILE *out);

#endif
