// SPDX-License-Identifier: BSD-3-Clause
// How the streams of a leg sounded: a time line of MOS, loss and jitter, from Quality.history.

import {Axis, chart} from "./chart.js";
import {h} from "./dom.js";
import {NOTHING, clock, count, millis, percent} from "./format.js";
import {facts, mos} from "./parts.js";
import {table} from "./table.js";

const share = value => percent(value / 100, 1);

// The intervals with the time at which each ended; the last one ended about now.
function timeline(history) {
	let end = Date.now();
	return [...history].reverse().map(interval => {
		const timed = {...interval, time: end};
		end -= interval.ms;
		return timed;
	}).reverse();
}

const ofSent = (interval, part) => interval.packets + interval.lost
	? 100 * part / (interval.packets + interval.lost) : 0;

function charts(intervals, cursor) {
	const times = intervals.map(({time}) => time);
	const axis = new Axis(cursor, times, times[0] - intervals[0].ms, times.at(-1),
		Math.max(...intervals.map(({ms}) => ms)) * 1.5);
	const each = read => intervals.map(read);
	return h("div", {class: "charts small"}, [
		{title: "MOS", top: 4.5, floor: 1, format: value => value ? value.toFixed(1) : NOTHING,
			series: [{name: "", look: "s0", values: each(({mos: value}) => value || null)}]},
		{title: "Lost and late", kind: "bars", least_top: 2, format: share, series: [
			{name: "lost", look: "s3", values: each(interval => ofSent(interval, interval.lost))},
			{name: "late", look: "s2", values: each(interval => ofSent(interval, interval.late))}]},
		{title: "Jitter", least_top: 10, format: value => value === undefined ? NOTHING
			: `${value.toFixed(0)} ms`,
			series: [{name: "", look: "s1", values: each(({jitter_ms: ms}) => ms)}]},
	].map(what => chart(what, axis)));
}

function intervalTable(intervals, title) {
	return table({
		caption: `Intervals of ${title}`, rows: [...intervals].reverse(), empty: "None yet.",
		columns: [
			{head: "Until", cell: ({time}) => clock(time)},
			{head: "MOS", number: true, cell: interval => mos(interval.mos)},
			{head: "Packets", number: true, cell: ({packets}) => count(packets)},
			{head: "Lost", number: true, cell: ({lost}) => count(lost)},
			{head: "Late", number: true, cell: ({late}) => count(late)},
			{head: "Jitter", number: true, cell: ({jitter_ms: ms}) => millis(ms)},
			{head: "Delay", number: true, cell: ({delay_ms: ms}) => millis(ms, 0)},
		],
	});
}

// What its hearer says in an extended report (RFC 3611).
function extended(xr) {
	return xr ? [
		["its hearer's buffer discards", share(xr.discarded)], ["its hearer loses", share(xr.loss)],
		["its hearer's MOS", xr.mos > 0 && mos(xr.mos)]] : [];
}

function figures(stream) {
	const {quality = {}} = stream;
	return facts([
		["MOS", quality.mos && mos(quality.mos)],
		["lowest", quality.lowest_mos && mos(quality.lowest_mos)],
		["R", quality.r && quality.r.toFixed(0)],
		["lost", `${count(stream.lost)}${quality.mos ? `, ${share(quality.loss)}` : ""}`],
		["late", quality.mos && share(quality.late)],
		["loss in bursts", stream.bursts > 0 &&
			`${count(stream.bursts)}, ${share(stream.burst_loss)} in them`],
		["out of order", stream.reordered > 0 && count(stream.reordered)],
		["twice", stream.duplicates > 0 && count(stream.duplicates)],
		["jitter", millis(stream.jitter_ms)],
		["round trip", stream.rtt_ms > 0 && millis(stream.rtt_ms, 0)],
		["mouth to ear", quality.delay_ms > 0 && millis(quality.delay_ms, 0)],
		["lost, says who hears it", stream.heard && count(stream.heard.lost)],
		...extended(stream.xr),
	], true);
}

function one(leg, stream, cursor) {
	const ssrc = `0x${stream.ssrc.toString(16).padStart(8, "0")}`;
	const codec = stream.codec || `payload type ${stream.payload_type}`;
	const title = `${codec} from ${leg.tag || leg.branch}`;
	const intervals = timeline(stream.quality?.history ?? []);
	return h("section", {class: "stream", key: ssrc, "aria-label": title},
		h("h4", {}, codec,
			h("span", {class: "soft"}, ` SSRC ${ssrc}, ${count(stream.packets)} packets`)),
		figures(stream),
		intervals.length > 0 && charts(intervals, cursor),
		intervals.length > 0 && h("details", {}, h("summary", {}, "The same as a table"),
			intervalTable(intervals, title)),
		!stream.quality && h("p", {class: "soft"}, "Not rated: too little came, or not voice."));
}

export function streams(leg, cursor) {
	return (leg.flow?.streams ?? []).filter(stream => stream.packets)
		.map(stream => one(leg, stream, cursor));
}
