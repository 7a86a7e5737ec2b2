// SPDX-License-Identifier: BSD-3-Clause
// The machine: versions, networks, links, workers, and every counter.

import {h, identifier} from "./dom.js";
import {count, words} from "./format.js";
import {Rates} from "./live.js";
import {facts, heading, networks, section, workerRates, workers} from "./parts.js";
import {table} from "./table.js";

function linkState({up, mbits, members, members_used: used}) {
	const text = up && mbits ? `${count(mbits)} Mbit/s` : up ? "up" : "down";
	return h("span", {class: !up || members > 1 && used < members ? "tag bad" : "tag"},
		members > 1 ? `${text}, ${used} of ${members}` : text);
}

function links(rows) {
	return table({
		caption: "Links", rows, key: link => link.name, visible: true,
		empty: "None: the dataplane is not connected.",
		columns: [
			{head: "Port", cell: link => [link.name, h("span", {class: "soft"}, link.driver)]},
			{head: "Link", cell: linkState},
			{head: "Received", number: true, cell: link => count(link.received)},
			{head: "Sent", number: true, cell: link => count(link.sent)},
			{head: "Missed", number: true, cell: link => count(link.missed)},
			{head: "No buffer", number: true, cell: link => count(link.no_buffer)},
			{head: "Errors", number: true, cell: link => count(link.errors)},
			{head: "Queues", cell: link => `${link.queues}, ${link.spread}`},
			{head: "NUMA", number: true, cell: link => link.node < 0 ? "" : link.node},
		],
	});
}

function counters(caption, rows, rates) {
	return table({
		caption, rows, key: row => row.name, visible: true, empty: "Nothing was counted.",
		columns: [
			{head: "Name", cell: row => [words(row.name, ""),
				h("span", {class: "soft"}, row.help)]},
			{head: "A second", number: true, cell: row => count(rates[row.name])},
			{head: "Count", number: true, cell: row => count(row.value)},
		],
	});
}

export function system(page) {
	const workerPackets = new Rates(), countRates = new Rates();
	let status = null, rates = {}, pps = {}, all = false;

	page.poll(2, "Relay/Status", () => ({}), reply => {
		status = reply;
		pps = workerRates(workerPackets, status);
		rates = countRates.read([...status.drops, ...status.counters].map(({name, value}) =>
			[name, value]));
	});
	page.render = () => [
		heading("System"), page.troubles(),
		status && [
			facts([
				["Control plane", status.version],
				["Dataplane", status.dataplane_connected ? status.dataplane_version
					: h("span", {class: "tag bad"}, "away")],
				["Crypto engine", status.crypto_engine || "–"],
				["Legs", `${count(status.dataplane_legs)} of ${count(status.legs_max)}`],
				["Orphans deleted", count(status.orphans_deleted)],
				["You are", [identifier(page.who.name), `, ${page.who.role}`]],
			], true),
			section("Workers", workers(status, pps)),
			section("Networks", networks(status.networks)),
			links(status.links),
			counters("Dropped, in the order of a packet's way",
				status.drops.filter(({value}) => all || value), rates),
			counters("Counters", status.counters.filter(({value}) => all || value), rates),
			h("p", {key: "all"}, h("label", {class: "choice"}, h("input", {
				type: "checkbox", name: "all", onchange: event => {
					all = event.currentTarget.checked;
					page.draw();
				}}), " Those that are 0 too")),
		],
	];
}
