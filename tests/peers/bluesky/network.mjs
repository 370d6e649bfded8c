// The whole network of Bluesky: directory, data server, AppView and what belongs to them. Needs PostgreSQL and Redis, whose
// addresses stand in DB_POSTGRES_URL and REDIS_HOST. Prints where it listens, as one line of JSON, and ends with its
// standard input.
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

// The packages lie where they were installed, and not beside this file.
const require = createRequire(pathToFileURL(path.join(process.argv[2], 'package.json')))
const { TestNetwork } = await import(pathToFileURL(require.resolve('@atproto/dev-env')))

const network = await TestNetwork.create({ dbPostgresSchema: 'masthead' })
const local = (port) => `http://127.0.0.1:${port}`
console.log(JSON.stringify({ pds: local(network.pds.port), appview: local(network.bsky.port) }))

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
