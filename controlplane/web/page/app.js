// SPDX-License-Identifier: BSD-3-Clause
// The page's frame: who looks, where one is, and whether the relay answers.

import {listen, relay, signOut, whoami} from "./api.js";
import {announce, h, identifier, show, spelt} from "./dom.js";
import {clock} from "./format.js";
import {Page} from "./page.js";
import {attackText} from "./parts.js";
import {here, path} from "./router.js";
import {attacks} from "./view_attacks.js";
import {call} from "./view_call.js";
import {calls} from "./view_calls.js";
import {login} from "./view_login.js";
import {overview} from "./view_overview.js";
import {system} from "./view_system.js";
import {turn} from "./view_turn.js";

const VIEWS = {
	overview: {name: "Overview", view: overview},
	calls: {name: "Calls", view: route => (route.args[0] ? call : calls)(route)},
	attacks: {name: "Attacks", view: attacks},
	turn: {name: "TURN", view: turn},
	system: {name: "System", view: system},
};

const top = document.getElementById("top"), main = document.getElementById("main");
let who = null, leave = null, place = "", page = null, session = null;
let answered = Date.now(), away = false;
const running = new Map();

function head() {
	const {name} = here();
	show(top,
		h("div", {class: "brand"},
			h("img", {src: "icon.svg", alt: "", width: 22, height: 22}), "Tandem"),
		who && h("nav", {"aria-label": "Views", key: "views"},
			Object.entries(VIEWS).map(([to, {name: text}]) => h("a", {
				href: path([to]), "aria-current": to === name ? "page" : null, key: to,
			}, text, to === "attacks" && running.size > 0 && h("span", {class: "tag bad"},
				running.size, h("span", {class: "unseen"}, " running"))))),
		who && h("div", {class: "me", key: "me"},
			h("span", {class: away ? "live lost" : "live"}, away ? "no answer" : "live"),
			h("span", {class: "soft"}, identifier(who.name), `, ${who.role}`),
			h("button", {type: "button", onclick: () => signOut().finally(() => relay.dispatchEvent(
				new CustomEvent("expired", {detail: "You are signed out."})))}, "Sign out")),
		away && h("p", {class: "banner", role: "alert", key: "away"},
			`The relay does not answer. What you see is from ${clock(answered)}; asking again.`));
}

// moved: the reader came here from somewhere else on the page, and goes on at the top of this.
function enter(moved = true) {
	const route = here(), view = VIEWS[route.name] ?? VIEWS.overview;
	const now = JSON.stringify([route.name, route.args]);
	if (now === place) {
		page.query = route.query;
		page.requery();
		return;
	}
	leave?.abort();
	leave = new AbortController();
	place = now;
	const root = h("div", {class: `view ${route.name}`});
	main.replaceChildren(root);
	page = new Page(root, route, who, leave.signal);
	view.view(page);
	page.draw();
	head();
	document.title = `${spelt(route.args[0] ?? view.name)} – Tandem`;
	scrollTo(0, 0);
	if (moved)
		root.querySelector("h1")?.focus({preventScroll: true});
}

function hearAttack({change, attack}) {
	const known = running.size;
	if (change === "CHANGE_ENDED")
		running.delete(attack.id);
	else
		running.set(attack.id, attack);
	if (change === "CHANGE_BEGAN")
		announce(`An attack began: ${attackText(attack)}.`);
	if (change === "CHANGE_ENDED" && known)
		announce("The attack is over.");
	if (known !== running.size)
		head();
}

async function start(note) {
	leave?.abort();
	session?.abort();
	who = leave = null;
	place = "";
	running.clear();
	document.title = "Sign in – Tandem";
	main.replaceChildren();
	document.getElementById("news").replaceChildren();
	head();
	try {
		who = note ? null : await whoami();
	} catch {
		setTimeout(start, 2000);
		return;
	}
	const asked = !who;
	who ??= await login(main, note);
	main.replaceChildren();
	session = new AbortController();
	listen("Shed/Watch", {}, hearAttack, session.signal);
	enter(asked);
}

relay.addEventListener("reached", () => {
	answered = Date.now();
	if (away) {
		away = false;
		head();
	}
});
relay.addEventListener("lost", () => {
	if (!away) {
		away = true;
		head();
	}
});
relay.addEventListener("expired", ({detail}) => {
	if (who)
		start(detail ?? "Your session has expired: sign in again, and you are where you were.");
});
addEventListener("hashchange", () => who && enter());
document.getElementById("skip").addEventListener("click", event => {
	event.preventDefault();
	main.focus();
});
start();
