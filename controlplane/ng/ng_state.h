/* SPDX-License-Identifier: BSD-3-Clause */
/* The ng front end's inside, for the files that make it up. */
#ifndef TANDEM_NG_STATE_H
#define TANDEM_NG_STATE_H

#include "controlplane/http/http.h"
#include "controlplane/lib/socket_address.h"
#include "controlplane/ng/ng.h"
#include "controlplane/ng/ng_cache.h"
#include "controlplane/ng/ng_frame.h"
#include "controlplane/ng/ng_request.h"

#define NG_MESSAGE_MAX 131072 /* octets */

#define NG_COMMANDS 33 /* that have a name, of ng_command.c */

#define NG_TOKEN_MAX 17 /* octets, the NUL among them */

struct ng {
	uv_loop_t *loop;
	struct session *session;
	struct ng_cache cache;
	struct prefix *allowed;
	unsigned int allowed_count;
	TAILQ_HEAD(, ng_datagrams) datagrams;
	TAILQ_HEAD(, ng_listener) listeners;
	struct http_site *site; /* NULL: nobody listens by it */
	unsigned int streams;   /* connections of the listeners */
	struct ng_value *told;  /* words that were logged as unknown */
	struct arena words;     /* their memory */
	unsigned int told_count;
	uint64_t unknown_words; /* all that came */
	unsigned int delete_delay_s;
	char instance[NG_TOKEN_MAX]; /* in the SDPs that went through, where that is asked for */
	uint64_t garbage_said;       /* ms: when a line about it was logged last */
	unsigned int serving;        /* requests that wait for the session */
	bool closing;
	struct ng_count counts[NG_COMMANDS + 1];
};

/* A random word in hexadecimal. 0, or -EIO when the random generator fails. */
int ng_make_token(char text[NG_TOKEN_MAX]);

/* Sends a reply to who asked; `octets` is NULL if there is none. Once for each ng_serve(). */
typedef void ng_answer(void *arg, const char *octets, size_t length);

/*
 * One message. *answer is called with the reply, perhaps before it returns, and always at some
 * time.
 */
void ng_serve(struct ng *ng, const char *message, size_t size, ng_answer *answer, void *arg);
/* The same of a dictionary without a cookie, and so is the reply: one that comes again is new. */
void ng_serve_plain(struct ng *ng, const char *dictionary, size_t size, ng_answer *answer,
		    void *arg);
/* Any thread. */
bool ng_may_ask(const struct ng *ng, const union socket_address *who);

/* Frees it once it is closed and nobody is served. */
void ng_release(struct ng *ng);

/* ng_datagram.c, ng_stream.c, ng_http.c. 0, or -errno. */
int ng_datagrams_open(struct ng *ng, const union socket_address *at);
void ng_datagrams_close(struct ng *ng);
int ng_listen(struct ng *ng, const union socket_address *at);
void ng_listen_close(struct ng *ng);
int ng_http_listen(struct ng *ng, const struct ng_config *config, const union socket_address *at,
		   bool tls);

/* ng_command.c: has the session do what is asked, and calls `done` with the reply, an arena's. */
struct ng_query;
typedef void ng_done(struct ng_query *query, struct ng_value *reply);
struct ng_query {
	struct ng *ng;
	struct arena arena;
	struct ng_request request;
	ng_done *done;
	unsigned int command; /* its place among ng->counts */
	/* ng_serve.c */
	bool json;
	struct ng_entry *entry; /* NULL: the message has no cookie */
	ng_answer *answer;
	void *answer_arg;
};
void ng_command(struct ng_query *query);
void ng_command_open(struct ng *ng);
/* The query is answered. */
void ng_command_count(struct ng_query *query, const struct ng_value *reply);

/* ng_report.c: what a call's statistics are called. */
void ng_report_call(struct arena *arena, struct ng_value *reply,
		    const Tandem__Relay__V1__Call *call);

#endif
