// SPDX-License-Identifier: BSD-3-Clause
// What several views show alike.

import {address, h, identifier} from "./dom.js";
import {GRADES, count, duration, grade, percent, plural, score, words} from "./format.js";
import {path} from "./router.js";
import {meter, table} from "./table.js";

export function heading(text, ...more) {
	return h("div", {class: "heading", key: "heading"}, h("h1", {tabindex: -1}, text), ...more);
}

export function section(title, ...content) {
	return h("section", {"aria-label": title, key: title}, h("h2", {}, title), ...content);
}

export function callLink(id) {
	return h("a", {href: path(["calls", id])}, identifier(id));
}

// A MOS with its colour and, for who sees none, its words.
export function mos(value) {
	const at = grade(value);
	return value ? h("span", {class: "mos", title: GRADES[at].name},
		h("span", {class: `swatch q${at}`}), score(value),
		h("span", {class: "unseen"}, ` (${GRADES[at].name})`)) : score(value);
}

const STATES = {
	CALL_OFFERED: "offered", CALL_ANSWERED: "answered", CALL_UP: "up",
	CALL_REOFFERED: "re-offered", CALL_FAILED: "failed",
};

export function state(name) {
	return h("span", {class: name === "CALL_FAILED" ? "tag bad" : "tag"},
		STATES[name] ?? words(name, "CALL_STATE_"));
}

export function why(text) {
	return text && h("bdi", {class: "why"}, text);
}

export function calls(caption, rows, empty) {
	return table({
		caption, rows, empty, key: call => call.call_id,
		columns: [
			{head: "Call", cell: call => [callLink(call.call_id), parties(call), why(call.why)]},
			{head: "State", cell: call => state(call.state)},
			{head: "MOS now", number: true, cell: call => mos(call.mos)},
			{head: "Lowest", number: true, cell: call => mos(call.lowest_mos)},
			{head: "Age", number: true, cell: call => duration(call.age_ms)},
			{head: "Legs", number: true, cell: call => count(call.legs)},
			{head: "Driver", cell: call => identifier(call.driver)},
		],
	});
}

function parties({tags = [], remotes = []}) {
	const each = (texts, write) => texts.length > 0 && h("span", {class: "soft"},
		texts.slice(0, 4).map((text, i) => [i > 0 && ", ", write(text)]),
		texts.length > 4 && ` and ${texts.length - 4} more`);
	return h("span", {class: "parties"}, each(tags, identifier), each(remotes, address));
}

// pairs: [name, value]; those without a value are left out. row: beside each other.
export function facts(pairs, row = false) {
	return h("dl", {class: row ? "facts row" : "facts"}, pairs.filter(([, value]) => value)
		.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

// {kind, pps, ...} of shed.proto in one sentence.
export function attackText(attack) {
	const {sources: [worst] = [], call_ids: calls = []} = attack;
	const from = !worst ? "" : worst.pps >= attack.pps / 10
		? `, most from ${worst.address}` : ", from many addresses";
	return `${words(attack.kind, "KIND_")}, ${count(attack.pps)} packets a second${from}` +
		(calls.length ? `, aimed at ${plural(calls.length, "call")}` : "");
}

export function networks(rows) {
	const all = network => network.ports_used + network.ports_free;
	return table({
		caption: "Ports of each network's addresses", rows,
		empty: "None: the dataplane is not connected.",
		key: network => `${network.name} ${network.address}`,
		columns: [
			{head: "Network", cell: network => network.name},
			{head: "Address", cell: network => address(network.address)},
			{head: "Ports in use", cell: network => meter(network.ports_used / all(network),
				percent(network.ports_used / all(network)))},
			{head: "Used", number: true, cell: network => count(network.ports_used)},
			{head: "Free", number: true, cell: network => count(network.ports_free)},
		],
	});
}

// pps: {worker's number: packets a second}.
export function workers(status, pps) {
	const bounds = status.latency_bounds_us ?? [];
	return table({
		caption: "Workers", rows: status.worker_loads ?? [], key: load => load.number,
		empty: "None: the dataplane is not connected.",
		columns: [
			{head: "Worker", cell: load => count(load.number)},
			{head: "Core", number: true, cell: load => count(load.core)},
			{head: "Busy", cell: load => meter(load.busy, percent(load.busy))},
			{head: "Packets a second", number: true, cell: load => count(pps[load.number])},
			{head: "In the relay, 99 %", number: true,
				cell: load => within(load.latency, bounds, 0.99)},
			{head: "99.9 %", number: true,
				cell: load => within(load.latency, bounds, 0.999)},
		],
	});
}

// Within how many microseconds that share of the packets left again.
function within(histogram, bounds, share) {
	const all = histogram.reduce((sum, packets) => sum + packets, 0);
	let seen = 0;
	const at = histogram.findIndex(packets => (seen += packets) >= share * all);
	if (!all)
		return "–";
	return at < bounds.length ? `≤ ${count(bounds[at])} µs` : `> ${count(bounds.at(-1))} µs`;
}

// The rates of a new reading, as workers() takes them.
export function workerRates(rates, {worker_loads: loads = []}) {
	return rates.read(loads.map(({number, packets}) => [number, packets]));
}
