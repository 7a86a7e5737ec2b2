/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DTLS server handshakes, those of the control plane's module and those of OpenSSL alone, in turn
 * and with the same clients. Only what the server's side takes is counted. A line on the standard
 * input, how many of each, is answered by a line of JSON: nanoseconds of CPU for one, the median.
 */
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "controlplane/dtls/dtls.h"
#include "controlplane/dtls/dtls_peer.h"

#define COUNT_MAX   10000
#define MTU         1200
#define FLIGHTS_MAX 8
#define PROFILES                                                                                   \
	"SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32:SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM"

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "handshakes: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(EXIT_FAILURE);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- OpenSSL alone --------------------------------------------------------------------------- */

static int accept_any(int ok, X509_STORE_CTX *store)
{
	return 1;
}

/* As plain as can be, but for what the other one cannot do without either. */
static SSL_CTX *make_context(void)
{
	SSL_CTX *context = SSL_CTX_new(DTLS_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	if (!context || !key || !certificate)
		die("no memory");
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	X509_set_pubkey(certificate, key);
	if (!X509_sign(certificate, key, EVP_sha256()) ||
	    !SSL_CTX_use_certificate(context, certificate) ||
	    !SSL_CTX_use_PrivateKey(context, key) ||
	    !SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) ||
	    SSL_CTX_set_tlsext_use_srtp(context, PROFILES))
		die("no context");
	SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

static SSL *make_side(SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (!ssl || !in || !out)
		die("no memory");
	BIO_set_mem_eof_return(in, -1);
	BIO_set_mem_eof_return(out, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_mtu(ssl, MTU);
	return ssl;
}

/* True: the handshake is over. */
static bool step(SSL *ssl)
{
	int rc = SSL_do_handshake(ssl);

	if (rc != 1 && SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ)
		die("a handshake failed");
	return rc == 1;
}

/* What a side has to say: a flight, from where it lies in the BIO. */
static size_t take_flight(SSL *ssl, uint8_t *octets, size_t size)
{
	int length = BIO_read(SSL_get_wbio(ssl), octets, (int)size);

	return length > 0 ? (size_t)length : 0;
}

/* --- one handshake --------------------------------------------------------------------------- */

struct bench {
	uv_loop_t loop;
	struct dtls_identity *identity;
	struct sdp_fingerprint fingerprint; /* of the clients */
	SSL_CTX *client, *server;
	SSL *peer; /* the client of the one that is going on */
	bool done;
};

static void on_send(void *arg, const uint8_t *datagram, size_t length)
{
	struct bench *b = arg;

	BIO_write(SSL_get_rbio(b->peer), datagram, (int)length);
}

static void on_done(void *arg, const struct dtls_result *result)
{
	((struct bench *)arg)->done = true;
}

static void on_fail(void *arg, enum dtls_failure why, const char *text)
{
	die(text);
}

/* From dtls_start() to when its memory is free: everything that the control plane pays for. */
static uint64_t run_ours(struct bench *b)
{
	const struct dtls_config config = {
		.loop = &b->loop,
		.identity = b->identity,
		.role = DTLS_SERVER,
		.mtu = MTU,
		.arg = b,
		.send = on_send,
		.done = on_done,
		.fail = on_fail,
	};
	uint8_t flight[DTLS_DATAGRAM_MAX];
	uint64_t begin = cpu_ns(), spent;
	struct dtls *dtls;

	b->done = false;
	if (dtls_start(&dtls, &config) || dtls_set_fingerprints(dtls, &b->fingerprint, 1))
		die("the module does not start");
	spent = cpu_ns() - begin;
	for (unsigned int k = 0; k < FLIGHTS_MAX && !step(b->peer); k++) {
		size_t length = take_flight(b->peer, flight, sizeof(flight));

		begin = cpu_ns();
		dtls_receive(dtls, flight, length);
		spent += cpu_ns() - begin;
	}
	if (!b->done)
		die("the module's handshake does not end");
	begin = cpu_ns();
	dtls_free(dtls);
	uv_run(&b->loop, UV_RUN_NOWAIT);
	return spent + cpu_ns() - begin;
}

static uint64_t run_bare(struct bench *b)
{
	uint8_t flight[16384];
	uint64_t begin = cpu_ns(), spent;
	SSL *ssl = make_side(b->server);
	bool done = false;

	SSL_set_accept_state(ssl);
	spent = cpu_ns() - begin;
	for (unsigned int k = 0; k < FLIGHTS_MAX && !step(b->peer); k++) {
		size_t length = take_flight(b->peer, flight, sizeof(flight));

		begin = cpu_ns();
		BIO_write(SSL_get_rbio(ssl), flight, (int)length);
		done = step(ssl);
		length = take_flight(ssl, flight, sizeof(flight));
		spent += cpu_ns() - begin;
		BIO_write(SSL_get_rbio(b->peer), flight, (int)length);
	}
	if (!done)
		die("OpenSSL's handshake does not end");
	begin = cpu_ns();
	SSL_free(ssl);
	return spent + cpu_ns() - begin;
}

static uint64_t with_client(struct bench *b, uint64_t (*run)(struct bench *))
{
	uint64_t ns;

	b->peer = make_side(b->client);
	SSL_set_connect_state(b->peer);
	ns = run(b);
	SSL_free(b->peer);
	return ns;
}

/* --- what is asked --------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *values, unsigned int count)
{
	qsort(values, count, sizeof(values[0]), by_size);
	return values[count / 2];
}

static void answer(struct bench *b, unsigned int count)
{
	static uint64_t ours[COUNT_MAX], bare[COUNT_MAX];

	for (unsigned int k = 0; k < count; k++) {
		if (k % 2)
			ours[k] = with_client(b, run_ours);
		bare[k] = with_client(b, run_bare);
		if (k % 2 == 0)
			ours[k] = with_client(b, run_ours);
	}
	printf("{\"ours\":%lu,\"bare\":%lu}\n", median(ours, count), median(bare, count));
	fflush(stdout);
}

static const char *const usage =
	"Usage: handshakes [--core N]\n"
	"DTLS server handshakes beside OpenSSL's own; perf/bench runs it. See perf/README.md.\n";

static void pin(const char *core)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(strtoul(core, NULL, 10), &cores);
	if (sched_setaffinity(0, sizeof(cores), &cores))
		die("--core: this machine does not have it");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"core", required_argument, NULL, 'k'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct bench b = {.client = make_context(), .server = make_context()};
	int option;
	char line[32];

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'k') {
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
		pin(optarg);
	}
	if (uv_loop_init(&b.loop) || dtls_identity_make(&b.identity) ||
	    dtls_peer_fingerprint(&b.fingerprint, "sha-256", SSL_CTX_get0_certificate(b.client)))
		die("no identity");
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long count = strtoul(line, NULL, 10);

		if (!count || count > COUNT_MAX)
			die("how many? 1 to 10000");
		answer(&b, count);
	}
	dtls_identity_release(b.identity);
	SSL_CTX_free(b.client);
	SSL_CTX_free(b.server);
	return uv_loop_close(&b.loop) ? EXIT_FAILURE : EXIT_SUCCESS;
}
