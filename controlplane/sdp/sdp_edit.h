/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes to the attributes of an SDP that is ready to go out: a matter of text, which nobody looks
 * at afterwards. Any thread.
 */
#ifndef TANDEM_SDP_EDIT_H
#define TANDEM_SDP_EDIT_H

#include <stddef.h>

/* For the sections of one kind. SdpEdit in relay.proto says what the words mean. */
struct sdp_edit {
	const char *media; /* "": the session's section */
	char *const *remove;
	size_t remove_count;
	char *const *add;
	size_t add_count;
	char *const *replace; /* in pairs */
	size_t replace_count;
};

/*
 * *text is as sdp_rewrite() makes it, and so is what takes its place. 0, -ENOMEM, -EINVAL when an
 * attribute has a line end in it, -EMSGSIZE.
 */
int sdp_edit(char **text, const struct sdp_edit *edits, size_t count);

#endif
