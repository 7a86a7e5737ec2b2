/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/quality/xr_make.h"

#include <math.h>
#include <string.h>

enum { RR = 201, SDES = 202, XR = 207 };

#define VERSION     0x80
#define CNAME       1
#define VOICE       7 /* VoIP metrics */
#define VOICE_WORDS 8 /* behind the block's first */
#define UNKNOWN     127
#define GMIN        16 /* as the dataplane counts bursts */

static uint8_t *put16(uint8_t *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

/* `words` behind the first one, which this is. */
static uint8_t *put_header(uint8_t *at, unsigned int count, unsigned int type, unsigned int words)
{
	at[0] = VERSION | count;
	at[1] = type;
	return put16(at + 2, words);
}

/* One chunk, whose items end with a zero octet at least, and at a word. */
static uint8_t *put_cname(uint8_t *at, uint32_t by, const char *cname)
{
	size_t length = strnlen(cname, XR_CNAME_MAX);
	size_t words = (2 + length + 1 + 3) / 4;

	at = put32(put_header(at, 1, SDES, 1 + words), by);
	memset(at, 0, 4 * words);
	at[0] = CNAME;
	at[1] = length;
	memcpy(at + 2, cname, length);
	return at + 4 * words;
}

/* Rounded, and as much as fits. */
static unsigned int whole(double value, unsigned int most)
{
	return value > 0 ? fmin(lround(fmin(value, most)), most) : 0;
}

/* Of 256: "the integer part after multiplying" (4.7.1). */
static uint8_t part(double value)
{
	return value > 0 ? (uint8_t)fmin(value * 256, 255) : 0;
}

static uint8_t rating(double value)
{
	return value > 0 ? whole(value, 100) : UNKNOWN;
}

static uint8_t *put_voice(uint8_t *at, const struct xr_made *made)
{
	at[0] = VOICE;
	at[1] = 0;
	at = put32(put16(at + 2, VOICE_WORDS), made->ssrc);
	*at++ = part(made->lost);
	*at++ = part(made->discarded);
	*at++ = part(made->burst_density);
	*at++ = part(made->gap_density);
	at = put16(at, whole(made->burst_ms, UINT16_MAX));
	at = put16(at, whole(made->gap_ms, UINT16_MAX));
	at = put16(at, whole(made->round_trip_ms, UINT16_MAX));
	at = put16(at, 0); /* what the relay adds is less than a millisecond */
	*at++ = UNKNOWN;   /* levels of signal, noise and echo: it decodes nothing */
	*at++ = UNKNOWN;
	*at++ = UNKNOWN;
	*at++ = GMIN;
	*at++ = rating(made->r);
	*at++ = UNKNOWN; /* R of another segment */
	*at++ = rating(10 * made->listening);
	*at++ = rating(10 * made->conversational);
	*at++ = 0; /* neither concealment nor a buffer of its own */
	*at++ = 0;
	for (unsigned int k = 0; k < 3; k++) /* nominal, at most now, at most ever */
		at = put16(at, whole(made->buffer_ms, UINT16_MAX));
	return at;
}

size_t xr_make(uint8_t out[XR_MAKE_MOST], const struct xr_made *made)
{
	uint8_t *at = put32(put_header(out, 0, RR, 1), made->by);

	at = put_cname(at, made->by, made->cname);
	at = put32(put_header(at, 0, XR, 2 + VOICE_WORDS), made->by);
	return put_voice(at, made) - out;
}
