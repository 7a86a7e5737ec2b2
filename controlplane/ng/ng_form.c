/* SPDX-License-Identifier: BSD-3-Clause */
/* What an ng request says of the text of an SDP: codecs, extensions, attributes, its first lines.
 */
#include <string.h>
#include <strings.h>

#include "controlplane/ng/ng_reader.h"

/* --- what passes ----------------------------------------------------------------------------- */

static struct ng_value *all(struct ng_reader *r, const struct ng_value *value)
{
	const struct ng_value *item;

	/* `full` differs from `all` in what is transcoded. */
	ng_for_each(item, value)
	{
		if (ng_is(item, "all") || ng_is(item, "full"))
			return ng_text(r->arena, "all");
	}
	return NULL;
}

static void strip(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__SdpFilter *filter = &r->request->filter;

	ng_collect(r, &filter->strip, &filter->n_strip, value);
	ng_collect(r, &filter->strip, &filter->n_strip, all(r, value));
}

/*
 * What would be hidden from one side and transcoded is hidden from both; what would be added can
 * come from the sender alone.
 */
void ng_take_codec(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__SdpFilter *filter = &r->request->filter;
	bool offer = strcmp(r->request->command, "answer") != 0;

	strip(r, ng_get(value, "strip"));
	ng_collect(r, &filter->except, &filter->n_except, ng_get(value, "except"));
	ng_collect(r, &filter->first, &filter->n_first, ng_get(value, "offer"));
	/* Of what is published one codec is taken, by preference. */
	if (strcmp(r->request->command, "publish") == 0)
		ng_collect(r, &filter->first, &filter->n_first, ng_get(value, "accept"));
	if (!offer)
		return;
	strip(r, ng_get(value, "mask"));
	strip(r, ng_get(value, "consume"));
	ng_collect(r, &filter->except, &filter->n_except, ng_get(value, "transcode"));
	ng_collect(r, &filter->needed, &filter->n_needed, ng_get(value, "transcode"));
}

void ng_take_extmap(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__SdpFilter *filter = &r->request->filter;

	ng_collect(r, &filter->extensions, &filter->n_extensions, ng_get(value, "strip"));
	ng_collect(r, &filter->extensions, &filter->n_extensions, ng_get(value, "mask"));
}

void ng_take_removal(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__SdpFilter *filter = &r->request->filter;

	ng_collect(r, &filter->reject, &filter->n_reject, value);
}

/* --- the lines before the first m-line ------------------------------------------------------- */

void ng_take_replace(struct ng_reader *r, const struct ng_value *value)
{
	Tandem__Relay__V1__SdpForm *form = &r->request->form;
	const struct ng_value *item;

	ng_for_each(item, value)
	{
		if (item->kind != NG_TEXT)
			continue;
		if (ng_same_key(item->text, "origin"))
			form->origin = false;
		else if (ng_same_key(item->text, "origin-full"))
			form->origin = form->user = false;
		else if (ng_same_key(item->text, "username"))
			form->user = false;
		else if (ng_same_key(item->text, "zero-address"))
			form->nowhere = false;
		else if (ng_same_key(item->text, "sdp-version"))
			form->version = true;
		else if (ng_same_key(item->text, "force-increment-sdp-ver"))
			form->new_version = true;
		else if (!ng_same_key(item->text, "session-connection") &&
			 !ng_same_key(item->text, "session-name"))
			ng_unknown(r, item->text);
	}
}

/* --- attributes ------------------------------------------------------------------------------ */

static Tandem__Relay__V1__SdpEdit *add_edit(struct ng_reader *r, const char *media)
{
	Tandem__Relay__V1__SdpForm *form = &r->request->form;
	Tandem__Relay__V1__SdpEdit *edit = arena_add(r->arena, &form->edits, &form->n_edits,
						     &tandem__relay__v1__sdp_edit__descriptor);

	if (edit)
		edit->media = strcasecmp(media, "none") && strcasecmp(media, "global")
				      ? (char *)media
				      : (char *)"";
	return edit;
}

/* A pair, or a list of pairs. */
static void take_pairs(struct ng_reader *r, Tandem__Relay__V1__SdpEdit *edit,
		       const struct ng_value *value)
{
	if (!value || value->kind != NG_LIST || !value->first)
		return;
	if (value->first->kind == NG_LIST) {
		for (const struct ng_value *pair = value->first; pair; pair = pair->next)
			take_pairs(r, edit, pair);
	} else if (value->first->kind == NG_TEXT && value->first->next &&
		   value->first->next->kind == NG_TEXT) {
		ng_collect(r, &edit->replace, &edit->n_replace, value->first);
		ng_collect(r, &edit->replace, &edit->n_replace, value->first->next);
	}
}

void ng_take_attributes(struct ng_reader *r, const struct ng_value *value)
{
	const struct ng_value *media = value->kind == NG_DICTIONARY ? value->first : NULL;

	for (; media; media = media->next) {
		Tandem__Relay__V1__SdpEdit *edit = add_edit(r, media->key);

		if (!edit || media->kind != NG_DICTIONARY)
			continue;
		ng_collect(r, &edit->add, &edit->n_add, ng_get(media, "add"));
		ng_collect(r, &edit->remove, &edit->n_remove, ng_get(media, "remove"));
		take_pairs(r, edit, ng_get(media, "substitute"));
	}
}

/* In a word a blank is written as two dots, and an equals sign as two hyphens. */
static struct ng_value *unescape(struct ng_reader *r, const char *text, size_t length)
{
	char *out = arena_take(r->arena, length + 1);
	size_t used = 0;

	for (size_t k = 0; out && k < length; k++) {
		bool twice = k + 1 < length && text[k + 1] == text[k];

		out[used++] = twice && text[k] == '.'   ? ' '
			      : twice && text[k] == '-' ? '='
							: text[k];
		k += twice && strchr(".-", text[k]);
	}
	return out ? ng_octets(r->arena, out, used) : NULL;
}

bool ng_take_attribute_word(struct ng_reader *r, const char *word)
{
	static const char prefix[] = "sdp-attr-";
	const char *command = word + sizeof(prefix) - 1, *media, *value, *other;
	Tandem__Relay__V1__SdpEdit *edit;
	struct ng_value *kind;

	if (strncasecmp(word, prefix, sizeof(prefix) - 1) != 0)
		return false;
	media = strchr(command, '-');
	value = media ? strchr(media + 1, '-') : NULL;
	if (!value)
		return false;
	kind = ng_octets(r->arena, media + 1, (size_t)(value - media - 1));
	edit = kind ? add_edit(r, kind->text) : NULL;
	other = strchr(++value, '>');
	if (edit && strncasecmp(command, "add-", 4) == 0) {
		ng_collect(r, &edit->add, &edit->n_add, unescape(r, value, strlen(value)));
	} else if (edit && strncasecmp(command, "remove-", 7) == 0) {
		ng_collect(r, &edit->remove, &edit->n_remove, unescape(r, value, strlen(value)));
	} else if (edit && other) {
		ng_collect(r, &edit->replace, &edit->n_replace,
			   unescape(r, value, (size_t)(other - value)));
		ng_collect(r, &edit->replace, &edit->n_replace,
			   unescape(r, other + 1, strlen(other + 1)));
	}
	return true;
}
