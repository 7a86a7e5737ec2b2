/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SIP proxy, as fast as a relay lets it: calls by rtpengine's ng protocol, bencode over UDP. A
 *line on the standard input
 *
 *	cycle phones|browser COUNT		an offer, an answer and a delete of each call, many
 *calls at a time
 *	offer phones|browser COUNT RATE		RATE offers a second, whether the relay has answered
 *						those before or not; then the calls are deleted
 *	ping phones|browser COUNT RATE		the same of pings
 *
 * is answered by a line of JSON: seconds, the CPU time that this program took, and how long a reply
 * took from when its request was due, in microseconds. A reply's cookie says which call and step it
 * is of, so that nothing else is kept of a call. What is lost is sent again by nobody and ends the
 * program: over loopback nothing may be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "perf/participants.h"

#define AT_A_TIME  32 /* all of them fit in a socket's usual buffer */
#define COUNT_MAX  100000
#define PATIENCE_S 10
#define NS_PER_S   1000000000ll

enum step { OFFER, ANSWER, DELETE, PING };

/* What is asked for towards each side, as bencode. The other side of a call is a telephone. */
#define TO_PHONE                                                                                   \
	"5:flagsl13:trust-addresse7:replacel6:origin18:session-connectione3:ICE6:remove"           \
	"4:DTLS3:off18:transport-protocol7:RTP/AVP"
#define TO_BROWSER                                                                                 \
	"5:flagsl13:trust-addresse7:replacel6:origin18:session-connectione3:ICE5:force"            \
	"18:transport-protocol17:UDP/TLS/RTP/SAVPF"

static const struct kind {
	const char *name, *sdp, *to_callee, *to_caller;
} kinds[] = {
	{"phones", participants_phone_offer, TO_PHONE "9:directionl5:trunk5:trunke",
	 TO_PHONE "9:directionl5:trunk5:trunke"},
	{"browser", participants_browser_offer,
	 TO_PHONE "8:rtcp-muxl5:demuxe9:directionl6:public5:trunke",
	 TO_BROWSER "9:directionl5:trunk6:publice"},
	{NULL, NULL, NULL, NULL},
};

static struct {
	int socket;
	const struct kind *kind;
	unsigned int round; /* makes cookies new: a repeated one would get the reply of before */
	uint32_t count, begun, ended;
	int64_t due[COUNT_MAX]; /* ns */
	double took[COUNT_MAX]; /* us */
} work;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "ng: %s\n", what);
	exit(EXIT_FAILURE);
}

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* --- one request ----------------------------------------------------------------------------- */

struct message {
	size_t length;
	char octets[8192];
};

static void __attribute__((format(printf, 2, 3))) add(struct message *m, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	m->length += vsnprintf(m->octets + m->length, sizeof(m->octets) - m->length, format, list);
	va_end(list);
	if (m->length >= sizeof(m->octets))
		die("a message is too long");
}

static void add_text(struct message *m, const char *key, const char *value)
{
	add(m, "%zu:%s%zu:%s", strlen(key), key, strlen(value), value);
}

static void request(uint32_t number, enum step step)
{
	static const char *const commands[] = {"offer", "answer", "delete", "ping"};
	struct message m = {0};
	char id[32];

	snprintf(id, sizeof(id), "measured-%u", number);
	add(&m, "%u_%u_%u d", work.round, number, step);
	if (step != PING) {
		add_text(&m, "call-id", id);
		add_text(&m, "from-tag", "caller");
	}
	if (step == OFFER) {
		add_text(&m, "sdp", work.kind->sdp);
		add(&m, "%s", work.kind->to_callee);
	} else if (step == ANSWER) {
		add_text(&m, "to-tag", "callee");
		add_text(&m, "sdp", participants_phone_answer);
		add(&m, "%s", work.kind->to_caller);
	} else if (step == DELETE) {
		add(&m, "12:delete-delayi0e");
	}
	add_text(&m, "command", commands[step]);
	add(&m, "e");
	if (send(work.socket, m.octets, m.length, 0) < 0)
		die(strerror(errno));
}

static bool contains(const char *octets, size_t size, const char *text)
{
	return memmem(octets, size, text, strlen(text));
}

/* Waits until `end`, in ns; false: nothing came. */
static bool take_reply(uint32_t *number, enum step *step, int64_t end)
{
	struct pollfd poll = {work.socket, POLLIN, 0};
	int64_t left = end - nanoseconds(CLOCK_MONOTONIC);
	struct timespec time = {left / NS_PER_S, left % NS_PER_S};
	char octets[16384];
	unsigned int round;
	ssize_t size = recv(work.socket, octets, sizeof(octets) - 1, MSG_DONTWAIT);

	if (size < 0 && errno == EAGAIN) {
		if (left <= 0 || ppoll(&poll, 1, &time, NULL) <= 0)
			return false;
		size = recv(work.socket, octets, sizeof(octets) - 1, MSG_DONTWAIT);
	}
	if (size < 0)
		die(strerror(errno));
	octets[size] = '\0';
	if (sscanf(octets, "%u_%u_%u ", &round, number, step) != 3 || round != work.round ||
	    *number >= work.count)
		die("a reply that nobody waits for");
	if (!contains(octets, size, *step == PING ? "6:result4:pong" : "6:result2:ok") ||
	    contains(octets, size, "7:warning")) {
		fprintf(stderr, "ng: call %u, step %d: %s\n", *number, *step, octets);
		exit(EXIT_FAILURE);
	}
	return true;
}

static void await_reply(uint32_t *number, enum step *step)
{
	if (!take_reply(number, step, nanoseconds(CLOCK_MONOTONIC) + PATIENCE_S * NS_PER_S))
		die("a request got no reply");
}

/* --- many of them ---------------------------------------------------------------------------- */

/* Each call from `first` to its delete, AT_A_TIME of them under way. */
static void cycle(enum step first)
{
	uint32_t number;
	enum step step;

	work.round++;
	work.begun = work.ended = 0;
	while (work.begun < work.count && work.begun < AT_A_TIME)
		request(work.begun++, first);
	while (work.ended < work.count) {
		await_reply(&number, &step);
		if (step != DELETE) {
			request(number, step + 1);
			continue;
		}
		work.ended++;
		if (work.begun < work.count)
			request(work.begun++, first);
	}
}

static void note(uint32_t number)
{
	work.took[number] = (nanoseconds(CLOCK_MONOTONIC) - work.due[number]) / 1e3;
	work.ended++;
}

/* One request of each call, when it is due. */
static void pace(enum step step, unsigned int rate)
{
	int64_t begun = nanoseconds(CLOCK_MONOTONIC);
	uint32_t number;

	work.round++;
	work.ended = 0;
	for (uint32_t k = 0; k < work.count; k++) {
		work.due[k] = begun + k * NS_PER_S / rate;
		while (nanoseconds(CLOCK_MONOTONIC) < work.due[k])
			if (take_reply(&number, &step, work.due[k]))
				note(number);
		request(k, step);
	}
	while (work.ended < work.count) {
		await_reply(&number, &step);
		note(number);
	}
}

/* --- questions ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double part(double share)
{
	return work.took[(uint32_t)(share * (work.count - 1))];
}

static void answer(const char *line)
{
	unsigned int rate = 0;
	int64_t begun, cpu;
	char what[16], kind[16];
	int found = sscanf(line, "%15s %15s %u %u", what, kind, &work.count, &rate);
	bool paced = strcmp(what, "cycle") != 0;

	if (found != (paced ? 4 : 3) || !work.count || work.count > COUNT_MAX || (paced && !rate))
		die("cycle|offer|ping phones|browser COUNT [RATE]");
	for (work.kind = kinds; work.kind->name && strcmp(work.kind->name, kind); work.kind++)
		;
	if (!work.kind->name)
		die("phones or browser");
	begun = nanoseconds(CLOCK_MONOTONIC);
	cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
	if (paced)
		pace(strcmp(what, "ping") ? OFFER : PING, rate);
	else
		cycle(OFFER);
	printf("{\"seconds\":%.6f,\"client\":%.6f", (nanoseconds(CLOCK_MONOTONIC) - begun) / 1e9,
	       (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e9);
	if (paced) {
		qsort(work.took, work.count, sizeof(work.took[0]), compare);
		printf(",\"p50\":%.1f,\"p99\":%.1f", part(0.5), part(0.99));
	}
	puts("}");
	if (paced && strcmp(what, "ping"))
		cycle(DELETE);
	fflush(stdout);
}

static const char *const usage =
	"Usage: ng ADDRESS PORT\n"
	"Sets up calls through a relay's ng protocol; perf/bench runs it. See perf/README.md.\n";

int main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	char line[64];

	if (argc != 3 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	at.sin_port = htons(strtoul(argv[2], NULL, 10));
	prctl(PR_SET_TIMERSLACK, 1ul);
	work.socket = socket(AF_INET, SOCK_DGRAM, 0);
	if (work.socket < 0 || connect(work.socket, (struct sockaddr *)&at, sizeof(at)))
		die(strerror(errno));
	while (fgets(line, sizeof(line), stdin))
		answer(line);
	return EXIT_SUCCESS;
}
