/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/bencode.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define LENGTH_DIGITS 9  /* of a text */
#define NUMBER_DIGITS 19 /* fit into 64 bits without a sign */

struct reader {
	struct arena *arena;
	const char *at, *end;
};

static int read_value(struct ng_value **out, struct reader *r, unsigned int depth);

/* Digits up to the octet `stop`, which is passed. */
static int read_digits(uint64_t *out, struct reader *r, unsigned int most, char stop)
{
	unsigned int digits = 0;

	for (*out = 0; r->at < r->end && isdigit((unsigned char)*r->at); digits++) {
		if (digits == most)
			return -EINVAL;
		*out = *out * 10 + (*r->at++ - '0');
	}
	if (r->at == r->end)
		return -EAGAIN;
	return digits && *r->at++ == stop ? 0 : -EINVAL;
}

static int read_number(struct ng_value **out, struct reader *r)
{
	bool negative;
	uint64_t number;
	int error;

	r->at++;
	negative = r->at < r->end && *r->at == '-';
	r->at += negative;
	error = read_digits(&number, r, NUMBER_DIGITS, 'e');
	if (error)
		return error;
	if (number > (uint64_t)INT64_MAX + negative)
		return -EINVAL;
	*out = ng_number(r->arena, negative ? (int64_t)-number : (int64_t)number);
	return *out ? 0 : -ENOMEM;
}

static int read_text(struct ng_value **out, struct reader *r)
{
	uint64_t length;
	size_t there;
	int error = read_digits(&length, r, LENGTH_DIGITS, ':');

	if (error)
		return error;
	there = r->end - r->at;
	if (memchr(r->at, '\0', length < there ? length : there))
		return -EINVAL;
	if (there < length)
		return -EAGAIN;
	*out = ng_octets(r->arena, r->at, length);
	r->at += length;
	return *out ? 0 : -ENOMEM;
}

static int read_item(struct ng_value *into, struct reader *r, unsigned int depth)
{
	struct ng_value *key = NULL, *item;
	int error = into->kind == NG_DICTIONARY ? read_text(&key, r) : 0;

	if (!error)
		error = read_value(&item, r, depth);
	if (error)
		return error;
	if (key)
		ng_put(into, key->text, item);
	else
		ng_add(into, item);
	return 0;
}

static int read_items(struct ng_value **out, struct reader *r, unsigned int depth)
{
	int error = 0;

	*out = *r->at++ == 'd' ? ng_dictionary(r->arena) : ng_list(r->arena);
	if (!*out)
		return -ENOMEM;
	if (depth == NG_DEPTH_MAX)
		return -EINVAL;
	while (!error && r->at < r->end && *r->at != 'e')
		error = read_item(*out, r, depth + 1);
	if (error)
		return error;
	if (r->at == r->end)
		return -EAGAIN;
	r->at++;
	return 0;
}

static int read_value(struct ng_value **out, struct reader *r, unsigned int depth)
{
	if (r->at == r->end)
		return -EAGAIN;
	if (*r->at == 'd' || *r->at == 'l')
		return read_items(out, r, depth);
	return *r->at == 'i' ? read_number(out, r) : read_text(out, r);
}

int bencode_read(struct ng_value **out, size_t *used, struct arena *arena, const char *octets,
		 size_t size)
{
	struct reader r = {arena, octets, octets + size};
	int error = read_value(out, &r, 0);

	*used = r.at - octets;
	return error;
}

static void write_text(FILE *out, const char *text, size_t length)
{
	fprintf(out, "%zu:", length);
	fwrite(text, 1, length, out);
}

void bencode_write(FILE *out, const struct ng_value *value)
{
	switch (value->kind) {
	case NG_TEXT:
		write_text(out, value->text, value->length);
		return;
	case NG_NUMBER:
		fprintf(out, "i%" PRId64 "e", value->number);
		return;
	case NG_LIST:
	case NG_DICTIONARY:
		fputc(value->kind == NG_LIST ? 'l' : 'd', out);
		for (const struct ng_value *item = value->first; item; item = item->next) {
			if (value->kind == NG_DICTIONARY)
				write_text(out, item->key, strlen(item->key));
			bencode_write(out, item);
		}
		fputc('e', out);
		return;
	}
}
