/**
 * Run by network.system.test.ts below `unshare --net --mount`, in a network of its own: a bridge with one port, another
 * machine behind that (a second network namespace), and a session from there. Prints what facts and kernel say.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';

const NODE = process.execPath;
const FACTS = `
  const { collect } = await import('${import.meta.resolve('../../src/facts/collect.ts')}');
  const { liveHost } = await import('${import.meta.resolve('../../src/host/live.ts')}');
  const { network, gaps } = await collect(liveHost(), ['network']);
  console.log(JSON.stringify({ network, gaps }));
`;
const ip = (text: string): string => execFileSync('ip', text.split(' '), { encoding: 'utf8' });

// /sys shows the interfaces of the network that it was mounted from.
execFileSync('mount', ['-t', 'sysfs', 'sysfs', '/sys']);
const other = spawn('unshare', ['--net', 'sleep', '30'], { stdio: 'ignore' });
const inside = (argv: string[]) => ['-t', String(other.pid), '-n', ...argv];
const there = (text: string) => execFileSync('nsenter', inside(['ip', ...text.split(' ')]));

for (const text of ['link set lo up', 'link add br0 type bridge', 'link add va type veth peer name vb'])
  ip(text);
// The child is in its own network as soon as the interface can be moved there and is not seen here any more.
while (ip('-o link').includes('vb@')) ip(`link set vb netns ${other.pid}`);
for (const text of ['link set va master br0', 'link set va up', 'link set br0 up']) ip(text);
for (const text of ['addr add 10.9.0.1/24 dev br0', 'addr add fd09::1/64 dev br0 nodad']) ip(text);
for (const text of ['route add 192.0.2.0/24 via 10.9.0.2 metric 7', 'route add blackhole 198.51.100.0/24'])
  ip(text);
ip('-6 route add default via fd09::2 dev br0');
for (const text of ['link set vb up', 'addr add 10.9.0.2/24 dev vb']) there(text);

process.title = 'sshd';
const server = createServer((socket) => {
  const child = spawn(NODE, ['--input-type=module', '-e', FACTS], { stdio: ['ignore', 'pipe', 'inherit'] });
  let facts = '';
  child.stdout.on('data', (text) => {
    facts += text;
  });
  child.on('exit', () => {
    const routes = ['192.0.2.9', '10.9.0.77', 'fd09::5', '2001:db8::1'].map((to) => [
      to,
      / dev (\S+)/.exec(ip(`route get ${to}`))?.[1],
    ]);
    const tables = ['/proc/net/route', '/proc/net/ipv6_route'].map((path) =>
      execFileSync('cat', [path], { encoding: 'utf8' }),
    );
    process.stdout.write(JSON.stringify({ ...JSON.parse(facts), routes, tables }));
    socket.destroy();
    server.close();
    other.kill();
  });
});
server.listen(2222, '0.0.0.0', () => {
  const connect = "require('net').connect(2222, '10.9.0.1').on('close', () => process.exit())";
  spawn('nsenter', inside([NODE, '-e', connect]), { stdio: 'inherit' });
});
