/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_SECRECY_H
#define TANDEM_SECRECY_H

/*
 * Keys must reach neither a core dump, nor a debugger of another user, nor the swap: call once at
 * start, before the first key. What the system refuses is a warning in the log.
 */
void secrecy_protect(void);

#endif
