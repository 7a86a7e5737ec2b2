/* SPDX-License-Identifier: BSD-3-Clause */
/* [web] of tandem-controlplane's configuration. */
#ifndef TANDEM_WEB_CONFIG_H
#define TANDEM_WEB_CONFIG_H

#include "controlplane/lib/socket_address.h"
#include "dataplane/lib/ini.h"

enum web_metrics { WEB_METRICS_VIEWER, WEB_METRICS_ANYONE, WEB_METRICS_OFF };

struct web_config {
	struct option_list listen;
	char *cert, *key, *ca;
	int metrics; /* enum web_metrics */
};

extern const struct option_key web_config_keys[];

void web_config_check(struct options *options, const struct web_config *config);
/* "https:192.0.2.1:443"; 0, or -EINVAL. */
int web_config_address(union socket_address *at, bool *tls, const char *text);

#endif
