/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever is in the file of records, it is opened as whole lines, and what is appended is read. */
#include "controlplane/cdr/cdr_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NUMBER 0xa1
#define LINE   "{\"version\":1,\"record\":\"00000000000000a1\"}\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Numbers in ascending order; NUMBER among them if it has to be. */
static void check(const struct cdr_file *file, bool has_to)
{
	bool has = false;
	uint64_t *keys;
	size_t count;

	if (cdr_file_tail(file, &keys, &count))
		abort();
	for (size_t k = 0; k < count; k++) {
		has |= keys[k] == NUMBER;
		if (!keys[k] || (k && keys[k - 1] > keys[k]))
			abort();
	}
	if (has_to && !has)
		abort();
	free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32], last;
	int fd = memfd_create("cdr", 0), error;
	struct cdr_file file = {path, -1};
	off_t end;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) != (ssize_t)size || cdr_file_open(&file))
		abort();
	end = lseek(fd, 0, SEEK_END);
	if (end > (off_t)size || (end && (pread(fd, &last, 1, end - 1) != 1 || last != '\n')))
		abort();
	check(&file, false);
	if (cdr_file_append(&file, LINE, strlen(LINE), &error) != strlen(LINE))
		abort();
	check(&file, true);
	cdr_file_close(&file);
	close(fd);
	return 0;
}
