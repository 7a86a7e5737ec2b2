/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the SDP parser share. Nobody else includes this; see controlplane/sdp/sdp.h. */
#ifndef TANDEM_SDP_PARSE_H
#define TANDEM_SDP_PARSE_H

#include "controlplane/sdp/sdp.h"

struct sdp_parser {
	struct sdp *sdp;
	struct sdp_media *section; /* the m-line being read, or &sdp->session */
	struct sdp_line line;      /* the pristine one */
	unsigned int index;        /* of the line */
	struct sdp_error *err;     /* its line number is kept up to date */
};

/* Writes the sentence and returns `code`. */
int sdp_refuse(struct sdp_parser *p, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Cuts the next word off *rest, in place; the empty string when there is none. */
char *sdp_word(char **rest);

/* A decimal number of digits alone. */
bool sdp_number(const char *word, uint64_t most, uint64_t *value);

/* Reads "IN IP4 198.51.100.1", cut in place. */
int sdp_connection(struct sdp_parser *p, char *rest, struct address *out);

/* Makes room for element number `count` in *array, which has `count` of them. */
int sdp_grow(void *array, unsigned int count, size_t element);

/* Reads what follows "a=", cut in place, into the section. */
int sdp_attribute(struct sdp_parser *p, char *rest);

/* Gives the m-lines what the session's section, the BUNDLE groups and the defaults say of them. */
int sdp_complete(struct sdp_parser *p);

#endif
