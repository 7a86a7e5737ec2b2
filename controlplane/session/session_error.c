/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/session_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "controlplane/session/session.h"

int session_refuse(struct session_error *error, int code, const char *fmt, ...)
{
	va_list ap;

	error->code = code;
	va_start(ap, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void session_fail(session_reply *reply, void *arg, int code, const char *fmt, ...)
{
	struct session_error error = {.code = code};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error.text, sizeof(error.text), fmt, ap);
	va_end(ap);
	reply(arg, NULL, &error);
}
