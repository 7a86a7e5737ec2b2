/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "controlplane/ctl/remote.h"

/* Not by stdio, whose buffer would keep it. Returns its length, `size` if it is longer, or -1. */
static ssize_t read_all(char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = read(STDIN_FILENO, text + length, size - length);
		if (got > 0)
			length += got;
		if (got > 0 && text[length - 1] == '\n' && isatty(STDIN_FILENO))
			break;
	} while (length < size && (got > 0 || (got < 0 && errno == EINTR)));
	return got < 0 ? -1 : (ssize_t)length;
}

static ssize_t read_quietly(char *text, size_t size)
{
	struct termios shown, hidden;
	ssize_t length;

	if (tcgetattr(STDIN_FILENO, &shown))
		return read_all(text, size);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs("the secret: ", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	length = read_all(text, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return length;
}

int secret_read(char *text, size_t size)
{
	ssize_t length = read_quietly(text, size);

	if (length < 0) {
		complain("standard input: %s", strerror(errno));
		return CTL_USAGE;
	}
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length == 0)
		complain("no secret: write it to standard input");
	else if ((size_t)length >= size)
		complain("a secret has less than %zu octets", size);
	else if (memchr(text, '\n', length) || memchr(text, '\0', length))
		complain("a secret is one line of text");
	else {
		text[length] = '\0';
		return CTL_OK;
	}
	return CTL_USAGE;
}
