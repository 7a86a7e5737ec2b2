/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ng protocol: the language in which SIP proxies (Kamailio, OpenSIPS) drive a media relay. A
 * front end over the session that holds no call: it translates dictionaries to verbs, and replies
 * back. A message is a cookie, a blank and one dictionary, in bencode or JSON, over UDP, UNIX
 * datagrams, TCP, HTTP or WebSocket. The loop's thread only.
 */
#ifndef TANDEM_NG_H
#define TANDEM_NG_H

#include <uv.h>

#include "controlplane/session/session.h"

struct http;
struct ng;

struct ng_config {
	struct http *http; /* not started yet; NULL: there is neither http: nor https: */
	/* "127.0.0.1:2223" or "udp:...", "tcp:...", "http:...", "https:...", "unix:/path"
	 * (datagrams). */
	const char *const *listen;
	unsigned int listen_count;
	/* Prefixes of those who are heard; none: loopback alone. */
	const char *const *allow;
	unsigned int allow_count;
	const char *cert, *key;      /* PEM files for https; NULL: none */
	unsigned int delete_delay_s; /* where a delete says none */
};

/*
 * 0, or -errno after a log line. The texts of `config` and the session must outlive it. Without
 * anything to listen on *ng is NULL.
 */
int ng_open(struct ng **ng, uv_loop_t *loop, struct session *session,
	    const struct ng_config *config);
/*
 * Before the session, and behind http_close(): who waits gets no reply. NULL will do. Run the loop
 * once more.
 */
void ng_close(struct ng *ng);
/* Reads these PEM files from now on. NULL will do for `ng`. */
void ng_reload(struct ng *ng, const char *cert, const char *key);

/* What became of requests since the start, by command; the last one is what is no command. */
struct ng_count {
	const char *command;
	uint64_t done, failed;
};
/* How many there are. */
unsigned int ng_counts(const struct ng *ng, const struct ng_count **counts);

/* For who reads a configuration: the form, whether others than this machine reach it, and
 * whether it needs cert and key. */
bool ng_is_address(const char *text);
bool ng_is_open(const char *text);
bool ng_needs_tls(const char *text);

#endif
