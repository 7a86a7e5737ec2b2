/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First everything that was given is collected as entries, from the file and from the command line;
 * then the entries are judged against the table. So a mistake never hides the next one, and an
 * override on the command line needs no rule of its own.
 */
#include "dataplane/lib/ini.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/lib/ini_source.h"
#include "dataplane/lib/ini_value.h"

struct instance {
	struct instance *next;
	const struct option_section *section;
	const char *name;
	void *base;
};

struct options {
	const struct option_table *table;
	void *config;
	struct ini_source source;
	struct instance *instances;
	char **fallbacks; /* copies of the table's texts, since values are char * */
	unsigned fallback_count;
};

static struct ini_entry *entry_find(struct options *o, const char *section, const char *name,
				    const char *key)
{
	struct ini_entry *found = NULL;

	for (struct ini_entry *e = o->source.entries; e; e = e->next) {
		if (e->overridden || strcmp(e->section, section) || strcmp(e->name, name))
			continue;
		if (e->key && strcmp(e->key, key) == 0)
			return e;
		if (!found)
			found = e;
	}
	return found;
}

void option_mistake(struct options *o, const char *section, const char *name, const char *key,
		    const char *fmt, ...)
{
	const struct ini_entry *given = entry_find(o, section, name ? name : "", key);
	struct ini_entry place = {
		.section = (char *)section,
		.name = (char *)(name ? name : ""),
		.key = (char *)key,
		.line = given ? given->line : -1,
	};
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	ini_mistake(&o->source, &place, what);
}

/* --- judging --------------------------------------------------------------------------------- */

static bool same_key(const struct ini_entry *a, const struct ini_entry *b)
{
	return a->key && b->key && strcmp(a->key, b->key) == 0 &&
	       strcmp(a->section, b->section) == 0 && strcmp(a->name, b->name) == 0;
}

static void override(struct options *o)
{
	for (struct ini_entry *file = o->source.entries; file; file = file->next)
		for (struct ini_entry *e = o->source.entries; file->line && e; e = e->next)
			if (!e->line && same_key(file, e))
				file->overridden = true;
}

static const struct option_section *section_find(struct options *o, const struct ini_entry *e)
{
	for (const struct option_section *s = o->table->sections; s->name; s++)
		if (strcmp(s->name, e->section) == 0)
			return s;
	return NULL;
}

static char *fallback_copy(struct options *o, const char *text)
{
	char **grown = realloc(o->fallbacks, (o->fallback_count + 1) * sizeof(*grown));
	char *copy = strdup(text);

	if (grown)
		o->fallbacks = grown;
	if (!grown || !copy) {
		free(copy);
		o->source.error = -ENOMEM;
		return NULL;
	}
	o->fallbacks[o->fallback_count++] = copy;
	return copy;
}

/* The structure of a section: the one that is known, or a new one. */
static struct instance *instance_get(struct options *o, const struct option_section *section,
				     const char *name)
{
	struct instance *i;

	for (i = o->instances; i; i = i->next)
		if (i->section == section && strcmp(i->name, name) == 0)
			return i;
	i = calloc(1, sizeof(*i));
	if (!i) {
		o->source.error = -ENOMEM;
		return NULL;
	}
	i->section = section;
	i->name = name;
	i->base = section->named ? section->named(o->config, name)
				 : (char *)o->config + section->offset;
	i->next = o->instances;
	o->instances = i;
	return i;
}

static void store(struct options *o, const struct instance *i, struct ini_entry *e)
{
	const struct option_key *key = i->section->keys;
	char why[400];
	int error;

	while (key->key && strcmp(key->key, e->key) != 0)
		key++;
	if (!key->key) {
		ini_mistake(&o->source, e, "unknown key; see --help for those that exist");
		return;
	}
	if (!e->value) {
		ini_mistake(&o->source, e, "no value; write key = value");
		return;
	}
	if (key->type != OPTION_LIST && !key->repeated) {
		for (const struct ini_entry *other = o->source.entries; other != e;
		     other = other->next) {
			if (!other->overridden && same_key(other, e)) {
				ini_mistake(&o->source, e, "given a second time; keep one");
				return;
			}
		}
	}
	error = ini_value_store(key, i->base, e->value, why, sizeof(why));
	if (error == -EINVAL)
		ini_mistake(&o->source, e, why);
	else if (error)
		o->source.error = error;
}

static void check_entry(struct options *o, struct ini_entry *e)
{
	const struct option_section *section = section_find(o, e);
	struct instance *i;

	if (!section) {
		/* Said once for the heading, not again for each key below it. */
		if (!e->key || !e->line || !e->section[0])
			ini_mistake(&o->source, e,
				    e->section[0]
					    ? "unknown section; see --help for those that exist"
					    : "outside of any section; put it under a [section]");
		return;
	}
	if (!section->named != !e->name[0]) {
		if (!e->key || !e->line)
			ini_mistake(&o->source, e,
				    section->named
					    ? "the section needs a name; write [section name]"
					    : "this section has no name; write [section]");
		return;
	}
	i = instance_get(o, section, e->name);
	if (i && !i->base) {
		if (!e->key || !e->line)
			ini_mistake(&o->source, e, "too many such sections; remove some");
	} else if (i && e->key && !e->overridden) {
		store(o, i, e);
	}
}

static bool given(struct options *o, const struct instance *i, const char *key)
{
	const struct ini_entry *e = entry_find(o, i->section->name, i->name, key);

	return e && e->key && strcmp(e->key, key) == 0;
}

static void fill_fallbacks(struct options *o, const struct instance *i)
{
	char why[400];

	for (const struct option_key *key = i->section->keys; key->key && i->base; key++) {
		if (given(o, i, key->key))
			continue;
		if (key->required) {
			option_mistake(o, i->section->name, i->name[0] ? i->name : NULL, key->key,
				       "missing; it has no default (%s)", key->help);
		} else if (key->fallback) {
			char *copy = fallback_copy(o, key->fallback);

			if (copy && ini_value_store(key, i->base, copy, why, sizeof(why)))
				option_mistake(o, i->section->name, NULL, key->key, "%s", why);
		}
	}
}

static void check_all(struct options *o)
{
	override(o);
	for (const struct option_section *s = o->table->sections; s->name; s++)
		if (!s->named)
			instance_get(o, s, "");
	for (struct ini_entry *e = o->source.entries; e; e = e->next)
		check_entry(o, e);
	for (struct instance *i = o->instances; i; i = i->next)
		fill_fallbacks(o, i);
	if (!o->source.mistakes && !o->source.error && o->table->check)
		o->table->check(o, o->config);
}

/* --- serving --------------------------------------------------------------------------------- */

static void print_help(const struct option_table *table)
{
	char values[160];

	printf("%s: %s\n\n", table->program, table->summary);
	printf("  --config FILE   read this file%s%s\n", table->file ? " instead of " : "",
	       table->file ? table->file : "");
	printf("  --check         check the configuration and leave\n"
	       "  --help          this text\n"
	       "  --version       the version\n");
	for (const struct option_section *s = table->sections; s->name; s++) {
		printf("\n[%s%s]   --%s%s.key=value\n", s->name, s->named ? " NAME" : "", s->name,
		       s->named ? ".NAME" : "");
		for (const struct option_key *key = s->keys; key->key; key++) {
			ini_value_describe(key, values, sizeof(values));
			printf("  %-18s %s", key->key, key->help);
			if (values[0])
				printf(" (%s)", values);
			if (key->required)
				printf(" [required]");
			else if (key->fallback)
				printf(" [%s]", key->fallback);
			putchar('\n');
		}
	}
}

int options_load(struct options **options, const struct option_table *table, void *config, int argc,
		 char **argv)
{
	struct options *o = calloc(1, sizeof(*o));

	*options = o;
	if (!o)
		return -ENOMEM;
	o->table = table;
	o->config = config;
	o->source.file = table->file;
	o->source.last = &o->source.entries;
	ini_collect_arguments(&o->source, argc, argv);
	if (o->source.help || o->source.version) {
		if (o->source.help)
			print_help(table);
		else
			printf("%s %s\n", table->program, table->version);
		return 1;
	}
	ini_collect_file(&o->source);
	check_all(o);
	if (o->source.error)
		return o->source.error;
	if (o->source.mistakes)
		return -EINVAL;
	return o->source.check ? 1 : 0;
}

void options_free(struct options *o)
{
	struct instance *i;

	if (!o)
		return;
	while ((i = o->instances)) {
		o->instances = i->next;
		for (const struct option_key *key = i->section->keys; key->key && i->base; key++)
			ini_value_release(key, i->base);
		free(i);
	}
	ini_source_free(&o->source);
	for (unsigned n = 0; n < o->fallback_count; n++)
		free(o->fallbacks[n]);
	free(o->fallbacks);
	free(o);
}
