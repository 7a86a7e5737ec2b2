/* SPDX-License-Identifier: BSD-3-Clause */
/* A scrape: the dataplane is asked, and all who have come by then get the same text. */
#include "controlplane/metrics/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/metrics/metrics_view.h"

#define FRESH_MS 1000

struct waiter {
	STAILQ_ENTRY(waiter) entry;
	metrics_done *done;
	void *arg;
};
STAILQ_HEAD(waiters, waiter);

struct metrics {
	uv_loop_t *loop;
	struct metrics_sources sources;
	struct loop_watch watch;
	double started;
	struct page {
		struct text text; /* of the last scrape */
		uint64_t at_ms;   /* of the loop's clock; 0: there was none */
		struct waiters waiters;
	} pages[EXPOSITION_FORMATS];
	struct shed_blocks blocks;
	bool blocks_known;
	bool asking;  /* the dataplane has not answered yet */
	bool closing; /* and is freed when it has, and the timer is closed */
	bool timer_closed;
	struct metrics_scrapes scrapes;
};

/* --- the answer ------------------------------------------------------------------------------ */

static void tell(struct metrics *m, enum exposition_format format, const char *text, size_t length)
{
	const char *type = exposition_content_type(format);
	struct page *page = &m->pages[format];
	struct waiters told = STAILQ_HEAD_INITIALIZER(told);
	struct waiter *w;

	/* Who is told may come again. */
	STAILQ_CONCAT(&told, &page->waiters);
	while ((w = STAILQ_FIRST(&told))) {
		STAILQ_REMOVE_HEAD(&told, entry);
		w->done(w->arg, type, text, length);
		free(w);
	}
}

static void write_all(struct exposition *e, const struct metrics_view *view)
{
	metrics_write_relay(e, view);
	metrics_write_links(e, view);
	metrics_write_workers(e, view);
	metrics_write_calls(e, view);
	metrics_write_quality(e, view);
	metrics_write_floods(e, view);
	metrics_write_turn(e, view);
	metrics_write_requests(e, view);
	metrics_write_process(e, view);
	exposition_end(e);
}

static struct metrics_view view_of(const struct metrics *m,
				   const Tandem__Relay__V1__StatusReply *status)
{
	const struct metrics_sources *s = &m->sources;

	return (struct metrics_view){
		.status = status,
		.counts = session_counts(s->session),
		.calls_max = session_calls_max(s->session),
		.attacks = s->shed ? shed_attacks(s->shed) : NULL,
		.blocks = m->blocks_known ? &m->blocks : NULL,
		.ng = s->ng,
		.hep = hep_counts(s->hep),
		.access = s->access,
		.services = s->services,
		.service_count = s->service_count,
		.turn = s->turn ? turn_counts(s->turn) : NULL,
		.allocations = s->turn ? turn_allocations(s->turn) : -1,
		.loop = &m->watch,
		.started = m->started,
		.scrapes = m->scrapes,
	};
}

static void answer(struct metrics *m, enum exposition_format format,
		   const Tandem__Relay__V1__StatusReply *status)
{
	const struct metrics_view view = view_of(m, status);
	struct page *page = &m->pages[format];
	struct exposition e;

	exposition_begin(&e, format);
	write_all(&e, &view);
	text_wipe(&page->text);
	page->at_ms = 0;
	if (e.text.error) {
		text_wipe(&e.text);
		tell(m, format, NULL, 0);
		return;
	}
	page->text = e.text;
	page->at_ms = uv_now(m->loop);
	tell(m, format, page->text.data, page->text.length);
}

/* --- the question ---------------------------------------------------------------------------- */

static void free_metrics(struct metrics *m)
{
	if (!m->closing || m->asking || !m->timer_closed)
		return;
	for (int f = 0; f < EXPOSITION_FORMATS; f++)
		text_wipe(&m->pages[f].text);
	free(m);
}

static void on_status(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	struct metrics *m = arg;
	uint64_t began = uv_hrtime();

	m->asking = false;
	for (int f = 0; f < EXPOSITION_FORMATS && !m->closing; f++) {
		if (STAILQ_EMPTY(&m->pages[f].waiters))
			continue;
		if (error)
			tell(m, f, NULL, 0);
		else
			answer(m, f, (const Tandem__Relay__V1__StatusReply *)reply);
	}
	m->scrapes.count++;
	m->scrapes.busy += (uv_hrtime() - began) / 1e9;
	free_metrics(m);
}

static void ask_status(struct metrics *m)
{
	const Tandem__Relay__V1__StatusRequest request = TANDEM__RELAY__V1__STATUS_REQUEST__INIT;

	session_status(m->sources.session, &request, on_status, m);
}

static void on_blocks(void *arg, int error, const struct shed_blocks *blocks)
{
	struct metrics *m = arg;

	m->blocks_known = !error;
	if (!error)
		m->blocks = *blocks;
	if (!m->closing) {
		ask_status(m);
		return;
	}
	m->asking = false;
	free_metrics(m);
}

static bool wait_for(struct page *page, metrics_done *done, void *arg)
{
	struct waiter *w = malloc(sizeof(*w));

	if (!w)
		return false;
	w->done = done;
	w->arg = arg;
	STAILQ_INSERT_TAIL(&page->waiters, w, entry);
	return true;
}

void metrics_scrape(struct metrics *m, const char *accept, metrics_done *done, void *arg)
{
	enum exposition_format format = exposition_choose(accept);
	struct page *page = &m->pages[format];

	if (page->at_ms && uv_now(m->loop) - page->at_ms < m->sources.fresh_ms) {
		done(arg, exposition_content_type(format), page->text.data, page->text.length);
		return;
	}
	if (!wait_for(page, done, arg)) {
		done(arg, exposition_content_type(format), NULL, 0);
		return;
	}
	if (m->asking)
		return;
	m->asking = true;
	if (m->sources.shed)
		shed_count_blocks(m->sources.shed, on_blocks, m);
	else
		ask_status(m);
}

/* --- life ------------------------------------------------------------------------------------ */

int metrics_open(struct metrics **out, uv_loop_t *loop, const struct metrics_sources *sources)
{
	struct metrics *m = calloc(1, sizeof(*m));

	*out = m;
	if (!m)
		return -ENOMEM;
	m->loop = loop;
	m->sources = *sources;
	if (!m->sources.fresh_ms)
		m->sources.fresh_ms = FRESH_MS;
	m->started = wall_clock_ms() / 1000.0;
	for (int f = 0; f < EXPOSITION_FORMATS; f++)
		STAILQ_INIT(&m->pages[f].waiters);
	loop_watch_begin(&m->watch, loop);
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct loop_watch *watch = handle->data;
	struct metrics *m = (struct metrics *)((char *)watch - offsetof(struct metrics, watch));

	m->timer_closed = true;
	free_metrics(m);
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	m->closing = true;
	for (int f = 0; f < EXPOSITION_FORMATS; f++)
		tell(m, f, NULL, 0);
	loop_watch_end(&m->watch);
	uv_close((uv_handle_t *)&m->watch.timer, on_timer_closed);
}
