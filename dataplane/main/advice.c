/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "dataplane/dataplane.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/config.h"

/* A file's first line, without its end; false if there is none. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool read = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (read)
		line[strcspn(line, "\n")] = '\0';
	return read;
}

/* Whether a list of CPUs as the kernel writes them, "1-3,7", has one. */
static bool has_cpu(const char *list, unsigned int cpu)
{
	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list)
			return false;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (cpu >= first && cpu <= last)
			return true;
		list = *end == ',' ? end + 1 : end;
	}
	return false;
}

static void advise_of_node(const struct dataplane *d, const struct config *config)
{
	for (unsigned int p = 0; p < d->port_count; p++) {
		int node = rte_eth_dev_socket_id(d->ports[p].id);

		for (unsigned int k = 1; node >= 0 && k < config->lcore_count; k++)
			if (rte_lcore_to_socket_id(k) != (unsigned int)node)
				log_warn("[dataplane] lcores: core %u is on another NUMA node than "
					 "port %s, which is on node %d: each packet crosses over",
					 config->lcores[k], d->ports[p].name, node);
	}
}

static void advise_of_core(unsigned int core, const char *isolated)
{
	char path[96], governor[32];

	if (!has_cpu(isolated, core))
		log_info("[dataplane] lcores: core %u is not a worker's alone; the kernel keeps "
			 "others off with isolcpus=%u nohz_full=%u rcu_nocbs=%u",
			 core, core, core, core);
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
		 core);
	if (read_line(path, governor, sizeof(governor)) && strcmp(governor, "performance") != 0)
		log_warn("[dataplane] lcores: core %u saves power (%s); cpupower -c %u "
			 "frequency-set -g performance",
			 core, governor, core);
}

void advice_give(const struct dataplane *d, const struct config *config)
{
	char isolated[1024];

	if (!read_line("/sys/devices/system/cpu/isolated", isolated, sizeof(isolated)))
		isolated[0] = '\0';
	advise_of_node(d, config);
	for (unsigned int k = 1; k < config->lcore_count; k++)
		advise_of_core(config->lcores[k], isolated);
}
