/* SPDX-License-Identifier: BSD-3-Clause */
/* What a request says of the SDPs themselves: SdpFilter and SdpForm of relay.proto. */
#ifndef TANDEM_FORM_H
#define TANDEM_FORM_H

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/sdp/sdp_rewrite.h"
#include "controlplane/session/session_error.h"

/* Takes out what is not to pass; NULL: nothing. -EINVAL with the error. */
int form_filter(struct sdp *sdp, const Tandem__Relay__V1__SdpFilter *filter,
		struct session_error *error);
/* `out` lives as long as `form`, which may be NULL. -EINVAL with the error. */
int form_read(struct sdp_form *out, const Tandem__Relay__V1__SdpForm *form,
	      struct session_error *error);
/* The last step, on the text that goes out. -EINVAL with the error; the text is freed then. */
int form_edit(char **text, const Tandem__Relay__V1__SdpForm *form, struct session_error *error);

#endif
