/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_identify.h"

#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BEARER    "Bearer "
#define TOKEN_MAX 256

void rpc_from(char from[RPC_FROM], const char *peer)
{
	size_t used = 0;

	if (!strncmp(peer, "ipv4:", 5) || !strncmp(peer, "ipv6:", 5))
		peer += 5;
	while (*peer && used < RPC_FROM - 1) {
		unsigned int octet;

		if (*peer == '%' && sscanf(peer + 1, "%2x", &octet) == 1 && peer[2]) {
			from[used++] = (char)octet;
			peer += 3;
		} else {
			from[used++] = *peer++;
		}
	}
	from[used] = '\0';
}

/* The token behind "authorization: Bearer"; false: there is no such line. */
static bool read_token(char token[TOKEN_MAX], const grpc_metadata_array *metadata)
{
	for (size_t i = 0; i < metadata->count; i++) {
		const grpc_metadata *line = &metadata->metadata[i];
		const char *value = (const char *)GRPC_SLICE_START_PTR(line->value);
		size_t length = GRPC_SLICE_LENGTH(line->value), scheme = strlen(BEARER);

		if (grpc_slice_str_cmp(line->key, "authorization") || length < scheme ||
		    strncasecmp(value, BEARER, scheme))
			continue;
		/* One that is too long is nobody's, as the empty one is. */
		length = length - scheme < TOKEN_MAX ? length - scheme : 0;
		memcpy(token, value + scheme, length);
		token[length] = '\0';
		return true;
	}
	return false;
}

/* Judges the certificate that the client has shown; false: it has shown none. */
static bool judge_certificate(struct rpc_call *call, grpc_call *core, const char *from)
{
	grpc_auth_context *context = grpc_call_auth_context(core);
	grpc_auth_property_iterator found;
	const grpc_auth_property *subject = NULL;

	if (context && grpc_auth_context_peer_is_authenticated(context)) {
		found = grpc_auth_context_find_properties_by_name(context,
								  GRPC_X509_SUBJECT_PROPERTY_NAME);
		subject = grpc_auth_property_iterator_next(&found);
	}
	if (subject)
		call->error = access_certificate(call->access, subject->value, from, &call->who);
	grpc_auth_context_release(context);
	return subject != NULL;
}

void rpc_identify(struct rpc_call *call, grpc_call *core, const grpc_metadata_array *metadata,
		  const struct rpc_locals *locals)
{
	char *peer = grpc_call_get_peer(core), from[RPC_FROM], token[TOKEN_MAX];
	const struct access_peer *local = rpc_local_find(locals, peer);

	if (local)
		access_peer_from(from, sizeof(from), local);
	else
		rpc_from(from, peer);
	gpr_free(peer);
	if (read_token(token, metadata)) {
		call->error = access_token(call->access, token, from, &call->who);
		OPENSSL_cleanse(token, sizeof(token));
	} else if (!judge_certificate(call, core, from)) {
		call->error = local ? access_peer(call->access, local, &call->who)
				    : access_token(call->access, NULL, from, &call->who);
	}
}
