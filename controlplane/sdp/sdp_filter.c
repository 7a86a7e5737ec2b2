/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/sdp/sdp_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The lines of an SDP point into its own text, which has room for what is shorter. */
static char *text_of(struct sdp *sdp, const struct sdp_line *line)
{
	return sdp->text + (line->text - sdp->text);
}

/* --- codecs ---------------------------------------------------------------------------------- */

/* The value of a=rtpmap for each payload type of an m-line. */
struct maps {
	const char *of[128];
};

static void read_maps(struct maps *maps, const struct sdp *sdp, const struct sdp_media *m)
{
	for (unsigned int type = 0; type < 128; type++)
		maps->of[type] = sdp_static_map(type);
	for (unsigned int l = m->first_line + 1; l < m->end_line; l++) {
		char *end;
		unsigned long type;

		if (strncasecmp(sdp->lines[l].text, "a=rtpmap:", 9) != 0)
			continue;
		type = strtoul(sdp->lines[l].text + 9, &end, 10);
		if (type < 128 && *end == ' ')
			maps->of[type] = end + strspn(end, " ");
	}
}

/* "name", "name/clock" or "name/clock/channels": as much as it says must be the same. */
static bool is_codec(const char *wanted, const char *format, const char *map)
{
	size_t length = strlen(wanted), said = map ? strcspn(map, " \t") : 0;

	if (strcmp(wanted, format) == 0)
		return true;
	if (!map)
		return false;
	/* One channel may be left unsaid. */
	if (length > 2 && strchr(wanted, '/') != strrchr(wanted, '/') &&
	    strcmp(wanted + length - 2, "/1") == 0 && said == length - 2)
		length -= 2;
	if (said < length || strncasecmp(wanted, map, length) != 0)
		return false;
	/* With its clock said, a codec without channels has one. */
	return said == length || (map[length] == '/' && !memchr(wanted, '/', length));
}

static const char *map_of(const struct maps *maps, const char *format)
{
	char *end;
	unsigned long type = strtoul(format, &end, 10);

	return *end == '\0' && type < 128 ? maps->of[type] : NULL;
}

/* The place in the list, from 1; 0: it is not there. */
static size_t find(const struct sdp_names *names, const char *format, const struct maps *maps)
{
	for (size_t i = 0; i < names->count; i++)
		if (is_codec(names->name[i], format, map_of(maps, format)))
			return i + 1;
	return 0;
}

static bool has_word(const struct sdp_names *names, const char *word)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcasecmp(names->name[i], word) == 0)
			return true;
	return false;
}

static bool stays(const struct sdp_filter *f, const char *format, const struct maps *maps)
{
	return !(has_word(&f->strip, "all") || find(&f->strip, format, maps)) ||
	       find(&f->except, format, maps);
}

static bool is_event(const char *format, const struct maps *maps)
{
	const char *map = map_of(maps, format);

	return map && strncasecmp(map, "telephone-event/", 16) == 0;
}

/* Those that stay, the wanted ones first, in the order of their list; how many. */
static unsigned int choose(const struct sdp_filter *f, const struct sdp_media *m,
			   const struct maps *maps, const char **out)
{
	size_t place[SDP_FORMATS_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < m->format_count; i++)
		place[i] = find(&f->first, m->formats[i], maps);
	for (size_t wanted = 1; wanted <= f->first.count; wanted++)
		for (unsigned int i = 0; i < m->format_count; i++)
			if (place[i] == wanted)
				out[count++] = m->formats[i];
	for (unsigned int i = 0; i < m->format_count; i++)
		if (!place[i] && stays(f, m->formats[i], maps))
			out[count++] = m->formats[i];
	return count;
}

static unsigned int keep_one(const char **formats, unsigned int count, const struct maps *maps)
{
	unsigned int kept = 0;
	bool media = false;

	for (unsigned int i = 0; i < count; i++) {
		bool event = is_event(formats[i], maps);

		if (event || !media)
			formats[kept++] = formats[i];
		media |= !event;
	}
	return kept;
}

static void write_formats(struct sdp *sdp, struct sdp_media *m)
{
	struct sdp_line *line = &sdp->lines[m->first_line];
	char *text = text_of(sdp, line);
	size_t room = line->length + 1, used;

	used = (size_t)snprintf(text, room, "m=%s %u %s", m->kind_name, m->port, m->profile_name);
	for (unsigned int i = 0; i < m->format_count && used < room; i++)
		used += (size_t)snprintf(text + used, room - used, " %s", m->formats[i]);
	line->length = (unsigned int)strlen(text);
}

/* False: what is needed is not there. */
static bool filter_codecs(struct sdp *sdp, struct sdp_media *m, const struct sdp_filter *f)
{
	const char *left[SDP_FORMATS_MAX];
	struct maps maps;
	unsigned int count;

	read_maps(&maps, sdp, m);
	count = choose(f, m, &maps, left);
	if (f->single)
		count = keep_one(left, count, &maps);
	if (count == 0)
		return f->needed.count == 0 || m->kind != SDP_AUDIO;
	if (count == m->format_count && memcmp(left, m->formats, count * sizeof(*left)) == 0)
		return true;
	memcpy(m->formats, left, count * sizeof(*left));
	m->format_count = count;
	write_formats(sdp, m);
	return true;
}

/* --- the others ------------------------------------------------------------------------------ */

/* id[/direction] URI [attributes] */
static bool names_extension(const struct sdp_names *names, const char *value)
{
	const char *uri = value + strcspn(value, " \t");
	size_t length;

	uri += strspn(uri, " \t");
	length = strcspn(uri, " \t");
	for (size_t i = 0; i < names->count; i++)
		if (strcasecmp(names->name[i], "all") == 0 ||
		    (strlen(names->name[i]) == length && strncmp(names->name[i], uri, length) == 0))
			return true;
	return false;
}

/* Nothing is left of it but its place. */
static void blank(struct sdp *sdp, struct sdp_line *line)
{
	text_of(sdp, line)[2] = '\0';
	line->length = 2;
}

static void filter_extensions(struct sdp *sdp, const struct sdp_names *names)
{
	for (unsigned int l = 0; names->count && l < sdp->line_count; l++) {
		struct sdp_line *line = &sdp->lines[l];

		if (strncasecmp(line->text, "a=extmap:", 9) != 0 ||
		    !names_extension(names, line->text + 9))
			continue;
		blank(sdp, line);
	}
}

/* The transport of its BUNDLE group is the next one's, if that has its own. */
static void leave_bundle(struct sdp *sdp, struct sdp_media *m)
{
	for (unsigned int i = 0; m->bundle_tag && i < sdp->media_count; i++) {
		struct sdp_media *other = &sdp->media[i];

		if (other == m || other->bundle != m->bundle || other->rejected)
			continue;
		other->bundle_tag = true;
		break;
	}
	m->bundle = 0;
	m->bundle_tag = m->bundle_only = false;
	for (unsigned int l = m->first_line + 1; l < m->end_line; l++)
		if (strcasecmp(sdp->lines[l].text, "a=bundle-only") == 0)
			blank(sdp, &sdp->lines[l]);
}

void sdp_reject(struct sdp *sdp, struct sdp_media *m)
{
	m->port = 0;
	m->rejected = true;
	leave_bundle(sdp, m);
	write_formats(sdp, m);
}

unsigned int sdp_filter(struct sdp *sdp, const struct sdp_filter *filter)
{
	bool codecs = filter->strip.count || filter->first.count || filter->single;

	for (unsigned int i = 0; i < sdp->media_count; i++) {
		struct sdp_media *m = &sdp->media[i];

		if (m->rejected)
			continue;
		if (has_word(&filter->reject, m->kind_name))
			sdp_reject(sdp, m);
		else if (codecs && !filter_codecs(sdp, m, filter))
			return i + 1;
	}
	filter_extensions(sdp, &filter->extensions);
	return 0;
}
