/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/columns.h"

#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/words.h"

#define COLUMN_GAP 2

struct columns {
	const char *const *heads;
	unsigned columns;
	char **cells; /* row after row */
	size_t count, room;
};

struct columns *columns_new(const char *const *heads)
{
	struct columns *columns = calloc(1, sizeof(*columns));

	if (!columns)
		errx(EXIT_FAILURE, "no memory");
	columns->heads = heads;
	while (heads[columns->columns])
		columns->columns++;
	return columns;
}

void columns_free(struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		free(columns->cells[i]);
	free(columns->cells);
	free(columns);
}

void columns_add(struct columns *columns, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (columns->count == columns->room) {
		columns->room = columns->room ? columns->room * 2 : 64;
		columns->cells =
			reallocarray(columns->cells, columns->room, sizeof(*columns->cells));
		if (!columns->cells)
			errx(EXIT_FAILURE, "no memory");
	}
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		errx(EXIT_FAILURE, "no memory");
	va_end(args);
	columns->cells[columns->count++] = words_harmless(text);
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

void columns_print(const struct columns *columns, FILE *out)
{
	int *widths = calloc(columns->columns, sizeof(*widths));

	if (!widths)
		errx(EXIT_FAILURE, "no memory");
	for (unsigned i = 0; i < columns->columns; i++)
		widths[i] = width_of(columns->heads[i] + (*columns->heads[i] == '>'));
	for (size_t i = 0; i < columns->count; i++) {
		int width = width_of(shown(columns->cells[i]));

		if (width > widths[i % columns->columns])
			widths[i % columns->columns] = width;
	}
	for (size_t i = 0; i < columns->columns + columns->count; i++) {
		unsigned column = i % columns->columns;
		const char *head = columns->heads[column];
		bool right = *head == '>', last = column + 1 == columns->columns;
		const char *text = i < columns->columns
					   ? head + right
					   : shown(columns->cells[i - columns->columns]);

		print_cell(text, widths[column], right, last, out);
		if (last)
			fputc('\n', out);
	}
	free(widths);
}
