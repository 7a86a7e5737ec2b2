/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemctl: the operator's command line, a client of the relay's public API. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/remote.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/secret.h"
#include "controlplane/ctl/words.h"
#include "dataplane/lib/cpu.h"

#define SECRET_SIZE    256
#define DEFAULT_SERVER "unix:/run/tandem/relay.sock"

struct options {
	struct remote_options remote;
	const char *token_file; /* NULL: not said */
	struct request request;
};

static const char help[] =
	"usage: tandemctl [options] command\n"
	"\n"
	"  calls [--search TEXT] [--worst|--newest]  list the calls, the oldest first\n"
	"  call ID      show a call: parties, legs, who hears whom, and why there is no audio\n"
	"  delete ID    end a call and show its final statistics\n"
	"  watch [ID]   tell what happens to calls, or to one, as it happens, until Ctrl-C\n"
	"  capture ID --wire|--decrypted -o FILE [--for TIME]\n"
	"               write the call's packets to a pcapng file, or with - to standard output\n"
	"  records      print the record of each call that ends, an object a line, until Ctrl-C\n"
	"  pseudonym ADDRESS  show what stands for it in logs and records\n"
	"  ports        show each NIC, and how many UDP ports each media address has in use\n"
	"  workers      show how busy the dataplane's workers are, how long packets are in them,\n"
	"               and how many more calls fit\n"
	"  drops        show how many packets were dropped, by reason\n"
	"  shed         show what is dropped before anybody pays for it, and who is blocked\n"
	"  shed top     show who sends the most of it, and to which calls\n"
	"  shed sample  show the heads of packets that were dropped\n"
	"  shed block PREFIX [--for TIME]  drop whatever comes from there\n"
	"  shed unblock PREFIX             hear it again\n"
	"  shed watch   tell of attacks as they begin, change and end, until Ctrl-C\n"
	"  turn         list the TURN server's allocations\n"
	"  turn credentials USER [--for TIME] [--secret ID]  make a TURN client's credentials\n"
	"  turn delete ID|USER      end an allocation (16 hexadecimal digits), or all of a user\n"
	"  turn secrets             list the secrets that credentials are made with, by their IDs\n"
	"  turn secret add ID       add one, which is read from standard input\n"
	"  turn secret remove ID    let in nobody anymore whose credentials were made with it\n"
	"  token NAME --role ROLE [--for TIME]      make a token, and the line that lets it in\n"
	"  whoami       say who the relay takes this for, and in which role\n"
	"  health       say whether the relay can take calls\n"
	"  status       show the relay as a whole\n"
	"\n"
	"  -s, --server ADDRESS  unix:/path or host:port [" DEFAULT_SERVER "]\n"
	"      --ca FILE         PEM file of the authority that vouches for the server: gives TLS\n"
	"      --cert FILE       of the certificate to show to it,\n"
	"      --key FILE        and of its key\n"
	"      --token FILE      a file with the token to show [the token in $TANDEM_TOKEN]\n"
	"  -j, --json            print the relay's reply as JSON; with watch an object a line\n"
	"  -a, --all             with drops and shed: also the reasons that never occurred\n"
	"      --for TIME        with shed block: 90s, 10m, 2h, 1d [until it is unblocked];\n"
	"                        with turn credentials: how long they are valid [1h];\n"
	"                        with token: how long it is [365d];\n"
	"                        with capture: how long at most, up to 1h [1m]\n"
	"      --role ROLE       with token: viewer, operator or admin\n"
	"      --secret ID       with turn credentials: what to make them with [the last one]\n"
	"      --search TEXT     with calls: those with it in their ID, a tag, label or address\n"
	"      --worst           with calls: the lowest MOS of the last interval first\n"
	"      --newest          with calls: the youngest first\n"
	"      --wire            with capture: frames as they come and go\n"
	"      --decrypted       with capture: RTP and RTCP in the clear: what is said can be heard\n"
	"  -o, --output FILE     with capture: where to\n"
	"      --tag TAG         with capture: packets of this party alone\n"
	"      --max-size SIZE   with capture: of all packets, e.g. 20M, up to 1G [100M]\n"
	"      --snap OCTETS     with capture: of each packet, 64 or more; 64 has hardly any voice\n"
	"      --rate N          with capture: packets a second at most [10000]\n"
	"  -n, --count N         at most so many: with calls (to 999) [all], and with shed top\n"
	"                        (to 100) and shed sample (to 200) [20]\n"
	"  -h, --help            print this\n"
	"  -V, --version         print the version\n"
	"\n"
	"exit status: 0 done, 1 the relay said no, 2 wrong usage, 3 the relay is out of reach\n";

static bool read_count(const char *text, unsigned int *count)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*count = number;
	return *text >= '0' && *text <= '9' && !*end && number >= 1 && number <= 999;
}

/* Does not return when it is none. */
static uint32_t read_number(const char *option, const char *text, uint32_t least, uint32_t most)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && number >= least && number <= most)
		return number;
	complain("%s: \"%s\" is no number from %u to %u", option, text, least, most);
	exit(CTL_USAGE);
}

/* Reads the options; does not return when there is nothing more to do. */
static void parse_options(struct options *options, int argc, char **argv)
{
	enum {
		CA = 256,
		CERT,
		KEY,
		TOKEN,
		FOR,
		SECRET,
		ROLE,
		SEARCH,
		WORST,
		NEWEST,
		WIRE,
		DECRYPTED,
		TAG,
		MAX_SIZE,
		SNAP,
		RATE
	};
	static const struct option known[] = {
		{"server", required_argument, NULL, 's'},
		{"ca", required_argument, NULL, CA},
		{"cert", required_argument, NULL, CERT},
		{"key", required_argument, NULL, KEY},
		{"token", required_argument, NULL, TOKEN},
		{"role", required_argument, NULL, ROLE},
		{"json", no_argument, NULL, 'j'},
		{"all", no_argument, NULL, 'a'},
		{"for", required_argument, NULL, FOR},
		{"secret", required_argument, NULL, SECRET},
		{"search", required_argument, NULL, SEARCH},
		{"worst", no_argument, NULL, WORST},
		{"newest", no_argument, NULL, NEWEST},
		{"count", required_argument, NULL, 'n'},
		{"wire", no_argument, NULL, WIRE},
		{"decrypted", no_argument, NULL, DECRYPTED},
		{"output", required_argument, NULL, 'o'},
		{"tag", required_argument, NULL, TAG},
		{"max-size", required_argument, NULL, MAX_SIZE},
		{"snap", required_argument, NULL, SNAP},
		{"rate", required_argument, NULL, RATE},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL},
	};
	int option;

	while ((option = getopt_long(argc, argv, "s:jan:o:hV", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options->remote.server = optarg;
			break;
		case CA:
			options->remote.tls.ca = optarg;
			break;
		case CERT:
			options->remote.tls.cert = optarg;
			break;
		case KEY:
			options->remote.tls.key = optarg;
			break;
		case TOKEN:
			options->token_file = optarg;
			break;
		case ROLE:
			options->request.role = optarg;
			break;
		case 'j':
			options->request.json = true;
			break;
		case 'a':
			options->request.all = true;
			break;
		case FOR:
			if (words_read_duration(optarg, &options->request.for_ms))
				break;
			complain("--for: \"%s\" is no time; write e.g. 90s, 10m, 2h or 1d", optarg);
			exit(CTL_USAGE);
		case SECRET:
			options->request.secret = optarg;
			break;
		case SEARCH:
			options->request.search = optarg;
			break;
		case WORST:
			options->request.worst = true;
			break;
		case NEWEST:
			options->request.newest = true;
			break;
		case WIRE:
			options->request.capture.wire = true;
			break;
		case DECRYPTED:
			options->request.capture.decrypted = true;
			break;
		case 'o':
			options->request.capture.file = optarg;
			break;
		case TAG:
			options->request.capture.tag = optarg;
			break;
		case MAX_SIZE:
			if (words_read_size(optarg, &options->request.capture.max_size))
				break;
			complain("--max-size: \"%s\" is no size; write e.g. 500k, 20M or 1G",
				 optarg);
			exit(CTL_USAGE);
		case SNAP:
			options->request.capture.snap = read_number("--snap", optarg, 64, 65535);
			break;
		case RATE:
			options->request.capture.rate = read_number("--rate", optarg, 1, 10000);
			break;
		case 'n':
			if (read_count(optarg, &options->request.count))
				break;
			complain("--count: \"%s\" is no number from 1 to 999", optarg);
			exit(CTL_USAGE);
		case 'h':
			fputs(help, stdout);
			exit(CTL_OK);
		case 'V':
			puts("tandemctl " TANDEM_VERSION);
			exit(CTL_OK);
		default:
			exit(CTL_USAGE); /* getopt has said what is wrong */
		}
	}
}

static bool has_capture_option(const struct request *request)
{
	return request->capture.wire || request->capture.decrypted || request->capture.tag ||
	       request->capture.file || request->capture.max_size || request->capture.snap ||
	       request->capture.rate;
}

/* Whether what was given fits the command; complains if not. */
static bool fits(const struct command *command, const struct request *request, int given)
{
	bool needed = command->argument && !command->optional;

	if (given > (command->argument != NULL) || given < needed)
		complain("%s takes %s", command->name,
			 command->argument ? command->argument : "no argument");
	else if (request->for_ms && !command->takes_for)
		complain("--for is for shed block, turn credentials, token and capture, not for %s",
			 command->name);
	else if (request->secret && !command->takes_secret)
		complain("--secret is for turn credentials, not for %s", command->name);
	else if (request->role && !command->takes_role)
		complain("--role is for token, not for %s", command->name);
	else if ((request->search || request->worst || request->newest) && !command->takes_search)
		complain("--search, --worst and --newest are for calls, not for %s", command->name);
	else if (request->worst && request->newest)
		complain("--worst and --newest: choose one of them");
	else if (has_capture_option(request) && !command->captures)
		complain("--wire, --decrypted, --output, --tag, --max-size, --snap and --rate are "
			 "for capture, not for %s",
			 command->name);
	else if (request->count && !command->count_most)
		complain("--count is for shed top, shed sample and calls, not for %s",
			 command->name);
	else if (request->count > command->count_most)
		complain("--count: %s shows at most %u", command->name, command->count_most);
	else
		return true;
	return false;
}

/* The command that argv[optind] names, with its argument; NULL after a complaint. */
static const struct command *parse_command(struct options *options, int argc, char **argv)
{
	const struct command *command;
	int given = argc - optind, used;

	if (given == 0) {
		complain("no command given: tandemctl --help lists them");
		return NULL;
	}
	command = command_find(argv + optind, given, &used);
	if (!command) {
		complain("unknown command %s: tandemctl --help lists them", argv[optind]);
		return NULL;
	}
	if (!fits(command, &options->request, given - used))
		return NULL;
	options->request.argument = given > used ? argv[optind + used] : NULL;
	return command;
}

/* What is shown to the relay; CTL_OK also if there is nothing. */
static int find_token(struct options *options)
{
	static char text[SECRET_SIZE];
	int ret;

	if (options->token_file) {
		ret = secret_read_file(options->token_file, text, sizeof(text));
		options->remote.token = text;
		return ret;
	}
	options->remote.token = getenv("TANDEM_TOKEN");
	if (options->remote.token && !*options->remote.token)
		options->remote.token = NULL;
	return CTL_OK;
}

int main(int argc, char **argv)
{
	struct options options = {.remote.server = DEFAULT_SERVER};
	const struct command *command;
	int ret;

	parse_options(&options, argc, argv);
	command = parse_command(&options, argc, argv);
	if (!command)
		return CTL_USAGE;
	if (!command->alone) {
		ret = find_token(&options);
		if (!ret)
			ret = remote_open(&options.request.remote, &options.remote);
		if (ret)
			return ret;
	}
	ret = command->run(&options.request);
	if (!command->alone)
		remote_close(options.request.remote);
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write the output: %s", strerror(errno));
		return CTL_REFUSED;
	}
	return ret;
}
