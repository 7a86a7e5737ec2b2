/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables by which floods are shed: the XDP program's maps, or ordinary memory. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ebpf/known.h"
#include "ebpf/shed_maps.h"

enum { PORTS_BYTES = SHED_PORT_ENTRIES * sizeof(struct shed_port) };

/* Without an XDP program no file is open, and the mappings are anonymous. */
struct shed {
	char dir[PATH_MAX];
	int address_fd, rule_fd, block_fd, client_fd; /* -1: no program */
	int known_fd, sketch_fd, counter_fd, sample_fd;
	struct shed_rule *rule;
	struct shed_sketch *sketch;
	struct shed_known *known; /* this and the next: NULL without a program */
	__u8 *sharers;            /* of each bit of it, as many clients; from 255 on it stays */
	struct ring_buffer *samples;
	shed_take_sample *take; /* during shed_samples() */
	void *take_arg;
	unsigned int addresses;
	struct shed_address address[SHED_ADDRESSES];
	struct shed_port *ports[SHED_ADDRESSES];
	unsigned int cpus;
	struct shed_tally *per_cpu; /* room for one of every possible CPU */
};

/* Opens a pinned map and checks that it has the shape this program was compiled for. */
static int map_open(int *out, const char *dir, const char *name, __u32 key, __u32 value,
		    __u32 entries)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!err &&
	    (info.key_size != key || info.value_size != value || info.max_entries != entries))
		err = -EPROTO;
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

static int maps_open(struct shed *shed)
{
	const struct {
		int *fd;
		const char *name;
		__u32 key, value, entries;
	} maps[] = {
		/* The value of a map of maps is an id, whatever the inner map's. */
		{&shed->address_fd, SHED_MAP_ADDRESS, sizeof(struct shed_address), sizeof(__u32),
		 SHED_ADDRESSES},
		{&shed->rule_fd, SHED_MAP_RULE, sizeof(__u32), sizeof(struct shed_rule), 1},
		{&shed->block_fd, SHED_MAP_BLOCK, sizeof(struct shed_prefix), sizeof(__u32),
		 SHED_BLOCKS},
		{&shed->client_fd, SHED_MAP_CLIENT, sizeof(struct shed_client), sizeof(__u64),
		 SHED_CLIENTS},
		{&shed->known_fd, SHED_MAP_KNOWN, sizeof(__u32), sizeof(struct shed_known), 1},
		{&shed->sketch_fd, SHED_MAP_SKETCH, sizeof(__u32), sizeof(struct shed_sketch), 1},
		{&shed->counter_fd, SHED_MAP_COUNTER, sizeof(__u32), sizeof(struct shed_tally),
		 SHED_REASON_COUNT},
		{&shed->sample_fd, SHED_MAP_SAMPLE, 0, 0, SHED_SAMPLE_BYTES},
	};
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(maps) / sizeof(*maps) && !err; i++)
		err = map_open(maps[i].fd, shed->dir, maps[i].name, maps[i].key, maps[i].value,
			       maps[i].entries);
	return err;
}

/* The memory of a map, or of nobody else if fd is -1; NULL and errno. */
static void *memory_map(int fd, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	/* Large pages, if there are any: ports are met in no order. */
	if (fd < 0 && memory != MAP_FAILED)
		madvise(memory, bytes, MADV_HUGEPAGE);
	return memory == MAP_FAILED ? NULL : memory;
}

static void memory_unmap(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, bytes);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void shed_free(struct shed *shed)
{
	unsigned int i;

	for (i = 0; i < shed->addresses; i++)
		memory_unmap(shed->ports[i], PORTS_BYTES);
	memory_unmap(shed->rule, sizeof(*shed->rule));
	memory_unmap(shed->sketch, sizeof(*shed->sketch));
	memory_unmap(shed->known, sizeof(*shed->known));
	free(shed->sharers);
	ring_buffer__free(shed->samples);
	close_if_open(shed->sample_fd);
	close_if_open(shed->counter_fd);
	close_if_open(shed->sketch_fd);
	close_if_open(shed->known_fd);
	close_if_open(shed->client_fd);
	close_if_open(shed->block_fd);
	close_if_open(shed->rule_fd);
	close_if_open(shed->address_fd);
	free(shed->per_cpu);
	free(shed);
}

static struct shed *shed_alloc(void)
{
	struct shed *shed = calloc(1, sizeof(*shed));

	if (shed)
		shed->address_fd = shed->rule_fd = shed->block_fd = shed->client_fd =
			shed->known_fd = shed->sketch_fd = shed->counter_fd = shed->sample_fd = -1;
	return shed;
}

static int memory_open(struct shed *shed)
{
	shed->rule = memory_map(shed->rule_fd, sizeof(*shed->rule));
	if (shed->rule)
		shed->sketch = memory_map(shed->sketch_fd, sizeof(*shed->sketch));
	if (!shed->rule || !shed->sketch)
		return -errno;
	return getrandom(&shed->rule->seed, sizeof(shed->rule->seed), 0) < 0 ? -errno : 0;
}

static int on_sample(void *arg, void *record, size_t size)
{
	struct shed *shed = arg;

	if (shed->take && size >= sizeof(struct shed_sample))
		shed->take(shed->take_arg, record);
	return 0;
}

/* What only the XDP program gives, or needs. */
static int program_open(struct shed *shed)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return cpus;
	shed->cpus = cpus;
	shed->per_cpu = calloc(cpus, sizeof(*shed->per_cpu));
	if (!shed->per_cpu)
		return -ENOMEM;
	shed->sharers = calloc(SHED_KNOWN_BITS, sizeof(*shed->sharers));
	if (!shed->sharers)
		return -ENOMEM;
	shed->known = memory_map(shed->known_fd, sizeof(*shed->known));
	if (!shed->known)
		return -errno;
	shed->samples = ring_buffer__new(shed->sample_fd, on_sample, shed, NULL);
	return shed->samples ? 0 : -errno;
}

int shed_open(struct shed **out, const char *dir, const char **what)
{
	struct shed *shed = shed_alloc();
	int err;

	*what = "cannot open the maps of the XDP program: run as root";
	if (!shed)
		return -ENOMEM;
	err = snprintf(shed->dir, sizeof(shed->dir), "%s", dir) < (int)sizeof(shed->dir)
		      ? maps_open(shed)
		      : -ENAMETOOLONG;
	if (!err)
		err = memory_open(shed);
	if (!err)
		err = program_open(shed);
	if (!err) {
		*out = shed;
		return 0;
	}
	if (err == -ENOENT)
		*what = "no maps of an XDP program: start a port with xdp_prog=shed.bpf.o";
	if (err == -EPROTO)
		*what = "the maps are of another version of the XDP program: install the "
			"shed.bpf.o of this version and restart";
	shed_free(shed);
	return err;
}

int shed_create(struct shed **out)
{
	struct shed *shed = shed_alloc();
	int err;

	if (!shed)
		return -ENOMEM;
	err = memory_open(shed);
	if (err)
		shed_free(shed);
	else
		*out = shed;
	return err;
}

void shed_close(struct shed *shed)
{
	const char *what;
	unsigned int i;

	if (!shed)
		return;
	for (i = 0; i < shed->addresses && shed->address_fd >= 0; i++)
		bpf_map_delete_elem(shed->address_fd, &shed->address[i]);
	if (shed->address_fd >= 0)
		shed_pins_remove(shed->dir, &what);
	shed_free(shed);
}

/* The array of a media address, put where the program finds it: its file, or -errno. */
static int ports_create(const struct shed *shed, const struct shed_address *addr)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "tandem_port", sizeof(__u32),
				sizeof(struct shed_port), SHED_PORT_ENTRIES, &opts);
	int err;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(shed->address_fd, addr, &fd, BPF_NOEXIST) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int shed_address_add(struct shed *shed, const struct shed_address *addr)
{
	unsigned int index = shed->addresses, i;
	int fd = -1;

	if (index == SHED_ADDRESSES)
		return -ENOSPC;
	for (i = 0; i < index; i++)
		if (memcmp(&shed->address[i], addr, sizeof(*addr)) == 0)
			return -EEXIST;
	if (shed->address_fd >= 0) {
		fd = ports_create(shed, addr);
		if (fd < 0)
			return fd;
	}
	shed->ports[index] = memory_map(fd, PORTS_BYTES);
	close_if_open(fd); /* the program's map and the mapping hold it */
	if (!shed->ports[index]) {
		if (fd >= 0)
			bpf_map_delete_elem(shed->address_fd, addr);
		return -ENOMEM;
	}
	shed->address[index] = *addr;
	shed->addresses++;
	return index;
}

struct shed_port *shed_ports(const struct shed *shed, unsigned int address)
{
	return shed->ports[address];
}

struct shed_rule *shed_rule(const struct shed *shed)
{
	return shed->rule;
}

struct shed_sketch *shed_sketch(const struct shed *shed)
{
	return shed->sketch;
}

int shed_block(struct shed *shed, const struct shed_prefix *prefix)
{
	__u32 unused = 0;

	if (shed->block_fd < 0)
		return 0;
	if (bpf_map_update_elem(shed->block_fd, prefix, &unused, BPF_NOEXIST))
		return errno == EEXIST ? 0 : -errno;
	shed->rule->blocks++;
	return 0;
}

int shed_unblock(struct shed *shed, const struct shed_prefix *prefix)
{
	if (shed->block_fd < 0)
		return 0;
	if (bpf_map_delete_elem(shed->block_fd, prefix))
		return errno == ENOENT ? 0 : -errno;
	shed->rule->blocks--;
	return 0;
}

/* A client more (1) or less (-1) has its bits. */
static void share(struct shed *shed, const struct shed_client *client, int more)
{
	__u64 hash = known_hash(client, shed->rule->seed), mask = known_mask(hash);
	__u64 *word = &shed->known->word[known_word(hash)], bits = *word;

	for (; mask; mask &= mask - 1) {
		int bit = __builtin_ctzll(mask);
		__u8 *sharers = &shed->sharers[64 * known_word(hash) + bit];

		if (*sharers < UINT8_MAX)
			*sharers += more;
		bits &= ~(1ULL << bit);
		bits |= (__u64) !!*sharers << bit;
	}
	*word = bits;
}

int shed_client_add(struct shed *shed, const struct shed_client *client)
{
	__u64 due = 0;

	if (shed->client_fd < 0)
		return 0;
	if (bpf_map_update_elem(shed->client_fd, client, &due, BPF_NOEXIST))
		return errno == EEXIST ? 0 : -errno;
	share(shed, client, 1);
	return 0;
}

void shed_client_remove(struct shed *shed, const struct shed_client *client)
{
	if (shed->client_fd >= 0 && !bpf_map_delete_elem(shed->client_fd, client))
		share(shed, client, -1);
}

int shed_count(const struct shed *shed, uint64_t packets[SHED_REASON_COUNT])
{
	unsigned int cpu;
	__u32 reason;

	memset(packets, 0, SHED_REASON_COUNT * sizeof(*packets));
	for (reason = 0; reason < SHED_REASON_COUNT && shed->counter_fd >= 0; reason++) {
		if (bpf_map_lookup_elem(shed->counter_fd, &reason, shed->per_cpu))
			return -errno;
		for (cpu = 0; cpu < shed->cpus; cpu++)
			packets[reason] += shed->per_cpu[cpu].packets;
	}
	return 0;
}

int shed_samples(struct shed *shed, shed_take_sample *take, void *arg)
{
	if (!shed->samples)
		return 0;
	shed->take = take;
	shed->take_arg = arg;
	return ring_buffer__consume(shed->samples);
}

static const char *const names[] = {
#define X(id, name, help) [SHED_##id] = name,
	SHED_REASONS(X)
#undef X
};

static const char *const helps[] = {
#define X(id, name, help) [SHED_##id] = help,
	SHED_REASONS(X)
#undef X
};

const char *shed_reason_name(enum shed_reason reason)
{
	return reason < SHED_REASON_COUNT ? names[reason] : "unknown";
}

const char *shed_reason_help(enum shed_reason reason)
{
	return reason < SHED_REASON_COUNT ? helps[reason] : "a verdict of another version";
}
