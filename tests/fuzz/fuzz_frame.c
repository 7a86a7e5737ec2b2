/* SPDX-License-Identifier: BSD-3-Clause */
/* Any packet is refused or becomes a frame that can be walked and given back whole. */
#include "dataplane/api/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Tandem__Dataplane__V1__Frame *frame = frame_unpack(data, size);

	if (!frame)
		return 0;
	if (!protobuf_c_message_check(&frame->base))
		abort();
	/* The size walks every field of every message inside. */
	if (tandem__dataplane__v1__frame__get_packed_size(frame) > 16 * size)
		abort();
	frame_free(frame);
	return 0;
}
