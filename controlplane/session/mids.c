/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/mids.h"

#include <stdlib.h>
#include <string.h>

void mids_learn(struct mids *mids, unsigned int line, const char *mid)
{
	char *learnt;

	if (!mid || !mid[0] || (mids->text[line] && strcmp(mids->text[line], mid) == 0))
		return;
	learnt = strdup(mid);
	if (!learnt)
		return;
	free(mids->text[line]);
	mids->text[line] = learnt;
}

void mids_learn_all(struct mids *mids, const struct sdp *sdp)
{
	for (unsigned int line = 0; line < sdp->media_count; line++)
		mids_learn(mids, line, sdp->media[line].mid);
}

void mids_forget(struct mids *mids, unsigned int line)
{
	free(mids->text[line]);
	mids->text[line] = NULL;
}

void mids_free(struct mids *mids)
{
	for (unsigned int line = 0; line < SDP_MEDIA_MAX; line++)
		mids_forget(mids, line);
}
