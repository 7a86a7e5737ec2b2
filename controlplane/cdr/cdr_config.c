/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/cdr/cdr.h"

#include <stddef.h>

#define AT(member) offsetof(struct cdr_config, member)

const struct option_key cdr_keys[] = {
	{.key = "file",
	 .type = OPTION_TEXT,
	 .offset = AT(file),
	 .help = "where each ended call gets a line of JSON, once; opened anew on SIGHUP; none: "
		 "nowhere"},
	{.key = "syslog",
	 .type = OPTION_BOOL,
	 .offset = AT(syslog),
	 .fallback = "no",
	 .help = "the same lines to the system log"},
	{.key = "syslog_facility",
	 .type = OPTION_CHOICE,
	 .offset = AT(facility),
	 .choices = cdr_facilities,
	 .fallback = "local0",
	 .help = "of these lines"},
	{.key = "syslog_socket",
	 .type = OPTION_TEXT,
	 .offset = AT(syslog_socket),
	 .fallback = "/dev/log",
	 .help = "the system log's socket"},
	{},
};
