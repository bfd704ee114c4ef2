// Live captions: the microphone's sound goes to the service that this page is from, captions come back.

const RATE = 16000; // samples a second that are asked for; the browser resamples
const MOST_WAITING = 10; // seconds of sound that may wait for the network
const LAST_WORDS = 20; // seconds to wait for the last words

const $ = (id) => document.getElementById(id);

let talk = null; // the session that is going on
let offset = 0; // seconds of earlier sessions, so that times go on
const cues = []; // for the file: cut for reading, unlike the paragraphs that are shown

// ── a session ──

class Talk {
  #stream = null;
  #context = null;
  #recorder = null;
  #socket = null;
  #timer = 0;
  #skipped = 0; // seconds of sound that the network did not take
  #hasEnded = false;
  #isStopping = false;

  async start() {
    state("starting", "Waiting for the microphone …");
    try {
      this.#stream = await microphone();
      await this.#open();
    } catch (error) {
      this.#end(reason(error));
    }
  }

  async stop() {
    if (this.#hasEnded || this.#isStopping) return;
    this.#isStopping = true;
    state("stopping", "Waiting for the last words …");
    if (this.#socket?.readyState !== WebSocket.OPEN) return this.#end();
    this.#timer = setTimeout(() => this.#end("The last words did not come in time."), LAST_WORDS * 1000);
    this.#recorder.port.postMessage("rest"); // `null` follows it, and then "stop"
  }

  async #open() {
    let source;
    [this.#context, source] = listener(this.#stream);
    await this.#context.audioWorklet.addModule("recorder.js");
    await this.#context.resume();
    if (this.#hasEnded || this.#isStopping) return this.#end();
    this.#stream.getAudioTracks()[0].onended = () => {
      trouble("The microphone has gone.");
      this.stop();
    };
    this.#recorder = new AudioWorkletNode(this.#context, "recorder");
    this.#recorder.port.onmessage = ({ data }) => this.#heard(data);

    const url = new URL(`captions?rate=${this.#context.sampleRate}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => {
      source.connect(this.#recorder);
      this.#recorder.connect(this.#context.destination); // it says nothing there, and is not left out of the work
    };
    this.#socket.onmessage = ({ data }) => this.#told(JSON.parse(data));
    this.#socket.onclose = () => this.#end("The connection to this page's service was lost. What was said so far is kept.");
  }

  #heard(data) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (data === null) return this.#socket.send("stop");
    level(data.loudest);
    const second = 2 * this.#context.sampleRate;
    if (this.#socket.bufferedAmount > MOST_WAITING * second) {
      this.#skipped += data.samples.byteLength / second;
      trouble(`The network is too slow: ${Math.ceil(this.#skipped)} s of what was said were left out.`);
    } else {
      this.#socket.send(data.samples);
    }
  }

  #told(message) {
    if (message.type === "ready") {
      if (!this.#isStopping) state("listening", "Listening.");
    } else if (message.type === "heard") {
      heard(message);
      if (message.note !== undefined && !this.#isStopping) status(message.note || "Listening.");
    } else if (message.type === "end") {
      if (message.seconds) offset += message.seconds;
      this.#end(message.error || (this.#isStopping ? "" : "The session was long enough. Start again to go on."));
    }
  }

  #end(error = "") {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context?.close();
    this.#socket?.close();
    talk = null;
    level(0);
    if (error) keepBeingSaid();
    beingSaid({});
    offset = Math.max(offset, cues.at(-1)?.end ?? 0);
    if (error) trouble(error);
    state("idle", error ? "Stopped." : "Ready.");
  }
}

function microphone() {
  if (!navigator.mediaDevices) throw new Error("A browser gives the microphone only to pages of this machine, or over https.");
  // What is meant for the ears of people on a call makes speech harder to recognise.
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio });
}

function listener(stream) {
  for (const wanted of [{ sampleRate: RATE }, {}]) {
    const context = new AudioContext(wanted);
    try {
      return [context, context.createMediaStreamSource(stream)];
    } catch (error) {
      context.close();
      if (!wanted.sampleRate) throw error; // else a browser that does not resample a microphone
    }
  }
}

function reason(error) {
  const known = {
    NotAllowedError: "The browser was told not to give the microphone to this page. Its settings can change that.",
    NotFoundError: "There is no microphone.",
    NotReadableError: "The microphone cannot be used; another program may have it.",
  };
  return known[error.name] ?? error.message;
}

// ── what is shown ──

function heard({ over = [], cues: more = [], now }) {
  const follow = $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 80;
  for (const cue of more) cues.push({ ...cue, start: cue.start + offset, end: cue.end + offset });
  for (const caption of over) $("captions").append(paragraph(caption));
  if (now) beingSaid(now);
  $("empty").hidden = true;
  $("download").disabled = cues.length === 0;
  if (follow) $("scroll").scrollTop = $("scroll").scrollHeight;
}

function paragraph({ start, speaker, text }) {
  const made = document.createElement("p");
  made.className = "caption";
  const time = document.createElement("time");
  time.textContent = clock((start ?? 0) + offset);
  const words = document.createElement("span");
  if (speaker !== null) {
    const who = document.createElement("b");
    who.textContent = name(speaker);
    who.style.setProperty("--speaker", speaker);
    words.append(who);
  }
  words.append(text);
  made.append(time, words);
  return made;
}

function beingSaid({ start, said = "", maybe = "" }) {
  $("now").hidden = !(said || maybe);
  $("now").firstElementChild.textContent = start === undefined ? "" : clock((start ?? 0) + offset);
  $("said").textContent = said;
  $("maybe").textContent = maybe;
}

// Where the connection was lost, nobody will say any more how these words end.
function keepBeingSaid() {
  if ($("now").hidden) return;
  const kept = $("now").cloneNode(true);
  for (const each of [kept, ...kept.querySelectorAll("[id]")]) each.removeAttribute("id");
  kept.removeAttribute("aria-live");
  $("captions").append(kept);
}

// "idle", "starting", "listening" or "stopping"
function state(is, text) {
  $("toggle").dataset.state = is;
  $("toggle").disabled = is === "stopping";
  $("toggle").lastElementChild.textContent = is === "idle" ? "Start" : "Stop";
  $("clear").disabled = is !== "idle" || !$("captions").hasChildNodes();
  status(text);
}

function status(text) {
  $("status").textContent = text;
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function level(loudest) {
  $("level").style.setProperty("--level", Math.min(1, Math.sqrt(loudest)));
}

const name = (speaker) => `Speaker ${Number(speaker) + 1}`;

function clock(seconds) {
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// ── the file ──

function webvtt() {
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("-->", "--&gt;");
  const time = (seconds) => new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23);
  const blocks = cues.map(({ start, end, speaker, text }) => {
    const who = speaker === null ? "" : `<v ${name(speaker)}>`;
    return `${time(start)} --> ${time(Math.max(end, start + 0.001))}\n${who}${escaped(text)}\n`;
  });
  return ["WEBVTT\n", ...blocks].join("\n");
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([webvtt()], { type: "text/vtt" }));
  link.download = `captions-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.vtt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function clear() {
  $("captions").replaceChildren();
  cues.length = offset = 0;
  $("empty").hidden = false;
  $("download").disabled = $("clear").disabled = true;
  trouble("");
}

$("toggle").onclick = () => {
  if (talk) return talk.stop();
  trouble("");
  talk = new Talk();
  return talk.start();
};
$("download").onclick = download;
$("clear").onclick = clear;
