/* SPDX-License-Identifier: BSD-3-Clause */
/* Says at the start what about this machine will cost packets, with the remedy. Main lcore only. */
#ifndef TANDEM_ADVICE_H
#define TANDEM_ADVICE_H

struct config;
struct dataplane;

void advice_give(const struct dataplane *d, const struct config *config);

#endif
