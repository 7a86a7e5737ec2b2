/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands reply, in the words that proxies match. A query is over with its reply. */
#ifndef TANDEM_NG_REPLY_H
#define TANDEM_NG_REPLY_H

#include "controlplane/ng/ng_state.h"

/* The beginning of one: "ok", say. */
struct ng_value *ng_reply(struct ng_query *q, const char *result);

/* A whole one: a call with its statistics. */
void ng_reply_call(struct ng_query *q, const Tandem__Relay__V1__Call *call);

void ng_fail(struct ng_query *q, const char *why);
void ng_fail_not_done(struct ng_query *q, const char *what);
void ng_fail_as(struct ng_query *q, const struct session_error *error);
/* There is no room here; another relay may have some. */
bool ng_is_full(const struct session_error *error);
void ng_fail_full(struct ng_query *q, const struct session_error *error);

/* True: the text is there; otherwise the query has failed. */
bool ng_has(struct ng_query *q, const char *text, const char *why);
bool ng_has_call(struct ng_query *q);

/* A session_reply: "ok", or the error. */
void ng_done_as_asked(void *query, const ProtobufCMessage *reply,
		      const struct session_error *error);

#endif
