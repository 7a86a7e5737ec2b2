/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/gate/gate_link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int gate_link_open(struct gate_link *link, uv_loop_t *loop, const struct sockaddr *server,
		   socklen_t size, uv_poll_cb readable)
{
	int error;

	link->fd = socket(server->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return -errno;
	error = connect(link->fd, server, size) ? -errno : 0;
	if (!error)
		error = uv_poll_init(loop, &link->poll, link->fd);
	if (error) {
		gate_link_close(link);
		return error;
	}
	return uv_poll_start(&link->poll, UV_READABLE, readable);
}

void gate_link_close(struct gate_link *link)
{
	close(link->fd);
	link->fd = -1;
}

unsigned int gate_link_receive(struct gate_link *link, uint8_t *octets, size_t size,
			       size_t lengths[GATE_BATCH])
{
	struct mmsghdr messages[GATE_BATCH] = {0};
	struct iovec at[GATE_BATCH];
	int count;

	for (unsigned int k = 0; k < GATE_BATCH; k++) {
		at[k] = (struct iovec){octets + k * size, size};
		messages[k].msg_hdr.msg_iov = &at[k];
		messages[k].msg_hdr.msg_iovlen = 1;
	}
	count = recvmmsg(link->fd, messages, GATE_BATCH, MSG_DONTWAIT, NULL);
	for (int k = 0; k < count; k++)
		lengths[k] = messages[k].msg_hdr.msg_flags & MSG_TRUNC ? 0 : messages[k].msg_len;
	return count > 0 ? count : 0;
}

void gate_link_send(struct gate_link *link, struct gate_batch *batch)
{
	struct mmsghdr messages[GATE_BATCH] = {0};

	for (unsigned int k = 0; k < batch->count; k++) {
		messages[k].msg_hdr.msg_iov = &batch->at[k];
		messages[k].msg_hdr.msg_iovlen = 1;
	}
	if (batch->count == 1)
		send(link->fd, batch->at[0].iov_base, batch->at[0].iov_len, MSG_DONTWAIT);
	else if (batch->count)
		sendmmsg(link->fd, messages, batch->count, MSG_DONTWAIT);
	batch->count = 0;
}
