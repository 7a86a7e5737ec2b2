/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands that are about what is shed. */
#ifndef TANDEM_CTL_COMMANDS_SHED_H
#define TANDEM_CTL_COMMANDS_SHED_H

struct request;

int shed_overview(const struct request *request);
int shed_top(const struct request *request);
int shed_samples(const struct request *request);
int shed_block_prefix(const struct request *request);
int shed_unblock_prefix(const struct request *request);
int shed_watch_attacks(const struct request *request);

#endif
