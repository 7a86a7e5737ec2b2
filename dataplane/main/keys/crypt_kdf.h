/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session keys from a master key and salt (RFC 3711 4.3, RFC 6188 3, RFC 7714 11), with key
 * derivation rate 0: once for a key. Main lcore; the caller cleanses the result.
 */
#ifndef TANDEM_CRYPT_KDF_H
#define TANDEM_CRYPT_KDF_H

#include "dataplane/srtp/crypt_ipsec_mb.h"

/* `key` and `salt` have the lengths that `info` says. 0, or -EIO: the library refused. */
int crypt_kdf(IMB_MGR *mgr, const struct suite_info *info, const uint8_t *key, const uint8_t *salt,
	      struct session_keys *rtp, struct session_keys *rtcp);

#endif
