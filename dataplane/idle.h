/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_IDLE_H
#define TANDEM_IDLE_H

#include "dataplane/worker.h"

/* Worker, after a turn without packets; `empty_turns` such turns came in a row. */
void idle_wait(enum worker_idle policy, unsigned int empty_turns);

#endif
