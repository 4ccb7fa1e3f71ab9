import type { Plugin } from 'tutti'
import { settings } from '../settings.ts'
import { idOf } from '../stream-id.ts'
import { Order } from './order.ts'

/** Confirms each order by mail, also when the process dies in between. This example has no mail server, and nobody at `bounce.example`. */
export const confirmationMail: Plugin = {
  name: 'confirmation-mail',
  setup(app) {
    const options = { name: 'confirmation-mail', deps: { settings }, retry: { attempts: 5 } }
    app.on(Order.events.placed, options, (event, { deps, log }) => {
      if (event.data.email.endsWith('@bounce.example')) throw new Error('550 No such mailbox.')
      log.info('Confirmation mail, not sent but logged.', { from: deps.settings.mailFrom, to: event.data.email, order: idOf(event) })
    })
  },
}
