/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts that Prometheus reads, and when the relay is asked for them. */
#include "tests/rig/control.h"

#include "controlplane/metrics/exposition.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/session/counts.h"
#include "controlplane/shed/shed.h"

/* --- how it is written ----------------------------------------------------------------------- */

static struct exposition e;

static void begin(enum exposition_format format)
{
	text_wipe(&e.text);
	exposition_begin(&e, format);
}

static void expect(const char *text)
{
	exposition_end(&e);
	assert_int_equal(e.text.error, 0);
	assert_string_equal(e.text.data, text);
	text_wipe(&e.text);
}

static const struct exposition_family counter = {"t_bytes", "bytes", "Bytes that came.",
						 EXPOSITION_COUNTER};
static const struct exposition_family gauge = {"t_calls", NULL, "Calls."};
static const struct exposition_family info = {"t_build", NULL, "What runs.", EXPOSITION_INFO};
static const struct exposition_family histogram = {"t_seconds", "seconds", "How long.",
						   EXPOSITION_HISTOGRAM};

static void write_families(enum exposition_format format)
{
	static const struct histogram_scale scale = {3, {0.001, 1, 10}};
	struct histogram h = {{2, 0, 1, 4}, 99.5};

	begin(format);
	exposition_family(&e, &counter);
	exposition_value(&e, EXPOSITION_LABELS({"network", "public"}), 12345678901.0);
	exposition_value(&e, EXPOSITION_LABELS({"network", "trunk"}), 0.25);
	exposition_family(&e, &gauge);
	exposition_value(&e, NULL, 3);
	exposition_family(&e, &info);
	exposition_value(&e, EXPOSITION_LABELS({"version", "1"}, {"engine", "x"}), 1);
	exposition_family(&e, &histogram);
	exposition_histogram(&e, EXPOSITION_LABELS({"worker", "0"}), &scale, &h);
}

#define HISTOGRAM                                                                                  \
	"t_seconds_bucket{worker=\"0\",le=\"0.001\"} 2\n"                                          \
	"t_seconds_bucket{worker=\"0\",le=\"1.0\"} 2\n"                                            \
	"t_seconds_bucket{worker=\"0\",le=\"10.0\"} 3\n"                                           \
	"t_seconds_bucket{worker=\"0\",le=\"+Inf\"} 7\n"                                           \
	"t_seconds_sum{worker=\"0\"} 99.5\n"                                                       \
	"t_seconds_count{worker=\"0\"} 7\n"

static void both_texts(void **state)
{
	write_families(EXPOSITION_OPENMETRICS);
	expect("# TYPE t_bytes counter\n# UNIT t_bytes bytes\n# HELP t_bytes Bytes that came.\n"
	       "t_bytes_total{network=\"public\"} 12345678901\n"
	       "t_bytes_total{network=\"trunk\"} 0.25\n"
	       "# TYPE t_calls gauge\n# HELP t_calls Calls.\n"
	       "t_calls 3\n"
	       "# TYPE t_build info\n# HELP t_build What runs.\n"
	       "t_build_info{version=\"1\",engine=\"x\"} 1\n"
	       "# TYPE t_seconds histogram\n# UNIT t_seconds seconds\n# HELP t_seconds How long.\n" HISTOGRAM
	       "# EOF\n");
	write_families(EXPOSITION_PLAIN);
	expect("# TYPE t_bytes_total counter\n# HELP t_bytes_total Bytes that came.\n"
	       "t_bytes_total{network=\"public\"} 12345678901\n"
	       "t_bytes_total{network=\"trunk\"} 0.25\n"
	       "# TYPE t_calls gauge\n# HELP t_calls Calls.\n"
	       "t_calls 3\n"
	       "# TYPE t_build_info gauge\n# HELP t_build_info What runs.\n"
	       "t_build_info{version=\"1\",engine=\"x\"} 1\n"
	       "# TYPE t_seconds histogram\n# HELP t_seconds How long.\n" HISTOGRAM);
}

static void values_are_escaped(void **state)
{
	static const struct {
		const char *value, *shown;
	} cases[] = {
		{"", ""},
		{"a\"b", "a\\\"b"},
		{"a\\b\n", "a\\\\b\\n"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"caf\xc3", "caf?"},
		{"\xff\xfe}", "??}"},
	};
	char text[128];

	for (size_t k = 0; k < COUNT(cases); k++) {
		begin(EXPOSITION_PLAIN);
		exposition_family(&e, &gauge);
		exposition_value(&e, EXPOSITION_LABELS({"driver", cases[k].value}), 1);
		snprintf(text, sizeof(text),
			 "# TYPE t_calls gauge\n# HELP t_calls Calls.\nt_calls{driver=\"%s\"} 1\n",
			 cases[k].shown);
		expect(text);
	}
}

static void clients_get_what_they_like(void **state)
{
	static const struct {
		const char *accept;
		bool openmetrics;
	} cases[] = {
		{NULL, false},
		{"", false},
		{"*/*", false},
		{"text/html", false},
		{"application/openmetrics-text", true},
		{"application/openmetrics-text; version=1.0.0; charset=utf-8", true},
		{"application/openmetrics-text;version=0.0.1", true},
		{"application/openmetrics-text;version=2.0.0", false},
		{"APPLICATION/OpenMetrics-Text ; Version=1.0.0", true},
		{"text/plain;version=0.0.4", false},
		/* What Prometheus 2.42 sends. */
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		 "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 true},
		{"text/plain, application/openmetrics-text;q=0.9", false},
		{"text/plain;q=0.8,\tapplication/openmetrics-text;q=0.9", true},
		{"application/openmetrics-text;q=0", false},
		{"application/openmetrics-text;q=x", false},
		{"application/openmetrics-textual", false},
		{",;,;q=1,,", false},
	};

	for (size_t k = 0; k < COUNT(cases); k++)
		if ((exposition_choose(cases[k].accept) == EXPOSITION_OPENMETRICS) !=
		    cases[k].openmetrics)
			fail_msg("Accept: %s", cases[k].accept);
	assert_non_null(strstr(exposition_content_type(EXPOSITION_PLAIN), "version=0.0.4"));
	assert_non_null(strstr(exposition_content_type(EXPOSITION_OPENMETRICS), "version=1.0.0"));
}

/* --- scrapes --------------------------------------------------------------------------------- */

static struct metrics *metrics;
static struct shed *shed;

static struct got {
	unsigned int times;
	char *text; /* the last one; NULL: it was told that there is none */
} got[2];

static void on_text(void *arg, const char *type, const char *text, size_t length)
{
	struct got *g = arg;

	assert_non_null(strstr(type, "charset=utf-8"));
	g->times++;
	free(g->text);
	g->text = text ? strndup(text, length) : NULL;
}

static void start(unsigned int fresh_ms)
{
	const struct shed_config none = {.attack_pps = 500};
	struct metrics_sources sources;

	assert_int_equal(shed_start(&shed, rig.session, &rig.loop, &none), 0);
	sources = (struct metrics_sources){
		.session = rig.session, .shed = shed, .fresh_ms = fresh_ms};
	assert_int_equal(metrics_open(&metrics, &rig.loop, &sources), 0);
}

static int set_up(void **state)
{
	rig_set_up(state);
	start(0);
	memset(got, 0, sizeof(got));
	return 0;
}

static void stop(void)
{
	metrics_close(metrics);
	shed_stop(shed);
	metrics = NULL;
	shed = NULL;
}

static int tear_down(void **state)
{
	if (metrics)
		stop();
	for (size_t k = 0; k < COUNT(got); k++)
		free(got[k].text);
	return rig_tear_down(state);
}

#define PLAIN       "text/plain"
#define OPENMETRICS "application/openmetrics-text"

static const char *scrape(const char *accept)
{
	unsigned int times = got[0].times;

	metrics_scrape(metrics, accept, on_text, &got[0]);
	rig_wait(got[0].times == times + 1);
	assert_non_null(got[0].text);
	return got[0].text;
}

#define assert_tells(text, part)                                                                   \
	do {                                                                                       \
		if (!strstr(text, part))                                                           \
			fail_msg("no \"%s\" in:\n%s", part, text);                                 \
	} while (0)

static void what_there_is(void **state)
{
	Tandem__Dataplane__V1__Shed blocked = TANDEM__DATAPLANE__V1__SHED__INIT;
	Tandem__Dataplane__V1__Block one = TANDEM__DATAPLANE__V1__BLOCK__INIT,
				     *blocks[] = {&one, &one, &one};
	struct fake_leg *a, *b;
	const char *text;

	one.automatic = true;
	blocked.blocks = blocks;
	blocked.n_blocks = 3;
	rig.fake.shed = &blocked;
	rig.fake.block_pages = 1;
	rig.fake.auth_failed = 35;
	rig.fake.worked_us = 3000000;
	rig_phones("1", &a, &b);
	text = scrape(OPENMETRICS);
	assert_tells(text, "\ntandem_build_info{version=\"test\",");
	assert_tells(text, "\ntandem_dataplane_connected 1\n");
	assert_tells(text, "\ntandem_dataplane_connections_total 1\n");
	assert_tells(text, "\ntandem_calls{driver=\"grpc\",state=\"up\"} 1\n");
	assert_tells(text, "\ntandem_calls{driver=\"grpc\",state=\"offered\"} 0\n");
	assert_tells(text, "\ntandem_calls_begun_total{driver=\"grpc\"} 1\n");
	assert_tells(text, "\ntandem_calls_limit 10\n");
	assert_tells(text, "\ntandem_hep_reports_dropped_total 0\n");
	assert_tells(text, "\ntandem_parties 2\n");
	assert_tells(text, "suite=\"none\"} 2\n");
	assert_tells(text, "\ntandem_call_answer_seconds_count 1\n");
	assert_tells(text, "\ntandem_dropped_packets_total{reason=\"auth_failed\"} 42\n");
	assert_tells(text, "\ntandem_worker_events_total{event=\"bursts\"} 0\n");
	assert_tells(text, "\ntandem_worker_packets_total{worker=\"0\"} 100\n");
	assert_tells(text, "\ntandem_worker_busy_seconds_total{worker=\"0\"} 1.5\n");
	assert_tells(text, "\ntandem_worker_seconds_total{worker=\"0\"} 3\n");
	assert_tells(text, "\ntandem_packet_latency_seconds_bucket{worker=\"0\",le=\"1e-06\"} 70\n"
			   "tandem_packet_latency_seconds_bucket{worker=\"0\",le=\"1e-05\"} 90\n"
			   "tandem_packet_latency_seconds_bucket{worker=\"0\",le=\"+Inf\"} 100\n"
			   "tandem_packet_latency_seconds_sum{worker=\"0\"} 0.0004\n");
	assert_tells(text, "\ntandem_attack_active{kind=\"spoofed media\"} 0\n");
	assert_tells(text, "\ntandem_blocks{by=\"operator\"} 0\n");
	assert_tells(text, "\ntandem_blocks{by=\"auto_block\"} 6\n");
	assert_tells(text, "\ntandem_loop_lag_seconds_bucket{le=\"0.001\"} ");
	assert_tells(text, "\nprocess_resident_memory_bytes ");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	assert_null(strstr(text, "203.0.113"));
	text = scrape(PLAIN);
	assert_tells(text, "# TYPE tandem_calls_begun_total counter\n");
	assert_null(strstr(text, "# EOF"));
	assert_tells(text, "\ntandem_scrapes_total 1\n");
}

/* Once it is known how busy the workers were of late. */
static void how_many_more_calls_fit(void **state)
{
	struct fake_leg *a, *b;

	stop();
	rig_stop();
	rig.config.audit_ms = 20;
	rig.fake.worked_us = 1000000;
	rig_start();
	start(1);
	assert_null(strstr(scrape(PLAIN), "tandem_headroom_calls{"));
	rig_phones("1", &a, &b);
	rig_wait(session_counts(rig.session)->rounds > 1);
	rig.fake.worked_us = 4000000;
	rig_settle(2);
	assert_tells(scrape(PLAIN), "\ntandem_headroom_calls{limit=\"workers\"} 0\n");
}

/* Two that come at once make one scrape, and while it is fresh all get its text. */
static void a_text_is_for_all_who_come(void **state)
{
	struct fake_leg *a, *b;
	char *before;

	stop();
	start(3600000);
	metrics_scrape(metrics, PLAIN, on_text, &got[0]);
	metrics_scrape(metrics, PLAIN, on_text, &got[1]);
	assert_int_equal(got[0].times + got[1].times, 0);
	rig_wait(got[0].times && got[1].times);
	assert_string_equal(got[0].text, got[1].text);
	before = strdup(got[0].text);
	rig_phones("1", &a, &b);
	assert_string_equal(scrape(PLAIN), before);
	free(before);
	stop();
	start(1);
	assert_tells(scrape(PLAIN), "state=\"up\"} 1\n");
	assert_done(rig_drop("1"));
	rig_settle(2);
	assert_tells(scrape(PLAIN), "state=\"up\"} 0\n");
}

/* What is known here is told all the same. */
static void without_the_dataplane(void **state)
{
	const char *text;

	stop();
	rig_stop();
	rig.config.dataplane = "/nowhere/dataplane.sock";
	assert_int_equal(session_open(&rig.session, &rig.loop, &rig.config), 0);
	assert_int_equal(metrics_open(&metrics, &rig.loop,
				      &(struct metrics_sources){.session = rig.session}),
			 0);
	text = scrape(PLAIN);
	assert_tells(text, "\ntandem_dataplane_connected 0\n");
	assert_tells(text, "\ntandem_dataplane_connections_total 0\n");
	assert_tells(text, "# TYPE tandem_dropped_packets_total counter\n");
	assert_null(strstr(text, "\ntandem_dropped_packets_total{"));
	assert_null(strstr(text, "\ntandem_blocks{"));
}

static void who_waits_is_told_of_the_end(void **state)
{
	metrics_scrape(metrics, PLAIN, on_text, &got[0]);
	metrics_scrape(metrics, OPENMETRICS, on_text, &got[1]);
	stop();
	assert_int_equal(got[0].times, 1);
	assert_int_equal(got[1].times, 1);
	assert_null(got[0].text);
	rig_settle(20); /* the dataplane's answer finds nobody */
	assert_int_equal(got[0].times, 1);
}

#define SCRAPES(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_texts),
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(clients_get_what_they_like),
		SCRAPES(what_there_is),
		SCRAPES(how_many_more_calls_fit),
		SCRAPES(a_text_is_for_all_who_come),
		SCRAPES(without_the_dataplane),
		SCRAPES(who_waits_is_told_of_the_end),
	};

	log_open("test_metrics", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
