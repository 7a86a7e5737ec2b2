/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/pseudonym_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "controlplane/lib/pseudonym.h"

#define DIGITS (2 * PSEUDONYM_KEY)

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_digits(uint8_t *key, const char *text)
{
	for (unsigned int k = 0; k < PSEUDONYM_KEY; k++) {
		int high = digit(text[2 * k]), low = digit(text[2 * k + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		key[k] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int refuse(int error, const char *path, const char *what, char *why, size_t size)
{
	snprintf(why, size, "%s: %s", path, what);
	return error;
}

static int take(uint8_t *key, int fd, const char *path, char *why, size_t size)
{
	char text[DIGITS + 3] = ""; /* one more than is right */
	ssize_t length = read(fd, text, sizeof(text) - 1);
	struct stat about;
	int error;

	if (length < 0 || fstat(fd, &about))
		return refuse(-errno, path, strerror(errno), why, size);
	if (about.st_mode & 077) {
		OPENSSL_cleanse(text, sizeof(text));
		return refuse(-EPERM, path, "others may read it; chmod 600", why, size);
	}
	error = length == DIGITS || (length == DIGITS + 1 && text[DIGITS] == '\n')
			? read_digits(key, text)
			: -EINVAL;
	OPENSSL_cleanse(text, sizeof(text));
	if (error)
		return refuse(
			error, path,
			"no key of 64 digits 0-9a-f; put back the one that was there, or remove "
			"it and have another made",
			why, size);
	return 0;
}

/* Written beside its place, and there all at once: half a key would be another one. */
static int make(const char *path)
{
	uint8_t octets[PSEUDONYM_KEY];
	char text[DIGITS + 2], other[4096];
	int fd, error = 0;

	if (snprintf(other, sizeof(other), "%s.new", path) >= (int)sizeof(other))
		return -ENAMETOOLONG;
	if (getrandom(octets, sizeof(octets), 0) != sizeof(octets))
		return -EIO;
	for (unsigned int k = 0; k < PSEUDONYM_KEY; k++)
		sprintf(text + 2 * k, "%02x", octets[k]);
	strcpy(text + DIGITS, "\n");
	fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		error = -errno;
	else if (write(fd, text, DIGITS + 1) != DIGITS + 1 || fsync(fd))
		error = errno ? -errno : -EIO;
	if (fd >= 0)
		close(fd);
	if (!error && rename(other, path))
		error = -errno;
	OPENSSL_cleanse(octets, sizeof(octets));
	OPENSSL_cleanse(text, sizeof(text));
	return error;
}

int pseudonym_key_read(uint8_t *key, const char *path, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	if (fd < 0 && errno == ENOENT) {
		error = make(path);
		if (error)
			return refuse(error, path, strerror(-error), why, size);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return refuse(-errno, path, strerror(errno), why, size);
	error = take(key, fd, path, why, size);
	close(fd);
	return error;
}
