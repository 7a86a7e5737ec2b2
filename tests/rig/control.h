/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane's session against a dataplane of memory, over a real socket, with the SDPs of
 * real peers. There is one at a time, and verbs return when their reply has come.
 */
#ifndef TANDEM_TESTS_RIG_CONTROL_H
#define TANDEM_TESTS_RIG_CONTROL_H

#include "controlplane/session/session_state.h"

#include "dataplane/api/suite.h"
#include "dataplane/lib/log.h"
#include "tests/rig/fake.h"
#include "tests/rig/test.h"

#define RIG_TURNS 3000 /* of the loop, that a wait may take */

#define AVP    TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_AVP
#define SAVP   TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_SAVP
#define WEBRTC TANDEM__RELAY__V1__PROFILE__PROFILE_UDP_TLS_RTP_SAVPF

/* The last reply; what the pointers lead to lives until the next one. */
struct rig_got {
	bool came;
	int code; /* 0: a reply */
	char text[256];
	ProtobufCMessage *reply;
	const char *sdp;
	Tandem__Relay__V1__Call *call;
	Tandem__Relay__V1__ListReply *list;
	Tandem__Relay__V1__HistoryReply *history;
	Tandem__Relay__V1__StatusReply *status;
	Tandem__Relay__V1__SubscribeReply *sources;
};

extern struct rig {
	uv_loop_t loop;
	struct fake fake;
	struct session *session;
	struct session_config config;
	struct rig_got got;
} rig;

/* Of a test: it begins with a session that is ready. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

/* With `config`. */
void rig_start(void);
void rig_stop(void);

#define rig_wait(condition)                                                                        \
	do {                                                                                       \
		int turns_ = RIG_TURNS;                                                            \
		while (!(condition) && turns_--)                                                   \
			uv_run(&rig.loop, UV_RUN_ONCE);                                            \
		assert_true(condition);                                                            \
	} while (0)

/* Lets the loop run for a while, for what must not happen in it. */
void rig_settle(unsigned int ms);

/* --- SDPs, which live until the next one ----------------------------------------------------- */

#define KEY_A "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define KEY_B "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"

#define PRINT_A                                                                                    \
	"40:61:7B:35:29:34:A5:0A:88:4D:DF:59:CB:A8:2D:34:71:31:EE:77:2F:43:B2:64:98:1B:CF:7D:"     \
	"3F:64:B3:B5"

#define PRINT_B                                                                                    \
	"39:0C:0E:68:7F:ED:E1:82:21:F5:DA:74:F9:83:2B:77:54:C7:2D:A3:87:FA:BC:56:6D:A5:56:8E:"     \
	"46:32:16:89"

extern char rig_text[8192];

const char *rig_phone(unsigned int port, const char *more);
const char *rig_sdes_phone(unsigned int tag, const char *key, const char *more);
const char *rig_browser(const char *ufrag, const char *print, const char *setup, bool video);

/* --- the verbs; they return `got.code` ------------------------------------------------------- */

void rig_forget(void); /* the last reply */
void rig_on_reply(void *arg, const ProtobufCMessage *reply, const struct session_error *error);

#define rig_ask(verb, request)                                                                     \
	({                                                                                         \
		rig_forget();                                                                      \
		verb(rig.session, request, rig_on_reply, NULL);                                    \
		rig_wait(rig.got.came);                                                            \
		rig.got.code;                                                                      \
	})

int rig_offer_side(const char *id, const char *tag, const char *sdp, Tandem__Relay__V1__Side *to);
int rig_offer(const char *id, const char *tag, const char *sdp, int profile);
int rig_answer(const char *id, const char *from, const char *to, const char *sdp);
int rig_drop(const char *id);
int rig_query(const char *id);

/* A call between two phones; the legs of the two. */
void rig_phones(const char *id, struct fake_leg **a, struct fake_leg **b);

#define assert_done(verb)                                                                          \
	do {                                                                                       \
		if ((verb) != 0)                                                                   \
			fail_msg("%s: %d %s", #verb, rig.got.code, rig.got.text);                  \
	} while (0)

#define assert_refused(verb, number, part)                                                         \
	do {                                                                                       \
		int code_ = (verb);                                                                \
		if (code_ != (number) || !strstr(rig.got.text, part))                              \
			fail_msg("%s: %d %s", #verb, code_, rig.got.text);                         \
	} while (0)

#define assert_shows(part)                                                                         \
	do {                                                                                       \
		if (!strstr(rig.got.sdp, part))                                                    \
			fail_msg("no \"%s\" in:\n%s", part, rig.got.sdp);                          \
	} while (0)

#define assert_hides(part)                                                                         \
	do {                                                                                       \
		if (strstr(rig.got.sdp, part))                                                     \
			fail_msg("\"%s\" in:\n%s", part, rig.got.sdp);                             \
	} while (0)

/* --- what there is after them ---------------------------------------------------------------- */

/* The local port that an SDP's first m-line of this kind shows, and its leg. */
unsigned int rig_port(const char *kind);
struct fake_leg *rig_leg(const char *kind);
const Tandem__Relay__V1__Leg *rig_leg_of(const char *tag);

/* Whether what the one receives goes on to the other. */
bool rig_hears(const struct fake_leg *to, const struct fake_leg *from);

/* The other leg of a call of two. */
struct fake_leg *rig_partner(const struct fake_leg *leg);

#endif
