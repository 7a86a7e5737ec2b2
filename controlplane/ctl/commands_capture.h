/* SPDX-License-Identifier: BSD-3-Clause */
/* The command that writes a call's packets to a file. */
#ifndef TANDEM_CTL_COMMANDS_CAPTURE_H
#define TANDEM_CTL_COMMANDS_CAPTURE_H

struct request;

int capture_call(const struct request *request);

#endif
