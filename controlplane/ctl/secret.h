/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads what no command line may show. */
#ifndef TANDEM_CTL_SECRET_H
#define TANDEM_CTL_SECRET_H

#include <stddef.h>

/*
 * The only line of standard input, without its end; a terminal does not echo it. It is the caller's
 * to cleanse. Returns CTL_OK, or another one after a complaint.
 */
int secret_read(char *text, size_t size);
/* The same of a file. */
int secret_read_file(const char *path, char *text, size_t size);

#endif
