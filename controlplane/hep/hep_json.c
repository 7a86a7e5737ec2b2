/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/hep/hep_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/lib/utf8.h"

#define SR       200 /* RFC 3550 12.1 */
#define RR       201
#define NTP_1970 2208988800 /* seconds from 1900 */

struct text {
	char *out;
	size_t size, length;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	if (t->length >= t->size)
		return;
	va_start(ap, fmt);
	t->length += vsnprintf(t->out + t->length, t->size - t->length, fmt, ap);
	va_end(ap);
}

/* "name":"value", */
static void put_text(struct text *t, const char *name, const char *value)
{
	bool valid = utf8_is_valid(value);

	put(t, "\"%s\":\"", name);
	for (; *value; value++) {
		unsigned char c = *value;

		if (c == '"' || c == '\\')
			put(t, "\\%c", c);
		else if (c < ' ')
			put(t, "\\u%04x", c);
		else
			put(t, "%c", c < 0x80 || valid ? c : '?');
	}
	put(t, "\",");
}

static size_t length_of(const struct text *t)
{
	return t->length < t->size ? t->length : 0;
}

/* --- RTCP ------------------------------------------------------------------------------------ */

/* In 256ths, as RTCP has it. */
static unsigned int part(double of_one)
{
	return of_one >= 1 ? 255 : of_one > 0 ? (unsigned int)(256 * of_one) : 0;
}

/* ms of 16 bits. */
static unsigned int ms(double value)
{
	return value >= UINT16_MAX ? UINT16_MAX : value > 0 ? (unsigned int)lround(value) : 0;
}

static void put_sender(struct text *t, const struct hep_rtcp *r)
{
	put(t,
	    "\"sender_information\":{\"ntp_timestamp_sec\":%" PRIu32
	    ",\"ntp_timestamp_usec\":%" PRIu32 ",\"packets\":%" PRIu32 ",\"octets\":%" PRIu32 "},",
	    (uint32_t)(r->time_ms / 1000 + NTP_1970), (uint32_t)((r->time_ms % 1000 << 32) / 1000),
	    (uint32_t)r->packets, (uint32_t)r->octets);
}

/* 24 bits, signed (RFC 3550 6.4.1); Homer's agents show them as they are. */
static void put_block(struct text *t, const struct hep_rtcp *r)
{
	int64_t lost = r->lost < -0x800000 ? -0x800000 : r->lost > 0x7fffff ? 0x7fffff : r->lost;

	put(t,
	    "{\"source_ssrc\":%" PRIu32 ",\"fraction_lost\":%u,\"packets_lost\":%" PRId64
	    ",\"ia_jitter\":%" PRIu32 ",\"lsr\":0,\"dlsr\":0}",
	    r->heard, part(r->loss), lost, r->jitter);
}

static void put_voice(struct text *t, const struct hep_rtcp *r)
{
	put(t,
	    ",\"report_blocks_xr\":{\"type\":7,\"id\":%" PRIu32 ",\"fraction_lost\":%u,"
	    "\"fraction_discard\":%u,\"burst_density\":%u,\"gap_density\":%u,"
	    "\"round_trip_delay\":%u,\"end_system_delay\":%u}",
	    r->heard, part(r->loss), part(r->discarded), part(r->burst_density),
	    part(r->gap_density), ms(r->rtt_ms), ms(r->delay_ms));
}

size_t hep_json_rtcp(char *out, size_t size, const struct hep_rtcp *r)
{
	struct text t = {out, size};

	put(&t, "{");
	if (r->sends)
		put_sender(&t, r);
	put(&t, "\"ssrc\":%" PRIu32 ",\"type\":%d,\"report_count\":%d,\"report_blocks\":[", r->ssrc,
	    r->sends ? SR : RR, r->hears);
	if (r->hears)
		put_block(&t, r);
	put(&t, "]");
	if (r->hears && r->voice)
		put_voice(&t, r);
	put(&t, "}");
	return length_of(&t);
}

/* --- streams --------------------------------------------------------------------------------- */

static void put_ends(struct text *t, const struct hep_stats *s)
{
	char text[ADDRESS_TEXT];

	put_text(t, "SRC_IP", address_text(text, &s->from.address));
	put(t, "\"SRC_PORT\":%u,", endpoint_port(&s->from));
	put_text(t, "DST_IP", address_text(text, &s->to.address));
	put(t, "\"DST_PORT\":%u,", endpoint_port(&s->to));
}

size_t hep_json_stats(char *out, size_t size, const struct hep_stats *s)
{
	struct text t = {out, size};

	put(&t, "{");
	put_text(&t, "CORRELATION_ID", s->call_id);
	put_text(&t, "RTP_SIP_CALL_ID", s->call_id);
	put(&t, "\"REPORT_TS\":%" PRIu64 ".%03" PRIu64 ",", s->time_ms / 1000, s->time_ms % 1000);
	put(&t, "\"SSRC\":%" PRIu32 ",\"TL_BYTE\":%" PRIu64 ",\"TOTAL_PK\":%" PRIu64 ",", s->ssrc,
	    s->octets, s->packets);
	put(&t, "\"EXPECTED_PK\":%.0f,\"PACKET_LOSS\":%.0f,\"OUT_ORDER\":%" PRIu64 ",",
	    s->packets + s->lost, s->lost, s->reordered);
	put(&t, "\"JITTER\":%.3f,\"MEAN_JITTER\":%.3f,\"MAX_JITTER\":%.3f,", s->jitter_ms,
	    s->mean_jitter_ms, s->worst_jitter_ms);
	put(&t, "\"MOS\":%.3f,\"MIN_MOS\":%.3f,\"MEAN_MOS\":%.3f,\"RFACTOR\":%.3f,", s->mos,
	    s->lowest_mos, s->mean_mos, s->r);
	put_ends(&t, s);
	put(&t, "\"CODEC_PT\":%" PRIu32 ",\"CLOCK\":%" PRIu32 ",", s->payload_type, s->clock_hz);
	put_text(&t, "CODEC_NAME", s->codec);
	put_text(&t, "REPORT_NAME", s->party);
	put(&t, "\"DIR\":0,\"TYPE\":\"%s\"}", s->whole ? "FINAL" : "PERIODIC");
	return length_of(&t);
}
