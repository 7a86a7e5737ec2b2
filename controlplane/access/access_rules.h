/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The section [access]: which credentials there are, and what role each has. Parsed when the
 * configuration is read; then it only is read.
 */
#ifndef TANDEM_ACCESS_RULES_H
#define TANDEM_ACCESS_RULES_H

#include <stdint.h>
#include <sys/types.h>

#include "controlplane/access/role.h"
#include "controlplane/access/token.h"
#include "dataplane/lib/ini.h"

#define ACCESS_TOKENS       256
#define ACCESS_CERTIFICATES 256
#define ACCESS_LOCALS       64

struct access_certificate {
	enum role role;
	char subject[128]; /* as RFC 2253 writes it; "*": whoever the authority vouches for */
};

/* A user or a group of this machine. */
struct access_local {
	enum role role;
	bool is_group;
	unsigned int id;
	char name[64]; /* "user:NAME" or "group:NAME" */
};

struct access_rules {
	struct token tokens[ACCESS_TOKENS];
	unsigned int token_count;
	struct access_certificate certificates[ACCESS_CERTIFICATES];
	unsigned int certificate_count;
	struct access_local locals[ACCESS_LOCALS];
	unsigned int local_count;
	char *audit; /* a file; NULL: none */
};

/* The keys of the section, whose structure is struct access_rules. */
extern const struct option_key access_keys[];

#endif
