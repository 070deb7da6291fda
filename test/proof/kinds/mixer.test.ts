import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixerClosed, mixerOpen, mixerParse, mixerRestore } from '../../../src/proof/kinds/mixer.ts';
import { StandIn } from '../stand-in.ts';

// Constructed, in the form of `amixer contents` of alsa-utils 1.2.
const CONTENTS = `numid=9,iface=CARD,name='Line Out Front Jack'
  ; type=BOOLEAN,access=r-------,values=1
  : values=on
numid=6,iface=MIXER,name='Master Playback Switch'
  ; type=BOOLEAN,access=rw------,values=1
  : values=off
numid=5,iface=MIXER,name='Master Playback Volume'
  ; type=INTEGER,access=rw---R--,values=1,min=0,max=74,step=0
  : values=20
  | dBscale-min=-74.00dB,step=1.00dB,mute=0
numid=7,iface=MIXER,name='Auto-Mute Mode'
  ; type=ENUMERATED,access=rw------,values=1,items=2
  ; Item #0 'Disabled'
  ; Item #1 'Enabled'
  : values=1
numid=8,iface=MIXER,name='IEC958 Playback Switch',index=1
  ; type=BOOLEAN,access=r-------,values=1
  : values=on
numid=4,iface=PCM,name='Playback Channel Map'
  ; type=INTEGER,access=r----R--,values=2,min=0,max=36,step=0
  : values=0,0
  | container
    | chmap-fixed=FL,FR
`;

test('elements of the mixer, and of nothing else', () => {
  const elements = mixerParse(CONTENTS);
  assert.deepEqual(
    elements.map((e) => e.name),
    ['Master Playback Switch', 'Master Playback Volume', 'Auto-Mute Mode', 'IEC958 Playback Switch,1'],
  );
  assert.deepEqual(elements[1], {
    numid: 5,
    name: 'Master Playback Volume',
    type: 'INTEGER',
    writable: true,
    min: 0,
    max: 74,
    values: ['20'],
  });
  assert.equal(elements[3]!.writable, false);
});

type Row = [name: string, values: string];
const elementsOf = (rows: readonly Row[]): ReturnType<typeof mixerParse> =>
  mixerParse(
    rows
      .map(([full, values], i) => {
        const [name, index] = full.split(',');
        const id = `numid=${i + 1},iface=MIXER,name='${name}'${index ? `,index=${index}` : ''}`;
        const limits = full.includes('Volume') ? ',min=0,max=31' : '';
        return `${id}\n  ; type=${limits ? 'INTEGER' : 'BOOLEAN'},access=rw------,values=2${limits}\n  : values=${values}\n`;
      })
      .join(''),
  );

const closed: [string, Row[], string[]][] = [
  ['nothing to mute with', [], []],
  [
    'all open',
    [
      ['Master Playback Switch', 'on'],
      ['Master Playback Volume', '20'],
    ],
    [],
  ],
  [
    'master off',
    [
      ['Master Playback Switch', 'off'],
      ['Master Playback Volume', '20'],
    ],
    ['Master Playback Switch'],
  ],
  [
    'master at the foot',
    [
      ['Master Playback Switch', 'on'],
      ['Master Playback Volume', '0,0'],
    ],
    ['Master Playback Volume'],
  ],
  [
    'one channel of two is heard',
    [
      ['Master Playback Switch', 'off,on'],
      ['Master Playback Volume', '0,7'],
    ],
    [],
  ],
  [
    'PCM at the foot',
    [
      ['Master Playback Switch', 'on'],
      ['PCM Playback Volume', '0,0'],
    ],
    ['PCM Playback Volume'],
  ],
  [
    'one way out is enough',
    [
      ['Headphone Playback Switch', 'off,off'],
      ['Speaker Playback Switch', 'on,on'],
    ],
    [],
  ],
  [
    'a way out is its switch and its volume',
    [
      ['Speaker Playback Switch', 'on,on'],
      ['Speaker Playback Volume', '0,0'],
    ],
    ['Speaker Playback Volume'],
  ],
  [
    'no way out',
    [
      ['Master Playback Switch', 'on'],
      ['Headphone Playback Switch', 'off'],
      ['Line Out Playback Switch', 'off'],
    ],
    ['Headphone Playback Switch', 'Line Out Playback Switch'],
  ],
  [
    'loopbacks of inputs are no way out',
    [
      ['Front Mic Playback Switch', 'off'],
      ['Line Playback Switch', 'off'],
      ['Capture Switch', 'off'],
    ],
    [],
  ],
  [
    'digital only',
    [
      ['IEC958 Playback Switch', 'off'],
      ['IEC958 Playback Switch,1', 'off'],
    ],
    ['IEC958 Playback Switch', 'IEC958 Playback Switch,1'],
  ],
  [
    'digital beside analog counts not',
    [
      ['Front Playback Switch', 'off'],
      ['IEC958 Playback Switch', 'on'],
    ],
    ['Front Playback Switch'],
  ],
];
for (const [what, rows, names] of closed) {
  test(`the way out: ${what}`, () => {
    assert.deepEqual(
      mixerClosed(elementsOf(rows)).map((e) => e.name),
      names,
    );
  });
}

test('opening touches what closes or dims, and restoring puts back exactly that, last first', async () => {
  const machine = new StandIn();
  const volume = 'INTEGER,access=rw---R--,values=2,min=0,max=100,step=0';
  const flag = 'BOOLEAN,access=rw------,values=2';
  machine.mixer = [
    { numid: 1, name: 'Master Playback Volume', type: volume, values: '3,90' },
    { numid: 2, name: 'Master Playback Switch', type: flag, values: 'off,on' },
    { numid: 3, name: 'Speaker Playback Switch', type: flag, values: 'on,on' },
    { numid: 4, name: 'Headphone Playback Switch', type: flag, values: 'off,off' },
    { numid: 5, name: 'Capture Switch', type: flag, values: 'off,off' },
    { numid: 6, name: 'PCM Playback Volume', type: volume.replace('rw', 'r-'), values: '0,0' },
  ];
  const before = structuredClone(machine.mixer);
  const contents = (): ReturnType<typeof mixerParse> =>
    mixerParse(
      machine.mixer
        .map(
          (e) =>
            `numid=${e.numid},iface=MIXER,name='${e.name}'\n  ; type=${e.type}\n  : values=${e.values}\n`,
        )
        .join(''),
    );
  const changed: ReturnType<typeof mixerParse> = [];
  await mixerOpen(machine.view(), 3, contents(), changed);
  assert.deepEqual(
    machine.mixer.map((e) => e.values),
    ['80,90', 'on,on', 'on,on', 'off,off', 'off,off', '0,0'],
  );
  assert.deepEqual(await mixerRestore(machine.view(), 3, changed), []);
  assert.deepEqual(machine.mixer, before);
  assert.deepEqual(
    machine.ran('amixer').map((argv) => argv.join(' ')),
    [
      'amixer -D hw:3 -q cset numid=1 80,90',
      'amixer -D hw:3 -q cset numid=2 on,on',
      'amixer -D hw:3 -q cset numid=2 off,on',
      'amixer -D hw:3 -q cset numid=1 3,90',
      'amixer -D hw:3 contents',
    ],
  );
});

test('with every way out shut, all are opened', async () => {
  const machine = new StandIn();
  machine.mixer = [
    { numid: 3, name: 'Speaker Playback Switch', type: 'BOOLEAN,access=rw------,values=1', values: 'off' },
    { numid: 4, name: 'Headphone Playback Switch', type: 'BOOLEAN,access=rw------,values=1', values: 'off' },
  ];
  const text = machine.mixer.map(
    (e) => `numid=${e.numid},iface=MIXER,name='${e.name}'\n  ; type=${e.type}\n  : values=${e.values}\n`,
  );
  await mixerOpen(machine.view(), 0, mixerParse(text.join('')), []);
  assert.deepEqual(
    machine.mixer.map((e) => e.values),
    ['on', 'on'],
  );
});

test('what could not be put back is left as a command', async () => {
  const machine = new StandIn();
  const was = mixerParse(CONTENTS).slice(0, 2);
  machine.mixer = [
    { numid: 6, name: 'Master Playback Switch', type: 'BOOLEAN,access=rw------,values=1', values: 'on' },
  ];
  machine.agent = 'absent';
  assert.deepEqual(await mixerRestore(machine.view(), 0, was), [
    'amixer -D hw:0 -q cset numid=6 off',
    'amixer -D hw:0 -q cset numid=5 20',
  ]);
});
