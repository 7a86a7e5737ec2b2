# SPDX-License-Identifier: BSD-3-Clause
# Measurements; included by the Makefile at the top. See perf/README.md.

# Each is perf/NAME.c, with what it needs of the other files.
PERF = pipeline scale device wire latency handshakes install setup ng allocations
PERF_SHARED := $(filter-out $(PERF:%=perf/%.c),$(wildcard perf/*.c))
PERF_PROGRAMS := $(PERF:%=$(BUILD)/perf/%)

$(BUILD)/obj/libperf.a: $(PERF_SHARED:%.c=$(BUILD)/obj/%.o)
$(PERF_PROGRAMS): $(BUILD)/perf/%: $(BUILD)/obj/perf/%.o $(BUILD)/obj/libperf.a $(ARCHIVES_main)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(DPDK_LIBS) $(LIBS)

$(BUILD)/perf/peers/load: $(BUILD)/obj/perf/peers/load.o
$(BUILD)/perf/peers/streams: $(BUILD)/obj/perf/peers/streams.o $(BUILD)/obj/perf/turn_client.o \
		$(BUILD)/obj/libcontrolplane.a $(BUILD)/obj/libcommon.a
PEERS = $(BUILD)/perf/peers/load $(BUILD)/perf/peers/streams
$(PEERS):
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

VERDICT := $(filter-out %.bpf.c,$(wildcard perf/flood/*.c))
$(BUILD)/perf/flood/verdict: $(VERDICT:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/libdataplane.a \
		$(BUILD)/obj/libebpf.a $(BUILD)/obj/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(DPDK_LIBS) $(LIBS)

-include $(BUILD)/perf/flood/vary.bpf.d $(BUILD)/perf/peers/load.bpf.d

.PHONY: bench bench-profile bench-wire bench-peers bench-flood
BENCH =
# What every figure of the pipeline stands beside, in the same run: the commit before workers metered
# what a call sounds like, and how long packets take. BASE= for none; BENCH='--compare PROGRAM' for
# another.
BASE = fa3d4b9
BASE_PIPELINE = $(if $(filter --quick --help --compare%,$(BENCH)),,$(BASE:%=$(BUILD)/base/%/build/perf/pipeline))
$(BUILD)/base/%/build/perf/pipeline:
	$(call say,BASE)
	$(Q)git cat-file -e $*^{commit} || { echo "bench: no commit $* here; make bench BASE= does without" >&2; exit 1; }
	$(Q)rm -rf $(BUILD)/base/$* && mkdir -p $(BUILD)/base/$*
	$(Q)git archive $* | tar -x -C $(BUILD)/base/$*
	$(Q)$(MAKE) -C $(BUILD)/base/$* --no-print-directory BUILD=build build/perf/pipeline \
		>$(BUILD)/base/$*.log 2>&1 || { tail -n 20 $(BUILD)/base/$*.log >&2; exit 1; }

bench: deps ## measure everything but the peers; BENCH='--help' says how to choose
	@$(MAKE) -j$$(nproc) all $(PERF_PROGRAMS) $(BASE_PIPELINE)
	$(PYTHON) perf/bench --build $(BUILD) $(BASE_PIPELINE:%=--compare %) $(BENCH)
bench-profile: deps ## measure where cycles and instructions go, stage by stage
	@$(MAKE) -j$$(nproc) $(BUILD)/perf/pipeline
	$(PYTHON) perf/bench --build $(BUILD) --profile $(BENCH)
bench-wire: deps ## measure the pipeline on ports that are shared memory, beside testpmd
	@$(MAKE) -j$$(nproc) $(PERF_PROGRAMS)
	$(PYTHON) perf/bench-wire --build $(BUILD) $(BENCH)
bench-peers: deps ## measure Tandem beside rtpengine and coturn, which it installs; as root
	@$(MAKE) -j$$(nproc) all $(PEERS) $(BUILD)/perf/peers/load.bpf.o
	$(PYTHON) perf/bench-peers --build $(BUILD) $(BENCH)
bench-flood: deps ## measure floods: verdicts, calls during attacks, rtpengine; as root
	@$(MAKE) -j$$(nproc) all $(FLOOD) $(BUILD)/perf/flood/verdict \
		$(BUILD)/perf/flood/vary.bpf.o
	$(PYTHON) perf/bench-flood --build $(BUILD) $(BENCH)

# The appliance with rtpengine in it, and a plugin that counts what its processor does.
$(IMAGE)/bench-root.tar: $(IMAGE_ROOT)
	@mkdir -p $(@D)
	$(call say,DEBIAN)
	$(Q)MORE=rtpengine-daemon $(MAKE_IMAGE) vm-images/root $@ >$(@:.tar=.log) 2>&1 || \
		{ tail -n 20 $(@:.tar=.log) >&2; exit 1; }
$(IMAGE)/bench.raw: $(IMAGE)/bench-root.tar $(IMAGE_REST)
	$(call say,IMAGE)
	$(Q)$(MAKE_IMAGE) vm-images/appliance $< $(IMAGE)/bench-root
	$(Q)ROOT_MIB=1280 $(MAKE_IMAGE) vm-images/disk $(IMAGE)/bench-root $(IMAGE)/bench
$(BUILD)/perf/vm/count.so: perf/vm/count.c
	@mkdir -p $(@D)
	$(call say,PLUGIN)
	$(Q)$(CC) $(CFLAGS) $(WARN) -shared -fPIC -o $@ $<
.PHONY: bench-vm
bench-vm: deps deps-image-test ## measure a packet in a virtual machine, beside rtpengine; as root
	@$(MAKE) -j$$(nproc) all $(IMAGE)/bench.raw $(BUILD)/perf/vm/count.so \
		$(BUILD)/perf/peers/load $(BUILD)/perf/peers/load.bpf.o
	$(PYTHON) perf/bench-vm --build $(BUILD) $(BENCH)
