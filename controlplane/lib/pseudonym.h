/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands for participants' addresses where they are not to be seen ([controlplane] privacy):
 * "ip4-3f9a2c81d0", "ip6-...", 40 bits of an HMAC-SHA256 under a key of the installation's. The
 * same address always has the same one; ports stay. Until pseudonym_open() succeeds an address is
 * shown as it is. Of the relay's own addresses nothing is hidden: who prints one does not come
 * here.
 *
 * pseudonym_open() before any other thread begins; everything else from any thread.
 */
#ifndef TANDEM_PSEUDONYM_H
#define TANDEM_PSEUDONYM_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "controlplane/lib/arena.h"
#include "dataplane/lib/address.h"

#define PSEUDONYM_KEY 32 /* octets */

/*
 * Reads the key, which is in the file in hexadecimal; one that is not there is made with mode 0600.
 * 0; -EINVAL, -EPERM: it is no key, or others may read it; or -errno. `why` says what to do.
 */
int pseudonym_open(const char *path, char *why, size_t size);
void pseudonym_close(void);
bool pseudonym_is_on(void);

/* As the functions of address.h: what may be shown of a participant's. `text`: ADDRESS_TEXT octets.
 */
const char *pseudonym_address(char *text, const struct address *address);
const char *pseudonym_endpoint(char *text, const struct endpoint *endpoint);
const char *pseudonym_prefix(char *text, const struct prefix *prefix);
/* The same of a text that is one of the three. 0; -EINVAL: it is none, and `text` is not set. */
int pseudonym_text(char text[ADDRESS_TEXT], const char *shown);

/*
 * A line of words in which each that is an address, an endpoint or a prefix has its pseudonym; cut
 * at `size`. Returns `line`.
 */
const char *pseudonym_line(char *line, size_t size, const char *text);

/*
 * Puts pseudonyms, which are the arena's, in the place of participants' addresses in a message of
 * the public API, in all that it holds. Without effect while they are not on. The message's texts
 * are not freed: it is one of an arena, or was made on top of one.
 */
void pseudonym_message(struct arena *arena, ProtobufCMessage *message);
/*
 * A copy of the message with pseudonyms, for who may not see addresses; the arena's. The message
 * itself while they are not on, NULL without memory.
 */
const ProtobufCMessage *pseudonym_copy(struct arena *arena, const ProtobufCMessage *message);

#endif
