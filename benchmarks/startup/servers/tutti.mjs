import { App } from 'tutti'

const app = new App({ name: 'hello' })
app.get('/', () => ({ hello: 'world' }))
await app.listen(0, '127.0.0.1')
