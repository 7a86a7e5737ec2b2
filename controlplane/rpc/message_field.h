/* SPDX-License-Identifier: BSD-3-Clause */
/* How protobuf-c lays out the values of a field, for those who walk through messages. */
#ifndef TANDEM_MESSAGE_FIELD_H
#define TANDEM_MESSAGE_FIELD_H

#include <protobuf-c/protobuf-c.h>

/* Octets of one value in the array of a repeated field. */
static inline size_t message_value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

#endif
