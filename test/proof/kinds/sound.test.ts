import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exercise } from '../../../src/proof/interrupts.ts';
import { kindOf } from '../../../src/proof/kinds/index.ts';
import { toneSamples } from '../../../src/proof/kinds/playback.ts';
import { sound } from '../../../src/proof/kinds/sound.ts';
import { patienceOf } from '../../../src/proof/patience.ts';
import type { Proof } from '../../../src/proof/proof.ts';
import { GuestSilent } from '../../../src/proof/view.ts';
import { CARD, IN_GUEST, StandIn } from '../stand-in.ts';

interface Seen {
  readonly exercise: Exercise | 'silent';
  readonly sound: Proof | undefined;
  readonly mixer: Proof | undefined;
}

type Ask = 'passive' | 'exercise' | 'tone';

async function observe(machine: StandIn, ask: Ask): Promise<Seen> {
  const proofs = new Map<string, Proof>();
  const question = {
    view: machine.view(),
    subject: CARD,
    fn: { address: IN_GUEST, vendor: '8086', device: '293e', class: '040300', irq: 26 },
    driver: 'snd_hda_intel',
    exercise: ask === 'exercise',
    tone: ask === 'tone',
    patience: patienceOf(machine.host(), 0, () => {}),
  };
  let exercise: Seen['exercise'];
  try {
    exercise = await sound.observe(question, (proof) => proofs.set(proof.name, proof));
  } catch (error) {
    assert.ok(error instanceof GuestSilent, `${error}`);
    exercise = 'silent';
  }
  return { exercise, sound: proofs.get('guest-sound'), mixer: proofs.get('guest-mixer') };
}

const machine = (change: Partial<StandIn> = {}): StandIn => Object.assign(new StandIn(), change);
const held = (state: string, moves: boolean): StandIn['holder'] => ({
  state,
  pid: 812,
  name: 'pipewire',
  moves,
});
const recorder = { state: 'PREPARED', pid: 812, name: 'arecord', moves: false, records: true };
const capture = ['card0', 'controlC0', 'pcmC0D0c'];
const hdmi = ['card0', 'controlC0', 'pcmC0D10p', 'pcmC0D3p', 'pcmC0D7p'];

const cases: [string, Partial<StandIn>, Ask, string, RegExp, boolean][] = [
  [
    'idle and only watched',
    {},
    'passive',
    'not-observable',
    /nothing plays on it; --exercise plays silence/,
    false,
  ],
  [
    'idle and exercised',
    {},
    'exercise',
    'proven',
    /hw:0,0 played 2 s of silence, its pointer at \d+ frames/,
    true,
  ],
  ['given a tone', {}, 'tone', 'proven', /hw:0,0 played 2 s of a tone of 440 Hz/, true],
  [
    'given a tone that never reached it',
    { aplay: 'slowly-nothing' },
    'tone',
    'not-observable',
    /its pointer was not seen to move/,
    false,
  ],
  [
    'playing for another',
    { holder: held('RUNNING', true) },
    'passive',
    'proven',
    /runs for pipewire \(812\), and its pointer moves/,
    false,
  ],
  [
    'playing for another, exercised',
    { holder: held('RUNNING', true) },
    'exercise',
    'proven',
    /pointer moves/,
    false,
  ],
  [
    'running, with its pointer standing',
    { holder: held('RUNNING', false) },
    'passive',
    'disproven',
    /stands at 4800/,
    false,
  ],
  [
    'held open by another',
    { holder: held('PREPARED', false) },
    'exercise',
    'not-observable',
    /pipewire \(812\) has it open/,
    false,
  ],
  ['open for recording only', { holder: recorder }, 'exercise', 'proven', /hw:0,0 played/, true],
  [
    'busy for no visible reason',
    { aplay: 'busy' },
    'exercise',
    'not-observable',
    /another program has it open/,
    false,
  ],
  [
    'stuck',
    { aplay: 'stuck' },
    'exercise',
    'disproven',
    /did not play silence to the end: .*write error: Input\/output error/,
    true,
  ],
  ['hanging for ever', { aplay: 'hangs' }, 'exercise', 'disproven', /did not end within 30 s/, true],
  [
    'without aplay',
    { aplay: 'missing' },
    'exercise',
    'not-observable',
    /no aplay\); run in the guest: speaker-test -D plughw:0,0/,
    false,
  ],
  [
    'not taking the format',
    { aplay: 'wrong' },
    'exercise',
    'not-observable',
    /Sample format non available/,
    false,
  ],
  ['where aplay ends at once', { aplay: 'deaf' }, 'exercise', 'not-observable', /ended after \d+ ms/, false],
  [
    'of another function',
    { cardDevice: '/sys/devices/pci0000:00/0000:00:1b.0' },
    'exercise',
    'disproven',
    /snd_hda_intel has made no sound card/,
    false,
  ],
  [
    'behind a DSP',
    { cardDevice: `/sys/devices/pci0000:00/${IN_GUEST}/skl_hda_dsp_generic` },
    'exercise',
    'proven',
    /hw:0,0 played/,
    true,
  ],
  [
    'without a PCM',
    { soundNames: ['card0', 'controlC0'] },
    'exercise',
    'disproven',
    /card 0 has no PCM/,
    false,
  ],
  ['that only records', { soundNames: capture }, 'exercise', 'not-observable', /only records/, false],
  ['whose first PCM is the third', { soundNames: hdmi }, 'exercise', 'proven', /hw:0,3 played/, true],
];
for (const [what, change, ask, state, why, exercised] of cases) {
  test(`a card ${what}: guest-sound is ${state}`, async () => {
    const seen = await observe(machine(change), ask);
    assert.deepEqual([seen.sound?.state, why.test(seen.sound?.why ?? '')], [state, true], seen.sound?.why);
    assert.equal(seen.sound!.subject, CARD);
    assert.equal((seen.exercise as Exercise).done, exercised, 'only our own playing calls for interrupts');
  });
}

const MUTED: StandIn['mixer'] = [
  { numid: 2, name: 'Master Playback Switch', type: 'BOOLEAN,access=rw------,values=1', values: 'off' },
  {
    numid: 1,
    name: 'Master Playback Volume',
    type: 'INTEGER,access=rw---R--,values=1,min=0,max=74',
    values: '0',
  },
];
const muted = (change: Partial<StandIn> = {}): StandIn =>
  machine({ mixer: structuredClone(MUTED), ...change });

test('the mixer: open, muted, unreadable, missing', async () => {
  assert.equal((await observe(machine(), 'passive')).mixer!.state, 'proven');
  const proof = (await observe(muted(), 'exercise')).mixer!;
  assert.equal(proof.state, 'disproven');
  assert.equal(proof.why, 'card 0 is muted: Master Playback Switch is off, Master Playback Volume is 0');
  assert.deepEqual(
    proof.evidence.map((e) => `${e.source} ${e.text}`),
    [
      'own:amixer -D hw:0 Master Playback Switch: values=off',
      'own:amixer -D hw:0 Master Playback Volume: values=0',
    ],
  );
  for (const amixer of ['missing', 'fails'] as const) {
    const unseen = (await observe(machine({ amixer }), 'tone')).mixer!;
    assert.equal(unseen.state, 'not-observable');
    assert.match(unseen.why, /run in the guest: amixer -D hw:0 scontents$/);
  }
});

test('silence is played through the mixer as it is', async () => {
  const m = muted();
  await observe(m, 'exercise');
  assert.deepEqual(m.mixer, MUTED);
  assert.deepEqual(m.ran('amixer'), [['amixer', '-D', 'hw:0', 'contents']]);
});

test('a tone opens a muted mixer, sounds, and leaves the mixer as it was: still called muted', async () => {
  const m = muted();
  const seen = await observe(m, 'tone');
  assert.deepEqual([seen.sound!.state, seen.mixer!.state], ['proven', 'disproven']);
  assert.deepEqual(m.mixer, MUTED);
  assert.deepEqual(
    m.programs.filter((p) => ['amixer', 'aplay'].includes(p.argv[0]!)).map((p) => p.argv.join(' ')),
    [
      'amixer -D hw:0 contents',
      'amixer -D hw:0 -q cset numid=2 on',
      'amixer -D hw:0 -q cset numid=1 59',
      'aplay -q -D plughw:0,0 -t raw -f S16_LE -r 16000 -c 1 -d 2 -',
      'amixer -D hw:0 -q cset numid=1 0',
      'amixer -D hw:0 -q cset numid=2 off',
      'amixer -D hw:0 contents',
    ],
  );
  const given = m.programs.find((p) => p.argv[0] === 'aplay')!.input;
  assert.deepEqual(given, toneSamples(), 'aplay got the tone');
});

for (const aplay of ['stuck', 'hangs', 'busy', 'missing', 'wrong'] as const) {
  test(`a tone that fails (${aplay}) leaves the mixer as it was`, async () => {
    const m = muted({ aplay });
    assert.notEqual((await observe(m, 'tone')).sound!.state, 'proven');
    assert.deepEqual(m.mixer, MUTED);
    assert.ok(m.ran('amixer').length > 2, 'it had been opened');
  });
}

test('a tone is not played over what plays, and then the mixer is not touched', async () => {
  for (const state of ['RUNNING', 'PREPARED']) {
    const m = muted({ holder: held(state, true) });
    await observe(m, 'tone');
    assert.deepEqual(m.ran('aplay'), []);
    assert.deepEqual(m.ran('amixer'), [['amixer', '-D', 'hw:0', 'contents']]);
  }
});

test('a mixer that cannot be put back is said aloud, with the commands', async () => {
  const stubborn = await observe(muted({ stubborn: true }), 'tone');
  assert.equal(stubborn.mixer!.state, 'disproven');
  assert.match(
    stubborn.mixer!.why,
    /could not be put back; run in the guest: amixer -D hw:0 -q cset numid=2 off; amixer -D hw:0 -q cset numid=1 0$/,
  );
  const gone = await observe(muted({ goneAt: (argv) => argv[0] === 'aplay' }), 'tone');
  assert.equal(gone.exercise, 'silent');
  assert.match(gone.mixer!.why, /could not be put back/);
});

test('the tone is 440 Hz, two seconds, half of full scale, and fits one command of the agent', () => {
  const bytes = toneSamples();
  const samples = new Int16Array(bytes.buffer);
  assert.equal(samples.length, 32_000);
  let crossings = 0;
  for (let i = 1; i < samples.length; i++) if (samples[i - 1]! < 0 && samples[i]! >= 0) crossings++;
  assert.ok(Math.abs(crossings / 2 - 440) <= 1, `${crossings / 2} Hz`);
  assert.ok(Math.max(...samples) <= 16_384 && Math.max(...samples) > 16_000);
  assert.ok((bytes.length * 4) / 3 < 90 * 1024);
});

test('sound is a kind of the classes 0401 and 0403, and of no other', () => {
  assert.equal(kindOf('040300'), sound);
  assert.equal(kindOf('040100'), sound);
  assert.equal(kindOf('040000'), null);
  assert.equal(kindOf('020000'), null);
});
