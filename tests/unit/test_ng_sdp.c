/* SPDX-License-Identifier: BSD-3-Clause */
/* What the words of an ng request make of an SDP, by the lines that come out. */
#include "tests/rig/ng.h"

#define LINES_MAX 8

#define HEAD "v=0\r\no=alice 7 3 IN IP4 203.0.113.40\r\ns=call\r\nt=0 0\r\n"
#define AT   "c=IN IP4 203.0.113.40\r\n"

#define CODECS                                                                                     \
	HEAD "m=audio 40000 RTP/AVP 0 8 96 101\r\n" AT                                             \
	     "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"                            \
	     "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
#define PLAIN    HEAD "m=audio 40000 RTP/AVP 0\r\n" AT
#define FEEDBACK HEAD "m=audio 40000 RTP/AVPF 0\r\n" AT
#define MUX      PLAIN "a=rtcp-mux\r\n"
#define KEYED    PLAIN CRYPTO
#define SDES     HEAD "m=audio 40000 RTP/SAVP 0\r\n" AT CRYPTO
#define BOTH     SDES "a=fingerprint:sha-256 " PRINT_A "\r\na=setup:actpass\r\n"
#define WEB                                                                                        \
	HEAD "m=audio 40000 UDP/TLS/RTP/SAVPF 0\r\n" AT "a=rtcp-mux\r\na=setup:actpass\r\n"        \
	     "a=fingerprint:sha-1 " PRINT_SHA1 "\r\n"
#define VIDEO PLAIN "m=video 40002 RTP/AVP 31\r\n" AT

#define PRINT_SHA1 "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33"
#define TO_AVP     "{\"transport-protocol\": \"RTP/AVP\", \"DTLS-reverse\": \"passive\"}"
#define CRYPTO     "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "\r\n"

#define THIRD       "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "\r\n"
#define KEYED_THIRD PLAIN THIRD
#define SDES_THIRD  HEAD "m=audio 40000 RTP/SAVP 0\r\n" AT THIRD

struct half {
	const char *sdp, *more; /* `more`: keys as JSON */
	const char *has[LINES_MAX], *lacks[LINES_MAX];
};

/* An offer, and perhaps its answer. */
struct ng_case {
	const char *name;
	struct half offer, answer;
};

static const struct ng_case texts[] = {
	{.name = "as proxies expect it when they say nothing",
	 .offer = {CODECS,
		   NULL,
		   {"o=alice 7 3 IN IP4 203.0.113.40\r\ns=call\r\nt=0 0\r\nm=audio ",
		    " RTP/AVP 0 8 96 101\r\nc=IN IP4 198.51.100.1\r\na=rtpmap:0 PCMU/8000\r\n"
		    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:96 opus/48000/2\r\n"
		    "a=fmtp:96 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\n"
		    "a=sendrecv\r\na=rtcp:",
		    "\r\na=ptime:20\r\n"},
		   {"a=mid", "a=ice", "a=crypto", "a=setup"}}},
	{.name = "the relay in the origin",
	 .offer = {PLAIN,
		   "{\"replace\": [\"origin\", \"username\"]}",
		   {"o=- 7 3 IN IP4 198.51.100.1\r\n"},
		   {"203.0.113.40"}}},
	{.name = "a=rtcp is left out",
	 .offer = {PLAIN, "{\"flags\": [\"no rtcp attribute\"]}", {"a=sendrecv\r\n"}, {"a=rtcp"}}},
	{.name = "a=rtcp is whole",
	 .offer = {PLAIN,
		   "{\"rtpp-flags\": \"full-rtcp-attribute\"}",
		   {" IN IP4 198.51.100.1\r\n"}}},
	{.name = "another address is shown",
	 .offer = {PLAIN,
		   "{\"media address\": \"203.0.113.77\"}",
		   {"\r\nc=IN IP4 203.0.113.77\r\n"},
		   {"198.51.100.1"}}},
	{.name = "a hold by address stays one",
	 .offer = {HEAD "m=audio 40000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
		   NULL,
		   {"\r\nc=IN IP4 0.0.0.0\r\n", "a=sendonly\r\n"},
		   {"a=sendrecv"}}},
	{.name = "a hold by address becomes one by direction",
	 .offer = {HEAD "m=audio 40000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
		   "{\"replace\": [\"zero-address\"]}",
		   {"\r\nc=IN IP4 198.51.100.1\r\n", "a=sendonly\r\n"},
		   {"0.0.0.0"}}},
	{.name = "directions as the sender has them",
	 .offer = {PLAIN, "{\"flags\": [\"original-sendrecv\"]}", {"a=rtcp:"}, {"a=sendrecv"}}},
	{.name = "a mid", .offer = {PLAIN, "{\"flags\": [\"generate-mid\"]}", {"a=mid:0\r\n"}}},
	{.name = "a ptime",
	 .offer = {CODECS, "{\"ptime\": \"30\"}", {"a=ptime:30\r\n"}, {"a=ptime:20"}}},
	{.name = "attributes come, go and change",
	 .offer = {PLAIN "a=ssrc:1 cname:x\r\na=ssrc:2 cname:x\r\na=colour:red\r\n",
		   "{\"sdp-attr\": {\"audio\": {\"remove\": [\"ssrc:1\"], \"add\": [\"new:1\", "
		   "\"new:1\"], \"substitute\": [[\"colour:red\", \"colour:blue\"]]}, "
		   "\"none\": {\"add\": [\"of-all\"]}}}",
		   {"t=0 0\r\na=of-all\r\n", "a=ssrc:2 cname:x\r\n", "a=colour:blue\r\n",
		    "a=new:1\r\n"},
		   {"a=ssrc:1", "a=colour:red"}}},
	{.name = "what is removed and added is there once",
	 .offer = {CODECS,
		   "{\"sdp-attr\": {\"audio\": {\"remove\": [\"ptime\"], \"add\": [\"ptime:20\", "
		   "\"ptime:20\", \"\"]}}}",
		   {"a=ptime:20\r\n"},
		   {"a=ptime:20\r\na=ptime", "a=\r\n"}}},
	{.name = "another address is shown of what is rejected, too",
	 .offer = {VIDEO,
		   "{\"media-address\": \"203.0.113.77\", \"sdp-media-remove\": [\"video\"]}",
		   {"m=video 0 RTP/AVP 31\r\nc=IN IP4 203.0.113.77\r\n"},
		   {"198.51.100.1"}}},
	{.name = "attributes by words",
	 .offer = {PLAIN "a=colour:red\r\n",
		   "{\"flags\": [\"sdp-attr-remove-audio-colour:\", "
		   "\"sdp-attr-add-audio-fmtp:0..a--b\"]}",
		   {"a=fmtp:0 a=b\r\n"},
		   {"a=colour"}}},
	{.name = "a kind of media is rejected",
	 .offer = {VIDEO,
		   "{\"flags\": [\"sdp-media-remove-video\"]}",
		   {"m=video 0 RTP/AVP 31\r\n"}}},
	{.name = "extensions are taken out",
	 .offer = {PLAIN "a=extmap:1 urn:x\r\n",
		   "{\"flags\": [\"strip-extmap\"]}",
		   {"a=sendrecv"},
		   {"a=extmap"}}},
	{.name = "one extension is taken out",
	 .offer = {PLAIN "a=extmap:1 urn:x\r\na=extmap:2/sendonly urn:y\r\n",
		   "{\"extmap\": {\"strip\": [\"urn:y\"]}}",
		   {"a=extmap:1 urn:x"},
		   {"urn:y"}}},
};

static const struct ng_case codecs[] = {
	{.name = "some are taken out",
	 .offer = {CODECS,
		   "{\"codec\": {\"strip\": [\"PCMA\", \"opus\"]}}",
		   {" RTP/AVP 0 101\r\n"},
		   {"PCMA", "opus", "a=fmtp:96"}}},
	{.name = "by their parameters",
	 .offer = {CODECS,
		   "{\"flags\": [\"codec-strip-opus/48000/1\", \"codec-strip-PCMU/8000/1\"]}",
		   {" RTP/AVP 8 96 101\r\n"}}},
	{.name = "by payload type",
	 .offer = {CODECS, "{\"codec\": {\"strip\": [\"8\"]}}", {" RTP/AVP 0 96 101\r\n"}}},
	{.name = "all but some",
	 .offer = {CODECS,
		   "{\"codec\": {\"strip\": [\"all\"], \"except\": [\"opus\", \"PCMU\"]}}",
		   {" RTP/AVP 0 96\r\n"}}},
	{.name = "all but some, which come first",
	 .offer =
		 {CODECS,
		  "{\"codec\": {\"strip\": [\"all\"], \"offer\": [\"telephone-event\", \"PCMA\"]}}",
		  {" RTP/AVP 101 8\r\n"}}},
	{.name = "where none would be left they stay",
	 .offer = {CODECS, "{\"codec\": {\"strip\": [\"all\"]}}", {" RTP/AVP 0 8 96 101\r\n"}}},
	{.name = "what is there needs no transcoding",
	 .offer = {CODECS,
		   "{\"codec\": {\"mask\": [\"all\"], \"transcode\": [\"opus\"]}}",
		   {" RTP/AVP 96\r\n"}}},
	{.name = "one is left in an answer",
	 .offer = {CODECS, NULL, {" RTP/AVP 0 8 96 101\r\n"}},
	 .answer = {CODECS, "{\"flags\": [\"single codec\"]}", {" RTP/AVP 0 101\r\n"}, {"PCMA"}}},
};

static const struct ng_case transports[] = {
	{.name = "rtcp-mux as it was offered",
	 .offer = {MUX, NULL, {"a=rtcp-mux\r\n"}},
	 .answer = {MUX, NULL, {"a=rtcp-mux\r\n"}}},
	{.name = "rtcp-mux for the offerer alone",
	 .offer = {MUX, "{\"rtcp-mux\": [\"demux\"]}", {"a=rtcp:"}, {"a=rtcp-mux"}},
	 .answer = {PLAIN, NULL, {"a=rtcp-mux\r\n"}}},
	{.name = "rtcp-mux for nobody",
	 .offer = {MUX, "{\"rtcp-mux\": [\"demux\", \"reject\"]}", {"a=rtcp:"}, {"a=rtcp-mux"}},
	 .answer = {PLAIN, NULL, {"a=rtcp:"}, {"a=rtcp-mux"}}},
	{.name = "rtcp-mux that the answer refuses",
	 .offer = {MUX, NULL, {"a=rtcp-mux\r\n"}},
	 .answer = {PLAIN, NULL, {"a=rtcp:"}, {"a=rtcp-mux"}}},
	{.name = "rtcp-mux that the answer refuses and the relay takes",
	 .offer = {MUX, "{\"rtcp-mux\": \"accept\"}", {"a=rtcp-mux\r\n"}},
	 .answer = {PLAIN, NULL, {"a=rtcp-mux\r\n"}, {"a=rtcp:"}}},
	{.name = "rtcp-mux of a browser, which has nothing else",
	 .offer = {WEB,
		   "{\"rtcp-mux\": [\"offer\"], \"transport-protocol\": \"RTP/AVP\"}",
		   {" RTP/AVP 0\r\n", "a=rtcp-mux\r\n"}},
	 .answer = {PLAIN, NULL, {"a=rtcp-mux\r\n"}, {"a=rtcp:"}}},
	{.name = "rtcp-mux for nobody in a bundle",
	 .offer = {"v=0\r\no=- 1 1 IN IP4 203.0.113.40\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a b\r\n"
		   "m=audio 40000 RTP/AVP 0\r\n" AT "a=mid:a\r\na=rtcp-mux\r\n"
		   "m=video 40000 RTP/AVP 31\r\n" AT "a=mid:b\r\na=rtcp-mux\r\n",
		   "{\"rtcp-mux\": [\"demux\", \"reject\"]}",
		   {"a=rtcp:"},
		   {"a=rtcp-mux"}}},
	{.name = "rtcp-mux for the other one alone",
	 .offer = {MUX, "{\"flags\": [\"rtcp-mux-reject\"]}", {"a=rtcp-mux\r\n"}},
	 .answer = {MUX, NULL, {"a=rtcp:"}, {"a=rtcp-mux"}}},
	{.name = "ICE that is offered is refused",
	 .offer = {MUX "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n",
		   "{\"flags\": [\"reject ICE\"], \"ICE\": \"remove\"}",
		   {"a=sendrecv"},
		   {"a=ice"}},
	 .answer = {MUX, NULL, {"a=rtcp-mux"}, {"a=ice", "a=candidate"}}},
	{.name = "ICE that was taken is refused after all",
	 .offer = {MUX "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n",
		   "{\"ICE\": \"remove\"}",
		   {"a=sendrecv"},
		   {"a=ice"}},
	 .answer = {MUX, "{\"ICE\": \"remove\"}", {"a=rtcp-mux"}, {"a=ice", "a=candidate"}}},
	{.name = "ICE that comes in is replaced",
	 .offer = {MUX "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n",
		   NULL,
		   {"a=ice-ufrag:", "a=candidate:1 1 UDP 2130706431 198.51.100.1 "},
		   {"abcd"}},
	 .answer = {MUX, NULL, {"a=ice-ufrag:"}}},
};

static const struct ng_case keys[] = {
	{.name = "both ways are offered, one is taken",
	 .offer = {PLAIN,
		   "{\"transport-protocol\": \"RTP/SAVP\"}",
		   {" RTP/SAVP 0\r\n", "a=crypto:1 AEAD_AES_128_GCM ",
		    "a=setup:actpass\r\na=fingerprint:sha-256 "},
		   {"==\r\n", "a=mid"}},
	 .answer = {SDES, NULL, {" RTP/AVP 0\r\n"}, {"a=crypto", "a=setup"}}},
	{.name = "the other one is taken",
	 .offer = {PLAIN, "{\"transport-protocol\": \"RTP/SAVP\"}", {"a=crypto:", "a=setup:"}},
	 .answer = {HEAD "m=audio 40000 RTP/SAVP 0\r\n" AT "a=setup:active\r\n"
			 "a=fingerprint:sha-256 " PRINT_A "\r\n",
		    NULL,
		    {" RTP/AVP 0\r\n"},
		    {"a=crypto", "a=setup"}}},
	{.name = "of an offer of both DTLS is taken",
	 .offer = {BOTH, "{\"transport-protocol\": \"RTP/AVP\"}", {" RTP/AVP 0\r\n"}, {"a=crypto"}},
	 .answer = {PLAIN, NULL, {" RTP/SAVP 0\r\n", "a=setup:active"}, {"a=crypto"}}},
	{.name = "without DTLS SDES is",
	 .offer = {BOTH,
		   "{\"DTLS\": \"off\"}",
		   {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "},
		   {"a=setup"}},
	 .answer = {SDES, NULL, {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "}, {"a=setup"}}},
	{.name = "without SDES DTLS is",
	 .offer = {PLAIN,
		   "{\"transport-protocol\": \"RTP/SAVPF\", \"SDES\": [\"off\"]}",
		   {"a=setup:actpass"},
		   {"a=crypto"}}},
	{.name = "the sender's suites come first",
	 .offer = {SDES, NULL, {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 ", "a=crypto:2 AEAD"}}},
	{.name = "and keep their tags",
	 .offer = {SDES
		   "a=crypto:7 AEAD_AES_128_GCM inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
		   "a=crypto:4000000 AES_CM_128_HMAC_SHA1_32 inline:" KEY_B "\r\n",
		   "{\"SDES\": [\"no-AES_CM_128_HMAC_SHA1_80\"]}",
		   {"a=crypto:7 AEAD_AES_128_GCM ", "a=crypto:8 AES_CM_128_HMAC_SHA1_32 ",
		    "a=crypto:9 "}}},
	{.name = "and none is added",
	 .offer = {SDES,
		   "{\"SDES\": [\"nonew\"]}",
		   {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "},
		   {"a=crypto:2"}}},
	{.name = "only one suite",
	 .offer = {PLAIN,
		   "{\"transport-protocol\": \"RTP/SAVP\", \"flags\": "
		   "[\"SDES-only-AES_256_CM_HMAC_SHA1_80\"]}",
		   {"a=crypto:1 AES_256_CM_HMAC_SHA1_80 "},
		   {"a=crypto:2"}}},
	{.name = "in an order, padded, with their lifetime",
	 .offer = {PLAIN,
		   "{\"transport-protocol\": \"RTP/SAVP\", \"SDES\": [\"pad\", \"lifetime\", "
		   "\"order:AES_256_CM_HMAC_SHA1_32;AEAD_AES_256_GCM\"]}",
		   {"a=crypto:1 AES_256_CM_HMAC_SHA1_32 ", "==|2^31\r\n",
		    "a=crypto:2 AEAD_AES_256_GCM "}}},
	{.name = "the offerer's suite by preference",
	 .offer = {SDES "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" KEY_B "\r\n",
		   "{\"transport-protocol\": \"RTP/AVP\", \"SDES\": "
		   "[\"offerer_pref:AES_CM_128_HMAC_SHA1_32\"]}",
		   {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, NULL, {"a=crypto:2 AES_CM_128_HMAC_SHA1_32 "}}},
	{.name = "OSRTP is offered, and taken",
	 .offer = {PLAIN,
		   "{\"flags\": [\"OSRTP-offer\"]}",
		   {" RTP/AVP 0\r\n", "a=crypto:1 ", "a=setup:actpass"}},
	 .answer = {KEYED, NULL, {" RTP/AVP 0\r\n"}, {"a=crypto", "a=setup"}}},
	{.name = "OSRTP is offered, and is not taken",
	 .offer = {PLAIN, "{\"OSRTP\": [\"offer\"]}", {" RTP/AVP 0\r\n", "a=crypto:1 "}},
	 .answer = {PLAIN, NULL, {" RTP/AVP 0\r\n"}, {"a=crypto", "a=setup"}}},
	{.name = "OSRTP passes, and is taken",
	 .offer = {KEYED, NULL, {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "}},
	 .answer = {KEYED, NULL, {" RTP/AVP 0\r\n", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "}}},
	{.name = "OSRTP passes, and is not taken",
	 .offer = {KEYED, NULL, {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "}},
	 .answer = {PLAIN, NULL, {" RTP/AVP 0\r\n"}, {"a=crypto"}}},
	{.name = "OSRTP is taken by the relay alone",
	 .offer = {KEYED, "{\"OSRTP\": \"accept\"}", {"a=crypto:1 "}},
	 .answer = {PLAIN, NULL, {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "}}},
	{.name = "OSRTP is taken by the relay alone, as the answer says",
	 .offer = {KEYED, NULL, {"a=crypto:1 "}},
	 .answer = {PLAIN,
		    "{\"flags\": [\"OSRTP-accept\"]}",
		    {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "}}},
	{.name = "OSRTP without DTLS",
	 .offer = {PLAIN,
		   "{\"flags\": [\"OSRTP-offer\"], \"DTLS\": \"off\"}",
		   {" RTP/AVP 0\r\n", "a=crypto:1 "},
		   {"a=setup", "a=fingerprint"}}},
	{.name = "OSRTP without SDES",
	 .offer = {PLAIN,
		   "{\"flags\": [\"OSRTP-offer\", \"SDES-off\"]}",
		   {" RTP/AVP 0\r\n", "a=setup"},
		   {"a=crypto"}}},
	{.name = "SRTP becomes RTP and no OSRTP",
	 .offer = {SDES, "{\"transport-protocol\": \"RTP/AVP\"}", {" RTP/AVP 0\r\n"}, {"a=crypto"}},
	 .answer = {PLAIN, NULL, {" RTP/SAVP 0\r\n", "a=crypto:1 "}}},
};

static const struct ng_case handshakes[] = {
	{.name = "the relay waits for a handshake, as the offer says",
	 .offer = {WEB, TO_AVP, {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, NULL, {"a=setup:passive\r\n"}}},
	{.name = "the relay waits for a handshake, as the answer says",
	 .offer = {WEB, "{\"transport-protocol\": \"RTP/AVP\"}", {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, "{\"DTLS\": \"passive\"}", {"a=setup:passive\r\n"}}},
	{.name = "the relay begins after all",
	 .offer = {WEB, TO_AVP, {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, "{\"DTLS\": \"active\"}", {"a=setup:active\r\n"}}},
	{.name = "who cannot be reached begins",
	 .offer = {"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\n"
		   "m=audio 40000 UDP/TLS/RTP/SAVP 0\r\nc=IN IP4 10.0.0.1\r\n"
		   "a=setup:actpass\r\na=fingerprint:sha-256 " PRINT_A "\r\n",
		   "{\"transport-protocol\": \"RTP/AVP\"}",
		   {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, NULL, {"a=setup:passive\r\n"}}},
	{.name = "who is behind a translator that the proxy knows of begins",
	 .offer = {"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\n"
		   "m=audio 40000 UDP/TLS/RTP/SAVP 0\r\nc=IN IP4 10.0.0.1\r\n"
		   "a=setup:actpass\r\na=fingerprint:sha-256 " PRINT_A "\r\n",
		   "{\"transport-protocol\": \"RTP/AVP\", \"flags\": [\"SIP-source-address\"], "
		   "\"received-from\": [\"IP4\", \"203.0.113.40\"]}",
		   {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, NULL, {"a=setup:passive\r\n"}}},
	{.name = "fingerprints by the hash that is asked for, and by the participant's own",
	 .offer = {WEB, "{\"DTLS-fingerprint\": \"SHA-384\"}", {"a=fingerprint:sha-384 "}},
	 .answer = {HEAD "m=audio 40000 UDP/TLS/RTP/SAVPF 0\r\n" AT "a=rtcp-mux\r\n"
			 "a=setup:active\r\na=fingerprint:sha-256 " PRINT_A "\r\n",
		    NULL,
		    {"a=fingerprint:sha-1 "}}},
	{.name = "the fingerprint in an answer by the hash that is asked for",
	 .offer = {WEB, "{\"transport-protocol\": \"RTP/AVP\"}", {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, "{\"DTLS-fingerprint\": \"sha-512\"}", {"a=fingerprint:sha-512 "}}},
	{.name = "an answer has the offer's profile",
	 .offer = {PLAIN, NULL, {" RTP/AVP 0\r\n"}},
	 .answer = {FEEDBACK, NULL, {" RTP/AVP 0\r\n"}}},
	{.name = "an answer's own profile passes",
	 .offer = {PLAIN, NULL, {" RTP/AVP 0\r\n"}},
	 .answer = {FEEDBACK, "{\"transport-protocol\": \"accept\"}", {" RTP/AVPF 0\r\n"}}},
	{.name = "an answer is shown with another name, if it is keyed alike",
	 .offer = {WEB, "{\"transport-protocol\": \"RTP/AVP\"}", {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN,
		    "{\"transport-protocol\": \"RTP/SAVPF\"}",
		    {" RTP/SAVPF 0\r\n", "a=fingerprint:"},
		    {"a=crypto"}}},
	{.name = "and not if it is not",
	 .offer = {WEB, "{\"transport-protocol\": \"RTP/AVP\"}", {" RTP/AVP 0\r\n"}},
	 .answer = {PLAIN, "{\"transport-protocol\": \"RTP/AVPF\"}", {" UDP/TLS/RTP/SAVPF 0\r\n"}}},
};

static const struct ng_case odd[] = {
	{.name = "an answer with too few m-lines",
	 .offer = {VIDEO, NULL, {"m=video 2"}},
	 .answer = {PLAIN, NULL, {"m=video 0 RTP/AVP 31\r\n"}}},
	{.name = "an answer that rejects all",
	 .offer = {PLAIN, NULL, {"m=audio 2"}},
	 .answer = {HEAD "m=audio 0 RTP/AVP 0\r\n" AT, NULL, {"m=audio 0 RTP/AVP 0\r\n"}}},
	{.name = "an answer that takes up what was offered with port 0",
	 .offer = {PLAIN "m=video 0 RTP/AVP 31\r\n", NULL, {"m=video 0 "}},
	 .answer = {VIDEO, NULL, {"m=video 0 RTP/AVP 31\r\n"}}},
	{.name = "a BUNDLE without rtcp-mux is none",
	 .offer = {"v=0\r\no=- 1 1 IN IP4 203.0.113.40\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a b\r\n"
		   "m=audio 40000 RTP/AVP 0\r\n" AT "a=mid:a\r\nm=video 40002 RTP/AVP 31\r\n" AT
		   "a=mid:b\r\n",
		   NULL,
		   {"m=audio 2", "m=video 2"},
		   {"BUNDLE"}}},
};

static void check(const struct ng_case *c, const char *id, const char *command, const char *to,
		  const struct half *half)
{
	ng_ask(command, id, "a", to, half->sdp, half->more);
	if (strcmp(ng_text_of("result"), "ok") != 0)
		fail_msg("%s: %s: %s", c->name, command, ng_text_of("error-reason"));
	for (unsigned int k = 0; k < LINES_MAX && half->has[k]; k++)
		if (!strstr(ng_text_of("sdp"), half->has[k]))
			fail_msg("%s: %s has no \"%s\":\n%s", c->name, command, half->has[k],
				 ng_text_of("sdp"));
	for (unsigned int k = 0; k < LINES_MAX && half->lacks[k]; k++)
		if (strstr(ng_text_of("sdp"), half->lacks[k]))
			fail_msg("%s: %s has \"%s\":\n%s", c->name, command, half->lacks[k],
				 ng_text_of("sdp"));
}

static void run(const struct ng_case *cases, size_t count)
{
	for (size_t k = 0; k < count; k++) {
		check(&cases[k], "1", "offer", NULL, &cases[k].offer);
		if (cases[k].answer.sdp)
			check(&cases[k], "1", "answer", "b", &cases[k].answer);
		ng_ask("delete", "1", "a", NULL, NULL, "{\"delete-delay\": 0}");
		assert_ng_result("ok");
		rig_wait(fake_count(&rig.fake) == 0);
	}
}

static void the_text(void **state)
{
	run(texts, COUNT(texts));
}

static void which_codecs_pass(void **state)
{
	run(codecs, COUNT(codecs));
}

static void how_media_travels(void **state)
{
	run(transports, COUNT(transports));
}

static void how_it_is_keyed(void **state)
{
	run(keys, COUNT(keys));
}

static void who_begins_a_handshake(void **state)
{
	run(handshakes, COUNT(handshakes));
}

static void against_the_rules(void **state)
{
	run(odd, COUNT(odd));
}

/* --- more than one exchange ------------------------------------------------------------------ */

static void what_needs_transcoding_is_refused(void **state)
{
	ng_ask("offer", "1", "a", NULL, PLAIN,
	       "{\"codec\": {\"mask\": [\"all\"], \"transcode\": [\"opus\"]}}");
	assert_non_null(strstr(ng_text_of("error-reason"), "transcoding"));
	assert_int_equal(fake_count(&rig.fake), 0);
	ng_ask("offer", "1", "a", NULL, PLAIN,
	       "{\"sdp-attr\": {\"audio\": {\"add\": [\"a\\r\\nb\"]}}}");
	assert_non_null(strstr(ng_text_of("error-reason"), "line end"));
}

/* ICE lets an offer say any address; without it the address counts after all. */
static void ice_that_goes_checks_the_address(void **state)
{
	static const char loopback[] =
		HEAD "m=audio 22 RTP/AVP 0\r\nc=IN IP4 127.0.0.1\r\na=rtcp-mux\r\n"
		     "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n";

	ng_ask("offer", "1", "a", NULL, loopback, NULL);
	assert_ng_result("ok");
	ng_ask("answer", "1", "a", "b", PLAIN, "{\"ICE\": \"remove\"}");
	assert_non_null(strstr(ng_text_of("error-reason"), "no media is sent to 127.0.0.1"));
}

static uint32_t marking_of(unsigned int n)
{
	const struct fake_leg *leg = &rig.fake.legs[n];

	return leg->put && leg->put->put_leg->marking ? leg->put->put_leg->marking->dscp : 0;
}

static void how_packets_are_marked(void **state)
{
	ng_ask("offer", "1", "a", NULL, PLAIN, "{\"TOS\": 184}");
	ng_ask("answer", "1", "a", "b", PLAIN, NULL);
	assert_ng_result("ok");
	assert_int_equal(marking_of(0), 46);
	assert_int_equal(marking_of(1), 46);
	/* As it was before, unless each request says it again. */
	ng_ask("offer", "1", "b", "a", PLAIN, "{\"TOS\": 256}");
	ng_ask("answer", "1", "b", "a", PLAIN, "{\"TOS\": -1}");
	assert_ng_result("ok");
	assert_int_equal(marking_of(0), 0);
	assert_int_equal(marking_of(1), 0);
}

/* What a participant has taken once it is offered alone. */
static void keys_are_offered_as_agreed(void **state)
{
	static const char *const more[] = {"{\"transport-protocol\": \"RTP/SAVP\"}",
					   "{\"OSRTP\": [\"offer\"]}"};

	for (size_t k = 0; k < COUNT(more); k++) {
		const char *id = k ? "2" : "1";

		ng_ask("offer", id, "a", NULL, PLAIN, more[k]);
		assert_non_null(strstr(ng_text_of("sdp"), "a=fingerprint"));
		ng_ask("answer", id, "a", "b", k ? KEYED_THIRD : SDES_THIRD, NULL);
		assert_ng_result("ok");
		ng_ask("offer", id, "a", "b", PLAIN, more[k]);
		assert_non_null(strstr(ng_text_of("sdp"), "a=crypto:3 AES_CM_128_HMAC_SHA1_80 "));
		assert_null(strstr(ng_text_of("sdp"), "a=fingerprint"));
		assert_null(strstr(ng_text_of("sdp"), "a=setup"));
	}
}

/* Its keys were taken, and it is offered none for that. */
static void keys_that_are_taken_are_not_offered(void **state)
{
	ng_ask("offer", "1", "a", NULL, PLAIN, "{\"OSRTP\": \"accept\"}");
	assert_ng_result("ok");
	ng_ask("answer", "1", "a", "b", PLAIN, NULL);
	assert_ng_result("ok");
	ng_ask("offer", "1", "b", "a", PLAIN, NULL);
	assert_ng_result("ok");
	assert_null(strstr(ng_text_of("sdp"), "a=crypto"));
}

/* Who left an m-line out is answered without it. */
static void an_answer_has_the_lines_of_its_offer(void **state)
{
	ng_ask("offer", "1", "a", NULL, VIDEO, NULL);
	ng_ask("answer", "1", "a", "b", VIDEO, NULL);
	ng_ask("offer", "1", "a", NULL, PLAIN, NULL);
	assert_non_null(strstr(ng_text_of("sdp"), "m=video 0 "));
	ng_ask("answer", "1", "a", "b", PLAIN "m=video 0 RTP/AVP 31\r\n", NULL);
	assert_ng_result("ok");
	assert_null(strstr(ng_text_of("sdp"), "m=video"));
}

/* By preference, and with the relay in o=. */
static void what_is_published(void **state)
{
	ng_ask("publish", "1", "p", NULL, CODECS "a=sendonly\r\n",
	       "{\"codec\": {\"accept\": [\"opus\", \"PCMU\"]}}");
	assert_ng_result("ok");
	assert_non_null(strstr(ng_text_of("sdp"), " RTP/AVP 96\r\n"));
	assert_non_null(strstr(ng_text_of("sdp"), "a=rtpmap:96 opus/48000/2\r\n"));
	assert_non_null(strstr(ng_text_of("sdp"), "a=recvonly\r\n"));
	assert_null(strstr(ng_text_of("sdp"), "203.0.113.40"));
	ng_ask("subscribe request", "1", "p", NULL, NULL, NULL);
	assert_ng_result("ok");
	assert_non_null(strstr(ng_text_of("sdp"), "a=rtpmap:96 opus/48000/2\r\n"));
}

static void too_many_words(void **state)
{
	char more[8192] = "{\"codec\": {\"offer\": [";

	for (unsigned int k = 0; k < 65; k++)
		sprintf(more + strlen(more), "%s\"c%u\"", k ? "," : "", k);
	strcat(more, "]}}");
	ng_ask("offer", "1", "a", NULL, PLAIN, more);
	assert_non_null(strstr(ng_text_of("error-reason"), "too many"));
}

static unsigned int version_of(const char *command, const char *to, const char *sdp)
{
	ng_ask(command, "1", "a", to, sdp, "{\"replace\": [\"SDP version\"]}");
	assert_ng_result("ok");
	return atoi(strstr(ng_text_of("sdp"), "o=alice 7 ") + 10);
}

static void versions_grow_with_what_changes(void **state)
{
	static const char other[] = PLAIN "a=sendonly\r\n";

	assert_int_equal(version_of("offer", NULL, PLAIN), 3);
	assert_int_equal(version_of("answer", "b", PLAIN), 3);
	assert_int_equal(version_of("offer", NULL, PLAIN), 3);
	assert_int_equal(version_of("answer", "b", PLAIN), 3);
	assert_int_equal(version_of("offer", NULL, other), 4);
	assert_int_equal(version_of("offer", NULL, other), 4);
	ng_ask("offer", "1", "a", NULL, other, "{\"replace\": [\"force-increment-sdp-ver\"]}");
	assert_non_null(strstr(ng_text_of("sdp"), "o=alice 7 5 "));
}

static unsigned int video_port(const char *command, const char *to, const char *sdp)
{
	ng_ask(command, "1", "a", to, sdp, NULL);
	assert_ng_result("ok");
	return atoi(strstr(ng_text_of("sdp"), "m=video ") + 8);
}

static void a_line_that_comes_back_has_its_port(void **state)
{
	static const char rejected[] = PLAIN "m=video 0 RTP/AVP 31\r\n" AT;
	unsigned int there = video_port("offer", NULL, VIDEO),
		     here = video_port("answer", "b", VIDEO);

	assert_int_equal(video_port("offer", NULL, rejected), 0);
	assert_int_equal(video_port("answer", "b", rejected), 0);
	rig_wait(fake_count(&rig.fake) == 2);
	assert_int_equal(video_port("offer", NULL, VIDEO), there);
	assert_int_equal(video_port("answer", "b", VIDEO), here);
}

/* A re-offer that says nothing of how the other party is to see the relay changes nothing. */
static void an_appearance_stays(void **state)
{
	ng_ask("offer", "1", "a", NULL, rig_browser("abcd", PRINT_A, "actpass", false),
	       "{\"transport-protocol\": \"RTP/AVP\", \"ICE\": \"remove\", \"rtcp-mux\": \"demux\"}");
	assert_ng_result("ok");
	ng_ask("answer", "1", "a", "b", PLAIN, NULL);
	assert_ng_result("ok");
	ng_ask("offer", "1", "b", "a", PLAIN "a=sendonly\r\n", NULL);
	assert_ng_result("ok");
	assert_non_null(strstr(ng_text_of("sdp"), " UDP/TLS/RTP/SAVPF 0\r\n"));
	assert_non_null(strstr(ng_text_of("sdp"), "a=ice-ufrag:"));
	ng_ask("offer", "1", "a", "b", rig_browser("abcd", PRINT_A, "actpass", false), NULL);
	assert_non_null(strstr(ng_text_of("sdp"), " RTP/AVP "));
	assert_null(strstr(ng_text_of("sdp"), "a=ice"));
}

static void a_loop_is_left_alone(void **state)
{
	static const char flag[] = "{\"flags\": [\"loop-protect\"]}";
	char *once;

	ng_ask("offer", "1", "a", NULL, PLAIN, flag);
	assert_non_null(strstr(ng_text_of("sdp"), "\r\na=rtpengine:"));
	once = strdup(ng_text_of("sdp"));
	ng_ask("offer", "2", "a", NULL, once, flag);
	assert_string_equal(ng_text_of("sdp"), once);
	assert_int_equal(fake_count(&rig.fake), 2);
	free(once);
}

static void who_may_delete(void **state)
{
	ng_call_stands("1");
	ng_ask("delete", "1", "z", NULL, NULL, "{\"delete-delay\": 0}");
	assert_non_null(strstr(ng_text_of("warning"), "tags didn't match"));
	ng_ask("delete", "1", "a", "z", NULL, "{\"delete-delay\": 0, \"flags\": [\"fatal\"]}");
	assert_ng_result("error");
	assert_int_equal(fake_count(&rig.fake), 2);
	ng_ask("delete", "1", "b", "a", NULL, "{\"delete-delay\": 0}");
	rig_wait(fake_count(&rig.fake) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NG_TEST(the_text),
		NG_TEST(which_codecs_pass),
		NG_TEST(how_media_travels),
		NG_TEST(how_it_is_keyed),
		NG_TEST(who_begins_a_handshake),
		NG_TEST(against_the_rules),
		NG_TEST(what_needs_transcoding_is_refused),
		NG_TEST(ice_that_goes_checks_the_address),
		NG_TEST(how_packets_are_marked),
		NG_TEST(keys_are_offered_as_agreed),
		NG_TEST(keys_that_are_taken_are_not_offered),
		NG_TEST(an_answer_has_the_lines_of_its_offer),
		NG_TEST(too_many_words),
		NG_TEST(what_is_published),
		NG_TEST(versions_grow_with_what_changes),
		NG_TEST(a_line_that_comes_back_has_its_port),
		NG_TEST(an_appearance_stays),
		NG_TEST(a_loop_is_left_alone),
		NG_TEST(who_may_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
