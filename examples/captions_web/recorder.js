// What the microphone hears, as 16-bit samples of one channel, a tenth of a second at a time.
// Runs on the audio thread. Any message to it is a request for the rest; `null` says that there is no more.

class Recorder extends AudioWorkletProcessor {
  #chunk = new Int16Array(Math.round(sampleRate / 10));
  #filled = 0;
  #loudest = 0;
  #isOver = false;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#isOver = true;
      this.#post();
      this.port.postMessage(null);
    };
  }

  process([channels]) {
    // No channels at all: the microphone gives nothing at the moment.
    for (let at = 0; at < (channels[0]?.length ?? 0) && !this.#isOver; at++) {
      let sample = 0;
      for (const channel of channels) sample += channel[at] / channels.length;
      sample = Math.max(-1, Math.min(1, sample));
      this.#loudest = Math.max(this.#loudest, Math.abs(sample));
      this.#chunk[this.#filled++] = Math.round(sample * 32767); // little-endian, as every machine with a browser is
      if (this.#filled === this.#chunk.length) this.#post();
    }
    return !this.#isOver;
  }

  #post() {
    const samples = this.#chunk.slice(0, this.#filled);
    if (samples.length) this.port.postMessage({ samples: samples.buffer, loudest: this.#loudest }, [samples.buffer]);
    this.#filled = this.#loudest = 0;
  }
}

registerProcessor("recorder", Recorder);
