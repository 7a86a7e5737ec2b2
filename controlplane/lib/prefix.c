/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/prefix.h"

#include <stdio.h>

int prefix_read(struct prefix *p, const char *text, char *why, size_t size)
{
	char shown[ADDRESS_TEXT];

	switch (prefix_parse(p, text)) {
	case 0:
		return 0;
	case -EDOM:
		snprintf(why, size, "%.60s has bits beyond its length; write %s", text,
			 prefix_text(shown, p));
		return -EINVAL;
	default:
		snprintf(why, size, "\"%.60s\" is no prefix; write 203.0.113.0/24 or 2001:db8::/32",
			 text);
		return -EINVAL;
	}
}
