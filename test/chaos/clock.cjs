// Loaded into a process of the agent before its own code: its Date is as far off as the file says. The system's clock
// cannot be set here: a container has its host's.
'use strict';
const { readFileSync } = require('node:fs');

const RealDate = Date;
let offset = 0;
let readAt = -Infinity;

function now() {
  if (performance.now() - readAt > 200) {
    readAt = performance.now();
    try {
      offset = Number(readFileSync('/usr/lib/sculptor-chaos/offset', 'utf8')) || 0;
    } catch {
      offset = 0;
    }
  }
  return RealDate.now() + offset;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args) => (args.length === 0 ? new target(now()) : new target(...args)),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
