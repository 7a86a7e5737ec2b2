/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane's API on its UNIX socket: one client, the control plane. Main lcore only. What a
 * client does not read at once is kept for it (outbox.h); one that leaves too much is disconnected:
 * it connects again and asks what runs.
 */
#ifndef TANDEM_SERVER_H
#define TANDEM_SERVER_H

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/main/legs/captures.h"

struct served;
struct server;

/*
 * 0 or -errno, logged: -EADDRINUSE when a running dataplane has the path, -EEXIST when a file that
 * is no socket has it, or why it cannot be bound. A socket that nobody listens on is replaced.
 */
int server_open(struct server **out, const char *path);
void server_close(struct server *s);

/* What requests are about; before the first server_poll(). */
void server_serve(struct server *s, const struct served *served);

/* One turn without waiting: a new client, its requests. Returns the number of requests. */
unsigned int server_poll(struct server *s);
/* Waits until a client may have something, at most `ms`. */
void server_wait(struct server *s, int ms);

/* Sends an event to the client, if there is one. */
void server_event(struct server *s, const Tandem__Dataplane__V1__Event *event);
/*
 * Whether a client is there, and has read what it was sent. READER_GONE once for each that has
 * gone, though another one be there: to be asked after each server_poll().
 */
enum registry_reader server_reader(struct server *s);
/* Where punted datagrams are counted that a client did not read in time. */
const uint64_t *server_punts_lost(const struct server *s);

#endif
