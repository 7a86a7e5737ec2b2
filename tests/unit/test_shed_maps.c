/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/object.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <net/if.h>
#include <linux/if_link.h>

#include "ebpf/known.h"

static const struct shed_address media = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}};

static int prepare(void **state)
{
	if (object_enter(state))
		return -1;
	return geteuid() == 0 ? object_pin_directory() : 0;
}

static int map_id(struct bpf_object *object, const char *name)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_object__find_map_fd_by_name(object, name);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	assert_string_equal(info.name, name);
	return info.id;
}

static void mount_is_idempotent(void **state)
{
	const char *what = NULL;

	object_need_root();
	assert_int_equal(shed_bpffs_mount(&what), 0);
	assert_int_equal(shed_bpffs_mount(&what), 0);
	assert_null(what);
	/* A second mount would have hidden this directory. */
	assert_int_equal(access(PINS, F_OK), 0);
}

static void open_without_program(void **state)
{
	const char *what = NULL;
	struct shed *shed = NULL;

	object_need_root();
	assert_int_equal(shed_open(&shed, PINS, &what), -ENOENT);
	assert_null(shed);
	assert_non_null(strstr(what, "xdp_prog"));
	assert_int_equal(shed_open(&shed, PINS "/none", &what), -ENOENT);
	shed_close(NULL);
}

static const char *const shared[] = {
	SHED_MAP_ADDRESS, SHED_MAP_RULE,   SHED_MAP_BLOCK,  SHED_MAP_SOURCE, SHED_MAP_SKETCH,
	SHED_MAP_COUNTER, SHED_MAP_SAMPLE, SHED_MAP_CLIENT, SHED_MAP_KNOWN,
};

/* Two ports load the object each: one set of tables, but sockets apart. */
static void two_ports_share_pinned_maps(void **state)
{
	struct bpf_object *a, *b;
	size_t i;

	object_need_root();
	a = object_load();
	b = object_load();
	for (i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		assert_int_equal(map_id(a, shared[i]), map_id(b, shared[i]));
	assert_int_not_equal(map_id(a, SHED_MAP_SOCKET), map_id(b, SHED_MAP_SOCKET));
	assert_int_equal(access(PINS "/" SHED_MAP_SOCKET, F_OK), -1);
	bpf_object__close(a);
	bpf_object__close(b);
}

/* The object of the last test is gone, its pins are not: a killed run's remains. */
static void pins_remove(void **state)
{
	const char *what = NULL;
	char path[256];
	size_t i;

	object_need_root();
	assert_int_equal(access(PINS "/" SHED_MAP_RULE, F_OK), 0);
	assert_int_equal(shed_pins_remove(PINS, &what), 0);
	for (i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		snprintf(path, sizeof(path), "%s/%s", PINS, shared[i]);
		assert_int_equal(access(path, F_OK), -1);
	}
	assert_int_equal(shed_pins_remove(PINS, &what), 0);
	assert_null(what);
}

static void addresses_are_limited(void **state)
{
	struct bpf_object *object;
	struct shed_address addr = media;
	const char *what;
	struct shed *shed;
	__u32 id;
	int i;

	object_need_root();
	object = object_load();
	assert_int_equal(shed_open(&shed, PINS, &what), 0);
	for (i = 0; i < SHED_ADDRESSES; i++) {
		addr.byte[15] = i;
		assert_int_equal(shed_address_add(shed, &addr), i);
		assert_int_equal(shed_address_add(shed, &addr),
				 i + 1 < SHED_ADDRESSES ? -EEXIST : -ENOSPC);
	}
	addr.byte[15] = 7;
	assert_int_equal(
		bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, SHED_MAP_ADDRESS),
				    &addr, &id),
		0);
	shed_close(shed);
	bpf_object__close(object);
}

/* What the XDP program finds of a port; -1: nothing, not even its address. */
static int port_flags(struct bpf_object *object, const struct shed_address *addr, __u32 port)
{
	int fd = bpf_object__find_map_fd_by_name(object, SHED_MAP_ADDRESS);
	struct shed_port entry;
	__u32 id;
	int ports;

	if (bpf_map_lookup_elem(fd, addr, &id))
		return -1;
	ports = bpf_map_get_fd_by_id(id);
	assert_true(ports >= 0);
	assert_int_equal(bpf_map_lookup_elem(ports, &port, &entry), 0);
	close(ports);
	return entry.flags;
}

static void ports_open_by_a_store(void **state)
{
	static const __u32 port[] = {0, 1, 30000, 65535, SHED_ERRORS};
	struct shed_address other = media;
	struct bpf_object *object;
	const char *what;
	struct shed *shed;
	size_t i;

	object_need_root();
	other.byte[15] = 2;
	object = object_load();
	assert_int_equal(shed_open(&shed, PINS, &what), 0);
	assert_int_equal(shed_address_add(shed, &other), 0);
	assert_int_equal(shed_address_add(shed, &media), 1);
	for (i = 0; i < sizeof(port) / sizeof(*port); i++) {
		struct shed_port *entry = &shed_ports(shed, 1)[port[i]];

		entry->flags = SHED_PORT_OPEN;
		assert_int_equal(port_flags(object, &media, port[i]), SHED_PORT_OPEN);
		assert_int_equal(port_flags(object, &other, port[i]), 0);
		entry->flags = 0;
		assert_int_equal(port_flags(object, &media, port[i]), 0);
	}
	shed_close(shed);
	bpf_object__close(object);
}

static void blocks_come_and_go(void **state)
{
	const struct shed_prefix wide = {32, {0x20, 0x01, 0x0d, 0xb8}};
	const struct shed_prefix narrow = {48, {0x20, 0x01, 0x0d, 0xb8, 0x0b, 0xad}};
	struct shed_prefix key = {128, {0x20, 0x01, 0x0d, 0xb8, 0x0b, 0xad, [15] = 1}};
	struct bpf_object *object;
	const char *what;
	struct shed *shed;
	__u32 value;
	int fd;

	object_need_root();
	object = object_load();
	fd = bpf_object__find_map_fd_by_name(object, SHED_MAP_BLOCK);
	assert_int_equal(shed_open(&shed, PINS, &what), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &value), -ENOENT);
	assert_int_equal(shed_block(shed, &narrow), 0);
	assert_int_equal(shed_block(shed, &narrow), 0);
	assert_int_equal(shed_block(shed, &wide), 0);
	assert_int_equal(shed_rule(shed)->blocks, 2);
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &value), 0);
	assert_int_equal(shed_unblock(shed, &narrow), 0);
	assert_int_equal(shed_unblock(shed, &narrow), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &value), 0);
	assert_int_equal(shed_unblock(shed, &wide), 0);
	assert_int_equal(shed_rule(shed)->blocks, 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &value), -ENOENT);
	shed_close(shed);
	bpf_object__close(object);
}

static struct shed_client client_at(__be16 port)
{
	return (struct shed_client){.address = media, .port = port, .listener = 1};
}

/* Of what the XDP program looks at first, as many bits are set. */
static unsigned int known_bits(struct bpf_object *object)
{
	struct shed_known *known = malloc(sizeof(*known));
	int fd = bpf_object__find_map_fd_by_name(object, SHED_MAP_KNOWN);
	unsigned int bits = 0;
	__u32 zero = 0;

	assert_non_null(known);
	assert_int_equal(bpf_map_lookup_elem(fd, &zero, known), 0);
	for (size_t k = 0; k < sizeof(known->word) / sizeof(*known->word); k++)
		bits += __builtin_popcountll(known->word[k]);
	free(known);
	return bits;
}

static unsigned int bits_of(const struct shed_client *one, const struct shed_client *other,
			    __u64 seed)
{
	return __builtin_popcountll(known_mask(known_hash(one, seed)) |
				    known_mask(known_hash(other, seed)));
}

/* Another one that has one of its bits, and others. */
static struct shed_client partner_of(const struct shed_client *client, __u64 seed)
{
	__u64 hash = known_hash(client, seed), its;
	struct shed_client other = client_at(1);

	do {
		other.address.half[0]++;
		its = known_hash(&other, seed);
	} while (known_word(its) != known_word(hash) ||
		 __builtin_popcountll(known_mask(its) & known_mask(hash)) != 1 ||
		 known_mask(its) == known_mask(hash));
	return other;
}

static void clients_come_and_go(void **state)
{
	const struct shed_client one = client_at(7);
	struct shed_client other;
	struct bpf_object *object;
	const char *what;
	struct shed *shed;
	__u64 due, seed;
	int fd;

	object_need_root();
	object = object_load();
	fd = bpf_object__find_map_fd_by_name(object, SHED_MAP_CLIENT);
	assert_int_equal(shed_open(&shed, PINS, &what), 0);
	seed = shed_rule(shed)->seed;
	other = partner_of(&one, seed);
	assert_int_equal(known_bits(object), 0);
	shed_client_remove(shed, &one);
	for (int k = 0; k < 2; k++) {
		assert_int_equal(shed_client_add(shed, &one), 0);
		assert_int_equal(shed_client_add(shed, &other), 0);
		assert_int_equal(known_bits(object), bits_of(&one, &other, seed));
	}
	shed_client_remove(shed, &other);
	shed_client_remove(shed, &other);
	assert_int_equal(bpf_map_lookup_elem(fd, &other, &due), -ENOENT);
	assert_int_equal(bpf_map_lookup_elem(fd, &one, &due), 0);
	assert_int_equal(known_bits(object), bits_of(&one, &one, seed));
	shed_client_remove(shed, &one);
	assert_int_equal(bpf_map_lookup_elem(fd, &one, &due), -ENOENT);
	assert_int_equal(known_bits(object), 0);
	shed_close(shed);
	bpf_object__close(object);
}

/* Where no XDP program runs the tables are there all the same, and the rest says nothing. */
static void tables_without_a_program(void **state)
{
	const struct shed_prefix prefix = {32, {0x20, 0x01, 0x0d, 0xb8}};
	uint64_t packets[SHED_REASON_COUNT];
	struct shed *shed;

	assert_int_equal(shed_create(&shed), 0);
	assert_int_equal(shed_address_add(shed, &media), 0);
	assert_int_equal(shed_address_add(shed, &media), -EEXIST);
	shed_ports(shed, 0)[SHED_PORT_ENTRIES - 1].flags = SHED_PORT_OPEN;
	shed_sketch(shed)->cell[SHED_SKETCH_ROWS - 1][SHED_SKETCH_COLUMNS - 1] = 1;
	assert_int_equal(shed_rule(shed)->off, 0);
	assert_int_not_equal(shed_rule(shed)->seed, 0);
	assert_int_equal(shed_block(shed, &prefix), 0);
	assert_int_equal(shed_unblock(shed, &prefix), 0);
	assert_int_equal(shed_count(shed, packets), 0);
	assert_int_equal(packets[SHED_TO_DATAPLANE], 0);
	assert_int_equal(shed_samples(shed, NULL, NULL), 0);
	shed_close(shed);
}

/* After the end the program may stay attached for a while: it must then touch nothing. */
static void close_leaves_nothing(void **state)
{
	struct bpf_object *object;
	const char *what;
	struct shed *shed;

	object_need_root();
	object = object_load();
	assert_int_equal(shed_open(&shed, PINS, &what), 0);
	assert_int_equal(shed_address_add(shed, &media), 0);
	shed_ports(shed, 0)[30000].flags = SHED_PORT_OPEN;
	assert_int_equal(port_flags(object, &media, 30000), SHED_PORT_OPEN);
	shed_close(shed);
	assert_int_equal(port_flags(object, &media, 30000), -1);
	assert_int_equal(shed_open(&shed, PINS, &what), -ENOENT);
	assert_int_equal(rmdir(PINS), 0);
	assert_int_equal(mkdir(PINS, 0700), 0);
	bpf_object__close(object);
}

static void counters_sum_over_cpus(void **state)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t packets[SHED_REASON_COUNT];
	struct bpf_object *object;
	const char *what;
	struct shed *shed;
	struct shed_tally *each;
	__u32 key;
	int i;

	object_need_root();
	object = object_load();
	each = calloc(cpus, sizeof(*each));
	assert_int_equal(shed_open(&shed, PINS, &what), 0);
	for (key = 0; key < SHED_REASON_COUNT; key++) {
		for (i = 0; i < cpus; i++)
			each[i].packets = 1000 * key + i;
		assert_int_equal(bpf_map_update_elem(
					 bpf_object__find_map_fd_by_name(object, SHED_MAP_COUNTER),
					 &key, each, BPF_ANY),
				 0);
	}
	assert_int_equal(shed_count(shed, packets), 0);
	for (key = 0; key < SHED_REASON_COUNT; key++)
		assert_int_equal(packets[key], 1000 * key * cpus + cpus * (cpus - 1) / 2);
	free(each);
	shed_close(shed);
	bpf_object__close(object);
}

/* Pins of another version of the program: refused, not misread. */
static void open_refuses_another_version(void **state)
{
	struct shed *shed = NULL;
	const char *what = NULL;
	int fd;

	object_need_root();
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, SHED_MAP_ADDRESS, sizeof(struct shed_address),
			    sizeof(__u64), SHED_ADDRESSES, NULL);
	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_pin(fd, PINS "/" SHED_MAP_ADDRESS), 0);
	close(fd);
	assert_int_equal(shed_open(&shed, PINS, &what), -EPROTO);
	assert_null(shed);
	assert_non_null(strstr(what, "version"));
	assert_int_equal(shed_pins_remove(PINS, &what), 0);
}

static int attached(unsigned int ifindex)
{
	__u32 id = 0;

	assert_int_equal(bpf_xdp_query_id(ifindex, 0, &id), 0);
	return id != 0;
}

static void detach_takes_off_ours(void **state)
{
	static const __u32 mode[] = {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE};
	struct bpf_object *object;
	const char *what = NULL;
	unsigned int ifindex;
	size_t i;

	object_need_root();
	assert_int_equal(system("ip link add shed0 type veth peer name shed1"), 0);
	ifindex = if_nametoindex("shed0");
	assert_int_equal(shed_detach("shed0", &what), 0);
	for (i = 0; i < 2; i++) {
		object = object_load();
		assert_int_equal(bpf_xdp_attach(ifindex, object_program(object), mode[i], NULL), 0);
		bpf_object__close(object);
		assert_true(attached(ifindex));
		assert_int_equal(shed_detach("shed0", &what), 0);
		assert_false(attached(ifindex));
	}
	assert_int_equal(shed_pins_remove(PINS, &what), 0);
	assert_int_equal(shed_detach("shed9", &what), -ENODEV);
	assert_non_null(strstr(what, "no such interface"));
}

static void detach_spares_others(void **state)
{
	static const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	unsigned int ifindex = if_nametoindex("shed0");
	const char *what = NULL;
	int fd;

	object_need_root();
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "other", "BSD-3-Clause", pass, 2, NULL);
	assert_true(fd >= 0);
	assert_int_equal(bpf_xdp_attach(ifindex, fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	assert_int_equal(shed_detach("shed0", &what), -EBUSY);
	assert_non_null(strstr(what, "another XDP program"));
	assert_true(attached(ifindex));
	close(fd);
}

static void reasons_have_names(void **state)
{
	int a, b;

	for (a = 0; a < SHED_REASON_COUNT; a++) {
		assert_true(strlen(shed_reason_name(a)) > 0);
		assert_true(strlen(shed_reason_help(a)) > 0);
		for (b = 0; b < a; b++)
			assert_string_not_equal(shed_reason_name(a), shed_reason_name(b));
	}
	assert_string_equal(shed_reason_name(SHED_REASON_COUNT), "unknown");
	assert_false(shed_reason_drops(SHED_TO_KERNEL));
	assert_false(shed_reason_drops(SHED_TO_DATAPLANE));
	assert_true(shed_reason_drops(SHED_RUNT));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(mount_is_idempotent),
		cmocka_unit_test(open_without_program),
		cmocka_unit_test(two_ports_share_pinned_maps),
		cmocka_unit_test(pins_remove),
		cmocka_unit_test(addresses_are_limited),
		cmocka_unit_test(ports_open_by_a_store),
		cmocka_unit_test(blocks_come_and_go),
		cmocka_unit_test(clients_come_and_go),
		cmocka_unit_test(tables_without_a_program),
		cmocka_unit_test(close_leaves_nothing),
		cmocka_unit_test(counters_sum_over_cpus),
		cmocka_unit_test(open_refuses_another_version),
		cmocka_unit_test(detach_takes_off_ours),
		cmocka_unit_test(detach_spares_others),
		cmocka_unit_test(reasons_have_names),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
