/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_STUN_H
#define TANDEM_STUN_H

#include <openssl/sha.h>

/*
 * HMAC-SHA1 with the key already absorbed: the two hash states after the inner and the outer pad.
 * Immutable; a check costs two copies and no allocation.
 */
struct stun_auth {
	SHA_CTX inner;
	SHA_CTX outer;
};

#endif
