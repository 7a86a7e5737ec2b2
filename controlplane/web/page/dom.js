// SPDX-License-Identifier: BSD-3-Clause
// Elements. A view makes what it wants to show anew each time, and patch() changes what stands into
// that: focus, selection, scrolling and what a person typed or opened stay. Text is never markup,
// and whatever callers put into it, it can neither hide nor turn round what stands beside it.

const NEWS_MS = 10000;
const SVG = "http://www.w3.org/2000/svg";
// What is handed over from the new element to the one that stands.
const HANDLERS = ["onclick", "onsubmit", "oninput", "onchange", "ontoggle", "onpointermove",
	"onpointerleave"];
// A person's to change, once the element is there.
const PERSONS = new Set(["open", "value", "checked", "selected"]);

// props: attributes; handlers; `key`, which tells an element from its siblings; and what is a
// person's to change. null, undefined and false: without it. children: also nested, also nothing.
export function h(tag, props, ...children) {
	return make(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
	return make(document.createElementNS(SVG, tag), props, children);
}

function make(element, props, children) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name === "key" || PERSONS.has(name) || HANDLERS.includes(name))
			element[name] = value;
		else
			element.setAttribute(name, value === true ? ""
				: name === "aria-label" ? spelt(value) : value);
	}
	element.append(...nodes(children));
	return element;
}

function nodes(children) {
	return children.flat(Infinity)
		.filter(child => child !== null && child !== undefined && child !== false)
		.map(child => child instanceof Node ? child : document.createTextNode(spelt(child)));
}

// The children of `parent` become these. What has a key is told by it, all else by kind and order.
export function patch(parent, ...children) {
	const wanted = nodes(children), left = [...parent.childNodes];
	const pairs = wanted.map(node => {
		const at = left.findIndex(old => old.key === node.key && old.nodeName === node.nodeName);
		return [node, at < 0 ? null : left.splice(at, 1)[0]];
	});
	left.forEach(old => old.remove());
	let place = parent.firstChild;
	for (const [node, old] of pairs) {
		if (old === place && old)
			place = place.nextSibling;
		else
			parent.insertBefore(old ?? node, place);
		if (old)
			change(old, node);
	}
}

// As patch(), for the whole of what a view shows: who had the focus and was moved has it again.
export function show(parent, ...children) {
	const focus = document.activeElement;
	patch(parent, ...children);
	if (focus !== document.activeElement && parent.contains(focus))
		focus.focus({preventScroll: true});
}

function change(from, to) {
	if (from.nodeType !== Node.ELEMENT_NODE) {
		if (from.data !== to.data)
			from.data = to.data;
		return;
	}
	for (const {name} of [...from.attributes])
		if (!to.hasAttribute(name) && !PERSONS.has(name))
			from.removeAttribute(name);
	for (const {name, value} of to.attributes)
		if (from.getAttribute(name) !== value && !PERSONS.has(name))
			from.setAttribute(name, value);
	for (const name of HANDLERS)
		from[name] = to[name];
	patch(from, ...to.childNodes);
}

// With what would be seen as nothing, or turns text round, spelt out.
export function spelt(text) {
	return String(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu,
		sign => `\\u{${sign.codePointAt(0).toString(16)}}`);
}

// Octets of others, whose direction is their own. Nothing when there are none.
export function identifier(text, look = "id") {
	return text ? h("bdi", {class: look}, text) : null;
}

// One that stays in one piece.
export function address(text) {
	return identifier(text, "id address");
}

// To who does not see the page, once.
export function announce(text) {
	const line = h("p", {}, text);
	document.getElementById("news").append(line);
	setTimeout(() => line.remove(), NEWS_MS);
}
