/* SPDX-License-Identifier: BSD-3-Clause */
/* One question to the relay, and its reply in the form that is wanted. */
#ifndef TANDEM_CTL_ASK_H
#define TANDEM_CTL_ASK_H

#include <protobuf-c/protobuf-c.h>

#include "controlplane/ctl/commands.h"

/* Prints a reply for people. */
typedef void view_reply(const struct request *request, const ProtobufCMessage *reply);

/* Returns what to exit with. */
int ask(const struct request *request, const char *method, const ProtobufCMessage *question,
	const ProtobufCMessageDescriptor *type, view_reply *view);

/* The same of a stream, message by message, until Ctrl-C or its end. */
int ask_stream(const struct request *request, const char *method, const ProtobufCMessage *question,
	       const ProtobufCMessageDescriptor *type, view_reply *view);

/* The same, as `take` wants it: false ends it. */
int ask_each(const struct request *request, const char *method, const ProtobufCMessage *question,
	     const ProtobufCMessageDescriptor *type,
	     bool (*take)(void *arg, const ProtobufCMessage *message), void *arg);

/* `flags` are jansson's: JSON_INDENT(2), JSON_COMPACT. Ends the program without memory. */
void ask_print_json(const ProtobufCMessage *message, size_t flags);

#endif
