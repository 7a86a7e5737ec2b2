/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of controlplane/web/page, in the program itself: build/gen/controlplane/web/page.c. */
#ifndef TANDEM_WEB_PAGE_H
#define TANDEM_WEB_PAGE_H

struct web_file {
	const char *name; /* "index.html" */
	const unsigned char *begin, *end;
};

extern const struct web_file web_files[]; /* the last one has no name */

#endif
