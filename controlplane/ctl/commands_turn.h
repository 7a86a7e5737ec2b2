/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands that are about the TURN server. */
#ifndef TANDEM_CTL_COMMANDS_TURN_H
#define TANDEM_CTL_COMMANDS_TURN_H

struct request;

int turn_show(const struct request *request);
int turn_issue_credentials(const struct request *request);
int turn_delete_allocations(const struct request *request);
int turn_show_secrets(const struct request *request);
int turn_add_secret(const struct request *request);
int turn_remove_secret(const struct request *request);

#endif
