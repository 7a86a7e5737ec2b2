// SPDX-License-Identifier: BSD-3-Clause
// Who looks? A token of [access], as `tandemctl token` makes them.

import {signIn} from "./api.js";
import {field} from "./dialog.js";
import {h, show} from "./dom.js";

// note: why one is here again. Resolves to {name, role}.
export function login(root, note) {
	const {promise, resolve} = Promise.withResolvers();
	let problem = "", busy = false;
	async function submit(event) {
		event.preventDefault();
		const token = new FormData(event.currentTarget).get("token").trim();
		busy = true;
		draw();
		try {
			return resolve(await signIn(token));
		} catch (error) {
			problem = error.message;
		}
		busy = false;
		draw();
		root.querySelector("input").select();
	}
	function draw() {
		show(root, h("form", {class: "login", onsubmit: submit, key: "login"},
			h("h1", {tabindex: -1}, "Sign in"),
			note && h("p", {role: "status"}, note),
			field("Access token", "input", {name: "token", type: "password", required: true,
				autocomplete: "current-password", spellcheck: "false",
				"aria-describedby": "token-help"}),
			h("p", {class: "soft", id: "token-help"},
				"The one that ", h("code", {}, "tandemctl token"), " printed."),
			h("p", {class: "problem", role: "alert"}, problem),
			h("div", {class: "actions"},
				h("button", {class: "primary", disabled: busy}, busy ? "Signing in" : "Sign in"))));
	}
	draw();
	root.querySelector("input").focus();
	return promise;
}
