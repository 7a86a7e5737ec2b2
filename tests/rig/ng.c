/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/ng.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct ng_client ng_client;

static int connect_stream(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int connect_datagrams(const char *path)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX}, at = own;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(at.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(sa_family_t)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

int ng_set_up(void **state)
{
	const char *listen[2] = {ng_client.listen[0], ng_client.listen[1]};
	const struct ng_config config = {.listen = listen, .listen_count = 2, .delete_delay_s = 30};

	rig_set_up(state);
	snprintf(ng_client.listen[0], sizeof(ng_client.listen[0]), "unix:/tmp/tandem-ng-%d.sock",
		 getpid());
	snprintf(ng_client.listen[1], sizeof(ng_client.listen[1]), "tcp:127.0.0.1:%d",
		 20000 + getpid() % 10000);
	assert_int_equal(ng_open(&ng_client.ng, &rig.loop, rig.session, &config), 0);
	ng_client.datagrams = connect_datagrams(ng_client.listen[0] + 5);
	ng_client.stream = connect_stream(strrchr(ng_client.listen[1], ':') + 1);
	return 0;
}

int ng_tear_down(void **state)
{
	json_decref(ng_client.json);
	ng_client.json = NULL;
	close(ng_client.datagrams);
	close(ng_client.stream);
	ng_close(ng_client.ng);
	return rig_tear_down(state);
}

/* --- octets ---------------------------------------------------------------------------------- */

bool ng_receive(int fd)
{
	if (ng_client.length < 0)
		ng_client.length =
			recv(fd, ng_client.reply, sizeof(ng_client.reply) - 1, MSG_DONTWAIT);
	if (ng_client.length >= 0)
		ng_client.reply[ng_client.length] = '\0';
	return ng_client.length > 0;
}

const char *ng_exchange(int fd, const char *message)
{
	ng_client.length = -1;
	assert_int_equal(send(fd, message, strlen(message), 0), strlen(message));
	rig_wait(ng_receive(fd));
	return ng_client.reply;
}

bool ng_is_silent(int fd, const char *message)
{
	ng_client.length = -1;
	assert_int_equal(send(fd, message, strlen(message), 0), strlen(message));
	rig_settle(50);
	return !ng_receive(fd);
}

/* --- dictionaries ---------------------------------------------------------------------------- */

/* With a cookie of its own. */
static void ask(json_t *request)
{
	char *text = json_dumps(request, 0), *message;
	const char *reply;

	assert_true(asprintf(&message, "%u_7 %s", ++ng_client.cookies, text) > 0);
	reply = strchr(ng_exchange(ng_client.datagrams, message), ' ');
	json_decref(ng_client.json);
	ng_client.json = json_loads(reply + 1, 0, NULL);
	assert_non_null(ng_client.json);
	json_decref(request);
	free(message);
	free(text);
}

const char *ng_text_of(const char *key)
{
	const char *text = json_string_value(json_object_get(ng_client.json, key));

	return text ? text : "";
}

void ng_ask(const char *command, const char *call, const char *from, const char *to,
	    const char *sdp, const char *more)
{
	json_t *request = json_loads(more ? more : "{}", 0, NULL);

	assert_non_null(request);
	json_object_set_new(request, "command", json_string(command));
	if (call)
		json_object_set_new(request, "call-id", json_string(call));
	if (from)
		json_object_set_new(request, "from-tag", json_string(from));
	if (to)
		json_object_set_new(request, "to-tag", json_string(to));
	if (sdp)
		json_object_set_new(request, "sdp", json_string(sdp));
	ask(request);
}

void ng_call_stands(const char *id)
{
	ng_ask("offer", id, "a", NULL, rig_phone(41000, ""), NULL);
	assert_ng_result("ok");
	ng_ask("answer", id, "a", "b", rig_phone(42000, ""), NULL);
	assert_ng_result("ok");
}

unsigned int ng_port_in_reply(void)
{
	const char *line = strstr(ng_text_of("sdp"), "m=audio ");

	return line ? atoi(line + 8) : 0;
}
