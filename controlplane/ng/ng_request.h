/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ng request in the session's words. What it names lives as long as its dictionary. One thread.
 */
#ifndef TANDEM_NG_REQUEST_H
#define TANDEM_NG_REQUEST_H

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/ng/ng_value.h"
#include "dataplane/api/suite.h"

/* The texts are "" where the request says nothing. */
struct ng_request {
	const char *command, *call_id, *from_tag, *to_tag, *via_branch, *sdp;
	const char *label, *to_label, *set_label;
	Tandem__Relay__V1__Side from, to; /* of who sends the SDP, and of who gets it */
	char *from_suites[SUITE_COUNT], *to_suites[SUITE_COUNT];
	Tandem__Relay__V1__SdpFilter filter;
	Tandem__Relay__V1__SdpForm form;
	Tandem__Relay__V1__Marking marking; /* of both, if they point to it */
	bool loop_protect;
	bool shows_profile; /* of an answer: its profile is shown */
	bool paused;        /* of a subscription: nothing is sent yet */
	char **from_tags;
	size_t from_tag_count;
	const char *source;              /* where the SDP came from; "" unless it counts */
	int64_t delete_delay_s;          /* -1: not said */
	bool all;                        /* media of all parties, not of one alone */
	bool fatal;                      /* of a delete: what is not there is an error */
	int64_t limit;                   /* of a list; 0: not said */
	const struct ng_value *supports; /* a list, or a text */
	const char *refused; /* a key that asks for what is not done; NULL if there is none */
	/* Keys and words that nobody knows, for a line in the log. */
	struct ng_value *unknown;
};

/* Reads what is in the dictionary, whose words it sorts first (ng_words.h). */
void ng_request_read(struct ng_request *request, struct arena *arena, struct ng_value *dictionary);

#endif
