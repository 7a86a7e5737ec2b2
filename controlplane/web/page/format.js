// SPDX-License-Identifier: BSD-3-Clause
// Numbers, times and enumerations as a person reads them.

const GROUPED = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const NEVER_MS = 0xffffffff;

export const NOTHING = "–";

export function count(number) {
	return number === undefined || number === null ? NOTHING : GROUPED.format(number);
}

// Three digits that count: 12.3 k.
export function short(number) {
	if (number === undefined || number === null)
		return NOTHING;
	for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]])
		if (number >= 9.9995 * size || (size > 1e3 && number >= 0.9995 * size)) {
			const digits = number / size;
			return `${digits.toFixed(digits < 10 ? 2 : digits < 100 ? 1 : 0)} ${unit}`;
		}
	return GROUPED.format(number);
}

// Of a share from 0 to 1.
export function percent(share, digits = 0) {
	return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : NOTHING;
}

export function octets(number) {
	return `${short(number)}B`.replace(/(\d)B$/, "$1 B");
}

export function millis(ms, digits = 1) {
	return ms ? `${ms.toFixed(digits)} ms` : NOTHING;
}

export function duration(ms) {
	if (ms === undefined || ms === null || ms === NEVER_MS)
		return NOTHING;
	const s = Math.floor(ms / 1000);
	if (s < 1)
		return `${Math.floor(ms)} ms`;
	if (s < 60)
		return `${s} s`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min ${s % 60} s`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
	return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

export function clock(ms, seconds = true) {
	const text = new Date(ms).toLocaleTimeString("en-GB");
	return seconds ? text : text.slice(0, 5);
}

// "KIND_SPOOFED_MEDIA" without its prefix: "spoofed media".
export function words(name, prefix) {
	return String(name).replace(prefix, "").replaceAll("_", " ").toLowerCase();
}

export function capital(text) {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plural(number, one, many = `${one}s`) {
	return `${count(number)} ${number === 1 ? one : many}`;
}

// --- quality -------------------------------------------------------------------------------------

// Up to which MOS, and what ITU-T G.107 annex B says of those who hear it.
export const GRADES = [
	{below: 2.6, range: "below 2.6", name: "not usable"},
	{below: 3.1, range: "2.6 to 3.1", name: "nearly all dissatisfied"},
	{below: 3.6, range: "3.1 to 3.6", name: "many dissatisfied"},
	{below: 4.0, range: "3.6 to 4.0", name: "some dissatisfied"},
	{below: 4.3, range: "4.0 to 4.3", name: "satisfied"},
	{below: Infinity, range: "from 4.3", name: "very satisfied"},
];

export function grade(mos) {
	return GRADES.findIndex(({below}) => mos < below);
}

export function score(mos) {
	return mos ? mos.toFixed(2) : NOTHING;
}
