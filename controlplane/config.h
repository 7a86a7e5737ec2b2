/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of tandem-controlplane, in its file or on its command line: each part has a
 * section.
 */
#ifndef TANDEM_CONFIG_H
#define TANDEM_CONFIG_H

#include "controlplane/access/access_rules.h"
#include "controlplane/cdr/cdr.h"
#include "controlplane/hep/hep.h"
#include "controlplane/ng/ng.h"
#include "controlplane/session/session.h"
#include "controlplane/shed/shed.h"
#include "controlplane/turn/turn.h"
#include "controlplane/web/web_config.h"
#include "dataplane/lib/ini.h"
#include "dataplane/lib/log.h"

struct config {
	char *dataplane; /* path of the dataplane's socket */
	struct option_list listen;
	char *ca, *cert, *key; /* the last two both or none; ca only with them */
	int log;               /* enum log_level */
	struct {
		unsigned int first, last;
	} ports;
	unsigned int quarantine_s, offer_timeout_s, media_timeout_s, latch_ms, headroom, calls;
	unsigned int certificate_h;
	unsigned int quality_interval_s;
	bool media_timeout_delete, dtls_cookie;
	struct option_list deny;                /* prefixes */
	struct option_list ng_listen, ng_allow; /* addresses, prefixes */
	char *ng_cert, *ng_key;                 /* both or none */
	unsigned int ng_delete_delay_s;
	struct shed_config shed;
	struct cdr_config cdr;
	int privacy; /* enum privacy */
	char *privacy_key;
	struct turn_config turn;
	struct hep_config hep;
	int turn_peers; /* index of the choices */
	struct access_rules access;
	struct web_config web;
};

/* What is shown of participants' addresses where they are no orchestrator's business. */
enum privacy { PRIVACY_NONE, PRIVACY_ADDRESSES };

/* As options_load(). */
int config_load(struct config *config, struct options **options, int argc, char **argv);
/* The parts' own. Their texts belong to the options. */
struct ng_config config_ng(const struct config *config);
struct session_config config_session(const struct config *config);

#endif
