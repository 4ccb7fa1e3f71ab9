import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { offer } from '../../harness/offer.ts'
import { carrierTasks } from '../carrier.ts'

const logger = new Logger(() => () => undefined)

let carrier

offer({
  ...carrierTasks(() => carrier),
  async open({ url, connections, concurrency }) {
    const pgPool = new pg.Pool({ connectionString: url, max: connections })
    const publisher = await makeWorkerUtils({ pgPool, logger })
    await publisher.migrate()
    carrier = {
      publish: (messages) =>
        messages.length === 1
          ? publisher.addJob('order', messages[0])
          : publisher.addJobs(messages.map((payload) => ({ identifier: 'order', payload }))),
      async consume(handle) {
        // As its own performance test has it: fetches 500 at a time, and notes several as done in one statement.
        const worker = { concurrentJobs: concurrency, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
        const runner = await run({
          pgPool,
          logger,
          noHandleSignals: true,
          preset: { worker },
          taskList: { order: async (message) => handle(message) },
        })
        return () => runner.stop()
      },
      async waiting() {
        const { rows } = await pgPool.query('select count(*)::integer as count from graphile_worker._private_jobs')
        return rows[0].count
      },
    }
  },
})
