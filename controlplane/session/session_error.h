/* SPDX-License-Identifier: BSD-3-Clause */
/* How a verb of the session fails: a gRPC status number and one sentence with the remedy. */
#ifndef TANDEM_SESSION_ERROR_H
#define TANDEM_SESSION_ERROR_H

enum {
	SESSION_INVALID_ARGUMENT = 3,
	SESSION_NOT_FOUND = 5,
	SESSION_ALREADY_EXISTS = 6,
	SESSION_RESOURCE_EXHAUSTED = 8,
	SESSION_FAILED_PRECONDITION = 9,
	SESSION_UNIMPLEMENTED = 12,
	SESSION_INTERNAL = 13,
	SESSION_UNAVAILABLE = 14,
};

struct session_error {
	int code;
	char text[256];
};

/* Writes the error and returns -EINVAL, so that a check is one line. */
int session_refuse(struct session_error *error, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
