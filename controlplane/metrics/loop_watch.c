/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/metrics/loop_watch.h"

#define TURN_MS 100
#define NS      1e9

/* Timers are whole milliseconds: less than one is no lateness. */
const struct histogram_scale loop_watch_lag = {
	10, {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1}};

static void on_timer(uv_timer_t *timer);

static void wait_again(struct loop_watch *w)
{
	/* The loop's clock stands still during a turn. */
	uv_update_time(w->timer.loop);
	w->due = uv_hrtime() + TURN_MS * 1000000u;
	uv_timer_start(&w->timer, on_timer, TURN_MS, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct loop_watch *w = timer->data;
	uint64_t now = uv_hrtime();

	histogram_add(&w->lag, &loop_watch_lag, now > w->due ? (now - w->due) / NS : 0);
	wait_again(w);
}

void loop_watch_begin(struct loop_watch *w, uv_loop_t *loop)
{
	*w = (struct loop_watch){.began = uv_hrtime()};
	uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
	w->idle = uv_metrics_idle_time(loop);
	uv_timer_init(loop, &w->timer);
	w->timer.data = w;
	wait_again(w);
}

void loop_watch_end(struct loop_watch *w)
{
	uv_timer_stop(&w->timer);
}

double loop_watch_busy(const struct loop_watch *w)
{
	uint64_t passed = uv_hrtime() - w->began;
	uint64_t idle = uv_metrics_idle_time(w->timer.loop) - w->idle;

	return passed > idle ? (passed - idle) / NS : 0;
}
