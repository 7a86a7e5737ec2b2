// SPDX-License-Identifier: BSD-3-Clause
// The relay's API by HTTP: what controlplane/api/*.proto says, with JSON in the messages' shapes.

const SERVICES = {
	Relay: "tandem.relay.v1.Relay",
	Shed: "tandem.shed.v1.Shed",
	Turn: "tandem.turn.v1.Turn",
};
const RETRY_MS = 5000;
const PATIENCE_MS = 15000;

// "expired": nobody is signed in any longer; "reached", "lost": the control plane answers, or not.
export const relay = new EventTarget();

// The relay said no: a status code of gRPC, and words for a person. Code 0: it said nothing.
export class Refusal extends Error {
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

function tell(what) {
	relay.dispatchEvent(new Event(what));
}

async function fetched(path, options, signal) {
	const limit = AbortSignal.timeout(PATIENCE_MS);
	try {
		const answer = await fetch(path, {
			...options, cache: "no-store",
			signal: signal ? AbortSignal.any([signal, limit]) : limit,
		});
		const body = await answer.json();
		tell("reached");
		return [answer, body];
	} catch (error) {
		if (signal?.aborted)
			throw error;
		tell("lost");
		throw new Refusal(0, "The relay does not answer.");
	}
}

function post(path, body, signal) {
	return fetched(path, {
		method: "POST", headers: {"Content-Type": "application/json"},
		body: JSON.stringify(body),
	}, signal);
}

// method: "Relay/List". Throws Refusal.
export async function ask(method, request = {}, signal = undefined) {
	const [answer, body] = await post(address(method), request, signal);
	if (answer.status === 401)
		tell("expired");
	if (!answer.ok)
		throw new Refusal(body.code, body.message);
	return body;
}

function address(method) {
	const [service, name] = method.split("/");
	return `/api/${SERVICES[service]}/${name}`;
}

// Each message of a stream goes to `hear` until the signal aborts; none while nobody looks.
export function listen(method, request, hear, signal) {
	let source, timer;
	function stop() {
		clearTimeout(timer);
		source?.close();
		source = null;
	}
	function start() {
		stop();
		if (document.hidden || signal.aborted)
			return;
		const query = new URLSearchParams(request).toString();
		source = new EventSource(address(method) + (query && `?${query}`));
		source.onmessage = ({data}) => hear(JSON.parse(data));
		source.onerror = () => {
			if (source?.readyState === EventSource.CLOSED)
				timer = setTimeout(start, RETRY_MS);
		};
	}
	document.addEventListener("visibilitychange", start, {signal});
	signal.addEventListener("abort", stop);
	start();
}

// {name, role} of who is signed in, by cookie or by certificate; null: nobody.
export async function whoami() {
	const [answer, who] = await fetched("/whoami", {});
	return answer.ok ? who : null;
}

// {name, role}. Throws Refusal.
export async function signIn(token) {
	const [answer, body] = await post("/login", {token});
	if (!answer.ok)
		throw new Refusal(body.code, body.message);
	return body;
}

export function signOut() {
	return post("/logout", {});
}
