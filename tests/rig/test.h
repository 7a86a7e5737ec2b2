/* SPDX-License-Identifier: BSD-3-Clause */
/* cmocka, and what it wants included ahead of it. */
#ifndef TANDEM_TESTS_RIG_TEST_H
#define TANDEM_TESTS_RIG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
