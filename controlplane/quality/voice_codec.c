/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/quality/voice_codec.h"

#include <stddef.h>
#include <strings.h>

/*
 * G.711 conceals losses (its appendix I), as all telephones of today do. For Opus the ITU has no
 * values: those of AMR-WB at 23.05 kbit/s, the best that is listed, stand for it.
 */
static const struct voice_codec codecs[VOICE_CODECS] = {
	{"PCMU", false, 0, 25.1, 20},    {"PCMA", false, 0, 25.1, 20},
	{"G729", false, 11, 19, 25},     {"G723", false, 15, 16.1, 37.5},
	{"GSM", false, 20, 43, 20},      {"GSM-EFR", false, 5, 10, 20},
	{"iLBC", false, 11, 32, 30},     {"AMR", false, 5, 10, 25},
	{"G726-32", false, 7, 25.1, 20}, {"G726-24", false, 25, 25.1, 20},
	{"G728", false, 7, 27, 20},      {"L16", true, 0, 4.8, 20},
	{"G722", true, 13, 4.9, 22},     {"AMR-WB", true, 13, 4.8, 25},
	{"opus", true, 1, 4.8, 26.5},
};

const struct voice_codec *voice_codec_find(const char *name)
{
	for (size_t k = 0; k < VOICE_CODECS; k++)
		if (strcasecmp(codecs[k].name, name) == 0)
			return &codecs[k];
	return NULL;
}

unsigned int voice_codec_number(const struct voice_codec *codec)
{
	return codec - codecs;
}

const char *voice_codec_name(unsigned int number)
{
	return codecs[number].name;
}
