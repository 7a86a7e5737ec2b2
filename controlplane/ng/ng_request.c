/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_request.h"

#include <string.h>
#include <strings.h>

#include "controlplane/ng/ng_words.h"

#define DELAY_MAX_S 86400

struct reader {
	struct arena *arena;
	struct ng_request *request;
	uint32_t suites; /* bits: those that are left */
	enum srtp_suite order[SUITE_COUNT];
	unsigned int ordered;
	bool by_source;       /* where the SDP came from counts, not what is in it */
	const char *received; /* that address; NULL: not said */
};

typedef void take(struct reader *r, const struct ng_value *value);

static bool is(const struct ng_value *value, const char *word)
{
	return value && value->kind == NG_TEXT && strcasecmp(value->text, word) == 0;
}

static void unknown(struct reader *r, const char *word)
{
	if (!r->request->unknown)
		r->request->unknown = ng_list(r->arena);
	ng_add(r->request->unknown, ng_text(r->arena, word));
}

/* --- texts ----------------------------------------------------------------------------------- */

#define TEXT(name)                                                                                 \
	static void take_##name(struct reader *r, const struct ng_value *value)                    \
	{                                                                                          \
		if (value->kind == NG_TEXT)                                                        \
			r->request->name = value->text;                                            \
	}

TEXT(command)
TEXT(call_id)
TEXT(from_tag)
TEXT(to_tag)
TEXT(via_branch)
TEXT(sdp)

/* --- how the relay appears ------------------------------------------------------------------- */

static void take_transport(struct reader *r, const struct ng_value *value)
{
	static const struct {
		const char *name;
		Tandem__Relay__V1__Profile profile;
	} names[] = {
		{"RTP/AVP", TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_AVP},
		{"RTP/AVPF", TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_AVPF},
		{"RTP/SAVP", TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_SAVP},
		{"RTP/SAVPF", TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_SAVPF},
		{"UDP/TLS/RTP/SAVP", TANDEM__RELAY__V1__PROFILE__PROFILE_UDP_TLS_RTP_SAVP},
		{"UDP/TLS/RTP/SAVPF", TANDEM__RELAY__V1__PROFILE__PROFILE_UDP_TLS_RTP_SAVPF},
		{"WebRTC", TANDEM__RELAY__V1__PROFILE__PROFILE_UDP_TLS_RTP_SAVPF},
	};
	Tandem__Relay__V1__Side *to = &r->request->to;

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (is(value, names[k].name))
			to->profile = names[k].profile;
	if (!is(value, "WebRTC"))
		return;
	to->ice = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
	to->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
}

static void take_ice(struct reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__Side *to = &r->request->to;

	if (is(value, "remove"))
		to->ice = TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	else if (is(value, "force") || is(value, "force-relay") || is(value, "force relay"))
		to->ice = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
}

static void take_rtcp_mux(struct reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__Side *to = &r->request->to;
	const struct ng_value *item;

	ng_for_each(item, value)
	{
		if (is(item, "offer") || is(item, "require"))
			to->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
		else if (is(item, "demux"))
			to->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	}
}

static void take_family(struct reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__Side *to = &r->request->to;

	if (is(value, "IP4") || is(value, "inet") || is(value, "inet4"))
		to->family = TANDEM__RELAY__V1__FAMILY__FAMILY_IPV4;
	else if (is(value, "IP6") || is(value, "inet6"))
		to->family = TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6;
}

static void set_network(Tandem__Relay__V1__Side *side, const struct ng_value *value)
{
	if (value && value->kind == NG_TEXT)
		side->network = (char *)value->text;
}

/* Two names: of who sends this SDP, and of who gets it. */
static void take_direction(struct reader *r, const struct ng_value *value)
{
	if (value->kind != NG_LIST || !value->first)
		return;
	set_network(&r->request->from, value->first);
	set_network(&r->request->to, value->first->next);
}

static void take_from_interface(struct reader *r, const struct ng_value *value)
{
	set_network(&r->request->from, value);
}

static void take_to_interface(struct reader *r, const struct ng_value *value)
{
	set_network(&r->request->to, value);
}

/* --- SDES ------------------------------------------------------------------------------------ */

static void take_suite_word(struct reader *r, const char *word, bool *only)
{
	bool no = strncasecmp(word, "no-", 3) == 0, just = strncasecmp(word, "only-", 5) == 0;
	enum srtp_suite suite = suite_find(word + (no ? 3 : just ? 5 : 0));

	if (suite == SUITE_NONE)
		return;
	if (just && !*only) {
		*only = true;
		r->suites = 0;
	}
	if (no)
		r->suites &= ~(1u << suite);
	else if (just)
		r->suites |= 1u << suite;
}

/* `order:A;B;C`: those first. */
static void take_order(struct reader *r, const char *names)
{
	while (*names && r->ordered < SUITE_COUNT) {
		size_t length = strcspn(names, ";");
		const struct ng_value *name = ng_octets(r->arena, names, length);
		enum srtp_suite suite = name ? suite_find(name->text) : SUITE_NONE;

		if (suite != SUITE_NONE)
			r->order[r->ordered++] = suite;
		names += length + (names[length] == ';');
	}
}

static void take_sdes(struct reader *r, const struct ng_value *value)
{
	const struct ng_value *item;
	bool only = false;

	ng_for_each(item, value)
	{
		if (item->kind != NG_TEXT)
			continue;
		if (is(item, "off") || is(item, "no") || is(item, "disable"))
			r->request->sdes_off = true;
		else if (is(item, "unencrypted_srtcp") || is(item, "unencrypted_srtp") ||
			 is(item, "unauthenticated_srtp"))
			r->request->refused = "SDES: session parameters that take protection away";
		else if (strncasecmp(item->text, "order:", 6) == 0)
			take_order(r, item->text + 6);
		else
			take_suite_word(r, item->text, &only);
	}
}

static void add_suite(struct reader *r, unsigned int *count, enum srtp_suite suite)
{
	if (!(r->suites & 1u << suite))
		return;
	r->suites &= ~(1u << suite);
	r->request->suites[(*count)++] = (char *)suite_name(suite);
}

/* The session's own order and choice, unless the request says another one. */
static void finish_suites(struct reader *r, uint32_t all)
{
	struct ng_request *request = r->request;
	unsigned int count = 0;

	if (r->suites == all && !r->ordered)
		return;
	for (unsigned int k = 0; k < r->ordered; k++)
		add_suite(r, &count, r->order[k]);
	for (unsigned int k = 0; k < SUITES_USUAL; k++)
		add_suite(r, &count, suites_usual[k]);
	for (enum srtp_suite suite = 1; suite < SUITE_COUNT; suite++)
		add_suite(r, &count, suite);
	request->to.suites = request->from.suites = request->suites;
	request->to.n_suites = request->from.n_suites = count;
}

/* --- flags ----------------------------------------------------------------------------------- */

static void learn_not(struct reader *r, const struct ng_value *value)
{
	r->request->from.latch = TANDEM__RELAY__V1__LATCH__LATCH_OFF;
}

static void take_source(struct reader *r, const struct ng_value *value)
{
	r->by_source = true;
}

static void trust_sdp(struct reader *r, const struct ng_value *value)
{
	r->by_source = false;
}

static void take_all(struct reader *r, const struct ng_value *value)
{
	r->request->all = value->kind != NG_TEXT || !is(value, "none");
}

static void refuse_recording(struct reader *r, const struct ng_value *value)
{
	if (!is(value, "no") && !is(value, "off"))
		r->request->refused = "recording";
}

static void ignore(struct reader *r, const struct ng_value *value)
{
}

/* Flags that ask for what is done anyway, or for what audio does not depend on. */
static const struct {
	const char *word;
	take *take;
} words[] = {
	{"trust-address", trust_sdp},
	{"SIP-source-address", take_source},
	{"symmetric", ignore},
	{"asymmetric", learn_not},
	{"strict-source", ignore},
	{"media-handover", ignore},
	{"port-latching", ignore},
	{"no-port-latching", ignore},
	{"no-rtcp-attribute", ignore},
	{"full-rtcp-attribute", ignore},
	{"loop-protect", ignore},
	{"generate-mid", ignore},
	{"generate-RTCP", ignore},
	{"reset", ignore},
	{"all", take_all},
	{"early-media", ignore},
	{"provisional", ignore},
	{"strip-extmap", ignore},
	{"debug", ignore},
	{"no-jitter-buffer", ignore},
	{"always-transcode", ignore},
	{"single-codec", ignore},
	{"reuse-codecs", ignore},
	{"allow-transcoding", ignore},
	{"allow-asymmetric-codecs", ignore},
	{"symmetric-codecs", ignore},
	{"asymmetric-codecs", ignore},
	{"inject-DTMF", ignore},
	{"detect-DTMF", ignore},
	{"pierce-NAT", ignore},
	{"NAT-wait", ignore},
	{"original-sendrecv", ignore},
	{"bidirectional", ignore},
	{"fragment", ignore},
	{"record-call", refuse_recording},
	{"fatal", ignore},
};

static void take_flags(struct reader *r, const struct ng_value *value)
{
	const struct ng_value *item;

	ng_for_each(item, value)
	{
		size_t k = 0;

		if (item->kind != NG_TEXT)
			continue;
		while (k < sizeof(words) / sizeof(words[0]) &&
		       strcasecmp(words[k].word, item->text) != 0)
			k++;
		if (k < sizeof(words) / sizeof(words[0]))
			words[k].take(r, item);
		else
			unknown(r, item->text);
	}
}

/* Written as a number or as a text. */
static int64_t number_of(const struct ng_value *value, int64_t fallback)
{
	struct ng_value only = *value;
	const struct ng_value dictionary = {.kind = NG_DICTIONARY, .first = &only};

	only.next = NULL;
	return ng_get_number(&dictionary, only.key, fallback);
}

static void take_delay(struct reader *r, const struct ng_value *value)
{
	int64_t delay = number_of(value, -1);

	r->request->delete_delay_s = delay < 0 ? -1 : delay < DELAY_MAX_S ? delay : DELAY_MAX_S;
}

static void take_limit(struct reader *r, const struct ng_value *value)
{
	r->request->limit = number_of(value, 0);
}

static void take_supports(struct reader *r, const struct ng_value *value)
{
	r->request->supports = value;
}

/* [IP4, address] */
static void take_received(struct reader *r, const struct ng_value *value)
{
	const struct ng_value *address = value->kind == NG_LIST ? value->last : value;

	if (address && address->kind == NG_TEXT)
		r->received = address->text;
}

/* --- the whole ------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	take *take;
} keys[] = {
	{"command", take_command},
	{"call-id", take_call_id},
	{"from-tag", take_from_tag},
	{"to-tag", take_to_tag},
	{"via-branch", take_via_branch},
	{"sdp", take_sdp},
	{"flags", take_flags},
	{"rtpp-flags", ignore},
	{"transport-protocol", take_transport},
	{"ICE", take_ice},
	{"ICE-lite", ignore},
	{"DTLS", ignore},
	{"DTLS-fingerprint", ignore},
	{"SDES", take_sdes},
	{"OSRTP", ignore},
	{"rtcp-mux", take_rtcp_mux},
	{"bundle", ignore},
	{"replace", ignore},
	{"direction", take_direction},
	{"interface", take_direction},
	{"from-interface", take_from_interface},
	{"to-interface", take_to_interface},
	{"address-family", take_family},
	{"media-address", ignore},
	{"received-from", take_received},
	{"TOS", ignore},
	{"label", ignore},
	{"set-label", ignore},
	{"from-label", ignore},
	{"to-label", ignore},
	{"delete-delay", take_delay},
	{"codec", ignore},
	{"extmap", ignore},
	{"sdp-attr", ignore},
	{"sdp-media-remove", ignore},
	{"endpoint-learning", ignore},
	{"metadata", ignore},
	{"supports", take_supports},
	{"limit", take_limit},
	{"ptime", ignore},
	{"ptime-reverse", ignore},
	{"rtcp-mux-reject", ignore},
	{"record call", refuse_recording},
	{"all", take_all},
	{"frequency", ignore},
	{"volume", ignore},
	{"T38", ignore},
	{"xmlrpc-callback", ignore},
	{"DTMF-security", ignore},
	{"DTMF-log-dest", ignore},
	{"media-echo", ignore},
	{"output-destination", ignore},
	{"recording-file", ignore},
	{"template", ignore},
};

static void read_key(struct reader *r, const struct ng_value *value)
{
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		if (ng_same_key(keys[k].key, value->key)) {
			keys[k].take(r, value);
			return;
		}
	unknown(r, value->key);
}

void ng_request_read(struct ng_request *request, struct arena *arena, struct ng_value *dictionary)
{
	const Tandem__Relay__V1__Side side = TANDEM__RELAY__V1__SIDE__INIT;
	uint32_t all = (1u << SUITE_COUNT) - 2;
	struct reader r = {.arena = arena, .request = request, .suites = all};

	*request = (struct ng_request){.command = "",
				       .call_id = "",
				       .from_tag = "",
				       .to_tag = "",
				       .via_branch = "",
				       .sdp = "",
				       .source = "",
				       .from = side,
				       .to = side,
				       .delete_delay_s = -1};
	/* As it comes in, unless the request says otherwise. */
	request->to.ice = request->to.rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME;
	ng_words_sort(arena, dictionary);
	for (const struct ng_value *v = dictionary->first; v; v = v->next)
		read_key(&r, v);
	finish_suites(&r, all);
	if (r.by_source && r.received)
		request->source = r.received;
}
