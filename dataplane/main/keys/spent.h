/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP keys that were used once and must not begin anew: under one key an index protects one packet
 * (RFC 3711 9.1). What a client asks for cannot be relied on for that. Main lcore only.
 *
 * Memory is bounded: the latest keys are remembered, four for each leg and more, and whatever is in
 * force is entered again by the owner before the older ones are forgotten.
 */
#ifndef TANDEM_SPENT_H
#define TANDEM_SPENT_H

#include <stdbool.h>
#include <stdint.h>

struct spent {
	uint64_t *young, *old; /* two tables of `size` places; 0: free */
	uint32_t size;         /* a power of two */
	uint32_t count;        /* in `young` */
};

/* For so many legs. 0 or -ENOMEM. */
int spent_create(struct spent *spent, uint32_t legs);
void spent_destroy(struct spent *spent);
/* `digest`: of the key (struct crypt_key), evenly distributed. */
bool spent_has(const struct spent *spent, const uint8_t digest[32]);
/* True: the older half was just forgotten, and the owner enters what is in force. */
bool spent_add(struct spent *spent, const uint8_t digest[32]);

#endif
