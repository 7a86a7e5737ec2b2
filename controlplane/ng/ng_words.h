/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flags of an ng request, which proxies let their operators write as words: `ICE=remove
 * trust-address replace-origin codec-strip-PCMU received-from=[IP4 198.51.100.7]`. One thread.
 */
#ifndef TANDEM_NG_WORDS_H
#define TANDEM_NG_WORDS_H

#include "controlplane/ng/ng_value.h"

/*
 * Gives each word under `flags` and each word of the text under `rtpp-flags` the place that it has
 * as a key: `ICE=remove` becomes {ICE: remove}, `replace-origin` joins the list under `replace`, a
 * transport protocol is one; what is a flag stays in the list under `flags`.
 */
void ng_words_sort(struct arena *arena, struct ng_value *dictionary);

#endif
