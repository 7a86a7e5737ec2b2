/* SPDX-License-Identifier: BSD-3-Clause */
/* The name of a reason to drop a packet, the same wherever it was dropped. Any thread. */
#ifndef TANDEM_DROP_REASON_H
#define TANDEM_DROP_REASON_H

/* Returns a counter's name without what the filter's have before it: "shed_". */
const char *drop_reason_name(const char *counter);

#endif
