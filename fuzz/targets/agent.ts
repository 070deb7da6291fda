import assert from 'node:assert/strict';
import { commandRun } from '../../src/cli/command-run.ts';
import { collect } from '../../src/facts/collect.ts';
import type { Host } from '../../src/host/host.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../src/host/simulated/index.ts';
import { modelOf } from '../../src/model/model.ts';
import { Proof } from '../../src/proof/proof.ts';
import { verifyGuest } from '../../src/proof/verify.ts';
import { proofsText } from '../../src/report/proofs.ts';
import { styleOf } from '../../src/report/terminal.ts';
import { assertHarmless } from '../answer.ts';
import type { Target } from '../target.ts';
import { headed } from './captures.ts';

const URI = 'qemu:///system';
const started = simulatedHost(boardByName('rig-intel')!);
await commandRun(started, ['assign', '01:00.0', 'tone', '--start', '--yes']);
const state = started.toJSON();

interface Said {
  readonly argv: readonly string[];
  readonly stdout: string;
}

/** Looks into the guest; the `at`-th answer of its agent is replaced: as a whole, or what a program printed. */
async function looked(at: number, replace: (stdout: string) => string, said: Said[] = []): Promise<void> {
  const host = simulatedHost(structuredClone(state));
  let number = 0;
  const run: Host['run'] = async (argv, options) => {
    const result = await host.run(argv, options);
    if (!argv.includes('qemu-agent-command')) return result;
    said.push({ argv, stdout: result.stdout });
    return number++ === at ? { ...result, stdout: replace(result.stdout) } : result;
  };
  const port = new Proxy<Host>(host, {
    get(target, name) {
      const member = name === 'run' ? run : Reflect.get(target, name, target);
      return typeof member === 'function' && name !== 'run' ? member.bind(target) : member;
    },
  });
  const model = modelOf(await collect(host, ['functions', 'groups', 'libvirt']));
  const guest = model.guests.find((g) => g.name === 'tone')!;
  const proofs = await verifyGuest(port, URI, model, guest, { exercise: true, tone: false, waitMs: 1000 });
  for (const proof of proofs) Proof.parse(proof);
  assert.ok(proofs.length > 0);
  assertHarmless(proofsText(proofs, styleOf(false)).join('\n'));
}

/** What a guest says of itself, and a guest may be anybody's: `whole NUMBER` or `printed NUMBER`, then the text. */
export const agent: Target = {
  name: 'agent',
  headed: true,
  async seeds() {
    const said: Said[] = [];
    await looked(-1, (stdout) => stdout, said);
    return said.flatMap(({ stdout }, i) => {
      const data = /"out-data":"([^"]*)"/.exec(stdout)?.[1];
      const printed =
        data === undefined ? [] : [`printed ${i}\n${Buffer.from(data, 'base64').toString('utf8')}`];
      return [`whole ${i}\n${stdout}`, ...printed];
    });
  },
  words: [
    ...[
      '{"return":null}',
      '{"return":{}}',
      '"exited":true',
      '"exitcode":-1',
      '"out-data":7',
      '"out-data":"!"',
      '"pid":"x"',
      '{"return":[]}',
    ],
    ...[
      "numid=1,iface=MIXER,name='Master Playback Switch'",
      '  ; type=BOOLEAN,access=rw',
      '  : values=on',
      'state: RUNNING',
      'owner_pid',
      '0000:03:01.0',
    ],
  ],
  async run(input) {
    const { head, body } = headed(input);
    const [how, number] = head.split(' ');
    const data = Buffer.from(body).toString('base64');
    await looked(Number(number), (stdout) =>
      how === 'printed' ? stdout.replace(/"out-data":"[^"]*"/, `"out-data":"${data}"`) : body,
    );
  },
};
