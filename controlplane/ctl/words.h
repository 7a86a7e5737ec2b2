/* SPDX-License-Identifier: BSD-3-Clause */
/* Values as people write and read them. Functions that take `text` return it. */
#ifndef TANDEM_CTL_WORDS_H
#define TANDEM_CTL_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <protobuf-c/protobuf-c.h>

#define WORDS_SIZE 64

/* The name of an enum's value without its prefix, in small letters: LINK_UP is "up". */
const char *words_enum(const ProtobufCEnumDescriptor *type, int value, const char *prefix,
		       char text[WORDS_SIZE]);

/* "850 ms", "12 s", "3m07s", "5h12m", "2d03h" */
const char *words_duration(uint64_t ms, char text[WORDS_SIZE]);
/* "14:07:23", of the wall clock here; `ms` since 1970. */
const char *words_time(uint64_t ms, char text[WORDS_SIZE]);
/* "90s", "10m", "2h", "1d": a number that is not 0 with its unit; false: it is none of these. */
bool words_read_duration(const char *text, uint64_t *ms);

/* "64k", "100M", "1G", or octets: a number that is not 0, in units of 1000; false: none of these.
 */
bool words_read_size(const char *text, uint64_t *octets);

/* Replaces the control characters in UTF-8 text, in place. */
char *words_harmless(char *text);
/* Prints one peer's text without its control characters. */
void words_print(FILE *out, const char *text);

#endif
