// SPDX-License-Identifier: BSD-3-Clause
// Every call, a page at a time; the relay searches and sorts.

import {field} from "./dialog.js";
import {h} from "./dom.js";
import {plural} from "./format.js";
import {calls as callTable, heading} from "./parts.js";
import {requery} from "./router.js";
import {Pages} from "./table.js";

const SIZE = 50;
const TYPING_MS = 300;
const ORDERS = [
	["worst", "ORDER_WORST", "Worst first"],
	["newest", "ORDER_NEWEST", "Newest first"],
	["age", "ORDER_AGE", "Oldest first"],
];

export function calls(page) {
	const pages = new Pages();
	let reply = null, total = null, typing;

	const order = () => ORDERS.find(([name]) => name === page.query.order) ?? ORDERS[0];
	const refresh = page.poll(5, "Relay/List", () => ({
		page_size: SIZE, page_token: pages.token, search: page.query.search ?? "",
		order: order()[1],
	}), calls => reply = calls, () => {
		// A token that the relay knows no longer: from the beginning again.
		const stale = pages.reset();
		if (stale)
			refresh();
		return stale;
	});
	page.poll(5, "Relay/Status", () => ({}), status => total = status.calls);

	function ask() {
		clearTimeout(typing);
		const form = new FormData(document.getElementById("search"));
		requery(["calls"], {search: form.get("search").trim(), order: form.get("order")});
	}
	page.requery = () => {
		pages.reset();
		const box = document.querySelector("#search input");
		if (box.value.trim() !== (page.query.search ?? ""))
			box.value = page.query.search ?? "";
		document.querySelector("#search select").value = order()[0];
		refresh();
	};
	page.render = () => [
		heading("Calls", total !== null && h("p", {class: "soft"}, plural(total, "call"))),
		h("form", {id: "search", class: "bar", role: "search", key: "search", onsubmit: event => {
			event.preventDefault();
			ask();
		}},
			field("Call id, tag, label or address", "input", {name: "search", type: "search",
				value: page.query.search ?? "", autocomplete: "off", spellcheck: "false",
				oninput: () => {
					clearTimeout(typing);
					typing = setTimeout(ask, TYPING_MS);
				}}),
			field("Order", "select", {name: "order", onchange: ask}, ORDERS.map(([value, , text]) =>
				h("option", {value, selected: value === order()[0]}, text)))),
		page.troubles(),
		reply && callTable("Calls", reply.calls,
			page.query.search ? "No call has that." : "There is no call."),
		reply && pages.nav(reply.next_page_token, refresh),
	];
}
