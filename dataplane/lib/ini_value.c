/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lib/ini_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int store_unsigned(const struct option_key *key, unsigned *value, const char *text,
			  char *why, size_t size)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0') {
		snprintf(why, size, "\"%s\" is no number; give one from %u to %u", text, key->least,
			 key->most);
		return -EINVAL;
	}
	if (errno != 0 || number < key->least || number > key->most) {
		snprintf(why, size, "%s is out of range; give a number from %u to %u", text,
			 key->least, key->most);
		return -EINVAL;
	}
	*value = number;
	return 0;
}

static int store_bool(bool *value, const char *text, char *why, size_t size)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			*value = i % 2;
			return 0;
		}
	}
	snprintf(why, size, "\"%s\" is neither yes nor no; give one of the two", text);
	return -EINVAL;
}

static void list_words(const char *const *choices, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; choices[i] && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s", i ? ", " : "", choices[i]);
}

static int store_choice(const struct option_key *key, int *value, const char *text, char *why,
			size_t size)
{
	char words[160];

	for (int i = 0; key->choices[i]; i++) {
		if (strcmp(text, key->choices[i]) == 0) {
			*value = i;
			return 0;
		}
	}
	list_words(key->choices, words, sizeof(words));
	snprintf(why, size, "\"%s\" is unknown; give one of %s", text, words);
	return -EINVAL;
}

static int store_list(struct option_list *list, char *text)
{
	char **texts = realloc(list->texts, (list->count + 1) * sizeof(*texts));

	if (!texts)
		return -ENOMEM;
	texts[list->count++] = text;
	list->texts = texts;
	return 0;
}

int ini_value_store(const struct option_key *key, void *base, char *text, char *why, size_t size)
{
	void *value = (char *)base + key->offset;

	switch (key->type) {
	case OPTION_TEXT:
		*(char **)value = text;
		return 0;
	case OPTION_UNSIGNED:
		return store_unsigned(key, value, text, why, size);
	case OPTION_BOOL:
		return store_bool(value, text, why, size);
	case OPTION_CHOICE:
		return store_choice(key, value, text, why, size);
	case OPTION_LIST:
		if (key->parse && key->parse(NULL, text, why, size))
			return -EINVAL;
		return store_list(value, text);
	case OPTION_PARSED:
		return key->parse(value, text, why, size);
	}
	return -EINVAL;
}

void ini_value_release(const struct option_key *key, void *base)
{
	struct option_list *list = (void *)((char *)base + key->offset);

	if (key->type != OPTION_LIST)
		return;
	free(list->texts);
	list->texts = NULL;
	list->count = 0;
}

void ini_value_describe(const struct option_key *key, char *text, size_t size)
{
	switch (key->type) {
	case OPTION_UNSIGNED:
		snprintf(text, size, "%u..%u", key->least, key->most);
		break;
	case OPTION_BOOL:
		snprintf(text, size, "yes or no");
		break;
	case OPTION_CHOICE:
		list_words(key->choices, text, size);
		break;
	case OPTION_LIST:
		snprintf(text, size, "may be repeated");
		break;
	case OPTION_PARSED:
	case OPTION_TEXT:
		snprintf(text, size, "%s", key->repeated ? "may be repeated" : "");
		break;
	}
}
