/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of an SDP and its m-lines. The text is copied twice: `text` stays as it came but for
 * the NUL that ends each line, `words` is cut into words in place, so that no word needs memory of
 * its own.
 */
#include "controlplane/sdp/sdp_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

static enum sdp_kind find_kind(const char *name)
{
	static const char *const names[] = {"audio", "video", "text", "application", "image"};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcasecmp(names[i], name))
			return (enum sdp_kind)(SDP_AUDIO + i);
	return SDP_OTHER_KIND;
}

/* A CR that ends no line could end one for the next reader, and so smuggle a line past us. */
static int add_line(struct sdp_parser *p, char *text, size_t length)
{
	struct sdp *sdp = p->sdp;

	if (length && text[length - 1] == '\r')
		length--;
	text[length] = '\0';
	/* Habits of transports and of editors: blank lines, and a NUL behind the last one. */
	if (strspn(text, " \t") == length)
		return 0;
	if (memchr(text, '\0', length) || memchr(text, '\r', length))
		return sdp_refuse(p, -EINVAL, "take the NUL or CR octet out of the line");
	if (sdp->line_count == SDP_LINES_MAX)
		return sdp_refuse(p, -EINVAL, "send at most %d lines", SDP_LINES_MAX);
	if (sdp_grow(&sdp->lines, sdp->line_count, sizeof(*sdp->lines)))
		return -ENOMEM;
	sdp->lines[sdp->line_count++] = (struct sdp_line){text, (unsigned int)length, p->err->line};
	return 0;
}

static int split_lines(struct sdp_parser *p)
{
	struct sdp *sdp = p->sdp;
	char *text = sdp->text, *end = sdp->text + sdp->length;
	int ret;

	while (end > text && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\0'))
		end--;
	while (text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		p->err->line++;
		ret = add_line(p, text, (size_t)((newline ? newline : end) - text));
		if (ret)
			return ret;
		text = newline ? newline + 1 : end;
	}
	return 0;
}

/* Cuts the last word off, in place; the empty string when there is none. */
static char *last_word(char *text)
{
	size_t length = strlen(text);

	while (length && strchr(" \t", text[length - 1]))
		text[--length] = '\0';
	while (length && !strchr(" \t", text[length - 1]))
		length--;
	if (length)
		text[length - 1] = '\0';
	return text + length;
}

/*
 * username session-id version nettype addrtype address. A user name with blanks is met, so words
 * are counted from the end.
 */
static int read_origin(struct sdp_parser *p, char *rest)
{
	struct sdp *sdp = p->sdp;
	const char *words[5];
	const char *pristine = p->line.text + p->line.length;

	if (sdp->session_id)
		return sdp_refuse(p, -EINVAL, "give the SDP one o= line");
	for (unsigned int i = 5; i-- > 0;) {
		words[i] = last_word(rest);
		if (i == 2)
			pristine = p->line.text +
				   (words[i] - (sdp->words + (p->line.text - sdp->text)));
	}
	if (!*words[0] || words[0] == rest || !*rest)
		return sdp_refuse(
			p, -EINVAL,
			"give o= a user name, id, version, IN, IP4 or IP6, and an address");
	sdp->user = rest;
	sdp->session_id = words[0];
	sdp->session_version = words[1];
	sdp->host = pristine;
	return 0;
}

static int read_formats(struct sdp_parser *p, struct sdp_media *m, char *rest)
{
	uint64_t payload_type;
	const char *word;

	while (*(word = sdp_word(&rest))) {
		if (!m->odd_format && !sdp_number(word, 127, &payload_type))
			m->odd_format = word;
		if (m->format_count == SDP_FORMATS_MAX)
			return sdp_refuse(p, -EINVAL, "give the m-line at most %d formats",
					  SDP_FORMATS_MAX);
		if (sdp_grow(&m->formats, m->format_count, sizeof(*m->formats)))
			return -ENOMEM;
		m->formats[m->format_count++] = word;
	}
	return 0;
}

/* kind port[/count] protocol format ... */
static int read_media(struct sdp_parser *p, char *rest)
{
	struct sdp *sdp = p->sdp;
	uint64_t port, count = 1;
	struct sdp_media *m;
	char *word;

	if (sdp->media_count == SDP_MEDIA_MAX)
		return sdp_refuse(p, -EINVAL, "send at most %d m-lines", SDP_MEDIA_MAX);
	p->section->end_line = p->index;
	if (sdp_grow(&sdp->media, sdp->media_count, sizeof(*sdp->media)))
		return -ENOMEM;
	m = p->section = &sdp->media[sdp->media_count++];
	*m = (struct sdp_media){.first_line = p->index, .direction = SDP_SENDRECV};

	m->kind_name = sdp_word(&rest);
	m->kind = find_kind(m->kind_name);
	word = sdp_word(&rest);
	if (strchr(word, '/')) {
		char *slash = strchr(word, '/');

		*slash = '\0';
		if (!sdp_number(slash + 1, 65535, &count) || !count)
			return sdp_refuse(p, -EINVAL,
					  "give the m-line a port count from 1 to 65535");
	}
	if (!sdp_number(word, 65535, &port))
		return sdp_refuse(p, -EINVAL, "give the m-line a port from 0 to 65535");
	m->port = (uint16_t)port;
	m->port_count = (uint16_t)count;
	m->profile_name = sdp_word(&rest);
	if (port && !*m->profile_name)
		return sdp_refuse(p, -EINVAL, "name the m-line's protocol, e.g. RTP/AVP");
	/* Those that share a name are told apart by what the section says. */
	m->profile = sdp_profile_find(m->profile_name);
	m->foreign = m->kind == SDP_OTHER_KIND || m->profile == SDP_OTHER_PROFILE;
	if (m->profile)
		for (unsigned int type = 0; type < 128; type++)
			m->clock_rate[type] = sdp_static_clock(type);
	return read_formats(p, m, rest);
}

/*
 * "AS:" kilobits or "TIAS:" bits a second (RFC 8866 section 5.8, RFC 3890); others are left alone.
 */
static void read_bandwidth(struct sdp_media *m, char *rest)
{
	char *value = strchr(rest, ':');
	uint64_t bits;

	if (!value)
		return;
	*value++ = '\0';
	if (!sdp_number(sdp_word(&value), UINT32_MAX, &bits))
		return;
	if (!strcasecmp(rest, "AS"))
		bits *= 1000;
	else if (strcasecmp(rest, "TIAS"))
		return;
	if (bits > m->bandwidth)
		m->bandwidth = bits;
}

/* Nobody relays the m-line: only its place counts. */
static bool is_out(const struct sdp_media *m, const struct sdp_media *session)
{
	return m != session && (m->foreign || m->port == 0);
}

static bool is_version(const char *line)
{
	return !strncmp(line, "v=0", 3) && !line[3 + strspn(line + 3, " \t")];
}

static int read_connection(struct sdp_parser *p, char *rest)
{
	int error = sdp_connection(p, rest, &p->section->remote.address);

	p->section->connection = error == 0;
	return error;
}

static int read_known(struct sdp_parser *p, char type, char *rest)
{
	switch (type) {
	case 'o':
		if (p->section == &p->sdp->session)
			return read_origin(p, rest);
		return sdp_refuse(p, -EINVAL, "put o= before the first m-line");
	case 'm':
		return read_media(p, rest);
	case 'c':
		return read_connection(p, rest);
	case 'b':
		read_bandwidth(p->section, rest);
		return 0;
	case 'a':
		return sdp_attribute(p, rest);
	default:
		return 0;
	}
}

static int read_line(struct sdp_parser *p)
{
	const struct sdp_line *line = &p->line;
	char *words = p->sdp->words + (line->text - p->sdp->text);
	char type = line->text[0];
	int ret;

	if (line->length < 2 || type < 'a' || type > 'z' || line->text[1] != '=')
		return sdp_refuse(p, -EINVAL, "begin the line with a small letter and =");
	if ((p->index == 0) != (type == 'v') || (p->index == 0 && !is_version(line->text)))
		return sdp_refuse(p, -EINVAL, "begin the SDP, and nothing else, with v=0");
	ret = read_known(p, type, words + 2);
	if (ret == -ENOMEM || type == 'm' || !is_out(p->section, &p->sdp->session))
		return ret;
	return 0;
}

static int read_lines(struct sdp_parser *p)
{
	struct sdp *sdp = p->sdp;
	int ret;

	p->section = &sdp->session;
	sdp->session.direction = SDP_SENDRECV;
	for (p->index = 0; p->index < sdp->line_count; p->index++) {
		p->line = sdp->lines[p->index];
		p->err->line = p->line.number;
		memcpy(sdp->words + (p->line.text - sdp->text), p->line.text, p->line.length + 1);
		ret = read_line(p);
		if (ret)
			return ret;
	}
	if (!sdp->session_id)
		return sdp_refuse(p, -EINVAL, "begin the SDP with v=0 and an o= line");
	p->section->end_line = sdp->line_count;
	return 0;
}

int sdp_parse(struct sdp **out, const char *text, size_t length, struct sdp_error *err)
{
	struct sdp_parser p = {.err = err};
	int ret;

	memset(err, 0, sizeof(*err));
	if (length > SDP_SIZE_MAX)
		return sdp_refuse(&p, -EINVAL, "send at most %d octets", SDP_SIZE_MAX);
	p.sdp = calloc(1, sizeof(*p.sdp));
	if (!p.sdp)
		return -ENOMEM;
	p.sdp->length = length;
	p.sdp->text = malloc(length + 1);
	p.sdp->words = malloc(length + 1);
	if (!p.sdp->text || !p.sdp->words) {
		ret = -ENOMEM;
		goto out_free;
	}
	memcpy(p.sdp->text, text, length);
	p.sdp->text[length] = '\0';
	memset(p.sdp->words, 0, length + 1);

	ret = split_lines(&p);
	if (!ret)
		ret = read_lines(&p);
	if (!ret)
		ret = sdp_complete(&p);
	if (ret)
		goto out_free;
	*out = p.sdp;
	return 0;

out_free:
	sdp_free(p.sdp);
	return ret;
}

static void clear_and_free(char *text, size_t size)
{
	if (text)
		OPENSSL_cleanse(text, size);
	free(text);
}

void sdp_free(struct sdp *sdp)
{
	if (!sdp)
		return;
	for (unsigned int i = 0; i < sdp->media_count; i++) {
		free(sdp->media[i].formats);
		free(sdp->media[i].ice.candidates);
	}
	free(sdp->media);
	free(sdp->lines);
	clear_and_free(sdp->text, sdp->length + 1);
	clear_and_free(sdp->words, sdp->length + 1);
	free(sdp);
}
