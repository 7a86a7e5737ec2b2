/* SPDX-License-Identifier: BSD-3-Clause */
/* The web front over real sockets: who may ask what, what is refused, and answers that go on. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/access/access.h"
#include "controlplane/api/health.pb-c.h"
#include "controlplane/web/web.h"
#include "controlplane/web/web_cookie.h"
#include "dataplane/lib/log.h"
#include "tests/rig/test.h"

#define TURN_MS   5
#define TURNS_MAX 4000
#define VIEWER    "tandem_viewer"
#define OPERATOR  "tandem_operator"
#define BY(token) "Authorization: Bearer " token "\r\n"
#define JSON      "Content-Type: application/json\r\n"
#define HELD_MAX  64

typedef Grpc__Health__V1__HealthCheckRequest echo;

static struct {
	uv_loop_t loop;
	struct http *http;
	struct access *access;
	struct access_rules rules;
	struct web *web;
	char listen[64];
	char *listens[1];
	struct web_config config;
	int port;

	struct rpc_call *held[HELD_MAX];
	unsigned int held_count, closed;

	char got[1 << 20];
	size_t length;
	bool ended;
} rig;

/* --- what is served ----------------------------------------------------------------------------
 */

static void handle_now(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	rpc_reply(call, request);
}

static void handle_fail(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	rpc_fail(call, atoi(((const echo *)request)->service), "line 7: \"c=\" is missing");
}

static void handle_later(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	rig.held[rig.held_count++] = call;
}

static void count_closed(void *arg)
{
	rig.closed++;
}

static void handle_stream(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	rig.held[rig.held_count++ % HELD_MAX] = call;
	rpc_stream(call, count_closed, NULL);
	rpc_stream_append(call, request);
}

#define TYPE &grpc__health__v1__health_check_request__descriptor

static const struct rpc_method methods[] = {
	{"/test.Echo/Now", TYPE, handle_now, ROLE_VIEWER},
	{"/test.Echo/Change", TYPE, handle_now, ROLE_OPERATOR, .changes = true},
	{"/test.Echo/Open", TYPE, handle_now, ROLE_ANYBODY},
	{"/test.Echo/OpenStream", TYPE, handle_stream, ROLE_ANYBODY, .streams = true},
	{"/test.Echo/Fail", TYPE, handle_fail, ROLE_VIEWER},
	{"/test.Echo/Later", TYPE, handle_later, ROLE_VIEWER},
	{"/test.Echo/Stream", TYPE, handle_stream, ROLE_VIEWER, .streams = true},
};
static const struct rpc_service service = {methods, COUNT(methods), NULL};

static void scrape(void *arg, const char *accept, web_scraped *done, void *request)
{
	done(request, "text/plain; version=0.0.4", "tandem_calls 7\n", 15);
}

static void add_token(const char *text, enum role role)
{
	struct token *token = &rig.rules.tokens[rig.rules.token_count++];

	snprintf(token->name, sizeof(token->name), "%s", role_name(role));
	token->role = role;
	token_hash(text, token->hash);
}

static int open_front(void)
{
	const struct web_parts parts = {
		.http = rig.http,
		.access = rig.access,
		.services = &service,
		.service_count = 1,
		.config = &rig.config,
		.scrape = scrape,
	};

	return web_open(&rig.web, &parts);
}

static int set_up(void **state)
{
	memset(&rig, 0, sizeof(rig));
	rig.port = 20000 + getpid() % 10000;
	snprintf(rig.listen, sizeof(rig.listen), "http:127.0.0.1:%d", rig.port);
	rig.listens[0] = rig.listen;
	rig.config.listen = (struct option_list){rig.listens, 1};
	add_token(VIEWER, ROLE_VIEWER);
	add_token(OPERATOR, ROLE_OPERATOR);
	assert_int_equal(uv_loop_init(&rig.loop), 0);
	assert_int_equal(access_open(&rig.access, &rig.rules), 0);
	assert_int_equal(http_open(&rig.http, &rig.loop), 0);
	assert_int_equal(open_front(), 0);
	assert_int_equal(http_start(rig.http), 0);
	return 0;
}

static void close_front(void)
{
	http_close(rig.http);
	web_close(rig.web);
	rig.http = NULL;
	rig.web = NULL;
	uv_run(&rig.loop, UV_RUN_DEFAULT);
}

static int tear_down(void **state)
{
	close_front();
	assert_int_equal(uv_loop_close(&rig.loop), 0);
	access_close(rig.access);
	return 0;
}

/* What has failed is forgotten. */
static void start_anew(void)
{
	tear_down(NULL);
	set_up(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* --- a client -----------------------------------------------------------------------------------
 */

static int dial(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(rig.port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void forget(void)
{
	rig.ended = false;
	rig.length = 0;
	rig.got[0] = '\0';
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Lets both threads run; takes what came. */
static void turn(int fd)
{
	struct pollfd poll_fd = {fd, POLLIN, 0};
	ssize_t size;

	uv_run(&rig.loop, UV_RUN_NOWAIT);
	if (poll(&poll_fd, 1, TURN_MS) <= 0)
		return;
	size = recv(fd, rig.got + rig.length, sizeof(rig.got) - rig.length - 1, MSG_DONTWAIT);
	rig.ended = size == 0 || (size < 0 && errno == ECONNRESET);
	rig.length += size > 0 ? size : 0;
	rig.got[rig.length] = '\0';
}

#define wait_for(fd, condition)                                                                    \
	do {                                                                                       \
		int turns_ = 0;                                                                    \
		while (!(condition)) {                                                             \
			if (++turns_ > TURNS_MAX)                                                  \
				fail_msg("%s: never; got: %s", #condition, rig.got);               \
			turn(fd);                                                                  \
		}                                                                                  \
	} while (0)

static const char *content(void)
{
	char *end = strstr(rig.got, "\r\n\r\n");

	return end ? end + 4 : "";
}

static bool is_whole(void)
{
	char *length = strcasestr(rig.got, "content-length:");

	return strstr(rig.got, "\r\n\r\n") && length &&
	       strlen(content()) >= strtoul(length + 15, NULL, 10);
}

/* The status of the response to what is said, which is in `got`. */
static int request(int fd, const char *text)
{
	forget();
	say(fd, text);
	wait_for(fd, rig.ended || is_whole());
	return strncmp(rig.got, "HTTP/1.", 7) == 0 ? atoi(rig.got + 9) : 0;
}

/* On a connection of its own. */
static int ask(const char *verb, const char *path, const char *fields, const char *octets)
{
	static char text[8192];
	int fd = dial(), status;

	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", verb, path,
		 rig.port, fields);
	if (octets)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "Content-Length: %zu\r\n\r\n%s", strlen(octets), octets);
	else
		strcat(text, "\r\n");
	status = request(fd, text);
	close(fd);
	return status;
}

static void assert_has(const char *text)
{
	if (!strcasestr(rig.got, text))
		fail_msg("\"%s\" is not in %s", text, rig.got);
}

/* --- the page -----------------------------------------------------------------------------------
 */

static void the_page(void **state)
{
	static const char *const fields[] = {
		"content-type: text/html; charset=utf-8",
		"default-src 'none'; script-src 'self'",
		"frame-ancestors 'none'",
		"x-content-type-options: nosniff",
		"referrer-policy: same-origin",
		"cache-control: no-cache",
		"etag: \"",
	};
	char tag[64], known[128];

	assert_int_equal(ask("GET", "/", "", NULL), 200);
	for (size_t k = 0; k < COUNT(fields); k++)
		assert_has(fields[k]);
	assert_null(strcasestr(rig.got, "strict-transport-security"));
	assert_memory_equal(content(), "<!DOCTYPE html>", 15);
	assert_int_equal(sscanf(strcasestr(rig.got, "etag: "), "%*s %63s", tag), 1);
	assert_int_equal(ask("GET", "/index.html", "", NULL), 200);
	snprintf(known, sizeof(known), "If-None-Match: %s\r\n", tag);
	{
		int fd = dial();

		snprintf(known, sizeof(known),
			 "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-None-Match: %s\r\n\r\n", tag);
		forget();
		say(fd, known);
		wait_for(fd, strstr(rig.got, "\r\n\r\n"));
		assert_memory_equal(rig.got, "HTTP/1.1 304 ", 13);
		assert_string_equal(content(), "");
		close(fd);
	}
}

static void a_head(void **state)
{
	int fd = dial();

	forget();
	say(fd, "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	wait_for(fd, strstr(rig.got, "\r\n\r\n"));
	assert_memory_equal(rig.got, "HTTP/1.1 200 ", 13);
	assert_true(strtoul(strcasestr(rig.got, "content-length:") + 15, NULL, 10) > 0);
	/* The next response comes behind it, and no content. */
	assert_int_equal(request(fd, "GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), 404);
	close(fd);
}

/* --- what is refused ----------------------------------------------------------------------------
 */

#define NOW    "/api/test.Echo/Now"
#define STREAM "/api/test.Echo/Stream"

static void requests(void **state)
{
	static const struct {
		const char *verb, *path, *fields, *octets;
		int status;
		const char *has;
	} cases[] = {
		{"POST", NOW, BY(VIEWER) JSON, "{\"service\":\"x\"}", 200, "{\"service\":\"x\"}"},
		{"POST", NOW, BY(VIEWER) JSON, "{}", 200, "{\"service\":\"\"}"},
		{"POST", NOW, BY(VIEWER) JSON, "", 200, "{\"service\":\"\"}"},
		{"POST", NOW, BY(VIEWER) JSON, "{}", 200, "cache-control: no-store"},
		{"POST", NOW, BY(VIEWER) JSON, "{}", 200, "content-security-policy: default-src"},
		{"POST", NOW, BY(VIEWER) JSON, "{\"x\":1}", 400,
		 "{\"code\":3,\"status\":\"INVALID_ARGUMENT\",\"message\":\"x: "},
		{"POST", NOW, BY(VIEWER) JSON, "{", 400, "line 1"},
		{"POST", NOW, BY(VIEWER) JSON, "\xff", 400, "line 1"},
		{"POST", NOW, "Cookie: a=b; tandem=" VIEWER "; c=d\r\n" JSON, "{}", 200, ""},
		/* Who */
		{"POST", NOW, JSON, "{}", 401, "www-authenticate: Bearer"},
		{"POST", NOW, JSON, "{}", 401, "\"status\":\"UNAUTHENTICATED\""},
		{"POST", NOW, BY("tandem_no") JSON, "{}", 401, "tandem="},
		{"POST", NOW, "Authorization: Basic " VIEWER "\r\n" JSON, "{}", 401, ""},
		{"POST", NOW, BY("tandem_no") "Cookie: tandem=" VIEWER "\r\n" JSON, "{}", 401, ""},
		{"POST", NOW, "Cookie: tandem=tandem_no\r\n" JSON, "{}", 401, "max-age=0"},
		{"POST", "/api/test.Echo/Open", JSON, "{}", 200, ""},
		{"GET", "/api/test.Echo/OpenStream", "", NULL, 401, "www-authenticate: Bearer"},
		{"POST", "/api/test.Echo/Change", BY(VIEWER) JSON, "{}", 403,
		 "\"status\":\"PERMISSION_DENIED\""},
		{"POST", "/api/test.Echo/Change", BY(OPERATOR) JSON, "{}", 200, ""},
		/* A page of another site */
		{"POST", NOW, BY(VIEWER) JSON "Origin: http://evil.example\r\n", "{}", 403,
		 "\"status\":\"PERMISSION_DENIED\""},
		{"POST", NOW, BY(VIEWER) JSON "Origin: http://127.0.0.1\r\n", "{}", 403, ""},
		{"POST", NOW, BY(VIEWER) JSON "Origin: null\r\n", "{}", 403, ""},
		{"POST", NOW, BY(VIEWER) JSON "Sec-Fetch-Site: cross-site\r\n", "{}", 403, ""},
		{"POST", NOW, BY(VIEWER) JSON "Sec-Fetch-Site: same-origin\r\n", "{}", 200, ""},
		{"GET", STREAM, BY(VIEWER) "Sec-Fetch-Site: same-site\r\n", NULL, 403, ""},
		{"POST", NOW, BY(VIEWER) "Content-Type: text/plain\r\n", "{}", 415,
		 "application/json"},
		{"POST", NOW, BY(VIEWER), "{}", 415, ""},
		{"POST", NOW, BY(VIEWER) JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
		 NULL, 411, ""},
		{"POST", NOW, BY(VIEWER) JSON "Content-Length: 262145\r\n", NULL, 413, "262144"},
		{"POST", NOW, BY(VIEWER) JSON "Content-Length: -1\r\n", NULL, 400, ""},
		/* What */
		{"GET", NOW, BY(VIEWER), NULL, 405, "allow: POST"},
		{"POST", STREAM, BY(VIEWER) JSON, "{}", 405, "allow: GET"},
		{"PUT", NOW, BY(VIEWER) JSON, "{}", 405, "allow: GET, POST"},
		{"POST", "/", JSON, "{}", 405, "allow: GET, HEAD"},
		{"GET", "/logout", "", NULL, 405, "allow: POST"},
		{"POST", "/api/test.Echo/No", BY(VIEWER) JSON, "{}", 404, "no such method"},
		{"POST", "/api/", BY(VIEWER) JSON, "{}", 404, "no such method"},
		{"POST", "/api/test.Echo/Nowhere", BY(VIEWER) JSON, "{}", 404, ""},
		{"GET", "/nothing.html", "", NULL, 404, "\"code\":5"},
		{"GET", "/../../../etc/passwd", "", NULL, 404, ""},
		{"GET", "/%2e%2e/etc/passwd", "", NULL, 404, ""},
		{"GET", STREAM "?no=1", BY(VIEWER), NULL, 400, "no: "},
		{"GET", STREAM "?service=a&service=b", BY(VIEWER), NULL, 400, "there twice"},
		{"GET", STREAM, "", NULL, 401, ""},
		/* Metrics */
		{"GET", "/metrics", "", NULL, 401, ""},
		{"GET", "/metrics", BY(VIEWER), NULL, 200, "tandem_calls 7"},
		{"GET", "/metrics", BY(VIEWER), NULL, 200, "text/plain; version=0.0.4"},
		/* Who am I */
		{"GET", "/whoami", "", NULL, 401, ""},
		{"GET", "/whoami", BY(VIEWER), NULL, 200,
		 "{\"name\":\"token:viewer\",\"role\":\"viewer\"}"},
		{"POST", "/login", JSON, "{\"token\":\"" VIEWER "\"}", 200,
		 "set-cookie: tandem=" VIEWER
		 "; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200\r\n"},
		{"POST", "/login", JSON, "{\"token\":\"" OPERATOR "\"}", 200,
		 "{\"name\":\"token:operator\",\"role\":\"operator\"}"},
		{"POST", "/login", JSON, "{\"token\":\"tandem_no\"}", 401, ""},
		{"POST", "/login", JSON, "{\"token\":\"a; b\"}", 401, ""},
		{"POST", "/login", JSON, "{\"token\":7}", 400, ""},
		{"POST", "/login", JSON, "{\"token\":\"a\",\"b\":1}", 400, ""},
		{"POST", "/login", JSON, "{}", 400, ""},
		{"POST", "/logout", JSON, "", 200, "set-cookie: tandem=; "},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		int status = ask(cases[k].verb, cases[k].path, cases[k].fields, cases[k].octets);

		if (status != cases[k].status || !strcasestr(rig.got, cases[k].has))
			fail_msg("%zu: %s %s %s: %d\n%s", k, cases[k].verb, cases[k].path,
				 cases[k].fields, status, rig.got);
		if (status == 401)
			start_anew();
	}
}

static void errors_of_methods(void **state)
{
	static const int statuses[] = {
		[1] = 499,  [2] = 500,  [3] = 400,  [4] = 504,  [5] = 404,  [6] = 409,
		[7] = 403,  [8] = 429,  [9] = 400,  [10] = 409, [11] = 400, [12] = 501,
		[13] = 500, [14] = 503, [15] = 500, [16] = 401};
	char json[64], error[64];

	for (int code = 1; code < (int)COUNT(statuses); code++) {
		snprintf(json, sizeof(json), "{\"service\":\"%d\"}", code);
		snprintf(error, sizeof(error), "{\"code\":%d,", code);
		assert_int_equal(ask("POST", "/api/test.Echo/Fail", BY(VIEWER) JSON, json),
				 statuses[code]);
		assert_has(error);
		assert_has("\"message\":\"line 7: \\\"c=\\\" is missing\"}");
	}
}

/* A name that somebody has lead to loopback. */
static void another_host(void **state)
{
	int fd = dial();

	assert_int_equal(request(fd, "POST " NOW " HTTP/1.1\r\nHost: evil.example\r\n" JSON BY(
					     VIEWER) "Content-Length: 2\r\n\r\n{}"),
			 403);
	close(fd);
}

/* --- connections --------------------------------------------------------------------------------
 */

#define POST_NOW                                                                                   \
	"POST " NOW " HTTP/1.1\r\nHost: 127.0.0.1\r\n" JSON BY(VIEWER) "Content-Length: 2\r\n\r\n{}"
#define POST_LATER                                                                                 \
	"POST /api/test.Echo/Later HTTP/1.1\r\nHost: 127.0.0.1\r\n" JSON BY(                       \
		VIEWER) "Content-Length: 2\r\n\r\n{}"

static void a_connection_is_kept(void **state)
{
	int fd = dial();

	for (int k = 0; k < 20; k++) {
		assert_int_equal(request(fd, POST_NOW), 200);
		assert_int_equal(request(fd, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), 200);
	}
	assert_int_equal(request(fd, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
			 200);
	wait_for(fd, rig.ended);
	close(fd);
}

static void who_does_not_wait_for_the_reply(void **state)
{
	echo reply = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	static const char *const more[] = {POST_NOW, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"};

	for (size_t k = 0; k < COUNT(more); k++) {
		int fd = dial();

		forget();
		say(fd, POST_LATER);
		wait_for(fd, rig.held_count == k + 1);
		say(fd, more[k]);
		wait_for(fd, rig.ended);
		assert_int_equal(rig.length, 0);
		close(fd);
		rpc_reply(rig.held[k], &reply.base);
	}
}

static void a_large_reply(void **state)
{
	static char request_text[300000];
	size_t octets = 250000;
	int fd = dial(),
	    used = snprintf(request_text, sizeof(request_text),
			    "POST " NOW " HTTP/1.1\r\nHost: 127.0.0.1\r\n" JSON BY(
				    VIEWER) "Content-Length: %zu\r\n\r\n{\"service\":\"",
			    octets + 14);

	memset(request_text + used, 'x', octets);
	strcpy(request_text + used + octets, "\"}");
	assert_int_equal(request(fd, request_text), 200);
	assert_int_equal(strlen(content()), octets + 14);
	close(fd);
}

static void too_many_from_one_address(void **state)
{
	enum { MANY = 129 };
	int fds[MANY];

	for (int k = 0; k < MANY; k++)
		fds[k] = dial();
	forget();
	wait_for(fds[MANY - 1], rig.ended);
	assert_int_equal(request(fds[0], POST_NOW), 200);
	for (int k = 0; k < MANY; k++)
		close(fds[k]);
}

/* --- answers that go on -------------------------------------------------------------------------
 */

#define GET_STREAM                                                                                 \
	"GET " STREAM "?service=s%20%26 HTTP/1.1\r\nHost: 127.0.0.1\r\n" BY(VIEWER) "\r\n"

static int open_stream(void)
{
	unsigned int before = rig.held_count;
	int fd = dial();

	forget();
	say(fd, GET_STREAM);
	wait_for(fd, strstr(rig.got, "data: "));
	assert_int_equal(rig.held_count, before + 1);
	return fd;
}

static void send_events(unsigned int count, size_t octets)
{
	char *text = calloc(1, octets + 1);
	echo event = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	memset(text, 'e', octets);
	event.service = text;
	for (unsigned int k = 0; k < count; k++)
		rpc_stream_append(rig.held[0], &event.base);
	free(text);
}

static void events(void **state)
{
	int fd = open_stream();

	assert_memory_equal(rig.got, "HTTP/1.1 200 ", 13);
	assert_has("content-type: text/event-stream");
	assert_string_equal(content(), "data: {\"service\":\"s &\"}\n\n");
	for (int k = 0; k < 100; k++) {
		forget();
		send_events(1, 3);
		wait_for(fd, rig.length == strlen("data: {\"service\":\"eee\"}\n\n"));
		assert_string_equal(rig.got, "data: {\"service\":\"eee\"}\n\n");
	}
	/* Many that come at once are no reason to end it. */
	forget();
	send_events(1000, 3);
	wait_for(fd, rig.length == 1000 * strlen("data: {\"service\":\"eee\"}\n\n"));
	close(fd);
	wait_for(-1, rig.closed == 1);
}

static void the_server_ends_a_stream(void **state)
{
	int fd = open_stream();

	rpc_fail(rig.held[0], GRPC_STATUS_NOT_FOUND, "no such call any more");
	wait_for(fd, rig.ended);
	assert_non_null(strstr(content(), "event: end\ndata: {\"code\":5,\"status\":\"NOT_FOUND\","
					  "\"message\":\"no such call any more\"}\n\n"));
	close(fd);
	turn(-1);
	assert_int_equal(rig.closed, 0); /* its handler has let go of it */
}

static void a_stream_ends_with_its_last_message(void **state)
{
	echo last = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	int fd = open_stream();

	forget();
	last.service = (char *)(uintptr_t) "over";
	rpc_reply(rig.held[0], &last.base);
	wait_for(fd, rig.ended);
	assert_has("data: {\"service\":\"over\"}\n\n");
	assert_null(strstr(rig.got, "event: end"));
	close(fd);
	turn(-1);
	assert_int_equal(rig.closed, 0);
}

static void a_token_is_good_no_longer(void **state)
{
	int fd = open_stream();

	web_reload(rig.web, &rig.config);
	forget();
	send_events(1, 3);
	wait_for(fd, rig.length);
	assert_string_equal(rig.got, "data: {\"service\":\"eee\"}\n\n");
	rig.rules.token_count = 0;
	web_reload(rig.web, &rig.config);
	wait_for(fd, rig.ended);
	assert_has("event: end\ndata: {\"code\":16,");
	wait_for(-1, rig.closed == 1);
	close(fd);
}

static void a_stream_outlives_no_server(void **state)
{
	int fd = open_stream(), later = dial();

	say(later, POST_LATER);
	wait_for(fd, rig.held_count == 2);
	close_front();
	assert_int_equal(rig.closed, 1);
	wait_for(fd, rig.ended);
	rpc_fail(rig.held[1], GRPC_STATUS_UNAVAILABLE, "too late");
	close(later);
	close(fd);
}

/* More than the kernel has room for: it ends, and its reader learns why. */
static void who_does_not_keep_up(void **state)
{
	int fd = open_stream();

	for (int k = 0; k < 20 && !rig.ended; k++) {
		send_events(10, 100000);
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	}
	while (!rig.ended) {
		forget();
		turn(fd);
		if (strstr(rig.got, "event: end"))
			break;
	}
	assert_has("event: end\ndata: {\"code\":8,\"status\":\"RESOURCE_EXHAUSTED\"");
	close(fd);
	wait_for(-1, rig.closed == 1);
}

static void too_many_streams(void **state)
{
	enum { MANY = 96 };
	int fds[MANY];

	for (int k = 0; k < MANY; k++)
		fds[k] = open_stream();
	assert_int_equal(ask("GET", STREAM, BY(VIEWER), NULL), 429);
	close(fds[0]);
	wait_for(-1, rig.closed == 1);
	fds[0] = open_stream();
	for (int k = 0; k < MANY; k++)
		close(fds[k]);
	wait_for(-1, rig.closed == MANY + 1);
}

/* --- metrics, cookies, what it cannot begin with ------------------------------------------------
 */

static void the_switch_of_metrics(void **state)
{
	struct web_config config = rig.config;

	config.metrics = WEB_METRICS_ANYONE;
	web_reload(rig.web, &config);
	assert_int_equal(ask("GET", "/metrics", "", NULL), 200);
	config.metrics = WEB_METRICS_OFF;
	assert_int_equal(ask("GET", "/metrics", BY(OPERATOR), NULL), 404);
}

static void cookies(void **state)
{
	static const struct {
		const char *header, *value;
	} cases[] = {
		{"tandem=a", "a"},
		{"x=1; tandem=a", "a"},
		{"x=1;tandem=a;y=2", "a"},
		{" ;; tandem=a ", "a "},
		{"tandem=", ""},
		{"tandem=a=b", "a=b"},
		{"tandem=a; tandem=b", "a"},
		{"", NULL},
		{"tandem", NULL},
		{"xtandem=a", NULL},
		{"Tandem=a", NULL},
		{"tandem =a", NULL},
		{"x=tandem=a", NULL},
		{"tandem=1234567890", NULL}, /* no room */
	};
	char value[10], text[WEB_COOKIE_MAX];

	for (size_t k = 0; k < COUNT(cases); k++) {
		assert_int_equal(web_cookie_find(cases[k].header, "tandem", value, sizeof(value)),
				 cases[k].value != NULL);
		if (cases[k].value)
			assert_string_equal(value, cases[k].value);
	}
	assert_true(web_cookie_fits("tandem_0aZ=+/.~-"));
	assert_false(web_cookie_fits(""));
	assert_false(web_cookie_fits("a b"));
	assert_false(web_cookie_fits("a;b"));
	assert_false(web_cookie_fits("a\r\nb"));
	assert_false(web_cookie_fits("\xc3\xa9"));
	web_cookie_write(text, "tandem", "a", true);
	assert_string_equal(text,
			    "tandem=a; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure");
}

static void what_it_cannot_begin_with(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(rig.port)};
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	close_front();
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(other, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_int_equal(http_open(&rig.http, &rig.loop), 0);
	assert_int_equal(open_front(), -EADDRINUSE);
	assert_null(rig.web);
	close_front();
	close(other);
	rig.config.cert = (char *)(uintptr_t) "/nowhere.pem";
	rig.config.key = (char *)(uintptr_t) "/nowhere.key";
	assert_int_equal(http_open(&rig.http, &rig.loop), 0);
	assert_int_equal(open_front(), -EKEYREJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_page),
		CASE(a_head),
		CASE(requests),
		CASE(errors_of_methods),
		CASE(another_host),
		CASE(a_connection_is_kept),
		CASE(who_does_not_wait_for_the_reply),
		CASE(a_large_reply),
		CASE(too_many_from_one_address),
		CASE(events),
		CASE(the_server_ends_a_stream),
		CASE(a_stream_ends_with_its_last_message),
		CASE(a_token_is_good_no_longer),
		CASE(a_stream_outlives_no_server),
		CASE(who_does_not_keep_up),
		CASE(too_many_streams),
		CASE(the_switch_of_metrics),
		cmocka_unit_test(cookies),
		CASE(what_it_cannot_begin_with),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
