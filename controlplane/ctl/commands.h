/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of tandemctl: each asks the relay one thing and prints what it says. */
#ifndef TANDEM_CTL_COMMANDS_H
#define TANDEM_CTL_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "controlplane/ctl/remote.h"

struct request {
	struct remote *remote;
	const char *argument; /* of the commands that take one */
	bool json;
	bool all;
	uint64_t for_ms;    /* 0: not said */
	unsigned int count; /* 0: not said */
	const char *secret; /* NULL: not said */
	const char *role;   /* NULL: not said */
	const char *search; /* likewise */
	bool worst, newest;
	struct {
		bool wire, decrypted;
		const char *tag, *file; /* NULL: not said */
		uint64_t max_size;      /* 0: not said; so with these */
		uint32_t snap, rate;
	} capture;
};

struct command {
	const char *name;
	const char *argument; /* what it has to be; NULL if there is none */
	bool optional;        /* it need not be there */
	bool takes_for;
	bool takes_secret;
	bool takes_role;
	bool alone;              /* it asks no relay: request->remote is NULL */
	bool takes_search;       /* and an order */
	bool captures;           /* it takes those of a capture */
	unsigned int count_most; /* of --count, as shed.proto has it; 0: it takes none */
	int (*run)(const struct request *request); /* returns what to exit with */
};

/* The command that these words begin with, and how many of them are its name; NULL if there is
 * none. */
const struct command *command_find(char *const *words, int count, int *used);

#endif
