/* SPDX-License-Identifier: BSD-3-Clause */
/* The words under `SDES`: which suites are offered, in which order, and how their lines look. */
#include <string.h>
#include <strings.h>

#include "controlplane/ng/ng_reader.h"

#define ALL_SUITES ((1u << SUITE_COUNT) - 2)

static bool begins(const char *word, const char *prefix)
{
	return strncasecmp(word, prefix, strlen(prefix)) == 0;
}

static void take_suite(struct ng_reader *r, const char *word, bool *only)
{
	bool no = begins(word, "no-"), just = begins(word, "only-");
	enum srtp_suite suite = suite_find(word + (no ? 3 : just ? 5 : 0));

	if (just && !*only) {
		*only = true;
		r->suites = 0;
	}
	/* What is the only one is not taken away again. */
	if (suite != SUITE_NONE && just)
		r->suites |= 1u << suite;
	else if (suite != SUITE_NONE && no && !*only)
		r->suites &= ~(1u << suite);
}

/* "A;B;C" */
static unsigned int read_order(struct ng_reader *r, enum srtp_suite order[SUITE_COUNT],
			       const char *names)
{
	unsigned int count = 0;

	while (*names && count < SUITE_COUNT) {
		size_t length = strcspn(names, ";");
		const struct ng_value *name = ng_octets(r->arena, names, length);
		enum srtp_suite suite = name ? suite_find(name->text) : SUITE_NONE;

		if (suite != SUITE_NONE)
			order[count++] = suite;
		names += length + (names[length] == ';');
	}
	return count;
}

static void take_word(struct ng_reader *r, const struct ng_value *word, bool *only)
{
	struct ng_request *request = r->request;

	if (ng_is(word, "off") || ng_is(word, "no") || ng_is(word, "disable"))
		r->no_sdes = true;
	else if (ng_is(word, "unencrypted_srtcp") || ng_is(word, "unencrypted_srtp") ||
		 ng_is(word, "unauthenticated_srtp"))
		request->refused = "SDES: session parameters that take protection away";
	else if (ng_is(word, "nonew"))
		request->to.none_added = true;
	else if (ng_is(word, "pad"))
		request->form.unpadded = false;
	else if (ng_is(word, "lifetime"))
		request->form.lifetime = true;
	else if (begins(word->text, "order:"))
		r->ordered = read_order(r, r->order, word->text + 6);
	else if (begins(word->text, "offerer_pref:"))
		r->preferences = read_order(r, r->preferred, word->text + 13);
	else
		take_suite(r, word->text, only);
}

void ng_take_sdes(struct ng_reader *r, const struct ng_value *value)
{
	const struct ng_value *item;
	bool only = false;

	ng_for_each(item, value)
	{
		if (item->kind == NG_TEXT)
			take_word(r, item, &only);
	}
}

static void add_suite(uint32_t *left, char **suites, size_t *count, enum srtp_suite suite)
{
	if (!(*left & 1u << suite))
		return;
	*left &= ~(1u << suite);
	suites[(*count)++] = (char *)suite_name(suite);
}

/* Those of `left`: first as ordered, then as usual. */
static void list_suites(Tandem__Relay__V1__Side *side, char **suites, uint32_t left,
			const enum srtp_suite *order, unsigned int ordered)
{
	side->suites = suites;
	for (unsigned int k = 0; k < ordered; k++)
		add_suite(&left, suites, &side->n_suites, order[k]);
	for (unsigned int k = 0; k < SUITES_USUAL; k++)
		add_suite(&left, suites, &side->n_suites, suites_usual[k]);
	for (enum srtp_suite suite = 1; suite < SUITE_COUNT; suite++)
		add_suite(&left, suites, &side->n_suites, suite);
}

/* All that the relay has is offered, but for what the request takes away. */
void ng_finish_sdes(struct ng_reader *r)
{
	struct ng_request *request = r->request;
	Tandem__Relay__V1__Keying keying =
		r->no_sdes && !r->no_dtls   ? TANDEM__RELAY__V1__KEYING__KEYING_DTLS
		: r->no_dtls && !r->no_sdes ? TANDEM__RELAY__V1__KEYING__KEYING_SDES
					    : TANDEM__RELAY__V1__KEYING__KEYING_ANY;

	request->to.keying = keying;
	request->from.keying = r->no_dtls ? TANDEM__RELAY__V1__KEYING__KEYING_SDES
					  : TANDEM__RELAY__V1__KEYING__KEYING_ANY;
	request->to.as_offered = !r->ordered;
	/* Of suites that nobody here knows none is left: then all are. */
	if (r->suites == 0)
		r->suites = ALL_SUITES;
	list_suites(&request->to, request->to_suites, r->suites, r->order, r->ordered);
	if (r->preferences)
		list_suites(&request->from, request->from_suites, ALL_SUITES, r->preferred,
			    r->preferences);
}
