/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Codecs as the E-model knows them (ITU-T G.113 appendix I and its amendments): what a codec
 * impairs, how well it hides losses, what it delays. Pure; any thread.
 */
#ifndef TANDEM_VOICE_CODEC_H
#define TANDEM_VOICE_CODEC_H

#include <stdbool.h>

#define VOICE_CODECS 15

struct voice_codec {
	const char *name; /* of a=rtpmap */
	bool wide;        /* ie is one of G.107.1 */
	double ie, bpl;
	double delay_ms; /* of a packet of 20 ms and what the coder looks ahead */
};

/*
 * By the name of a=rtpmap, whatever its case. NULL: it carries no voice (tones, comfort noise,
 * video), or none that a rating is known for.
 */
const struct voice_codec *voice_codec_find(const char *name);

/* Each has a number below VOICE_CODECS. */
unsigned int voice_codec_number(const struct voice_codec *codec);
const char *voice_codec_name(unsigned int number);

#endif
