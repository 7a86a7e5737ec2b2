// SPDX-License-Identifier: BSD-3-Clause
// Tables. Where the page is narrow each row becomes lines of text, and the roles keep it a table
// for those who hear it.

import {h, svg} from "./dom.js";

// columns: {head, cell(row), number, hidden}. number: its digits stand below each other. The first
// names its row. key(row): what tells rows apart; visible: the caption is seen, not only heard.
export function table({caption, columns, rows, key, empty, visible}) {
	const shown = columns.filter(column => !column.hidden);
	const look = column => column.number ? "number" : null;
	if (!rows.length)
		return h("div", {class: "scroll", key: caption},
			visible && h("p", {class: "title"}, caption), h("p", {class: "soft"}, empty));
	return h("div", {class: "scroll", key: caption},
		h("table", {role: "table"},
			h("caption", {class: visible ? null : "unseen"}, caption),
			h("thead", {role: "rowgroup"}, h("tr", {role: "row"}, shown.map(column =>
				h("th", {role: "columnheader", scope: "col", class: look(column)}, column.head)))),
			h("tbody", {role: "rowgroup"}, rows.map(row =>
				h("tr", {role: "row", key: key?.(row)}, shown.map((column, i) => i
					? h("td", {role: "cell", class: look(column), "data-head": column.head},
						column.cell(row))
					: h("th", {role: "rowheader", scope: "row", class: look(column)},
						column.cell(row))))))));
}

// A share from 0 to 1 as a bar beside its number; `much`: from where on it is worth a look.
export function meter(share, text, much = 0.85) {
	const part = Math.max(0, Math.min(1, share || 0));
	return h("span", {class: part >= much ? "meter much" : "meter"},
		svg("svg", {viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true"},
			svg("rect", {class: "rail", width: 100, height: 6}),
			svg("rect", {class: "filled", width: (100 * part).toFixed(1), height: 6})),
		h("span", {}, text));
}

// Pages of which each brings the token of the next one. refresh(): asks for the one that is meant.
export class Pages {
	#tokens = [""];

	get token() {
		return this.#tokens.at(-1);
	}

	// Whether one was not at the first page already.
	reset() {
		const moved = this.#tokens.length > 1;
		this.#tokens = [""];
		return moved;
	}

	nav(next, refresh) {
		const turn = tokens => () => {
			this.#tokens = tokens;
			refresh();
			document.querySelector("h1").focus();
		};
		const number = this.#tokens.length;
		return h("nav", {class: "pager", "aria-label": "Pages", key: "pages"},
			h("button", {type: "button", disabled: number === 1,
				onclick: turn(this.#tokens.slice(0, -1))}, "Previous"),
			h("span", {class: "soft", role: "status"}, `Page ${number}`),
			h("button", {type: "button", disabled: !next,
				onclick: turn([...this.#tokens, next])}, "Next"));
	}
}
