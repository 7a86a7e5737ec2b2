/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/listen.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "controlplane/sdp/text.h"

/* --- what ------------------------------------------------------------------------------------ */

/* By its tag, or else by its label. */
static const struct party *find_source(const struct call *call, const char *name)
{
	const struct party *party = call_party(call, name);

	return party ? party : call_party_labelled(call, name);
}

static bool is_asked_for(const struct party *party,
			 const Tandem__Relay__V1__SubscribeRequest *request)
{
	for (size_t i = 0; i < request->n_sources; i++)
		if (find_source(party->call, request->sources[i]) == party)
			return true;
	return request->n_sources == 0;
}

static int check_sources(const struct call *call,
			 const Tandem__Relay__V1__SubscribeRequest *request,
			 struct session_error *error)
{
	for (size_t i = 0; i < request->n_sources; i++) {
		const struct party *party = find_source(call, request->sources[i]);

		if (!party || party->listens)
			return session_refuse(error, SESSION_FAILED_PRECONDITION,
					      "sources: \"%.60s\" is no party of this call that "
					      "talks",
					      request->sources[i]);
	}
	return 0;
}

int listen_choose(struct heard *heard, const struct call *call,
		  const Tandem__Relay__V1__SubscribeRequest *request, struct session_error *error)
{
	struct party *party;
	int count = 0;

	if (check_sources(call, request, error))
		return -EINVAL;
	TAILQ_FOREACH (party, &call->parties, entry) {
		if (party->listens || !is_asked_for(party, request))
			continue;
		if (party->wish.shared)
			return session_refuse(error, SESSION_FAILED_PRECONDITION,
					      "the parties share their keys, and what passes is "
					      "never deciphered; offer anew with KEYS_OWN first");
		for (unsigned int line = 0; line < SDP_MEDIA_MAX; line++) {
			const struct medium *medium = &call->media[line];

			if (!party_leg(party, line) || !medium->codecs ||
			    (request->media[0] && strcmp(request->media, medium->kind) != 0))
				continue;
			if (count == SDP_MEDIA_MAX)
				return session_refuse(error, SESSION_RESOURCE_EXHAUSTED,
						      "more than %d m-lines; name the sources",
						      SDP_MEDIA_MAX);
			heard[count++] = (struct heard){party, line};
		}
	}
	if (count)
		return count;
	return session_refuse(error, SESSION_FAILED_PRECONDITION,
			      "there is nothing to hear yet: nobody has answered, or there is no "
			      "such media");
}

/* --- as an SDP ------------------------------------------------------------------------------- */

struct sdp *listen_make_sdp(const struct heard *heard, unsigned int count, const struct call *call,
			    bool paused, struct session_error *error)
{
	struct text text = {.limit = SDP_SIZE_MAX};
	struct sdp *sdp = NULL;
	struct sdp_error why = {.text = "no memory"};

	text_printf(&text,
		    "v=0\r\no=- %" PRIu64 " %" PRIu32 " IN IP4 127.0.0.1\r\ns=-\r\n"
		    "c=IN IP4 127.0.0.1\r\nt=0 0\r\n",
		    call->key >> 1, call->revision);
	for (unsigned int i = 0; i < count; i++) {
		const struct medium *medium = &call->media[heard[i].line];

		text_printf(&text, "m=%s 9 RTP/AVP %sa=%s\r\n", medium->kind, medium->codecs,
			    paused ? "inactive" : "sendonly");
	}
	if (text.error || sdp_parse(&sdp, text.data, text.length, &why))
		session_refuse(error, SESSION_INTERNAL, "the offer cannot be written: %s",
			       why.text);
	text_wipe(&text);
	return sdp;
}
