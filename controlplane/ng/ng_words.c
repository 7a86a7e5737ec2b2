/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_words.h"

#include <string.h>
#include <strings.h>

/* What a word begins with, and the list that the rest of it joins; `inner`: in a dictionary. */
static const struct {
	const char *prefix, *key, *inner;
} prefixes[] = {
	{"replace-", "replace", NULL},
	{"SDES-", "SDES", NULL},
	{"OSRTP-", "OSRTP", NULL},
	{"rtcp-mux-", "rtcp-mux", NULL},
	{"codec-strip-", "codec", "strip"},
	{"codec-offer-", "codec", "offer"},
	{"codec-except-", "codec", "except"},
	{"codec-mask-", "codec", "mask"},
	{"codec-accept-", "codec", "accept"},
	{"codec-consume-", "codec", "consume"},
	{"codec-transcode-", "codec", "transcode"},
	{"extmap-strip-", "extmap", "strip"},
	{"extmap-mask-", "extmap", "mask"},
	{"extmap-accept-", "extmap", "accept"},
	{"sdp-media-remove-", "sdp-media-remove", NULL},
	{"from-tags-", "from-tags", NULL},
	{"endpoint-learning-", "endpoint-learning", NULL},
};

#define PREFIXES  (sizeof(prefixes) / sizeof(prefixes[0]))
#define WORDS_MAX 1000 /* of one request; the others are left out */

/* What is under a key, with one more: one alone, or a list. A dictionary stays as it is. */
static void append(struct arena *arena, struct ng_value *dictionary, const char *key,
		   struct ng_value *item)
{
	struct ng_value *there = ng_get(dictionary, key), *only;

	if (!there) {
		ng_put(dictionary, key, item);
		return;
	}
	if (there->kind == NG_DICTIONARY)
		return;
	if (there->kind != NG_LIST) {
		only = ng_octets(arena, there->text ? there->text : "", there->length);
		there->kind = NG_LIST;
		there->first = there->last = NULL;
		ng_add(there, only);
	}
	ng_add(there, item);
}

static void append_inner(struct arena *arena, struct ng_value *dictionary, const char *key,
			 const char *inner, struct ng_value *item)
{
	struct ng_value *there = ng_get(dictionary, key);

	if (!there)
		there = ng_put(dictionary, key, ng_dictionary(arena));
	if (there && there->kind == NG_DICTIONARY)
		append(arena, there, inner, item);
}

static bool has_prefix(const char *word, const char *prefix)
{
	return strncasecmp(word, prefix, strlen(prefix)) == 0 && word[strlen(prefix)];
}

static bool is_transport(const char *word)
{
	return strncmp(word, "RTP/", 4) == 0 || strncmp(word, "UDP/", 4) == 0 ||
	       strcasecmp(word, "WebRTC") == 0;
}

/* A word that is no `key=value`. */
static void sort_word(struct arena *arena, struct ng_value *dictionary, const char *word)
{
	if (is_transport(word)) {
		append(arena, dictionary, "transport-protocol", ng_text(arena, word));
		return;
	}
	for (size_t k = 0; k < PREFIXES; k++) {
		const char *rest = word + strlen(prefixes[k].prefix);

		if (!has_prefix(word, prefixes[k].prefix))
			continue;
		if (prefixes[k].inner)
			append_inner(arena, dictionary, prefixes[k].key, prefixes[k].inner,
				     ng_text(arena, rest));
		else
			append(arena, dictionary, prefixes[k].key, ng_text(arena, rest));
		return;
	}
	append(arena, dictionary, "flags", ng_text(arena, word));
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n,");
}

/* The items of a list in brackets, `at` behind the first one; returns what follows the last. */
static const char *read_list(struct arena *arena, struct ng_value *list, const char *at)
{
	for (at = skip_blanks(at); *at && *at != ']'; at = skip_blanks(at)) {
		size_t length = strcspn(at, " \t\r\n]");

		ng_add(list, ng_octets(arena, at, length));
		at += length;
	}
	return *at ? at + 1 : at;
}

/* `key=value` or `key=[value ...]`; returns what follows. */
static const char *sort_pair(struct arena *arena, struct ng_value *dictionary, const char *at,
			     size_t key_length)
{
	const struct ng_value *key = ng_octets(arena, at, key_length);
	struct ng_value *list;
	size_t length;

	at += key_length + 1;
	if (!key)
		return at;
	if (*at == '[') {
		list = ng_list(arena);
		at = list ? read_list(arena, list, at + 1) : at + 1;
		ng_put(dictionary, key->text, list);
		return at;
	}
	length = strcspn(at, " \t\r\n");
	append(arena, dictionary, key->text, ng_octets(arena, at, length));
	return at + length;
}

static void sort_text(struct arena *arena, struct ng_value *dictionary, const char *text,
		      unsigned int *left)
{
	for (const char *at = skip_blanks(text); *at && *left; at = skip_blanks(at)) {
		size_t length = strcspn(at, " \t\r\n="), blank = strcspn(at, " \t\r\n");
		const struct ng_value *word;

		--*left;
		if (length > 0 && length < blank) {
			at = sort_pair(arena, dictionary, at, length);
			continue;
		}
		word = ng_octets(arena, at, blank);
		if (word)
			sort_word(arena, dictionary, word->text);
		at += blank;
	}
}

/* In a list the blanks of a word are its own: "no rtcp attribute". */
static void sort_item(struct arena *arena, struct ng_value *dictionary, const char *text,
		      unsigned int *left)
{
	if (strcspn(text, "=") < strcspn(text, " \t\r\n")) {
		sort_text(arena, dictionary, text, left);
	} else if (*left) {
		--*left;
		sort_word(arena, dictionary, text);
	}
}

void ng_words_sort(struct arena *arena, struct ng_value *dictionary)
{
	struct ng_value *flags = ng_get(dictionary, "flags"), *item;
	struct ng_value words = flags ? *flags : (struct ng_value){.kind = NG_LIST};
	const char *text = ng_get_text(dictionary, "rtpp-flags");
	unsigned int left = WORDS_MAX;

	if (flags) {
		flags->kind = NG_LIST;
		flags->first = flags->last = NULL;
	}
	for (item = words.kind == NG_LIST ? words.first : NULL; item; item = item->next)
		if (item->kind == NG_TEXT)
			sort_item(arena, dictionary, item->text, &left);
	if (words.kind == NG_TEXT)
		sort_text(arena, dictionary, words.text, &left);
	if (text)
		sort_text(arena, dictionary, text, &left);
}
