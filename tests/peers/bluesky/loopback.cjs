// Preloaded: whatever listens here listens on 127.0.0.1, also where its author meant all interfaces.
'use strict'
const net = require('node:net')
const listen = net.Server.prototype.listen

net.Server.prototype.listen = function (...args) {
  const [first] = args
  if (first !== null && typeof first === 'object' && !Array.isArray(first)) {
    if (first.path === undefined && first.fd === undefined) args[0] = { ...first, host: '127.0.0.1' }
  } else if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))) {
    const rest = args.slice(1).filter((arg) => typeof arg !== 'string')
    args = [first, '127.0.0.1', ...rest]
  } else if (first === undefined || typeof first === 'function') {
    args = [0, '127.0.0.1', ...args.filter((arg) => typeof arg === 'function')]
  }
  return listen.apply(this, args)
}
