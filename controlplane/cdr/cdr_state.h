/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of cdr, for the files that make it up. */
#ifndef TANDEM_CDR_STATE_H
#define TANDEM_CDR_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <uv.h>

#include "controlplane/cdr/cdr.h"
#include "controlplane/cdr/cdr_file.h"
#include "controlplane/cdr/cdr_syslog.h"
#include "controlplane/lib/hashtable.h"

#define CDR_BATCH   512        /* records that are written at a time */
#define CDR_WAITING (64 << 20) /* octets of those that wait, packed */

/* One record. */
struct cdr_entry {
	STAILQ_ENTRY(cdr_entry) entry;
	struct hashtable_node node;
	uint64_t key;
	bool written;
	size_t size;
	uint8_t octets[]; /* packed */
};
STAILQ_HEAD(cdr_list, cdr_entry);

/* What the thread does once, and what came of it. */
struct cdr_job {
	struct cdr_entry *entries[CDR_BATCH];
	unsigned int count, written; /* the first of them */
	bool reopen, sync;
	int error;              /* of the file; 0: none */
	unsigned int to_syslog; /* records that the system log took */
	int syslog_error;
	unsigned int too_long; /* of to_syslog: it will never take them */
};

struct cdr {
	uv_loop_t *loop;
	struct session *session; /* NULL: it has closed */
	struct session_recorder recorder;
	struct cdr_config config;
	/* The thread's while it works. */
	struct cdr_file file;
	struct cdr_syslog syslog;
	struct cdr_job job;

	uv_work_t work;
	bool working, settling, stopping;
	bool reopen;                      /* wanted */
	bool due;                         /* what is unsynced is to be written out */
	bool unsynced;                    /* the machine may have it in memory alone */
	uint64_t began_ms;                /* the thread, on the loop's clock ... */
	bool slow;                        /* ... and it was said that it takes long */
	uv_timer_t tick;                  /* while something is to be tried again, or written out */
	struct cdr_list waiting, settled; /* written, and the dataplane may have their calls */
	size_t octets;                    /* of both */
	struct hashtable by_key;
	uint64_t *kept; /* of the file's end on start, in order */
	size_t kept_count;
	bool failing, syslog_failing;
	uint64_t lost; /* since it fails */
	uint64_t syslog_lost;
	uint64_t too_long; /* records for the system log, since the beginning */
};

/* cdr_job.c: in the thread. */
void cdr_job_run(struct cdr *c);

#endif
