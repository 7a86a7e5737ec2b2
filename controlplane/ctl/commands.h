/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of tandemctl: each asks the relay one thing and prints what it says. */
#ifndef TANDEM_CTL_COMMANDS_H
#define TANDEM_CTL_COMMANDS_H

#include <stdbool.h>

#include "controlplane/ctl/remote.h"

struct request {
	struct remote *remote;
	const char *id; /* the call's, of the commands that take one */
	bool json;
	bool all;
};

struct command {
	const char *name;
	bool takes_id;
	int (*run)(const struct request *request); /* returns what to exit with */
};

/* NULL when there is no command of this name. */
const struct command *command_find(const char *name);

#endif
