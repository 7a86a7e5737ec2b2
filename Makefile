# SPDX-License-Identifier: BSD-3-Clause
# Tandem: one non-recursive Makefile; everything it makes goes to $(BUILD).

BUILD ?= build
PREFIX ?= /usr
DESTDIR ?=
CC = gcc
CLANG = clang
PYTHON = /usr/bin/python3

# `make V=1` shows the commands whole.
V ?= 0
Q = $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-6s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$@)')

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# --- packages ------------------------------------------------------------------------------------

PKGS_BUILD = build-essential git pkg-config clang llvm libclang-rt-14-dev clang-format \
	libdpdk-dev libipsec-mb-dev libsrtp2-dev libssl-dev libbpf-dev libxdp-dev libprotobuf-c-dev \
	protobuf-c-compiler protobuf-compiler libgrpc-dev libuv1-dev libinih-dev libcmocka-dev \
	libsystemd-dev libjansson-dev libwebsockets-dev
# What the installed programs need: their libraries, DPDK's drivers, its tools.
PKGS_RUN = dpdk librte-ethdev23 librte-hash23 librte-meta-bus librte-meta-mempool librte-meta-net \
	libipsec-mb1 libsrtp2-1 libssl3 libbpf1 libxdp1 libprotobuf-c1 libgrpc29 libuv1 libinih1 \
	libsystemd0 libjansson4 libwebsockets17
PKGS_TEST = bpftool iproute2 ethtool iputils-ping procps python3 python3-pytest python3-selenium python3-urllib3 python3-websocket python3-numpy python3-scapy \
	python3-gi python3-gst-1.0 python3-grpcio python3-protobuf python3-grpc-tools \
	python3-openssl python3-cryptography openssl \
	chromium chromium-driver tcpdump tshark \
	gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
	gstreamer1.0-plugins-bad gir1.2-gst-plugins-base-1.0 \
	kamailio kamailio-tls-modules kamailio-websocket-modules sip-tester esbuild qemu-user coturn \
	prometheus python3-prometheus-client python3-yaml
# Where Node.js is not Debian's it brings its own npm, and Debian's would put it out.
PKGS_TEST += $(if $(shell command -v npm),,npm)
PKGS_PERF = dpdk-dev python3-matplotlib valgrind
PKGS_FRESH = debootstrap
PKGS = $(PKGS_BUILD) $(PKGS_RUN) $(PKGS_TEST) $(PKGS_PERF)

.PHONY: help deps deps-run deps-fresh all tests demo test check unit smoke fuzz fuzz-long coverage \
	lint format clean install fresh-check
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile perf/bench.mk vm-images/image.mk | \
		awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

deps: ## install the Debian packages that are missing
deps-run: PKGS = $(PKGS_RUN)
deps-run: ## install only what the installed programs need
deps-fresh: PKGS = $(PKGS_FRESH)
deps deps-run deps-fresh deps-image deps-image-test:
	@missing=$$(for p in $(PKGS); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	[ -z "$$missing" ] && exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "deps: missing packages:" $$missing "- run: sudo make deps" >&2; exit 1; }; \
	echo "deps: installing" $$missing; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -q && apt-get install -q -y --no-install-recommends $$missing || exit; \
	for s in kamailio coturn prometheus; do case " $$(echo $$missing) " in *" $$s "*) $(stop_service);; esac; done

# Debian starts what it installs, now and at boot; the tests start a Kamailio and a Prometheus of their
# own, and of coturn they need the clients. 101: a policy of this machine's lets nobody start or stop services.
stop_service = update-rc.d $$s disable && { invoke-rc.d $$s stop || [ $$? = 101 ]; } || exit

# --- flags ---------------------------------------------------------------------------------------
# Expanded when a recipe needs them, so that `make deps` runs on a machine that has none of them.

pc = $(shell pkg-config $(1) $(2))
DPDK_CFLAGS = $(eval DPDK_CFLAGS := $$(call pc,--cflags,libdpdk))$(DPDK_CFLAGS)
DPDK_LIBS = $(eval DPDK_LIBS := $$(call pc,--libs,libdpdk) -lrte_net_bond)$(DPDK_LIBS)
LIBS = $(eval LIBS := $$(call pc,--libs,libsrtp2 libssl libcrypto libbpf libprotobuf-c libuv \
	inih libsystemd jansson libwebsockets) -lIPSec_MB -lgrpc -lgpr -lm -lpthread)$(LIBS)

WARN = -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	-Wpointer-arith -Wwrite-strings -Wno-unused-parameter -Wno-missing-field-initializers
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
CPPFLAGS = -I. -I$(BUILD)/gen -D_GNU_SOURCE -DTANDEM_VERSION='"$(VERSION)"'
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) -fno-strict-aliasing -fno-common -MMD -MP
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
LDFLAGS = -Wl,--as-needed -Wl,-z,relro,-z,now -pie
SAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# --- sources -------------------------------------------------------------------------------------

PROTOS := $(wildcard dataplane/api/*.proto controlplane/api/*.proto)
GEN_C := $(PROTOS:%.proto=$(BUILD)/gen/%.pb-c.c)
GEN_H := $(GEN_C:.c=.h)
# The page's files, for the control plane to have in itself.
PAGE := gen/controlplane/web/page.c

# What a packet passes through is WORKER_SOURCES: `make lint` checks what these import.
SRC_common := $(wildcard dataplane/lib/*.c dataplane/api/*.c)
WORKER_SOURCES := $(wildcard dataplane/*.c dataplane/srtp/*.c dataplane/wire/*.c) \
	dataplane/lib/stun_format.c dataplane/lib/turn_message.c
SRC_dataplane := $(filter-out $(SRC_common),$(WORKER_SOURCES)) $(filter-out dataplane/main/main.c,\
	$(wildcard dataplane/libsrtp/*.c dataplane/main/*.c dataplane/main/*/*.c))
SRC_controlplane := controlplane/config.c $(filter-out %/main.c controlplane/ctl/%,\
	$(wildcard controlplane/*/*.c))
SRC_ctl := $(wildcard controlplane/ctl/*.c)
SRC_ebpf := $(filter-out %.bpf.c,$(wildcard ebpf/*.c))
SRC_bpf := $(wildcard ebpf/*.bpf.c)
BPF := $(SRC_bpf:%.bpf.c=$(BUILD)/%.bpf.o)
SRC_rig := $(wildcard tests/rig/*.c)
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
PROGRAMS := $(BUILD)/tandem-dataplane $(BUILD)/tandem-controlplane $(BUILD)/tandem-turngate $(BUILD)/tandemctl
OTHER_PROGRAMS := $(foreach tree,asan debug,$(PROGRAMS:$(BUILD)/%=$(BUILD)/$(tree)/%))

# One build tree is a directory, a compiler and its flags: what is shipped, sanitized, without
# optimization, the fuzzers, their coverage. $(1) name, $(2) directory, $(3) compiler, $(4) flags.
define tree
$(2)/%.o: %.c | $$(GEN_H)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(3) $$(CPPFLAGS) $$(DPDK_CFLAGS) $$(ALL_CFLAGS) $(4) -c $$< -o $$@
$(2)/gen/%.o: $$(BUILD)/gen/%.c | $$(GEN_H)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(3) $$(CPPFLAGS) $$(ALL_CFLAGS) $(4) -c $$< -o $$@
OBJ_$(1)_common := $$(SRC_common:%.c=$(2)/%.o) $$(PROTOS:%.proto=$(2)/gen/%.pb-c.o)
OBJ_$(1)_dataplane := $$(SRC_dataplane:%.c=$(2)/%.o)
OBJ_$(1)_controlplane := $$(SRC_controlplane:%.c=$(2)/%.o) $$(PAGE:%.c=$(2)/%.o)
OBJ_$(1)_ebpf := $$(SRC_ebpf:%.c=$(2)/%.o)
OBJ_$(1)_rig := $$(SRC_rig:%.c=$(2)/%.o)
$$(foreach l,common dataplane controlplane ebpf rig,$$(eval $(2)/lib$$(l).a: $$(OBJ_$(1)_$$(l))))
$(2)/lib%.a:
	@mkdir -p $$(@D) && rm -f $$@
	$$(call say,AR)
	$$(Q)ar rcsD $$@ $$^
ARCHIVES_$(1) := $(2)/libcontrolplane.a $(2)/libdataplane.a $(2)/libebpf.a $(2)/libcommon.a
-include $$(shell find $(2) -name '*.d' 2>/dev/null)
endef
$(eval $(call tree,main,$(BUILD)/obj,$(CC),$(HARDEN)))
$(eval $(call tree,asan,$(BUILD)/asan,$(CC),$(SAN) -O1))
$(eval $(call tree,tsan,$(BUILD)/tsan,$(CC),-fsanitize=thread -Wno-tsan -O1 -DRTE_USE_C11_MEM_MODEL))
$(eval $(call tree,debug,$(BUILD)/debug,$(CC),-O0))
FUZZER = -fsanitize=fuzzer-no-link -O1 -Wno-gnu-variable-sized-type-not-at-end
COVERAGE = -fsanitize=address -fprofile-instr-generate -fcoverage-mapping
$(eval $(call tree,fuzz,$(BUILD)/fuzz,$(CLANG),$(SAN) $(FUZZER)))
$(eval $(call tree,coverage,$(BUILD)/coverage/obj,$(CLANG),$(COVERAGE) $(FUZZER)))

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h: %.proto
	@mkdir -p $(BUILD)/gen
	$(call say,PROTOC)
	$(Q)protoc-c --c_out=$(BUILD)/gen $<

$(BUILD)/$(PAGE): controlplane/web/embed $(wildcard controlplane/web/page/*)
	@mkdir -p $(@D)
	$(call say,EMBED)
	$(Q)$^ >$@

# --- programs ------------------------------------------------------------------------------------

all: $(PROGRAMS) $(BPF) ## build the programs and the XDP object

# The programs of one tree. $(1) the tree's directory, $(2) the programs', $(3) flags.
define programs
$(2)/tandem-dataplane: $(1)/dataplane/main/main.o $(1)/libdataplane.a $(1)/libebpf.a $(1)/libcommon.a
	$$(call say,LINK)
	$$(Q)$$(CC) $(3) $$(LDFLAGS) -o $$@ $$^ $$(DPDK_LIBS) $$(LIBS)
$(2)/tandem-controlplane: $(1)/controlplane/main.o $(1)/libcontrolplane.a $(1)/libcommon.a
	$$(call say,LINK)
	$$(Q)$$(CC) $(3) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
$(2)/tandem-turngate: $(1)/controlplane/gate/main.o $(1)/libcontrolplane.a $(1)/libcommon.a
	$$(call say,LINK)
	$$(Q)$$(CC) $(3) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
$(2)/tandemctl: $$(SRC_ctl:%.c=$(1)/%.o) $(1)/libcontrolplane.a $(1)/libcommon.a
	$$(call say,LINK)
	$$(Q)$$(CC) $(3) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(eval $(call programs,$(BUILD)/obj,$(BUILD),))
$(eval $(call programs,$(BUILD)/asan,$(BUILD)/asan,$(SAN)))
$(eval $(call programs,$(BUILD)/debug,$(BUILD)/debug,))

# UAPI types only: no kernel BTF, no CO-RE. -g gives the object's own BTF for its maps.
define compile_bpf
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) -target bpf -O2 -g -Wall -Werror -I. -I/usr/include/$(shell gcc -print-multiarch) \
		-MMD -MP -c $< -o $@
endef
$(BUILD)/%.bpf.o: %.bpf.c
	$(compile_bpf)
-include $(BPF:.o=.d)

# --- tests ---------------------------------------------------------------------------------------

# What the unit tests and the fuzzers share, tests/rig, is one more archive of each tree.
link_test = $(1) $(LDFLAGS_TEST) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	$(DPDK_LIBS) $(LIBS) -lcmocka

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/librig.a $(ARCHIVES_main)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(call link_test,$(CC) -pie)
$(BUILD)/asan/tests/unit/%: $(BUILD)/asan/tests/unit/%.o $(BUILD)/asan/librig.a $(ARCHIVES_asan)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(call link_test,$(CC) $(SAN))
# Threads are the dataplane's.
$(BUILD)/tsan/tests/unit/%: $(BUILD)/tsan/tests/unit/%.o $(BUILD)/tsan/librig.a \
		$(filter-out %/libcontrolplane.a,$(ARCHIVES_tsan))
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(call link_test,$(CC) -fsanitize=thread)
$(BUILD)/fuzz/tests/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(BUILD)/fuzz/librig.a $(ARCHIVES_fuzz)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(call link_test,$(CLANG) $(SAN) -fsanitize=fuzzer)

$(BUILD)/coverage/%: $(BUILD)/coverage/obj/tests/fuzz/%.o $(BUILD)/coverage/obj/librig.a $(ARCHIVES_coverage)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(call link_test,$(CLANG) $(COVERAGE) -fsanitize=fuzzer)

# Plays attacks; it finds the program that the kernel runs for it beside itself.
FLOOD := $(BUILD)/tests/flood $(BUILD)/tests/flood.bpf.o
$(BUILD)/tests/flood: $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %.bpf.c,$(wildcard tests/flood/*.c)))
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lbpf -lz
$(BUILD)/tests/flood.bpf.o: tests/flood/send.bpf.c
	$(compile_bpf)
-include $(BUILD)/tests/flood.bpf.d

# The agent's SIP stack: JsSIP and what it needs, in the versions and with the checksums of the lock
# file, out of npm's registry; then one script for a page.
JSSIP := $(BUILD)/tests/jssip.js
$(BUILD)/npm/node_modules/.package-lock.json: $(addprefix tests/e2e/agent/,package.json package-lock.json)
	@mkdir -p $(BUILD)/npm && cp $^ $(BUILD)/npm
	$(call say,NPM)
	$(Q)npm ci --prefix $(BUILD)/npm --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null && touch $@ || \
		{ echo "JsSIP is missing, and npm could not fetch it: the first build needs npm's registry" >&2; exit 1; }
$(JSSIP): $(BUILD)/npm/node_modules/.package-lock.json
	@mkdir -p $(@D)
	$(call say,BUNDLE)
	$(Q)esbuild $(BUILD)/npm/node_modules/jssip/lib/JsSIP.js --bundle --global-name=JsSIP \
		--log-level=warning --outfile=$@

unit: $(UNIT:%=unit-%) ## build and run the unit tests, plain and sanitized
unit-%: $(BUILD)/tests/unit/% $(BUILD)/asan/tests/unit/% $(BPF)
	cd $(BUILD) && tests/unit/$*
	cd $(BUILD) && asan/tests/unit/$*

FUZZ_SECONDS ?= 10
fuzz: $(FUZZ:%=fuzz-%) ## run every fuzzer for FUZZ_SECONDS (10)
fuzz-fuzz_%: $(BUILD)/fuzz/tests/fuzz/fuzz_%
	@mkdir -p $(BUILD)/corpus/$*
	$< -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=2048 -print_final_stats=0 \
		-verbosity=0 -artifact_prefix=$(BUILD)/corpus/crash-$*- \
		$(BUILD)/corpus/$* tests/fuzz/corpus/$*

SANITIZED := $(UNIT:%=$(BUILD)/asan/tests/unit/%)
THREADED := $(BUILD)/tsan/tests/unit/test_threads
UNITS := $(UNIT:%=$(BUILD)/tests/unit/%) $(SANITIZED) $(THREADED)
FUZZERS := $(FUZZ:%=$(BUILD)/fuzz/tests/fuzz/%)
tests: all $(OTHER_PROGRAMS) $(UNITS) $(FUZZERS) $(FLOOD) $(JSSIP)

FUZZ_LONG_SECONDS ?= 180
fuzz-long: deps ## run every fuzzer for minutes (FUZZ_LONG_SECONDS), keep what it found, show coverage
	@$(MAKE) -j$$(nproc) $(FUZZERS) $(BUILD)/asan/tests/unit/test_session_random
	BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_LONG_SECONDS) tests/fuzz/long
	@$(MAKE) coverage
coverage: deps ## show which lines of the parsers the fuzzers' corpus reaches, in build/coverage
	@$(MAKE) -j$$(nproc) $(FUZZ:%=$(BUILD)/coverage/%)
	BUILD=$(BUILD) tests/fuzz/coverage

# `make test` and `make demo` do everything on a fresh machine: the packages come first, and only
# then is make asked what must be built.
test: deps deps-image-test ## install, build and run every test
	@$(MAKE) -j$$(nproc) tests
	@$(MAKE) image-if-debian
	BUILD=$(BUILD) tests/run
check: deps ## install, build; lint, unit tests and one real call, for the work between
	@$(MAKE) -j$$(nproc) all $(UNITS)
	@$(MAKE) lint
	BUILD=$(BUILD) tests/run unit call
smoke: deps ## install, build and run the end-to-end tests alone
	@$(MAKE) -j$$(nproc) all $(OTHER_PROGRAMS) $(FLOOD) $(JSSIP)
	BUILD=$(BUILD) tests/run e2e
demo: deps ## install, build, and show a browser talk to a telephone (PAUSE=1: until Enter)
	@$(MAKE) -j$$(nproc) all $(FLOOD) $(JSSIP)
	BUILD=$(BUILD) $(PYTHON) tests/demo.py

fresh-check: deps-fresh ## run every target in a fresh Debian 12 below build/fresh; takes hours
	BUILD=$(BUILD) tests/fresh $(FRESH)

include vm-images/image.mk
include perf/bench.mk

OBJECTS := $(foreach l,common dataplane controlplane ebpf,$(OBJ_main_$(l))) \
	$(patsubst %.c,$(BUILD)/obj/%.o,dataplane/main/main.c controlplane/main.c $(SRC_ctl))
lint: $(OBJECTS) ## check style, include direction, worker symbols, circles
	@tests/lint/cycles $(OBJECTS)
	@tests/lint/run $(BUILD) $(WORKER_SOURCES)

format: ## format every C file
	clang-format -i $$(git ls-files '*.c' '*.h')

SHARE = $(DESTDIR)$(PREFIX)/share/doc/tandem
install: all ## install to DESTDIR, with systemd units and example configuration
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/tandem $(BPF)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system dataplane/tandem-dataplane.service \
		controlplane/tandem-controlplane.service controlplane/tandem-turngate@.service
	install -D -m 644 controlplane/tandem-turngate.sysusers \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/tandem-turngate.conf
	install -D -m 644 -t $(SHARE) README.md LICENSE dataplane/dataplane.ini \
		controlplane/controlplane.ini controlplane/turngate.ini
	install -D -m 644 -t $(SHARE)/controlplane/web controlplane/web/page.png
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/tandem controlplane/api/relay.proto \
		controlplane/api/shed.proto controlplane/api/turn.proto controlplane/api/access.proto \
		controlplane/api/health.proto
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/tandem \
		$(addprefix controlplane/metrics/,tandem.rules.yml grafana.json prometheus.yml)

clean: ## remove everything that was built
	rm -rf $(BUILD)
