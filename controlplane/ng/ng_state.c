/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/rand.h>

bool ng_may_ask(const struct ng *ng, const union socket_address *who)
{
	struct address address = socket_address_host(who);

	if (who->any.sa_family != AF_INET && who->any.sa_family != AF_INET6)
		return true; /* a UNIX socket's mode is its guard */
	for (unsigned int k = 0; k < ng->allowed_count; k++)
		if (prefix_has(&ng->allowed[k], &address))
			return true;
	return !ng->allowed_count && socket_address_is_local(who);
}

void ng_release(struct ng *ng)
{
	if (!ng->closing || ng->serving)
		return;
	ng_cache_close(&ng->cache);
	arena_clear(&ng->words);
	free(ng->allowed);
	free(ng);
}

int ng_make_token(char text[NG_TOKEN_MAX])
{
	uint8_t random[(NG_TOKEN_MAX - 1) / 2];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	for (unsigned int k = 0; k < sizeof(random); k++)
		snprintf(text + 2 * k, 3, "%02x", random[k]);
	return 0;
}
