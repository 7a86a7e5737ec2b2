/* SPDX-License-Identifier: BSD-3-Clause */
/* The control plane's own process and loop; names of the process are those of Prometheus' clients.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "controlplane/metrics/metrics_view.h"

static double resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (double)pages * sysconf(_SC_PAGESIZE);
}

static unsigned int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (!directory)
		return 0;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 3; /* ".", "..", and that of the directory */
}

static double cpu_seconds(void)
{
	struct rusage usage = {{0}};

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void write_process(struct exposition *e, double started)
{
	static const struct exposition_family start = {
		"process_start_time_seconds", "seconds",
		"When the control plane started, since 1970."};
	static const struct exposition_family cpu = {"process_cpu_seconds", "seconds",
						     "CPU time that the control plane took.",
						     EXPOSITION_COUNTER};
	static const struct exposition_family memory = {"process_resident_memory_bytes", "bytes",
							"Resident memory of the control plane."};
	static const struct exposition_family files = {"process_open_fds", NULL,
						       "File descriptors of the control plane."};
	static const struct exposition_family files_most = {
		"process_max_fds", NULL, "The most file descriptors it may have."};
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	metrics_write_one(e, &start, started);
	metrics_write_one(e, &cpu, cpu_seconds());
	metrics_write_one(e, &memory, resident_bytes());
	metrics_write_one(e, &files, open_descriptors());
	metrics_write_one(e, &files_most, limit.rlim_cur);
}

static void write_loop(struct exposition *e, const struct loop_watch *w)
{
	static const struct exposition_family busy = {
		"tandem_loop_busy_seconds", "seconds",
		"Time in which the control plane's loop had something to do; at 1 a second it is "
		"full.",
		EXPOSITION_COUNTER};
	static const struct exposition_family lag = {
		"tandem_loop_lag_seconds", "seconds",
		"How late the control plane's loop is: requests wait for so much longer.",
		EXPOSITION_HISTOGRAM};

	metrics_write_one(e, &busy, loop_watch_busy(w));
	exposition_family(e, &lag);
	exposition_histogram(e, NULL, &loop_watch_lag, &w->lag);
}

static void write_hep(struct exposition *e, const struct hep_counts *counts)
{
	static const struct exposition_family sent = {"tandem_hep_reports_sent", NULL,
						      "Reports that went to a Homer server.",
						      EXPOSITION_COUNTER};
	static const struct exposition_family dropped = {
		"tandem_hep_reports_dropped", NULL,
		"Reports that it did not take, and that found no room to wait.",
		EXPOSITION_COUNTER};

	metrics_write_one(e, &sent, counts->sent);
	metrics_write_one(e, &dropped, counts->dropped);
}

void metrics_write_process(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family scrapes = {"tandem_scrapes", NULL,
							 "Scrapes that were made before this one.",
							 EXPOSITION_COUNTER};
	static const struct exposition_family busy = {
		"tandem_scrape_busy_seconds", "seconds",
		"Time of the control plane's loop that these took.", EXPOSITION_COUNTER};

	write_process(e, v->started);
	write_loop(e, v->loop);
	write_hep(e, &v->hep);
	metrics_write_one(e, &scrapes, v->scrapes.count);
	metrics_write_one(e, &busy, v->scrapes.busy);
}
