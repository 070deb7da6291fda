import type { Target } from '../target.ts';
import { agent } from './agent.ts';
import { answers } from './answers.ts';
import { capture } from './capture.ts';
import { commandLine } from './command-line.ts';
import { configSpace } from './config-space.ts';
import { guest } from './guest.ts';
import { host } from './host.ts';
import { journal } from './journal.ts';
import { redact } from './redact.ts';
import { script } from './script.ts';
import { xml } from './xml.ts';

export const targets: readonly Target[] = [
  xml,
  guest,
  host,
  answers,
  configSpace,
  capture,
  journal,
  commandLine,
  agent,
  script,
  redact,
];

export function targetNamed(name: string): Target {
  return targets.find((t) => t.name === name)!;
}
