/* SPDX-License-Identifier: BSD-3-Clause */
/* NICs that media goes through. */
#include <stddef.h>
#include <string.h>

#include "controlplane/metrics/metrics_view.h"

/* A family of which each link has one sample, a field of its message. */
static const struct of_link {
	struct exposition_family family;
	size_t offset;
} of_links[] = {
#define FIELD(name) offsetof(Tandem__Relay__V1__Link, name)
	{{"tandem_link_received_packets", NULL, "Packets received by the NIC.", EXPOSITION_COUNTER},
	 FIELD(received)},
	{{"tandem_link_sent_packets", NULL, "Packets sent by the NIC.", EXPOSITION_COUNTER},
	 FIELD(sent)},
	{{"tandem_link_missed_packets", NULL, "Packets lost before a worker took them.",
	  EXPOSITION_COUNTER},
	 FIELD(missed)},
	{{"tandem_link_unbuffered_packets", NULL, "Packets that came without a free buffer.",
	  EXPOSITION_COUNTER},
	 FIELD(no_buffer)},
	{{"tandem_link_errors", NULL, "Packets received broken, or not sent.", EXPOSITION_COUNTER},
	 FIELD(errors)},
#undef FIELD
};

static uint64_t field_of(const Tandem__Relay__V1__Link *link, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)link + offset, sizeof(value));
	return value;
}

static void write_state(struct exposition *e, const Tandem__Relay__V1__StatusReply *s)
{
	static const struct exposition_family up = {
		"tandem_link_up", NULL, "1 while the NIC has a link; of a bond, any of them."};
	static const struct exposition_family speed = {
		"tandem_link_speed_bytes", "bytes",
		"What the NIC carries in a second, if it says so."};
	static const struct exposition_family members = {
		"tandem_link_members", NULL, "Devices of a bond, by whether they carry traffic."};

	exposition_family(e, &up);
	for (size_t i = 0; i < s->n_links; i++)
		exposition_value(e,
				 EXPOSITION_LABELS({"port", s->links[i]->name},
						   {"driver", s->links[i]->driver}),
				 s->links[i]->up);
	exposition_family(e, &speed);
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i]->mbits)
			exposition_value(e, EXPOSITION_LABELS({"port", s->links[i]->name}),
					 s->links[i]->mbits * 1e6 / 8);
	exposition_family(e, &members);
	for (size_t i = 0; i < s->n_links; i++) {
		const Tandem__Relay__V1__Link *link = s->links[i];

		if (link->members < 2)
			continue;
		exposition_value(e, EXPOSITION_LABELS({"port", link->name}, {"state", "used"}),
				 link->members_used);
		exposition_value(e, EXPOSITION_LABELS({"port", link->name}, {"state", "unused"}),
				 link->members - link->members_used);
	}
}

void metrics_write_links(struct exposition *e, const struct metrics_view *v)
{
	const Tandem__Relay__V1__StatusReply *s = v->status;

	write_state(e, s);
	for (size_t k = 0; k < sizeof(of_links) / sizeof(of_links[0]); k++) {
		exposition_family(e, &of_links[k].family);
		for (size_t i = 0; i < s->n_links; i++)
			exposition_value(e, EXPOSITION_LABELS({"port", s->links[i]->name}),
					 field_of(s->links[i], of_links[k].offset));
	}
}
