// SPDX-License-Identifier: BSD-3-Clause
// Charts over time, drawn by hand. Those of one view share a cursor: pointing at a moment in one
// shows the values of all at that moment. Who hears the page has a summary, and a table beside it.

import {h, svg} from "./dom.js";
import {clock} from "./format.js";

const WIDTH = 1000, HEIGHT = 100;
const SHORT_MS = 120e3; // of a span whose minutes are not enough

// What a person points at: a moment in ms, or null. redraw(): the view's, when it moves.
export class Cursor {
	constructor(redraw) {
		this.at = null;
		this.redraw = redraw;
	}

	move(at) {
		this.at = at;
		this.redraw();
	}
}

// times: of the values, rising, in ms; from, to: the span that is shown; gap_ms: a line does not
// join what is further apart.
export class Axis {
	constructor(cursor, times, from, to, gap_ms) {
		Object.assign(this, {cursor, times, from, to, gap_ms});
	}

	// Which value is meant: that at the cursor, or the last one.
	index() {
		const far = i => Math.abs(this.times[i] - this.cursor.at);
		return this.cursor.at === null ? this.times.length - 1
			: this.times.reduce((best, _, i) => far(i) < far(best) ? i : best, 0);
	}

	x(time) {
		return WIDTH * (time - this.from) / (this.to - this.from || 1);
	}

	point(event) {
		const box = event.currentTarget.getBoundingClientRect();
		const part = (event.clientX - box.left) / box.width;
		this.cursor.move(this.from + (this.to - this.from) * part);
	}
}

// The least of 1, 2 and 5 times a power of ten that is not below.
export function ceiling(value) {
	if (!(value > 0))
		return 1;
	const power = 10 ** Math.floor(Math.log10(value));
	return [1, 2, 5, 10].map(step => step * power).find(top => top >= value * 0.999);
}

function mark(x, y) {
	return `${x.toFixed(1)} ${y.toFixed(2)}`;
}

// Indices of values in a row without a gap between them.
function runs(axis, values) {
	const found = [];
	let run = null;
	values.forEach((value, i) => {
		if (value === null || value === undefined)
			run = null;
		else if (run && axis.times[i] - axis.times[i - 1] <= axis.gap_ms)
			run.push(i);
		else
			found.push(run = [i]);
	});
	return found;
}

// lower, upper: the height of an edge at an index, of HEIGHT.
function band(axis, run, lower, upper) {
	const there = run.map(i => mark(axis.x(axis.times[i]), HEIGHT - upper(i)));
	const back = run.map(i => mark(axis.x(axis.times[i]), HEIGHT - lower(i))).reverse();
	return `M${there.join("L")}L${back.join("L")}Z`;
}

function lines(axis, {series, floor = 0}, top) {
	const height = value => HEIGHT * (Math.min(value, top) - floor) / (top - floor);
	return series.flatMap(({values, look}) => runs(axis, values).flatMap(run => [
		series.length === 1 && svg("path", {
			class: `area ${look}`, d: band(axis, run, () => 0, i => height(values[i]))}),
		svg("path", {class: `line ${look}`, d: `M${run.map(i =>
			mark(axis.x(axis.times[i]), HEIGHT - height(values[i]))).join("L")}h0.1`}),
	]));
}

// Each on top of the one before.
function stack(axis, {series}, top) {
	const sums = [axis.times.map(() => 0)];
	for (const {values} of series)
		sums.push(sums.at(-1).map((sum, i) => sum + (values[i] ?? 0)));
	return series.flatMap(({values, look}, k) => runs(axis, values).map(run => svg("path", {
		class: `area ${look}`,
		d: band(axis, run, i => HEIGHT * sums[k][i] / top, i => HEIGHT * sums[k + 1][i] / top)})));
}

// A value stands for the time since the one before it.
function bars(axis, {series}, top) {
	const from = i => i ? axis.times[i - 1] : axis.from;
	const below = axis.times.map(() => 0);
	return series.flatMap(({values, look}) => values.map((value, i) => {
		const height = HEIGHT * Math.min(value ?? 0, top - below[i]) / top;
		const base = HEIGHT * below[i] / top;
		below[i] += value ?? 0;
		const x = axis.x(from(i)), width = axis.x(axis.times[i]) - x;
		return height > 0 && svg("rect", {class: `area ${look}`, x: (x + width * 0.08).toFixed(1),
			width: (width * 0.84).toFixed(1), y: (HEIGHT - base - height).toFixed(2),
			height: height.toFixed(2)});
	}));
}

const KINDS = {lines, stack, bars};

function summary({title, series, format}, axis) {
	const said = series.map(({name, values}) => {
		const known = values.filter(value => value !== null && value !== undefined);
		const last = known.at(-1);
		return known.length > 0 && `${name} ${format(last)} at the end, ` +
			`${format(Math.min(...known))} to ${format(Math.max(...known))}`;
	}).filter(Boolean);
	return `${title}, ${clock(axis.from)} to ${clock(axis.to)}: ` +
		(said.join("; ") || "nothing yet");
}

function legend({series, format}, index) {
	return h("ul", {class: "legend"}, series.map(({name, look, values}) => h("li", {},
		h("span", {class: `swatch ${look}`}), `${name} `, h("b", {}, format(values[index])))));
}

// what: {title, kind, series: [{name, look, values}], format, scale, top, floor, least_top}. look:
// a class of page.css; scale: the format of what is beside it; top: of the scale, else the values
// say.
export function chart(what, axis) {
	const {title, kind = "lines", series, format, scale = format, floor = 0} = what;
	const index = axis.index();
	const highest = Math.max(what.least_top ?? 0, ...(kind === "lines"
		? series.flatMap(({values}) => values)
		: axis.times.map((_, i) => series.reduce((sum, {values}) => sum + (values[i] ?? 0), 0))));
	const top = what.top ?? ceiling(highest);
	const at = axis.cursor.at === null ? null : axis.times[index];
	const grid = [0, 0.5, 1].map(part => svg("path", {
		class: "grid", d: `M0 ${HEIGHT * part}H${WIDTH}`}));
	return h("figure", {key: title},
		h("figcaption", {},
			h("h3", {}, title),
			series.length === 1 && h("b", {}, format(series[0].values[index])),
			at && h("span", {class: "soft"}, clock(at))),
		h("div", {class: "plot"},
			h("div", {class: "scale", "aria-hidden": "true"},
				[top, (top + floor) / 2, floor].map(value => h("span", {}, scale(value)))),
			h("div", {class: "canvas", onpointermove: event => axis.point(event),
				onpointerleave: () => axis.cursor.move(null)},
				svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none",
					role: "img", "aria-label": summary(what, axis)},
					grid, KINDS[kind](axis, what, top),
					at && svg("path", {
						class: "cursor", d: `M${axis.x(at).toFixed(1)} 0V${HEIGHT}`}))),
			h("div", {class: "times", "aria-hidden": "true"},
				[axis.from, (axis.from + axis.to) / 2, axis.to].map(time =>
					h("span", {}, clock(time, axis.to - axis.from < SHORT_MS))))),
		series.length > 1 && legend(what, index));
}
