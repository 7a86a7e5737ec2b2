/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/commands_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/ctl/ask.h"
#include "controlplane/lib/pcapng.h"

#define CAPTURE "/tandem.relay.v1.Relay/Capture"
#define COMMENT 512 /* octets; tags have 255 at most */

typedef Tandem__Relay__V1__CaptureReply capture_reply;
typedef Tandem__Relay__V1__CapturedPacket captured_packet;

/* A file that is being written. */
struct file {
	const struct request *request;
	FILE *out; /* NULL until the relay says that it captures */
	bool failed;
	uint64_t begun_ns;
	uint64_t packets, missed;
	char why[128]; /* it ended; empty: the relay has not said so */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What people said may be in it. */
static FILE *open_file(const char *name)
{
	int fd;

	if (strcmp(name, "-") == 0)
		return stdout;
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool fail(struct file *file, const char *what)
{
	complain("%s: cannot %s it: %s", file->request->capture.file, what, strerror(errno));
	file->failed = true;
	return false;
}

static bool begin(struct file *file)
{
	const struct request *request = file->request;
	char comment[COMMENT];
	const struct pcapng_head head = {
		.link = request->capture.wire ? PCAPNG_ETHERNET : PCAPNG_RAW_IP,
		.snap = request->capture.snap,
		.application = "tandemctl " TANDEM_VERSION,
		.comment = comment,
		.interface = "tandem",
		.description = request->capture.wire
				       ? "frames as they come and go"
				       : "RTP and RTCP in the clear, behind headers made for them",
	};

	file->out = open_file(request->capture.file);
	if (!file->out)
		return fail(file, "open");
	snprintf(comment, sizeof(comment), "call %s%s%s", request->argument,
		 request->capture.tag ? ", party " : "",
		 request->capture.tag ? request->capture.tag : "");
	file->begun_ns = now_ns();
	pcapng_begin(file->out, &head);
	return true;
}

static void write_packet(FILE *out, const captured_packet *packet)
{
	char comment[COMMENT];
	const struct pcapng_packet entry = {
		.time_ns = packet->time_ns,
		.sent = packet->sent,
		.octets = packet->octets.data,
		.captured = packet->octets.len,
		.length = packet->length,
		.comment = comment,
	};

	snprintf(comment, sizeof(comment), "%s %s, leg %016" PRIx64 "%s",
		 packet->tag[0] ? packet->tag : "(no tag)", packet->media, packet->leg,
		 packet->sealed ? ", not deciphered: the participants share their keys" : "");
	pcapng_write(out, &entry);
}

/* Each message at once: it may go into a pipe. */
static bool take(void *arg, const ProtobufCMessage *message)
{
	const capture_reply *reply = (const capture_reply *)message;
	struct file *file = arg;

	if (!file->out && !begin(file))
		return false;
	for (size_t k = 0; k < reply->n_packets; k++)
		write_packet(file->out, reply->packets[k]);
	file->packets += reply->n_packets;
	file->missed = reply->missed;
	if (reply->over)
		snprintf(file->why, sizeof(file->why), "%s", reply->over->why);
	if (fflush(file->out) || ferror(file->out))
		return fail(file, "write");
	return true;
}

static void end(struct file *file)
{
	const struct pcapng_statistics statistics = {
		.begun_ns = file->begun_ns,
		.ended_ns = now_ns(),
		.received = file->packets + file->missed,
		.dropped = file->missed,
		.comment = file->why,
	};

	pcapng_end(file->out, &statistics);
	if ((fflush(file->out) || ferror(file->out)) && !file->failed)
		fail(file, "write");
	if (file->out != stdout)
		fclose(file->out);
	fprintf(stderr, "%" PRIu64 " packets", file->packets);
	if (file->missed)
		fprintf(stderr, ", and %" PRIu64 " left out: more than the rate, or than was read",
			file->missed);
	fprintf(stderr, "; %s\n", file->why[0] ? file->why : "stopped");
}

static int check(const struct request *request)
{
	if (request->capture.wire == request->capture.decrypted)
		complain("capture takes one of --wire and --decrypted");
	else if (!request->capture.file)
		complain("capture takes -o FILE, or -o - for standard output");
	else if (request->json)
		complain("capture writes pcapng and no JSON; see tshark -T json");
	else if (strcmp(request->capture.file, "-") == 0 && isatty(STDOUT_FILENO))
		complain("-o -: a capture is not for a terminal; see tshark -r -");
	else
		return CTL_OK;
	return CTL_USAGE;
}

int capture_call(const struct request *request)
{
	Tandem__Relay__V1__CaptureRequest question = TANDEM__RELAY__V1__CAPTURE_REQUEST__INIT;
	struct file file = {.request = request};
	int ret = check(request);

	if (ret)
		return ret;
	question.call_id = (char *)(uintptr_t)request->argument;
	question.wire = request->capture.wire;
	if (request->capture.tag)
		question.tag = (char *)(uintptr_t)request->capture.tag;
	question.for_ms = request->for_ms < UINT32_MAX ? request->for_ms : UINT32_MAX;
	question.max_bytes = request->capture.max_size;
	question.snap = request->capture.snap;
	question.pps = request->capture.rate;
	ret = ask_each(request, CAPTURE, &question.base,
		       &tandem__relay__v1__capture_reply__descriptor, take, &file);
	if (file.out)
		end(&file);
	return file.failed ? CTL_REFUSED : ret;
}
