# SPDX-License-Identifier: BSD-3-Clause
# Measurements; included by the Makefile at the top. See perf/README.md.

PERF_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard perf/*.c))

$(BUILD)/perf/pipeline: $(PERF_OBJ) $(BUILD)/obj/libdataplane.a $(BUILD)/obj/libebpf.a \
		$(BUILD)/obj/libcommon.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(DPDK_LIBS) $(LIBS)

.PHONY: bench bench-profile
BENCH =
bench: $(BUILD)/perf/pipeline ## measure the pipeline; BENCH='--help' says how to choose
	$(PYTHON) perf/bench --build $(BUILD) $(BENCH)
bench-profile: $(BUILD)/perf/pipeline ## measure where the cycles go, stage by stage
	$(PYTHON) perf/bench --build $(BUILD) --profile $(BENCH)
