/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_buffer.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/rpc/message.h"

static void cleanse_and_free(void *octets, size_t len)
{
	OPENSSL_cleanse(octets, len);
	free(octets);
}

grpc_byte_buffer *rpc_buffer_pack(const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = malloc(len ?: 1);
	grpc_byte_buffer *buffer;
	grpc_slice slice;

	if (!octets)
		return NULL;
	protobuf_c_message_pack(message, octets);
	slice = grpc_slice_new_with_len(octets, len, cleanse_and_free);
	buffer = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return buffer;
}

/* Copies the buffer's octets to `to`, when it is not NULL, and clears them where they were. */
static void drain(grpc_byte_buffer *buffer, uint8_t *to)
{
	grpc_byte_buffer_reader reader;
	grpc_slice *slice;

	if (!grpc_byte_buffer_reader_init(&reader, buffer))
		return;
	while (grpc_byte_buffer_reader_peek(&reader, &slice)) {
		size_t len = GRPC_SLICE_LENGTH(*slice);

		if (to)
			to = (uint8_t *)memcpy(to, GRPC_SLICE_START_PTR(*slice), len) + len;
		OPENSSL_cleanse(GRPC_SLICE_START_PTR(*slice), len);
	}
	grpc_byte_buffer_reader_destroy(&reader);
}

ProtobufCMessage *rpc_buffer_unpack(const ProtobufCMessageDescriptor *descriptor,
				    grpc_byte_buffer *buffer)
{
	ProtobufCMessage *message = NULL;
	uint8_t *octets;
	size_t len;

	if (!buffer)
		return NULL;
	len = grpc_byte_buffer_length(buffer);
	octets = malloc(len ?: 1);
	if (octets) {
		drain(buffer, octets);
		message = message_unpack(descriptor, octets, len);
		cleanse_and_free(octets, len);
	}
	rpc_buffer_free(buffer);
	return message;
}

void rpc_buffer_free(grpc_byte_buffer *buffer)
{
	if (!buffer)
		return;
	drain(buffer, NULL);
	grpc_byte_buffer_destroy(buffer);
}
