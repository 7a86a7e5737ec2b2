/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/sdp/sdp_edit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "controlplane/sdp/sdp.h"
#include "controlplane/sdp/sdp_rewrite.h"
#include "controlplane/sdp/text.h"

struct editor {
	struct text text;
	const struct sdp_edit *edits;
	size_t count;
	const char *media; /* of the section; "": the session's own */
	size_t media_length;
	size_t section; /* where it begins in what is written */
};

static bool is_for(const struct editor *e, const struct sdp_edit *edit)
{
	return strlen(edit->media) == e->media_length &&
	       strncasecmp(edit->media, e->media, e->media_length) == 0;
}

/* Whether `name` is a beginning of the attribute that ends where one of its parts does. */
static bool begins(const char *attribute, size_t length, const char *name)
{
	size_t said = strlen(name);

	if (said == 0 || said > length || strncmp(attribute, name, said) != 0)
		return false;
	return said == length || name[said - 1] == ':' || strchr(": ", attribute[said]);
}

static bool is_removed(const struct editor *e, const char *attribute, size_t length)
{
	for (size_t i = 0; i < e->count; i++)
		for (size_t k = 0; is_for(e, &e->edits[i]) && k < e->edits[i].remove_count; k++)
			if (begins(attribute, length, e->edits[i].remove[k]))
				return true;
	return false;
}

/* What stands for the attribute; NULL: itself. */
static const char *find_other(const struct editor *e, const char *attribute, size_t length)
{
	for (size_t i = 0; i < e->count; i++)
		for (size_t k = 0; is_for(e, &e->edits[i]) && k + 1 < e->edits[i].replace_count;
		     k += 2)
			if (begins(attribute, length, e->edits[i].replace[k]))
				return e->edits[i].replace[k + 1];
	return NULL;
}

static void edit_attribute(struct editor *e, const char *attribute, size_t length)
{
	const char *other = find_other(e, attribute, length);

	if (other && other[0])
		text_printf(&e->text, "a=%s\r\n", other);
	else if (!other && !is_removed(e, attribute, length))
		text_printf(&e->text, "a=%.*s\r\n", (int)length, attribute);
}

/* Whether the section has this attribute already, as it is written. */
static bool has(const struct editor *e, const char *attribute)
{
	const char *line = e->text.data + e->section, *end;
	size_t said = strlen(attribute);

	for (; (end = strstr(line, "\r\n")); line = end + 2)
		if ((size_t)(end - line) == said + 2 && strncmp(line, "a=", 2) == 0 &&
		    strncmp(line + 2, attribute, said) == 0)
			return true;
	return false;
}

static void end_section(struct editor *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct sdp_edit *edit = &e->edits[i];

		for (size_t k = 0; is_for(e, edit) && k < edit->add_count; k++)
			if (edit->add[k][0] && !e->text.error && !has(e, edit->add[k]))
				text_printf(&e->text, "a=%s\r\n", edit->add[k]);
	}
}

static void edit_line(struct editor *e, const char *line, size_t length)
{
	if (strncmp(line, "m=", 2) == 0) {
		end_section(e);
		e->media = line + 2;
		e->media_length = strcspn(e->media, " ");
		e->section = e->text.length;
	}
	if (strncmp(line, "a=", 2) == 0)
		edit_attribute(e, line + 2, length - 2);
	else
		text_printf(&e->text, "%.*s\r\n", (int)length, line);
}

static bool is_line(char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strpbrk(texts[i], "\r\n"))
			return false;
	return true;
}

int sdp_edit(char **text, const struct sdp_edit *edits, size_t count)
{
	struct editor e = {{.limit = 4 * SDP_SIZE_MAX}, edits, count, "", 0, 0};
	const char *line = *text, *end;

	for (size_t i = 0; i < count; i++)
		if (!is_line(edits[i].add, edits[i].add_count) ||
		    !is_line(edits[i].replace, edits[i].replace_count))
			return -EINVAL;
	for (; (end = strstr(line, "\r\n")); line = end + 2)
		edit_line(&e, line, (size_t)(end - line));
	end_section(&e);
	if (e.text.error) {
		int error = e.text.error;

		text_wipe(&e.text);
		return error;
	}
	sdp_text_free(*text);
	*text = e.text.data;
	return 0;
}
