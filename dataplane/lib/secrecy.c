/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lib/secrecy.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "dataplane/lib/log.h"

void secrecy_protect(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		log_warn("memory is not locked, keys could be swapped out: %s; raise LimitMEMLOCK",
			 strerror(errno));
}
