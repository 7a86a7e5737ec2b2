/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What participants say in RTCP: how far away they are, by sender reports and reference times that
 * went through and were answered (RFC 3550 6.4.1, RFC 3611 4.4, 4.5), and what they hear (RFC 3550
 * 6.4.1, RFC 3611 4.6, 4.7). Sequence numbers of what was renumbered are put right in it.
 */
#ifndef TANDEM_HEARSAY_H
#define TANDEM_HEARSAY_H

struct burst;
struct worker;

/* Worker: packet `i` is RTCP that was accepted, in the clear unless its leg shares keys. */
void hearsay_take(struct worker *w, struct burst *b, unsigned int i);

#endif
