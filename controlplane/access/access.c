/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/access/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/access/access_state.h"
#include "controlplane/access/failures.h"
#include "controlplane/lib/wall_clock.h"

#define TOKEN_NAMED       "token:"
#define CERTIFICATE_NAMED "cert:"

static uint64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int access_open(struct access **out, const struct access_rules *rules)
{
	struct access *access = calloc(1, sizeof(*access));
	int error = -ENOMEM;

	if (!access)
		return error;
	access->rules = rules;
	access->trail.fd = -1;
	access->failures = failures_create();
	if (access->failures)
		error = trail_open(&access->trail, rules->audit);
	if (error) {
		access_close(access);
		return error;
	}
	*out = access;
	return 0;
}

void access_close(struct access *access)
{
	if (!access)
		return;
	trail_close(&access->trail);
	failures_free(access->failures);
	free(access);
}

void access_reload(struct access *access, const struct access_rules *rules)
{
	access->rules = rules;
	trail_open(&access->trail, rules->audit);
}

static void begin(struct identity *who, const char *from)
{
	who->role = ROLE_NOBODY;
	who->name[0] = '\0';
	snprintf(who->from, sizeof(who->from), "%s", from);
}

static int failed(struct access *access, const struct identity *who)
{
	access->failed++;
	return failures_count(access->failures, who->from, steady_ms()) ? -EACCES : -EBUSY;
}

int access_token(struct access *access, const char *text, const char *from, struct identity *who)
{
	const struct access_rules *rules = access->rules;
	uint8_t hash[TOKEN_HASH];
	const struct token *token;
	int found;

	begin(who, from);
	if (!text)
		return failed(access, who);
	token_hash(text, hash);
	found = token_find(rules->tokens, rules->token_count, hash);
	if (found < 0)
		return failed(access, who);
	token = &rules->tokens[found];
	snprintf(who->name, sizeof(who->name), TOKEN_NAMED "%s", token->name);
	if (token_is_expired(token, wall_clock_ms() / 1000))
		return failed(access, who);
	who->role = token->role;
	return 0;
}

int access_certificate(struct access *access, const char *subject, const char *from,
		       struct identity *who)
{
	const struct access_rules *rules = access->rules;

	begin(who, from);
	snprintf(who->name, sizeof(who->name), CERTIFICATE_NAMED "%s", subject);
	for (unsigned int i = 0; i < rules->certificate_count; i++) {
		const struct access_certificate *c = &rules->certificates[i];

		if ((!strcmp(c->subject, "*") || !strcmp(c->subject, subject)) &&
		    c->role > who->role)
			who->role = c->role;
	}
	return who->role ? 0 : failed(access, who);
}

static bool is_in(const struct access_peer *peer, gid_t gid)
{
	for (size_t i = 0; i < peer->group_count; i++)
		if (peer->groups[i] == gid)
			return true;
	return peer->gid == gid;
}

void access_peer_from(char *from, size_t size, const struct access_peer *peer)
{
	snprintf(from, size, "uid %u pid %d", peer->uid, peer->pid);
}

int access_peer(struct access *access, const struct access_peer *peer, struct identity *who)
{
	const struct access_rules *rules = access->rules;
	char from[sizeof(who->from)];

	access_peer_from(from, sizeof(from), peer);
	begin(who, from);
	snprintf(who->name, sizeof(who->name), "uid:%u", peer->uid);
	for (unsigned int i = 0; i < rules->local_count; i++) {
		const struct access_local *local = &rules->locals[i];

		if (local->is_group ? !is_in(peer, local->id) : local->id != peer->uid)
			continue;
		if (local->role > who->role)
			who->role = local->role;
		if (!local->is_group)
			snprintf(who->name, sizeof(who->name), "%s", local->name);
	}
	if (peer->uid == 0)
		strcpy(who->name, "user:root");
	if (peer->uid == 0 || peer->uid == geteuid())
		who->role = ROLE_ADMIN;
	return who->role ? 0 : failed(access, who);
}

uint64_t access_failures(const struct access *access)
{
	return access->failed;
}

bool access_denied(struct access *access, const struct identity *who)
{
	return failed(access, who) != -EBUSY;
}

void access_explain(const struct identity *who, int error, char *text, size_t size)
{
	if (error == -EBUSY)
		snprintf(text, size,
			 "too many failed attempts came from %s: show what is good, or try again "
			 "in a minute",
			 who->from);
	else if (!strncmp(who->name, TOKEN_NAMED, strlen(TOKEN_NAMED)))
		snprintf(text, size, "the %s has expired: tandemctl token makes another",
			 who->name);
	else if (!strncmp(who->name, CERTIFICATE_NAMED, strlen(CERTIFICATE_NAMED)))
		snprintf(text, size,
			 "no role for this certificate: add \"certificate = ROLE %s\" to [access]",
			 who->name + strlen(CERTIFICATE_NAMED));
	else if (who->name[0])
		snprintf(text, size,
			 "no role for %s: add \"unix = ROLE user:NAME\" to [access], or be root",
			 who->name);
	else
		snprintf(text, size,
			 "nobody known here asks: show a token (tandemctl token makes one) or a "
			 "client certificate, or come as root by the UNIX socket");
}
