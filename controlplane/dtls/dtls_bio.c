/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls_bio.h"

#include <string.h>

#define UDP_OVER_IPV6 48

static int read_record(BIO *bio, char *out, int size)
{
	struct dtls_bio *ends = BIO_get_data(bio);
	size_t length = ends->input_length;

	BIO_clear_retry_flags(bio);
	if (!length) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (length > (size_t)size)
		length = (size_t)size;
	memcpy(out, ends->input, length);
	ends->input_length = 0;
	return (int)length;
}

static int write_datagram(BIO *bio, const char *data, int length)
{
	struct dtls_bio *ends = BIO_get_data(bio);

	ends->send(ends->arg, (const uint8_t *)data, (size_t)length);
	return length;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return UDP_OVER_IPV6;
	default:
		return 0;
	}
}

BIO *dtls_bio_make(struct dtls_bio *ends)
{
	static BIO_METHOD *method; /* the type, one for the process */
	BIO *bio;

	if (!method) {
		method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagram");
		if (!method)
			return NULL;
		BIO_meth_set_read(method, read_record);
		BIO_meth_set_write(method, write_datagram);
		BIO_meth_set_ctrl(method, control);
	}
	bio = BIO_new(method);
	if (bio) {
		BIO_set_data(bio, ends);
		BIO_set_init(bio, 1);
	}
	return bio;
}
