/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/pages.h"

#include <err.h>
#include <stdlib.h>

#include "controlplane/rpc/message.h"

static const ProtobufCFieldDescriptor *find(const ProtobufCMessage *message, const char *field)
{
	return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field);
}

static void *member(ProtobufCMessage *message, const char *field)
{
	return (char *)message + find(message, field)->offset;
}

static size_t *count_of(ProtobufCMessage *message, const char *field)
{
	return (size_t *)((char *)message + find(message, field)->quantifier_offset);
}

static void add(struct pages *pages, ProtobufCMessage *reply, const char *field)
{
	void ***all = member(pages->all, field), **page = *(void ***)member(reply, field);
	size_t *count = count_of(pages->all, field), more = *count_of(reply, field);

	pages->replies = reallocarray(pages->replies, pages->count + 1, sizeof(*pages->replies));
	*all = reallocarray(*all, *count + more + 1, sizeof(**all));
	if (!pages->replies || !*all)
		errx(CTL_REFUSED, "no memory");
	pages->replies[pages->count++] = reply;
	for (size_t i = 0; i < more; i++)
		(*all)[(*count)++] = page[i];
}

int pages_fetch(struct pages *pages, struct remote *remote, const char *method,
		ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		const char *field)
{
	char **token = member(request, "page_token");
	ProtobufCMessage *reply;
	size_t before;

	*pages = (struct pages){.all = malloc(type->sizeof_message), .field = field};
	if (!pages->all)
		errx(CTL_REFUSED, "no memory");
	protobuf_c_message_init(type, pages->all);
	do {
		int ret = remote_call(remote, method, request, type, &reply);

		if (ret)
			return ret;
		before = *count_of(pages->all, field);
		add(pages, reply, field);
		*token = *(char **)member(reply, "next_page_token");
	} while (**token && *count_of(pages->all, field) > before);
	return CTL_OK;
}

void pages_free(struct pages *pages)
{
	for (size_t i = 0; i < pages->count; i++)
		message_free(pages->replies[i]);
	free(pages->replies);
	free(*(void **)member(pages->all, pages->field));
	free(pages->all);
}
