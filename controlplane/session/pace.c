/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/pace.h"

#include <stdlib.h>

/* Whatever a=ptime says: a telephone may switch to 10 ms, and one answers events beside audio. */
#define AUDIO_LEAST        100
/* Samples of 16 bits in stereo, in packets of 1200 octets: no codec needs more of them. */
#define SAMPLES_PER_PACKET 300
/* Key frames and probes come in bursts even where little is allowed, from each simulcast layer. */
#define VIDEO_LEAST        500
/* A browser's camera or screen, without a limit of its own: 10 Mbit/s. */
#define VIDEO_BITS         10000000
/* Frames end with short packets, and retransmissions and repair are packets too. */
#define VIDEO_PACKET_BITS  (500 * 8)
#define OTHER_LEAST        1000
#define PACE_MOST          1000000

static unsigned int larger(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static unsigned int fastest_clock(const struct sdp_media *media)
{
	unsigned int hz = 0;

	for (unsigned int i = 0; i < media->format_count; i++) {
		unsigned long type = strtoul(media->formats[i], NULL, 10);

		if (type < 128)
			hz = larger(hz, media->clock_rate[type]);
	}
	return hz;
}

static unsigned int pace_of_audio(const struct sdp_media *media)
{
	unsigned int pace = larger(AUDIO_LEAST, fastest_clock(media) / SAMPLES_PER_PACKET);

	return media->ptime_us ? larger(pace, 1000000 / media->ptime_us) : pace;
}

static unsigned int pace_of_video(const struct sdp_media *media)
{
	uint64_t bits = media->bandwidth ? media->bandwidth : VIDEO_BITS;
	uint64_t pace = bits / VIDEO_PACKET_BITS;

	return larger(VIDEO_LEAST, pace < PACE_MOST ? pace : PACE_MOST);
}

unsigned int pace_of(const struct sdp_media *media)
{
	switch (media->kind) {
	case SDP_AUDIO:
		return pace_of_audio(media);
	case SDP_VIDEO:
		return pace_of_video(media);
	default:
		return OTHER_LEAST;
	}
}

unsigned int pace_limit(unsigned int pace, unsigned int headroom)
{
	uint64_t limit = (uint64_t)pace * headroom;

	return limit < UINT32_MAX ? limit : UINT32_MAX;
}
