/* SPDX-License-Identifier: BSD-3-Clause */
/* Heads of dropped frames, put into words for an operator's terminal. */
#include "controlplane/shed/head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What it says is whole, printable, and no octet of the frame's own. */
static void check(const char *text, size_t room)
{
	size_t length = strnlen(text, room);

	if (length == room)
		abort();
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct head head;

	memset(&head, 0xff, sizeof(head));
	head_read(&head, data, size);
	check(head.source, sizeof(head.source));
	check(head.destination, sizeof(head.destination));
	check(head.what, sizeof(head.what));
	if (!head.what[0])
		abort();
	return 0;
}
