/* SPDX-License-Identifier: BSD-3-Clause */
/* What the verbs that show share: replies that are built on the heap, message by message. */
#ifndef TANDEM_SHED_REPLY_H
#define TANDEM_SHED_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "controlplane/session/session.h"
#include "dataplane/api/dataplane.pb-c.h"

/* Whether the dataplane answered with what is shed; if not, the verb is refused. */
bool reply_is_there(session_reply *reply, void *arg, int error,
		    const Tandem__Dataplane__V1__Reply *in);

/* How many to ask for: 0 means `fallback`. */
unsigned int reply_count(unsigned int wanted, unsigned int fallback, unsigned int most);

/* A repeated field with room for so many messages, of which it has none yet; NULL without memory.
 */
void *reply_room(size_t count);
/* Its next message; `list` is the field's address. NULL without memory, also that of the field. */
void *reply_add(void *list, size_t *count, const ProtobufCMessageDescriptor *type);
/* A text field that was not set before; without memory it stays empty. */
void reply_set(char **field, const char *text);

#endif
