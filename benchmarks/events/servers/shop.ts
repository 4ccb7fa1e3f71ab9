import { App } from 'tutti'
import { sqliteStorage } from 'tutti/storage'
import { announce } from '../../harness/announce.ts'
import { Order } from '../tutti-order.ts'

const [path = ''] = process.argv.slice(2)
const storage = sqliteStorage({ path })
const app = new App({ name: 'bench', log: { level: 'silent' }, storage })
app.use(Order)
app.get('/', () => ({ hello: 'world' }))
app.post('/orders', { body: Order.commands.place.schema }, ({ body, send }) => send(Order.commands.place(crypto.randomUUID(), body)))
app.get('/count', async () => ({ count: (await storage.events.readAll().toArray()).length }))
const { url } = await app.listen(0, '127.0.0.1')
announce(url)
