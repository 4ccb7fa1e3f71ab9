import { DBOS } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import { runCallers } from '../../harness/callers.ts'
import { offer } from '../../harness/offer.ts'
import { fulfil, requireSum } from '../order.ts'
import { beginRuns, timeRecovery } from '../recovered.ts'

const run = DBOS.registerWorkflow((input) => fulfil(input, (name, work) => DBOS.runStep(work, { name })), { name: 'fulfil' })

let pool

offer({
  async open({ url, connections, resting = false }) {
    pool = new pg.Pool({ connectionString: url, max: 1 })
    DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, systemDatabasePoolSize: connections, logLevel: 'error' })
    if (!resting) await DBOS.launch()
  },
  /** Starts a run and waits for its result. */
  runs({ name, steps, ...plan }) {
    return runCallers(plan, async (caller, call) => {
      const workflowID = [name, caller, call, steps].join('/')
      const handle = await DBOS.startWorkflow(run, { workflowID })({ order: workflowID, steps })
      requireSum(await handle.getResult(), steps)
    })
  },
  begin: ({ count }) =>
    beginRuns(count, (i) => DBOS.startWorkflow(run, { workflowID: `interrupted/${i}/2` })({ order: `order-${i}`, steps: 2 })),
  recover: ({ count }) => timeRecovery(count, { start: () => DBOS.launch(), count: completed }),
  count: completed,
})

/** How many runs are completed, each of which has recorded as many steps as its id says. */
async function completed() {
  const { rows } = await pool.query(`
    select count(*)::integer as count from dbos.workflow_status w where status = 'SUCCESS'
      and (select count(*) from dbos.operation_outputs o where o.workflow_uuid = w.workflow_uuid)
        = substring(w.workflow_uuid from '[0-9]+$')::integer`)
  return rows[0].count
}
