/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that read an ng request share. Nobody else includes this; see ng_request.h. */
#ifndef TANDEM_NG_READER_H
#define TANDEM_NG_READER_H

#include "controlplane/ng/ng_request.h"

struct ng_reader {
	struct arena *arena;
	struct ng_request *request;
	uint32_t suites; /* bits: those that are left */
	enum srtp_suite order[SUITE_COUNT], preferred[SUITE_COUNT];
	unsigned int ordered, preferences;
	bool no_sdes, no_dtls;
	bool by_source;       /* where the SDP came from counts, not what is in it */
	const char *received; /* that address; NULL: not said */
};

/* Takes what is under a key, or a word out of `flags`. */
typedef void ng_take(struct ng_reader *r, const struct ng_value *value);

/* ng_reader.c */
bool ng_is(const struct ng_value *value, const char *word);
void ng_unknown(struct ng_reader *r, const char *word);
/* Written as a number or as a text. */
int64_t ng_number_of(const struct ng_value *value, int64_t fallback);
/* Adds each text of what may be a list to a repeated field, whose address and count are given. */
void ng_collect(struct ng_reader *r, char ***texts, size_t *count, const struct ng_value *value);

/* ng_sdes.c: `SDES`, and what it comes to in the end. */
ng_take ng_take_sdes;
void ng_finish_sdes(struct ng_reader *r);

/* ng_form.c */
ng_take ng_take_codec, ng_take_extmap, ng_take_replace, ng_take_attributes, ng_take_removal;
/* `sdp-attr-add-audio-ptime:20` among the flags; false: it is another word. */
bool ng_take_attribute_word(struct ng_reader *r, const char *word);

#endif
