/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the configuration comes from: what the file and the command line gave. Used by ini.c alone.
 */
#ifndef TANDEM_INI_SOURCE_H
#define TANDEM_INI_SOURCE_H

#include <stdbool.h>

struct ini_entry {
	struct ini_entry *next;
	char *section; /* "port" */
	char *name;    /* "public", or "" */
	char *key;     /* NULL: the section's heading alone */
	char *value;   /* NULL if the line has no '=' */
	int line;      /* 0: the command line; -1: nowhere */
	bool overridden;
};

struct ini_source {
	const char *file; /* NULL if there is none */
	bool file_given, help, version, check;
	struct ini_entry *entries, **last; /* in the order in which they were given */
	unsigned mistakes;
	int line;  /* of the file, while it is read */
	int error; /* -ENOMEM sticks */
};

void ini_collect_arguments(struct ini_source *, int argc, char **argv);
void ini_collect_file(struct ini_source *);
void ini_source_free(struct ini_source *);

/* Reports one mistake on stderr, at the entry's place. */
void ini_mistake(struct ini_source *, const struct ini_entry *, const char *what);

#endif
