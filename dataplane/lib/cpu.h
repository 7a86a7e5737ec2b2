/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Says what is wrong on a CPU that the programs, DPDK's libraries and their constructors are not
 * compiled for, before any of them runs: otherwise the machine ends with an illegal instruction and
 * no word. Included once by each program's main file.
 */
#ifndef TANDEM_CPU_H
#define TANDEM_CPU_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before every constructor: nothing here may need more than the first x86-64 had. */
__attribute__((target("arch=x86-64"))) static void cpu_check(int argc, char **argv, char **env)
{
	static const char text[] =
		": this CPU has no SSE4.2, which DPDK and Tandem are compiled for; "
		"a virtual machine has it with QEMU's -cpu host or max\n";
	const char *name = argc ? argv[0] : "tandem";

	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"))
		return;
	if (write(STDERR_FILENO, name, strlen(name)) < 0 ||
	    write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

static void (*const cpu_check_first)(int, char **, char **)
	__attribute__((section(".preinit_array"), used)) = cpu_check;

#endif
