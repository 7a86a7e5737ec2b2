// SPDX-License-Identifier: BSD-3-Clause
// One call: what is wrong with it in words, who hears whom, and how each stream sounded over time.

import {ask, listen} from "./api.js";
import {Cursor} from "./chart.js";
import {confirm} from "./dialog.js";
import {announce, h, identifier} from "./dom.js";
import {clock, count, duration, grade, score, words} from "./format.js";
import {facts, heading, mos, section, state, why} from "./parts.js";
import {path} from "./router.js";
import {streams} from "./streams.js";
import {table} from "./table.js";

const NOT_FOUND = 5;
const EVENTS = 50;
const BAD = 3; // the first grade that is not

const MODES = {
	MODE_PASS: "passed on", MODE_VERIFY: "checked and passed on", MODE_DECRYPT: "decrypted",
	MODE_ENCRYPT: "encrypted", MODE_TRANSCRYPT: "decrypted and encrypted anew",
};
const LINKS = {LINK_NONE: "", LINK_WAITING: "waits", LINK_UP: "up", LINK_LOST: "lost",
	LINK_FAILED: "failed"};
const MUTINGS = {MUTING_BLOCK: "blocked", MUTING_SILENCE: "silenced"};
const PARTIES = {PARTY_OFFERING: "its offer waits for an answer",
	PARTY_OFFERED: "was offered something"};

const nameOf = thing => identifier(thing.tag || thing.branch || "not answered yet");

// Every reason why something is not as it should be: [where, text].
function reasons(call) {
	const leg = id => call.legs.find(one => one.id === id) ?? {};
	return [
		...call.legs.filter(one => one.why).map(one =>
			[[nameOf(one), ", ", one.media], one.why]),
		...call.paths.filter(path => path.why).map(path =>
			[[nameOf(leg(path.from)), " to ", nameOf(leg(path.to))], path.why]),
	];
}

function diagnosis(call) {
	const found = reasons(call);
	return section("What is wrong", found.length
		? h("ul", {class: "concerns"}, found.map(([where, text]) =>
			h("li", {}, h("b", {}, where), ": ", text)))
		: h("p", {class: "well"}, "Nothing: media goes each way that it should."));
}

function partyTable(call) {
	return table({
		caption: "Parties", rows: call.parties, empty: "None.", visible: true,
		key: party => `${party.tag} ${party.branch}`,
		columns: [
			{head: "Tag", cell: nameOf},
			{head: "Label", cell: party => identifier(party.label)},
			{head: "Talks with", cell: party => party.listens ? "only listens"
				: identifier(party.partner)},
			{head: "Branch", cell: party => identifier(party.branch)},
			{head: "Now", cell: party => PARTIES[party.state] ?? ""},
		],
	});
}

function pathTable(call) {
	const leg = id => call.legs.find(one => one.id === id) ?? {media: ""};
	return table({
		caption: "Who hears whom", rows: call.paths, empty: "Nobody hears anybody yet.",
		visible: true, key: path => `${path.from} ${path.to}`,
		columns: [
			{head: "From", cell: path => [nameOf(leg(path.from)), h("span", {class: "soft"},
				` ${leg(path.from).media}`)]},
			{head: "To", cell: path => nameOf(leg(path.to))},
			{head: "Packets", number: true, cell: path => count(path.sent_packets)},
			{head: "Dropped", number: true, cell: path => count(path.dropped)},
			{head: "How", cell: path => [MUTINGS[path.muting] ?? MODES[path.mode] ??
				words(path.mode, "MODE_"), why(path.why)]},
		],
	});
}

function drops(flow) {
	return [["fail authentication", flow.auth_failures], ["are replays", flow.replays],
		["come from elsewhere", flow.wrong_source], ["are of no use", flow.other_drops]]
		.filter(([, packets]) => packets)
		.map(([text, packets]) => `${count(packets)} ${text}`).join(", ");
}

function legCard(leg, cursor) {
	const flow = leg.flow ?? {};
	return h("article", {class: "leg", key: leg.id, "aria-label": leg.tag || leg.branch},
		h("h3", {}, nameOf(leg), h("span", {class: "soft"}, ` ${leg.media} on ${leg.network}`)),
		why(leg.why),
		facts([
			["Participant", leg.remote ? identifier(leg.remote) : "address not known"],
			["Relay", [identifier(leg.local), leg.rtcp_port ? `, RTCP at ${leg.rtcp_port}` : ""]],
			["Speaks", [words(leg.profile, "PROFILE_").toUpperCase().replaceAll(" ", "/"),
				leg.suite && `, ${leg.suite}`]],
			["ICE", LINKS[leg.ice]],
			["DTLS", LINKS[leg.dtls] && [LINKS[leg.dtls],
				leg.handshake_ms ? ` after ${count(leg.handshake_ms)} ms` : ""]],
			["Received", flow.packets ? `${count(flow.packets)} packets, ` +
				`${count(flow.rtcp_packets)} of RTCP; the last ${duration(flow.silence_ms)} ago`
				: "nothing yet"],
			["Dropped", drops(flow)],
			["Shed", leg.shed_packets && `${count(leg.shed_packets)}, the last as ` +
				`${words(leg.shed_reason, "")}`]]),
		streams(leg, cursor));
}

// The MOS of the worst stream's last interval that could be rated.
function worstNow(call) {
	const last = call.legs.flatMap(leg => leg.flow?.streams ?? [])
		.map(stream => stream.quality?.history.findLast(({mos: value}) => value)?.mos)
		.filter(Boolean);
	return last.length ? Math.min(...last) : 0;
}

function eventList(events) {
	return section("What happened while you look", h("ol", {class: "events", role: "log"},
		events.map(event => h("li", {key: event.number},
			h("time", {}, clock(event.time_ms)), ` ${words(event.kind, "WATCH_")} `,
			event.tag && identifier(event.tag), event.text && [" ", identifier(event.text)]))));
}

export function call(page) {
	const [id] = page.args, cursor = new Cursor(() => page.draw());
	let known = null, events = [], numbers = 0, ended = false, sounded = null, said = "";

	// Who cannot see it change hears of it.
	function notice() {
		const worst = worstNow(known), bad = worst && grade(worst) < BAD;
		const text = reasons(known).map(([, reason]) => reason).join("; ");
		if (sounded !== null && bad !== sounded)
			announce(bad ? `The call sounds bad now: MOS ${score(worst)}.`
				: `The call sounds well again: MOS ${score(worst)}.`);
		else if (text && text.replace(/[\d.]+/g, "") !== said.replace(/[\d.]+/g, ""))
			announce(text);
		sounded = bad;
		said = text;
	}
	const refresh = page.poll(2, "Relay/Query", () => ended ? null : {call_id: id}, reply => {
		known = reply.call;
		notice();
	}, error => {
		ended = error.code === NOT_FOUND;
		if (ended)
			announce("The call has ended.");
		return ended;
	});
	listen("Relay/Watch", {call_id: id}, event => {
		if (event.kind === "WATCH_BEGUN")
			return;
		events = [{...event, number: ++numbers}, ...events].slice(0, EVENTS);
		page.draw();
		refresh();
	}, page.signal);

	async function end() {
		const done = await confirm({
			title: "End this call?", action: "End the call",
			text: "Its parties hear nothing of each other from then on; who set it up is not told.",
			act: () => ask("Relay/Delete", {call_id: id}),
		});
		if (done)
			refresh();
	}
	page.render = () => [
		heading(["Call ", identifier(id)],
			known && h("p", {class: "soft"}, state(known.state), ` for ${duration(known.age_ms)}, `,
				"MOS now ", mos(worstNow(known))),
			known && !ended && page.may("operator") &&
				h("button", {type: "button", onclick: end}, "End the call…")),
		page.troubles(),
		ended && h("p", {class: "note", role: "status", key: "ended"}, known
			? "This call has ended. What is here is how it was at last."
			: "There is no such call: it has ended, or never was."),
		!known && ended && h("p", {}, h("a", {href: path(["calls"])}, "All calls")),
		known && [
			diagnosis(known),
			h("div", {class: "pair", key: "tables"}, pathTable(known), partyTable(known)),
			section("Legs", h("div", {class: "legs"}, known.legs.map(leg => legCard(leg, cursor)))),
			events.length > 0 && eventList(events),
		],
	];
}
