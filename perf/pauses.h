/* SPDX-License-Identifier: BSD-3-Clause */
/* What a core is taken away for: how late a loop is that does nothing but read the TSC. */
#ifndef TANDEM_PERF_PAUSES_H
#define TANDEM_PERF_PAUSES_H

/*
 * On the calling thread's core, for so many seconds: prints, as members of a JSON object, by how
 * many microseconds it missed moments that come `rate` times a second. 0 or -ENOMEM.
 */
int pauses_print(double rate, double seconds);

#endif
