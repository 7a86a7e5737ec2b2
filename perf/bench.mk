# SPDX-License-Identifier: BSD-3-Clause
# Measurements; included by the Makefile at the top. See perf/README.md.

# Each is perf/NAME.c, with what it needs of the other files.
PERF = pipeline device latency handshakes install setup ng
PERF_SHARED := $(filter-out $(PERF:%=perf/%.c),$(wildcard perf/*.c))
PERF_PROGRAMS := $(PERF:%=$(BUILD)/perf/%)

$(BUILD)/obj/libperf.a: $(PERF_SHARED:%.c=$(BUILD)/obj/%.o)
$(PERF_PROGRAMS): $(BUILD)/perf/%: $(BUILD)/obj/perf/%.o $(BUILD)/obj/libperf.a $(ARCHIVES_main)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(DPDK_LIBS) $(LIBS)

$(BUILD)/perf/peers/load: $(BUILD)/obj/perf/peers/load.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

VERDICT := $(filter-out %.bpf.c,$(wildcard perf/flood/*.c))
$(BUILD)/perf/flood/verdict: $(VERDICT:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/libdataplane.a \
		$(BUILD)/obj/libebpf.a $(BUILD)/obj/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(DPDK_LIBS) $(LIBS)

.PHONY: bench bench-profile bench-peers bench-flood
BENCH =
bench: deps ## measure everything but the peers; BENCH='--help' says how to choose
	@$(MAKE) -j$$(nproc) all $(PERF_PROGRAMS)
	$(PYTHON) perf/bench --build $(BUILD) $(BENCH)
bench-profile: deps ## measure where cycles and instructions go, stage by stage
	@$(MAKE) -j$$(nproc) $(BUILD)/perf/pipeline
	$(PYTHON) perf/bench --build $(BUILD) --profile $(BENCH)
bench-peers: deps ## measure Tandem beside rtpengine and coturn, which it installs; as root
	@$(MAKE) -j$$(nproc) all $(BUILD)/perf/peers/load $(BUILD)/perf/peers/load.bpf.o
	$(PYTHON) perf/bench-peers --build $(BUILD) $(BENCH)
bench-flood: deps ## measure floods: verdicts, calls during attacks, rtpengine; as root
	@$(MAKE) -j$$(nproc) all $(FLOOD) $(BUILD)/perf/flood/verdict \
		$(BUILD)/perf/flood/vary.bpf.o
	$(PYTHON) perf/bench-flood --build $(BUILD) $(BENCH)
