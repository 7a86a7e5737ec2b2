/* SPDX-License-Identifier: BSD-3-Clause */
/* What the head of a request says: which route it is for, whether it is served, and by whom. */
#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/http/http_state.h"

#define ANY_JSON   "application/json"
#define VALUE_MAX  4096 /* of a field; what is longer is nobody's */
#define FETCH_SITE "sec-fetch-site:"

static const enum lws_token_indexes tokens[HTTP_FIELDS] = {
	[HTTP_ACCEPT] = WSI_TOKEN_HTTP_ACCEPT,
	[HTTP_AUTHORIZATION] = WSI_TOKEN_HTTP_AUTHORIZATION,
	[HTTP_COOKIE] = WSI_TOKEN_HTTP_COOKIE,
	[HTTP_IF_NONE_MATCH] = WSI_TOKEN_HTTP_IF_NONE_MATCH,
};

/* --- a page of another site ------------------------------------------------------------------- */

/* Without its port: "198.51.100.1", "[2001:db8::1]", "relay.example". */
static size_t host_length(const char *host)
{
	return *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
}

static bool is_literal(const char *host, size_t length)
{
	char text[64];
	struct address address;

	snprintf(text, sizeof(text), "%.*s", (int)length, host);
	return *host == '[' || !strcasecmp(text, "localhost") || !address_parse(&address, text);
}

/* Scheme, host and port. */
static bool is_own(struct lws *wsi, const char *origin, const char *host)
{
	const char *scheme = lws_is_ssl(wsi) ? "https://" : "http://";

	return strncasecmp(origin, scheme, strlen(scheme)) == 0 &&
	       strcasecmp(origin + strlen(scheme), host) == 0;
}

/* Browsers that send no Origin with a GET say so in this way. */
static bool is_fetched_from_elsewhere(struct lws *wsi)
{
	char from[32] = "";

	lws_hdr_custom_copy(wsi, from, sizeof(from), FETCH_SITE, strlen(FETCH_SITE));
	return *from && strcmp(from, "same-origin") != 0 && strcmp(from, "none") != 0;
}

/*
 * A name may lead here that is not ours (DNS rebinding): without a certificate only an address
 * tells.
 */
bool http_is_foreign(struct lws *wsi, const struct http_site *site)
{
	char origin[256] = "", host[256] = "";
	int origin_octets = lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN);
	int host_octets = lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST);
	const char *name = strstr(origin, "://");
	size_t length = host_length(host);

	if (site->config.same_origin && !lws_is_ssl(wsi) && !is_literal(host, length))
		return true;
	if (origin_octets == 0)
		return site->config.same_origin && is_fetched_from_elsewhere(wsi);
	if (origin_octets < 0 || host_octets <= 0 || !name)
		return true;
	if (site->config.same_origin)
		return !is_own(wsi, origin, host);
	if (host_length(name + 3) != length || strncasecmp(name + 3, host, length) != 0)
		return true;
	return !lws_is_ssl(wsi) && !is_literal(host, length);
}

/* --- its route -------------------------------------------------------------------------------- */

static bool matches(const char *pattern, const char *path)
{
	size_t length = pattern ? strlen(pattern) : 0;

	if (!length)
		return false;
	return pattern[length - 1] == '*' ? strncmp(pattern, path, length - 1) == 0
					  : strcmp(pattern, path) == 0;
}

static bool is_type(struct lws *wsi, const char *wanted)
{
	char type[128];
	int length = lws_hdr_copy(wsi, type, sizeof(type), WSI_TOKEN_HTTP_CONTENT_TYPE);

	if (length <= 0)
		return false;
	type[strcspn(type, "; \t")] = '\0';
	return strcasecmp(type, wanted) == 0;
}

/* 0, or the status that says why a POST's content is not read. */
static unsigned int judge_content(struct lws *wsi, const struct http_site *site,
				  const struct http_route *route)
{
	char text[16], *end;
	int length = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH);
	unsigned long size;

	if (http_is_foreign(wsi, site))
		return HTTP_STATUS_FORBIDDEN;
	if (!is_type(wsi, route->type) && !is_type(wsi, ANY_JSON))
		return HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) || length == 0)
		return HTTP_STATUS_LENGTH_REQUIRED;
	size = length < 0 ? ULONG_MAX : strtoul(text, &end, 10);
	if (length > 0 && (*end || *text < '0' || *text > '9' || (size == 0 && !route->empty)))
		return HTTP_STATUS_BAD_REQUEST;
	return size > site->config.request_max ? HTTP_STATUS_REQ_ENTITY_TOO_LARGE : 0;
}

enum http_verdict http_judge(struct lws *wsi, const struct http_site *site, const char *path,
			     const struct http_route **route, unsigned int *status)
{
	bool get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
	bool post = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;
	bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;

	*status = HTTP_STATUS_NOT_FOUND;
	for (unsigned int k = 0; k < site->config.route_count; k++) {
		const struct http_route *r = &site->config.routes[k];
		bool gets = matches(r->get, path), posts = matches(r->post, path);

		*route = r;
		if (gets && (get || (head && r->head))) {
			*status = site->config.same_origin && !r->head && http_is_foreign(wsi, site)
					  ? HTTP_STATUS_FORBIDDEN
					  : 0;
			return *status ? HTTP_REFUSE : HTTP_SERVE;
		}
		if (posts && post) {
			*status = judge_content(wsi, site, r);
			return *status ? HTTP_REFUSE : HTTP_READ;
		}
		if (gets || posts) {
			*status = HTTP_STATUS_METHOD_NOT_ALLOWED;
			return HTTP_REFUSE;
		}
	}
	*route = NULL;
	return HTTP_REFUSE;
}

/* --- what is kept of it ----------------------------------------------------------------------- */

static bool keep_fields(struct http_request *r, struct lws *wsi)
{
	char value[VALUE_MAX];
	bool kept = true;

	for (unsigned int k = 0; k < HTTP_FIELDS && kept; k++) {
		if (lws_hdr_copy(wsi, value, sizeof(value), tokens[k]) <= 0)
			continue;
		r->fields[k] = strdup(value);
		kept = r->fields[k] != NULL;
	}
	OPENSSL_cleanse(value, sizeof(value));
	return kept;
}

static bool keep_query(struct http_request *r, struct lws *wsi)
{
	int length = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS), copied = 0;
	char value[VALUE_MAX];

	for (unsigned int k = 0; k < HTTP_QUERY_MAX - 1; k++) {
		int size = lws_hdr_copy_fragment(wsi, value, sizeof(value), WSI_TOKEN_HTTP_URI_ARGS,
						 (int)k);

		if (size < 0)
			break;
		copied += size + (k > 0);
		r->query[k] = strdup(value);
		if (!r->query[k])
			return false;
	}
	/* Without the rest it would be another question. */
	return copied >= length;
}

/* Only of a certificate that was verified: otherwise there would be no connection. */
static bool keep_subject(struct http_request *r, struct lws *wsi)
{
	SSL *ssl = lws_is_ssl(wsi) ? lws_get_ssl(wsi) : NULL;
	X509 *certificate = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
	char *text = NULL;
	BIO *out;
	long length;

	if (!certificate)
		return true;
	out = BIO_new(BIO_s_mem());
	if (out && SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER &&
	    SSL_get_verify_result(ssl) == X509_V_OK &&
	    X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
		length = BIO_get_mem_data(out, &text);
		r->subject = length > 0 ? strndup(text, (size_t)length) : NULL;
	}
	BIO_free(out);
	X509_free(certificate);
	return true;
}

int http_keep_head(struct http_request *r, struct lws *wsi, const char *path)
{
	struct endpoint from = socket_address_endpoint(&r->connection->who);

	r->post = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;
	r->head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
	r->tls = lws_is_ssl(wsi);
	endpoint_text(r->from, &from);
	r->path = strdup(path);
	return r->path && keep_fields(r, wsi) && keep_query(r, wsi) && keep_subject(r, wsi) ? 0
											    : -1;
}
