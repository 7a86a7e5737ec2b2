/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An HTTP/1.1 server (RFC 9112) with WebSockets (RFC 6455) and answers that go on, with TLS or
 * without. libwebsockets reads and writes on a thread of its own, so that no handshake holds up the
 * loop; what is asked is served on the loop. Its sites share the thread and nothing else: each has
 * routes, listeners, certificates and bounds of its own. Who sends slowly, too much, or reads
 * nothing is hung up on. One server at a time in a process: the library keeps something for all.
 * The loop's thread only, but for what struct http_site_config says.
 */
#ifndef TANDEM_HTTP_H
#define TANDEM_HTTP_H

#include <stdbool.h>
#include <uv.h>

#include "controlplane/lib/socket_address.h"

#define HTTP_WAITING_MAX 262144 /* octets of an answer that goes on, that wait to be written */
#define HTTP_HEADERS_MAX 4      /* of one reply, beside the site's */

struct http;
struct http_site;
struct http_request; /* a GET, a HEAD, a POST, or a WebSocket's message */

/* To be answered by http_answer() or http_stream(), at once or later. */
typedef void http_serve(struct http_request *request, void *arg);

struct http_route {
	/* Paths; NULL: not by this method. One that ends with "*" is all that begin so. */
	const char *get, *post;
	bool head;            /* as a GET, but for its content */
	bool empty;           /* a POST may have no content */
	const char *type;     /* of a reply's content, and of a POST's, which may also be JSON */
	const char *protocol; /* the WebSocket's subprotocol; NULL: there is none */
	bool ordered;         /* a WebSocket's replies leave in the order of its messages */
	bool streams;         /* a GET may be answered by http_stream() */
	http_serve *serve;
};

/* The name is in lower case, with its colon. */
struct http_header {
	const char *name, *value;
};

/* Lives as long as the server, with what it points to. */
struct http_site_config {
	const char *name; /* for the log */
	const struct http_route *routes;
	unsigned int route_count;
	size_t request_max;                /* octets of content, or of a message */
	const struct http_header *headers; /* of each response, the last one is {}; NULL: none */
	const char *cert, *key;            /* PEM files; NULL: no TLS, or what self_signed says */
	const char *ca; /* PEM file: who may sign clients' certificates; NULL: none is asked for */
	bool self_signed; /* without the files: a certificate is made at the start */
	bool same_origin; /* a page that asks is this very site's; else its host is ours */
	bool keeps;       /* a connection stays for further requests */
	unsigned int connections_max, connections_per_address; /* IPv6: of a /64; 0: no bound */
	/* Whether a client is heard; NULL: each is. Called on the server's thread. */
	bool (*is_allowed)(const union socket_address *who, void *arg);
	/*
	 * The content of a response that refuses what no route has seen, of the first route's type;
	 * its length. NULL: there is none. Called on the server's thread.
	 */
	size_t (*explain)(unsigned int status, char *text, size_t size);
	void *arg; /* of the two, and of each route */
};

int http_open(struct http **http, uv_loop_t *loop); /* 0, or -errno */
/* Before http_start(). 0, or -errno; -EKEYREJECTED after a log line about the certificate. */
int http_site_open(struct http_site **site, struct http *http,
		   const struct http_site_config *config);
/* Before http_start(). 0, or -errno. */
int http_listen(struct http_site *site, const union socket_address *at, bool tls);
/* 0, or -errno. Without a site there is nothing to start. */
int http_start(struct http *http);
/*
 * Reads PEM files, for the connections that come from then on; what is wrong with them is logged,
 * and those of before stay, as they do without `cert`.
 */
void http_site_reload(struct http_site *site, const char *ca, const char *cert, const char *key);
/* SHA-256 of the site's certificate, "AB:CD:..."; empty without TLS. */
const char *http_site_fingerprint(const struct http_site *site);
/*
 * Hangs up on everybody, streams are `gone`; who is served may still be answered, to no avail. To
 * be called before what `arg` of the sites leads to ends. NULL will do.
 */
void http_close(struct http *http);

/* --- what is asked ----------------------------------------------------------------------------*/

enum http_field { HTTP_ACCEPT, HTTP_AUTHORIZATION, HTTP_COOKIE, HTTP_IF_NONE_MATCH, HTTP_FIELDS };

/* All of them live until the request is answered, or the stream's `gone`. */
const char *http_request_octets(const struct http_request *request, size_t *size);
bool http_request_is_post(const struct http_request *request);
const char *http_request_path(const struct http_request *request); /* decoded */
/* "name=value", decoded; NULL behind the last one. */
const char *http_request_query(const struct http_request *request, unsigned int index);
const char *http_request_field(const struct http_request *request, enum http_field); /* or NULL */
const char *http_request_from(const struct http_request *request); /* its client's address */
/* Of the client's certificate, which `ca` vouches for (RFC 2253); NULL: it has shown none. */
const char *http_request_subject(const struct http_request *request);
bool http_request_is_tls(const struct http_request *request);

/* --- what is told ----------------------------------------------------------------------------- */

struct http_reply {
	unsigned int status;
	const char *type;   /* a constant; NULL: the route's */
	const char *octets; /* NULL: there is nothing to tell but the status and the headers */
	size_t length;
	struct http_header headers[HTTP_HEADERS_MAX]; /* names are constants */
};

/*
 * Once for each request. Copies what the reply points to. A WebSocket has no status: without octets
 * it is not told anything.
 */
void http_answer(struct http_request *request, const struct http_reply *reply);

/*
 * In the place of http_answer(), for a GET of a route that `streams`: an answer of that type with
 * status 200 that goes on. `pulse` is written when nothing else was for 15 seconds. `gone` is
 * called once, from the loop and from none of these functions, when the client has left, was hung
 * up on, or has read all before http_stream_end(): until then the request is the caller's, and not
 * from then on. Not behind http_close().
 */
void http_stream(struct http_request *request, const char *type, const char *pulse,
		 void (*gone)(void *arg), void *arg);
/* What still waits to be written is not to be. */
void http_stream_drop(struct http_request *request);
/* 0; -ENOBUFS: something waits, and with this it would be more than the most; -ENOMEM. */
int http_stream_put(struct http_request *request, const char *octets, size_t length);
/* Octets that wait to be written. */
size_t http_stream_waiting(const struct http_request *request);
/* No piece follows. */
void http_stream_end(struct http_request *request);

#endif
