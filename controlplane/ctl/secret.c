/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "controlplane/ctl/remote.h"

/* Not by stdio, whose buffer would keep it. Returns its length, `size` if it is longer, or -1. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = read(fd, text + length, size - length);
		if (got > 0)
			length += got;
		if (got > 0 && text[length - 1] == '\n' && isatty(fd))
			break;
	} while (length < size && (got > 0 || (got < 0 && errno == EINTR)));
	return got < 0 ? -1 : (ssize_t)length;
}

static ssize_t read_quietly(char *text, size_t size)
{
	struct termios shown, hidden;
	ssize_t length;

	if (tcgetattr(STDIN_FILENO, &shown))
		return read_all(STDIN_FILENO, text, size);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs("the secret: ", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	length = read_all(STDIN_FILENO, text, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return length;
}

/* Judges what was read: one line. */
static int take_line(const char *from, char *text, size_t size, ssize_t length)
{
	if (length < 0) {
		complain("%s: %s", from, strerror(errno));
		return CTL_USAGE;
	}
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length == 0)
		complain("no secret: write it to %s", from);
	else if ((size_t)length >= size)
		complain("%s: a secret has less than %zu octets", from, size);
	else if (memchr(text, '\n', length) || memchr(text, '\0', length))
		complain("%s: a secret is one line of text", from);
	else {
		text[length] = '\0';
		return CTL_OK;
	}
	return CTL_USAGE;
}

int secret_read(char *text, size_t size)
{
	return take_line("standard input", text, size, read_quietly(text, size));
}

int secret_read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	ret = take_line(path, text, size, fd < 0 ? -1 : read_all(fd, text, size));
	if (fd >= 0)
		close(fd);
	return ret;
}
