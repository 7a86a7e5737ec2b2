/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only state machine of calls. Each front end translates to these verbs and holds no call
 * state; the words are those of relay.proto. The loop's thread only.
 */
#ifndef TANDEM_SESSION_H
#define TANDEM_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <protobuf-c/protobuf-c.h>
#include <uv.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/session/session_error.h"
#include "dataplane/lib/address.h"

#define SESSION_CODEC 16 /* octets of a codec's name */

struct session;
struct client;
struct counts;
struct quality;
struct Tandem__Dataplane__V1__Event;
struct Tandem__Dataplane__V1__Stream;

struct session_config {
	const char *dataplane; /* path of its socket */
	const char *version;
	unsigned int port_first, port_last; /* local UDP ports of each media address */
	unsigned int port_quarantine_ms;
	unsigned int offer_timeout_ms;
	unsigned int media_timeout_ms; /* 0: never */
	bool media_timeout_delete;     /* or only say so */
	unsigned int latch_ms;
	unsigned int headroom; /* times what the SDP lets expect; 0: as much as comes */
	unsigned int key_grace_ms;
	unsigned int calls_max;
	unsigned int audit_ms;   /* between readings of all legs (audit.h); 0: 10000 */
	unsigned int list_us;    /* that calls are listed without a break (slice.h); 0: 1000 */
	unsigned int history_ms; /* between moments of the history (history.h); 0: 10000 */
	bool dtls_cookie;        /* as a DTLS server, ask for one (RFC 6347 4.2.1) */
	unsigned int certificate_age_s; /* until a fresh one is made for new legs */
	const char *const *deny;        /* prefixes that no SDP may have media sent to */
	unsigned int deny_count;
};

/*
 * Connects to the dataplane and takes over the calls it has. 0, or -errno after a log line. The
 * texts of `config` must outlive the session.
 */
int session_open(struct session **session, uv_loop_t *loop, const struct session_config *config);
/*
 * The calls stay in the dataplane. Verbs that wait fail before it returns; run the loop once more.
 */
void session_close(struct session *session);

/*
 * Once for each verb, perhaps before it returns: the reply, or NULL and the error. Both are gone
 * when it returns.
 */
typedef void session_reply(void *arg, const ProtobufCMessage *reply,
			   const struct session_error *error);

/* What the verbs say with SESSION_UNAVAILABLE. */
#define SESSION_AWAY "the dataplane is away; check that tandem-dataplane runs and try again"

/* Replies with an error, as the verbs do. */
void session_fail(session_reply *reply, void *arg, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The request may go when the verb returns. */
void session_offer(struct session *session, const Tandem__Relay__V1__OfferRequest *request,
		   session_reply *reply, void *arg);
void session_answer(struct session *session, const Tandem__Relay__V1__AnswerRequest *request,
		    session_reply *reply, void *arg);
void session_publish(struct session *session, const Tandem__Relay__V1__OfferRequest *request,
		     session_reply *reply, void *arg);
void session_create(struct session *session, const Tandem__Relay__V1__CreateRequest *request,
		    session_reply *reply, void *arg);
void session_withdraw(struct session *session, const Tandem__Relay__V1__WithdrawRequest *request,
		      session_reply *reply, void *arg);
void session_subscribe(struct session *session, const Tandem__Relay__V1__SubscribeRequest *request,
		       session_reply *reply, void *arg);
void session_subscribe_answer(struct session *session,
			      const Tandem__Relay__V1__SubscribeAnswerRequest *request,
			      session_reply *reply, void *arg);
void session_unsubscribe(struct session *session,
			 const Tandem__Relay__V1__UnsubscribeRequest *request, session_reply *reply,
			 void *arg);
void session_connect(struct session *session, const Tandem__Relay__V1__ConnectRequest *request,
		     session_reply *reply, void *arg);
void session_mute(struct session *session, const Tandem__Relay__V1__MuteRequest *request,
		  session_reply *reply, void *arg);
void session_delete(struct session *session, const Tandem__Relay__V1__DeleteRequest *request,
		    session_reply *reply, void *arg);
void session_query(struct session *session, const Tandem__Relay__V1__QueryRequest *request,
		   session_reply *reply, void *arg);
void session_list(struct session *session, const Tandem__Relay__V1__ListRequest *request,
		  session_reply *reply, void *arg);
void session_history(struct session *session, const Tandem__Relay__V1__HistoryRequest *request,
		     session_reply *reply, void *arg);
void session_status(struct session *session, const Tandem__Relay__V1__StatusRequest *request,
		    session_reply *reply, void *arg);

/*
 * What happens to calls is told as it happens, of one or with "" of all, until it is unwatched. The
 * event is gone when `event` returns. NULL if there is no memory.
 */
struct session_watcher;
typedef void session_event(void *arg, const Tandem__Relay__V1__WatchEvent *event);
struct session_watcher *session_watch_calls(struct session *session, const char *call_id,
					    session_event *event, void *arg);
void session_unwatch_calls(struct session_watcher *watcher);

/*
 * Packets of a call. `told` is given each message of the stream but the last one, and says whether
 * its reader keeps up: what it does not take is lost, and counted. `reply` comes once, with the
 * last message or an error, and then all is over; NULL: it has come already, with an error.
 * session_uncapture() ends it without a word.
 */
struct session_capture;
typedef bool session_captured(void *arg, const Tandem__Relay__V1__CaptureReply *told);
struct session_capture *session_capture(struct session *session,
					const Tandem__Relay__V1__CaptureRequest *request,
					session_captured *told, session_reply *reply, void *arg);
void session_uncapture(struct session_capture *capture);

/*
 * Each call that ends is told with its record, when its last statistics have come. The record is
 * gone when `told` returns. NULL if there is no memory.
 */
typedef void session_record(void *arg, const Tandem__Relay__V1__CallRecord *record);
struct session_record_watcher;
struct session_record_watcher *session_watch_records(struct session *session, session_record *told,
						     void *arg);
void session_unwatch_records(struct session_record_watcher *watcher);

/*
 * Keeps the records of calls where nothing gets lost: the dataplane has the call's state until
 * session_recorded() says that its record is kept, so that each call gets its record once, even
 * where the control plane dies in between. One; until session_keep_records() with NULL. Its
 * functions are called on the loop, after session_open() has returned.
 */
struct session_recorder {
	/* A call, by its key, has ended. The record is gone when it returns. */
	void (*take)(void *arg, uint64_t key, const Tandem__Relay__V1__CallRecord *record);
	/* What became of the record of this call, perhaps by the control plane before this one. */
	enum session_recorded {
		RECORD_UNKNOWN,
		RECORD_WAITS,
		RECORD_KEPT
	} (*find)(void *arg, uint64_t key);
	void *arg;
};
void session_keep_records(struct session *session, const struct session_recorder *recorder);
/*
 * These calls' records are kept. `done` follows, perhaps before this returns: 0, or -errno when the
 * dataplane may still have some of them.
 */
void session_recorded(struct session *session, const uint64_t *keys, size_t count,
		      void (*done)(void *arg, int error), void *arg);

/*
 * Calls `changed` whenever calls can be made, or no longer: the dataplane is connected, its calls
 * are known, and it has legs left. One watcher.
 */
void session_watch_ready(struct session *session, void (*changed)(void *arg, bool ready),
			 void *arg);

/* The dataplane's client, for what belongs to no call. The session's own, which opens and closes
 * it. */
struct client *session_client(const struct session *session);
/* What has happened, and of what there is how much (counts.h). */
const struct counts *session_counts(const struct session *session);
/* How many calls there may be. */
unsigned int session_calls_max(const struct session *session);
/*
 * Another media address of the network that has `address`, of the other family. False: there is
 * none.
 */
bool session_other_family(const struct session *session, const struct address *address,
			  struct address *other);

/*
 * What came of a stream in an interval ([quality] interval), once it is over. All of it is gone
 * when `interval` returns.
 */
struct session_interval {
	const char *call_id, *party; /* its tag, or its branch */
	char codec[SESSION_CODEC];   /* as a=rtpmap names it; "": not known */
	struct endpoint from, at; /* the participant, zero if it was not heard; the relay's port */
	const struct Tandem__Dataplane__V1__Stream *stream; /* what was counted since it began */
	const struct quality *quality; /* with the interval as its latest; NULL: it is not rated */
	double missing; /* of the stream that its sender hears, in the interval, as that one says in
			 * RTCP: 0 to 1 */
};
/* The meter is the caller's, until session_unmeter() or the session's end. */
struct session_meter {
	LIST_ENTRY(session_meter) entry;
	void (*interval)(void *arg, const struct session_interval *interval);
	void *arg;
};
void session_meter(struct session *session, struct session_meter *meter);
void session_unmeter(struct session_meter *meter);

/*
 * What belongs to no call hears of the dataplane here. `connected` is called with each new
 * connection, before anything is asked; who begins in the turn of the loop in which the session was
 * opened misses none. `event`, if there is one, with each event that is no leg's; it is gone when
 * that returns.
 */
struct session_link {
	LIST_ENTRY(session_link) entry;
	void (*connected)(void *arg);
	void (*event)(void *arg, const struct Tandem__Dataplane__V1__Event *event);
	void *arg;
};
/* The link is the caller's, until session_unlink() or the session's end. */
void session_link(struct session *session, struct session_link *link);
void session_unlink(struct session_link *link);

#endif
