// SPDX-License-Identifier: BSD-3-Clause
// What is done again and again while somebody looks.

// Does `job` now and `seconds` after it was done, until the signal aborts. Returns a function that
// has it done at once.
export function every(seconds, job, signal) {
	let timer, runs = false, again = false;
	async function run() {
		clearTimeout(timer);
		again = runs;
		if (runs || document.hidden || signal.aborted)
			return;
		runs = true;
		await job();
		runs = false;
		if (again)
			run();
		else if (!signal.aborted)
			timer = setTimeout(run, 1000 * seconds);
	}
	document.addEventListener("visibilitychange", run, {signal});
	signal.addEventListener("abort", () => clearTimeout(timer));
	run();
	return run;
}

// A second's growth of counters that are read now and then: of the last two readings.
export class Rates {
	#before = new Map();
	#at = 0;

	// counts: [name, number]; returns {name: a second}, empty the first time.
	read(counts) {
		const now = performance.now(), seconds = (now - this.#at) / 1000;
		const rates = {};
		for (const [name, count] of counts) {
			const before = this.#before.get(name);
			if (before !== undefined && count >= before)
				rates[name] = (count - before) / seconds;
		}
		this.#before = new Map(counts);
		this.#at = now;
		return rates;
	}
}
