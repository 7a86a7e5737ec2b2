/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lib/ini_source.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MOST 4096

void ini_mistake(struct ini_source *s, const struct ini_entry *e, const char *what)
{
	s->mistakes++;
	if (e->line > 0)
		fprintf(stderr, "%s:%d: ", s->file, e->line);
	else
		fprintf(stderr, "%s: ", e->line < 0 && s->file ? s->file : "command line");
	if (e->section[0])
		fprintf(stderr, "[%s%s%s] ", e->section, e->name[0] ? " " : "", e->name);
	if (e->key)
		fprintf(stderr, "%s: ", e->key);
	fprintf(stderr, "%s\n", what);
}

static void mistake_syntax(struct ini_source *s, const char *what)
{
	struct ini_entry here = {.section = (char *)"", .line = s->line};

	ini_mistake(s, &here, what);
}

static void entry_free(struct ini_entry *e)
{
	free(e->section);
	free(e->name);
	free(e->key);
	free(e->value);
	free(e);
}

static void entry_add(struct ini_source *s, const char *section, const char *name, const char *key,
		      const char *value, int line)
{
	struct ini_entry *e = calloc(1, sizeof(*e));

	if (!e)
		goto out_memory;
	e->section = strdup(section);
	e->name = strdup(name);
	e->key = key ? strdup(key) : NULL;
	e->value = value ? strdup(value) : NULL;
	e->line = line;
	if (!e->section || !e->name || (key && !e->key) || (value && !e->value))
		goto out_entry;
	*s->last = e;
	s->last = &e->next;
	return;

out_entry:
	entry_free(e);
out_memory:
	s->error = -ENOMEM;
}

/* "port public" is the section port's instance public. */
static void heading_add(struct ini_source *s, const char *heading, const char *key,
			const char *value)
{
	char section[LINE_MOST];
	char *name;

	snprintf(section, sizeof(section), "%s", heading);
	name = section + strcspn(section, " \t");
	if (*name)
		*name++ = '\0';
	entry_add(s, section, name + strspn(name, " \t"), key, value, s->line);
}

static int file_entry(void *user, const char *section, const char *key, const char *value)
{
	heading_add(user, section, key, value);
	return 1;
}

struct reader {
	struct ini_source *source;
	FILE *file;
};

/*
 * inih tells a handler neither the line nor that a section is empty, so both are seen here, on the
 * way of each line to the parser. A line that it could not take is reported and blanked.
 */
static char *file_line(char *line, int size, void *stream)
{
	struct reader *reader = stream;
	struct ini_source *s = reader->source;
	char *first, *end;

	if (!fgets(line, size, reader->file))
		return NULL;
	s->line++;
	if (!strchr(line, '\n') && !feof(reader->file)) {
		mistake_syntax(s, "the line is too long; split the value or shorten it");
		for (int c = 0; c != '\n' && c != EOF;)
			c = fgetc(reader->file);
		strcpy(line, "\n");
		return line;
	}
	first = line + strspn(line, " \t");
	if (*first != '[')
		return line;
	end = strchr(first, ']');
	if (!end) {
		mistake_syntax(s, "the section's heading is not closed; end it with ]");
		strcpy(line, "\n");
		return line;
	}
	*end = '\0';
	heading_add(s, first + 1, NULL, NULL);
	*end = ']';
	return line;
}

void ini_collect_file(struct ini_source *s)
{
	struct reader reader = {.source = s};

	if (!s->file)
		return;
	reader.file = fopen(s->file, "re");
	if (!reader.file) {
		if (errno != ENOENT || s->file_given) {
			fprintf(stderr, "%s: %s; name a readable file with --config\n", s->file,
				strerror(errno));
			s->mistakes++;
		}
		return;
	}
	ini_allow_no_value = true;
	ini_allow_multiline = false;
	ini_use_stack = false;
	ini_initial_alloc = LINE_MOST;
	ini_max_line = LINE_MOST;
	if (ini_parse_stream(file_line, &reader, file_entry, s) < 0)
		s->error = -ENOMEM;
	fclose(reader.file);
}

static void argument_mistake(struct ini_source *s, const char *argument, const char *what)
{
	fprintf(stderr, "command line: %s: %s\n", argument, what);
	s->mistakes++;
}

/* --section.key=value or --section.name.key=value; a name may hold dots itself. */
static void collect_override(struct ini_source *s, const char *argument)
{
	char *text = strdup(argument + 2);
	char *value, *key, *name;

	if (!text) {
		s->error = -ENOMEM;
		return;
	}
	value = strchr(text, '=');
	if (value)
		*value++ = '\0';
	key = strrchr(text, '.');
	if (!value || !key) {
		argument_mistake(s, argument,
				 "unknown option; give --section.key=value, or see --help");
		free(text);
		return;
	}
	*key++ = '\0';
	name = strchr(text, '.');
	if (name)
		*name++ = '\0';
	entry_add(s, text, name ? name : "", key, value, 0);
	free(text);
}

void ini_collect_arguments(struct ini_source *s, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			s->help = true;
		} else if (strcmp(argv[i], "--version") == 0) {
			s->version = true;
		} else if (strcmp(argv[i], "--check") == 0) {
			s->check = true;
		} else if (strncmp(argv[i], "--config=", 9) == 0) {
			s->file = argv[i] + 9;
			s->file_given = true;
		} else if (strcmp(argv[i], "--config") == 0) {
			if (i + 1 == argc) {
				argument_mistake(s, argv[i], "no file; give --config FILE");
				return;
			}
			s->file = argv[++i];
			s->file_given = true;
		} else if (strncmp(argv[i], "--", 2) == 0) {
			collect_override(s, argv[i]);
		} else {
			argument_mistake(s, argv[i], "not an option; see --help");
		}
	}
}

void ini_source_free(struct ini_source *s)
{
	struct ini_entry *e;

	while ((e = s->entries)) {
		s->entries = e->next;
		entry_free(e);
	}
	s->last = &s->entries;
}
