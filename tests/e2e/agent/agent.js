// SPDX-License-Identifier: BSD-3-Clause
// One participant who has SIP by JsSIP: it registers, and calls and is called as the test says.
"use strict";

const TOLD = ["progress", "confirmed", "ended", "failed", "hold", "unhold"];
let agent, session, stream, told = [];

// script: JsSIP; proxy: the URL of its WebSocket; user: a SIP URI.
async function register({frequency, script, proxy, user}) {
	await load(script);
	stream = await play({frequency});
	agent = new JsSIP.UA({
		sockets: [new JsSIP.WebSocketInterface(proxy)],
		connection_recovery_min_interval: 1,
		session_timers: false,
		uri: user,
	});
	agent.on("newRTCSession", ({session}) => take(session));
	return new Promise((done, failed) => {
		agent.on("registered", () => done());
		agent.on("registrationFailed", ({cause}) => failed(cause));
		agent.start();
	});
}

function load(source) {
	return new Promise((done, failed) => {
		const script = Object.assign(document.createElement("script"), {src: source});
		script.onload = () => done();
		script.onerror = () => failed(`no ${source}: it is made by make`);
		document.head.append(script);
	});
}

// The newest call is the one that the test means.
function take(newest) {
	session = newest;
	told = [];
	const mine = told;
	for (const name of TOLD)
		session.on(name, ({originator, cause} = {}) => mine.push(`${name} ${originator} ${cause || ""}`));
	session.on("refer", ({accept}) => accept(() => {}, sound()));
	session.on("peerconnection", ({peerconnection}) => attend(peerconnection));
	if (session.connection)
		attend(session.connection);
}

function attend(connection) {
	if (peer === connection)
		return;
	peer = connection;
	listen();
}

// A call's own tracks: JsSIP disables those of a call on hold.
function sound() {
	return {mediaStream: stream.clone()};
}

function call(user) {
	agent.call(user, sound());
}

function isCalled() {
	return session?.direction === "incoming" && session.isInProgress();
}

function pickUp() {
	session.answer(sound());
}

function hold() {
	session.hold();
}

function unhold() {
	session.unhold();
}

function refer(user) {
	session.refer(user, {eventHandlers: {accepted: () => told.push("referred")}});
}

function events() {
	return told;
}

function end() {
	session.terminate();
}
