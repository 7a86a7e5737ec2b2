/* SPDX-License-Identifier: BSD-3-Clause */
/* A list that the relay gives page by page, as one reply. Without memory the program ends. */
#ifndef TANDEM_CTL_PAGES_H
#define TANDEM_CTL_PAGES_H

#include <protobuf-c/protobuf-c.h>

#include "controlplane/ctl/remote.h"

struct pages {
	ProtobufCMessage *all; /* what the replies have; its items belong to them */
	ProtobufCMessage **replies;
	size_t count;
	const char *field; /* of `all`, the list */
};

/*
 * Calls `method` until it gives no next_page_token; `request` has a page_token, and replies of
 * `type` the list `field`. Returns as remote_call(); pages_free() in any case.
 */
int pages_fetch(struct pages *pages, struct remote *remote, const char *method,
		ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		const char *field);
void pages_free(struct pages *pages);

#endif
