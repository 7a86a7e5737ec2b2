/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TCG plugin of QEMU: counts the instructions that a guest runs, its kernel's included, for each
 * vCPU. A figure without noise, where time under TCG says nothing. Debian ships no header for
 * plugins: what is used of version 1 of their interface is declared here.
 *
 *	qemu-system-x86_64 -plugin count.so,counts=PATH
 *
 * PATH becomes VCPUS_MAX numbers of 64 bits, in host order, that grow while others map or read
 *them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VCPUS_MAX 64

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

/* All that a plugin gets and does not look at is behind a pointer. */
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*translated)(qemu_plugin_id_t id,
							      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*run)(unsigned int vcpu, void *data),
					  enum qemu_plugin_cb_flags flags, void *data);
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

int qemu_plugin_version = 1;

static uint64_t *counted;

/* One thread runs a vCPU, so nobody else writes its number. */
static void run(unsigned int vcpu, void *instructions)
{
	counted[vcpu % VCPUS_MAX] += (uintptr_t)instructions;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, run, QEMU_PLUGIN_CB_NO_REGS,
					     (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

static int map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *at = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, VCPUS_MAX * sizeof(counted[0])) == 0)
		at = mmap(NULL, VCPUS_MAX * sizeof(counted[0]), PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
	if (fd >= 0)
		close(fd);
	if (at == MAP_FAILED) {
		fprintf(stderr, "count: %s: %s\n", path, strerror(errno));
		return -1;
	}
	counted = at;
	return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "counts=", 7) != 0) {
		fprintf(stderr, "count: say counts=PATH\n");
		return -1;
	}
	if (map(argv[0] + 7))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
