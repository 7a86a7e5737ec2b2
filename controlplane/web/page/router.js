// SPDX-License-Identifier: BSD-3-Clause
// Where one is, in the address's fragment: #/calls?search=alice, #/calls/CALL-ID.

// {name, args, query}
export function here() {
	const [path, query] = location.hash.replace(/^#\/?/, "").split("?", 2);
	const [name, ...args] = path.split("/").map(part => {
		try {
			return decodeURIComponent(part);
		} catch {
			return part;
		}
	});
	return {name: name || "overview", args, query: Object.fromEntries(new URLSearchParams(query))};
}

export function path(parts, query = {}) {
	const said = Object.entries(query).filter(([, value]) => value);
	return `#/${parts.map(encodeURIComponent).join("/")}` +
		(said.length ? `?${new URLSearchParams(said)}` : "");
}

// The same view with another query; the way back leads to where one was before the view.
export function requery(parts, query) {
	history.replaceState(null, "", path(parts, query));
	dispatchEvent(new Event("hashchange"));
}
