// A process of `tutti dev`: stands by with what applications load, unless it has been told already what to serve.
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { preload, serve } from '@tutti/cli/dev-process'

let isTold = false
const told = once(process, 'message')
void told.then(() => (isTold = true))
// What was told before the process began arrives with the second turn.
await turn()
await turn()
if (!isTold) await preload()
const [entry] = await told
await serve(entry)
