/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that lines are appended to and never taken from: opened O_APPEND with mode 0600. One
 * thread.
 */
#ifndef TANDEM_TRAIL_H
#define TANDEM_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

struct trail {
	char *path;   /* NULL: there is none */
	int fd;       /* -1: there is none */
	bool failing; /* the last line was lost, which was said */
	bool torn;    /* the file ends within a line */
	uint64_t lost;
};

/*
 * Opens the file, anew if it is open: then the old one goes on when that fails. NULL: closes it.
 * 0, or -errno after a log line. trail->fd begins at -1.
 */
int trail_open(struct trail *trail, const char *path);
void trail_close(struct trail *trail);
/*
 * Appends a line. When that fails (a full disk), the log has it once, the line is lost, and so are
 * those until one succeeds: then the log says how many.
 */
void trail_write(struct trail *trail, const char *line);
/* The same of a line for which there is no memory. */
void trail_lose(struct trail *trail);

#endif
