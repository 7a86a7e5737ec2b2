/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control plane keeps here of its calls; nobody looks into it. */
#include "dataplane/main/legs/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <openssl/crypto.h>

#define BLOB_MOST 61440

struct kept {
	uint64_t call; /* 0: free */
	uint8_t *blob;
	size_t size;
};

struct keep {
	struct rte_hash *by_call;
	struct kept *kept; /* by the hash's positions */
	uint32_t places, most;
};

int keep_create(struct keep **out, uint32_t most)
{
	const struct rte_hash_parameters parameters = {
		.name = "calls",
		.entries = RTE_MAX(most + most / 4, 64u),
		.key_len = sizeof(uint64_t),
		.hash_func = rte_hash_crc,
		.socket_id = SOCKET_ID_ANY,
	};
	struct keep *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->most = most;
	k->by_call = rte_hash_create(&parameters);
	if (k->by_call)
		k->places = rte_hash_max_key_id(k->by_call) + 1;
	k->kept = calloc(k->places + 1, sizeof(k->kept[0]));
	if (!k->by_call || !k->kept) {
		keep_destroy(k);
		return -ENOMEM;
	}
	*out = k;
	return 0;
}

/* It has ICE passwords. */
static void drop_blob(struct kept *kept)
{
	if (kept->blob)
		OPENSSL_cleanse(kept->blob, kept->size);
	free(kept->blob);
	*kept = (struct kept){0};
}

void keep_destroy(struct keep *k)
{
	if (!k)
		return;
	for (uint32_t i = 0; k->kept && i < k->places; i++)
		drop_blob(&k->kept[i]);
	rte_hash_free(k->by_call);
	free(k->kept);
	free(k);
}

int keep_put(struct keep *k, const Tandem__Dataplane__V1__PutCall *put, const char **what)
{
	uint8_t *blob;
	int place;

	*what = "no memory for the call";
	if (!put->call || put->blob.len > BLOB_MOST) {
		*what = put->call ? "blob: larger than 60 KiB" : "call: needs an id that is not 0";
		return put->call ? -EMSGSIZE : -EINVAL;
	}
	blob = malloc(put->blob.len + 1);
	if (!blob)
		return -ENOMEM;
	place = rte_hash_lookup(k->by_call, &put->call);
	if (place < 0 && (uint32_t)rte_hash_count(k->by_call) < k->most)
		place = rte_hash_add_key(k->by_call, &put->call);
	if (place < 0) {
		*what = "no room for another call: raise [dataplane] legs";
		free(blob);
		return -ENOSPC;
	}
	drop_blob(&k->kept[place]);
	if (put->blob.len)
		memcpy(blob, put->blob.data, put->blob.len);
	k->kept[place] = (struct kept){put->call, blob, put->blob.len};
	return 0;
}

int keep_delete(struct keep *k, uint64_t call, const char **what)
{
	int place = rte_hash_del_key(k->by_call, &call);

	*what = "call: no such call";
	if (place < 0)
		return -ENOENT;
	drop_blob(&k->kept[place]);
	return 0;
}

static Tandem__Dataplane__V1__Call *show(const struct kept *kept)
{
	Tandem__Dataplane__V1__Call *shown = calloc(1, sizeof(*shown));

	if (!shown)
		return NULL;
	tandem__dataplane__v1__call__init(shown);
	shown->call = kept->call;
	shown->blob.data = malloc(kept->size + 1);
	if (shown->blob.data) {
		memcpy(shown->blob.data, kept->blob, kept->size);
		shown->blob.len = kept->size;
	}
	return shown;
}

int keep_get(const struct keep *k, uint64_t after, size_t most, Tandem__Dataplane__V1__Reply *reply,
	     const char **what)
{
	size_t size = 0, room = 0;

	*what = "no memory for the calls";
	for (uint64_t i = after; i < k->places; i++) {
		const struct kept *kept = &k->kept[i];

		if (!kept->call)
			continue;
		size += kept->size + 32;
		if (reply->n_calls && size > most) {
			reply->next = i;
			return 0;
		}
		if (reply->n_calls == room) {
			void *grown;

			room = room ? 2 * room : 16;
			grown = realloc(reply->calls, room * sizeof(reply->calls[0]));
			if (!grown)
				return -ENOMEM;
			reply->calls = grown;
		}
		reply->calls[reply->n_calls] = show(kept);
		if (!reply->calls[reply->n_calls])
			return -ENOMEM;
		reply->n_calls++;
	}
	return 0;
}
