/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/api/frame.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/rig/test.h"

static int near, far;

static int open_pair(void **state)
{
	int fds[2];
	int big = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	near = fds[0];
	far = fds[1];
	return setsockopt(near, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
}

static int close_pair(void **state)
{
	close(near);
	close(far);
	return 0;
}

/* A frame of one request that transmits `size` octets. */
static int send_datagram(size_t size)
{
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Request request = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__Transmit transmit = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;
	Tandem__Dataplane__V1__Request *requests[] = {&request};
	int error;

	request.id = 7;
	request.transmit = &transmit;
	transmit.leg = 1234567890123ULL;
	transmit.datagram.data = calloc(1, size);
	transmit.datagram.len = size;
	memset(transmit.datagram.data, 0xa5, size);
	frame.requests = requests;
	frame.n_requests = 1;
	error = frame_send(near, &frame);
	free(transmit.datagram.data);
	return error;
}

static void crosses_unchanged(void **state)
{
	Tandem__Dataplane__V1__Frame *frame;

	assert_int_equal(send_datagram(120000), 0);
	assert_int_equal(send_datagram(3), 0);
	assert_int_equal(frame_receive(far, &frame), 0);
	assert_int_equal(frame->n_requests, 1);
	assert_int_equal(frame->requests[0]->id, 7);
	assert_int_equal(frame->requests[0]->transmit->leg, 1234567890123ULL);
	assert_int_equal(frame->requests[0]->transmit->datagram.len, 120000);
	assert_int_equal(frame->requests[0]->transmit->datagram.data[119999], 0xa5);
	frame_free(frame);
	assert_int_equal(frame_receive(far, &frame), 0);
	assert_int_equal(frame->requests[0]->transmit->datagram.len, 3);
	frame_free(frame);
}

static void nothing_has_come(void **state)
{
	Tandem__Dataplane__V1__Frame *frame;

	assert_int_equal(frame_receive(far, &frame), -EAGAIN);
	assert_null(frame);
}

static void too_large_is_not_sent(void **state)
{
	Tandem__Dataplane__V1__Frame *frame;

	assert_int_equal(send_datagram(FRAME_MOST), -EMSGSIZE);
	assert_int_equal(frame_receive(far, &frame), -EAGAIN);
}

static void too_large_is_not_taken(void **state)
{
	Tandem__Dataplane__V1__Frame *frame;
	char *octets = calloc(1, FRAME_MOST + 1);

	assert_int_equal(send(near, octets, FRAME_MOST + 1, 0), FRAME_MOST + 1);
	free(octets);
	assert_int_equal(send_datagram(1), 0);
	assert_int_equal(frame_receive(far, &frame), -EMSGSIZE);
	assert_null(frame);
	assert_int_equal(frame_receive(far, &frame), 0); /* the next packet is whole */
	frame_free(frame);
}

static void garbage_is_refused(void **state)
{
	Tandem__Dataplane__V1__Frame *frame;

	/* A length of 127 octets with one octet behind it. */
	assert_int_equal(send(near, "\x12\x7f\x00", 3, 0), 3);
	assert_int_equal(frame_receive(far, &frame), -EBADMSG);
	assert_null(frame);
}

static void a_full_socket_passes_through(void **state)
{
	int sent = 0;
	int error;

	while ((error = send_datagram(60000)) == 0 && sent < 1000)
		sent++;
	assert_int_equal(error, -EAGAIN);
	assert_true(sent > 0);
}

static void a_closed_socket_is_told(void **state)
{
	Tandem__Dataplane__V1__Frame *frame;

	shutdown(near, SHUT_RDWR);
	assert_int_equal(frame_receive(far, &frame), -ENOTCONN);
	assert_int_equal(send_datagram(1), -EPIPE);
}

#define PAIRED(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIRED(crosses_unchanged),       PAIRED(nothing_has_come),
		PAIRED(too_large_is_not_sent),   PAIRED(too_large_is_not_taken),
		PAIRED(garbage_is_refused),      PAIRED(a_full_socket_passes_through),
		PAIRED(a_closed_socket_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
