/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of access.h, for the files that make it up. */
#ifndef TANDEM_ACCESS_STATE_H
#define TANDEM_ACCESS_STATE_H

#include "controlplane/access/access.h"
#include "controlplane/access/trail.h"

struct access {
	const struct access_rules *rules;
	struct failures *failures;
	uint64_t failed; /* attempts */
	struct trail trail;
};

#endif
