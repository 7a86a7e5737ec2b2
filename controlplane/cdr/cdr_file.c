/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/cdr/cdr_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE   0640
#define NAME   "\"record\":\""
#define WITHIN 64 /* octets from a line's begin to its number */
#define DIGITS 16
#define CHUNK  (64 << 10)

/* Where the last whole line ends. -errno. */
static off_t find_end(int fd, off_t size)
{
	char chunk[CHUNK];

	while (size > 0) {
		size_t part = size < CHUNK ? (size_t)size : CHUNK;
		ssize_t got = pread(fd, chunk, part, size - (off_t)part);
		const char *end;

		if (got != (ssize_t)part)
			return got < 0 ? -errno : -EIO;
		end = memrchr(chunk, '\n', part);
		if (end)
			return size - (off_t)part + (end - chunk) + 1;
		size -= (off_t)part;
	}
	return 0;
}

/* The mode is what it says, whatever the process's mask is: others may be meant to read it. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, MODE);

	if (fd >= 0)
		fchmod(fd, MODE);
	else if (errno == EEXIST)
		fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, MODE);
	return fd < 0 ? -errno : fd;
}

static int check(int fd)
{
	struct stat about;
	off_t end;

	if (fstat(fd, &about))
		return -errno;
	if (!S_ISREG(about.st_mode))
		return -EINVAL;
	end = find_end(fd, about.st_size);
	if (end < 0)
		return (int)end;
	return end < about.st_size && ftruncate(fd, end) ? -errno : 0;
}

int cdr_file_open(struct cdr_file *f)
{
	int fd = open_file(f->path);
	int error = fd < 0 ? fd : check(fd);

	f->fd = -1;
	if (!error)
		f->fd = fd;
	else if (fd >= 0)
		close(fd);
	return error;
}

void cdr_file_close(struct cdr_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static size_t whole_lines(const char *lines, size_t length)
{
	const char *end = memrchr(lines, '\n', length);

	return end ? (size_t)(end - lines) + 1 : 0;
}

size_t cdr_file_append(struct cdr_file *f, const char *lines, size_t length, int *error)
{
	size_t done = 0, whole;
	struct stat about;

	*error = 0;
	while (done < length) {
		ssize_t written = write(f->fd, lines + done, length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			*error = written < 0 ? -errno : -EIO;
			break;
		}
		done += (size_t)written;
	}
	whole = whole_lines(lines, done);
	/* Should this fail as well, the file is opened anew, which does the same. */
	if (whole < done &&
	    (fstat(f->fd, &about) || ftruncate(f->fd, about.st_size - (off_t)(done - whole))))
		cdr_file_close(f);
	return whole;
}

int cdr_file_sync(struct cdr_file *f)
{
	return fdatasync(f->fd) ? -errno : 0;
}

/* --- its end --------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* 0: none, which no record has. */
static uint64_t read_number(const char *line, size_t length)
{
	const char *name = memmem(line, length < WITHIN ? length : WITHIN, NAME, strlen(NAME));
	char digits[DIGITS + 1] = "", *end;
	uint64_t number;

	if (!name || (size_t)(line + length - name) < strlen(NAME) + DIGITS)
		return 0;
	memcpy(digits, name + strlen(NAME), DIGITS);
	number = strtoull(digits, &end, 16);
	return *end ? 0 : number;
}

static size_t read_lines(uint64_t *keys, const char *text, size_t length)
{
	size_t count = 0;

	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t size = end ? (size_t)(end - text) + 1 : length;
		uint64_t number = end ? read_number(text, size) : 0;

		if (number)
			keys[count++] = number;
		text += size;
		length -= size;
	}
	return count;
}

static ssize_t read_end(int fd, char *text, size_t size, off_t from)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, text + done, size - done, from + (off_t)done);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		done += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)done;
}

int cdr_file_tail(const struct cdr_file *f, uint64_t **keys, size_t *count)
{
	struct stat about;
	size_t size;
	ssize_t got;
	char *text;

	*keys = NULL;
	*count = 0;
	if (fstat(f->fd, &about))
		return -errno;
	size = about.st_size < CDR_TAIL ? (size_t)about.st_size : CDR_TAIL;
	text = malloc(size + 1);
	/* The shortest line that has a number. */
	*keys = malloc((size / (strlen(NAME) + DIGITS) + 1) * sizeof(**keys));
	got = text && *keys ? read_end(f->fd, text, size, about.st_size - (off_t)size) : -ENOMEM;
	if (got >= 0) {
		uint64_t *fitting;

		*count = read_lines(*keys, text, (size_t)got);
		fitting = realloc(*keys, (*count + 1) * sizeof(**keys));
		if (fitting)
			*keys = fitting;
		qsort(*keys, *count, sizeof(**keys), ascending);
	} else {
		free(*keys);
		*keys = NULL;
	}
	free(text);
	return got < 0 ? (int)got : 0;
}
