/* SPDX-License-Identifier: BSD-3-Clause */
/* Records to the system log, over its socket. One thread. */
#ifndef TANDEM_CDR_SYSLOG_H
#define TANDEM_CDR_SYSLOG_H

#include <stddef.h>

struct cdr_syslog {
	const char *path;
	int facility; /* as in RFC 5424 6.2.1 */
	int fd;       /* -1: not connected */
};

/*
 * One line, without its end; waits up to a second for its reader. 0, or -errno: -EAGAIN when that
 * one is still behind, -EMSGSIZE when the line is longer than it ever takes.
 */
int cdr_syslog_send(struct cdr_syslog *syslog, const char *line, size_t length);
void cdr_syslog_close(struct cdr_syslog *syslog);

#endif
