/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast failed attempts come, from each IPv4 address, IPv6 /64 and local user. The memory is
 * bounded: of more sources than there is room for, the one whose last failure is longest ago makes
 * room, and everybody together has a rate as well, so that many sources gain nothing. One thread.
 */
#ifndef TANDEM_FAILURES_H
#define TANDEM_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#define FAILURES_SOURCES  4096
#define FAILURES_BURST    10   /* of one source at once */
#define FAILURES_EACH_MS  6000 /* then one in so much time */
#define FAILURES_ALL      1000 /* of everybody at once */
#define FAILURES_ALL_EACH 10   /* likewise, ms */

struct failures;

struct failures *failures_create(void); /* NULL without memory */
void failures_free(struct failures *failures);
/*
 * One more from `from`, which is as in struct identity. False: they come too fast. `now_ms` is a
 * clock that does not go back.
 */
bool failures_count(struct failures *failures, const char *from, uint64_t now_ms);

#endif
