// Loaded before a server (node --require): it listens on loopback, whatever address it wants, tells its
// parent the port that it got, and ends with it.
const net = require('node:net');

const {listen} = net.Server.prototype;
net.Server.prototype.listen = function (options, ...rest) {
  if (typeof options !== 'object') throw new Error('listen() with options only');
  this.once('listening', () => process.send({port: this.address().port}));
  return listen.call(this, {...options, host: '127.0.0.1'}, ...rest);
};

process.on('disconnect', () => process.exit());
