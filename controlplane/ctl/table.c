/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/table.h"

#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_GAP 2

struct table {
	const char *const *heads;
	unsigned columns;
	char **cells; /* row after row */
	size_t count, room;
};

struct table *table_new(const char *const *heads)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		errx(EXIT_FAILURE, "no memory");
	table->heads = heads;
	while (heads[table->columns])
		table->columns++;
	return table;
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

char *table_harmless(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* C1: U+0080 to U+009F */
			p[0] = p[1] = '?';
	}
	return text;
}

void table_add(struct table *table, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (table->count == table->room) {
		table->room = table->room ? table->room * 2 : 64;
		table->cells = reallocarray(table->cells, table->room, sizeof(*table->cells));
		if (!table->cells)
			errx(EXIT_FAILURE, "no memory");
	}
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		errx(EXIT_FAILURE, "no memory");
	va_end(args);
	table->cells[table->count++] = table_harmless(text);
}

static const char *shown(const char *text)
{
	return *text ? text : "-";
}

/* Code points, which is columns for the scripts that names are usually in. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const char *text, int width, bool right, bool last, FILE *out)
{
	int padding = width - width_of(text);

	fprintf(out, "%*s%s%*s", right ? padding : 0, "", text,
		last ? 0 : COLUMN_GAP + (right ? 0 : padding), "");
}

void table_print(const struct table *table, FILE *out)
{
	int *widths = calloc(table->columns, sizeof(*widths));

	if (!widths)
		errx(EXIT_FAILURE, "no memory");
	for (unsigned i = 0; i < table->columns; i++)
		widths[i] = width_of(table->heads[i] + (*table->heads[i] == '>'));
	for (size_t i = 0; i < table->count; i++) {
		int width = width_of(shown(table->cells[i]));

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t i = 0; i < table->columns + table->count; i++) {
		unsigned column = i % table->columns;
		const char *head = table->heads[column];
		bool right = *head == '>', last = column + 1 == table->columns;
		const char *text =
			i < table->columns ? head + right : shown(table->cells[i - table->columns]);

		print_cell(text, widths[column], right, last, out);
		if (last)
			fputc('\n', out);
	}
	free(widths);
}
