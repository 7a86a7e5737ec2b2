/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/metrics/exposition.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/lib/utf8.h"

#define TEXT_MOST (8 << 20) /* far more than all families with all of their labels */
#define NUMBER    32
#define EXACT     9e15 /* integers below it are themselves as a double */

/* --- pieces ---------------------------------------------------------------------------------- */

/* The same in both texts: integers as such, and others as short as they are. */
static void write_number(struct exposition *e, double value)
{
	char text[NUMBER];

	if (value == floor(value) && fabs(value) < EXACT)
		snprintf(text, sizeof(text), "%.0f", value);
	else
		snprintf(text, sizeof(text), "%.15g", value);
	text_append(&e->text, text, strlen(text));
}

/* Of a bucket, as OpenMetrics has it: a floating point number in any case. */
static void write_bound(char text[NUMBER], double bound)
{
	snprintf(text, NUMBER, "%.9g", bound);
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
}

static void write_escaped(struct exposition *e, const char *value)
{
	bool valid = utf8_is_valid(value);

	for (const char *c = value; *c; c++) {
		if (*c == '\\' || *c == '"')
			text_append(&e->text, "\\", 1);
		if (*c == '\n')
			text_append(&e->text, "\\n", 2);
		else
			text_append(&e->text, !valid && *c & 0x80 ? "?" : c, 1);
	}
}

/* `le` NULL: none. */
static void write_labels(struct exposition *e, const struct exposition_label *labels,
			 const char *le)
{
	const char *before = "{";

	for (; labels && labels->name; labels++, before = ",") {
		text_printf(&e->text, "%s%s=\"", before, labels->name);
		write_escaped(e, labels->value);
		text_append(&e->text, "\"", 1);
	}
	if (le)
		text_printf(&e->text, "%sle=\"%s\"", before, le);
	if (le || *before == ',')
		text_append(&e->text, "}", 1);
}

static void write_sample(struct exposition *e, const char *end,
			 const struct exposition_label *labels, const char *le, double value)
{
	text_printf(&e->text, "%s%s", e->family->name, end);
	write_labels(e, labels, le);
	text_append(&e->text, " ", 1);
	write_number(e, value);
	text_append(&e->text, "\n", 1);
}

/* --- families -------------------------------------------------------------------------------- */

static const struct {
	const char *plain, *openmetrics; /* what it is called */
	const char *end;                 /* of its samples' names */
} types[] = {
	[EXPOSITION_GAUGE] = {"gauge", "gauge", ""},
	[EXPOSITION_COUNTER] = {"counter", "counter", "_total"},
	[EXPOSITION_HISTOGRAM] = {"histogram", "histogram", ""},
	[EXPOSITION_INFO] = {"gauge", "info", "_info"},
};

void exposition_begin(struct exposition *e, enum exposition_format format)
{
	*e = (struct exposition){.format = format, .text = {.limit = TEXT_MOST}};
}

void exposition_family(struct exposition *e, const struct exposition_family *family)
{
	bool open = e->format == EXPOSITION_OPENMETRICS;
	/* The older text knows a sample by the name of its family alone. */
	const char *end = open ? "" : types[family->type].end;

	e->family = family;
	text_printf(&e->text, "# TYPE %s%s %s\n", family->name, end,
		    open ? types[family->type].openmetrics : types[family->type].plain);
	if (open && family->unit)
		text_printf(&e->text, "# UNIT %s %s\n", family->name, family->unit);
	text_printf(&e->text, "# HELP %s%s ", family->name, end);
	write_escaped(e, family->help);
	text_append(&e->text, "\n", 1);
}

void exposition_value(struct exposition *e, const struct exposition_label *labels, double value)
{
	write_sample(e, types[e->family->type].end, labels, NULL, value);
}

void exposition_histogram(struct exposition *e, const struct exposition_label *labels,
			  const struct histogram_scale *scale, const struct histogram *h)
{
	uint64_t count = 0;
	char bound[NUMBER];

	for (unsigned int k = 0; k < scale->count; k++) {
		count += h->counts[k];
		write_bound(bound, scale->bounds[k]);
		write_sample(e, "_bucket", labels, bound, count);
	}
	count += h->counts[scale->count];
	write_sample(e, "_bucket", labels, "+Inf", count);
	write_sample(e, "_sum", labels, NULL, h->sum);
	write_sample(e, "_count", labels, NULL, count);
}

void exposition_end(struct exposition *e)
{
	if (e->format == EXPOSITION_OPENMETRICS)
		text_append(&e->text, "# EOF\n", 6);
}

const char *exposition_content_type(enum exposition_format format)
{
	return format == EXPOSITION_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}
