/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The paths in a leg's configuration, of which the leg's own comes first, and what configurations
 * share: counted, and freed with the last of them. Main lcore only.
 */
#ifndef TANDEM_PATH_PLAN_H
#define TANDEM_PATH_PLAN_H

#include <stdbool.h>

struct branch;
struct claims;
struct leg_config;
struct path_record;
struct record;
struct registry;
struct sent;
struct silence;

/* Fills them in; path_unplan() gives them back. */
void path_plan(struct registry *r, struct record *record, struct leg_config *config);
void path_unplan(struct registry *r, struct leg_config *config);

/* Whether the RTCP of the one that hears speaks of those that it hears by this path. */
bool path_is_talk(const struct path_record *path);
/* Several legs are heard by this one. */
bool path_hears_several(const struct record *record);

/* NULL is accepted by each of these. */
void path_release_sent(struct sent *sent);
void path_release_silence(struct silence *silence);
void path_release_claims(struct claims *claims);
void path_release_branch(struct registry *r, struct branch *branch);

/* What was sent to the participant no longer counts: no key of its has served. */
void path_drop_sent(struct registry *r, struct record *record);

/* What the path's flow has sent cannot be had: the leg that it leads to needs another key. */
void path_give_up(struct registry *r, struct path_record *path);
#endif
