/* SPDX-License-Identifier: BSD-3-Clause */
/* What says that a leg is captured: counted, and freed with the last one. Main lcore only. */
#ifndef TANDEM_TAP_H
#define TANDEM_TAP_H

#include <stdint.h>

#include "dataplane/capture.h"

/* NULL if there is no memory. */
struct tap *tap_create(struct capture *capture, uint64_t leg);
/* NULL is accepted by both. */
void tap_release(struct tap *tap);
void capture_release(struct capture *capture);

#endif
