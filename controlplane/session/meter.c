/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/meter.h"

#include "controlplane/session/rating.h"
#include "controlplane/session/session_state.h"

_Static_assert(SESSION_CODEC == MEDIA_NAME, "a codec's name fits");

/* Whether anything came, or was said, that was not told before. */
static bool is_news(const Tandem__Dataplane__V1__Stream *stream, const struct rated *rated)
{
	if (stream->heard_ssrc)
		return true;
	return stream->packets && (!rated || rated->quality.latest.packets > 0);
}

static void tell(const struct leg *leg, const Tandem__Dataplane__V1__Stream *stream)
{
	const struct rated *rated = rated_find(&leg->rated, stream->ssrc);
	struct session_interval interval = {
		.call_id = leg->party->call->id,
		.party = party_name(leg->party),
		.from = leg_remote(leg),
		.at = endpoint_make(&leg->at->address, leg->port),
		.stream = stream,
		.quality = rated ? &rated->quality : NULL,
		.missing = rating_missing(leg, stream),
	};
	struct session_meter *meter;

	if (!is_news(stream, rated))
		return;
	rating_name(interval.codec, leg, stream->payload_type);
	LIST_FOREACH (meter, &leg->session->meters, entry)
		meter->interval(meter->arg, &interval);
}

void meter_tell(const struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	if (LIST_EMPTY(&leg->session->meters))
		return;
	for (size_t k = 0; k < status->n_streams; k++)
		tell(leg, status->streams[k]);
}

void session_meter(struct session *s, struct session_meter *meter)
{
	LIST_INSERT_HEAD(&s->meters, meter, entry);
}

void session_unmeter(struct session_meter *meter)
{
	LIST_REMOVE(meter, entry);
}
