/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/sdp/sdp_codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 3551 tables 4 and 5: the payload types that need no a=rtpmap. */
static const char *const maps[] = {
	[0] = "PCMU/8000",    [3] = "GSM/8000",    [4] = "G723/8000",   [5] = "DVI4/8000",
	[6] = "DVI4/16000",   [7] = "LPC/8000",    [8] = "PCMA/8000",   [9] = "G722/8000",
	[10] = "L16/44100/2", [11] = "L16/44100",  [12] = "QCELP/8000", [13] = "CN/8000",
	[14] = "MPA/90000",   [15] = "G728/8000",  [16] = "DVI4/11025", [17] = "DVI4/22050",
	[18] = "G729/8000",   [25] = "CelB/90000", [26] = "JPEG/90000", [28] = "nv/90000",
	[31] = "H261/90000",  [32] = "MPV/90000",  [33] = "MP2T/90000", [34] = "H263/90000",
};

const char *sdp_static_map(unsigned int type)
{
	return type < sizeof(maps) / sizeof(maps[0]) ? maps[type] : NULL;
}

uint32_t sdp_static_clock(unsigned int type)
{
	const char *map = sdp_static_map(type);

	return map ? (uint32_t)strtoul(strchr(map, '/') + 1, NULL, 10) : 0;
}

/* --- the lines of an m-line ------------------------------------------------------------------ */

#define EVERY_TYPE 128 /* a=rtcp-fb:* */
#define NO_TYPE    129

/* The places, from 1, of the lines about each payload type, chained in their order. */
struct chains {
	uint16_t first[EVERY_TYPE + 1], last[EVERY_TYPE + 1];
	uint16_t next[SDP_LINES_MAX + 1];
};

/* What comes after "a=name:" in such a line; NULL: it is another one. */
static const char *value_of(const struct sdp_line *line, bool feedback)
{
	static const char *const names[] = {"a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"};

	for (unsigned int i = 0; i < (feedback ? 3 : 2); i++)
		if (!strncasecmp(line->text, names[i], strlen(names[i])))
			return line->text + strlen(names[i]);
	return NULL;
}

static unsigned int type_of(const char *value)
{
	unsigned long type;
	char *end;

	if (*value == '*')
		return EVERY_TYPE;
	type = strtoul(value, &end, 10);
	return end > value && type < EVERY_TYPE && (!*end || strchr(" \t", *end))
		       ? (unsigned int)type
		       : NO_TYPE;
}

static void chain(struct chains *chains, const struct sdp *sdp, const struct sdp_media *m,
		  bool feedback)
{
	memset(chains->first, 0, sizeof(chains->first));
	for (unsigned int l = m->first_line + 1; l < m->end_line; l++) {
		const char *value = value_of(&sdp->lines[l], feedback);
		unsigned int type = value ? type_of(value) : NO_TYPE;
		uint16_t place = (uint16_t)(l + 1);

		if (type == NO_TYPE)
			continue;
		chains->next[place] = 0;
		if (chains->first[type])
			chains->next[chains->last[type]] = place;
		else
			chains->first[type] = place;
		chains->last[type] = place;
	}
}

static void write_type(struct text *out, struct chains *chains, const struct sdp *sdp,
		       unsigned int type)
{
	const char *map = sdp_static_map(type);

	for (unsigned int place = chains->first[type]; place && map; place = chains->next[place])
		if (!strncasecmp(sdp->lines[place - 1].text, "a=rtpmap:", 9))
			map = NULL;
	if (map)
		text_printf(out, "a=rtpmap:%u %s\r\n", type, map);
	for (unsigned int place = chains->first[type]; place; place = chains->next[place]) {
		text_append(out, sdp->lines[place - 1].text, sdp->lines[place - 1].length);
		text_append(out, "\r\n", 2);
	}
}

void sdp_write_codecs(struct text *out, const struct sdp *sdp, const struct sdp_media *m,
		      bool feedback)
{
	bool written[EVERY_TYPE] = {false};
	struct chains chains;

	chain(&chains, sdp, m, feedback);
	for (unsigned int f = 0; f < m->format_count; f++) {
		unsigned int type = type_of(m->formats[f]);

		if (type >= EVERY_TYPE || written[type])
			continue;
		written[type] = true;
		write_type(out, &chains, sdp, type);
	}
	write_type(out, &chains, sdp, EVERY_TYPE);
}

/* --- an offer of one's own ------------------------------------------------------------------- */

#define AUDIO_TYPE_MAX 18 /* of those in RFC 3551 */
#define CODEC_NAME_MAX 31
#define CLOCK_MAX      1000000 /* Hz */
#define CHANNELS_MAX   255

struct offered {
	unsigned int type;
	char map[64];
};

static bool is_called(const char *map, const char *name)
{
	size_t length = strlen(name);

	return map && strncasecmp(map, name, length) == 0 && (!map[length] || map[length] == '/');
}

/* "/8000": a number from 1; *at is behind it. */
static bool read_number(const char **at, unsigned int *number, unsigned long most)
{
	char *end;
	unsigned long read;

	if ((*at)[0] != '/' || (*at)[1] < '0' || (*at)[1] > '9')
		return false;
	read = strtoul(*at + 1, &end, 10);
	*at = end;
	*number = (unsigned int)read;
	return read > 0 && read <= most;
}

/* Those that everybody knows may be named without their clock. */
static bool find_map(struct offered *offered, const char *name, unsigned int dynamic)
{
	static const char *const usual[] = {"opus/48000/2", "telephone-event/8000"};
	int length = (int)strcspn(name, "/");
	unsigned int clock, channels = 1;
	const char *rest = name + length;

	for (unsigned int type = 0; type <= AUDIO_TYPE_MAX; type++)
		if (is_called(maps[type], name)) {
			offered->type = type;
			snprintf(offered->map, sizeof(offered->map), "%s", maps[type]);
			return true;
		}
	offered->type = dynamic;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (is_called(usual[i], name)) {
			snprintf(offered->map, sizeof(offered->map), "%s", usual[i]);
			return true;
		}
	if (!length || length > CODEC_NAME_MAX || strcspn(name, " \t\r\n") < strlen(name) ||
	    !read_number(&rest, &clock, CLOCK_MAX) ||
	    (*rest && !read_number(&rest, &channels, CHANNELS_MAX)) || *rest)
		return false;
	snprintf(offered->map, sizeof(offered->map), channels > 1 ? "%.*s/%u/%u" : "%.*s/%u",
		 length, name, clock, channels);
	return true;
}

static bool is_there(const struct offered *offered, size_t count, const struct offered *one)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(offered[i].map, one->map) == 0)
			return true;
	return false;
}

size_t sdp_write_offered(struct text *out, char *const *names, size_t count)
{
	struct offered offered[SDP_CODECS_MAX];
	unsigned int dynamic = 96;

	for (size_t i = 0; i < count; i++) {
		if (i == SDP_CODECS_MAX || !find_map(&offered[i], names[i], dynamic) ||
		    is_there(offered, i, &offered[i]))
			return i + 1;
		dynamic += offered[i].type == dynamic;
	}
	text_printf(out, "m=audio 9 RTP/AVP");
	for (size_t i = 0; i < count; i++)
		text_printf(out, " %u", offered[i].type);
	text_printf(out, "\r\n");
	for (size_t i = 0; i < count; i++) {
		text_printf(out, "a=rtpmap:%u %s\r\n", offered[i].type, offered[i].map);
		if (is_called(offered[i].map, "telephone-event"))
			text_printf(out, "a=fmtp:%u 0-15\r\n", offered[i].type);
	}
	return 0;
}
