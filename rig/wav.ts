/** Sound as samples of one channel, -32768 to 32767. */
export type Sound = { readonly rate: number; readonly samples: Int16Array };

/** QEMU's wav backend writes 44 bytes of header when it starts and fills in the lengths only when it ends. */
const headerSize = 44;

/** How QEMU's wav backend records when nothing else is asked for. */
const defaults = { rate: 44_100, channels: 2 } as const;

function header(rate: number, channels: number, dataLength: number): Buffer {
  const bytes = Buffer.alloc(headerSize);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + dataLength, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * channels * 2, 28);
  bytes.writeUInt16LE(channels * 2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(dataLength, 40);
  return bytes;
}

/** A wav file of a pure tone, 48 kHz and two channels, as a guest plays it. */
export function sineWave(tone: {
  readonly frequency: number;
  readonly seconds: number;
  readonly amplitude: number;
}): Buffer {
  const rate = 48_000;
  const frames = Math.round(tone.seconds * rate);
  const data = Buffer.alloc(frames * 4);
  for (let frame = 0; frame < frames; frame += 1) {
    const value = Math.round(
      32_767 * tone.amplitude * Math.sin((2 * Math.PI * tone.frequency * frame) / rate),
    );
    data.writeInt16LE(value, frame * 4);
    data.writeInt16LE(value, frame * 4 + 2);
  }
  return Buffer.concat([header(rate, 2, data.length), data]);
}

/**
 * The first channel of a recording, from byte `from` of the file on. The header's lengths are ignored: they are zero
 * while the recording machine runs. A file shorter than its header is silence.
 */
export function readSound(file: Buffer, from = headerSize): Sound {
  const whole = file.length >= headerSize && file.toString('latin1', 0, 4) === 'RIFF';
  const rate = whole ? file.readUInt32LE(24) || defaults.rate : defaults.rate;
  const channels = whole ? file.readUInt16LE(22) || defaults.channels : defaults.channels;
  const frame = channels * 2;
  const start = headerSize + Math.ceil(Math.max(0, from - headerSize) / frame) * frame;
  const count = Math.max(0, Math.floor((file.length - start) / frame));
  const samples = new Int16Array(count);
  for (let index = 0; index < count; index += 1) samples[index] = file.readInt16LE(start + index * frame);
  return { rate, samples };
}
