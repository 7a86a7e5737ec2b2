// SPDX-License-Identifier: BSD-3-Clause
// One WebRTC participant: it sends a tone, and shows the test what it hears.
"use strict";

let peer, context, analyser, audio, source;

// codec: the one audio codec to speak, e.g. "PCMU"; absent: as the browser likes.
// turn: an RTCIceServer, by which alone it speaks then; absent: directly.
async function start({frequency, video, codec, turn}) {
	const sent = await play({frequency, video});
	const relayed = turn && {iceServers: [turn], iceTransportPolicy: "relay"};
	peer = new RTCPeerConnection({bundlePolicy: "max-bundle", ...relayed});
	listen();
	sent.getTracks().forEach(track => peer.addTrack(track, sent));
	prefer(codec);
}

// A stream to send: the tone, and what the camera sees if there is to be video.
async function play({frequency, video}) {
	// A page that may use the microphone may use every network interface for ICE.
	const camera = await navigator.mediaDevices.getUserMedia({
		audio: true,
		video: video ? {width: 320, height: 240, frameRate: 15} : false,
	});
	camera.getAudioTracks().forEach(track => track.stop());

	context = new AudioContext();
	analyser = new AnalyserNode(context, {fftSize: 32768});
	const tone = new OscillatorNode(context, {frequency});
	const sent = new MediaStreamAudioDestinationNode(context, {channelCount: 1});
	tone.connect(new GainNode(context, {gain: 0.5})).connect(sent);
	tone.start();
	camera.getVideoTracks().forEach(track => sent.stream.addTrack(track));
	return sent.stream;
}

function listen() {
	peer.addEventListener("track", ({track}) => track.kind === "audio" && hear(track));
}

function prefer(codec) {
	if (!codec)
		return;
	const {codecs} = RTCRtpReceiver.getCapabilities("audio");
	const wanted = codecs.filter(({mimeType}) => mimeType === `audio/${codec}`);
	for (const transceiver of peer.getTransceivers())
		if (transceiver.sender.track?.kind === "audio")
			transceiver.setCodecPreferences(wanted);
}

function hear(track) {
	const stream = new MediaStream([track]);
	// Chromium pulls a remote track only for an element that plays it.
	audio = new Audio();
	audio.muted = true;
	audio.srcObject = stream;
	audio.play();
	// A track comes again after a hold: heard twice, at two times, a tone may cancel itself.
	source?.disconnect();
	source = new MediaStreamAudioSourceNode(context, {mediaStream: stream});
	source.connect(analyser);
}

// A whole offer, as a browser sends it that does not trickle: with its candidates.
async function offer({iceRestart, direction} = {}) {
	if (direction)
		for (const transceiver of peer.getTransceivers())
			transceiver.direction = direction;
	await peer.setLocalDescription(await peer.createOffer({iceRestart}));
	return gathered();
}

async function answer(sdp) {
	await peer.setRemoteDescription({type: "offer", sdp});
	await peer.setLocalDescription();
	return gathered();
}

// early: another answer may follow (183, then 200).
async function accept(sdp, early) {
	await peer.setRemoteDescription({type: early ? "pranswer" : "answer", sdp});
}

function gathered() {
	return new Promise(done => {
		const look = () => peer.iceGatheringState === "complete" && done(peer.localDescription.sdp);
		peer.addEventListener("icegatheringstatechange", look);
		look();
	});
}

// The connection's state once it is one of the wanted ones.
function reached(states) {
	return new Promise(done => {
		const look = () => states.includes(peer.connectionState) && done(peer.connectionState);
		peer.addEventListener("connectionstatechange", look);
		look();
	});
}

async function stats() {
	return [...(await peer.getStats()).values()];
}

// The last 0.7 seconds of what was heard.
function samples() {
	const heard = new Float32Array(analyser.fftSize);
	analyser.getFloatTimeDomainData(heard);
	let octets = "";
	for (const octet of new Uint8Array(heard.buffer))
		octets += String.fromCharCode(octet);
	return {rate: context.sampleRate, octets: btoa(octets)};
}

// Ask the sender of the received video for a key frame (RTCP PLI).
function askKeyFrame() {
	const receiver = peer.getReceivers().find(({track}) => track.kind === "video");
	const script = new Blob([`onrtctransform = async ({transformer}) => {
		transformer.readable.pipeTo(transformer.writable);
		postMessage(await transformer.sendKeyFrameRequest().then(() => "", String));
	}`]);
	return new Promise((done, failed) => {
		const worker = new Worker(URL.createObjectURL(script));
		worker.onmessage = ({data}) => data ? failed(data) : done();
		receiver.transform = new RTCRtpScriptTransform(worker, {});
	});
}
