/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls, parties and legs; how long it takes until they carry media. */
#include "controlplane/metrics/metrics_view.h"

void metrics_write_one(struct exposition *e, const struct exposition_family *family, double value)
{
	exposition_family(e, family);
	exposition_value(e, NULL, value);
}

static void write_histogram(struct exposition *e, const struct exposition_family *family,
			    const struct histogram_scale *scale, const struct histogram *h)
{
	exposition_family(e, family);
	exposition_histogram(e, NULL, scale, h);
}

/* --- calls ----------------------------------------------------------------------------------- */

static void write_drivers(struct exposition *e, const struct counts *c)
{
	static const struct exposition_family calls = {
		"tandem_calls", NULL, "Calls there are, by who drives them and their state."};
	static const struct exposition_family begun = {
		"tandem_calls_begun", NULL, "Calls that began with an offer.", EXPOSITION_COUNTER};

	exposition_family(e, &calls);
	for (unsigned int d = 0; d < c->driver_count; d++)
		for (unsigned int s = 1; s < COUNTS_STATES; s++)
			exposition_value(e,
					 EXPOSITION_LABELS({"driver", c->drivers[d].name},
							   {"state", counts_state_name(s)}),
					 c->drivers[d].calls[s]);
	exposition_family(e, &begun);
	for (unsigned int d = 0; d < c->driver_count; d++)
		exposition_value(e, EXPOSITION_LABELS({"driver", c->drivers[d].name}),
				 c->drivers[d].begun);
}

static void write_ends(struct exposition *e, const struct counts *c)
{
	static const struct exposition_family ended = {
		"tandem_calls_ended", NULL,
		"Calls that ended: deleted on request, unanswered, dropped by the relay, or with "
		"their first offer refused.",
		EXPOSITION_COUNTER};

	exposition_family(e, &ended);
	for (unsigned int k = 0; k < COUNTS_ENDS; k++)
		exposition_value(e, EXPOSITION_LABELS({"reason", counts_end_name(k)}), c->ended[k]);
}

/* --- legs ------------------------------------------------------------------------------------ */

static void write_legs(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family legs = {
		"tandem_legs", NULL,
		"Legs there are, by network and by the SRTP suite of their keys; none: plain RTP, "
		"or no keys yet."};
	const struct counts *c = v->counts;

	exposition_family(e, &legs);
	for (unsigned int n = 0; n < c->network_count; n++)
		for (unsigned int s = SUITE_NONE; s < SUITE_COUNT; s++)
			exposition_value(
				e,
				EXPOSITION_LABELS(
					{"network", c->networks[n].name},
					{"suite", s == SUITE_NONE ? "none" : suite_name(s)}),
				c->networks[n].legs[s]);
}

/* --- DTLS ------------------------------------------------------------------------------------ */

static void write_handshakes(struct exposition *e, const struct counts *c)
{
	static const struct exposition_family begun = {"tandem_dtls_handshakes_begun", NULL,
						       "DTLS handshakes that began.",
						       EXPOSITION_COUNTER};
	static const struct exposition_family ended = {
		"tandem_dtls_handshakes", NULL,
		"DTLS handshakes that ended: done, or why they failed.", EXPOSITION_COUNTER};
	static const struct exposition_family took = {
		"tandem_dtls_handshake_seconds", "seconds",
		"From the first datagram to the end of a DTLS handshake that succeeded.",
		EXPOSITION_HISTOGRAM};

	metrics_write_one(e, &begun, c->handshakes_begun);
	exposition_family(e, &ended);
	exposition_value(e, EXPOSITION_LABELS({"result", "done"}), c->handshakes_done);
	for (unsigned int k = 0; k < COUNTS_FAILURES; k++)
		exposition_value(e, EXPOSITION_LABELS({"result", counts_failure_name(k)}),
				 c->handshakes_failed[k]);
	write_histogram(e, &took, &counts_seconds, &c->handshake);
}

void metrics_write_calls(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family limit = {
		"tandem_calls_limit", NULL, "The most calls at a time: [controlplane] calls."};
	static const struct exposition_family parties = {
		"tandem_parties", NULL, "Parties of all calls, those who only listen included."};
	static const struct exposition_family lasted = {
		"tandem_call_duration_seconds", "seconds",
		"From the first offer to the end, of answered calls that ended.",
		EXPOSITION_HISTOGRAM};
	static const struct exposition_family answered = {
		"tandem_call_answer_seconds", "seconds",
		"From a call's first offer to its first answer.", EXPOSITION_HISTOGRAM};
	static const struct exposition_family media = {
		"tandem_leg_media_seconds", "seconds",
		"From the answer to the first media of each leg that may receive.",
		EXPOSITION_HISTOGRAM};

	write_drivers(e, v->counts);
	metrics_write_one(e, &limit, v->calls_max);
	write_ends(e, v->counts);
	metrics_write_one(e, &parties, v->counts->parties);
	write_legs(e, v);
	write_histogram(e, &answered, &counts_seconds, &v->counts->answered);
	write_histogram(e, &media, &counts_seconds, &v->counts->media);
	write_histogram(e, &lasted, &counts_long, &v->counts->lasted);
	write_handshakes(e, v->counts);
}

/* --- how it sounds --------------------------------------------------------------------------- */

static bool has_any(const struct histogram *h)
{
	for (unsigned int k = 0; k <= HISTOGRAM_BOUNDS; k++)
		if (h->counts[k])
			return true;
	return false;
}

/* A codec that nobody has spoken has no samples: most have not. */
void metrics_write_quality(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family intervals = {
		"tandem_stream_interval_mos", NULL,
		"MOS (MOS-CQ of the E-model) of the intervals of voice streams, by codec.",
		EXPOSITION_HISTOGRAM};
	static const struct exposition_family calls = {
		"tandem_call_mos", NULL,
		"MOS of calls that ended: the average of their worst stream. Calls shorter than an "
		"interval have none.",
		EXPOSITION_HISTOGRAM};

	exposition_family(e, &intervals);
	for (unsigned int k = 0; k < VOICE_CODECS; k++)
		if (has_any(&v->counts->interval_mos[k]))
			exposition_histogram(e, EXPOSITION_LABELS({"codec", voice_codec_name(k)}),
					     &counts_mos, &v->counts->interval_mos[k]);
	write_histogram(e, &calls, &counts_mos, &v->counts->call_mos);
}
