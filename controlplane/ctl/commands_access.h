/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of tandemctl about who may do what. Each returns what to exit with. */
#ifndef TANDEM_CTL_COMMANDS_ACCESS_H
#define TANDEM_CTL_COMMANDS_ACCESS_H

#include "controlplane/ctl/commands.h"

int access_make_token(const struct request *request);
int access_show_self(const struct request *request);

#endif
