/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/sdp/sdp_transport.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

void sdp_write_address(struct text *out, const struct address *address)
{
	char text[ADDRESS_TEXT];

	if (address_is_zero(address))
		text_printf(out, "IN IP4 0.0.0.0\r\n");
	else
		text_printf(out, "IN %s %s\r\n", address_is_ipv4(address) ? "IP4" : "IP6",
			    address_text(text, address));
}

void sdp_write_connection(struct text *out, const struct address *address)
{
	text_append(out, "c=", 2);
	sdp_write_address(out, address);
}

static void write_candidate(struct text *out, unsigned int foundation, unsigned int component,
			    uint32_t priority, const struct address *address, uint16_t port)
{
	char text[ADDRESS_TEXT];

	text_printf(out, "a=candidate:%u %u UDP %u %s %u typ host\r\n", foundation, component,
		    priority, address_text(text, address), port);
}

static const struct address *shown(const struct sdp_form *form, const struct address *address)
{
	return address_is_zero(&form->shown) ? address : &form->shown;
}

static void write_candidates(struct text *out, const struct sdp_transport *t,
			     const struct sdp_form *form)
{
	const struct endpoint *candidates = t->candidates ? t->candidates : &t->rtp;
	unsigned int count = t->candidates ? t->candidate_count : 1;
	uint16_t apart = t->rtcp_port ? (uint16_t)(t->rtcp_port - endpoint_port(&t->rtp)) : 0;

	for (unsigned int i = 0; i < count; i++) {
		const struct address *address = shown(form, &candidates[i].address);
		uint16_t port = endpoint_port(&candidates[i]);
		/* RFC 8445 section 5.1.2.1: type host, then the order given, then the component. */
		uint32_t priority = (126U << 24) + ((65535U - i) << 8) + 256;

		write_candidate(out, i + 1, 1, priority - 1, address, port);
		if (apart)
			write_candidate(out, i + 1, 2, priority - 2, address,
					(uint16_t)(port + apart));
	}
}

static void write_dtls(struct text *out, const struct sdp_transport *t)
{
	static const char *const setups[] = {NULL, "active", "passive", "actpass", "holdconn"};
	const struct sdp_fingerprint *f = &t->fingerprint;

	if (t->setup)
		text_printf(out, "a=setup:%s\r\n", setups[t->setup]);
	text_printf(out, "a=fingerprint:%s ", f->hash);
	for (unsigned int i = 0; i < f->length; i++)
		text_printf(out, "%s%02X", i ? ":" : "", f->bytes[i]);
	text_append(out, "\r\n", 2);
	if (t->tls_id)
		text_printf(out, "a=tls-id:%s\r\n", t->tls_id);
}

static void write_sdes(struct text *out, const struct sdp_transport *t, const struct sdp_form *form)
{
	char value[SDES_VALUE_MAX];

	for (unsigned int i = 0; i < t->sdes_count; i++) {
		size_t length;

		if (sdes_print(value, sizeof(value), &t->sdes[i])) {
			out->error = out->error ? out->error : -EINVAL;
			break;
		}
		length = strlen(value);
		while (form->unpadded && value[length - 1] == '=')
			length--;
		text_append(out, "a=crypto:", 9);
		text_append(out, value, length);
		text_printf(out, "%s\r\n", form->lifetime ? "|2^31" : "");
	}
	OPENSSL_cleanse(value, sizeof(value));
}

void sdp_write_rtcp(struct text *out, const struct sdp_transport *t, const struct sdp_form *form)
{
	if (t->rtcp_port && !form->no_rtcp) {
		text_printf(out, "a=rtcp:%u%s", t->rtcp_port, form->whole_rtcp ? " " : "\r\n");
		if (form->whole_rtcp)
			sdp_write_address(out, shown(form, &t->rtp.address));
	}
	if (t->rtcp_mux)
		text_printf(out, "a=rtcp-mux\r\n");
	if (t->rtcp_mux_only)
		text_printf(out, "a=rtcp-mux-only\r\n");
	if (t->bundle_only)
		text_printf(out, "a=bundle-only\r\n");
}

void sdp_write_keys(struct text *out, const struct sdp_transport *t, const struct sdp_form *form)
{
	write_sdes(out, t, form);
	if (t->fingerprint.length)
		write_dtls(out, t);
}

void sdp_write_ice(struct text *out, const struct sdp_transport *t, const struct sdp_form *form)
{
	if (!t->ice_ufrag)
		return;
	text_printf(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", t->ice_ufrag, t->ice_pwd);
	write_candidates(out, t, form);
}
