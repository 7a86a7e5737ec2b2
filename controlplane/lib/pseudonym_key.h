/* SPDX-License-Identifier: BSD-3-Clause */
/* The file with the key of pseudonyms (pseudonym.h). Any thread. */
#ifndef TANDEM_PSEUDONYM_KEY_H
#define TANDEM_PSEUDONYM_KEY_H

#include <stddef.h>
#include <stdint.h>

/* As pseudonym_open(). `key` holds PSEUDONYM_KEY octets. */
int pseudonym_key_read(uint8_t *key, const char *path, char *why, size_t size);

#endif
