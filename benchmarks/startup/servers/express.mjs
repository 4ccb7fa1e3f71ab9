import express from 'express'

const app = express()
app.get('/', (_, response) => {
  response.json({ hello: 'world' })
})
app.listen(0, '127.0.0.1')
