/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDES: SRTP keys in a=crypto lines (RFC 4568; suites also of RFC 6188 and 7714). A key that is no
 * longer needed is wiped by the holder of the struct. Any thread; nothing here keeps state.
 */
#ifndef TANDEM_SDES_H
#define TANDEM_SDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/suite.h"

#define SDES_LINES_MAX 16  /* a=crypto lines that one m-line may have */
#define SDES_WHY       96  /* what the longest reason takes */
#define SDES_VALUE_MAX 128 /* room for what sdes_print() writes, its NUL included */

struct sdes {
	uint32_t tag; /* at most nine digits */
	enum srtp_suite suite;
	bool draft_name; /* the line says, or is to say, suite_info()->draft_name */
	/* Master key, then master salt, as long as suite_info(suite) says. */
	uint8_t key_salt[SUITE_KEY_MAX + SUITE_SALT_MAX];
};

/*
 * Parses what follows "a=crypto:". 0; -ENOTSUP when the line is well formed and asks for what
 * Tandem does not do (an unknown suite, an MKI, several keys, a key derivation rate, FEC,
 * unencrypted or unauthenticated packets), so that the next line is to be tried; -EINVAL when it is
 * malformed. `why` then says the reason in one sentence; *out holds no key.
 */
int sdes_parse(struct sdes *out, const char *value, char *why, size_t size);

/*
 * Takes the first line that sdes_parse() accepts and whose suite's bit (1 << suite) is in `suites`.
 * -ENOENT when there is none; `why` is then about the first line.
 */
int sdes_choose(struct sdes *out, const char *const *values, unsigned int count, uint32_t suites,
		char *why, size_t size);

/*
 * Takes every such line, the first of each suite, in their order: how many; 0 when there is none,
 * and then `why` is as above.
 */
unsigned int sdes_choose_all(struct sdes out[SUITE_COUNT], const char *const *values,
			     unsigned int count, uint32_t suites, char *why, size_t size);

/* A fresh random key. -EINVAL for no suite, -EIO when the random generator fails. */
int sdes_make(struct sdes *out, uint32_t tag, enum srtp_suite suite);

/* Writes what follows "a=crypto:". 0, -EINVAL for no suite, -ENOBUFS. The text holds the key. */
int sdes_print(char *text, size_t size, const struct sdes *sdes);

void sdes_wipe(struct sdes *sdes);

#endif
