/* SPDX-License-Identifier: BSD-3-Clause */
/* Attacks and blocks, and what TURN grants. */
#include "controlplane/metrics/metrics_view.h"

void metrics_write_floods(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family running = {"tandem_attack_active", NULL,
							 "1 while an attack of this kind runs."};
	static const struct exposition_family begun = {
		"tandem_attacks", NULL, "Attacks that began, by kind.", EXPOSITION_COUNTER};
	static const struct exposition_family blocks = {
		"tandem_blocks", NULL,
		"Prefixes that are blocked, by who blocked them: an operator, or auto_block."};

	exposition_family(e, &running);
	for (enum attack_kind k = ATTACK_NONE + 1; v->attacks && k < ATTACK_KINDS; k++)
		exposition_value(e, EXPOSITION_LABELS({"kind", attack_kind_name(k)}),
				 v->attacks->of[k].id != 0);
	exposition_family(e, &begun);
	for (enum attack_kind k = ATTACK_NONE + 1; v->attacks && k < ATTACK_KINDS; k++)
		exposition_value(e, EXPOSITION_LABELS({"kind", attack_kind_name(k)}),
				 v->attacks->begun[k]);
	exposition_family(e, &blocks);
	if (!v->blocks)
		return;
	exposition_value(e, EXPOSITION_LABELS({"by", "operator"}), v->blocks->by_operator);
	exposition_value(e, EXPOSITION_LABELS({"by", "auto_block"}), v->blocks->automatic);
}

void metrics_write_turn(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family allocations = {"tandem_turn_allocations", NULL,
							     "TURN allocations there are."};
	static const struct exposition_family granted = {"tandem_turn_grants", NULL,
							 "TURN allocations that were granted.",
							 EXPOSITION_COUNTER};
	static const struct exposition_family refused = {
		"tandem_turn_refusals", NULL, "TURN requests that were refused, by reason.",
		EXPOSITION_COUNTER};

	exposition_family(e, &allocations);
	if (v->allocations >= 0)
		exposition_value(e, NULL, v->allocations);
	exposition_family(e, &granted);
	if (v->turn)
		exposition_value(e, NULL, v->turn->granted);
	exposition_family(e, &refused);
	for (unsigned int k = 0; v->turn && k < TURN_REFUSALS; k++)
		exposition_value(e, EXPOSITION_LABELS({"reason", turn_refusal_name(k)}),
				 v->turn->refused[k]);
}
