/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to calls, as those who watch are told. The session's loop only. */
#ifndef TANDEM_WATCH_H
#define TANDEM_WATCH_H

#include <sys/queue.h>

#include "controlplane/session/session.h"

struct call;
struct leg;
struct party;

struct watch {
	LIST_HEAD(, session_watcher) watchers;
};

void watch_open(struct watch *watch);
/* Nobody is told after this; who watched need not unwatch. */
void watch_close(struct watch *watch);

#define WATCH(kind) TANDEM__RELAY__V1__WATCH_KIND__WATCH_##kind

/* `text` says more, to an operator; "": nothing. */
void watch_call(Tandem__Relay__V1__WatchKind kind, struct call *call, const char *text);
void watch_party(Tandem__Relay__V1__WatchKind kind, const struct party *party, const char *text);
void watch_leg(Tandem__Relay__V1__WatchKind kind, const struct leg *leg, const char *text);

#endif
