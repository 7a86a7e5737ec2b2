/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An allocator for protobuf-c messages that may hold keys: whatever it frees is cleared first.
 * Pass it to every ..._unpack() and ..._free_unpacked(). Any thread.
 */
#ifndef TANDEM_CLEANSE_H
#define TANDEM_CLEANSE_H

#include <protobuf-c/protobuf-c.h>

extern ProtobufCAllocator cleanse_allocator;

#endif
