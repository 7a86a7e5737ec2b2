/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the public API in their outside forms: the protobuf wire, and JSON.
 * Works on any protobuf-c message by its descriptor. Any thread.
 */
#ifndef TANDEM_MESSAGE_H
#define TANDEM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/*
 * The message in `len` octets at `data`, or NULL when they do not decode, or when a string in
 * them is not UTF-8: proto3 demands it, and peers in other languages would choke on what we
 * repeat to them. The caller ends it with message_free(), which cleanses all that it held.
 */
ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *, const uint8_t *data,
				 size_t len);
void message_free(ProtobufCMessage *);

/*
 * The message as a JSON object: fields under their .proto names in the order of their numbers,
 * unset ones with their default, absent messages left out; enums by name; 64-bit numbers as
 * numbers; bytes as base64. A new reference, or NULL without memory. Not cleansed: print no
 * message with keys.
 */
json_t *message_json(const ProtobufCMessage *);

#define MESSAGE_WHY 256 /* octets that say what is wrong with one; more are left out */

/*
 * The way back: the message that a JSON text says, an object as above. Strict: an unknown member or
 * one that is there twice, another type, a number out of its range, a name that its enum has not,
 * null and NUL are refused; members may be left out. 64-bit numbers may also be decimal texts,
 * since JSON's are exact only up to 2^53 in many a reader. No octets at all are an empty object.
 * The caller ends it with message_free(). NULL: `why` says which member and what it should be.
 */
ProtobufCMessage *message_parse(const ProtobufCMessageDescriptor *, const char *text, size_t len,
				char why[MESSAGE_WHY]);
/*
 * The same from "name=value" texts, of a URL's query, for fields that are no messages: a repeated
 * field comes as often as it has values. `next` is called with 0, 1, ... until it returns NULL.
 */
ProtobufCMessage *message_parse_query(const ProtobufCMessageDescriptor *,
				      const char *(*next)(void *arg, unsigned index), void *arg,
				      char why[MESSAGE_WHY]);

#endif
