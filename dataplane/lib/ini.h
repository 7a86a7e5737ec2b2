/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's configuration: one table of keys, filled from an INI file and from the command line.
 *
 *   [section]            a section that exists once; its values go into the program's structure
 *   [section name]       a named section; each name has a structure of its own
 *   --section.key=value  and --section.name.key=value replace what the file says of that key
 *   --config FILE  --check  --help  --version
 *
 * Everything is read and judged before anything is reported as good, and every mistake is one line
 * on stderr: `file:line: [section] key: what is wrong; the remedy`. One thread.
 */
#ifndef TANDEM_INI_H
#define TANDEM_INI_H

#include <stdbool.h>
#include <stddef.h>

struct options;

enum option_type {
	OPTION_TEXT,     /* char * */
	OPTION_UNSIGNED, /* unsigned, from least to most; decimal, or hexadecimal with 0x */
	OPTION_BOOL,     /* bool: yes, no, on, off, true, false, 1, 0 */
	OPTION_CHOICE,   /* int: the index of the word in choices */
	OPTION_LIST,     /* struct option_list: one text each time; parse, if any, only judges it */
	OPTION_PARSED,   /* whatever parse makes of it */
};

struct option_list {
	char **texts;
	unsigned count;
};

struct option_key {
	const char *key;
	enum option_type type;
	size_t offset; /* of the value in the section's structure */
	bool required;
	bool repeated;              /* OPTION_PARSED: may be given more than once */
	unsigned least, most;       /* OPTION_UNSIGNED */
	const char *const *choices; /* OPTION_CHOICE: ends with NULL */
	/* OPTION_PARSED: 0, or -EINVAL with "what is wrong; the remedy" in `why`. */
	int (*parse)(void *value, const char *text, char *why, size_t size);
	const char *fallback; /* as if the file said so; NULL: the value stays as it is */
	const char *help;
};

struct option_section {
	const char *name;
	size_t offset; /* in `config`, of the structure of a section that exists once */
	/*
	 * NULL: a section that exists once. Otherwise returns the
	 * structure for a name that is seen for the first time, or NULL when there is no room.
	 */
	void *(*named)(void *config, const char *name);
	const struct option_key *keys; /* ends with .key = NULL */
};

struct option_table {
	const char *program, *summary, *version;
	const char *file; /* read when it exists and --config names no other; may be NULL */
	const struct option_section *sections; /* ends with .name = NULL */
	/* What one key alone cannot tell; reports with option_mistake(). May be NULL. */
	void (*check)(struct options *, void *config);
};

/*
 * 0: go on. 1: --help, --version or --check was served, leave with success. -EINVAL: mistakes were
 * reported. -ENOMEM. The texts in `config` belong to *options, which is set in each case.
 */
int options_load(struct options **options, const struct option_table *table, void *config, int argc,
		 char **argv);
void options_free(struct options *options);

/* Reports one mistake at the place where the key was given. `name`: of a named section, or NULL. */
void option_mistake(struct options *options, const char *section, const char *name, const char *key,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
