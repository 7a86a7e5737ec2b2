/* SPDX-License-Identifier: BSD-3-Clause */
/* The gRPC server's certificates, and those of its clients. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/rpc/rpc_tls.h"
#include "tests/rig/echo.h"

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
	status = echo_call(peer);
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
	status = echo_call(peer);
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
	assert_int_equal(echo_refuse(&peer, "198.51.100.1:50051", &config.tls, line, sizeof(line)),
			 -EADDRNOTAVAIL);
	snprintf(target, sizeof(target), "127.0.0.1:%u", echo_port(AF_INET));
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &echo_service, 1), 0);

	assert_int_equal(call_tls(&peer, target, &ca, &client), GRPC_STATUS_OK);
	assert_int_equal(call_tls(&peer, target, &ca, &stranger), GRPC_STATUS_UNAVAILABLE);
	assert_int_equal(call_tls(&peer, target, &other_ca, &client), GRPC_STATUS_UNAVAILABLE);
	assert_int_equal(call_without_certificate(&peer, target, &ca), GRPC_STATUS_UNAUTHENTICATED);
	echo_add_token(&peer, token, ROLE_VIEWER);
	peer.token = token;
	assert_int_equal(call_without_certificate(&peer, target, &ca), GRPC_STATUS_OK);
	peer.token = NULL;
	/* Of the same authority, and nobody all the same. */
	assert_int_equal(call_tls(&peer, target, &ca, &server), GRPC_STATUS_UNAUTHENTICATED);
	peer_connect(&peer, target, grpc_insecure_credentials_create());
	assert_int_equal(echo_call(&peer), GRPC_STATUS_UNAVAILABLE);

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
	unsigned port = echo_port(AF_INET);
	struct peer peer;

	peer_open(&peer);
	certified_make(&ca, peer.directory, "ca", NULL);
	certified_make(&server, peer.directory, "server", &ca);
	config.tls = tls_of(NULL, &server);
	config.access = peer.access;
	snprintf(target, sizeof(target), "127.0.0.1:%u", port);
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &echo_service, 1), 0);
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
	unsigned ports[2] = {echo_port(AF_INET), echo_port(AF_INET)};
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
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &echo_service, 1), 0);
	tls = tls_of(&ca, &client);
	assert_int_equal(rpc_tls_client(&credentials, &tls, why, sizeof(why)), 0);
	peer_connect(&peer, targets[0], credentials);
	echo_watch(&peer, &watch);

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

	event.service = (char *)(uintptr_t) "still here";
	rpc_stream_append(echo_streaming.call, &event.base);
	peer_wait(&peer, &watch.received);
	assert_non_null(watch.reply);
	peer_drop(&watch);
	peer_receive(&watch);
	rpc_fail(echo_streaming.call, GRPC_STATUS_ABORTED, "");
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
	assert_int_equal(echo_refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, "no key given"));
	tls.key = "/no/such/key";
	assert_int_equal(echo_refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, "/no/such/key: No such file"));
	tls.key = client.key_path;
	assert_int_equal(echo_refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, client.key_path));
	assert_non_null(strstr(line, "mismatch"));
	tls.key = server.key_path;
	tls.ca = server.key_path;
	assert_int_equal(echo_refuse(&peer, "127.0.0.1:50051", &tls, line, sizeof(line)), -EINVAL);
	assert_non_null(strstr(line, server.key_path));

	certified_free(&ca);
	certified_free(&server);
	certified_free(&client);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutual_tls),
		cmocka_unit_test(test_takes_tls_1_2_at_least),
		cmocka_unit_test(test_reads_certificates_anew),
		cmocka_unit_test(test_names_the_bad_tls_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
