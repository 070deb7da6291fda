import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTone, judgeSound } from '../../rig/tone.ts';
import { readSound, type Sound, sineWave } from '../../rig/wav.ts';

const rate = 44_100;

function sound(seconds: number, wave: (second: number) => number): Sound {
  const samples = new Int16Array(Math.round(seconds * rate));
  for (let index = 0; index < samples.length; index += 1) samples[index] = Math.round(wave(index / rate));
  return { rate, samples };
}

const sine =
  (frequency: number, amplitude = 12_000) =>
  (second: number): number =>
    amplitude * Math.sin(2 * Math.PI * frequency * second);

/** A generator with a fixed seed, so that a failure can be seen again (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('a tone of two seconds is found to half a hertz, wherever it lies between the lines of the spectrum', () => {
  for (const frequency of [438.4, 439.7, 440, 440.3, 441.9, 1000.25]) {
    const judged = judgeSound(sound(2, sine(frequency)));
    assert.ok(
      Math.abs((judged.frequency ?? 0) - frequency) < 0.5,
      `${frequency} was judged ${judged.frequency}`,
    );
    assert.ok(judged.energyShare > 0.99);
    assert.ok(Math.abs(judged.loudSeconds - 2) < 0.01);
  }
});

test('440 Hz is the tone, its neighbours are not', () => {
  assert.ok(isTone(judgeSound(sound(2, sine(440)))));
  for (const frequency of [430, 437, 443, 466.2, 880]) {
    assert.ok(!isTone(judgeSound(sound(2, sine(frequency)))), `${frequency}`);
  }
});

test('a short tone inside a long silence is measured where it is', () => {
  const judged = judgeSound(sound(8, (second) => (second > 3 && second < 5 ? sine(440)(second) : 0)));
  assert.ok(isTone(judged));
  assert.ok(Math.abs(judged.loudSeconds - 2) < 0.02);
});

test('silence, and a whisper below the threshold, are silent', () => {
  for (const amplitude of [0, 400]) {
    const judged = judgeSound(sound(2, sine(440, amplitude)));
    assert.equal(judged.silent, true);
    assert.equal(judged.frequency, null);
    assert.equal(judged.max, amplitude === 0 ? 0 : judged.max);
  }
  assert.equal(judgeSound({ rate, samples: new Int16Array(0) }).silent, true);
});

test('noise is loud and is no tone', () => {
  const next = random(7);
  const judged = judgeSound(sound(2, () => (next() - 0.5) * 20_000));
  assert.equal(judged.silent, false);
  assert.ok(judged.energyShare < 0.1, `${judged.energyShare}`);
  assert.ok(!isTone(judged));
});

test('a tone under noise is found, and its share says how clean it is', () => {
  const next = random(11);
  const judged = judgeSound(sound(2, (second) => sine(440)(second) + (next() - 0.5) * 6000));
  assert.ok(Math.abs((judged.frequency ?? 0) - 440) < 0.5);
  assert.ok(judged.energyShare > 0.9 && judged.energyShare < 0.999);
});

test('a dropout is a gap; a pure tone has none', () => {
  const broken = judgeSound(sound(2, (second) => (second > 1 && second < 1.05 ? 0 : sine(440)(second))));
  assert.ok(Math.abs(broken.longestGapMs - 50) < 2, `${broken.longestGapMs}`);
  assert.ok(!isTone(broken));
  assert.ok(judgeSound(sound(2, sine(440))).longestGapMs < 1);
});

test("the guest's tone survives the way through its file", () => {
  const played = readSound(sineWave({ frequency: 440, seconds: 2, amplitude: 0.5 }));
  assert.equal(played.rate, 48_000);
  assert.equal(played.samples.length, 96_000);
  assert.ok(isTone(judgeSound(played)));
});

test('a recording that is still being made has no lengths in its header, and is read', () => {
  const file = sineWave({ frequency: 440, seconds: 2, amplitude: 0.5 });
  file.writeUInt32LE(0, 4);
  file.writeUInt32LE(0, 40);
  assert.ok(isTone(judgeSound(readSound(file))));
  // From an odd byte on: the reader starts at the next whole frame, so the channels are not mixed up.
  assert.ok(isTone(judgeSound(readSound(file, 44 + 4001))));
  assert.equal(readSound(Buffer.alloc(10)).samples.length, 0);
});
