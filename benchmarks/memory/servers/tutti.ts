import { App } from 'tutti'
import { announce } from '../../harness/announce.ts'

const waiting: (() => void)[] = []
const app = new App({ name: 'bench', log: { level: 'silent' } })
app.get('/', () => ({ hello: 'world' }))
app.get('/parked', async () => {
  await new Promise<void>((resolve) => waiting.push(resolve))
  return { hello: 'world' }
})
const { url } = await app.listen(0, '127.0.0.1')
announce(url)
