/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the gRPC server agrees to listen, and to whom it listens. */
#include "tests/rig/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <grpc/grpc_posix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "controlplane/api/health.pb-c.h"
#include "controlplane/rpc/rpc_call.h"
#include "controlplane/rpc/rpc_identify.h"
#include "controlplane/rpc/rpc_tls.h"

static void handle(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	rpc_reply(call, request);
}

#define WRITABLE(text) ((char *)(uintptr_t)(text))

typedef Grpc__Health__V1__HealthCheckRequest echo;

/* A stream that stays, for what has to outlive something. */
static struct {
	struct rpc_call *call;
	bool is_there;
} streaming;

static void ignore_end(void *arg)
{
}

static void stream(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	streaming.call = call;
	streaming.is_there = true;
	rpc_stream(call, ignore_end, NULL);
}

static const struct rpc_method methods[] = {
	{"/test.Echo/Now", &grpc__health__v1__health_check_request__descriptor, handle, ROLE_VIEWER,
	 false},
	{"/test.Echo/Stream", &grpc__health__v1__health_check_request__descriptor, stream,
	 ROLE_VIEWER, false},
};
static const struct rpc_service service = {methods, COUNT(methods), NULL};

static grpc_status_code call_echo(struct peer *peer)
{
	struct peer_call call;

	peer_start_octets(peer, &call, "/test.Echo/Now", "\x0a\x01x", 3, 3000);
	peer_end(peer, &call);
	peer_drop(&call);
	return call.status;
}

/* Starts a server that must not start; `line` is what it logged. */
static int refuse(struct peer *peer, const char *address, const struct rpc_tls *tls, char *line,
		  size_t size)
{
	struct rpc_config config = {.listen = &address, .listen_count = 1};
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO), ret;
	size_t len;

	if (tls)
		config.tls = *tls;
	assert_non_null(log);
	fflush(stderr);
	dup2(fileno(log), STDERR_FILENO);
	ret = rpc_start(&peer->rpc, &peer->loop, &config, &service, 1);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	uv_run(&peer->loop, UV_RUN_DEFAULT);
	rewind(log);
	len = fread(line, 1, size - 1, log);
	line[len] = '\0';
	fclose(log);
	assert_non_null(strchr(line, '\n'));
	assert_ptr_equal(strchr(line, '\n'), line + len - 1); /* one line, and all of it */
	return ret;
}

static void test_refuses_addresses(void **state)
{
	static const struct {
		const char *address;
		int error;
		const char *says;
	} bad[] = {
		{"0.0.0.0:50051", -EPERM, "without TLS"},
		{"[::]:50051", -EPERM, "without TLS"},
		{"198.51.100.1:50051", -EPERM, "without TLS"},
		{"[2001:db8::1]:50051", -EPERM, "without TLS"},
		{"[::ffff:127.0.0.1]:50051", -EPERM, "without TLS"},
		{"128.0.0.1:50051", -EPERM, "without TLS"},
		{"localhost:50051", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:0", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:65536", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:80x", -EINVAL, "127.0.0.1:port"},
		{"::1:50051", -EINVAL, "[::1]:port"},
		{"[::1]50051", -EINVAL, "[::1]:port"},
		{"[]:50051", -EINVAL, "[::1]:port"},
		{"[", -EINVAL, "[::1]:port"},
		{"", -EINVAL, "unix:/path"},
		{"unix:", -EINVAL, "unix:/path"},
		{"unix:relay.sock", -EINVAL, "unix:/path"},
		{"unix:/no/such/directory/relay.sock", -ENOENT, "make its directory"},
	};
	struct peer peer;
	char line[512];

	peer_open(&peer);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(refuse(&peer, bad[i].address, NULL, line, sizeof(line)),
				 bad[i].error);
		assert_non_null(strstr(line, bad[i].address));
		assert_non_null(strstr(line, bad[i].says));
	}
	peer_close(&peer);
}

static void test_guards_its_socket(void **state)
{
	struct peer peer, second;
	struct stat st;
	char line[512];

	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	assert_int_equal(stat(peer.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(call_echo(&peer), GRPC_STATUS_OK);

	/* A second server does not take the first one's socket away. */
	peer_open(&second);
	assert_int_equal(refuse(&second, peer.address, NULL, line, sizeof(line)), -EADDRINUSE);
	assert_non_null(strstr(line, "another server listens there"));
	assert_int_equal(call_echo(&peer), GRPC_STATUS_OK);
	peer_close(&second);
	peer_close(&peer);
}

static void test_replaces_a_stale_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct peer peer;

	peer_open(&peer);
	strcpy(address.sun_path, peer.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	peer_serve(&peer, &service, 1, 0);
	assert_int_equal(call_echo(&peer), GRPC_STATUS_OK);
	peer_close(&peer);
}

static void test_keeps_what_is_no_socket(void **state)
{
	struct peer peer;
	char line[512];
	FILE *file;

	peer_open(&peer);
	file = fopen(peer.path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(refuse(&peer, peer.address, NULL, line, sizeof(line)), -EEXIST);
	assert_non_null(strstr(line, "no socket stands there"));
	assert_int_equal(access(peer.path, F_OK), 0);
	peer_close(&peer);
}

/* --- who is at the other end ------------------------------------------------------------------ */

/* A connection that the kernel takes for one of this user. */
static int connect_as(const struct peer *peer, uid_t uid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, peer->path);
	assert_int_equal(seteuid(uid), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(seteuid(0), 0);
	return fd;
}

static grpc_status_code call_as(struct peer *peer, uid_t uid)
{
	grpc_channel_credentials *plain = grpc_insecure_credentials_create();
	grpc_channel *own = peer->channel;
	grpc_status_code status;

	peer->channel = grpc_channel_create_from_fd("relay", connect_as(peer, uid), plain, NULL);
	grpc_channel_credentials_release(plain);
	status = call_echo(peer);
	grpc_channel_destroy(peer->channel);
	peer->channel = own;
	return status;
}

/* Whether the server speaks on a connection, or hangs up. */
static bool is_taken(struct peer *peer, int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char octet;

	for (int i = 0; i < 5000; i++) {
		uv_run(&peer->loop, UV_RUN_NOWAIT);
		if (poll(&poller, 1, 1))
			return recv(fd, &octet, 1, MSG_PEEK) == 1;
	}
	fail_msg("the server is silent");
	return false;
}

static void open_to_all(struct peer *peer)
{
	peer_open(peer);
	assert_int_equal(chmod(peer->directory, 0755), 0);
	peer->everybody = true;
	peer->rules.locals[0] = (struct access_local){ROLE_VIEWER, false, 4001, "user:viewer"};
	peer->rules.local_count = 1;
	peer_serve(peer, &service, 1, 0);
}

static void test_tells_users_apart(void **state)
{
	struct peer peer;
	struct stat st;

	if (geteuid() != 0)
		skip(); /* only root can be somebody else */
	open_to_all(&peer);
	assert_int_equal(stat(peer.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(call_as(&peer, 4001), GRPC_STATUS_OK);
		assert_int_equal(call_as(&peer, 4002), i < 10 ? GRPC_STATUS_UNAUTHENTICATED
							      : GRPC_STATUS_RESOURCE_EXHAUSTED);
		assert_int_equal(call_as(&peer, 0), GRPC_STATUS_OK);
	}
	peer_close(&peer);
}

/* What comes late by a connection that is gone is not taken for another's. */
static void test_a_number_rests(void **state)
{
	struct peer peer;
	int fd;

	if (geteuid() != 0)
		skip();
	open_to_all(&peer);
	peer.rpc->locals.count = 3; /* in the place of thousands */
	for (int i = 0; i < 3; i++) {
		fd = connect_as(&peer, 4001);
		assert_true(is_taken(&peer, fd));
		close(fd);
	}
	fd = connect_as(&peer, 0);
	assert_false(is_taken(&peer, fd));
	close(fd);
	for (int i = 0; i < 100; i++) {
		usleep(RPC_LOCAL_REST_MS * 1000 / 50);
		uv_run(&peer.loop, UV_RUN_NOWAIT);
		fd = connect_as(&peer, 0);
		if (is_taken(&peer, fd))
			break;
		close(fd);
		assert_int_not_equal(i, 99);
	}
	close(fd);
	peer_close(&peer);
}

static void test_one_user_leaves_room_for_others(void **state)
{
	int held[RPC_LOCAL_EACH], fd;
	struct peer peer;

	if (geteuid() != 0)
		skip();
	open_to_all(&peer);
	for (int i = 0; i < RPC_LOCAL_EACH; i++) {
		held[i] = connect_as(&peer, 4001);
		assert_true(is_taken(&peer, held[i]));
	}
	fd = connect_as(&peer, 4001);
	assert_false(is_taken(&peer, fd));
	close(fd);
	assert_int_equal(call_as(&peer, 0), GRPC_STATUS_OK);
	for (int i = 0; i < RPC_LOCAL_EACH; i++)
		close(held[i]);
	peer_close(&peer);
}

static void test_names_of_peers(void **state)
{
	static const struct {
		const char *peer, *from;
	} names[] = {
		{"ipv4:192.0.2.1:4711", "192.0.2.1:4711"},
		{"ipv6:%5B2001:db8::1%5D:4711", "[2001:db8::1]:4711"},
		{"ipv6:%5Bfe80::1%25eth0%5D:1", "[fe80::1%eth0]:1"},
		{"ipv6:[::1]:1", "[::1]:1"},
		{"unknown%", "unknown%"},
		{"unknown%5", "unknown%5"},
		{"", ""},
		{"ipv4:0123456789012345678901234567890123456789012345678901234567890123456789",
		 "012345678901234567890123456789012345678901234567890123456789012"},
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		char from[RPC_FROM];

		rpc_from(from, names[i].peer);
		assert_string_equal(from, names[i].from);
	}
}

/* --- loopback ----------------------------------------------------------------------------------*/

/* A port of the loopback address that was free a moment ago. */
static unsigned free_port(int family)
{
	struct sockaddr_in6 address = {.sin6_family = (sa_family_t)family};
	int fd = socket(family, SOCK_STREAM, 0);
	socklen_t len = sizeof(address);

	if (family == AF_INET6)
		address.sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin6_port);
}

static void add_token(struct peer *peer, char text[TOKEN_TEXT], enum role role)
{
	struct token *token = &peer->rules.tokens[peer->rules.token_count++];

	token->role = role;
	assert_int_equal(token_make(text, token->hash), 0);
}

static void test_listens_on_loopback(void **state)
{
	char texts[2][64];
	const char *listen[] = {texts[0], texts[1]};
	struct rpc_config config = {.listen = listen, .listen_count = 2};
	struct peer peer, second;
	char line[512], token[TOKEN_TEXT];

	peer_open(&peer);
	snprintf(texts[0], sizeof(texts[0]), "127.0.0.1:%u", free_port(AF_INET));
	snprintf(texts[1], sizeof(texts[1]), "[::1]:%u", free_port(AF_INET6));
	config.access = peer.access;
	add_token(&peer, token, ROLE_VIEWER);
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &service, 1), 0);
	for (int i = 0; i < 2; i++) {
		peer_connect(&peer, texts[i], grpc_insecure_credentials_create());
		peer.token = NULL;
		assert_int_equal(call_echo(&peer), GRPC_STATUS_UNAUTHENTICATED);
		peer.token = token;
		assert_int_equal(call_echo(&peer), GRPC_STATUS_OK);
		grpc_channel_destroy(peer.channel);
		peer.channel = NULL;
	}
	peer_open(&second);
	assert_int_equal(refuse(&second, texts[0], NULL, line, sizeof(line)), -EADDRINUSE);
	peer_close(&second);
	peer_close(&peer);
}

/* Who loses a role loses the streams that it gave. */
static void test_a_stream_ends_with_its_right(void **state)
{
	char target[64], tokens[2][TOKEN_TEXT];
	const char *listen[] = {target};
	struct rpc_config config = {.listen = listen, .listen_count = 1};
	struct peer_call watches[2];
	struct peer peer;

	peer_open(&peer);
	config.access = peer.access;
	snprintf(target, sizeof(target), "127.0.0.1:%u", free_port(AF_INET));
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &service, 1), 0);
	peer_connect(&peer, target, grpc_insecure_credentials_create());
	for (int i = 0; i < 2; i++) {
		add_token(&peer, tokens[i], ROLE_VIEWER);
		peer.token = tokens[i];
		memset(&streaming, 0, sizeof(streaming));
		peer_start_octets(&peer, &watches[i], "/test.Echo/Stream", "\x0a\x01x", 3, 60000);
		peer_wait(&peer, &streaming.is_there);
	}
	rpc_reload(peer.rpc, &config);
	for (int i = 0; i < 100; i++)
		uv_run(&peer.loop, UV_RUN_NOWAIT);
	assert_false(watches[0].ended || watches[1].ended);
	peer.rules.tokens[0] = peer.rules.tokens[1];
	peer.rules.token_count = 1;
	rpc_reload(peer.rpc, &config);
	assert_int_equal(peer_end(&peer, &watches[0]), GRPC_STATUS_UNAUTHENTICATED);
	assert_false(watches[1].ended);
	rpc_fail(streaming.call, GRPC_STATUS_ABORTED, "");
	assert_int_equal(peer_end(&peer, &watches[1]), GRPC_STATUS_ABORTED);
	peer_close(&peer);
}

/* --- mutual TLS --------------------------------------------------------------------------------*/

struct certified {
	EVP_PKEY *key;
	X509 *cert;
	char key_path[128], cert_path[128];
};

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* A key and a certificate in files, signed by `ca`, or by itself when that is NULL. */
static void certified_make(struct certified *id, const char *directory, const char *name,
			   const struct certified *ca)
{
	FILE *file;

	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	assert_true(id->key && id->cert);
	X509_set_version(id->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600);
	X509_set_pubkey(id->cert, id->key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(id->cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(id->cert, X509_get_subject_name(ca ? ca->cert : id->cert));
	add_extension(id->cert, NID_basic_constraints, ca ? "CA:FALSE" : "critical,CA:TRUE");
	if (ca)
		add_extension(id->cert, NID_subject_alt_name, "IP:127.0.0.1");
	assert_true(X509_sign(id->cert, ca ? ca->key : id->key, EVP_sha256()) > 0);

	snprintf(id->key_path, sizeof(id->key_path), "%s/%s.key", directory, name);
	snprintf(id->cert_path, sizeof(id->cert_path), "%s/%s.pem", directory, name);
	file = fopen(id->key_path, "w");
	PEM_write_PrivateKey(file, id->key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	file = fopen(id->cert_path, "w");
	PEM_write_X509(file, id->cert);
	fclose(file);
}

static void certified_free(struct certified *id)
{
	unlink(id->key_path);
	unlink(id->cert_path);
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
}

static struct rpc_tls tls_of(const struct certified *ca, const struct certified *id)
{
	return (struct rpc_tls){ca ? ca->cert_path : NULL, id->cert_path, id->key_path};
}

/* A call from a client that shows `id` and trusts `ca`. */
static grpc_status_code call_tls(struct peer *peer, const char *target, const struct certified *ca,
				 const struct certified *id)
{
	const struct rpc_tls tls = tls_of(ca, id);
	grpc_channel_credentials *credentials;
	char why[RPC_TLS_WHY];
	grpc_status_code status;

	assert_int_equal(rpc_tls_client(&credentials, &tls, why, sizeof(why)), 0);
	peer_connect(peer, target, credentials);
	status = call_echo(peer);
	grpc_channel_destroy(peer->channel);
	peer->channel = NULL;
	return status;
}

static grpc_status_code call_without_certificate(struct peer *peer, const char *target,
						 const struct certified *ca)
{
	char pem[4096] = "";
	FILE *file = fopen(ca->cert_path, "r");
	grpc_status_code status;

	assert_true(fread(pem, 1, sizeof(pem) - 1, file) > 0);
	fclose(file);
	peer_connect(peer, target, grpc_ssl_credentials_create_ex(pem, NULL, NULL, NULL));
	status = call_echo(peer);
	grpc_channel_destroy(peer->channel);
	peer->channel = NULL;
	return status;
}

static void test_mutual_tls(void **state)
{
	struct certified ca, other_ca, server, client, stranger;
	char target[64], line[512], token[TOKEN_TEXT];
	const char *listen[] = {target};
	struct rpc_config config = {.listen = listen, .listen_count = 1};
	struct peer peer;

	peer_open(&peer);
	certified_make(&ca, peer.directory, "ca", NULL);
	certified_make(&other_ca, peer.directory, "other-ca", NULL);
	certified_make(&server, peer.directory, "server", &ca);
	certified_make(&client, peer.directory, "client", &ca);
	certified_make(&stranger, peer.directory, "stranger", &other_ca);

	config.tls = tls_of(&ca, &server);
	config.access = peer.access;
	peer.rules.certificates[0] = (struct access_certificate){ROLE_VIEWER, "CN=client"};
	peer.rules.certificate_count = 1;
	/* With TLS the server goes beyond loopback: here it only finds no such address. */
	assert_int_equal(refuse(&peer, "198.51.100.1:50051", &config.tls, line, sizeof(line)),
			 -EADDRNOTAVAIL);
	snprintf(target, sizeof(target), "127.0.0.1:%u", free_port(AF_INET));
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &service, 1), 0);

	assert_int_equal(call_tls(&peer, target, &ca, &client), GRPC_STATUS_OK);
	assert_int_equal(call_tls(&peer, target, &ca, &stranger), GRPC_STATUS_UNAVAILABLE);
	assert_int_equal(call_tls(&peer, target, &other_ca, &client), GRPC_STATUS_UNAVAILABLE);
	assert_int_equal(call_without_certificate(&peer, target, &ca), GRPC_STATUS_UNAUTHENTICATED);
	add_token(&peer, token, ROLE_VIEWER);
	peer.token = token;
	assert_int_equal(call_without_certificate(&peer, target, &ca), GRPC_STATUS_OK);
	peer.token = NULL;
	/* Of the same authority, and nobody all the same. */
	assert_int_equal(call_tls(&peer, target, &ca, &server), GRPC_STATUS_UNAUTHENTICATED);
	peer_connect(&peer, target, grpc_insecure_credentials_create());
	assert_int_equal(call_echo(&peer), GRPC_STATUS_UNAVAILABLE);

	certified_free(&ca);
	certified_free(&other_ca);
	certified_free(&server);
	certified_free(&client);
	certified_free(&stranger);
	peer_close(&peer);
}

/* The name that the server shows in a handshake of at most that version; NULL: it refuses. */
static const char *shown_name(unsigned port, int version)
{
	static char name[64];
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl;
	bool done;

	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_security_level(ctx, 0); /* with more OpenSSL itself refuses what is old */
	ssl = SSL_new(ctx);
	SSL_set_alpn_protos(ssl, (const unsigned char *)"\x02h2", 3);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	SSL_set_fd(ssl, fd);
	done = SSL_connect(ssl) == 1;
	if (done)
		X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(ssl)),
					  NID_commonName, name, sizeof(name));
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	return done ? name : NULL;
}

static void test_takes_tls_1_2_at_least(void **state)
{
	struct certified ca, server;
	char target[64];
	const char *listen[] = {target};
	struct rpc_config config = {.listen = listen, .listen_count = 1};
	unsigned port = free_port(AF_INET);
	struct peer peer;

	peer_open(&peer);
	certified_make(&ca, peer.directory, "ca", NULL);
	certified_make(&server, peer.directory, "server", &ca);
	config.tls = tls_of(NULL, &server);
	config.access = peer.access;
	snprintf(target, sizeof(target), "127.0.0.1:%u", port);
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &service, 1), 0);
	assert_null(shown_name(port, TLS1_VERSION));
	assert_null(shown_name(port, TLS1_1_VERSION));
	assert_string_equal(shown_name(port, TLS1_2_VERSION), "server");
	assert_string_equal(shown_name(port, TLS1_3_VERSION), "server");
	certified_free(&ca);
	certified_free(&server);
	peer_close(&peer);
}

/* New connections see the new files, and those that there are go on. */
static void test_reads_certificates_anew(void **state)
{
	struct certified ca, server, next, client;
	char targets[2][64];
	const char *listen[] = {targets[0], targets[1]};
	struct rpc_config config = {.listen = listen, .listen_count = 2};
	unsigned ports[2] = {free_port(AF_INET), free_port(AF_INET)};
	echo event = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	grpc_channel_credentials *credentials;
	struct rpc_tls tls;
	struct peer_call watch;
	struct peer peer;
	char why[RPC_TLS_WHY];

	peer_open(&peer);
	certified_make(&ca, peer.directory, "ca", NULL);
	certified_make(&server, peer.directory, "server", &ca);
	certified_make(&next, peer.directory, "next", &ca);
	certified_make(&client, peer.directory, "client", &ca);
	peer.rules.certificates[0] = (struct access_certificate){ROLE_VIEWER, "CN=client"};
	peer.rules.certificate_count = 1;
	config.tls = tls_of(&ca, &server);
	config.access = peer.access;
	for (int i = 0; i < 2; i++)
		snprintf(targets[i], sizeof(targets[i]), "127.0.0.1:%u", ports[i]);
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &service, 1), 0);
	tls = tls_of(&ca, &client);
	assert_int_equal(rpc_tls_client(&credentials, &tls, why, sizeof(why)), 0);
	peer_connect(&peer, targets[0], credentials);
	memset(&streaming, 0, sizeof(streaming));
	peer_start_octets(&peer, &watch, "/test.Echo/Stream", "\x0a\x01x", 3, 60000);
	peer_wait(&peer, &streaming.is_there);

	config.tls = tls_of(&ca, &next);
	rpc_reload(peer.rpc, &config);
	for (int i = 0; i < 2; i++)
		assert_string_equal(shown_name(ports[i], TLS1_3_VERSION), "next");
	/* Files that do not fit change nothing. */
	config.tls.key = server.key_path;
	rpc_reload(peer.rpc, &config);
	assert_string_equal(shown_name(ports[1], TLS1_3_VERSION), "next");
	config.tls = tls_of(NULL, &server);
	rpc_reload(peer.rpc, &config);
	assert_string_equal(shown_name(ports[0], TLS1_3_VERSION), "next");

	event.service = WRITABLE("still here");
	rpc_stream_append(streaming.call, &event.base);
	peer_wait(&peer, &watch.received);
	assert_non_null(watch.reply);
	peer_drop(&watch);
	peer_receive(&watch);
	rpc_fail(streaming.call, GRPC_STATUS_ABORTED, "");
	assert_int_equal(peer_end(&peer, &watch), GRPC_STATUS_ABORTED);
	certified_free(&ca);
	certified_free(&server);
	certified_free(&next);
	certified_free(&client);
	peer_close(&peer);
}

static void test_names_the_bad_tls_file(void **state)
{
	struct certified ca, server, client;
	struct peer peer;
	struct rpc_tls tls;
	char line[512];

	peer_open(&peer);
	certified_make(&ca, peer.directory, "ca", NULL);
	certified_make(&server, peer.directory, "server", &ca);
	certified_make(&client, peer.directory, "client", &ca);

	tls = tls_of(&ca, &server);
	tls.key = NULL;
	assert_int_equal(refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, "no key given"));
	tls.key = "/no/such/key";
	assert_int_equal(refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, "/no/such/key: No such file"));
	tls.key = client.key_path;
	assert_int_equal(refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, client.key_path));
	assert_non_null(strstr(line, "mismatch"));
	tls.key = server.key_path;
	tls.ca = server.key_path;
	assert_int_equal(refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, server.key_path));

	certified_free(&ca);
	certified_free(&server);
	certified_free(&client);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses_addresses),
		cmocka_unit_test(test_guards_its_socket),
		cmocka_unit_test(test_replaces_a_stale_socket),
		cmocka_unit_test(test_keeps_what_is_no_socket),
		cmocka_unit_test(test_tells_users_apart),
		cmocka_unit_test(test_a_number_rests),
		cmocka_unit_test(test_one_user_leaves_room_for_others),
		cmocka_unit_test(test_names_of_peers),
		cmocka_unit_test(test_listens_on_loopback),
		cmocka_unit_test(test_a_stream_ends_with_its_right),
		cmocka_unit_test(test_mutual_tls),
		cmocka_unit_test(test_takes_tls_1_2_at_least),
		cmocka_unit_test(test_reads_certificates_anew),
		cmocka_unit_test(test_names_the_bad_tls_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
