/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells a Homer server of calls, by HEP version 3: after each interval of [quality] what a
 * participant says in RTCP and what the relay would, as JSON (type 5), and how each stream sounds
 * (type 34, PERIODIC); when a call ends how each of its streams was (type 34, FINAL). All are
 * correlated by call id. The loop's thread only.
 */
#ifndef TANDEM_HEP_H
#define TANDEM_HEP_H

#include "controlplane/hep/hep_sender.h"
#include "controlplane/session/session.h"
#include "dataplane/lib/ini.h"

struct hep;

struct hep_config {
	struct hep_server server; /* no host: nobody is told */
	unsigned int capture_id;  /* of this relay, among those that tell the server */
	char password[256];       /* "": none */
};

/* Those of [hep], in a struct hep_config. */
extern const struct option_key hep_keys[];

/* *hep is NULL where nobody is to be told. 0, -ENOMEM. */
int hep_start(struct hep **hep, struct session *session, uv_loop_t *loop,
	      const struct hep_config *config);
/* Before session_close(). The loop has to run until it is gone. NULL is accepted. */
void hep_stop(struct hep *hep);
/* Of NULL nothing. */
struct hep_counts hep_counts(const struct hep *hep);

#endif
