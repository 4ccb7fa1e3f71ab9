export { run } from './run.ts'
export { processIo, type Io, type Sink } from './io.ts'
