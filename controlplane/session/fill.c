/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/fill.h"

#include <errno.h>

#include "controlplane/sdp/sdp_filter.h"
#include "controlplane/sdp/text.h"
#include "controlplane/session/exchange_sdp.h"

static void copy(struct text *text, const struct sdp *sdp)
{
	for (unsigned int l = 0; l < sdp->line_count; l++) {
		text_append(text, sdp->lines[l].text, sdp->lines[l].length);
		text_append(text, "\r\n", 2);
	}
}

static int read_again(struct sdp **sdp, struct text *text, struct session_error *error)
{
	int result = text->error ? session_refuse(error, SESSION_INTERNAL, "no memory") : 0;
	struct sdp *filled = NULL;

	if (result == 0)
		result = exchange_read_sdp(&filled, text->data, NULL, error);
	text_wipe(text);
	if (result)
		return -EINVAL;
	sdp_free(*sdp);
	*sdp = filled;
	return 0;
}

int fill_offer(struct sdp **sdp, const struct call *call, unsigned int lines,
	       struct session_error *error)
{
	struct text text = {.limit = 2 * SDP_SIZE_MAX};

	if ((*sdp)->media_count >= lines)
		return 0;
	copy(&text, *sdp);
	for (unsigned int line = (*sdp)->media_count; line < lines; line++) {
		const char *kind = call->media[line].kind;

		text_printf(&text, "m=%s 0 RTP/AVP 0\r\n", kind[0] ? kind : "audio");
	}
	return read_again(sdp, &text, error);
}

int fill_answer(struct sdp **sdp, const struct sdp *offer, struct session_error *error)
{
	struct text text = {.limit = 2 * SDP_SIZE_MAX};

	for (unsigned int line = 0; line < (*sdp)->media_count && line < offer->media_count; line++)
		if (offer->media[line].rejected && !(*sdp)->media[line].rejected)
			sdp_reject(*sdp, &(*sdp)->media[line]);
	if ((*sdp)->media_count >= offer->media_count)
		return 0;
	copy(&text, *sdp);
	for (unsigned int line = (*sdp)->media_count; line < offer->media_count; line++) {
		const struct sdp_media *m = &offer->media[line];

		text_printf(&text, "m=%s 0 %s %s\r\n", m->kind_name, m->profile_name,
			    m->format_count ? m->formats[0] : "0");
	}
	return read_again(sdp, &text, error);
}
