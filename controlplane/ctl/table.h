/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aligned text tables. Cells come from peers too: control characters in them become '?', so that
 * nobody's tag can drive the operator's terminal. Without memory the program ends.
 */
#ifndef TANDEM_CTL_TABLE_H
#define TANDEM_CTL_TABLE_H

#include <stdio.h>

struct table;

/* Heads, up to the NULL after the last; those that begin with '>' are set flush right. */
struct table *table_new(const char *const *heads);
void table_free(struct table *table);

/* Fills the next cell, row by row. An empty text becomes "-". */
void table_add(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the table, its last column not padded. */
void table_print(const struct table *table, FILE *out);

/* Replaces the control characters in UTF-8 text, in place; returns `text`. */
char *table_harmless(char *text);

#endif
