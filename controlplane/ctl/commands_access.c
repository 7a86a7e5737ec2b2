/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/commands_access.h"

#include <err.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/access/token.h"
#include "controlplane/api/access.pb-c.h"
#include "controlplane/ctl/ask.h"
#include "controlplane/ctl/words.h"
#include "controlplane/lib/wall_clock.h"

#define YEAR_MS (365 * 86400000ULL)

static void print_json(const char *text, const char *line)
{
	json_t *json = json_pack("{ss ss}", "token", text, "line", line);

	if (!json || json_dumpf(json, stdout, JSON_INDENT(2)))
		errx(CTL_REFUSED, "no memory");
	json_decref(json);
	putchar('\n');
}

/* The token is shown this once: only its hash is kept, in the line. */
int access_make_token(const struct request *request)
{
	char text[TOKEN_TEXT], value[TOKEN_LINE], line[TOKEN_LINE + 16];
	struct token token = {.expires_s = (wall_clock_ms() + (request->for_ms ?: YEAR_MS)) / 1000};

	if (!token_is_name(request->argument)) {
		complain("\"%s\" is no name: use up to %d of a-z A-Z 0-9 . _ - @",
			 request->argument, TOKEN_NAME - 1);
		return CTL_USAGE;
	}
	if (request->for_ms > 100 * YEAR_MS) {
		complain("--for: a token is good for a hundred years at most");
		return CTL_USAGE;
	}
	strcpy(token.name, request->argument);
	token.role = request->role ? role_read(request->role, strlen(request->role)) : ROLE_NOBODY;
	if (!token.role) {
		complain("what may %s do? say --role viewer, operator or admin", token.name);
		return CTL_USAGE;
	}
	if (token_make(text, token.hash)) {
		complain("this machine gives no random numbers");
		return CTL_REFUSED;
	}
	token_write(value, &token);
	snprintf(line, sizeof(line), "token = %s", value);
	if (request->json)
		print_json(text, line);
	else
		printf("for %s, who keeps it secret; it is shown this once:\n\n  %s\n\n"
		       "for [access] in /etc/tandem/controlplane.ini, then systemctl reload "
		       "tandem-controlplane:\n\n  %s\n",
		       token.name, text, line);
	OPENSSL_cleanse(text, sizeof(text));
	return CTL_OK;
}

static void print_self(const struct request *request, const ProtobufCMessage *reply)
{
	const Tandem__Access__V1__WhoAmIReply *who = (const Tandem__Access__V1__WhoAmIReply *)reply;

	words_print(stdout, who->name);
	fputs(", ", stdout);
	words_print(stdout, who->role);
	fputs(", from ", stdout);
	words_print(stdout, who->from);
	putchar('\n');
}

int access_show_self(const struct request *request)
{
	Tandem__Access__V1__WhoAmIRequest question = TANDEM__ACCESS__V1__WHO_AM_IREQUEST__INIT;

	return ask(request, "/tandem.access.v1.Access/WhoAmI", &question.base,
		   &tandem__access__v1__who_am_ireply__descriptor, print_self);
}
