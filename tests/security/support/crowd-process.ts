// A process of its own, so that the honest, whose answers are timed, do not share theirs with ten thousand sockets.
import { connect } from 'node:net';
import type { CrowdOrder, CrowdReport } from './crowd.ts';

/** Connecting at once: more would wait in the queue of the listening socket, and come a second late. */
const AT_ONCE = 200;
const REPORT_EVERY_MS = 100;

process.once('message', async (order: CrowdOrder) => {
  const report: CrowdReport = { open: 0, most: 0, came: 0, failed: 0, ended: 0, slowestEndMs: 0 };
  const tell = () => process.send?.(report);
  const timer = setInterval(tell, REPORT_EVERY_MS);
  let next = 0;
  const come = async (): Promise<void> => {
    while (next < order.count) await comeOnce(order, next++, report);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, come));
  while (report.open > 0) await new Promise((resolve) => setTimeout(resolve, REPORT_EVERY_MS));
  clearInterval(timer);
  tell();
  process.disconnect();
});

/** Resolves when the socket is there, or will not be; its end is counted whenever it comes. */
function comeOnce({ doors, addresses, count }: CrowdOrder, n: number, report: CrowdReport): Promise<void> {
  // one door after the other, since some are more patient than others
  const door = doors[Math.floor((n * doors.length) / count)];
  const localAddress = `127.0.1.${1 + (n % addresses)}`;
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: door?.port ?? 0, localAddress, allowHalfOpen: true });
    let cameMs = 0;
    socket.once('connect', () => {
      cameMs = performance.now();
      report.came++;
      report.most = Math.max(report.most, ++report.open);
      const begins = door?.begins[n % door.begins.length] ?? '';
      if (begins !== '') socket.write(Buffer.from(begins, 'base64'));
      resolve();
    });
    // what is said to them is read, and not answered
    socket.resume();
    socket.on('error', () => undefined);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      if (cameMs === 0) report.failed++;
      else {
        report.open--;
        report.ended++;
        report.slowestEndMs = Math.max(report.slowestEndMs, performance.now() - cameMs);
      }
      resolve();
    });
  });
}
