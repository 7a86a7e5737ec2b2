/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of tandem-turngate: [turngate] in its file or on its command line. */
#ifndef TANDEM_GATE_CONFIG_H
#define TANDEM_GATE_CONFIG_H

#include "controlplane/gate/gate.h"
#include "dataplane/lib/ini.h"
#include "dataplane/lib/log.h"

struct gate_options {
	struct gate_config gate;
	unsigned int drain_s;
	int log; /* enum log_level */
};

/* As options_load(). */
int gate_config_load(struct gate_options *config, struct options **options, int argc, char **argv);

#endif
