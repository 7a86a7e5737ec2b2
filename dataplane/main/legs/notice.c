/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes back from the workers: notices, and the answers to orders. */
#include "dataplane/main/floods/block_list.h"
#include "dataplane/main/links/neighbour.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/turn/turn_server.h"

static void take_notice(struct registry *r, const struct notice *n)
{
	struct record *record = n->leg ? record_of(r, n->leg) : NULL;
	struct rte_mbuf *m = n->object;

	if (record && record->state != RECORD_OPEN)
		record = NULL;
	switch ((enum notice_kind)n->kind) {
	case NOTICE_REMOTE:
		/*
		 * Meanwhile the control plane may have said that media goes elsewhere; and of a leg
		 * that moved two workers tell.
		 */
		if (!record || (int32_t)(n->learnt - record->learnt[n->component]) <= 0)
			break;
		record->learnt[n->component] = n->learnt;
		if (n->remote_epoch != record->latest->remote_epoch ||
		    (n->component && record->latest->rtcp_mux) ||
		    remote_set(r, record, n->component, &n->remote, DROP_NONE))
			break;
		/* The leg is where its RTP is. */
		if (n->component)
			break;
		record->consent_lost = false;
		registry_tell(r, record, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP,
			      &n->remote, NULL);
		break;
	case NOTICE_PUNT:
		if (record)
			registry_tell(r, record, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT,
				      &n->remote, m);
		break;
	case NOTICE_HOST:
		neighbour_input(r->dataplane, rte_pktmbuf_mtod(m, const uint8_t *),
				rte_pktmbuf_data_len(m), n->network, n->component);
		break;
	case NOTICE_TURN:
		turn_server_hear(r->turn, n->component, &n->remote, m);
		break;
	case NOTICE_MOVE:
		if (record)
			record_move(r, record, n->component);
		break;
	case NOTICE_KEYS_STALE:
		if (record)
			registry_tell(r, record,
				      TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_KEYS_STALE, NULL,
				      NULL);
		break;
	}
	rte_pktmbuf_free(m);
}

static void retire_config(struct registry *r, struct leg_config *config)
{
	struct leg *heard[LEG_HEARD] = {NULL};

	if (config)
		memcpy(heard, config->heard, sizeof(heard));
	record_config_free(r, config);
	for (unsigned int k = 0; k < LEG_HEARD && heard[k]; k++)
		record_reuse(r, record_of(r, heard[k]));
}

static void take_done(struct registry *r, struct worker *w, const struct done *done)
{
	w->open_orders--;
	switch ((enum order_kind)done->kind) {
	case ORDER_APPLY:
		retire_config(r, done->object);
		break;
	case ORDER_CLEAR:
		retire_config(r, done->object);
		record_of(r, done->leg)->cleared = true;
		record_reuse(r, record_of(r, done->leg));
		break;
	case ORDER_SEND:
	case ORDER_PULSE:
		break;
	case ORDER_BLOCKS:
		block_list_release(done->object);
		break;
	case ORDER_LET_GO:
		path_let_gone(r, done->object);
		break;
	case ORDER_PASS:
		turn_server_passed(r->turn);
		break;
	case ORDER_MOVE:
		record_moved(r, record_of(r, done->leg));
		break;
	}
}

unsigned int registry_poll(struct registry *r)
{
	struct dataplane *d = r->dataplane;
	unsigned int handled = 0;

	for (unsigned int k = 0; k < d->worker_count; k++) {
		struct worker *w = d->workers[k];
		struct done dones[64];
		struct notice notices[64];
		unsigned int done, noticed, left;

		/*
		 * Answers are taken first and handled last: the notices that a worker wrote before
		 * are about legs as they were before.
		 */
		done = rte_ring_sc_dequeue_burst_elem(w->dones, dones, sizeof(dones[0]),
						      RTE_DIM(dones), NULL);
		for (left = rte_ring_count(w->notices); left; left -= noticed) {
			noticed = rte_ring_sc_dequeue_burst_elem(
				w->notices, notices, sizeof(notices[0]),
				RTE_MIN(left, (unsigned int)RTE_DIM(notices)), NULL);
			for (unsigned int i = 0; i < noticed; i++)
				take_notice(r, &notices[i]);
			handled += noticed;
		}
		for (unsigned int i = 0; i < done; i++)
			take_done(r, w, &dones[i]);
		handled += done;
	}
	handled += moves_poll(r);
	if (r->turn)
		handled += turn_server_poll(r->turn);
	deferred_poll(&r->deferred, d);
	registry_watch(r);
	return handled;
}
