import { createInterface } from 'node:readline/promises';
import { simulatedConsole, wordsOf } from '../host/simulated/console.ts';
import type { SimulatedHost } from '../host/simulated/index.ts';
import { timersFired } from '../host/simulated/systemd.ts';
import { commandRun } from './command-run.ts';
import { type CliContext, tell } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { main } from './main.ts';

const WELCOME = `A simulated laptop: Fedora, sound card 00:1b.0, guest f20vm. Nothing here touches your machine.
vfioctl works as on a real host; so do cat, ls, virsh, modprobe, dmesg, grubby, reboot
and a few more, as far as they are simulated. 'help' lists them; 'exit' leaves.`;

/** A person on the simulated host: vfioctl's own commands in-process, everything else by the simulated console. */
export async function consoleRun(context: CliContext, host: SimulatedHost): Promise<ExitCode> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: context.terminal });
  if (context.terminal) tell(context, WELCOME);
  const prompt = () => {
    lines.setPrompt('[root@simulated ~]# ');
    if (context.terminal && !closed) lines.prompt();
  };
  // While a command asks its own question, the next line is the answer and no command.
  let answer: ((line: string | null) => void) | null = null;
  const queue: string[] = [];
  let wake: (() => void) | null = null;
  lines.on('line', (line) => {
    if (answer) answer(line);
    else queue.push(line);
    wake?.();
  });
  let closed = false;
  lines.on('close', () => {
    if (closed) return;
    closed = true;
    if (answer) answer(null);
    else if (context.terminal) tell(context, '');
    wake?.();
  });
  lines.on('SIGINT', () => {
    if (answer) return answer(null);
    tell(context, "^C ('exit' leaves)");
    prompt();
  });

  let exit: ExitCode = EXIT.done;
  prompt();
  for (;;) {
    while (queue.length === 0 && !closed) await new Promise<void>((resolve) => (wake = resolve));
    const line = queue.shift();
    if (line === undefined) break;
    const words = wordsOf(line);
    if (words[0] === 'exit' || words[0] === 'quit') break;
    if (words[0] === 'vfioctl') {
      const inner: CliContext = {
        ...context,
        process: { stdout: context.process.stdout, stderr: context.process.stderr, exitCode: null },
        argv: words.slice(1),
        open: async () => host,
        type: (prompt, withinMs) =>
          new Promise((resolve) => {
            context.process.stderr.write(prompt);
            const late = withinMs === undefined ? undefined : setTimeout(() => answer?.(null), withinMs);
            answer = (typed) => {
              answer = null;
              clearTimeout(late);
              if (typed === null) tell(context, '');
              resolve(typed?.trim() ?? '');
            };
            if (closed) answer(null);
          }),
      };
      await main(inner);
      exit = Number(inner.process.exitCode) as ExitCode;
    } else if (line.trim() !== '') {
      const result = await simulatedConsole(host, line);
      context.process.stdout.write(result.stdout);
      exit = result.code as ExitCode;
    }
    for (const { unit, argv } of timersFired(host.state)) {
      tell(context, `systemd starts ${unit}.service`);
      await commandRun(host, argv.slice(context.self.length));
    }
    prompt();
  }
  closed = true;
  lines.close();
  return context.terminal ? EXIT.done : exit;
}
