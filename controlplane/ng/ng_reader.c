/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_reader.h"

#include <string.h>

bool ng_is(const struct ng_value *value, const char *word)
{
	return value && value->kind == NG_TEXT && ng_same_key(value->text, word);
}

void ng_unknown(struct ng_reader *r, const char *word)
{
	if (!r->request->unknown)
		r->request->unknown = ng_list(r->arena);
	ng_add(r->request->unknown, ng_text(r->arena, word));
}

int64_t ng_number_of(const struct ng_value *value, int64_t fallback)
{
	struct ng_value only = *value;
	const struct ng_value dictionary = {.kind = NG_DICTIONARY, .first = &only};

	only.next = NULL;
	return ng_get_number(&dictionary, only.key, fallback);
}

/* Room for one more; a list grows by doubling. False without memory. */
static bool make_room(struct ng_reader *r, char ***texts, size_t count)
{
	char **list;

	if (count & (count - 1))
		return true;
	list = arena_take(r->arena, (count ? 2 * count : 1) * sizeof(*list));
	if (!list)
		return false;
	if (count)
		memcpy(list, *texts, count * sizeof(*list));
	*texts = list;
	return true;
}

void ng_collect(struct ng_reader *r, char ***texts, size_t *count, const struct ng_value *value)
{
	const struct ng_value *item;

	ng_for_each(item, value)
	{
		if (item->kind == NG_TEXT && make_room(r, texts, *count))
			(*texts)[(*count)++] = (char *)item->text;
	}
}
