/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/api/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/api/cleanse.h"

int frame_send(int fd, const Tandem__Dataplane__V1__Frame *frame)
{
	size_t size = tandem__dataplane__v1__frame__get_packed_size(frame);
	uint8_t octets[FRAME_MOST];
	int error;

	if (size > sizeof(octets))
		return -EMSGSIZE;
	tandem__dataplane__v1__frame__pack(frame, octets);
	error = frame_send_packed(fd, octets, size);
	explicit_bzero(octets, size);
	return error;
}

int frame_send_packed(int fd, const uint8_t *octets, size_t size)
{
	if (size > FRAME_MOST)
		return -EMSGSIZE;
	return send(fd, octets, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int frame_receive(int fd, Tandem__Dataplane__V1__Frame **frame)
{
	uint8_t octets[FRAME_MOST];
	ssize_t size = recv(fd, octets, sizeof(octets), MSG_DONTWAIT | MSG_TRUNC);
	int error = 0;

	*frame = NULL;
	if (size < 0)
		return -errno;
	if (size == 0)
		return -ENOTCONN;
	if ((size_t)size > sizeof(octets)) {
		size = sizeof(octets);
		error = -EMSGSIZE;
	} else {
		*frame = frame_unpack(octets, size);
		if (!*frame)
			error = -EBADMSG;
	}
	explicit_bzero(octets, size);
	return error;
}

Tandem__Dataplane__V1__Frame *frame_unpack(const uint8_t *octets, size_t size)
{
	return tandem__dataplane__v1__frame__unpack(&cleanse_allocator, size, octets);
}

void frame_free(Tandem__Dataplane__V1__Frame *frame)
{
	if (frame)
		tandem__dataplane__v1__frame__free_unpacked(frame, &cleanse_allocator);
}
