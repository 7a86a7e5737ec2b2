/* SPDX-License-Identifier: BSD-3-Clause */
/* The page's files. Browsers keep them, and ask each time whether they are still the same. */
#include "controlplane/web/web_page.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/web/web_state.h"

#define FIRST    "index.html"
#define TAG_HALF 8 /* octets of a digest that tell one file from the one before it */

static const struct {
	const char *end, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/x-icon"},
	{".txt", "text/plain; charset=utf-8"},
};

static const char *type_of(const char *name)
{
	const char *end = strrchr(name, '.');

	for (size_t k = 0; end && k < sizeof(types) / sizeof(types[0]); k++)
		if (strcmp(types[k].end, end) == 0)
			return types[k].type;
	return "application/octet-stream";
}

static size_t length_of(const struct web_file *file)
{
	return (size_t)(file->end - file->begin);
}

int web_page_open(struct web *web)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	size_t count = 0;

	while (web_files[count].name)
		count++;
	web->tags = calloc(count + 1, sizeof(web->tags[0]));
	if (!web->tags)
		return -ENOMEM;
	for (size_t k = 0; k < count; k++) {
		char *at = web->tags[k];

		SHA256(web_files[k].begin, length_of(&web_files[k]), digest);
		*at++ = '"';
		for (size_t i = 0; i < TAG_HALF; i++)
			at += sprintf(at, "%02x", digest[i]);
		*at = '"';
	}
	return 0;
}

static void tell(struct http_request *request, const struct web_file *file, const char *tag)
{
	const char *known = http_request_field(request, HTTP_IF_NONE_MATCH);
	bool same = known && strstr(known, tag);
	const struct http_reply reply = {
		.status = same ? 304 : 200,
		.type = type_of(file->name),
		.octets = same ? NULL : (const char *)file->begin,
		.length = length_of(file),
		.headers = {{"cache-control:", "no-cache"}, {"etag:", tag}},
	};

	http_answer(request, &reply);
}

void web_serve_page(struct http_request *request, void *arg)
{
	const struct web *web = arg;
	const char *name = http_request_path(request) + 1;

	if (!*name)
		name = FIRST;
	for (size_t k = 0; web_files[k].name; k++)
		if (strcmp(web_files[k].name, name) == 0) {
			tell(request, &web_files[k], web->tags[k]);
			return;
		}
	web_refuse(request, GRPC_STATUS_NOT_FOUND,
		   "nothing is there: the page is at /, the API below /api/");
}
