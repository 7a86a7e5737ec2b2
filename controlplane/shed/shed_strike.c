/* SPDX-License-Identifier: BSD-3-Clause */
/* Automatic blocks, as strike.h decides on them. */
#include <errno.h>
#include <stdlib.h>

#include "controlplane/lib/octets.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/shed/shed_state.h"
#include "dataplane/lib/log.h"

struct striking {
	struct shed *shed;
	struct prefix prefix;
	unsigned int seconds;
};

static void struck(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct striking *striking = arg;
	char text[ADDRESS_TEXT];

	pseudonym_prefix(text, &striking->prefix);
	if (!error)
		log_warn("shed: %s keeps failing authentication: blocked for %u s", text,
			 striking->seconds);
	else if (reply)
		log_info("shed: %s keeps failing authentication and is not blocked: %s", text,
			 error == -EBUSY ? "it holds a call" : reply->what);
	if (error)
		strikes_take_back(striking->shed->strikes, &striking->prefix.address);
	free(striking);
}

static void block(struct shed *s, const struct prefix *prefix, unsigned int seconds)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutBlock put = TANDEM__DATAPLANE__V1__PUT_BLOCK__INIT;
	struct striking *striking = malloc(sizeof(*striking));

	if (!striking)
		return;
	*striking = (struct striking){s, *prefix, seconds};
	put.address = octets_of(&striking->prefix.address);
	put.length = octets_prefix_length(prefix);
	put.for_ms = seconds * 1000;
	put.automatic = put.spare_established = true;
	message.put_block = &put;
	client_request(s->client, &message, struck, striking);
}

void shed_strike(struct shed *s, const struct prefix *source, unsigned int failures_pps)
{
	unsigned int seconds =
		strikes_take(s->strikes, &source->address, failures_pps, uv_now(s->loop));

	if (seconds)
		block(s, source, seconds);
}
