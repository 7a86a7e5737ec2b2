# SPDX-License-Identifier: BSD-3-Clause
# The appliance; included by the Makefile at the top. See vm-images/README.md.

PKGS_IMAGE = mmdebstrap mtools dosfstools genisoimage syslinux syslinux-common systemd-boot-efi squashfs-tools fdisk \
	openssl qemu-utils
PKGS_IMAGE_TEST = qemu-system-x86 ovmf openssh-client

# A public key (PEM, Ed25519): the image takes updates that are signed with its private one.
UPDATE_KEY ?=
# That private key, for `make image-update`.
UPDATE_SIGN ?=

IMAGE := $(BUILD)/image
# Nothing in an image is newer than its commit.
EPOCH = $(eval EPOCH := $$(shell git log -1 --format=%ct 2>/dev/null || echo 0))$(EPOCH)
# Debian's part is kept from commit to commit, so it is as old as what is wanted of it.
ROOT_EPOCH = $(eval ROOT_EPOCH := $$(shell git log -1 --format=%ct -- $$(IMAGE_ROOT) 2>/dev/null || echo 0))$(ROOT_EPOCH)
MAKE_IMAGE = BUILD='$(abspath $(BUILD))' VERSION='$(VERSION)' SOURCE_DATE_EPOCH='$(EPOCH)' UPDATE_KEY='$(UPDATE_KEY)' \
	ROOT_EPOCH='$(ROOT_EPOCH)'

.PHONY: deps-image deps-image-test image image-update image-formats image-check image-test
deps-image: PKGS = $(PKGS_IMAGE)
deps-image: ## install what builds the image
deps-image-test: PKGS = $(PKGS_IMAGE) $(PKGS_IMAGE_TEST)

image: deps-image ## build build/tandem.qcow2 and .raw, a machine that relays; as root
	@$(MAKE) all $(BUILD)/tandem.qcow2
image-update: deps-image ## build build/tandem.update, signed with UPDATE_SIGN=KEY.pem
	@[ -n '$(UPDATE_SIGN)' ] || { echo "image-update: say UPDATE_SIGN=KEY.pem, the private key" >&2; exit 1; }
	@$(MAKE) all $(BUILD)/tandem.raw
	$(MAKE_IMAGE) vm-images/update $(IMAGE)/tandem '$(UPDATE_SIGN)' $(BUILD)/tandem.update
image-formats: image ## build the image as VHD, VMDK and VDI too, for clouds and other hypervisors
	@$(MAKE) $(addprefix $(BUILD)/tandem.,vhd vmdk vdi)
image-check: deps-image ## build the image once more, from nothing, and compare every octet
	@$(MAKE) all $(BUILD)/tandem.qcow2
	$(MAKE_IMAGE) vm-images/check $(BUILD)
image-test: deps deps-image-test ## boot the image, make calls through it, update it; as root
	@$(MAKE) -j$$(nproc) all $(BUILD)/tandem.qcow2
	BUILD=$(BUILD) tests/run vm

# For `make test`: without a mirror there is no image, and its test is skipped; no other reason will do.
.PHONY: image-if-debian
image-if-debian:
	@$(MAKE) $(BUILD)/tandem.qcow2 || { [ ! -e $(IMAGE)/root.tar ] && rm -f $(BUILD)/tandem.qcow2; }

# Debian's packages are fetched anew when what is wanted of them changes, and by `make clean`.
IMAGE_ROOT := vm-images/root vm-images/packages $(shell find vm-images/overlay/etc/initramfs-tools -type f)
$(IMAGE)/root.tar: $(IMAGE_ROOT)
	@mkdir -p $(@D)
	$(call say,DEBIAN)
	$(Q)$(MAKE_IMAGE) vm-images/root $@ >$(IMAGE)/root.log 2>&1 || { tail -n 20 $(IMAGE)/root.log >&2; exit 1; }

# What the image is made of beside Debian's part; its key and version are asked for each time.
IMAGE_REST := $(PROGRAMS) $(BPF) $(shell find vm-images -type f) $(IMAGE)/settings
.PHONY: image-settings
$(IMAGE)/settings: image-settings
	@mkdir -p $(@D)
	@echo '$(VERSION) $(EPOCH) $(UPDATE_KEY)' '$(if $(UPDATE_KEY),$(shell sha256sum <$(UPDATE_KEY)))' | \
		cmp -s - $@ || echo '$(VERSION) $(EPOCH) $(UPDATE_KEY)' '$(if $(UPDATE_KEY),$(shell sha256sum <$(UPDATE_KEY)))' >$@

$(BUILD)/tandem.raw: $(IMAGE)/root.tar $(IMAGE_REST)
	$(call say,IMAGE)
	$(Q)$(MAKE_IMAGE) vm-images/appliance $(IMAGE)/root.tar $(IMAGE)/root
	$(Q)$(MAKE_IMAGE) vm-images/disk $(IMAGE)/root $(IMAGE)/tandem
	$(Q)mv $(IMAGE)/tandem.raw $@

convert = $(Q)qemu-img convert -f raw -O $(1) $(BUILD)/tandem.raw $@.tmp && mv $@.tmp $@
$(BUILD)/tandem.qcow2: $(BUILD)/tandem.raw
	$(call say,QCOW2)
	$(call convert,qcow2 -c -o compression_type=zstd)
$(BUILD)/tandem.vhd: $(BUILD)/tandem.raw
	$(call say,VHD)
	$(call convert,vpc -o subformat=fixed$(,)force_size=on)
$(BUILD)/tandem.vmdk: $(BUILD)/tandem.raw
	$(call say,VMDK)
	$(call convert,vmdk -o subformat=streamOptimized)
$(BUILD)/tandem.vdi: $(BUILD)/tandem.raw
	$(call say,VDI)
	$(call convert,vdi)
, := ,
