/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of records: whole lines alone, each beginning with the record's number. One thread. */
#ifndef TANDEM_CDR_FILE_H
#define TANDEM_CDR_FILE_H

#include <stddef.h>
#include <stdint.h>

#define CDR_TAIL (64 << 20) /* octets at the file's end that are read on start */

struct cdr_file {
	const char *path;
	int fd; /* -1: not open */
};

/*
 * Opens or makes it, mode 0640, to append. A last line without its end, of a process that died in
 * it, is taken away: its call has no record yet. 0, -errno; -EINVAL: it is no regular file.
 */
int cdr_file_open(struct cdr_file *file);
void cdr_file_close(struct cdr_file *file);
/*
 * Appends lines. Returns how many octets of it are in the file, all of whole lines; when those are
 * fewer than `length`, *error is -errno, and what was written of the line behind is taken back.
 */
size_t cdr_file_append(struct cdr_file *file, const char *lines, size_t length, int *error);
/* Has the machine write it out. 0, -errno. */
int cdr_file_sync(struct cdr_file *file);
/*
 * The numbers of the records at its end, in ascending order, to be freed. 0, -errno; lines of
 * others are passed over.
 */
int cdr_file_tail(const struct cdr_file *file, uint64_t **keys, size_t *count);

#endif
