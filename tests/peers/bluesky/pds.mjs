// A data server of Bluesky with a directory of ids, in memory and in the folder that is given. Prints where it listens,
// as one line of JSON, and ends with its standard input.
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

// The packages lie where they were installed, and not beside this file.
const require = createRequire(pathToFileURL(path.join(process.argv[2], 'package.json')))
const load = (name) => import(pathToFileURL(require.resolve(name)))
const { PDS } = await load('@atproto/pds')
const plc = await load('@did-plc/server')
const folder = process.argv[3]

const directory = (plc.PlcServer ?? plc.default.PlcServer).create({
  db: (plc.Database ?? plc.default.Database).mock(),
  port: 0,
})
const plcUrl = `http://localhost:${(await directory.start()).address().port}`

const dataDirectory = path.join(folder, 'data')
const blobs = path.join(folder, 'blobs')
fs.mkdirSync(dataDirectory, { recursive: true })
fs.mkdirSync(blobs, { recursive: true })
const port = Number(process.argv[4])
const server = await PDS.fromEnv({
  devMode: true,
  port,
  hostname: 'localhost',
  dataDirectory,
  blobstoreDiskLocation: blobs,
  didPlcUrl: plcUrl,
  recoveryDidKey: 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme',
  adminPassword: crypto.randomBytes(16).toString('hex'),
  jwtSecret: crypto.randomBytes(16).toString('hex'),
  plcRotationKeyK256PrivateKeyHex: crypto.randomBytes(32).toString('hex'),
  serviceHandleDomains: ['.test'],
  bskyAppViewUrl: 'https://appview.invalid',
  bskyAppViewDid: 'did:example:invalid',
  inviteRequired: false,
  disableSsrfProtection: true,
})
await server.start()
console.log(JSON.stringify({ plc: plcUrl, pds: `http://127.0.0.1:${port}` }))

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
