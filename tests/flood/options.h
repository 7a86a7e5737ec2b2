/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command line asks for. */
#ifndef TESTS_FLOOD_OPTIONS_H
#define TESTS_FLOOD_OPTIONS_H

#include "tests/flood/kind.h"

enum { KINDS_MAX = 32 };

struct options {
	const char *interface;
	double seconds, rate; /* rate 0: as many packets as possible */
	double capture;       /* seconds */
	unsigned long long count;
	unsigned int pool; /* of frames */
	const struct kind *kind[KINDS_MAX];
	unsigned int kinds;
};

/* Set by options_read(), which ends the program when something is wrong or help was wanted. */
extern struct options options;
extern struct plan plan;

void options_read(int argc, char **argv);

/* Whom an attack says that it comes from. */
enum from options_from(const struct kind *k);

#endif
