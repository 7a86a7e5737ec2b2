/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets are refused, or become a message of the public API that can be packed again and
 * printed as JSON that parses. The first octet chooses the type. The dataplane's frame is among
 * them because it is read by the same code.
 */
#include "controlplane/rpc/message.h"

#include <stdlib.h>

#include "controlplane/api/health.pb-c.h"
#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/shed.pb-c.h"
#include "controlplane/api/turn.pb-c.h"
#include "dataplane/api/dataplane.pb-c.h"

static const ProtobufCMessageDescriptor *const types[] = {
	&tandem__relay__v1__offer_request__descriptor,
	&tandem__relay__v1__answer_request__descriptor,
	&tandem__relay__v1__list_request__descriptor,
	&tandem__relay__v1__query_reply__descriptor,
	&tandem__relay__v1__list_reply__descriptor,
	&tandem__relay__v1__status_reply__descriptor,
	&grpc__health__v1__health_check_request__descriptor,
	&tandem__dataplane__v1__frame__descriptor,
	&tandem__shed__v1__block_request__descriptor,
	&tandem__shed__v1__show_reply__descriptor,
	&tandem__shed__v1__sample_reply__descriptor,
	&tandem__shed__v1__attack_event__descriptor,
	&tandem__turn__v1__list_reply__descriptor,
	&tandem__turn__v1__create_credentials_reply__descriptor,
};

static void check_packs(const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = malloc(size + 1);

	if (!octets || protobuf_c_message_pack(message, octets) != size)
		abort();
	free(octets);
}

static void check_prints(const ProtobufCMessage *message)
{
	json_t *json = message_json(message), *parsed;
	char *text = json_dumps(json, 0);

	if (!json || !text)
		abort();
	parsed = json_loads(text, 0, NULL);
	if (!parsed || json_object_size(parsed) != json_object_size(json))
		abort();
	json_decref(parsed);
	json_decref(json);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ProtobufCMessage *message;

	if (!size)
		return 0;
	message = message_unpack(types[*data % (sizeof(types) / sizeof(types[0]))], data + 1,
				 size - 1);
	if (!message)
		return 0;
	if (!protobuf_c_message_check(message))
		abort();
	check_packs(message);
	check_prints(message);
	message_free(message);
	return 0;
}
