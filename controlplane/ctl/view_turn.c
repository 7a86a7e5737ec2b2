/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/view_turn.h"

#include <inttypes.h>

#include "controlplane/ctl/columns.h"
#include "controlplane/ctl/words.h"

static void add_row(struct columns *columns, const Tandem__Turn__V1__Allocation *a)
{
	char text[WORDS_SIZE];

	columns_add(columns, "%s", a->id);
	columns_add(columns, "%s", a->user);
	columns_add(columns, "%s", a->client);
	columns_add(columns, "%s", a->relayed);
	columns_add(columns, "%s", words_duration(a->age_ms, text));
	columns_add(columns, "%s", words_duration((uint64_t)a->left_s * 1000, text));
	columns_add(columns, "%" PRIu32, a->permissions);
	columns_add(columns, "%" PRIu32, a->channels);
	columns_add(columns, "%" PRIu64, a->to_peers_packets);
	columns_add(columns, "%" PRIu64, a->to_client_packets);
	columns_add(columns, "%" PRIu64, a->drops);
}

void view_turn(FILE *out, const Tandem__Turn__V1__ListReply *reply)
{
	static const char *const heads[] = {"ID",        "USER",       "CLIENT",       "RELAYED",
					    ">AGE",      ">LEFT",      ">PERMISSIONS", ">CHANNELS",
					    ">TO PEERS", ">TO CLIENT", ">DROPPED",     NULL};
	struct columns *columns;

	if (!reply->n_allocations) {
		fputs("no allocation\n", out);
		return;
	}
	columns = columns_new(heads);
	for (size_t i = 0; i < reply->n_allocations; i++)
		add_row(columns, reply->allocations[i]);
	columns_print(columns, out);
	columns_free(columns);
}

static void print(FILE *out, const char *what, const char *text)
{
	fprintf(out, "%-9s ", what);
	words_print(out, text);
	fputc('\n', out);
}

void view_turn_credentials(FILE *out, const Tandem__Turn__V1__CreateCredentialsReply *reply)
{
	char text[WORDS_SIZE];

	print(out, "username", reply->username);
	print(out, "password", reply->password);
	print(out, "realm", reply->realm);
	print(out, "valid for", words_duration((uint64_t)reply->ttl_s * 1000, text));
	for (size_t i = 0; i < reply->n_uris; i++)
		print(out, "uri", reply->uris[i]);
}

void view_turn_secrets(FILE *out, const Tandem__Turn__V1__ListSecretsReply *reply)
{
	for (size_t i = 0; i < reply->n_ids; i++) {
		words_print(out, reply->ids[i]);
		fputc('\n', out);
	}
	if (!reply->n_ids)
		fputs("no secret\n", out);
}
