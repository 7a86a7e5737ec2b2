/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/view_shed.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "controlplane/ctl/columns.h"
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

/* --- all of it ------------------------------------------------------------------------------- */

static void view_reasons(FILE *out, const Tandem__Shed__V1__ShowReply *reply, bool all)
{
	static const char *const heads[] = {"REASON", ">A SECOND", ">PACKETS", "MEANING", NULL};
	struct columns *columns = columns_new(heads);
	size_t rows = 0;

	for (size_t i = 0; i < reply->n_reasons; i++) {
		const Tandem__Shed__V1__Reason *reason = reply->reasons[i];

		if (!reason->packets && !all)
			continue;
		rows++;
		columns_add(columns, "%s", reason->name);
		columns_add(columns, "%" PRIu32, reason->pps);
		columns_add(columns, "%" PRIu64, reason->packets);
		columns_add(columns, "%s", reason->help);
	}
	if (rows)
		columns_print(columns, out);
	else
		fputs("nothing was shed\n", out);
	columns_free(columns);
}

static void view_judges(FILE *out, const Tandem__Shed__V1__ShowReply *reply)
{
	static const char *const heads[] = {"NETWORK", "JUDGED BY", NULL};
	struct columns *columns = columns_new(heads);

	for (size_t i = 0; i < reply->n_judges; i++) {
		columns_add(columns, "%s", reply->judges[i]->network);
		columns_add(columns, "%s", reply->judges[i]->where);
	}
	columns_print(columns, out);
	columns_free(columns);
}

static void view_blocks(FILE *out, const Tandem__Shed__V1__ShowReply *reply)
{
	static const char *const heads[] = {"BLOCKED", ">STILL FOR", "BY", NULL};
	struct columns *columns;
	char left[WORDS_SIZE];

	if (!reply->n_blocks) {
		fputs("nobody is blocked\n", out);
		return;
	}
	columns = columns_new(heads);
	for (size_t i = 0; i < reply->n_blocks; i++) {
		const Tandem__Shed__V1__BlockEntry *block = reply->blocks[i];

		columns_add(columns, "%s", block->prefix);
		columns_add(columns, "%s",
			    block->left_ms ? words_duration(block->left_ms, left) : "ever");
		columns_add(columns, "%s",
			    block->automatic ? "failed authentication" : "an operator");
	}
	columns_print(columns, out);
	columns_free(columns);
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

/* --- the worst ------------------------------------------------------------------------------- */

/* A source's rate is an estimate from above, so a share can seem to be more than all. */
static void add_share(struct columns *columns, uint32_t pps, uint64_t all)
{
	if (all)
		columns_add(columns, "%.0f %%", pps < all ? 100.0 * pps / (double)all : 100.0);
	else
		columns_add(columns, "%s", "");
}

static void view_sources(FILE *out, const Tandem__Shed__V1__ShowReply *reply, uint64_t all)
{
	static const char *const heads[] = {">A SECOND", ">SHARE", "FROM", "REASON", NULL};
	struct columns *columns = columns_new(heads);

	for (size_t i = 0; i < reply->n_sources; i++) {
		const Tandem__Shed__V1__Source *source = reply->sources[i];

		columns_add(columns, "%" PRIu32, source->pps);
		add_share(columns, source->pps, all);
		columns_add(columns, "%s", source->address);
		columns_add(columns, "%s%s", source->reason, source->blocked ? ", blocked" : "");
	}
	columns_print(columns, out);
	columns_free(columns);
}

static void view_targets(FILE *out, const Tandem__Shed__V1__ShowReply *reply, uint64_t all)
{
	static const char *const heads[] = {">A SECOND", ">SHARE",      "TO", "REASON",
					    "CALL",      "PARTICIPANT", NULL};
	struct columns *columns = columns_new(heads);

	for (size_t i = 0; i < reply->n_targets; i++) {
		const Tandem__Shed__V1__Target *target = reply->targets[i];

		columns_add(columns, "%" PRIu32, target->pps);
		add_share(columns, target->pps, all);
		columns_add(columns, "%s", target->local);
		columns_add(columns, "%s", target->reason);
		columns_add(columns, "%s", target->call_id);
		columns_add(columns, "%s", target->tag);
	}
	columns_print(columns, out);
	columns_free(columns);
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

/* --- single ones ----------------------------------------------------------------------------- */

void view_shed_samples(FILE *out, const Tandem__Shed__V1__SampleReply *reply)
{
	static const char *const heads[] = {">AGO", "REASON",  "FROM", "TO",
					    "WHAT", ">OCTETS", "CALL", NULL};
	struct columns *columns;
	char age[WORDS_SIZE];

	if (!reply->n_packets) {
		fputs("no sample was taken\n", out);
		return;
	}
	columns = columns_new(heads);
	for (size_t i = 0; i < reply->n_packets; i++) {
		const Tandem__Shed__V1__DroppedPacket *packet = reply->packets[i];

		columns_add(columns, "%s", words_duration(packet->age_ms, age));
		columns_add(columns, "%s", packet->reason);
		columns_add(columns, "%s", packet->source);
		columns_add(columns, "%s", packet->destination);
		columns_add(columns, "%s", packet->what);
		columns_add(columns, "%" PRIu32, packet->length);
		columns_add(columns, "%s", packet->call_id);
	}
	columns_print(columns, out);
	columns_free(columns);
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
