#!/usr/bin/env node
import { main } from './main.ts';
import { processContext } from './process-context.ts';

const context = processContext();
await main(context);
// A child that is stuck in the kernel must not keep us: everything of ours is on the disk by now.
process.stdout.write('', () => process.exit(Number(context.process.exitCode ?? 0)));
