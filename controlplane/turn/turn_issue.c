/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs about credentials, and about the secrets that they are made with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "controlplane/turn/turn_state.h"
#include "dataplane/lib/log.h"

#define FOR_S      3600
#define FOR_MOST_S 31536000
#define USER_MOST  480 /* octets; before it come an expiry and a colon */
#define URI_TEXT   (ADDRESS_TEXT + 32)

/* --- credentials ----------------------------------------------------------------------------- */

/* The secret to make them with; NULL after an error. */
static const struct turn_secret *choose(const struct turn_server *t,
					const Tandem__Turn__V1__CreateCredentialsRequest *request,
					session_reply *reply, void *arg)
{
	const struct turn_credentials *c = &t->config.credentials;
	const struct turn_secret *secret = turn_secret_find(c, request->secret_id);

	if (!c->secret_count)
		session_fail(
			reply, arg, SESSION_FAILED_PRECONDITION,
			"there is no secret; give [turn] secret, or tandemctl turn secret add");
	else if (!secret)
		session_fail(reply, arg, SESSION_NOT_FOUND,
			     "no secret %s; see tandemctl turn secrets", request->secret_id);
	else if (!*request->user || strlen(request->user) > USER_MOST)
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "user: a name has 1 to %d octets", USER_MOST);
	else if (request->for_s > FOR_MOST_S)
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "for_s: credentials are valid for a year (%d) at most", FOR_MOST_S);
	else
		return secret;
	return NULL;
}

void turn_create_credentials(struct turn_server *t,
			     const Tandem__Turn__V1__CreateCredentialsRequest *request,
			     session_reply *reply, void *arg)
{
	Tandem__Turn__V1__CreateCredentialsReply out =
		TANDEM__TURN__V1__CREATE_CREDENTIALS_REPLY__INIT;
	char user[TURN_NAME], password[TURN_PASSWORD_MAX];
	char uris[TURN_LISTEN][URI_TEXT], *list[TURN_LISTEN + TURN_URIS];
	const struct turn_secret *secret;

	if (!turn_verb_served(t, reply, arg))
		return;
	secret = choose(t, request, reply, arg);
	if (!secret)
		return;
	out.ttl_s = request->for_s ? request->for_s : FOR_S;
	snprintf(user, sizeof(user), "%ju:%s", (uintmax_t)time(NULL) + out.ttl_s, request->user);
	turn_rest_password(password, secret, user);
	for (unsigned int k = 0; k < t->config.listen_count; k++) {
		char text[ADDRESS_TEXT];

		list[out.n_uris++] = uris[k];
		snprintf(uris[k], sizeof(uris[k]), "turn:%s?transport=udp",
			 endpoint_text(text, &t->config.listen[k]));
	}
	for (unsigned int k = 0; k < t->config.uris.count; k++)
		list[out.n_uris++] = t->config.uris.texts[k];
	out.username = user;
	out.password = password;
	out.realm = t->config.realm;
	out.uris = list;
	reply(arg, &out.base, NULL);
	OPENSSL_cleanse(password, sizeof(password));
}

/* --- secrets --------------------------------------------------------------------------------- */

void turn_put_secret(struct turn_server *t, const Tandem__Turn__V1__PutSecretRequest *request,
		     session_reply *reply, void *arg)
{
	Tandem__Turn__V1__PutSecretReply done = TANDEM__TURN__V1__PUT_SECRET_REPLY__INIT;
	char why[160];
	int error;

	if (!turn_verb_served(t, reply, arg))
		return;
	error = turn_secret_put(&t->config.credentials, request->id, request->text, why,
				sizeof(why));
	if (error == -EINVAL) {
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT, "%s", why);
	} else if (error) {
		session_fail(reply, arg, SESSION_RESOURCE_EXHAUSTED,
			     "there are %d secrets; remove one first", TURN_SECRETS);
	} else {
		log_info("turn: secret %s is in force, until this restarts", request->id);
		reply(arg, &done.base, NULL);
	}
}

void turn_delete_secret(struct turn_server *t, const Tandem__Turn__V1__DeleteSecretRequest *request,
			session_reply *reply, void *arg)
{
	Tandem__Turn__V1__DeleteSecretReply done = TANDEM__TURN__V1__DELETE_SECRET_REPLY__INIT;

	if (!turn_verb_served(t, reply, arg))
		return;
	if (turn_secret_remove(&t->config.credentials, request->id)) {
		session_fail(reply, arg, SESSION_NOT_FOUND,
			     "no secret %s; see tandemctl turn secrets", request->id);
		return;
	}
	log_info("turn: secret %s is no longer in force", request->id);
	reply(arg, &done.base, NULL);
}

void turn_list_secrets(struct turn_server *t, const Tandem__Turn__V1__ListSecretsRequest *request,
		       session_reply *reply, void *arg)
{
	Tandem__Turn__V1__ListSecretsReply out = TANDEM__TURN__V1__LIST_SECRETS_REPLY__INIT;
	struct turn_credentials *c = &t->config.credentials;
	char *ids[TURN_SECRETS];

	if (!turn_verb_served(t, reply, arg))
		return;
	for (unsigned int k = 0; k < c->secret_count; k++)
		ids[k] = c->secrets[k].id;
	out.ids = ids;
	out.n_ids = c->secret_count;
	reply(arg, &out.base, NULL);
}
