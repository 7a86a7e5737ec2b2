/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/cdr/cdr.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/cdr/cdr_state.h"
#include "dataplane/lib/log.h"

#define TICK_MS 1000
#define SLOW_MS 5000 /* a write that takes longer is worth a line */

const char *const cdr_facilities[] = {"local0", "local1", "local2", "local3", "local4",
				      "local5", "local6", "local7", NULL};

#define LOCAL0 16 /* RFC 5424 6.2.1 */

static void work(struct cdr *c);

/* --- those that wait ------------------------------------------------------------------------- */

static uint64_t hash(const struct cdr *c, uint64_t key)
{
	return hashtable_hash(&c->by_key, &key, sizeof(key));
}

static struct cdr_entry *entry_of(const struct hashtable_node *node)
{
	return (struct cdr_entry *)((char *)(uintptr_t)node - offsetof(struct cdr_entry, node));
}

static bool same_key(const struct hashtable_node *node, const void *key)
{
	return entry_of(node)->key == *(const uint64_t *)key;
}

static void drop(struct cdr *c, struct cdr_list *list)
{
	struct cdr_entry *e = STAILQ_FIRST(list);

	STAILQ_REMOVE_HEAD(list, entry);
	hashtable_remove(&c->by_key, &e->node);
	c->octets -= e->size;
	free(e);
}

static void drop_all(struct cdr *c, struct cdr_list *list)
{
	while (!STAILQ_EMPTY(list))
		drop(c, list);
}

static void forgotten(void *arg, int error)
{
}

/* The oldest ones, so that the last hours are there once it is mended. */
static void make_room(struct cdr *c)
{
	while (c->octets > CDR_WAITING && !STAILQ_EMPTY(&c->waiting)) {
		uint64_t key = STAILQ_FIRST(&c->waiting)->key;

		drop(c, &c->waiting);
		if (!c->lost++)
			log_error("cdr: too many records wait to be written: the oldest are lost");
		if (c->session)
			session_recorded(c->session, &key, 1, forgotten, NULL);
	}
}

static void take(void *arg, uint64_t key, const Tandem__Relay__V1__CallRecord *record)
{
	struct cdr *c = arg;
	size_t size = tandem__relay__v1__call_record__get_packed_size(record);
	struct cdr_entry *e = malloc(sizeof(*e) + size);

	if (!e) {
		log_error("cdr: no memory for the record of call %s, which is lost",
			  record->call_id);
		session_recorded(c->session, &key, 1, forgotten, NULL);
		return;
	}
	*e = (struct cdr_entry){.key = key, .size = size};
	tandem__relay__v1__call_record__pack(record, e->octets);
	STAILQ_INSERT_TAIL(&c->waiting, e, entry);
	hashtable_add(&c->by_key, &e->node, hash(c, key));
	c->octets += size;
	make_room(c);
	if (c->working && !c->slow && uv_now(c->loop) - c->began_ms > SLOW_MS) {
		c->slow = true;
		log_error("cdr: nothing could be written for %d s; calls go on, their records wait",
			  SLOW_MS / 1000);
	}
	if (!c->failing)
		work(c);
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static enum session_recorded find(void *arg, uint64_t key)
{
	const struct cdr *c = arg;
	const struct hashtable_node *node =
		hashtable_find(&c->by_key, hash(c, key), same_key, &key);

	if (node)
		return entry_of(node)->written ? RECORD_KEPT : RECORD_WAITS;
	return c->kept_count && bsearch(&key, c->kept, c->kept_count, sizeof(key), compare)
		       ? RECORD_KEPT
		       : RECORD_UNKNOWN;
}

/* --- the end --------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct cdr *c = handle->data;

	drop_all(c, &c->waiting);
	drop_all(c, &c->settled);
	hashtable_close(&c->by_key);
	cdr_file_close(&c->file);
	cdr_syslog_close(&c->syslog);
	free(c->kept);
	free(c);
}

static void close_now(struct cdr *c)
{
	if (!STAILQ_EMPTY(&c->waiting))
		log_error("cdr: some records are not written; those calls get others when the "
			  "control plane starts again, without statistics");
	if (c->too_long)
		log_warn("cdr: records that were too long for the system log: %" PRIu64,
			 c->too_long);
	uv_close((uv_handle_t *)&c->tick, on_closed);
}

/* --- written --------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
	struct cdr *c = timer->data;

	c->due = true;
	work(c);
}

static void schedule(struct cdr *c)
{
	if (!c->stopping && (c->failing || c->unsynced) && !uv_is_active((uv_handle_t *)&c->tick))
		uv_timer_start(&c->tick, on_tick, TICK_MS, 0);
}

/* Once when it begins, and once when it is over. */
static void tell(struct cdr *c, int error)
{
	if (error && !c->failing)
		log_error("cdr: %s: %s; calls go on, their records wait",
			  c->file.path ? c->file.path : c->syslog.path,
			  error == -EINVAL ? "no file that lines can be appended to; name another"
					   : strerror(-error));
	else if (!error && c->failing)
		log_info("cdr: records are written again; lost: %" PRIu64, c->lost);
	c->failing = error != 0;
	if (!error)
		c->lost = 0;
}

static void tell_syslog(struct cdr *c)
{
	const struct cdr_job *job = &c->job;

	if (job->syslog_error && !c->syslog_failing)
		log_warn("cdr: %s: %s; its records are in the file alone", c->syslog.path,
			 strerror(-job->syslog_error));
	else if (!job->syslog_error && job->to_syslog && c->syslog_failing)
		log_info("cdr: the system log takes records again; it lacks %" PRIu64,
			 c->syslog_lost);
	if (job->syslog_error || job->to_syslog)
		c->syslog_failing = job->syslog_error != 0;
	c->syslog_lost = c->syslog_failing ? c->syslog_lost + job->written - job->to_syslog : 0;
}

static void tell_too_long(struct cdr *c)
{
	if (c->job.too_long && !c->too_long)
		log_warn("cdr: %s: a record is longer than the system log takes; such records are "
			 "%s",
			 c->syslog.path, c->file.path ? "in the file alone" : "lost; name a file");
	c->too_long += c->job.too_long;
}

static void settled(void *arg, int error)
{
	struct cdr *c = arg;

	c->settling = false;
	/* With the connection they are asked for (find()). */
	if (!error)
		drop_all(c, &c->settled);
	if (!c->failing)
		work(c);
}

/* What is written goes from the dataplane; what is not waits in its place. */
static void settle(struct cdr *c)
{
	uint64_t keys[CDR_BATCH];
	const struct cdr_job *job = &c->job;

	for (unsigned int k = job->count; k-- > job->written;)
		STAILQ_INSERT_HEAD(&c->waiting, job->entries[k], entry);
	for (unsigned int k = 0; k < job->written; k++) {
		keys[k] = job->entries[k]->key;
		job->entries[k]->written = true;
		STAILQ_INSERT_TAIL(&c->settled, job->entries[k], entry);
	}
	if (!job->written || !c->session)
		return;
	c->settling = true;
	session_recorded(c->session, keys, job->written, settled, c);
}

static void on_done(uv_work_t *request, int status)
{
	struct cdr *c = request->data;
	const struct cdr_job *job = &c->job;
	int error = job->error;

	c->working = false;
	if (c->file.path)
		tell_syslog(c);
	else if (job->syslog_error)
		error = job->syslog_error;
	tell_too_long(c);
	tell(c, error);
	c->unsynced = c->file.path && (job->written || (c->unsynced && (!job->sync || error)));
	settle(c);
	schedule(c);
	if (c->stopping && (c->failing || STAILQ_EMPTY(&c->waiting)))
		close_now(c);
	else if (!c->failing && !STAILQ_EMPTY(&c->waiting))
		work(c);
}

static void run(uv_work_t *request)
{
	cdr_job_run(request->data);
}

/* One batch at a time, the next one when the calls of the one before are gone. */
static void work(struct cdr *c)
{
	struct cdr_job *job = &c->job;

	if (c->working || c->settling)
		return;
	*job = (struct cdr_job){.reopen = c->reopen};
	job->sync = c->unsynced && (c->due || c->stopping);
	while (!STAILQ_EMPTY(&c->waiting) && job->count < CDR_BATCH) {
		job->entries[job->count++] = STAILQ_FIRST(&c->waiting);
		STAILQ_REMOVE_HEAD(&c->waiting, entry);
	}
	if (!job->count && !job->reopen && !job->sync && !c->failing)
		return;
	c->reopen = c->due = c->slow = false;
	c->began_ms = uv_now(c->loop);
	c->working = uv_queue_work(c->loop, &c->work, run, on_done) == 0;
}

/* --- what others call ------------------------------------------------------------------------ */

static void open_file(struct cdr *c)
{
	int error = cdr_file_open(&c->file);

	if (!error)
		error = cdr_file_tail(&c->file, &c->kept, &c->kept_count);
	tell(c, error);
}

int cdr_start(struct cdr **out, struct session *session, uv_loop_t *loop,
	      const struct cdr_config *config)
{
	struct cdr *c;

	*out = NULL;
	if (!config->file && !config->syslog)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c || hashtable_open(&c->by_key)) {
		free(c);
		return -ENOMEM;
	}
	c->loop = loop;
	c->session = session;
	c->config = *config;
	c->file = (struct cdr_file){config->file, -1};
	c->syslog = (struct cdr_syslog){config->syslog ? config->syslog_socket : NULL,
					LOCAL0 + config->facility, -1};
	STAILQ_INIT(&c->waiting);
	STAILQ_INIT(&c->settled);
	c->work.data = c;
	uv_timer_init(loop, &c->tick);
	c->tick.data = c;
	if (c->file.path)
		open_file(c);
	schedule(c);
	c->recorder = (struct session_recorder){take, find, c};
	session_keep_records(session, &c->recorder);
	*out = c;
	return 0;
}

void cdr_reopen(struct cdr *c)
{
	if (!c)
		return;
	c->reopen = true;
	work(c);
}

void cdr_stop(struct cdr *c)
{
	if (!c)
		return;
	c->session = NULL;
	c->stopping = true;
	uv_timer_stop(&c->tick);
	if (c->working)
		return;
	work(c);
	if (!c->working)
		close_now(c);
}
