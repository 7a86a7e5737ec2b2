/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <strings.h>

#include "controlplane/ng/ng_reader.h"
#include "controlplane/ng/ng_words.h"

#define DELAY_MAX_S  86400
#define PTIME_MAX_MS 1000

/* --- texts ----------------------------------------------------------------------------------- */

#define TEXT(name)                                                                                 \
	static void take_##name(struct ng_reader *r, const struct ng_value *value)                 \
	{                                                                                          \
		if (value->kind == NG_TEXT)                                                        \
			r->request->name = value->text;                                            \
	}

TEXT(call_id)
TEXT(from_tag)
TEXT(to_tag)
TEXT(via_branch)
TEXT(sdp)
TEXT(label)
TEXT(to_label)
TEXT(set_label)

/* --- how the relay appears ------------------------------------------------------------------- */

/* Of an offer the one who sent it, of an answer the one who gets it. */
static Tandem__Relay__V1__Side *offerer(struct ng_reader *r)
{
	return strcmp(r->request->command, "answer") == 0 ? &r->request->to : &r->request->from;
}

static void take_transport(struct ng_reader *r, const struct ng_value *value)
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

	r->request->shows_profile = ng_is(value, "accept");
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (ng_is(value, names[k].name))
			to->profile = names[k].profile;
	if (!ng_is(value, "WebRTC"))
		return;
	to->ice = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
	to->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
}

static void take_ice(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__Side *to = &r->request->to;

	if (ng_is(value, "remove"))
		to->ice = TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	else if (ng_is(value, "force") || ng_is(value, "force-relay") || ng_is(value, "optional"))
		to->ice = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
}

static void take_rtcp_mux(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__Side *to = &r->request->to, *from = &r->request->from;
	const struct ng_value *item;
	bool offered = false;

	ng_for_each(item, value)
	{
		if (ng_is(item, "reject"))
			from->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
		if (ng_is(item, "accept"))
			from->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
		offered |= ng_is(item, "offer") || ng_is(item, "require");
		if (ng_is(item, "demux"))
			to->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
	}
	if (offered)
		to->rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
}

static void take_setup(struct ng_reader *r, const struct ng_value *value)
{
	if (ng_is(value, "passive"))
		offerer(r)->setup = TANDEM__RELAY__V1__SETUP__SETUP_PASSIVE;
	else if (ng_is(value, "active") || ng_is(value, "no-passive"))
		offerer(r)->setup = TANDEM__RELAY__V1__SETUP__SETUP_ACTIVE;
}

static void take_dtls(struct ng_reader *r, const struct ng_value *value)
{
	r->no_dtls |= ng_is(value, "off") || ng_is(value, "no") || ng_is(value, "disable");
	take_setup(r, value);
}

static void take_hash(struct ng_reader *r, const struct ng_value *value)
{
	static const char *const hashes[] = {"sha-1", "sha-224", "sha-256", "sha-384", "sha-512"};

	for (size_t k = 0; k < sizeof(hashes) / sizeof(hashes[0]); k++)
		if (ng_is(value, hashes[k]))
			r->request->to.hash = (char *)hashes[k];
}

static void take_tos(struct ng_reader *r, const struct ng_value *value)
{
	int64_t tos = ng_number_of(value, -1);

	if (tos < 0 || tos > UINT8_MAX)
		return;
	/* Its last two bits are ECN's (RFC 3168). */
	r->request->marking.dscp = (uint32_t)tos >> 2;
	r->request->from.marking = r->request->to.marking = &r->request->marking;
}

static void take_osrtp(struct ng_reader *r, const struct ng_value *value)
{
	const struct ng_value *item;

	ng_for_each(item, value)
	{
		if (ng_is(item, "offer") || ng_is(item, "offer-RFC"))
			r->request->to.opportunistic = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
		if (ng_is(item, "accept") || ng_is(item, "accept-RFC"))
			offerer(r)->opportunistic = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
	}
}

static void take_family(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__Side *to = &r->request->to;

	if (ng_is(value, "IP4") || ng_is(value, "inet") || ng_is(value, "inet4"))
		to->family = TANDEM__RELAY__V1__FAMILY__FAMILY_IPV4;
	else if (ng_is(value, "IP6") || ng_is(value, "inet6"))
		to->family = TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6;
}

static void set_network(Tandem__Relay__V1__Side *side, const struct ng_value *value)
{
	if (value && value->kind == NG_TEXT)
		side->network = (char *)value->text;
}

/* Two names: of who sends this SDP, and of who gets it; or one, where there is only one of them. */
static void take_direction(struct ng_reader *r, const struct ng_value *value)
{
	bool list = value->kind == NG_LIST;

	set_network(&r->request->from, list ? value->first : value);
	set_network(&r->request->to, list && value->first ? value->first->next : value);
}

static void take_from_interface(struct ng_reader *r, const struct ng_value *value)
{
	set_network(&r->request->from, value);
}

static void take_to_interface(struct ng_reader *r, const struct ng_value *value)
{
	set_network(&r->request->to, value);
}

/* --- flags ----------------------------------------------------------------------------------- */

static void learn_not(struct ng_reader *r, const struct ng_value *value)
{
	r->request->from.latch = TANDEM__RELAY__V1__LATCH__LATCH_OFF;
}

static void take_learning(struct ng_reader *r, const struct ng_value *value)
{
	const struct ng_value *item;

	ng_for_each(item, value)
	{
		if (ng_is(item, "off"))
			learn_not(r, item);
	}
}

static void take_source(struct ng_reader *r, const struct ng_value *value)
{
	r->by_source = true;
}

static void trust_sdp(struct ng_reader *r, const struct ng_value *value)
{
	r->by_source = false;
}

static void take_all(struct ng_reader *r, const struct ng_value *value)
{
	r->request->all = value->kind != NG_TEXT || !ng_is(value, "none");
}

static void refuse_recording(struct ng_reader *r, const struct ng_value *value)
{
	if (!ng_is(value, "no") && !ng_is(value, "off"))
		r->request->refused = "recording";
}

static void ignore(struct ng_reader *r, const struct ng_value *value)
{
}

static void reject_ice(struct ng_reader *r, const struct ng_value *value)
{
	r->request->from.ice = TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF;
}

static void strip_extmap(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__SdpFilter *filter = &r->request->filter;

	ng_collect(r, &filter->extensions, &filter->n_extensions, ng_text(r->arena, "all"));
}

static void keep_one_codec(struct ng_reader *r, const struct ng_value *value)
{
	r->request->filter.single = strcmp(r->request->command, "answer") == 0;
}

#define FORM(name, field)                                                                          \
	static void name(struct ng_reader *r, const struct ng_value *value)                        \
	{                                                                                          \
		r->request->form.field = true;                                                     \
	}

FORM(leave_rtcp_out, no_rtcp)
FORM(write_whole_rtcp, whole_rtcp)
FORM(show_mids, mids)
FORM(keep_directions, directions)

static void pad_keys(struct ng_reader *r, const struct ng_value *value)
{
	r->request->form.unpadded = false;
}

static void protect_loops(struct ng_reader *r, const struct ng_value *value)
{
	r->request->loop_protect = true;
}

static void take_pause(struct ng_reader *r, const struct ng_value *value)
{
	r->request->paused = true;
}

static void be_fatal(struct ng_reader *r, const struct ng_value *value)
{
	r->request->fatal = true;
}

/* Flags that ask for what is done anyway, or for what audio does not depend on. */
static const struct {
	const char *word;
	ng_take *take;
} words[] = {
	{"trust-address", trust_sdp},
	{"SIP-source-address", take_source},
	{"symmetric", ignore},
	{"asymmetric", learn_not},
	{"strict-source", ignore},
	{"media-handover", ignore},
	{"port-latching", ignore},
	{"no-port-latching", ignore},
	{"no-rtcp-attribute", leave_rtcp_out},
	{"full-rtcp-attribute", write_whole_rtcp},
	{"loop-protect", protect_loops},
	{"generate-mid", show_mids},
	{"generate-RTCP", ignore},
	{"reset", ignore},
	{"all", take_all},
	{"early-media", ignore},
	{"provisional", ignore},
	{"strip-extmap", strip_extmap},
	{"debug", ignore},
	{"no-jitter-buffer", ignore},
	{"always-transcode", ignore},
	{"single-codec", keep_one_codec},
	{"reuse-codecs", ignore},
	{"allow-transcoding", ignore},
	{"allow-asymmetric-codecs", ignore},
	{"symmetric-codecs", ignore},
	{"asymmetric-codecs", ignore},
	{"inject-DTMF", ignore},
	{"detect-DTMF", ignore},
	{"pierce-NAT", ignore},
	{"NAT-wait", ignore},
	{"original-sendrecv", keep_directions},
	{"bidirectional", ignore},
	{"fragment", ignore},
	{"record-call", refuse_recording},
	{"reject-ICE", reject_ice},
	{"pad-crypto", pad_keys},
	{"trickle-ICE", ignore},
	{"block-short", ignore},
	{"block-short-packets", ignore},
	{"no-codec-renegotiation", ignore},
	{"unidirectional", ignore},
	{"inactive", take_pause},
	{"RTCP-mirror", ignore},
	{"directional", ignore},
	{"fatal", be_fatal},
};

static void take_flags(struct ng_reader *r, const struct ng_value *value)
{
	const struct ng_value *item;

	ng_for_each(item, value)
	{
		size_t k = 0;

		if (item->kind != NG_TEXT || ng_take_attribute_word(r, item->text))
			continue;
		while (k < sizeof(words) / sizeof(words[0]) &&
		       !ng_same_key(words[k].word, item->text))
			k++;
		if (k < sizeof(words) / sizeof(words[0]))
			words[k].take(r, item);
		else
			ng_unknown(r, item->text);
	}
}

static void take_delay(struct ng_reader *r, const struct ng_value *value)
{
	int64_t delay = ng_number_of(value, -1);

	r->request->delete_delay_s = delay < 0 ? -1 : delay < DELAY_MAX_S ? delay : DELAY_MAX_S;
}

static void take_limit(struct ng_reader *r, const struct ng_value *value)
{
	r->request->limit = ng_number_of(value, 0);
}

static void take_supports(struct ng_reader *r, const struct ng_value *value)
{
	r->request->supports = value;
}

/* [IP4, address] */
static void take_received(struct ng_reader *r, const struct ng_value *value)
{
	const struct ng_value *address = value->kind == NG_LIST ? value->last : value;

	if (address && address->kind == NG_TEXT)
		r->received = address->text;
}

static void take_media_address(struct ng_reader *r, const struct ng_value *value)
{
	if (value->kind == NG_TEXT)
		r->request->form.address = (char *)value->text;
}

/* Of an offer alone. */
static void take_ptime(struct ng_reader *r, const struct ng_value *value)
{
	int64_t ptime = ng_number_of(value, 0);

	if (strcmp(r->request->command, "answer") != 0 && ptime > 0 && ptime <= PTIME_MAX_MS)
		r->request->form.ptime_ms = (uint32_t)ptime;
}

static void take_from_tags(struct ng_reader *r, const struct ng_value *value)
{
	ng_collect(r, &r->request->from_tags, &r->request->from_tag_count, value);
}

/* --- the whole ------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	ng_take *take;
} keys[] = {
	{"command", ignore},
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
	{"DTLS", take_dtls},
	{"DTLS-fingerprint", take_hash},
	{"SDES", ng_take_sdes},
	{"OSRTP", take_osrtp},
	{"rtcp-mux", take_rtcp_mux},
	{"bundle", ignore},
	{"replace", ng_take_replace},
	{"direction", take_direction},
	{"interface", take_direction},
	{"from-interface", take_from_interface},
	{"to-interface", take_to_interface},
	{"address-family", take_family},
	{"media-address", take_media_address},
	{"received-from", take_received},
	{"TOS", take_tos},
	{"label", take_label},
	{"set-label", take_set_label},
	{"from-label", take_label},
	{"to-label", take_to_label},
	{"delete-delay", take_delay},
	{"codec", ng_take_codec},
	{"extmap", ng_take_extmap},
	{"sdp-attr", ng_take_attributes},
	{"sdp-media-remove", ng_take_removal},
	{"endpoint-learning", take_learning},
	{"metadata", ignore},
	{"supports", take_supports},
	{"limit", take_limit},
	{"ptime", take_ptime},
	{"ptime-reverse", ignore},
	{"from-tags", take_from_tags},
	{"DTLS-reverse", take_setup},
	{"generate RTCP", ignore},
	{"drop-traffic", ignore},
	{"audio-player", ignore},
	{"delay-buffer", ignore},
	{"T.38", ignore},
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

static void read_key(struct ng_reader *r, const struct ng_value *value)
{
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		if (ng_same_key(keys[k].key, value->key)) {
			keys[k].take(r, value);
			return;
		}
	ng_unknown(r, value->key);
}

void ng_request_read(struct ng_request *request, struct arena *arena, struct ng_value *dictionary)
{
	const Tandem__Relay__V1__Side side = TANDEM__RELAY__V1__SIDE__INIT;
	const Tandem__Relay__V1__SdpFilter filter = TANDEM__RELAY__V1__SDP_FILTER__INIT;
	const Tandem__Relay__V1__SdpForm form = TANDEM__RELAY__V1__SDP_FORM__INIT;
	const Tandem__Relay__V1__Marking marking = TANDEM__RELAY__V1__MARKING__INIT;
	struct ng_reader r = {
		.arena = arena, .request = request, .suites = (1u << SUITE_COUNT) - 2};

	*request = (struct ng_request){.command = "",
				       .call_id = "",
				       .from_tag = "",
				       .to_tag = "",
				       .via_branch = "",
				       .sdp = "",
				       .source = "",
				       .label = "",
				       .to_label = "",
				       .set_label = "",
				       .from = side,
				       .to = side,
				       .filter = filter,
				       .form = form,
				       .marking = marking,
				       .delete_delay_s = -1};
	/* As it comes in, and as it was, unless the request says otherwise. */
	request->to.keeps = true;
	request->to.ice = request->to.rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME;
	request->to.opportunistic = TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME;
	request->from.opportunistic = TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME;
	request->from.rtcp_mux = TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME;
	request->from.setup = TANDEM__RELAY__V1__SETUP__SETUP_ACTIVE;
	request->from.hash = (char *)"same";
	request->form.user = request->form.origin = true;
	request->form.nowhere = request->form.unpadded = true;
	request->filter.lenient = true;
	ng_words_sort(arena, dictionary);
	/* What other keys mean depends on it. */
	request->command = ng_get_text(dictionary, "command");
	if (!request->command)
		request->command = "";
	for (const struct ng_value *v = dictionary->first; v; v = v->next)
		read_key(&r, v);
	ng_finish_sdes(&r);
	if (r.by_source && r.received)
		request->source = r.received;
}
