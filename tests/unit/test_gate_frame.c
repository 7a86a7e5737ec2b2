/* SPDX-License-Identifier: BSD-3-Clause */
/* Where messages end in a TURN client's stream. */
#include "controlplane/gate/gate_frame.h"
#include "tests/rig/test.h"

static void messages_end_where_they_say(void **state)
{
	static const struct {
		uint8_t head[GATE_FRAME_HEAD];
		int error;
		size_t datagram, stream;
	} cases[] = {
		{{0x00, 0x01, 0, 0}, 0, 20, 20},
		{{0x00, 0x03, 0, 8}, 0, 28, 28},
		{{0x3f, 0xff, 0, 8}, 0, 28, 28},
		{{0x00, 0x01, 0, 3}, -EBADMSG, 0, 0},
		{{0x40, 0x01, 0, 0}, 0, 4, 4},
		{{0x40, 0x01, 0, 1}, 0, 5, 8},
		{{0x40, 0x01, 0, 4}, 0, 8, 8},
		{{0x7f, 0xfe, 0, 5}, 0, 9, 12},
		{{0x80, 0x00, 0, 0}, -EBADMSG, 0, 0},
		{{0xff, 0xff, 0, 0}, -EBADMSG, 0, 0},
		{{0x00, 0x01, 0x05, 0x98}, 0, 1452, 1452},
		{{0x00, 0x01, 0x05, 0x9c}, -EMSGSIZE, 0, 0},
		{{0x40, 0x01, 0x05, 0xa8}, 0, 1452, 1452},
		{{0x40, 0x01, 0x05, 0xa9}, -EMSGSIZE, 0, 0},
		{{0x40, 0x01, 0xff, 0xff}, -EMSGSIZE, 0, 0},
		{{0x00, 0x01, 0xff, 0xfc}, -EMSGSIZE, 0, 0},
	};

	for (unsigned int k = 0; k < COUNT(cases); k++) {
		struct gate_frame frame;

		assert_int_equal(gate_frame_read(&frame, cases[k].head), cases[k].error);
		if (cases[k].error)
			continue;
		assert_int_equal(frame.datagram, cases[k].datagram);
		assert_int_equal(frame.stream, cases[k].stream);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_end_where_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
