/* SPDX-License-Identifier: BSD-3-Clause */
/* Which text an HTTP client wants (RFC 9110 12.5.1). */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/metrics/exposition.h"

/* One range of the header, up to `end`. */
struct range {
	const char *at, *end;
};

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* Takes what is before the next `mark`, and goes on behind it. */
static struct range next(struct range *rest, char mark)
{
	const char *found = memchr(rest->at, mark, rest->end - rest->at);
	struct range taken = {skip_blanks(rest->at, rest->end), found ? found : rest->end};

	rest->at = found ? found + 1 : rest->end;
	while (taken.end > taken.at && (taken.end[-1] == ' ' || taken.end[-1] == '\t'))
		taken.end--;
	return taken;
}

static bool is(struct range r, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(r.end - r.at) == length && strncasecmp(r.at, text, length) == 0;
}

static bool begins(struct range r, const char *text)
{
	size_t length = strlen(text);

	return r.end > r.at && (size_t)(r.end - r.at) >= length &&
	       strncasecmp(r.at, text, length) == 0;
}

/* Thousandths, of "0.75"; what cannot be read is 0. */
static unsigned int read_weight(struct range r)
{
	unsigned int weight = 0, unit = 1000;

	for (; r.at < r.end && unit; r.at++) {
		if (*r.at == '.')
			continue;
		if (*r.at < '0' || *r.at > '9')
			return 0;
		weight += unit * (*r.at - '0');
		unit /= 10;
	}
	return weight < 1000 ? weight : 1000;
}

/* Of one range: its weight, and whether it has a version that is not spoken here. */
static unsigned int read_parameters(struct range rest, const char *versions[2], bool *unspoken)
{
	unsigned int weight = 1000;

	*unspoken = false;
	while (rest.at < rest.end) {
		struct range p = next(&rest, ';');

		if (begins(p, "q="))
			weight = read_weight((struct range){p.at + 2, p.end});
		else if (begins(p, "version=")) {
			p.at += strlen("version=");
			*unspoken = !is(p, versions[0]) && !is(p, versions[1]);
		}
	}
	return weight;
}

enum exposition_format exposition_choose(const char *accept)
{
	static const char *versions[][2] = {{"0.0.4", "0.0.4"}, {"1.0.0", "0.0.1"}};
	static const char *const types[][3] = {{"text/plain", "text/*", "*/*"},
					       {"application/openmetrics-text"}};
	unsigned int best[EXPOSITION_FORMATS] = {0};
	struct range rest = {accept, accept ? accept + strlen(accept) : NULL};

	while (rest.at < rest.end) {
		struct range one = next(&rest, ','), type = next(&one, ';');

		for (int f = 0; f < EXPOSITION_FORMATS; f++)
			for (int k = 0; k < 3 && types[f][k]; k++) {
				bool unspoken;
				unsigned int weight = read_parameters(one, versions[f], &unspoken);

				if (is(type, types[f][k]) && !unspoken && weight > best[f])
					best[f] = weight;
			}
	}
	return best[EXPOSITION_OPENMETRICS] &&
			       best[EXPOSITION_OPENMETRICS] >= best[EXPOSITION_PLAIN]
		       ? EXPOSITION_OPENMETRICS
		       : EXPOSITION_PLAIN;
}
