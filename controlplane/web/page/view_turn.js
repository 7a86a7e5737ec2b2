// SPDX-License-Identifier: BSD-3-Clause
// The TURN server: who has allocations, and what they relay.

import {ask} from "./api.js";
import {confirm} from "./dialog.js";
import {address, announce, h, identifier} from "./dom.js";
import {count, duration, octets, plural} from "./format.js";
import {heading} from "./parts.js";
import {Pages, table} from "./table.js";

const SIZE = 100, USERS = 10;
const NOT_CONFIGURED = 9;

// Those users of the page who relay most.
function users(allocations) {
	const found = new Map();
	for (const {user, ...one} of allocations) {
		const sum = found.get(user) ?? {user, allocations: 0, to_peers: 0, to_client: 0, drops: 0};
		sum.allocations++;
		sum.to_peers += one.to_peers_bytes;
		sum.to_client += one.to_client_bytes;
		sum.drops += one.drops;
		found.set(user, sum);
	}
	const all = user => user.to_peers + user.to_client;
	return [...found.values()].sort((one, other) => all(other) - all(one)).slice(0, USERS);
}

function userTable(allocations) {
	return table({
		caption: "Who relays most, of this page", rows: users(allocations), empty: "Nobody.",
		visible: true, key: row => row.user,
		columns: [
			{head: "User", cell: row => identifier(row.user)},
			{head: "Allocations", number: true, cell: row => count(row.allocations)},
			{head: "To peers", number: true, cell: row => octets(row.to_peers)},
			{head: "To the client", number: true, cell: row => octets(row.to_client)},
			{head: "Dropped", number: true, cell: row => count(row.drops)},
		],
	});
}

function allocationTable(allocations, remove) {
	return table({
		caption: "Allocations", rows: allocations, visible: true,
		empty: "Nobody has an allocation.", key: row => row.id,
		columns: [
			{head: "User", cell: row => [identifier(row.user), h("span", {class: "soft"},
				address(row.client))]},
			{head: "Relayed", cell: row => address(row.relayed)},
			{head: "Asked at", cell: row => address(row.server)},
			{head: "Age", number: true, cell: row => duration(row.age_ms)},
			{head: "Left", number: true, cell: row => duration(1000 * row.left_s)},
			{head: "To peers", number: true, cell: row => octets(row.to_peers_bytes)},
			{head: "To the client", number: true, cell: row => octets(row.to_client_bytes)},
			{head: "Dropped", number: true, cell: row => count(row.drops)},
			{head: "Delete", hidden: !remove, cell: row => h("button", {type: "button",
				"aria-label": `Delete the allocation of ${row.user} at ${row.relayed}`,
				onclick: () => remove(row)}, "Delete…")},
		],
	});
}

export function turn(page) {
	const pages = new Pages();
	let reply = null, off = false;

	const refresh = page.poll(5, "Turn/List", () => off ? null
		: {page_size: SIZE, page_token: pages.token}, list => reply = list, ({code}) => {
		off = code === NOT_CONFIGURED;
		return off;
	});
	async function remove({id, user, relayed}) {
		const done = await confirm({
			title: "Delete this allocation?", action: "Delete",
			text: ["What ", identifier(user), " relays by ", identifier(relayed),
				" ends at once. Its client may allocate again while its credentials are valid."],
			act: () => ask("Turn/Delete", {id}),
		});
		if (!done)
			return;
		announce(`${plural(done.allocations, "allocation is", "allocations are")} deleted.`);
		refresh();
	}
	page.render = () => [
		heading("TURN"), page.troubles(),
		off && h("p", {class: "note", key: "off"},
			"The relay is no TURN server: [turn] listen is not configured."),
		reply && [
			userTable(reply.allocations),
			allocationTable(reply.allocations, page.may("operator") && remove),
			pages.nav(reply.next_page_token, refresh),
		],
	];
}
