/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A proxy that drives the control rig's session by the ng protocol, over real sockets: datagrams
 * and a stream. There is one at a time.
 */
#ifndef TANDEM_TESTS_RIG_NG_H
#define TANDEM_TESTS_RIG_NG_H

#include <jansson.h>

#include "controlplane/ng/ng.h"
#include "tests/rig/control.h"

extern struct ng_client {
	struct ng *ng;
	char listen[2][64];
	int datagrams, stream;
	unsigned int cookies;
	char reply[65536];
	ssize_t length; /* of what came last; -1: nothing yet */
	json_t *json;   /* the last reply */
} ng_client;

/* Of a test: it begins with a listener on a session that is ready. */
int ng_set_up(void **state);
int ng_tear_down(void **state);

#define NG_TEST(name) cmocka_unit_test_setup_teardown(name, ng_set_up, ng_tear_down)

/* Since `length` was set to -1: whether something came, or the end did. */
bool ng_receive(int fd);
/* The reply as it came. */
const char *ng_exchange(int fd, const char *message);
bool ng_is_silent(int fd, const char *message);

/* With a cookie of its own, and what is not NULL; `more`: further keys as JSON. */
void ng_ask(const char *command, const char *call, const char *from, const char *to,
	    const char *sdp, const char *more);
/* A text of the last reply; "": it has none. */
const char *ng_text_of(const char *key);

#define assert_ng_result(wanted)                                                                   \
	do {                                                                                       \
		if (strcmp(ng_text_of("result"), wanted) != 0)                                     \
			fail_msg("%s: %s", ng_text_of("result"), ng_text_of("error-reason"));      \
	} while (0)

/* A call between two phones. */
void ng_call_stands(const char *id);
/* Of the first audio m-line in the last reply's SDP. */
unsigned int ng_port_in_reply(void);

#endif
