/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lib/ini.h"

#include <errno.h>
#include <unistd.h>

#include "tests/rig/test.h"

struct port {
	char name[16];
	char *devargs;
	unsigned vlan;
	struct option_list addresses;
};

struct config {
	unsigned legs;
	bool promiscuous;
	int engine;
	char *socket;
	unsigned even;
	struct port ports[2];
	unsigned port_count;
};

static int parse_even(void *value, const char *text, char *why, size_t size)
{
	unsigned number = atoi(text);

	if (number % 2) {
		snprintf(why, size, "%s is odd; give an even number", text);
		return -EINVAL;
	}
	*(unsigned *)value = number;
	return 0;
}

static void *port_named(void *config, const char *name)
{
	struct config *c = config;
	struct port *port = &c->ports[c->port_count];

	if (c->port_count == 2)
		return NULL;
	c->port_count++;
	snprintf(port->name, sizeof(port->name), "%s", name);
	return port;
}

static void check(struct options *o, void *config)
{
	struct config *c = config;

	for (unsigned i = 0; i < c->port_count; i++)
		if (c->ports[i].vlan == 13)
			option_mistake(o, "port", c->ports[i].name, "vlan",
				       "13 is taken; give another one");
}

static const char *const engines[] = {"srtp2", "mb", NULL};
static const struct option_key dataplane_keys[] = {
	{.key = "legs",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct config, legs),
	 .least = 1,
	 .most = 1000000,
	 .fallback = "1000",
	 .help = "most legs at one time"},
	{.key = "promiscuous",
	 .type = OPTION_BOOL,
	 .offset = offsetof(struct config, promiscuous),
	 .fallback = "no",
	 .help = "hear everything"},
	{.key = "engine",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct config, engine),
	 .choices = engines,
	 .fallback = "srtp2",
	 .help = "crypto engine"},
	{.key = "socket",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct config, socket),
	 .fallback = "/run/tandem/dataplane.sock",
	 .help = "where the API is"},
	{.key = "even",
	 .type = OPTION_PARSED,
	 .offset = offsetof(struct config, even),
	 .parse = parse_even,
	 .help = "an even number"},
	{},
};
static const struct option_key port_keys[] = {
	{.key = "devargs",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct port, devargs),
	 .required = true,
	 .help = "the DPDK device"},
	{.key = "vlan",
	 .type = OPTION_UNSIGNED,
	 .offset = offsetof(struct port, vlan),
	 .most = 4094,
	 .fallback = "0",
	 .help = "tag of 802.1Q, 0: none"},
	{.key = "address",
	 .type = OPTION_LIST,
	 .offset = offsetof(struct port, addresses),
	 .help = "media address"},
	{},
};
static const struct option_section sections[] = {
	{.name = "dataplane", .keys = dataplane_keys},
	{.name = "port", .named = port_named, .keys = port_keys},
	{},
};
static const struct option_table table = {.program = "test",
					  .summary = "a test",
					  .version = "1",
					  .sections = sections,
					  .check = check};

struct outcome {
	struct config config;
	struct options *options;
	int result;
	char *said; /* on stderr, with the file's name as FILE */
	char file[32];
};

/* Loads `text` as the file and the arguments that follow, up to NULL. */
static void load(struct outcome *o, const char *text, ...)
{
	char *argv[16] = {(char *)"test", (char *)"--config", o->file};
	FILE *heard, *standard = stderr;
	size_t length;
	int argc = 3;
	char *at;
	va_list ap;
	int fd;

	memset(o, 0, sizeof(*o));
	strcpy(o->file, "/tmp/test_ini.XXXXXX");
	fd = mkstemp(o->file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	va_start(ap, text);
	while (argc < 16 && (argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	heard = open_memstream(&o->said, &length);
	assert_non_null(heard);
	stderr = heard;
	o->result = options_load(&o->options, &table, &o->config, argc, argv);
	stderr = standard;
	fclose(heard);
	while ((at = strstr(o->said, o->file))) {
		memcpy(at, "FILE", 4);
		memmove(at + 4, at + strlen(o->file), strlen(at + strlen(o->file)) + 1);
	}
	unlink(o->file);
}

static void drop(struct outcome *o)
{
	options_free(o->options);
	free(o->said);
}

static void values_and_defaults(void **state)
{
	struct outcome o;

	load(&o,
	     "; comment\n[dataplane]\nlegs = 0x10\nengine = mb\npromiscuous=on\neven=4\n"
	     "[port public]\ndevargs = net_af_xdp0,iface=veth0 ; the wire\nvlan = 7\n"
	     "address = 198.51.100.1\naddress = 2001:db8::1\n[port agents]\ndevargs=x\n",
	     NULL);
	assert_string_equal(o.said, "");
	assert_int_equal(o.result, 0);
	assert_int_equal(o.config.legs, 16);
	assert_int_equal(o.config.engine, 1);
	assert_true(o.config.promiscuous);
	assert_int_equal(o.config.even, 4);
	assert_string_equal(o.config.socket, "/run/tandem/dataplane.sock");
	assert_int_equal(o.config.port_count, 2);
	assert_string_equal(o.config.ports[0].name, "public");
	assert_string_equal(o.config.ports[0].devargs, "net_af_xdp0,iface=veth0");
	assert_int_equal(o.config.ports[0].vlan, 7);
	assert_int_equal(o.config.ports[0].addresses.count, 2);
	assert_string_equal(o.config.ports[0].addresses.texts[1], "2001:db8::1");
	assert_int_equal(o.config.ports[1].vlan, 0);
	drop(&o);
}

static void the_command_line_overrides(void **state)
{
	struct outcome o;

	load(&o, "[dataplane]\nlegs = 5\n[port public]\ndevargs = x\naddress = 198.51.100.1\n",
	     "--dataplane.legs=5000", "--port.public.vlan=9", "--port.public.address=203.0.113.1",
	     "--port.b.devargs=y", NULL);
	assert_string_equal(o.said, "");
	assert_int_equal(o.result, 0);
	assert_int_equal(o.config.legs, 5000);
	assert_int_equal(o.config.ports[0].vlan, 9);
	assert_int_equal(o.config.ports[0].addresses.count, 1);
	assert_string_equal(o.config.ports[0].addresses.texts[0], "203.0.113.1");
	assert_string_equal(o.config.ports[1].devargs, "y");
	drop(&o);
}

static void every_mistake_is_said(void **state)
{
	struct outcome o;

	load(&o,
	     "stray = 1\n[dataplane]\nlegs = 0\nlegs = 7\nengine = fast\npromiscuous = maybe\n"
	     "colour = red\neven = 3\nsocket\n[port]\nvlan = 1\n[nowhere]\na = b\n[open\n"
	     "[port public]\nvlan = 70000\n[port b]\n[port c]\n",
	     "--dataplane.legs", "--volume=11", "stray", "--port.public.vlan2=1", NULL);
	assert_int_equal(o.result, -EINVAL);
	assert_string_equal(
		o.said,
		"command line: --dataplane.legs: unknown option; give --section.key=value, or see "
		"--help\n"
		"command line: --volume=11: unknown option; give --section.key=value, or see --help\n"
		"command line: stray: not an option; see --help\n"
		"FILE:14: the section's heading is not closed; end it with ]\n"
		"command line: [port public] vlan2: unknown key; see --help for those that exist\n"
		"FILE:1: stray: outside of any section; put it under a [section]\n"
		"FILE:3: [dataplane] legs: 0 is out of range; give a number from 1 to 1000000\n"
		"FILE:4: [dataplane] legs: given a second time; keep one\n"
		"FILE:5: [dataplane] engine: \"fast\" is unknown; give one of srtp2, mb\n"
		"FILE:6: [dataplane] promiscuous: \"maybe\" is neither yes nor no; give one of the "
		"two\n"
		"FILE:7: [dataplane] colour: unknown key; see --help for those that exist\n"
		"FILE:8: [dataplane] even: 3 is odd; give an even number\n"
		"FILE:9: [dataplane] socket: no value; write key = value\n"
		"FILE:10: [port] the section needs a name; write [section name]\n"
		"FILE:12: [nowhere] unknown section; see --help for those that exist\n"
		"FILE:16: [port public] vlan: 70000 is out of range; give a number from 0 to 4094\n"
		"FILE:18: [port c] too many such sections; remove some\n"
		"FILE:17: [port b] devargs: missing; it has no default (the DPDK device)\n"
		"command line: [port public] devargs: missing; it has no default (the DPDK "
		"device)\n");
	drop(&o);
}

static void the_whole_is_checked(void **state)
{
	struct outcome o;

	load(&o, "[port public]\ndevargs = x\nvlan = 13\n", NULL);
	assert_int_equal(o.result, -EINVAL);
	assert_string_equal(o.said, "FILE:3: [port public] vlan: 13 is taken; give another one\n");
	drop(&o);
}

static void check_alone_leaves(void **state)
{
	struct outcome o;

	load(&o, "[port public]\ndevargs = x\n", "--check", NULL);
	assert_int_equal(o.result, 1);
	drop(&o);
	load(&o, "[port public]\n", "--check", NULL);
	assert_int_equal(o.result, -EINVAL);
	drop(&o);
}

static void a_missing_file_is_named(void **state)
{
	struct outcome o;

	load(&o, "", "--config=/nonexistent/tandem.conf", NULL);
	assert_int_equal(o.result, -EINVAL);
	assert_string_equal(o.said, "/nonexistent/tandem.conf: No such file or directory; name a "
				    "readable file with --config\n");
	drop(&o);
}

static void long_lines(void **state)
{
	struct outcome o;
	char text[8192];

	/* 3,000 octets are taken whole, 5,000 are refused and the next line is still read. */
	snprintf(text, sizeof(text), "[port a]\ndevargs = %03000d\n", 1);
	load(&o, text, NULL);
	assert_int_equal(o.result, 0);
	assert_int_equal(strlen(o.config.ports[0].devargs), 3000);
	drop(&o);
	snprintf(text, sizeof(text), "[port a]\ndevargs = %05000d\nvlan = x\n", 1);
	load(&o, text, NULL);
	assert_int_equal(o.result, -EINVAL);
	assert_non_null(strstr(o.said, "FILE:2: the line is too long"));
	assert_non_null(strstr(o.said, "FILE:3: [port a] vlan: \"x\" is no number"));
	drop(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_defaults),
		cmocka_unit_test(the_command_line_overrides),
		cmocka_unit_test(every_mistake_is_said),
		cmocka_unit_test(the_whole_is_checked),
		cmocka_unit_test(check_alone_leaves),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
