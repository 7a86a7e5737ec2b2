/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/view_shed.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "controlplane/ctl/table.h"
#include "controlplane/ctl/words.h"

static const char *kind_of(const Tandem__Shed__V1__Attack *attack, char text[WORDS_SIZE])
{
	words_enum(&tandem__shed__v1__kind__descriptor, (int)attack->kind, "KIND_", text);
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = ' ';
	return text;
}

static uint64_t pps_of_all(const Tandem__Shed__V1__ShowReply *reply)
{
	uint64_t pps = 0;

	for (size_t i = 0; i < reply->n_reasons; i++)
		pps += reply->reasons[i]->pps;
	return pps;
}

/* "aimed at call c1", "aimed at 3 calls: c1, c2, c3"; nothing when it is aimed at none. */
static void print_aim(FILE *out, const Tandem__Shed__V1__Attack *attack)
{
	if (attack->n_call_ids == 1)
		fputs(", aimed at call ", out);
	else if (attack->n_call_ids)
		fprintf(out, ", aimed at %zu calls: ", attack->n_call_ids);
	for (size_t i = 0; i < attack->n_call_ids; i++) {
		fputs(i ? ", " : "", out);
		words_print(out, attack->call_ids[i]);
	}
}

static void print_attack(FILE *out, const Tandem__Shed__V1__Attack *attack)
{
	char kind[WORDS_SIZE], age[WORDS_SIZE];

	fprintf(out,
		"attack %" PRIu64 ": %s for %s, %" PRIu32 " packets a second (at most %" PRIu32 ")",
		attack->id, kind_of(attack, kind), words_duration(attack->age_ms, age), attack->pps,
		attack->pps_peak);
	if (attack->n_sources && attack->sources[0]->pps >= attack->pps / 10) {
		fputs(", most from ", out);
		words_print(out, attack->sources[0]->address);
	} else if (attack->n_sources) {
		fputs(", from many addresses", out);
	}
	print_aim(out, attack);
	fputc('\n', out);
}

static void print_attacks(FILE *out, const Tandem__Shed__V1__ShowReply *reply)
{
	for (size_t i = 0; i < reply->n_attacks; i++)
		print_attack(out, reply->attacks[i]);
	if (!reply->n_attacks)
		fputs("no attack\n", out);
}

/* --- all of it -----------------------------------------------------------------------------------
 */

static void view_reasons(FILE *out, const Tandem__Shed__V1__ShowReply *reply, bool all)
{
	static const char *const heads[] = {"REASON", ">A SECOND", ">PACKETS", "MEANING", NULL};
	struct table *table = table_new(heads);
	size_t rows = 0;

	for (size_t i = 0; i < reply->n_reasons; i++) {
		const Tandem__Shed__V1__Reason *reason = reply->reasons[i];

		if (!reason->packets && !all)
			continue;
		rows++;
		table_add(table, "%s", reason->name);
		table_add(table, "%" PRIu32, reason->pps);
		table_add(table, "%" PRIu64, reason->packets);
		table_add(table, "%s", reason->help);
	}
	if (rows)
		table_print(table, out);
	else
		fputs("nothing was shed\n", out);
	table_free(table);
}

static void view_judges(FILE *out, const Tandem__Shed__V1__ShowReply *reply)
{
	static const char *const heads[] = {"NETWORK", "JUDGED BY", NULL};
	struct table *table = table_new(heads);

	for (size_t i = 0; i < reply->n_judges; i++) {
		table_add(table, "%s", reply->judges[i]->network);
		table_add(table, "%s", reply->judges[i]->where);
	}
	table_print(table, out);
	table_free(table);
}

static void view_blocks(FILE *out, const Tandem__Shed__V1__ShowReply *reply)
{
	static const char *const heads[] = {"BLOCKED", ">STILL FOR", "BY", NULL};
	struct table *table;
	char left[WORDS_SIZE];

	if (!reply->n_blocks) {
		fputs("nobody is blocked\n", out);
		return;
	}
	table = table_new(heads);
	for (size_t i = 0; i < reply->n_blocks; i++) {
		const Tandem__Shed__V1__BlockEntry *block = reply->blocks[i];

		table_add(table, "%s", block->prefix);
		table_add(table, "%s",
			  block->left_ms ? words_duration(block->left_ms, left) : "ever");
		table_add(table, "%s", block->automatic ? "failed authentication" : "an operator");
	}
	table_print(table, out);
	table_free(table);
}

void view_shed(FILE *out, const Tandem__Shed__V1__ShowReply *reply, bool all)
{
	print_attacks(out, reply);
	fputc('\n', out);
	view_reasons(out, reply, all);
	if (reply->n_judges) {
		fputc('\n', out);
		view_judges(out, reply);
	}
	fputc('\n', out);
	view_blocks(out, reply);
}

/* --- the worst -----------------------------------------------------------------------------------
 */

/* A source's rate is an estimate from above, so a share can seem to be more than all. */
static void add_share(struct table *table, uint32_t pps, uint64_t all)
{
	if (all)
		table_add(table, "%.0f %%", pps < all ? 100.0 * pps / (double)all : 100.0);
	else
		table_add(table, "%s", "");
}

static void view_sources(FILE *out, const Tandem__Shed__V1__ShowReply *reply, uint64_t all)
{
	static const char *const heads[] = {">A SECOND", ">SHARE", "FROM", "REASON", NULL};
	struct table *table = table_new(heads);

	for (size_t i = 0; i < reply->n_sources; i++) {
		const Tandem__Shed__V1__Source *source = reply->sources[i];

		table_add(table, "%" PRIu32, source->pps);
		add_share(table, source->pps, all);
		table_add(table, "%s", source->address);
		table_add(table, "%s%s", source->reason, source->blocked ? ", blocked" : "");
	}
	table_print(table, out);
	table_free(table);
}

static void view_targets(FILE *out, const Tandem__Shed__V1__ShowReply *reply, uint64_t all)
{
	static const char *const heads[] = {">A SECOND", ">SHARE",      "TO", "REASON",
					    "CALL",      "PARTICIPANT", NULL};
	struct table *table = table_new(heads);

	for (size_t i = 0; i < reply->n_targets; i++) {
		const Tandem__Shed__V1__Target *target = reply->targets[i];

		table_add(table, "%" PRIu32, target->pps);
		add_share(table, target->pps, all);
		table_add(table, "%s", target->local);
		table_add(table, "%s", target->reason);
		table_add(table, "%s", target->call_id);
		table_add(table, "%s", target->tag);
	}
	table_print(table, out);
	table_free(table);
}

void view_shed_top(FILE *out, const Tandem__Shed__V1__ShowReply *reply)
{
	uint64_t all = pps_of_all(reply);

	fprintf(out, "%" PRIu64 " packets a second are dropped\n", all);
	print_attacks(out, reply);
	if (reply->n_sources) {
		fputc('\n', out);
		view_sources(out, reply, all);
	}
	if (reply->n_targets) {
		fputc('\n', out);
		view_targets(out, reply, all);
	}
}

/* --- single ones ---------------------------------------------------------------------------------
 */

void view_shed_samples(FILE *out, const Tandem__Shed__V1__SampleReply *reply)
{
	static const char *const heads[] = {">AGO", "REASON",  "FROM", "TO",
					    "WHAT", ">OCTETS", "CALL", NULL};
	struct table *table;
	char age[WORDS_SIZE];

	if (!reply->n_packets) {
		fputs("no sample was taken\n", out);
		return;
	}
	table = table_new(heads);
	for (size_t i = 0; i < reply->n_packets; i++) {
		const Tandem__Shed__V1__DroppedPacket *packet = reply->packets[i];

		table_add(table, "%s", words_duration(packet->age_ms, age));
		table_add(table, "%s", packet->reason);
		table_add(table, "%s", packet->source);
		table_add(table, "%s", packet->destination);
		table_add(table, "%s", packet->what);
		table_add(table, "%" PRIu32, packet->length);
		table_add(table, "%s", packet->call_id);
	}
	table_print(table, out);
	table_free(table);
}

void view_shed_event(FILE *out, const Tandem__Shed__V1__AttackEvent *event)
{
	static const Tandem__Shed__V1__Attack none = TANDEM__SHED__V1__ATTACK__INIT;
	char clock[WORDS_SIZE], change[WORDS_SIZE];

	words_time(1000 * (uint64_t)time(NULL), clock);
	words_enum(&tandem__shed__v1__change__descriptor, (int)event->change, "CHANGE_", change);
	fprintf(out, "%s %-7s ", clock, change);
	print_attack(out, event->attack ? event->attack : &none);
}
