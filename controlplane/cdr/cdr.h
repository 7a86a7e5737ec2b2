/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps the records of calls (CallRecord of relay.proto): one line of JSON each in a file, and to
 * the system log. In the file each call has its line once, whenever the control plane dies: a
 * call's state stays in the dataplane until its line is written, and on start the file's end says
 * which lines are. What the process has written outlives it; what the machine has, it writes out
 * once a second, so that a machine that dies loses no more.
 *
 * A thread of libuv's pool writes, so that a disk that hangs stops no call. Records that cannot be
 * written wait in bounded memory, and are tried again each second. The loop only.
 */
#ifndef TANDEM_CDR_H
#define TANDEM_CDR_H

#include <stdbool.h>

#include "controlplane/session/session.h"
#include "dataplane/lib/ini.h"

struct cdr;

struct cdr_config {
	char *file; /* NULL: none */
	bool syslog;
	int facility; /* an index of cdr_facilities */
	char *syslog_socket;
};

/* The words for a facility, which end with NULL, and the keys of [cdr], in a struct cdr_config. */
extern const char *const cdr_facilities[];
extern const struct option_key cdr_keys[];

/*
 * Begins to keep the session's records; nothing is to be kept: *cdr is NULL. To be called in the
 * turn of the loop in which the session was opened. What cannot be written now is a line in the
 * log, and waits. 0, -ENOMEM. The texts of `config` must outlive it.
 */
int cdr_start(struct cdr **cdr, struct session *session, uv_loop_t *loop,
	      const struct cdr_config *config);
/*
 * Opens the file anew, by its name, once the calls whose lines are in the old one are settled. NULL
 * will do.
 */
void cdr_reopen(struct cdr *cdr);
/* After session_close(): writes what waits, as far as it can; the loop frees it. NULL will do. */
void cdr_stop(struct cdr *cdr);

#endif
