/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One packet of a SOCK_SEQPACKET socket is one Frame of dataplane.proto. Buffers that held a frame
 * are cleansed, since a frame may hold keys. Any thread, one at a time for each socket.
 */
#ifndef TANDEM_FRAME_H
#define TANDEM_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"

#define FRAME_MOST (128 * 1024) /* octets in one packet */

/*
 * Neither call waits on a non-blocking socket. 0, or
 *   -EAGAIN      the socket is full: the frame was not sent, nothing of it
 *   -EMSGSIZE    the frame is larger than FRAME_MOST
 *   -EPIPE, -ECONNRESET, ...  as of sendmsg(2)
 */
int frame_send(int fd, const Tandem__Dataplane__V1__Frame *frame);

/*
 * The same for a frame that is packed already. Packed frames one after the other are one packed
 * frame with the repeated fields of all, which is how protobuf defines it: so batches are made. The
 * octets are the caller's to cleanse.
 */
int frame_send_packed(int fd, const uint8_t *octets, size_t size);

/*
 * 0 and a frame in *frame, to be given back with frame_free(). Or
 *   -EAGAIN      nothing has come
 *   -ENOTCONN    the other side has closed
 *   -EMSGSIZE    the packet was larger than FRAME_MOST
 *   -EBADMSG     the packet is no Frame
 *   ...          as of recvmsg(2)
 */
int frame_receive(int fd, Tandem__Dataplane__V1__Frame **frame);

/* A packet's octets as a frame; NULL when they are none. */
Tandem__Dataplane__V1__Frame *frame_unpack(const uint8_t *octets, size_t size);
void frame_free(Tandem__Dataplane__V1__Frame *frame);

#endif
