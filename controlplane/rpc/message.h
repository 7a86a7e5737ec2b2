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

#endif
