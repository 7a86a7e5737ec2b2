// SPDX-License-Identifier: BSD-3-Clause
// One view while it is looked at: what it asks the relay for, and what it shows.

import {ask} from "./api.js";
import {h, show} from "./dom.js";
import {every} from "./live.js";

const ROLES = ["viewer", "operator", "admin"];

export class Page {
	#root;
	#troubles = new Map();

	// route: of router.js; who: {name, role}; signal: aborts when another view comes.
	constructor(root, {args, query}, who, signal) {
		this.#root = root;
		Object.assign(this, {args, query, who, signal, render: () => [], requery: () => {}});
	}

	may(role) {
		return ROLES.indexOf(this.who.role) >= ROLES.indexOf(role);
	}

	draw() {
		if (!this.signal.aborted)
			show(this.#root, this.render());
	}

	// Asks every so many seconds; returns a function that asks at once. request(): the message, or
	// null: not now. refused(error): true: it is dealt with.
	poll(seconds, method, request, take, refused = () => false) {
		return every(seconds, async () => {
			const message = request();
			if (!message)
				return;
			try {
				const reply = await ask(method, message, this.signal);
				// Meanwhile another thing was asked for, and will be.
				if (JSON.stringify(message) !== JSON.stringify(request()))
					return;
				this.#troubles.delete(method);
				take(reply);
			} catch (error) {
				if (this.signal.aborted)
					return;
				// That the relay is silent is said for all views at once.
				if (error.code !== 0 && !refused(error))
					this.#troubles.set(method, error.message);
			}
			this.draw();
		}, this.signal);
	}

	// What could not be had, for the top of the view.
	troubles() {
		return [...new Set(this.#troubles.values())].map(text =>
			h("p", {class: "problem", role: "alert", key: text}, text));
	}
}
