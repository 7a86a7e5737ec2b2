// SPDX-License-Identifier: BSD-3-Clause
// How the relay is, at a glance: what needs somebody first, then the last hour.

import {Axis, Cursor, chart} from "./chart.js";
import {announce, h} from "./dom.js";
import {GRADES, NOTHING, clock, count, percent, plural, short} from "./format.js";
import {Rates} from "./live.js";
import {attackText, calls, heading, section, workerRates, workers} from "./parts.js";
import {path} from "./router.js";
import {table} from "./table.js";

const HOUR_MS = 3600e3, LEAST_MS = 300e3, HOUR_MOMENTS = 360, GAP_MS = 25e3, RECENT_MS = 30e3;
const LEAST = 10; // of a scale
const MANY_BUSY = 0.85, MANY_PORTS = 0.9;

// What a person should look at now: [{text, to, bad}], `to` a view.
function concerns({status, latest, losing, attacks}) {
	const found = [];
	const add = (is, to, text, bad = false) => is && found.push({text, to, bad});
	if (!status)
		return found;
	add(!status.dataplane_connected, "system",
		"The dataplane is away: no call can be made or changed until it is back.", true);
	for (const attack of attacks)
		add(true, "attacks", `Attack: ${attackText(attack)}.`);
	for (const {name, up, members, members_used: used} of status.links ?? []) {
		add(!up, "system", `The link ${name} is down.`, true);
		add(up && members > 1 && used < members, "system",
			`${used} of ${members} links of ${name} carry traffic.`);
		add(losing[name] > 0, "system", `${name} loses ${count(losing[name])} packets a second ` +
			"before a worker takes them.", true);
	}
	for (const {number, busy} of status.worker_loads ?? [])
		add(busy >= MANY_BUSY, "system",
			`Worker ${number} is busy for ${percent(busy)} of its time.`);
	for (const {name, address, ports_used: used, ports_free: free} of status.networks ?? [])
		add(used / (used + free) >= MANY_PORTS, "system",
			`${percent(used / (used + free))} of the ports of ${name}, ${address}, are in use.`);
	const {headroom} = status;
	add(headroom?.limit && !headroom.calls, "system",
		`No further call fits: ${headroom?.limit} are used up.`, true);
	const bad = latest ? latest.mos[0] + latest.mos[1] : 0;
	add(bad, "calls", `${plural(bad, "stream sounds", "streams sound")} bad: a MOS below 3.1.`);
	return found;
}

function attention(found) {
	return section("What needs you", found.length
		? h("ul", {class: "concerns"}, found.map(({text, to, bad}) => h("li", {class: bad && "bad"},
			h("a", {href: path([to], to === "calls" ? {order: "worst"} : {})}, text))))
		: h("p", {class: "well"}, "Nothing at the moment."));
}

function figure(name, value, more) {
	return h("div", {key: name}, h("dt", {}, name),
		h("dd", {}, h("b", {}, value), h("small", {}, more)));
}

function figures({status, latest}) {
	const rated = latest?.mos.reduce((sum, streams) => sum + streams, 0);
	const good = rated ? (latest.mos[4] + latest.mos[5]) / rated : null;
	const [worst] = [...status.worker_loads ?? []].sort((one, other) => other.busy - one.busy);
	const {headroom} = status;
	return h("dl", {class: "figures", key: "figures"},
		figure("Calls", count(status.calls), `${count(status.dataplane_legs)} legs of ` +
			count(status.legs_max)),
		figure("Packets a second", short(latest?.received_pps), `${short(latest?.sent_pps)} sent`),
		figure("Dropped a second", short(latest?.dropped_pps), "asked for by nobody, or of no use"),
		figure("Sound good", percent(good, 1), `of ${short(rated)} streams, MOS from 4.0`),
		figure("Busiest worker", percent(worst?.busy), worst ? `number ${worst.number}` : ""),
		figure("Room for", headroom?.limit ? short(headroom.calls) : NOTHING,
			headroom?.limit ? `more calls, limited by ${headroom.limit}` : "no call to judge by"));
}

const line = (name, look, values) => ({name, look, values});

function charts(moments, axis) {
	const all = moments.map(({mos}) => mos.reduce((sum, streams) => sum + streams, 0));
	const grades = GRADES.map(({range}, i) => line(range, `q${i}`,
		moments.map(({mos}, k) => all[k] ? mos[i] / all[k] : null)));
	const each = name => moments.map(moment => moment[name]);
	const counted = Math.max(0, ...moments.map(({busy}) => busy.length));
	const loads = Array.from({length: counted}, (_, i) => line(`worker ${i}`, `s${i % 4}`,
		moments.map(({busy}) => busy[i] ?? null)));
	return h("div", {class: "charts"}, [
		{title: "Streams by MOS", kind: "stack", series: grades, top: 1,
			format: share => percent(share, 1), scale: share => percent(share)},
		{title: "Dropped packets a second", format: short, least_top: LEAST,
			series: [line("", "s3", each("dropped_pps"))]},
		{title: "Calls", format: short, least_top: LEAST,
			series: [line("", "s0", each("calls"))]},
		{title: "Packets a second", format: short, least_top: LEAST, series: [
			line("received", "s0", each("received_pps")), line("sent", "s1", each("sent_pps"))]},
		loads.length && {title: "Busy share of each worker", series: loads, top: 1,
			format: share => percent(share)},
	].filter(Boolean).map(what => chart(what, axis)));
}

function hourTable(moments) {
	return table({
		caption: "The last hour, every ten seconds", rows: [...moments].reverse(),
		empty: "Nothing yet.", key: moment => moment.time_ms,
		columns: [
			{head: "Time", cell: moment => clock(moment.time_ms)},
			{head: "Calls", number: true, cell: moment => count(moment.calls)},
			{head: "Received a second", number: true, cell: moment => count(moment.received_pps)},
			{head: "Sent a second", number: true, cell: moment => count(moment.sent_pps)},
			{head: "Dropped a second", number: true, cell: moment => count(moment.dropped_pps)},
			...GRADES.map(({range}, i) => ({head: `MOS ${range}`, number: true,
				cell: moment => count(moment.mos[i])})),
			{head: "Workers busy", number: true,
				cell: moment => moment.busy.map(share => percent(share)).join(", ")},
		],
	});
}

export function overview(page) {
	const rates = new Rates(), missed = new Rates(), told = new Set();
	const now = {status: null, pps: {}, losing: {}, attacks: [], latest: null};
	const cursor = new Cursor(() => page.draw());
	let moments = [], worst = null, tabled = false;

	page.poll(2, "Relay/Status", () => ({}), status => {
		Object.assign(now, {status, pps: workerRates(rates, status)});
		now.losing = missed.read((status.links ?? []).map(link =>
			[link.name, link.missed + link.no_buffer]));
	});
	page.poll(10, "Relay/History", () => ({after_ms: moments.at(-1)?.time_ms ?? 0}), reply => {
		moments = [...moments, ...reply.moments].slice(-HOUR_MOMENTS);
		const last = moments.at(-1);
		now.latest = last && Date.now() - last.time_ms < RECENT_MS ? last : null;
	});
	page.poll(5, "Shed/Show", () => ({sources: 1, targets: 1}),
		({attacks}) => now.attacks = attacks);
	page.poll(10, "Relay/List", () => ({page_size: 8, order: "ORDER_WORST"}), reply => {
		worst = reply.calls.filter(call => call.mos && call.mos < 3.6 || call.why);
	});
	page.render = () => {
		const found = concerns(now);
		for (const {text, to} of found)
			if (!told.has(to)) {
				told.add(to);
				announce(text);
			}
		const times = moments.map(({time_ms: ms}) => ms), end = Date.now();
		const begin = Math.max(end - HOUR_MS, Math.min(times[0] ?? end, end - LEAST_MS));
		const axis = new Axis(cursor, times, begin, end, GAP_MS);
		return [
			heading("Overview"), page.troubles(),
			now.status && attention(found),
			now.status && figures(now),
			section("The last hour", moments.length
				? [charts(moments, axis), h("details", {ontoggle: event => {
					tabled = event.currentTarget.open;
					page.draw();
				}}, h("summary", {}, "The same as a table"), tabled && hourTable(moments))]
				: h("p", {class: "soft"}, "The relay looks every ten seconds.")),
			worst && section("Calls that sound worst", calls("Calls that sound worst", worst,
				"No call sounds bad.")),
			now.status && section("Workers", workers(now.status, now.pps)),
		];
	};
}
