// SPDX-License-Identifier: BSD-3-Clause
// What is dropped before anybody pays for it: attacks, who sends, at what it is aimed; blocks.

import {ask} from "./api.js";
import {confirm, field} from "./dialog.js";
import {address, announce, h, identifier} from "./dom.js";
import {capital, count, duration, percent, plural, words} from "./format.js";
import {attackText, callLink, heading, section} from "./parts.js";
import {meter, table} from "./table.js";

const TIMES = [[600e3, "10 minutes"], [3600e3, "1 hour"], [86400e3, "24 hours"],
	[0, "until it is lifted"]];

function running(attacks) {
	return section("Attacks that run", attacks.length
		? h("ul", {class: "concerns"}, attacks.map(attack => h("li", {key: attack.id},
			h("b", {}, capital(attackText(attack))),
			h("span", {class: "soft"}, `Since ${duration(attack.age_ms)}, ` +
				`${count(attack.packets)} packets, at most ${count(attack.pps_peak)} a second. `),
			attack.call_ids.length > 0 && h("span", {class: "soft"}, "Calls: ",
				attack.call_ids.slice(0, 8).map((id, i) => [i > 0 && ", ", callLink(id)])))))
		: h("p", {class: "well"}, "None."));
}

// A source's rate is an estimate from above: its share may seem to be more than all.
const ofAll = (pps, all) => meter(pps / all, percent(Math.min(1, pps / (all || 1))), 2);

function sourceTable({sources}, all, block) {
	return table({
		caption: "Who sends most", rows: sources, empty: "Nothing is dropped at the moment.",
		visible: true, key: source => source.address,
		columns: [
			{head: "From", cell: source => [address(source.address),
				h("span", {class: "soft"}, words(source.reason, ""))]},
			{head: "A second", number: true, cell: source => count(source.pps)},
			{head: "Share", cell: source => ofAll(source.pps, all)},
			{head: "Block", hidden: !block, cell: source => source.blocked
				? h("span", {class: "tag"}, "blocked")
				: h("button", {type: "button", "aria-label": `Block ${source.address}`,
					onclick: () => block(source.address)}, "Block…")},
			{head: "Blocked", hidden: block, cell: source => source.blocked ? "blocked" : ""},
		],
	});
}

function targetTable({targets}, all) {
	return table({
		caption: "At what it is aimed", rows: targets, empty: "Nothing is dropped at the moment.",
		visible: true, key: target => `${target.local} ${target.reason}`,
		columns: [
			{head: "To", cell: target => [address(target.local),
				h("span", {class: "soft"}, words(target.reason, ""))]},
			{head: "A second", number: true, cell: target => count(target.pps)},
			{head: "Share", cell: target => ofAll(target.pps, all)},
			{head: "Call", cell: target => target.call_id ? [callLink(target.call_id),
				h("span", {class: "soft"}, identifier(target.tag))] : "of nobody"},
		],
	});
}

function blockTable({blocks}, unblock) {
	return table({
		caption: "Blocked", rows: blocks, empty: "Nobody is blocked.", visible: true,
		key: entry => entry.prefix,
		columns: [
			{head: "From", cell: entry => address(entry.prefix)},
			{head: "For another", number: true, cell: entry => entry.left_ms
				? duration(entry.left_ms) : "until lifted"},
			{head: "By", cell: entry => entry.automatic ? "failed authentication" : "an operator"},
			{head: "Unblock", hidden: !unblock, cell: entry => h("button", {type: "button",
				"aria-label": `Unblock ${entry.prefix}`, onclick: () => unblock(entry.prefix)},
				"Unblock…")},
		],
	});
}

function reasonTable({reasons}) {
	return table({
		caption: "Why packets are dropped", visible: true, key: reason => reason.name,
		rows: reasons.filter(reason => reason.packets), empty: "Nothing was dropped.",
		columns: [
			{head: "Reason", cell: reason => [words(reason.name, ""),
				h("span", {class: "soft"}, reason.help)]},
			{head: "A second", number: true, cell: reason => count(reason.pps)},
			{head: "Packets", number: true, cell: reason => count(reason.packets)},
		],
	});
}

function sampleTable(packets) {
	return table({
		caption: "The latest that were dropped", rows: packets, empty: "None was kept.",
		visible: true,
		columns: [
			{head: "From", cell: packet => address(packet.source)},
			{head: "To", cell: packet => address(packet.destination)},
			{head: "What", cell: packet => identifier(packet.what)},
			{head: "Reason", cell: packet => words(packet.reason, "")},
			{head: "Octets", number: true, cell: packet => count(packet.length)},
			{head: "Ago", number: true, cell: packet => duration(packet.age_ms)},
			{head: "Call", cell: packet => packet.call_id && callLink(packet.call_id)},
		],
	});
}

export function attacks(page) {
	let shed = null, samples = null, done = "";

	const refresh = page.poll(2, "Shed/Show", () => ({sources: 25, targets: 25}),
		reply => shed = reply);
	page.poll(5, "Shed/Sample", () => ({count: 20}), ({packets}) => samples = packets);

	function tell(text) {
		done = text;
		announce(text);
		refresh();
	}
	async function block(from = "") {
		const told = await confirm({
			title: "Block whom?", action: "Block",
			text: "Nothing from there reaches a media address: calls from there are cut off.",
			fields: [
				field("Address or prefix", "input", {name: "prefix", required: true, value: from,
					placeholder: "203.0.113.0/24", spellcheck: "false", autocomplete: "off"}),
				field("For", "select", {name: "for_ms"}, TIMES.map(([value, text]) =>
					h("option", {value}, text)))],
			act: async ({prefix, for_ms: ms}) => {
				const whom = prefix.trim();
				const {calls} = await ask("Shed/Block", {prefix: whom, for_ms: Number(ms)});
				return `${whom} is blocked. ` + (calls
					? `${plural(calls, "call is", "calls are")} cut off.` : "No call is cut off.");
			},
		});
		if (told)
			tell(told);
	}
	async function unblock(prefix) {
		const lifted = await confirm({
			title: `Unblock ${prefix}?`, action: "Unblock",
			text: "What comes from there is judged like anybody's again.",
			act: () => ask("Shed/Unblock", {prefix}),
		});
		if (lifted)
			tell(`${prefix} is no longer blocked.`);
	}
	page.render = () => {
		const may = page.may("operator");
		const all = shed?.reasons.reduce((sum, {pps}) => sum + pps, 0);
		return [
			heading("Attacks", shed && h("p", {class: "soft"},
				`${count(all)} packets a second are dropped. `,
				shed.judges.map(({network, where}) => `${network}: ${where}`).join(", ")),
				shed && may && h("button", {type: "button", onclick: () => block()}, "Block…")),
			page.troubles(),
			done && h("p", {class: "note", key: "done"}, done),
			shed && [
				running(shed.attacks),
				h("div", {class: "pair", key: "most"}, sourceTable(shed, all, may && block),
					targetTable(shed, all)),
				h("div", {class: "pair", key: "rest"}, blockTable(shed, may && unblock),
					reasonTable(shed)),
			],
			samples && sampleTable(samples),
		];
	};
}
