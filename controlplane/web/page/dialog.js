// SPDX-License-Identifier: BSD-3-Clause
// A question before something changes. The answer stands in the dialog itself when it is a refusal.

import {h} from "./dom.js";

// fields: elements with names; act(values): does it, and throws what is then shown. Resolves to
// what act() came to, or to undefined when the person thought better of it.
export function confirm({title, text, fields = [], action, act}) {
	const {promise, resolve} = Promise.withResolvers();
	const problem = h("p", {class: "problem", role: "alert"});
	const go = h("button", {class: "danger"}, action);
	let result;
	async function submit(event) {
		event.preventDefault();
		go.disabled = true;
		problem.textContent = "";
		try {
			result = await act(Object.fromEntries(new FormData(event.currentTarget)));
			dialog.close();
		} catch (error) {
			problem.textContent = error.message;
			go.disabled = false;
		}
	}
	const dialog = h("dialog", {"aria-labelledby": "question"},
		h("form", {onsubmit: submit},
			h("h2", {id: "question"}, title),
			h("p", {}, text),
			fields,
			problem,
			h("div", {class: "actions"},
				h("button", {type: "button", onclick: () => dialog.close()}, "Cancel"),
				go)));
	dialog.addEventListener("close", () => {
		dialog.remove();
		resolve(result);
	});
	document.body.append(dialog);
	dialog.showModal();
	return promise;
}

// A field with its label; props are the control's, and have its name.
export function field(label, tag, props, ...children) {
	const id = `field-${props.name}`;
	return h("p", {class: "field", key: id}, h("label", {for: id}, label),
		h(tag, {id, ...props}, ...children));
}
