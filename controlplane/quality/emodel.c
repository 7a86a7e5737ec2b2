/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/quality/emodel.h"

#include <math.h>
#include <stdbool.h>

/* Signal to noise, and what impairs speech as it is spoken, with all defaults (G.107 7.2, 7.3). */
#define RO      94.7688
#define IS      1.4136
#define RO_WIDE 129.0

/* The defaults of what delay is judged by: how loud an echo of the talker, of the listener is. */
#define TELR 65.0 /* dB */
#define WEPL 110.0

/* What turns an R of the wide band into one of the telephone's (G.107.1 annex A). */
#define WIDER 1.29

double emodel_mos(double r)
{
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	return fmax(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

/* G.107 7.4.1: the talker's own voice comes back. */
static double echo_of_talker(double ms)
{
	double terv = TELR - 40 * log10((1 + ms / 10) / (1 + ms / 150)) + 6 * exp(-0.3 * ms * ms);
	double roe = RO, re = 80 + 2.5 * (terv - 14);

	return ((roe - re) / 2 + sqrt((roe - re) * (roe - re) / 4 + 100) - 1) * (1 - exp(-ms));
}

/* G.107 7.4.2 */
static double echo_of_listener(double ms)
{
	double rle = 10.5 * (WEPL + 7) * pow(2 * ms + 1, -0.25);

	return (RO - rle) / 2 + sqrt((RO - rle) * (RO - rle) / 4 + 169);
}

/* G.107 7.4.3: even without an echo both talk at once. */
static double long_delay(double ms)
{
	double x;

	if (ms <= 100)
		return 0;
	x = log2(ms / 100);
	return 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2);
}

/* G.107 7.5: equipment, its losses included. */
static double equipment(const struct emodel_way *way)
{
	const struct voice_codec *codec = way->codec;
	double percent = 100 * way->loss;

	return codec->ie + (95 - codec->ie) * percent / (percent / way->burst + codec->bpl);
}

struct emodel_rating emodel_rate(const struct emodel_way *way)
{
	bool wide = way->codec->wide;
	double heard = (wide ? RO_WIDE : RO - IS) - equipment(way);
	double delay = echo_of_talker(way->delay_ms) + echo_of_listener(way->delay_ms) +
		       long_delay(way->delay_ms);
	double scale = wide ? WIDER : 1;

	return (struct emodel_rating){
		.r = fmax(0, heard - delay),
		.listening = emodel_mos(heard / scale),
		.conversational = emodel_mos((heard - delay) / scale),
	};
}
