/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes metrics in the two texts that Prometheus reads: its own, 0.0.4, and OpenMetrics 1.0. A
 * family begins with what it is, then come its samples. One thread; what is written is in `text`,
 * whose first error stays there.
 */
#ifndef TANDEM_EXPOSITION_H
#define TANDEM_EXPOSITION_H

#include "controlplane/lib/histogram.h"
#include "controlplane/sdp/text.h"

enum exposition_format { EXPOSITION_PLAIN, EXPOSITION_OPENMETRICS, EXPOSITION_FORMATS };

enum exposition_type {
	EXPOSITION_GAUGE,
	EXPOSITION_COUNTER,   /* samples end with _total */
	EXPOSITION_HISTOGRAM, /* _bucket, _sum and _count */
	EXPOSITION_INFO,      /* samples end with _info, and are 1 */
};

/* The name is without those ends; the unit, NULL if there is none, is the end of the name. */
struct exposition_family {
	const char *name, *unit, *help;
	enum exposition_type type;
};

struct exposition {
	struct text text; /* the caller's to wipe */
	enum exposition_format format;
	const struct exposition_family *family; /* that is being written */
};

/* A list ends with one without a name. Values are escaped, and what is not UTF-8 is "?". */
struct exposition_label {
	const char *name, *value;
};
#define EXPOSITION_LABELS(...) ((const struct exposition_label[]){__VA_ARGS__, {NULL, NULL}})

void exposition_begin(struct exposition *e, enum exposition_format format);
/* Until the next one samples are of this family, which must live that long. */
void exposition_family(struct exposition *e, const struct exposition_family *family);
/* `labels` NULL: none. */
void exposition_value(struct exposition *e, const struct exposition_label *labels, double value);
void exposition_histogram(struct exposition *e, const struct exposition_label *labels,
			  const struct histogram_scale *scale, const struct histogram *histogram);
void exposition_end(struct exposition *e);

/* Of an HTTP Accept header, NULL if there was none: what it likes best. */
enum exposition_format exposition_choose(const char *accept);
const char *exposition_content_type(enum exposition_format format);

#endif
