/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *words_enum(const ProtobufCEnumDescriptor *type, int value, const char *prefix,
		       char text[WORDS_SIZE])
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
	size_t skip = known && !strncmp(known->name, prefix, strlen(prefix)) ? strlen(prefix) : 0;

	if (!known)
		snprintf(text, WORDS_SIZE, "%d", value);
	else
		snprintf(text, WORDS_SIZE, "%s", known->name + skip);
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

const char *words_duration(uint64_t ms, char text[WORDS_SIZE])
{
	uint64_t s = ms / 1000;

	if (s < 1)
		snprintf(text, WORDS_SIZE, "%" PRIu64 " ms", ms);
	else if (s < 60)
		snprintf(text, WORDS_SIZE, "%" PRIu64 " s", s);
	else if (s < 3600)
		snprintf(text, WORDS_SIZE, "%" PRIu64 "m%02us", s / 60, (unsigned)(s % 60));
	else if (s < 86400)
		snprintf(text, WORDS_SIZE, "%" PRIu64 "h%02um", s / 3600, (unsigned)(s / 60 % 60));
	else
		snprintf(text, WORDS_SIZE, "%" PRIu64 "d%02uh", s / 86400,
			 (unsigned)(s / 3600 % 24));
	return text;
}

const char *words_time(uint64_t ms, char text[WORDS_SIZE])
{
	time_t s = (time_t)(ms / 1000);
	struct tm local;

	text[0] = '\0';
	if (localtime_r(&s, &local))
		strftime(text, WORDS_SIZE, "%H:%M:%S", &local);
	return text;
}

bool words_read_duration(const char *text, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	size_t digits = strspn(text, "0123456789");
	uint64_t number = strtoull(text, NULL, 10);

	if (!digits || digits > 9 || !number)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) == 0) {
			*ms = number * units[i].ms;
			return true;
		}
	}
	return false;
}

bool words_read_size(const char *text, uint64_t *octets)
{
	static const struct {
		const char *unit;
		uint64_t octets;
	} units[] = {{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}};
	size_t digits = strspn(text, "0123456789");
	uint64_t number = strtoull(text, NULL, 10);

	if (!digits || digits > 10 || !number)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) == 0) {
			*octets = number * units[i].octets;
			return true;
		}
	}
	return false;
}

char *words_harmless(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* C1: U+0080 to U+009F */
			p[0] = p[1] = '?';
	}
	return text;
}

void words_print(FILE *out, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		fputs(words_harmless(copy), out);
	free(copy);
}
