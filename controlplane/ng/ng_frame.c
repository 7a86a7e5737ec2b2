/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_frame.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define DIGITS_MAX 20

ssize_t ng_cookie_length(const char *message, size_t size)
{
	size_t most = size < NG_COOKIE_MAX + 1 ? size : NG_COOKIE_MAX + 1;
	const char *blank = memchr(message, ' ', most);
	size_t length = blank ? (size_t)(blank - message) : most;

	for (size_t k = 0; k < length; k++)
		if ((unsigned char)message[k] < ' ' || message[k] == 0x7f)
			return -EINVAL;
	if (!blank)
		return size > NG_COOKIE_MAX ? -EINVAL : -EAGAIN;
	return length ? (ssize_t)length : -EINVAL;
}

/* Up to the brace that closes the first one. */
static ssize_t scan_json(struct ng_frame *f, const char *octets, size_t size)
{
	while (f->at < size) {
		char c = octets[f->at++];

		if (f->quoted) {
			f->quoted = c != '"' || f->escaped;
			f->escaped = c == '\\' && !f->escaped;
			continue;
		}
		if (c == '"')
			f->quoted = true;
		else if (c == '{')
			f->depth++;
		else if (c == '}' && --f->depth == 0)
			return f->at;
	}
	return 0;
}

/* The digits at `at` up to the octet `stop`. 0: more has to come. */
static ssize_t digits(const char *octets, size_t at, size_t size, char stop)
{
	size_t end = at;

	while (end < size && end - at <= DIGITS_MAX && octets[end] != stop) {
		if (!isdigit((unsigned char)octets[end]) && octets[end] != '-')
			return -EINVAL;
		end++;
	}
	if (end - at > DIGITS_MAX)
		return -EINVAL;
	return end < size ? (ssize_t)(end - at) : 0;
}

/* Passes a text, or a number of a length of its own. 1: it was there as a whole. */
static int pass(struct ng_frame *f, const char *octets, size_t size)
{
	bool number = octets[f->at] == 'i';
	size_t at = f->at + number, length = 0;
	ssize_t count = digits(octets, at, size, number ? 'e' : ':');

	if (count <= 0)
		return count < 0 || (at < size && octets[at] == (number ? 'e' : ':')) ? -EINVAL : 0;
	for (ssize_t k = 0; k < count && !number; k++) {
		length = 10 * length + (octets[at + k] - '0');
		if (octets[at + k] == '-' || length > INT32_MAX)
			return -EINVAL;
	}
	if (size - at - count - 1 < length)
		return 0;
	f->at = at + count + 1 + length;
	return 1;
}

static ssize_t scan_bencode(struct ng_frame *f, const char *octets, size_t size)
{
	while (f->at < size) {
		char c = octets[f->at];
		int passed;

		if (c == 'd' || c == 'l') {
			f->depth++;
			f->at++;
		} else if (c == 'e') {
			f->at++;
			if (--f->depth == 0)
				return f->at;
		} else {
			passed = pass(f, octets, size);
			if (passed <= 0)
				return passed;
		}
	}
	return 0;
}

ssize_t ng_frame_scan(struct ng_frame *f, const char *octets, size_t size)
{
	ssize_t cookie;

	if (!f->begun) {
		cookie = ng_cookie_length(octets, size);
		if (cookie == -EAGAIN || (cookie > 0 && (size_t)cookie + 1 == size))
			return 0;
		if (cookie < 0)
			return cookie;
		f->at = cookie + 1;
		if (octets[f->at] != 'd' && octets[f->at] != '{')
			return -EINVAL;
		f->json = octets[f->at] == '{';
		f->begun = true;
	}
	return f->json ? scan_json(f, octets, size) : scan_bencode(f, octets, size);
}
