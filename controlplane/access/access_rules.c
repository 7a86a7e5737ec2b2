/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/access/access_rules.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static int too_many(unsigned int most, char *why, size_t size)
{
	snprintf(why, size, "more than %u of them; leave some out", most);
	return -EINVAL;
}

/* Takes the role that a line begins with; `rest` is what follows it. */
static int read_role(enum role *role, const char *text, const char **rest, char *why, size_t size)
{
	size_t length = strcspn(text, " \t");

	*rest = text + length + strspn(text + length, " \t");
	*role = role_read(text, length);
	if (*role)
		return 0;
	snprintf(why, size, "\"%.*s\" is no role; begin with viewer, operator or admin",
		 (int)length, text);
	return -EINVAL;
}

static int parse_token(void *value, const char *text, char *why, size_t size)
{
	struct access_rules *rules = value;
	struct token *token = &rules->tokens[rules->token_count];
	int error;

	if (rules->token_count == ACCESS_TOKENS)
		return too_many(ACCESS_TOKENS, why, size);
	error = token_read(token, text, why, size);
	if (error)
		return error;
	for (unsigned int i = 0; i < rules->token_count; i++) {
		if (!strcmp(rules->tokens[i].name, token->name)) {
			snprintf(why, size, "another token is called %s; give each its own name",
				 token->name);
			return -EINVAL;
		}
	}
	rules->token_count++;
	return 0;
}

static int parse_certificate(void *value, const char *text, char *why, size_t size)
{
	struct access_rules *rules =
		(void *)((char *)value - offsetof(struct access_rules, certificate_count));
	struct access_certificate *c = &rules->certificates[rules->certificate_count];
	const char *subject;
	int error;

	if (rules->certificate_count == ACCESS_CERTIFICATES)
		return too_many(ACCESS_CERTIFICATES, why, size);
	error = read_role(&c->role, text, &subject, why, size);
	if (error)
		return error;
	if (strcmp(subject, "*") && !strchr(subject, '=')) {
		snprintf(why, size,
			 "\"%s\" is no subject; write e.g. CN=ops,O=Example as openssl x509 "
			 "-nameopt RFC2253 -subject shows it, or * for each certificate",
			 subject);
		return -EINVAL;
	}
	if (strlen(subject) >= sizeof(c->subject)) {
		snprintf(why, size, "a subject has at most %zu octets; issue a shorter one",
			 sizeof(c->subject) - 1);
		return -EINVAL;
	}
	strcpy(c->subject, subject);
	rules->certificate_count++;
	return 0;
}

static int find_local(struct access_local *local, const char *who, char *why, size_t size)
{
	const struct passwd *user;
	const struct group *group;

	if (!strncmp(who, "user:", 5)) {
		user = getpwnam(who + 5);
		if (user)
			local->id = user->pw_uid;
		local->is_group = false;
		if (user)
			return 0;
	} else if (!strncmp(who, "group:", 6)) {
		group = getgrnam(who + 6);
		if (group)
			local->id = group->gr_gid;
		local->is_group = true;
		if (group)
			return 0;
	} else {
		snprintf(why, size, "\"%s\" is neither; write user:NAME or group:NAME", who);
		return -EINVAL;
	}
	snprintf(why, size, "this machine has no %s; add it, or leave the line out", who);
	return -EINVAL;
}

static int parse_local(void *value, const char *text, char *why, size_t size)
{
	struct access_rules *rules =
		(void *)((char *)value - offsetof(struct access_rules, local_count));
	struct access_local *local = &rules->locals[rules->local_count];
	const char *who;
	int error;

	if (rules->local_count == ACCESS_LOCALS)
		return too_many(ACCESS_LOCALS, why, size);
	error = read_role(&local->role, text, &who, why, size);
	if (!error)
		error = find_local(local, who, why, size);
	if (error)
		return error;
	if (strlen(who) >= sizeof(local->name)) {
		snprintf(why, size, "the name is too long; use a group's");
		return -EINVAL;
	}
	strcpy(local->name, who);
	rules->local_count++;
	return 0;
}

static int judge_audit(void *value, const char *text, char *why, size_t size)
{
	if (text[0] != '/') {
		snprintf(why, size, "\"%s\" is no whole path; begin it with /", text);
		return -EINVAL;
	}
	*(const char **)value = text;
	return 0;
}

const struct option_key access_keys[] = {
	{.key = "token",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct access_rules, tokens),
	 .parse = parse_token,
	 .help = "NAME ROLE EXPIRY SHA256, a line that tandemctl token makes; may be repeated"},
	{.key = "certificate",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct access_rules, certificate_count),
	 .parse = parse_certificate,
	 .help = "ROLE SUBJECT of a client's certificate, as CN=ops,O=Example, or *; may be "
		 "repeated"},
	{.key = "unix",
	 .type = OPTION_PARSED,
	 .repeated = true,
	 .offset = offsetof(struct access_rules, local_count),
	 .parse = parse_local,
	 .help = "ROLE user:NAME or ROLE group:NAME, by UNIX socket beside root; may be repeated"},
	{.key = "audit",
	 .type = OPTION_PARSED,
	 .offset = offsetof(struct access_rules, audit),
	 .parse = judge_audit,
	 .help = "a file that gets a line for each change and each failed attempt"},
	{},
};
