/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/sdp/text.h"

struct medium *media_copy(const struct medium *media)
{
	struct medium *copy = calloc(SDP_MEDIA_MAX, sizeof(*copy));

	for (unsigned int line = 0; copy && line < SDP_MEDIA_MAX; line++) {
		copy[line] = media[line];
		if (media[line].codecs)
			copy[line].codecs = strdup(media[line].codecs);
	}
	return copy;
}

void media_free(struct medium *media)
{
	for (unsigned int line = 0; media && line < SDP_MEDIA_MAX; line++)
		free(media[line].codecs);
	free(media);
}

static void add_types(uint64_t types[2], const struct sdp_media *media)
{
	for (unsigned int i = 0; i < media->format_count; i++) {
		char *end;
		unsigned long type = strtoul(media->formats[i], &end, 10);

		if (*end == '\0' && type < 128)
			types[type / 64] |= 1ULL << type % 64;
	}
}

/* Of an attribute that speaks of codecs, and of nothing that a listener would not have. */
static bool is_of_codecs(const struct sdp_line *line)
{
	static const char *const names[] = {"rtpmap:", "fmtp:", "ptime:", "maxptime:"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncasecmp(line->text, "a=", 2) == 0 &&
		    strncasecmp(line->text + 2, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The formats, and a line for each attribute: as it may stand in another SDP. */
static char *codecs_of(const struct sdp *sdp, const struct sdp_media *media)
{
	struct text text = {.limit = SDP_SIZE_MAX};

	for (unsigned int i = 0; i < media->format_count; i++)
		text_printf(&text, "%s%s", i ? " " : "", media->formats[i]);
	text_printf(&text, "\r\n");
	for (unsigned int l = media->first_line + 1; l < media->end_line; l++)
		if (is_of_codecs(&sdp->lines[l]))
			text_printf(&text, "%s\r\n", sdp->lines[l].text);
	if (!text.error)
		return text.data;
	text_wipe(&text);
	return NULL;
}

static void take_line(struct medium *medium, const struct sdp *offer, const struct sdp *answer,
		      unsigned int line)
{
	const struct sdp_media *agreed = &answer->media[line];

	if (agreed->rejected)
		return;
	snprintf(medium->kind, sizeof(medium->kind), "%s", agreed->kind_name);
	medium->types[0] = medium->types[1] = 0;
	add_types(medium->types, &offer->media[line]);
	add_types(medium->types, agreed);
	free(medium->codecs);
	medium->codecs = codecs_of(answer, agreed);
}

void media_take(struct medium *media, const struct sdp *offer, const struct sdp *answer)
{
	for (unsigned int line = 0; line < answer->media_count; line++)
		take_line(&media[line], offer, answer, line);
}

void media_take_new(struct medium *media, const struct sdp *offer, const struct sdp *answer)
{
	for (unsigned int line = 0; line < answer->media_count; line++)
		if (!media[line].codecs)
			take_line(&media[line], offer, answer, line);
}

void media_name(char name[MEDIA_NAME], const struct medium *media, unsigned int type)
{
	const char *map = sdp_static_map(type), *said;
	char line[32];

	snprintf(line, sizeof(line), "a=rtpmap:%u ", type);
	said = media->codecs ? strcasestr(media->codecs, line) : NULL;
	name[0] = '\0';
	sscanf(said ? said + strlen(line) : map ? map : "", "%15[^/\r\n]", name);
}

int media_silence(const struct medium *media, unsigned int type)
{
	static const struct {
		const char *name;
		uint8_t octet;
	} codecs[] = {
		{"PCMU", 0xff}, /* ITU-T G.711: the smallest positive value */
		{"PCMA", 0xd5},
		{"G722", 0xfa}, /* what an encoder comes to rest at */
	};
	char name[MEDIA_NAME];

	if (!(media->types[type / 64] >> type % 64 & 1))
		return -1;
	media_name(name, media, type);
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (strcasecmp(codecs[i].name, name) == 0)
			return codecs[i].octet;
	return -1;
}

void media_events(uint64_t types[2], const struct medium *media)
{
	char name[MEDIA_NAME];

	for (unsigned int type = 0; type < 128; type++) {
		if (!(media->types[type / 64] >> type % 64 & 1))
			continue;
		media_name(name, media, type);
		if (strcasecmp(name, "telephone-event") == 0)
			types[type / 64] |= 1ULL << type % 64;
	}
}
