/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sdp/sdp_edit.h"
#include "controlplane/sdp/sdp_filter.h"

static int check_names(size_t count, struct session_error *error)
{
	if (count <= SDP_NAMES_MAX)
		return 0;
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "%zu names for an SDP are too many; give at most %d in a list", count,
			      SDP_NAMES_MAX);
}

int form_filter(struct sdp *sdp, const Tandem__Relay__V1__SdpFilter *filter,
		struct session_error *error)
{
	unsigned int mline;

	if (!filter)
		return 0;
	if (check_names(filter->n_strip, error) || check_names(filter->n_except, error) ||
	    check_names(filter->n_first, error) || check_names(filter->n_reject, error) ||
	    check_names(filter->n_extensions, error))
		return -EINVAL;
	mline = sdp_filter(sdp, &(struct sdp_filter){
					.strip = {filter->strip, filter->n_strip},
					.except = {filter->except, filter->n_except},
					.first = {filter->first, filter->n_first},
					.reject = {filter->reject, filter->n_reject},
					.extensions = {filter->extensions, filter->n_extensions},
					.needed = {filter->needed, filter->n_needed},
					.single = filter->single,
				});
	if (!mline)
		return 0;
	return session_refuse(error, SESSION_UNIMPLEMENTED,
			      "m-line %u: no codec is left without transcoding, which this relay "
			      "does not do; let one of the sender's pass",
			      mline);
}

static int check_edits(const Tandem__Relay__V1__SdpForm *form, struct session_error *error)
{
	if (check_names(form->n_edits, error))
		return -EINVAL;
	for (size_t i = 0; i < form->n_edits; i++)
		if (check_names(form->edits[i]->n_remove, error) ||
		    check_names(form->edits[i]->n_add, error) ||
		    check_names(form->edits[i]->n_replace, error))
			return -EINVAL;
	return 0;
}

int form_read(struct sdp_form *out, const Tandem__Relay__V1__SdpForm *form,
	      struct session_error *error)
{
	*out = (struct sdp_form){false};
	if (!form)
		return 0;
	*out = (struct sdp_form){
		.user = form->user,
		.origin = form->origin,
		.nowhere = form->nowhere,
		.directions = form->directions,
		.mids = form->mids,
		.no_rtcp = form->no_rtcp,
		.whole_rtcp = form->whole_rtcp,
		.unpadded = form->unpadded,
		.lifetime = form->lifetime,
		.ptime_ms = form->ptime_ms,
		.loop = form->loop[0] ? form->loop : NULL,
	};
	if (form->address[0] && address_parse(&out->shown, form->address))
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "form: address \"%.60s\" is no IP address; write e.g. "
				      "198.51.100.7",
				      form->address);
	if (check_edits(form, error))
		return -EINVAL;
	if (strpbrk(form->loop, "\r\n"))
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "form: loop has a line end in it; write one word");
	return 0;
}

static struct sdp_edit *read_edits(const Tandem__Relay__V1__SdpForm *form)
{
	struct sdp_edit *edits = calloc(form->n_edits, sizeof(*edits));

	for (size_t i = 0; edits && i < form->n_edits; i++) {
		const Tandem__Relay__V1__SdpEdit *one = form->edits[i];

		edits[i] = (struct sdp_edit){
			.media = one->media,
			.remove = one->remove,
			.remove_count = one->n_remove,
			.add = one->add,
			.add_count = one->n_add,
			.replace = one->replace,
			.replace_count = one->n_replace,
		};
	}
	return edits;
}

int form_edit(char **text, const Tandem__Relay__V1__SdpForm *form, struct session_error *error)
{
	struct sdp_edit *edits;
	int result;

	if (!form || !form->n_edits)
		return 0;
	edits = read_edits(form);
	result = edits ? sdp_edit(text, edits, form->n_edits) : -ENOMEM;
	free(edits);
	if (result == 0)
		return 0;
	sdp_text_free(*text);
	*text = NULL;
	return result == -EINVAL
		       ? session_refuse(error, SESSION_INVALID_ARGUMENT,
					"form: an attribute has a line end in it; write one line")
		       : session_refuse(error, SESSION_INTERNAL, "the SDP cannot be written: %s",
					strerror(-result));
}
