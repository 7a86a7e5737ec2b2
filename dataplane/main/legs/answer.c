/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/legs/answer.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/api/cleanse.h"
#include "dataplane/main/counters.h"
#include "dataplane/main/floods/filter.h"
#include "dataplane/main/legs/captures.h"
#include "dataplane/main/legs/keep.h"
#include "dataplane/main/legs/registry.h"
#include "dataplane/main/turn/turn_server.h"

/* False: no room for another status. */
static bool add_status(const struct served *s, const Tandem__Dataplane__V1__GetLegs *get,
		       Tandem__Dataplane__V1__Reply *reply, uint32_t place, size_t *size)
{
	Tandem__Dataplane__V1__LegStatus *status =
		registry_status(s->registry, place, get->with_streams);
	size_t packed = status ? tandem__dataplane__v1__leg_status__get_packed_size(status) + 8 : 0;
	void *grown = NULL;

	if (status && (*size + packed <= ANSWER_SIZE || reply->n_legs == 0))
		grown = realloc(reply->legs, (reply->n_legs + 1) * sizeof(reply->legs[0]));
	if (!grown) {
		if (status)
			tandem__dataplane__v1__leg_status__free_unpacked(status,
									 &cleanse_allocator);
		return false;
	}
	reply->legs = grown;
	reply->legs[reply->n_legs++] = status;
	*size += packed;
	return true;
}

static int get_legs(const struct served *s, const Tandem__Dataplane__V1__GetLegs *get,
		    Tandem__Dataplane__V1__Reply *reply)
{
	size_t size = 0;

	if (get->n_legs) {
		for (size_t k = 0; k < get->n_legs; k++) {
			uint32_t place = registry_find(s->registry, get->legs[k]);

			if (place && !add_status(s, get, reply, place, &size))
				return -EMSGSIZE;
		}
		return 0;
	}
	for (uint32_t place = get->after; (place = registry_next(s->registry, place));) {
		if (!add_status(s, get, reply, place, &size)) {
			reply->next = place - 1;
			break;
		}
	}
	return 0;
}

static int delete_leg(const struct served *s, uint64_t id, Tandem__Dataplane__V1__Reply *reply,
		      const char **what)
{
	const Tandem__Dataplane__V1__GetLegs all = {.with_streams = true};
	uint32_t place = registry_find(s->registry, id);
	size_t size = 0;

	if (place && reply->n_legs == 0)
		add_status(s, &all, reply, place, &size);
	return registry_delete_leg(s->registry, id, what);
}

int answer_request(const struct served *s, const Tandem__Dataplane__V1__Request *request,
		   Tandem__Dataplane__V1__Reply *reply, const char **what)
{
	struct registry *r = s->registry;

	if (request->put_leg)
		return registry_put_leg(r, request->put_leg, what);
	if (request->put_keys)
		return registry_put_keys(r, request->put_keys, what);
	if (request->delete_leg)
		return delete_leg(s, request->delete_leg->leg, reply, what);
	if (request->put_path)
		return registry_put_path(r, request->put_path, what);
	if (request->delete_path)
		return registry_delete_path(r, request->delete_path, what);
	if (request->put_call)
		return keep_put(s->keep, request->put_call, what);
	if (request->delete_call)
		return keep_delete(s->keep, request->delete_call->call, what);
	if (request->get_calls)
		return keep_get(s->keep, request->get_calls->after, ANSWER_SIZE, reply, what);
	if (request->transmit)
		return registry_transmit(r, request->transmit, what);
	if (request->get_legs) {
		*what = "more legs than one reply holds: ask for fewer";
		return get_legs(s, request->get_legs, reply);
	}
	if (request->get_counters) {
		*what = "no memory for the counters";
		reply->legs_used = registry_count(s->registry);
		return counters_report(s->counters, reply);
	}
	if (request->put_rates)
		return filter_put_rates(s->filter, request->put_rates);
	if (request->put_block)
		return filter_put_block(s->filter, request->put_block, what);
	if (request->delete_block)
		return filter_delete_block(s->filter, request->delete_block, what);
	if (request->get_shed) {
		*what = "no memory for what is shed";
		return filter_show(s->filter, request->get_shed, reply);
	}
	if (request->put_turn)
		return turn_server_put(s->turn, request->put_turn, what);
	if (request->put_allocation)
		return turn_server_put_allocation(s->turn, request->put_allocation, what);
	if (request->delete_allocation)
		return turn_server_delete_allocation(s->turn,
						     request->delete_allocation->allocation, what);
	if (request->get_allocations)
		return turn_server_get(s->turn, request->get_allocations, ANSWER_SIZE, reply, what);
	if (request->answer_turn)
		return turn_server_answer(s->turn, request->answer_turn, what);
	if (request->put_capture)
		return registry_put_capture(r, request->put_capture, what);
	if (request->delete_capture)
		return registry_delete_capture(r, request->delete_capture->capture, what);
	*what = "no request that this version knows";
	return -EOPNOTSUPP;
}
