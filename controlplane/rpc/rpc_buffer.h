/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between protobuf-c messages and gRPC's byte buffers, of which none keeps its content once it
 * is done with: messages may hold SDES keys. Any thread.
 */
#ifndef TANDEM_RPC_BUFFER_H
#define TANDEM_RPC_BUFFER_H

#include <grpc/byte_buffer.h>
#include <protobuf-c/protobuf-c.h>

/* The packed message, or NULL without memory. gRPC cleanses it after the last octet was sent. */
grpc_byte_buffer *rpc_buffer_pack(const ProtobufCMessage *message);

/*
 * The message in `buffer`, for message_free(), or NULL as message_unpack() says. The buffer is
 * cleansed and destroyed; NULL for it means that no message came and gives NULL.
 */
ProtobufCMessage *rpc_buffer_unpack(const ProtobufCMessageDescriptor *, grpc_byte_buffer *buffer);

/* Cleanses and destroys a buffer that was received; NULL is allowed. */
void rpc_buffer_free(grpc_byte_buffer *buffer);

#endif
