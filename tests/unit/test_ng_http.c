/* SPDX-License-Identifier: BSD-3-Clause */
/* The ng protocol by HTTP and WebSocket, over real sockets, with what clients get wrong. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/http/http.h"
#include "controlplane/ng/ng.h"
#include "tests/rig/control.h"

#define JSON      "application/json"
#define NG        "application/x-rtpengine-ng"
#define TURN_MS   5
#define TURNS_MAX 4000
#define HTTPS     1 /* of the addresses */

static struct {
	struct http *http;
	struct ng *ng;
	char listen[2][64], cert[64], key[64];
	int port[2];
	char got[1 << 20];
	size_t length;
	bool ended; /* the server hung up */
} client;

/* --- a certificate --------------------------------------------------------------------------- */

static void write_certificate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	FILE *file = fopen(client.cert, "w");

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(file, cert), 1);
	fclose(file);
	file = fopen(client.key, "w");
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* --- a server -------------------------------------------------------------------------------- */

static int listen_to(const char *allow)
{
	const char *listen[2] = {client.listen[0], client.listen[HTTPS]};
	struct ng_config config = {
		.listen = listen,
		.listen_count = 2,
		.allow = &allow,
		.allow_count = allow != NULL,
		.cert = client.cert,
		.key = client.key,
		.delete_delay_s = 30,
	};
	int error;

	assert_int_equal(http_open(&client.http, &rig.loop), 0);
	config.http = client.http;
	error = ng_open(&client.ng, &rig.loop, rig.session, &config);
	return error ?: http_start(client.http);
}

static void hang_up(void)
{
	http_close(client.http);
	ng_close(client.ng);
	client.http = NULL;
	client.ng = NULL;
}

static int set_up(void **state)
{
	rig_set_up(state);
	for (int k = 0; k < 2; k++) {
		client.port[k] = 20000 + 2 * (getpid() % 5000) + k;
		snprintf(client.listen[k], sizeof(client.listen[k]), "http%s:127.0.0.1:%d",
			 k == HTTPS ? "s" : "", client.port[k]);
	}
	snprintf(client.cert, sizeof(client.cert), "/tmp/tandem-ng-%d.pem", getpid());
	snprintf(client.key, sizeof(client.key), "/tmp/tandem-ng-%d.key", getpid());
	write_certificate();
	assert_int_equal(listen_to(NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	hang_up();
	unlink(client.cert);
	unlink(client.key);
	return rig_tear_down(state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* --- octets ---------------------------------------------------------------------------------- */

static int dial(int which)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(client.port[which])};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	client.ended = false;
	client.length = 0;
	return fd;
}

static void tell(int fd, const void *octets, size_t length)
{
	assert_int_equal(send(fd, octets, length, MSG_NOSIGNAL), length);
}

static void say(int fd, const char *text)
{
	tell(fd, text, strlen(text));
}

/* Lets both threads run; takes what came. */
static void turn(int fd)
{
	struct pollfd poll_fd = {fd, POLLIN, 0};
	ssize_t size;

	uv_run(&rig.loop, UV_RUN_NOWAIT);
	if (poll(&poll_fd, 1, TURN_MS) <= 0)
		return;
	size = recv(fd, client.got + client.length, sizeof(client.got) - client.length - 1,
		    MSG_DONTWAIT);
	client.ended = size == 0 || (size < 0 && errno == ECONNRESET);
	client.length += size > 0 ? size : 0;
	client.got[client.length] = '\0';
}

#define wait_for(fd, condition)                                                                    \
	do {                                                                                       \
		int turns_ = 0;                                                                    \
		while (!(condition)) {                                                             \
			if (++turns_ > TURNS_MAX)                                                  \
				fail_msg("%s: never; got: %s", #condition, client.got);            \
			turn(fd);                                                                  \
		}                                                                                  \
	} while (0)

/* Forgets what came; the status of the response to what is said, whose content is in `got`. */
static int request(int fd, const char *text)
{
	char *end, *length;

	client.length = 0;
	client.got[0] = '\0';
	say(fd, text);
	wait_for(fd, client.ended || ((end = strstr(client.got, "\r\n\r\n")) &&
				      (length = strcasestr(client.got, "content-length:")) &&
				      strlen(end + 4) >= strtoul(length + 15, NULL, 10)));
	return strncmp(client.got, "HTTP/1.", 7) == 0 ? atoi(client.got + 9) : 0;
}

static int post(int fd, const char *path, const char *type, const char *content)
{
	static char text[8192];

	snprintf(
		text, sizeof(text),
		"POST %s HTTP/1.1\r\nHost: relay\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
		path, type, strlen(content), content);
	return request(fd, text);
}

static const char *content(void)
{
	char *end = strstr(client.got, "\r\n\r\n");

	return end ? end + 4 : "";
}

/* --- WebSockets ------------------------------------------------------------------------------ */

enum opcode { CONTINUED = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, FINAL = 0x80 };

static int upgrade(int fd, const char *more)
{
	static char text[1024];

	snprintf(
		text, sizeof(text),
		"GET / HTTP/1.1\r\nHost: 127.0.0.1:2225\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
		more);
	client.length = 0;
	client.got[0] = '\0';
	say(fd, text);
	wait_for(fd, client.ended || strstr(client.got, "\r\n\r\n"));
	return strncmp(client.got, "HTTP/1.", 7) == 0 ? atoi(client.got + 9) : 0;
}

static int dial_websocket(const char *protocol)
{
	char line[128];
	int fd = dial(0);

	snprintf(line, sizeof(line), "Sec-WebSocket-Protocol: %s\r\n", protocol);
	assert_int_equal(upgrade(fd, line), 101);
	assert_non_null(strstr(client.got, protocol));
	client.length = 0;
	return fd;
}

/* The mask of zeros is one, too. */
static void frame(int fd, unsigned char first, const char *octets, size_t length)
{
	unsigned char head[14] = {first, 0x80};
	size_t size = 2;

	if (length < 126) {
		head[1] |= length;
	} else if (length <= UINT16_MAX) {
		head[1] |= 126;
		head[size++] = length >> 8;
		head[size++] = length;
	} else {
		head[1] |= 127;
		for (int shift = 56; shift >= 0; shift -= 8)
			head[size++] = (uint64_t)length >> shift;
	}
	tell(fd, head, size + 4);
	tell(fd, octets, length);
}

/* Takes the first frame from what came. 0: it is not there yet. */
static int take_frame(char *octets, size_t size)
{
	const unsigned char *got = (const unsigned char *)client.got;
	size_t head = 2, length = client.length < 2 ? 0 : got[1] & 0x7f;
	int first = got[0];

	if (length == 127) {
		head = 10; /* and six of its octets are zero */
		length = client.length < head ? SIZE_MAX / 2
					      : 256u * 256u * got[7] + 256u * got[8] + got[9];
	} else if (length == 126) {
		head = 4;
		length = client.length < head ? SIZE_MAX / 2 : 256u * got[2] + got[3];
	}
	if (client.length < 2 || client.length < head + length)
		return 0;
	assert_true(length < size);
	memcpy(octets, got + head, length);
	octets[length] = '\0';
	client.length -= head + length;
	memmove(client.got, client.got + head + length, client.length);
	return first;
}

static const char *message(int fd)
{
	static char octets[1 << 18];
	int first = 0;

	wait_for(fd, (first = take_frame(octets, sizeof(octets))) || client.ended);
	assert_int_equal(first, FINAL | BINARY);
	return octets;
}

static const char *ask(int fd, const char *octets)
{
	frame(fd, FINAL | TEXT, octets, strlen(octets));
	return message(fd);
}

/* --- tests ----------------------------------------------------------------------------------- */

static const struct {
	const char *path, *type, *content, *reply;
	int status;
} posts[] = {
	{"/ng", NG, "1 d7:command4:pinge", "1 d6:result4:ponge", 200},
	{"/ng", "Application/JSON; charset=utf-8", "2 {\"command\":\"ping\"}",
	 "2 {\"result\":\"pong\"}", 200},
	{"/ng", NG, "3 x", "3 d6:result5:error12:error-reason27:Could not decode dictionarye", 200},
	{"/ng-plain", NG, "d7:command4:pinge", "d6:result4:ponge", 200},
	{"/ng-plain", JSON, "{\"command\":\"ping\"}", "{\"result\":\"pong\"}", 200},
	{"/ng-plain", JSON, "x", "d6:result5:error12:error-reason27:Could not decode dictionarye",
	 200},
	{"/ng", NG, "garbage", NULL, 400},
};

static void what_is_posted(void **state)
{
	int fd;

	for (unsigned int k = 0; k < COUNT(posts); k++) {
		fd = dial(0);
		assert_int_equal(post(fd, posts[k].path, posts[k].type, posts[k].content),
				 posts[k].status);
		if (posts[k].reply)
			assert_string_equal(content(), posts[k].reply);
		wait_for(fd, client.ended);
		close(fd);
	}
	fd = dial(0);
	assert_int_equal(request(fd, "GET /ping HTTP/1.1\r\nHost: relay\r\n\r\n"), 200);
	assert_string_equal(content(), "pong\n");
	assert_non_null(strcasestr(client.got, "connection: close"));
	wait_for(fd, client.ended);
	close(fd);
}

#define PING "GET /ping HTTP/1.1\r\nHost: r\r\n\r\n"
#define POST                                                                                       \
	"POST /ng-plain HTTP/1.1\r\nHost: r\r\nContent-Type: " NG                                  \
	"\r\nContent-Length: 17\r\n\r\nd7:command4:pinge"

/* Who does not wait for a reply gets the first one at most. */
static void requests_in_one_piece(void **state)
{
	static const char *const pieces[] = {PING PING, POST POST, PING POST PING, POST PING};

	for (unsigned int k = 0; k < COUNT(pieces); k++) {
		int fd = dial(0);
		char *first;

		say(fd, pieces[k]);
		wait_for(fd, client.ended);
		first = strstr(client.got, "HTTP/1.1 200 ");
		assert_true(!first || !strstr(first + 1, "HTTP/"));
		close(fd);
	}
}

static void a_post_in_pieces(void **state)
{
	static const char text[] = "POST /ng HTTP/1.1\r\nHost: r\r\nContent-Type: " NG
				   "\r\nContent-Length: 19\r\n\r\n1 d7:command4:pinge";
	int fd = dial(0);

	for (size_t k = 0; k < strlen(text); k++) {
		tell(fd, text + k, 1);
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	}
	wait_for(fd, strstr(client.got, "1 d6:result4:ponge"));
	close(fd);
}

#define HEAD(line) line " HTTP/1.1\r\nHost: r\r\n"
#define NG_TYPE    "Content-Type: " NG "\r\n"

static const struct {
	const char *text;
	int status;
} refused[] = {
	{HEAD("GET /ng") "\r\n", 405},
	{HEAD("POST /ping") NG_TYPE "Content-Length: 0\r\n\r\n", 405},
	{HEAD("GET /") "\r\n", 404},
	{HEAD("GET /../etc/passwd") "\r\n", 404},
	{HEAD("POST /ng/") NG_TYPE "Content-Length: 2\r\n\r\n", 404},
	{HEAD("POST /ng") "Content-Length: 2\r\n\r\n", 415},
	{HEAD("POST /ng") "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n", 415},
	{HEAD("POST /ng") NG_TYPE "\r\n", 411},
	{HEAD("POST /ng") NG_TYPE "Transfer-Encoding: chunked\r\n\r\n", 411},
	{HEAD("POST /ng") NG_TYPE "Content-Length: 0\r\n\r\n", 400},
	{HEAD("POST /ng") NG_TYPE "Content-Length: -2\r\n\r\n", 400},
	{HEAD("POST /ng") NG_TYPE "Content-Length: 131073\r\n\r\n", 413},
	{HEAD("POST /ng") NG_TYPE "Content-Length: 99999999999999999999999\r\n\r\n", 413},
	{HEAD("DELETE /ng") "\r\n", 405},
};

static void what_is_refused(void **state)
{
	for (unsigned int k = 0; k < COUNT(refused); k++) {
		int fd = dial(0), status = request(fd, refused[k].text);

		if (status != refused[k].status)
			fail_msg("%s: %d", refused[k].text, status);
		assert_non_null(strcasestr(client.got, "connection: close"));
		wait_for(fd, client.ended);
		close(fd);
	}
}

static const char *const garbage[] = {
	"garbage\r\n\r\n",
	"\x16\x03\x01\x02",
	"GET",
	"POST /ng HTTP/9.9\r\n\r\n",
	"\r\n\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: r\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
	"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

static void garbage_harms_nobody(void **state)
{
	int fds[2 * COUNT(garbage)], fd;

	for (unsigned int k = 0; k < COUNT(fds); k++) {
		fds[k] = dial(k % 2);
		say(fds[k], garbage[k / 2]);
		turn(fds[k]);
		assert_null(strstr(client.got, "101 "));
	}
	fd = dial(0);
	assert_int_equal(post(fd, "/ng", NG, "1 d7:command4:pinge"), 200);
	close(fd);
	for (unsigned int k = 0; k < COUNT(fds); k++)
		close(fds[k]);
}

static void a_head_without_an_end(void **state)
{
	int fd = dial(0);

	say(fd, "GET / HTTP/1.1\r\nHost: r\r\n");
	for (unsigned int k = 0; k < 2000 && !client.ended; k++) {
		send(fd, "X-Line: of a head that goes on\r\n", 32, MSG_NOSIGNAL);
		turn(fd);
	}
	assert_true(client.ended);
	close(fd);
}

static void messages(void **state)
{
	int fd = dial_websocket("ng.rtpengine.com");

	assert_string_equal(ask(fd, "1 d7:command4:pinge"), "1 d6:result4:ponge");
	frame(fd, FINAL | BINARY, "2 {\"command\":\"ping\"}", 20);
	assert_string_equal(message(fd), "2 {\"result\":\"pong\"}");
	frame(fd, TEXT, "3 d7:comm", 9);
	frame(fd, CONTINUED, "", 0);
	frame(fd, CONTINUED, "and4:pi", 7);
	frame(fd, FINAL | CONTINUED, "nge", 3);
	assert_string_equal(message(fd), "3 d6:result4:ponge");
	/* What has no cookie gets silence. */
	frame(fd, FINAL | TEXT, "garbage", 7);
	frame(fd, FINAL | TEXT, "", 0);
	assert_string_equal(ask(fd, "4 d7:command4:pinge"), "4 d6:result4:ponge");
	close(fd);
}

/* It comes in one piece with the handshake. */
static void a_message_right_away(void **state)
{
	static const char piece[] =
		"GET / HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Protocol: ng.rtpengine.com\r\n\r\n"
		"\x82\x93\0\0\0\0"
		"1 d7:command4:pinge";
	int fd = dial(0);

	tell(fd, piece, sizeof(piece) - 1);
	wait_for(fd, client.length > 18 && memcmp(client.got + client.length - 18,
						  "1 d6:result4:ponge", 18) == 0);
	close(fd);
}

static void plain_messages(void **state)
{
	int fd = dial_websocket("ng-plain.rtpengine.com");

	assert_string_equal(ask(fd, "d7:command4:pinge"), "d6:result4:ponge");
	assert_non_null(strstr(ask(fd, "x"), "Could not decode"));
	assert_non_null(strstr(ask(fd, ""), "Could not decode"));
	close(fd);
}

/* A reply is told from others by its place alone, though an offer takes longer than a ping. */
static void plain_replies_in_order(void **state)
{
	const char *sdp = rig_phone(41000, "");
	char offer[4096];
	int fd = dial_websocket("ng-plain.rtpengine.com");

	snprintf(offer, sizeof(offer), "d7:call-id1:17:command5:offer8:from-tag1:a3:sdp%zu:%se",
		 strlen(sdp), sdp);
	frame(fd, FINAL | BINARY, offer, strlen(offer));
	frame(fd, FINAL | BINARY, "d7:command4:pinge", 17);
	assert_non_null(strstr(message(fd), "m=audio "));
	assert_string_equal(message(fd), "d6:result4:ponge");
	close(fd);
}

static void a_cookie_that_comes_again_by_other_means(void **state)
{
	const char *sdp = rig_phone(41000, "");
	char offer[4096], first[8192];
	int socket = dial_websocket("ng.rtpengine.com"), fd;

	snprintf(offer, sizeof(offer), "9 d7:call-id1:17:command5:offer8:from-tag1:a3:sdp%zu:%se",
		 strlen(sdp), sdp);
	snprintf(first, sizeof(first), "%s", ask(socket, offer));
	assert_non_null(strstr(first, "m=audio "));
	assert_string_equal(ask(socket, offer), first);
	fd = dial(0);
	assert_int_equal(post(fd, "/ng", NG, offer), 200);
	assert_string_equal(content(), first);
	assert_int_equal(fake_count(&rig.fake), 2);
	close(fd);
	close(socket);
}

/* An SDP that is larger than what the kernel takes at once, with lines that pass through. */
static char *large_offer(void)
{
	static char line[1024], more[61 * sizeof(line)], offer[sizeof(more) + 8192];
	const char *sdp;

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "a=x-", 4);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	more[0] = '\0';
	for (unsigned int k = 0; k < 60; k++)
		strcat(more, line);
	sdp = rig_phone(41000, "");
	snprintf(offer, sizeof(offer), "8 d7:call-id1:87:command5:offer8:from-tag1:a3:sdp%zu:%s%se",
		 strlen(sdp) + strlen(more), sdp, more);
	return offer;
}

static void a_large_reply(void **state)
{
	char *offer = large_offer(), head[256];
	int fd = dial_websocket("ng.rtpengine.com"), size = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	frame(fd, FINAL | BINARY, offer, strlen(offer));
	assert_non_null(strstr(message(fd), "\r\ne"));
	close(fd);
	fd = dial(0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	snprintf(head, sizeof(head),
		 "POST /ng HTTP/1.1\r\nHost: r\r\n" NG_TYPE "Content-Length: %zu\r\n\r\n",
		 strlen(offer));
	say(fd, head);
	assert_int_equal(request(fd, offer), 200);
	assert_non_null(strstr(content(), "\r\ne"));
	wait_for(fd, client.ended);
	close(fd);
}

static const struct {
	const char *more;
	int status;
} upgrades[] = {
	{"", 400},
	{"Sec-WebSocket-Protocol: other.example.com\r\n", 0},
	{"Sec-WebSocket-Protocol: (none)\r\n", 0},
	{"Sec-WebSocket-Protocol: (listener)\r\n", 0},
	{"Sec-WebSocket-Protocol: ng.rtpengine.com\r\nOrigin: http://elsewhere\r\n", 403},
	{"Sec-WebSocket-Protocol: ng.rtpengine.com\r\nOrigin: null\r\n", 403},
	{"Sec-WebSocket-Protocol: ng.rtpengine.com\r\nOrigin: http://127.0.0.2\r\n", 403},
	{"Sec-WebSocket-Protocol: ng.rtpengine.com\r\nOrigin: http://127.0.0.1\r\n", 101},
	{"Sec-WebSocket-Protocol: ng.rtpengine.com\r\nOrigin: http://127.0.0.1:8080\r\n", 101},
	{"Sec-WebSocket-Protocol: other, ng.rtpengine.com\r\n", 101},
};

static void which_sockets_open(void **state)
{
	for (unsigned int k = 0; k < COUNT(upgrades); k++) {
		int fd = dial(0), status = upgrade(fd, upgrades[k].more);

		if (status != upgrades[k].status)
			fail_msg("%s: %d", upgrades[k].more, status);
		close(fd);
	}
}

/* A name that leads here may be anybody's. */
static void a_page_does_not_ask(void **state)
{
	static const char ping[] =
		"POST /ng-plain HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nContent-Type: " NG
		"\r\nContent-Length: 17\r\n\r\nd7:command4:pinge";
	char text[512];
	int fd = dial(0);

	snprintf(text, sizeof(text), ping, "relay.example", "relay.example");
	assert_int_equal(request(fd, text), 403);
	close(fd);
	fd = dial(0);
	snprintf(text, sizeof(text), ping, "localhost:2225", "localhost");
	assert_int_equal(request(fd, text), 200);
	close(fd);
}

static void a_message_that_is_too_long(void **state)
{
	static char octets[131073];
	int fd = dial_websocket("ng.rtpengine.com"), first = 0;

	memset(octets, 'x', sizeof(octets));
	frame(fd, BINARY, octets, 65535);
	frame(fd, CONTINUED, octets, 65535);
	frame(fd, FINAL | CONTINUED, octets, 65535);
	wait_for(fd, (first = take_frame(octets, sizeof(octets))) || client.ended);
	assert_int_equal(first, FINAL | CLOSE);
	assert_memory_equal(octets, "\x03\xf1", 2); /* 1009 */
	close(fd);
}

#define MANY 500

static void many_at_once(void **state)
{
	int fd = dial_websocket("ng.rtpengine.com");
	char text[64];

	for (unsigned int k = 0; k < MANY; k++) {
		snprintf(text, sizeof(text), "m%u d7:command4:pinge", k);
		frame(fd, FINAL | BINARY, text, strlen(text));
	}
	for (unsigned int k = 0; k < MANY; k++) {
		snprintf(text, sizeof(text), "m%u d6:result4:ponge", k);
		assert_string_equal(message(fd), text);
	}
	close(fd);
}

/* What it asks is read no more, and others are served. */
static void a_client_that_does_not_read(void **state)
{
	int fd = dial_websocket("ng.rtpengine.com"), other, size = 4096;
	char wire[8 + 218 + 1] = "\x82\xfe\0\xda\0\0\0"; /* a cookie as long as it may be, almost */
	unsigned int quiet = 0;
	size_t at = 0, sent = 0;

	memset(wire + 8, 'c', 200);
	memcpy(wire + 208, " d7:command4:pinge", 18);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	while (quiet < 100) {
		ssize_t done = send(fd, wire + at, 8 + 218 - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		quiet = done > 0 ? 0 : quiet + 1;
		at = done > 0 ? (at + done) % (8 + 218) : at;
		sent += done > 0 ? done : 0;
		assert_true(sent < 64 << 20);
		if (done <= 0) {
			uv_run(&rig.loop, UV_RUN_NOWAIT);
			usleep(2000);
		}
	}
	other = dial(0);
	assert_int_equal(post(other, "/ng", NG, "1 d7:command4:pinge"), 200);
	close(other);
	close(fd);
}

static SSL *shake_hands(SSL_CTX **context, int fd)
{
	SSL *ssl;

	*context = SSL_CTX_new(TLS_client_method());
	ssl = SSL_new(*context);
	SSL_set_fd(ssl, fd);
	assert_int_equal(SSL_connect(ssl), 1);
	return ssl;
}

static void tls(void **state)
{
	static const char text[] = "POST /ng HTTP/1.1\r\nHost: r\r\nContent-Type: " NG
				   "\r\nContent-Length: 19\r\n\r\n1 d7:command4:pinge";
	int fd = dial(HTTPS), plain, size = 0;
	SSL_CTX *context;
	SSL *ssl = shake_hands(&context, fd);

	assert_int_equal(SSL_write(ssl, text, strlen(text)), strlen(text));
	rig_settle(50);
	while (!strstr(client.got, "ponge") &&
	       (size = SSL_read(ssl, client.got + client.length, 4096)) > 0) {
		client.length += size;
		client.got[client.length] = '\0';
	}
	assert_string_equal(content(), "1 d6:result4:ponge");
	/* Without TLS nobody is heard there. */
	plain = dial(HTTPS);
	assert_int_not_equal(post(plain, "/ng", NG, "1 d7:command4:pinge"), 200);
	close(plain);
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(fd);
}

/* What is open when the server is closed, and what is still being served. */
static void it_ends_in_the_middle(void **state)
{
	const char *sdp = rig_phone(41000, "");
	char offer[4096];
	int fds[6] = {dial_websocket("ng.rtpengine.com"),
		      dial_websocket("ng.rtpengine.com"),
		      dial(0),
		      dial(0),
		      dial(HTTPS),
		      dial(HTTPS)};
	SSL_CTX *context;
	SSL *ssl = shake_hands(&context, fds[5]);

	snprintf(offer, sizeof(offer), "1 d7:call-id1:17:command5:offer8:from-tag1:a3:sdp%zu:%se",
		 strlen(sdp), sdp);
	frame(fds[0], FINAL | BINARY, offer, strlen(offer));
	frame(fds[1], BINARY, offer, strlen(offer));
	say(fds[2], "POST /ng HTT");
	say(fds[3], "POST /ng HTTP/1.1\r\nHost: r\r\n" NG_TYPE "Content-Length: 20\r\n\r\n1 ");
	say(fds[4], "\x16\x03\x01");
	usleep(50000);
	uv_run(&rig.loop, UV_RUN_NOWAIT);
	hang_up();
	rig_settle(50);
	for (unsigned int k = 0; k < COUNT(fds) - 1; k++) {
		client.ended = false;
		wait_for(fds[k], client.ended);
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	for (unsigned int k = 0; k < COUNT(fds); k++)
		close(fds[k]);
}

static void who_is_not_allowed(void **state)
{
	int fd;

	hang_up();
	uv_run(&rig.loop, UV_RUN_NOWAIT);
	assert_int_equal(listen_to("198.51.100.0/24"), 0);
	fd = dial(0);
	wait_for(fd, client.ended);
	close(fd);
	hang_up();
	uv_run(&rig.loop, UV_RUN_NOWAIT);
	assert_int_equal(listen_to("127.0.0.0/8"), 0);
	fd = dial(0);
	assert_int_equal(post(fd, "/ng", NG, "1 d7:command4:pinge"), 200);
	close(fd);
}

static void what_it_cannot_begin_with(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(client.port[0])};
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	hang_up();
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(other, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_int_equal(listen_to(NULL), -EADDRINUSE);
	assert_null(client.ng);
	hang_up();
	close(other);
	assert_int_equal(truncate(client.key, 20), 0);
	assert_int_equal(listen_to(NULL), -EKEYREJECTED);
	hang_up();
	unlink(client.cert);
	assert_int_equal(listen_to(NULL), -EKEYREJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_posted),
		CASE(requests_in_one_piece),
		CASE(a_post_in_pieces),
		CASE(what_is_refused),
		CASE(garbage_harms_nobody),
		CASE(a_head_without_an_end),
		CASE(messages),
		CASE(a_message_right_away),
		CASE(plain_messages),
		CASE(plain_replies_in_order),
		CASE(a_cookie_that_comes_again_by_other_means),
		CASE(a_large_reply),
		CASE(which_sockets_open),
		CASE(a_page_does_not_ask),
		CASE(a_message_that_is_too_long),
		CASE(many_at_once),
		CASE(a_client_that_does_not_read),
		CASE(tls),
		CASE(it_ends_in_the_middle),
		CASE(who_is_not_allowed),
		CASE(what_it_cannot_begin_with),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
