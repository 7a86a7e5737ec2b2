// SPDX-License-Identifier: BSD-3-Clause
// What a page lacks for who cannot see it, or not well; the body of a function that returns texts.

const found = [];
const complain = (element, text) =>
	found.push(`${text}: ${(element.outerHTML ?? "").slice(0, 160)}`);
const seen = element => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
const all = selector => [...document.querySelectorAll(selector)].filter(seen);

if (!document.documentElement.lang)
	complain(document.documentElement, "no language");
if (document.querySelectorAll("main").length !== 1)
	complain(document.body, "not one main landmark");
if (all("h1").length !== 1)
	complain(document.body, `${all("h1").length} first headings`);
let level = 0;
for (const heading of all("h1, h2, h3, h4, h5, h6")) {
	const now = Number(heading.tagName[1]);
	if (now > level + 1)
		complain(heading, `a heading of level ${now} below one of ${level}`);
	level = now;
}
const ids = [...document.querySelectorAll("[id]")].map(({id}) => id);
ids.filter((id, i) => ids.indexOf(id) !== i)
	.forEach(id => complain(document.body, `two of id ${id}`));
for (const table of all("table")) {
	if (!table.caption?.textContent)
		complain(table, "a table without caption");
	const heads = [...table.querySelectorAll("thead th")];
	if (!heads.every(head => head.scope === "col" && head.textContent))
		complain(table, "a column without head");
	if (![...table.querySelectorAll("tbody tr")].every(row => row.querySelector("th[scope=row]")))
		complain(table, "a row without head");
}
for (const picture of all("svg:not([aria-hidden]), img:not([alt])"))
	if (picture.getAttribute("role") !== "img" || !picture.getAttribute("aria-label"))
		complain(picture, "a picture without words");
for (const [name, selector] of [["nav", "nav"], ["section", "section"]])
	for (const landmark of all(selector))
		if (!landmark.getAttribute("aria-label"))
			complain(landmark, `a ${name} without name`);
for (const element of document.querySelectorAll("[style], script:not([src]), style, [onclick]"))
	complain(element, "something inline");
for (const element of all("a[href], button, input, select, summary"))
	if (element.getBoundingClientRect().height < 18 && !element.closest(".skip"))
		complain(element, "too small to be hit");

// --- contrast (WCAG 1.4.3) -----------------------------------------------------------------------

const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
	.getContext("2d", {willReadFrequently: true});

// Of colours over each other, the last one above: its red, green and blue.
function painted(colours) {
	canvas.clearRect(0, 0, 1, 1);
	for (const colour of colours) {
		canvas.fillStyle = colour;
		canvas.fillRect(0, 0, 1, 1);
	}
	return canvas.getImageData(0, 0, 1, 1).data;
}

function luminance(data) {
	const [r, g, b] = [...data].slice(0, 3).map(value => {
		const part = value / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(element) {
	const grounds = [];
	for (let one = element; one; one = one.parentElement)
		grounds.unshift(getComputedStyle(one).backgroundColor);
	const ground = luminance(painted(grounds));
	const ink = luminance(painted([...grounds, getComputedStyle(element).color]));
	return (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
}

const poor = new Set();
for (const element of all("body *")) {
	const says = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
	if (!says || element.closest(":disabled, .unseen, .skip, dialog, noscript") ||
	    document.querySelector("dialog[open]"))
		continue;
	const ratio = contrast(element);
	const look = `${element.tagName} ${element.className}`;
	if (ratio < 4.5 && !poor.has(look)) {
		poor.add(look);
		complain(element, `contrast of ${ratio.toFixed(2)}`);
	}
}
return found;
