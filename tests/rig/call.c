/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/call.h"

struct bench *call_bench;
const char *call_engine = "ipsec_mb";
unsigned int verifier_changed;
static const struct crypt_engine *verifier_engine;

void call_master(uint32_t epoch, uint8_t key[SUITE_KEY_MAX], uint8_t salt[SUITE_SALT_MAX])
{
	oracle_fill(key, SUITE_KEY_MAX, 31, 97 * epoch + 5);
	oracle_fill(salt, SUITE_SALT_MAX, 17, 59 * epoch + 3);
}

struct crypt_key *call_key(const struct crypt_engine *engine, enum srtp_suite suite,
			   enum crypt_direction direction, uint32_t epoch)
{
	uint8_t key[SUITE_KEY_MAX], salt[SUITE_SALT_MAX];
	struct crypt_key *made = NULL;

	call_master(epoch, key, salt);
	if (engine->key_create(&made, suite, direction, key, salt))
		abort();
	made->epoch = epoch;
	return made;
}

void call_apply(struct call *call)
{
	leg_apply(call_bench->worker, call->sender, &call->plain, rte_rdtsc());
	leg_apply(call_bench->worker, call->receiver, &call->secure, rte_rdtsc());
}

struct call *call_open(enum srtp_suite suite)
{
	struct call *call = calloc(1, sizeof(*call));
	uint8_t key[SUITE_KEY_MAX], salt[SUITE_SALT_MAX];

	call->engine = call_bench->worker->engine;
	call->now = 1000;
	call->send = call_key(call->engine, suite, CRYPT_SEND, 1);
	call->receive = call_key(call->engine, suite, CRYPT_RECEIVE, 1);
	call->plain =
		(struct leg_config){.has_own = true,
				    .own = {.protects = true, .send = call->send, .lineage = 1},
				    .windows = &call->sent};
	call->secure = (struct leg_config){
		.security = LEG_SDES, .receive = call->receive, .windows = &call->received};
	call->sender = media_leg(call_bench, &call->plain, 30000);
	call->receiver = media_leg(call_bench, &call->secure, 40000);
	call_master(1, key, salt);
	oracle_derive(&call->oracle, suite, key, salt);
	return call;
}

void call_close(struct call *call)
{
	media_leg_free(call_bench, call->sender);
	media_leg_free(call_bench, call->receiver);
	call->engine->key_free(call->send);
	call->engine->key_free(call->receive);
	free(call);
}

void call_run(struct call *call, struct leg *leg, bool protect, struct packet *wires,
	      enum drop *verdicts, unsigned int count)
{
	struct burst b;

	media_burst(&b, call->now);
	for (unsigned int k = 0; k < count; k++)
		media_add(call_bench, &b, leg, &wires[k]);
	crypt_unprotect_stage(call_bench->worker, &b);
	if (protect)
		crypt_protect_stage(call_bench->worker, &b);
	for (unsigned int k = 0; k < count; k++) {
		verdicts[k] = burst_is_media(&b, k) ? DROP_NONE : b.reason[k];
		if (verdicts[k] != DROP_NONE)
			continue;
		if (!b.stream[k] || b.mbuf[k]->data_len != b.payload[k] + b.length[k])
			abort();
		wires[k].length = b.length[k];
		memcpy(wires[k].octets, burst_payload(&b, k), b.length[k]);
	}
	media_free(&b);
}

enum drop call_protect(struct call *call, struct packet *packet)
{
	enum drop verdict;

	call_run(call, call->sender, true, packet, &verdict, 1);
	return verdict;
}

enum drop call_unprotect(struct call *call, const struct packet *packet, struct packet *out)
{
	enum drop verdict;

	*out = *packet;
	call_run(call, call->receiver, false, out, &verdict, 1);
	return verdict;
}

static void run_verify(struct crypt_job *jobs, unsigned int count)
{
	static struct packet before[BURST_MAX];

	for (unsigned int k = 0; k < count; k++) {
		before[k].length = jobs[k].length;
		memcpy(before[k].octets, jobs[k].data, jobs[k].length);
	}
	verifier_engine->verify(jobs, count);
	for (unsigned int k = 0; k < count; k++)
		if (jobs[k].length != before[k].length ||
		    memcmp(jobs[k].data, before[k].octets, before[k].length))
			verifier_changed++;
}

struct crypt_engine verifier_of(const struct crypt_engine *engine)
{
	struct crypt_engine verifier = *engine;

	verifier_engine = engine;
	verifier.unprotect = run_verify;
	return verifier;
}

enum drop call_verify(struct call *call, const struct packet *packet, struct packet *out)
{
	const struct crypt_engine verifier = verifier_of(call->engine);
	enum drop verdict;

	call_bench->worker->engine = &verifier;
	verdict = call_unprotect(call, packet, out);
	call_bench->worker->engine = call->engine;
	if (verifier_changed || !packet_equal(packet, out))
		abort();
	return verdict;
}

static void have_environment(void)
{
	static bool begun;

	if (!begun && bench_environment(NULL))
		abort();
	begun = true;
}

struct bench *call_begin(uint32_t streams)
{
	have_environment();
	call_bench = media_create(streams);
	if (crypt_engine_start(&call_bench->worker->engine, call_engine))
		abort();
	return call_bench;
}

void call_end(void)
{
	call_bench->worker->engine->stop();
	media_destroy(call_bench);
}

bool call_engine_is_able(void)
{
	const struct crypt_engine *engine;
	int error;

	have_environment();
	error = crypt_engine_start(&engine, "ipsec_mb");
	if (error)
		print_message("# ipsec_mb: %s\n",
			      error == -ENOTSUP ? "this CPU has no AES-NI" : strerror(-error));
	else
		engine->stop();
	return error != -ENOTSUP;
}

int call_group_start(void **state)
{
	call_begin(CALL_STREAMS);
	return 0;
}

int call_group_stop(void **state)
{
	call_end();
	return 0;
}

int call_is_idle(void **state)
{
	return bench_is_idle(call_bench) && call_bench->worker->free_stream_count == CALL_STREAMS
		       ? 0
		       : -1;
}

enum drop call_takes(struct call *call, uint64_t index)
{
	struct packet packet = packet_srtp(&call->oracle, SSRC, index), out;

	return call_unprotect(call, &packet, &out);
}
