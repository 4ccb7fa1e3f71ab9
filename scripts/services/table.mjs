// The servers that tests and examples may ask for. A new one is one entry here (and one service in compose.yaml).
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { probeChromium, probeMysql, probePostgres, probePrometheus } from './probe.mjs'

/**
 * @typedef {object} Service
 * @property {string} name - what it is called on the command line and in compose.yaml
 * @property {string} title - what it is called in messages
 * @property {string} env - the environment variable that holds its URL
 * @property {number} port - the port it listens on where nobody said otherwise
 * @property {(port: number) => string} url - how it is reached on this machine, without a password
 * @property {(url: string, options?: { login?: boolean }) => Promise<{ version?: string }>} probe - asks it in its own
 *   protocol and rejects with the reason where it does not answer; with `login` the URL's user must get in as well
 * @property {string[]} packages - the Debian packages it comes in
 * @property {string[]} folders - where its programs may lie, besides the PATH
 * @property {string[]} programs - the programs that `init` and `command` call
 * @property {string} user - the system user it runs as where this is root
 * @property {(tools: Tools) => Promise<void> | void} init - fills a new, empty data folder
 * @property {(tools: Tools) => string[]} command - the program with its arguments; it must stay in the foreground
 * @property {NodeJS.Signals} stop - the signal that ends it in good order
 * @property {NodeJS.Signals} crash - the signal that ends it, and all that it has started, as a loss of power would
 *
 * @typedef {object} Tools
 * @property {string} data - its data folder
 * @property {number} port - the loopback port to listen on
 * @property {(name: string) => string} program - the path of one of `programs`
 * @property {(command: string[], input?: string) => Promise<string>} run - runs a program as the service's user
 */

/** The account that needs no password: servers listen on loopback only, and hold nothing but test data. */
const ACCOUNT = 'tutti'

/** @type {Service[]} */
export const services = [
  {
    name: 'postgres',
    title: 'PostgreSQL',
    env: 'TUTTI_POSTGRES_URL',
    port: 5432,
    url: (port) => `postgres://${ACCOUNT}@127.0.0.1:${port}/tutti`,
    probe: probePostgres,
    packages: ['postgresql-15'],
    folders: ['/usr/lib/postgresql/15/bin'],
    programs: ['initdb', 'postgres'],
    user: 'postgres',
    async init({ data, program, run }) {
      await run([program('initdb'), '-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'reject'])
      // An ordinary account, as an application has: a superuser could run programs through the open port.
      writeFileSync(join(data, 'pg_hba.conf'), `host all ${ACCOUNT} 127.0.0.1/32 trust\n`)
      const statements = `CREATE ROLE ${ACCOUNT} LOGIN CREATEDB\nCREATE DATABASE tutti OWNER ${ACCOUNT}\n`
      await run([program('postgres'), '--single', '-D', data, 'postgres'], statements)
    },
    command: ({ data, port, program }) => [
      program('postgres'),
      '-D',
      data,
      '--listen_addresses=127.0.0.1',
      `--port=${port}`,
      '--unix_socket_directories=',
      '--max_connections=200',
      '--fsync=on',
    ],
    stop: 'SIGINT',
    // Sent to the first process alone, SIGKILL would leave the others running.
    crash: 'SIGQUIT',
  },
  {
    name: 'mariadb',
    title: 'MariaDB',
    env: 'TUTTI_MARIADB_URL',
    port: 3306,
    url: (port) => `mysql://${ACCOUNT}@127.0.0.1:${port}/tutti`,
    probe: probeMysql,
    packages: ['mariadb-server'],
    folders: ['/usr/sbin', '/usr/libexec'],
    programs: ['mariadb-install-db', 'mariadbd'],
    user: 'mysql',
    async init({ data, program, run }) {
      await run([program('mariadb-install-db'), '--no-defaults', `--datadir=${data}`, '--skip-test-db'])
      const statements = [
        'CREATE DATABASE IF NOT EXISTS tutti CHARACTER SET utf8mb4',
        `CREATE USER IF NOT EXISTS ${ACCOUNT}@127.0.0.1`,
        `GRANT ALL ON *.* TO ${ACCOUNT}@127.0.0.1`,
        // FILE would let the account read and write the server's files through the open port.
        `REVOKE FILE ON *.* FROM ${ACCOUNT}@127.0.0.1`,
      ]
      writeFileSync(join(data, 'tutti-init.sql'), statements.map((statement) => `${statement};\n`).join(''))
    },
    command: ({ data, port, program }) => [
      program('mariadbd'),
      '--no-defaults',
      `--datadir=${data}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${port}.sock`,
      `--pid-file=${join(data, 'mariadbd.pid')}`,
      `--init-file=${join(data, 'tutti-init.sql')}`,
      '--skip-name-resolve',
      '--max-connections=200',
      '--innodb-flush-log-at-trx-commit=1',
    ],
    stop: 'SIGTERM',
    crash: 'SIGKILL',
  },
  {
    name: 'prometheus',
    title: 'Prometheus',
    env: 'TUTTI_PROMETHEUS_URL',
    port: 9090,
    url: (port) => `http://127.0.0.1:${port}`,
    probe: probePrometheus,
    packages: ['prometheus'],
    folders: ['/usr/bin'],
    programs: ['prometheus', 'promtool'],
    user: 'prometheus',
    init({ data }) {
      // What it is to read is put into this folder while it runs.
      const targets = join(data, 'targets')
      mkdirSync(targets)
      const job = { job_name: 'tests', scrape_interval: '1s', scrape_timeout: '1s', file_sd_configs: [{ files: [`${targets}/*.json`] }] }
      // JSON is YAML as well.
      writeFileSync(join(data, 'prometheus.yml'), JSON.stringify({ scrape_configs: [job] }))
    },
    command: ({ data, port, program }) => [
      program('prometheus'),
      `--config.file=${join(data, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(data, 'series')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    stop: 'SIGTERM',
    crash: 'SIGKILL',
  },
  {
    name: 'chromium',
    title: 'Chromium',
    env: 'TUTTI_CHROMIUM_URL',
    port: 9222,
    url: (port) => `http://127.0.0.1:${port}`,
    probe: probeChromium,
    packages: ['chromium'],
    folders: ['/usr/bin'],
    programs: ['chromium'],
    user: 'nobody',
    init: () => undefined,
    command: ({ data, port, program }) => [
      program('chromium'),
      '--headless',
      // It shows nothing but our own pages, and containers seldom allow it to shut its processes in.
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-address=127.0.0.1',
      `--remote-debugging-port=${port}`,
      `--user-data-dir=${join(data, 'profile')}`,
    ],
    stop: 'SIGTERM',
    crash: 'SIGKILL',
  },
]
