/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/access/trail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dataplane/lib/log.h"

int trail_open(struct trail *trail, const char *path)
{
	char *copy = path ? strdup(path) : NULL;
	int fd = -1;

	if (path && !copy)
		return -ENOMEM;
	if (path) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			  0600);
		if (fd < 0) {
			int error = -errno;

			free(copy);
			log_error("[access] audit: %s: %s: make its directory, and give this user "
				  "the right to write there",
				  path, strerror(-error));
			return error;
		}
	}
	trail_close(trail);
	trail->path = copy;
	trail->fd = fd;
	return 0;
}

void trail_close(struct trail *trail)
{
	if (trail->fd >= 0)
		close(trail->fd);
	trail->fd = -1;
	trail->torn = false;
	free(trail->path);
	trail->path = NULL;
}

/* Of a line that was cut short the rest is lost: the next one begins on a line of its own. */
static int append(struct trail *trail, const char *line)
{
	static char end[] = "\n";
	size_t length = strlen(line);
	const struct iovec parts[] = {
		{end, trail->torn ? 1 : 0}, {(char *)(uintptr_t)line, length}, {end, 1}};
	ssize_t whole = (ssize_t)(parts[0].iov_len + length + 1), written;

	do
		written = writev(trail->fd, parts, 3);
	while (written < 0 && errno == EINTR);
	if (written == whole) {
		trail->torn = false;
		return 0;
	}
	if (written > 0)
		trail->torn = true;
	return written < 0 ? -errno : -ENOSPC;
}

static void note(struct trail *trail, int error)
{
	if (error && !trail->failing)
		log_error("[access] audit: %s: %s: what happens until it can be written is lost",
			  trail->path, strerror(-error));
	if (!error && trail->failing)
		log_warn("[access] audit: %s can be written again, %" PRIu64 " lines were lost",
			 trail->path, trail->lost);
	trail->failing = error != 0;
	trail->lost = error ? trail->lost + 1 : 0;
}

void trail_write(struct trail *trail, const char *line)
{
	if (trail->fd >= 0)
		note(trail, append(trail, line));
}

void trail_lose(struct trail *trail)
{
	note(trail, -ENOMEM);
}
