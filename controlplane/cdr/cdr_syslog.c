/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/cdr/cdr_syslog.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define INFO    6    /* RFC 5424 6.2.1 */
#define WAIT_MS 1000 /* for its reader */

static int connect_to(struct cdr_syslog *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int error;

	if (strlen(s->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, s->path);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	if (connect(s->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	error = -errno;
	cdr_syslog_close(s);
	return error;
}

void cdr_syslog_close(struct cdr_syslog *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* As syslog(3) writes it: its readers know the time and the program by that. */
static size_t write_head(char *head, size_t size, int facility)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
	return (size_t)snprintf(head, size, "<%d>%s tandem-cdr[%d]: ", facility * 8 + INFO, stamp,
				getpid());
}

static int send_once(struct cdr_syslog *s, const char *line, size_t length)
{
	char head[80];
	struct iovec parts[2] = {
		{head, write_head(head, sizeof(head), s->facility)},
		{(char *)(uintptr_t)line, length},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	int error = s->fd < 0 ? connect_to(s) : 0;

	if (error)
		return error;
	if (sendmsg(s->fd, &message, MSG_NOSIGNAL) >= 0)
		return 0;
	error = -errno;
	if (error != -EAGAIN && error != -EMSGSIZE)
		cdr_syslog_close(s);
	return error;
}

int cdr_syslog_send(struct cdr_syslog *s, const char *line, size_t length)
{
	bool was_open = s->fd >= 0;
	int error = send_once(s, line, length);

	/* The system log was restarted. */
	if (was_open && s->fd < 0)
		error = send_once(s, line, length);
	/* A batch is longer than the queue of such a socket. */
	if (error == -EAGAIN) {
		poll(&(struct pollfd){.fd = s->fd, .events = POLLOUT}, 1, WAIT_MS);
		error = send_once(s, line, length);
	}
	return error;
}
