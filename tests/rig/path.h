/* SPDX-License-Identifier: BSD-3-Clause */
/* The paths that a test puts between the legs of scene_trio(). */
#ifndef TANDEM_TESTS_RIG_PATH_H
#define TANDEM_TESTS_RIG_PATH_H

#include "tests/rig/scene.h"

/* A path that a test amends before it is put. */
Tandem__Dataplane__V1__PutPath path_from(const struct side *from, const struct side *to);
void path_put(struct scene *s, const Tandem__Dataplane__V1__PutPath *put);

void path_own(struct scene *s, const struct side *from, const struct side *to);
void path_branch(struct scene *s, const struct side *from, const struct side *to);

/* For one payload type. */
void path_only(struct scene *s, const struct side *from, const struct side *to, bool branch,
	       unsigned int type);
void path_end(struct scene *s, const struct side *from, const struct side *to);

#endif
