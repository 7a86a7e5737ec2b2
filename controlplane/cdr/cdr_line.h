/* SPDX-License-Identifier: BSD-3-Clause */
/* A packed record as its line. Any thread. */
#ifndef TANDEM_CDR_LINE_H
#define TANDEM_CDR_LINE_H

#include <stddef.h>
#include <stdint.h>

/*
 * JSON and a newline, to be freed; octets of a name that are not UTF-8 are "?". NULL without
 * memory, or if the octets are no record.
 */
char *cdr_line(const uint8_t *record, size_t size, size_t *length);

#endif
