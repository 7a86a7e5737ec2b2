/* SPDX-License-Identifier: BSD-3-Clause */
/* What the thread does: lines are made, and written. The loop waits for its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/cdr/cdr_line.h"
#include "controlplane/cdr/cdr_state.h"

/* The lines of a batch, one behind the other. */
struct lines {
	char *text;
	size_t length, size;
	size_t ends[CDR_BATCH];
	unsigned int count;
};

static int grow(struct lines *lines, size_t more)
{
	size_t size = 2 * (lines->length + more);
	char *grown;

	if (lines->length + more <= lines->size)
		return 0;
	grown = realloc(lines->text, size);
	if (!grown)
		return -ENOMEM;
	lines->text = grown;
	lines->size = size;
	return 0;
}

/* A record that makes no line for want of memory ends the batch before it. */
static void make_lines(struct lines *lines, const struct cdr_job *job)
{
	for (unsigned int k = 0; k < job->count; k++) {
		const struct cdr_entry *e = job->entries[k];
		size_t length = 0;
		char *line = cdr_line(e->octets, e->size, &length);

		if (!line || grow(lines, length)) {
			free(line);
			return;
		}
		memcpy(lines->text + lines->length, line, length);
		free(line);
		lines->length += length;
		lines->ends[lines->count++] = lines->length;
	}
}

/* How many of the lines are in the file. */
static unsigned int write_file(struct cdr *c, const struct lines *lines)
{
	unsigned int count = 0;
	size_t written;

	if (c->file.fd < 0)
		c->job.error = cdr_file_open(&c->file);
	if (c->job.error || !lines->count)
		return 0;
	written = cdr_file_append(&c->file, lines->text, lines->length, &c->job.error);
	while (count < lines->count && lines->ends[count] <= written)
		count++;
	return count;
}

/*
 * How many of the first `most` lines the system log has taken, up to the first that it has not. One
 * that it will never take holds up no other.
 */
static unsigned int write_syslog(struct cdr *c, const struct lines *lines, unsigned int most)
{
	size_t begin = 0;

	for (unsigned int k = 0; k < most; k++) {
		int error = cdr_syslog_send(&c->syslog, lines->text + begin,
					    lines->ends[k] - begin - 1);

		begin = lines->ends[k];
		if (error == -EMSGSIZE) {
			c->job.too_long++;
		} else if (error) {
			c->job.syslog_error = error;
			return k;
		}
	}
	return most;
}

static void reopen(struct cdr *c)
{
	if (c->file.fd >= 0)
		cdr_file_sync(&c->file);
	cdr_file_close(&c->file);
	c->job.error = cdr_file_open(&c->file);
}

void cdr_job_run(struct cdr *c)
{
	struct cdr_job *job = &c->job;
	struct lines lines = {NULL};

	if (job->reopen && c->file.path)
		reopen(c);
	make_lines(&lines, job);
	job->written = c->file.path ? write_file(c, &lines) : lines.count;
	if (c->syslog.path)
		job->to_syslog = write_syslog(c, &lines, job->written);
	if (!c->file.path)
		job->written = job->to_syslog;
	if (job->sync && c->file.fd >= 0 && !job->error)
		job->error = cdr_file_sync(&c->file);
	/* Those before it are written all the same. */
	if (lines.count < job->count && !job->error)
		job->error = -ENOMEM;
	free(lines.text);
}
