/* SPDX-License-Identifier: BSD-3-Clause */
/* cmocka with what it wants included ahead of it, and what every test uses. */
#ifndef TANDEM_TESTS_RIG_TEST_H
#define TANDEM_TESTS_RIG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
