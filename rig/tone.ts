import type { Sound } from './wav.ts';

/** What a recording holds. Frequencies in Hz; `energyShare` is 0 to 1. */
export type SoundJudgement = {
  readonly silent: boolean;
  /** Between the first and the last loud sample. */
  readonly loudSeconds: number;
  /** The strongest frequency, interpolated between the lines of the spectrum; null in silence. */
  readonly frequency: number | null;
  /** Share of the energy that lies around that frequency: near 1 for a pure tone, small for noise. */
  readonly energyShare: number;
  readonly max: number;
  /** The longest quiet stretch inside the loud part: a dropout. */
  readonly longestGapMs: number;
};

/** Below this a sample counts as quiet: 1.5 % of full scale. */
const loud = 500;

/** 2^16 samples at 44.1 kHz are 1.5 s: lines of 0.7 Hz, and interpolation makes that 0.05 Hz for a clean tone. */
const longestWindow = 1 << 16;

export function judgeSound(sound: Sound): SoundJudgement {
  const { rate, samples } = sound;
  let max = 0;
  let first = -1;
  let last = -1;
  for (let index = 0; index < samples.length; index += 1) {
    const size = Math.abs(samples[index] ?? 0);
    if (size > max) max = size;
    if (size > loud) {
      if (first < 0) first = index;
      last = index;
    }
  }
  if (first < 0)
    return { silent: true, loudSeconds: 0, frequency: null, energyShare: 0, max, longestGapMs: 0 };
  const part = samples.subarray(first, last + 1);
  let window = longestWindow;
  while (window > part.length && window > 1024) window >>= 1;
  const start = Math.max(0, (part.length - window) >> 1);
  const peak = spectrumPeak(part.subarray(start, start + window), window, rate);
  return {
    silent: false,
    loudSeconds: part.length / rate,
    frequency: peak.frequency,
    energyShare: peak.share,
    max,
    longestGapMs: (longestQuiet(part) / rate) * 1000,
  };
}

/** A sine passes through zero for a few samples; only what stays quiet for longer is a gap. */
function longestQuiet(samples: Int16Array): number {
  let longest = 0;
  let current = 0;
  for (const sample of samples) {
    current = Math.abs(sample) > loud ? 0 : current + 1;
    if (current > longest) longest = current;
  }
  return longest;
}

function spectrumPeak(samples: Int16Array, size: number, rate: number): { frequency: number; share: number } {
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  // The Hann window: without it the two ends of the cut smear the line over the whole spectrum.
  for (let index = 0; index < samples.length; index += 1) {
    real[index] = (samples[index] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * index) / (size - 1)));
  }
  fourierTransform(real, imaginary);
  const power = new Float64Array(size / 2);
  let total = 0;
  let peak = 1;
  for (let line = 1; line < size / 2; line += 1) {
    power[line] = (real[line] ?? 0) ** 2 + (imaginary[line] ?? 0) ** 2;
    total += power[line] ?? 0;
    if ((power[line] ?? 0) > (power[peak] ?? 0)) peak = line;
  }
  // A parabola through the logarithms of the three highest lines: the Hann line is nearly a Gauss curve.
  const height = (line: number): number => Math.log(Math.max(power[line] ?? 0, 1e-9));
  const [left, middle, right] = [height(peak - 1), height(peak), height(peak + 1)];
  const bend = left - 2 * middle + right;
  const shift = bend === 0 ? 0 : (0.5 * (left - right)) / bend;
  let near = 0;
  for (let line = Math.max(1, peak - 3); line <= peak + 3; line += 1) near += power[line] ?? 0;
  return { frequency: ((peak + shift) * rate) / size, share: total === 0 ? 0 : near / total };
}

/** The radix-2 transform of Cooley and Tukey, in place; the length is a power of two. */
function fourierTransform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let index = 1, mirror = 0; index < size; index += 1) {
    let bit = size >> 1;
    for (; (mirror & bit) !== 0; bit >>= 1) mirror ^= bit;
    mirror ^= bit;
    if (index < mirror) {
      [real[index], real[mirror]] = [real[mirror] ?? 0, real[index] ?? 0];
      [imaginary[index], imaginary[mirror]] = [imaginary[mirror] ?? 0, imaginary[index] ?? 0];
    }
  }
  for (let span = 2; span <= size; span <<= 1) {
    const half = span >> 1;
    for (let offset = 0; offset < half; offset += 1) {
      const angle = (-2 * Math.PI * offset) / span;
      const cosine = Math.cos(angle);
      const sine = Math.sin(angle);
      for (let low = offset; low < size; low += span) {
        const high = low + half;
        const [a, b] = [real[high] ?? 0, imaginary[high] ?? 0];
        const turnedReal = a * cosine - b * sine;
        const turnedImaginary = a * sine + b * cosine;
        real[high] = (real[low] ?? 0) - turnedReal;
        imaginary[high] = (imaginary[low] ?? 0) - turnedImaginary;
        real[low] = (real[low] ?? 0) + turnedReal;
        imaginary[low] = (imaginary[low] ?? 0) + turnedImaginary;
      }
    }
  }
}

/** The tone that the rig's guests play: 440 Hz within 2 Hz, nearly alone, for most of its two seconds, unbroken. */
export function isTone(judgement: SoundJudgement, frequency = 440): boolean {
  return (
    judgement.frequency !== null &&
    Math.abs(judgement.frequency - frequency) <= 2 &&
    judgement.energyShare > 0.9 &&
    judgement.loudSeconds > 1 &&
    judgement.longestGapMs < 20
  );
}

export function describeSound(judgement: SoundJudgement): string {
  if (judgement.frequency === null) return `silence (largest sample ${judgement.max})`;
  const share = (judgement.energyShare * 100).toFixed(1);
  return `${judgement.frequency.toFixed(1)} Hz, ${share} % of the energy, ${judgement.loudSeconds.toFixed(2)} s, longest gap ${judgement.longestGapMs.toFixed(1)} ms`;
}
