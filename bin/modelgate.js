#!/usr/bin/env node
// Plain JavaScript without static imports, so that an old Node gets this far and is told what is missing.
const version = process.versions.node

if (Number(version.split('.')[0]) < 24) {
  process.stderr.write('modelgate needs Node.js 24 or newer; this is Node.js ' + version + '\n')
  process.exit(1)
} else {
  import('node:fs')
    .then(function (fs) {
      const built = new URL('../dist/main.js', import.meta.url)
      const source = new URL('../src/main.ts', import.meta.url)
      return import(fs.existsSync(built) ? built.href : source.href)
    })
    .catch(function (error) {
      process.stderr.write((error.stack || error) + '\n')
      process.exit(1)
    })
}
