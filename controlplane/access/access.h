/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may do what: from a credential to an identity with a role, and the audit of what identities
 * do. Every front end that shows calls, or changes them, asks here first. Every failed attempt
 * counts for where it came from (failures.h). The loop only.
 */
#ifndef TANDEM_ACCESS_H
#define TANDEM_ACCESS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "controlplane/access/access_rules.h"
#include "controlplane/access/role.h"

/* Who asks, and from where. Texts for people, for logs and for the audit. */
struct identity {
	enum role role;
	char name[128]; /* "token:ops", "user:root", or a certificate's subject; empty: nobody */
	char from[64];  /* "203.0.113.9:4711", "[2001:db8::9]:4711", "uid 1000 pid 4711" */
};

struct access;

/*
 * `rules` must outlive it, or the next access_reload(). 0, -ENOMEM, or an -errno of the audit's
 * file after a log line.
 */
int access_open(struct access **access, const struct access_rules *rules);
void access_close(struct access *access); /* NULL will do */
/*
 * SIGHUP: what is asked from here on is judged by these rules; the audit's file is opened anew.
 * When that fails there is a log line, and the file of before goes on.
 */
void access_reload(struct access *access, const struct access_rules *rules);

/*
 * The identity of who shows a credential. `who` is set in each case, with ROLE_NOBODY on failure.
 * `from` is an address with a port or without one, as struct identity has it.
 * 0; -EACCES: nobody we know, or the token has expired; -EBUSY: that, and too many failures came
 * from there of late: nothing is worth a line of log or audit.
 */

/* A bearer token, without the word "Bearer". NULL: who asks has shown nothing at all. */
int access_token(struct access *access, const char *token, const char *from, struct identity *who);

/* A client certificate that the TLS library has verified: its subject as RFC 2253 writes it. */
int access_certificate(struct access *access, const char *subject, const char *from,
		       struct identity *who);

/* The process at the other end of a UNIX socket: SO_PEERCRED, and SO_PEERGROUPS in `groups`. */
struct access_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	const gid_t *groups;
	size_t group_count;
};
int access_peer(struct access *access, const struct access_peer *peer, struct identity *who);
/* Its `from`, for who shows something else through such a socket. */
void access_peer_from(char *from, size_t size, const struct access_peer *peer);

/*
 * A known identity asked for more than its role may. Whether that is worth a line of audit: it
 * counts as a failed attempt, and those that come too fast are not.
 */
bool access_denied(struct access *access, const struct identity *who);

/* Why an identity was refused (`error` as above), with the remedy, for the one who asked. */
void access_explain(const struct identity *who, int error, char *text, size_t size);

/* How many attempts failed, those that came too fast included. */
uint64_t access_failures(const struct access *access);
/* "NOT_FOUND", of a grpc_status_code. */
const char *access_code_name(int code);

/*
 * One line of the audit: who did what from where, and what came of it. `request` may be NULL; of
 * its fields only those go in that say what it is about, never SDP, keys or secrets. `code` is a
 * grpc_status_code. Nothing happens when no audit is configured.
 */
void access_audit(struct access *access, const struct identity *who, const char *method,
		  const ProtobufCMessage *request, int code, const char *text);

#endif
