/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device is asked for, so that a participant's packets come to one worker, and what it does.
 */
#include <rte_dev.h>
#include <rte_ethdev.h>

#include "dataplane/main/links/spread.h"
#include "tests/rig/bench.h"
#include "tests/rig/test.h"

#define QUEUES 3
#define UDP    (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP | RTE_ETH_RSS_IPV6_UDP_EX)

static void asks_for_what_there_is(void **state)
{
	static const struct {
		uint64_t offered, asked;
		enum spread spread;
		const char *driver;
	} cases[] = {
		{RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP, UDP, SPREAD_UDP},
		{RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6, RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6,
		 SPREAD_IP},
		{RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6,
		 RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV6, SPREAD_IP},
		{RTE_ETH_RSS_NONFRAG_IPV4_TCP, 0, SPREAD_FIRST},
		{0, 0, SPREAD_FIRST},
		{0, 0, SPREAD_HOST, "net_virtio"},
		{0, 0, SPREAD_HOST, "net_virtio_user"},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		const struct rte_eth_dev_info info = {
			.driver_name = cases[k].driver ? cases[k].driver : "net_other",
			.flow_type_rss_offloads = cases[k].offered,
		};
		struct rte_eth_conf conf = {0};

		assert_int_equal(spread_ask(&conf, &info, QUEUES), cases[k].spread);
		assert_int_equal(conf.rx_adv_conf.rss_conf.rss_hf, cases[k].asked);
		assert_int_equal(conf.rxmode.mq_mode,
				 cases[k].asked ? RTE_ETH_MQ_RX_RSS : RTE_ETH_MQ_RX_NONE);
	}
}

static void one_queue_gets_all(void **state)
{
	const struct rte_eth_dev_info info = {.flow_type_rss_offloads = RTE_ETH_RSS_UDP};
	struct rte_eth_conf conf = {0};

	assert_int_equal(spread_ask(&conf, &info, 1), SPREAD_ONE);
	assert_int_equal(conf.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
}

/* DPDK's null device has a table and a hash as hardware does, but no packets. */
static void shares_are_even(void **state)
{
	struct bench *bench = bench_create();
	struct rte_eth_rss_reta_entry64 table[8] = {0};
	struct rte_eth_conf conf = {0};
	struct rte_eth_rss_conf hash = {0};
	struct rte_eth_dev_info info;
	unsigned int share[QUEUES] = {0};
	uint16_t port;

	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null7", ""), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null7", &port), 0);
	assert_int_equal(rte_eth_dev_info_get(port, &info), 0);
	assert_true(info.reta_size > QUEUES && info.reta_size <= 64 * RTE_DIM(table));
	assert_int_equal(spread_ask(&conf, &info, QUEUES), SPREAD_UDP);
	assert_int_equal(rte_eth_dev_configure(port, QUEUES, QUEUES, &conf), 0);
	for (unsigned int q = 0; q < QUEUES; q++) {
		assert_int_equal(
			rte_eth_rx_queue_setup(port, q, 64, SOCKET_ID_ANY, NULL, bench->mbufs), 0);
		assert_int_equal(rte_eth_tx_queue_setup(port, q, 64, SOCKET_ID_ANY, NULL), 0);
	}
	assert_int_equal(rte_eth_dev_start(port), 0);
	spread_evenly(port, &info, QUEUES);

	for (unsigned int k = 0; k < info.reta_size; k++)
		table[k / 64].mask |= 1ULL << k % 64;
	assert_int_equal(rte_eth_dev_rss_reta_query(port, table, info.reta_size), 0);
	for (unsigned int k = 0; k < info.reta_size; k++)
		share[table[k / 64].reta[k % 64]]++;
	for (unsigned int q = 0; q < QUEUES; q++)
		assert_in_range(share[q], info.reta_size / QUEUES, info.reta_size / QUEUES + 1);
	assert_int_equal(rte_eth_dev_rss_hash_conf_get(port, &hash), 0);
	assert_int_equal(hash.rss_hf, UDP);

	assert_int_equal(rte_eth_dev_stop(port), 0);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_null7"), 0);
	bench_destroy(bench);
}

static int start(void **state)
{
	return bench_environment(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_what_there_is),
		cmocka_unit_test(one_queue_gets_all),
		cmocka_unit_test(shares_are_even),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
