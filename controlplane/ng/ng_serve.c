/* SPDX-License-Identifier: BSD-3-Clause */
/* One message: its cookie, its encoding, and the reply in the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ng/bencode.h"
#include "controlplane/ng/ng_json.h"
#include "controlplane/ng/ng_state.h"
#include "dataplane/lib/log.h"

#define GARBAGE_MS 60000 /* between two lines about it */

/* The first octet tells the encoding. */
static int read_dictionary(struct ng_value **out, bool *json, size_t *used, struct arena *arena,
			   const char *octets, size_t size)
{
	*json = size && *octets == '{';
	if (size && *octets != '{' && *octets != 'd')
		return -EINVAL;
	return (*json ? ng_json_read : bencode_read)(out, used, arena, octets, size);
}

/* --- the reply ------------------------------------------------------------------------------- */

/* The caller's to free; NULL without memory. */
static char *write_reply(size_t *length, const struct ng_entry *entry, bool json,
			 const struct ng_value *reply)
{
	char *octets = NULL;
	FILE *out = open_memstream(&octets, length);

	if (!out)
		return NULL;
	if (entry) {
		fwrite(entry->cookie, 1, entry->cookie_length, out);
		fputc(' ', out);
	}
	(json ? ng_json_write : bencode_write)(out, reply);
	if (fclose(out) == 0)
		return octets;
	free(octets);
	return NULL;
}

static void done(struct ng_query *q, struct ng_value *reply)
{
	struct ng *ng = q->ng;
	size_t length = 0;
	char *octets = NULL;

	ng_command_count(q, reply);
	if (reply && !q->arena.failed)
		octets = write_reply(&length, q->entry, q->json, reply);
	q->answer(q->answer_arg, octets, length);
	/* Without memory nothing is remembered; who asks again may be luckier. */
	if (q->entry)
		ng_cache_answer(&ng->cache, q->entry, octets, length);
	else
		free(octets);
	arena_clear(&q->arena);
	free(q);
	ng->serving--;
	ng_release(ng);
}

/* --- the request ----------------------------------------------------------------------------- */

static void say_garbage(struct ng *ng)
{
	uint64_t now = uv_now(ng->loop);

	if (ng->garbage_said && now - ng->garbage_said < GARBAGE_MS)
		return;
	ng->garbage_said = now;
	log_warn("ng: Invalid NG data format; who sends to this port?");
}

/* Nothing that can be read came, though a cookie did: that gets a reply, in the usual encoding. */
static void refuse(struct ng_query *q)
{
	struct ng_value *reply = ng_dictionary(&q->arena);

	say_garbage(q->ng);
	ng_put(reply, "result", ng_text(&q->arena, "error"));
	ng_put(reply, "error-reason", ng_text(&q->arena, "Could not decode dictionary"));
	done(q, reply);
}

/* `entry` is NULL where there is no cookie. */
static void serve_new(struct ng *ng, struct ng_entry *entry, const char *octets, size_t size,
		      ng_answer *answer, void *arg)
{
	struct ng_query *q = calloc(1, sizeof(*q));
	struct ng_value *dictionary = NULL;
	size_t used;

	if (!q) {
		if (entry)
			ng_cache_answer(&ng->cache, entry, NULL, 0);
		answer(arg, NULL, 0);
		return;
	}
	ng->serving++;
	q->ng = ng;
	q->command = NG_COMMANDS;
	q->entry = entry;
	q->answer = answer;
	q->answer_arg = arg;
	q->done = done;
	if (read_dictionary(&dictionary, &q->json, &used, &q->arena, octets, size)) {
		refuse(q);
		return;
	}
	ng_request_read(&q->request, &q->arena, dictionary);
	ng_command(q);
}

void ng_serve(struct ng *ng, const char *message, size_t size, ng_answer *answer, void *arg)
{
	uint64_t now = uv_now(ng->loop);
	struct ng_entry *entry;
	ssize_t cookie = ng_cookie_length(message, size);

	if (cookie < 0) {
		say_garbage(ng);
		answer(arg, NULL, 0);
		return;
	}
	entry = ng_cache_find(&ng->cache, message, size, cookie, now);
	if (entry) {
		/* The first one of it is still being served: its reply is on its way. */
		answer(arg, entry->reply, entry->length);
		return;
	}
	entry = ng_cache_add(&ng->cache, message, size, cookie, now);
	if (entry)
		serve_new(ng, entry, message + cookie + 1, size - cookie - 1, answer, arg);
	else
		answer(arg, NULL, 0);
}

void ng_serve_plain(struct ng *ng, const char *dictionary, size_t size, ng_answer *answer,
		    void *arg)
{
	serve_new(ng, NULL, dictionary, size, answer, arg);
}
