/* SPDX-License-Identifier: BSD-3-Clause */
/* PEM files of a TLS server or client, judged before a library sees them: those say too little. */
#ifndef TANDEM_TLS_FILES_H
#define TANDEM_TLS_FILES_H

#include <stddef.h>

#define TLS_FILES_WHY 512 /* what the longest reason takes */

/*
 * Loads the files as a TLS stack would. NULL: there is no such file. 0; -EINVAL when one cannot be
 * read, or does not fit the others: `why` says which, and what is wrong with it. Any thread.
 */
int tls_files_check(const char *ca, const char *cert, const char *key, char *why, size_t size);

#endif
