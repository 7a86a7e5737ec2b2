/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a message ends in a stream of octets: a cookie, a blank, and a dictionary in bencode or
 * JSON. Each octet is looked at once, however few come at a time. Whether the dictionary is right
 * its reader will say. One thread.
 */
#ifndef TANDEM_NG_FRAME_H
#define TANDEM_NG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NG_COOKIE_MAX 255

/* All zero at the beginning of each message. */
struct ng_frame {
	size_t at;          /* the octets before it have been looked at */
	unsigned int depth; /* of lists and dictionaries that are open */
	bool begun, json, quoted, escaped;
};

/*
 * The length of the cookie that a message begins with, and that a blank follows. -EAGAIN: more has
 * to come; -EINVAL: it begins with none.
 */
ssize_t ng_cookie_length(const char *message, size_t size);
/* The length of the message: 0 if more has to come, -EINVAL if it never ends. */
ssize_t ng_frame_scan(struct ng_frame *frame, const char *octets, size_t size);

#endif
