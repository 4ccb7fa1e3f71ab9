// Loaded before each server: tells the bench when a port is open and when the process thinks that is, whatever framework opened it.
const { writeSync } = require('node:fs')
const { tracingChannel } = require('node:diagnostics_channel')

tracingChannel('net.server.listen').subscribe({
  asyncEnd({ server }) {
    writeSync(3, JSON.stringify({ port: server.address().port, elapsed: performance.now() }))
  },
})
