/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The E-model: how a conversation is rated, from what its packets went through. ITU-T G.107 for
 * the telephone's band, G.107.1 for the wide one, with the values for handsets in a quiet room that
 * both have for defaults. Pure; any thread.
 */
#ifndef TANDEM_EMODEL_H
#define TANDEM_EMODEL_H

#include "controlplane/quality/voice_codec.h"

struct emodel_way {
	const struct voice_codec *codec;
	double loss;     /* 0 to 1: packets that are not played, of those that were sent */
	double burst;    /* BurstR: 1 if they are lost at random, more if one after the other */
	double delay_ms; /* mouth to ear */
};

struct emodel_rating {
	double r;              /* conversational; 93.2 at best, 129 in the wide band */
	double listening;      /* MOS-LQ: without what delay does */
	double conversational; /* MOS-CQ */
};

struct emodel_rating emodel_rate(const struct emodel_way *way);
/* MOS of an R factor of the telephone's scale: 1 to 4.5 (G.107 annex B). */
double emodel_mos(double r);

#endif
