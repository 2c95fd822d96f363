import { expect, it } from 'vitest'
import { Secret } from '../../core/secret.ts'
import { createDescribe, RedisFailure } from './failure.ts'

const describeFailure = createDescribe(new Secret('open sesame'))

function reply(message: string): Error {
  return Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name: 'auth', args: ['user', 'open sesame'] },
  })
}

it('keeps the message and the code, and nothing of the command', () => {
  const failure = describeFailure(reply('MOVED 1234 10.0.0.1:7000'))
  expect(failure).toMatchObject({ message: 'MOVED 1234 10.0.0.1:7000', code: 'MOVED' })
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('sesame')
  expect(failure.cause).toBeUndefined()
})

it('takes a password out of what a server quotes', () => {
  const quoted = "ERR unknown command 'AUTH', with args beginning with: 'user' 'open sesame'"
  expect(describeFailure(reply(quoted)).message).toBe(quoted.replace('open sesame', '[secret]'))
})

it('has no code where it was not Redis that said it', () => {
  expect(describeFailure(new Error('READONLY or so')).code).toBeNull()
  expect(describeFailure('text')).toMatchObject({ message: 'text', code: null })
})

it('tells of the first of several addresses', () => {
  const failure = describeFailure(new AggregateError([new Error('refused by ::1'), new Error('refused')], ''))
  expect(failure.message).toBe('refused by ::1')
})

it('leaves its own as they are', () => {
  const failure = new RedisFailure('as it is')
  expect(describeFailure(failure)).toBe(failure)
})
