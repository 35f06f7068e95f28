const isNumber = require('is-number')

process.stdout.write(`${isNumber('7')}\n`)
