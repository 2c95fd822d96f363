import { describe, expect, it } from 'vitest'
import {
  build,
  type Body,
  claude,
  llama,
  oss,
  user,
  tool,
  spec,
  called,
  result,
  png,
  pdf,
  pngBytes,
  pdfBytes,
  ephemeral,
  requestSuite,
} from './request-cases.suite.ts'

requestSuite('convertMessages', [
  {
    name: 'system and developer messages in order, each a block',
    given: {
      messages: [
        { role: 'system', content: 'One' },
        user('Hi'),
        { role: 'developer', content: [{ type: 'text', text: 'Two' }] },
      ],
    },
    wanted: { system: [{ text: 'One' }, { text: 'Two' }], messages: [user([{ text: 'Hi' }])] },
  },
  {
    name: 'a model without a system prompt is told at the beginning',
    model: 'mistral.mistral-7b-instruct-v0:2',
    given: { messages: [{ role: 'system', content: 'Be brief' }, user('Hi')] },
    wanted: { system: undefined, messages: [user([{ text: 'Be brief' }, { text: 'Hi' }])] },
  },
  {
    name: 'images and documents as bytes, with names that Converse takes',
    given: {
      messages: [
        user([
          { type: 'image_url', image_url: { url: png } },
          { type: 'file', file: { file_data: pdf, filename: 'a_b  c.v2.pdf' } },
          { type: 'file', file: { file_data: pdf, filename: 'a_b c.v2.pdf' } },
          { type: 'text', text: 'What?' },
        ]),
      ],
    },
    wanted: {
      messages: [
        user([
          { image: { format: 'png', source: { bytes: pngBytes } } },
          { document: { format: 'pdf', name: 'a b c v2', source: { bytes: pdfBytes } } },
          { document: { format: 'pdf', name: 'a b c v2 2', source: { bytes: pdfBytes } } },
          { text: 'What?' },
        ]),
      ],
    },
  },
  {
    name: 'text beside a document that has none',
    given: { messages: [user([{ type: 'file', file: { file_data: pdf } }])] },
    wanted: {
      messages: [
        user([
          { document: { format: 'pdf', name: 'Document', source: { bytes: pdfBytes } } },
          { text: '(See the document.)' },
        ]),
      ],
    },
  },
  {
    name: 'a turn of the user before an assistant that begins',
    given: { messages: [{ role: 'assistant', content: 'Hello!' }, user('Hi')] },
    wanted: {
      messages: [
        user([{ text: '(The conversation begins.)' }]),
        { role: 'assistant', content: [{ text: 'Hello!' }] },
        user([{ text: 'Hi' }]),
      ],
    },
  },
  {
    name: 'neighbours of one role joined, blank text left out, the last text of a prefill trimmed',
    given: {
      messages: [
        user('A'),
        user([
          { type: 'text', text: ' ' },
          { type: 'text', text: 'B' },
        ]),
        { role: 'assistant', content: 'So ' },
      ],
    },
    wanted: {
      messages: [user([{ text: 'A' }, { text: 'B' }]), { role: 'assistant', content: [{ text: 'So' }] }],
    },
  },
  {
    name: 'tool ids of nine letters and digits for Mistral',
    model: 'mistral.mistral-large-2402-v1:0',
    given: { tools: [tool], messages: [user('Weather?'), called, result] },
    wanted: {
      messages: [
        user([{ text: 'Weather?' }]),
        {
          role: 'assistant',
          content: [
            {
              toolUse: {
                toolUseId: expect.stringMatching(/^[0-9a-z]{9}$/),
                name: 'weather',
                input: { city: 'Rome' },
              },
            },
          ],
        },
        user([
          { toolResult: { toolUseId: expect.stringMatching(/^[0-9a-z]{9}$/), content: [{ text: 'sunny' }] } },
        ]),
      ],
    },
  },
  {
    name: 'cache marks as cache points',
    given: {
      messages: [
        {
          role: 'system',
          content: [{ type: 'text', text: 'Long', cache_control: { type: 'ephemeral', ttl: '1h' } }],
        },
        user([
          { type: 'text', text: 'Also long', cache_control: ephemeral },
          { type: 'text', text: 'Hi' },
        ]),
      ],
      tools: [{ ...tool, cache_control: ephemeral }],
    },
    wanted: {
      system: [{ text: 'Long' }, { cachePoint: { type: 'default', ttl: '1h' } }],
      messages: [user([{ text: 'Also long' }, { cachePoint: { type: 'default' } }, { text: 'Hi' }])],
      toolConfig: { tools: [spec, { cachePoint: { type: 'default' } }] },
    },
  },
  {
    name: 'the last four of five cache marks',
    given: {
      messages: [
        user(
          [1, 2, 3, 4, 5].map((count) => ({ type: 'text', text: String(count), cache_control: ephemeral })),
        ),
      ],
    },
    wanted: {
      messages: [
        user([
          { text: '1' },
          ...['2', '3', '4', '5'].flatMap((text) => [{ text }, { cachePoint: { type: 'default' } }]),
        ]),
      ],
    },
  },
  {
    name: 'cache marks for a model without a prompt cache',
    model: llama,
    given: { messages: [user([{ type: 'text', text: 'Hi', cache_control: ephemeral }])] },
    wanted: { messages: [user([{ text: 'Hi' }])] },
    dropped: ['cache_control'],
  },
  {
    name: 'signed reasoning replayed first, unsigned left out',
    given: {
      messages: [
        user('Hi'),
        {
          role: 'assistant',
          content: 'Yes',
          thinking_blocks: [
            { type: 'thinking', thinking: 'Hm', signature: 'c2ln' },
            { type: 'thinking', thinking: 'unsigned' },
            { type: 'redacted_thinking', data: 'ZGF0YQ==' },
          ],
        },
        user('And?'),
      ],
    },
    wanted: {
      messages: [
        user([{ text: 'Hi' }]),
        {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: 'Hm', signature: 'c2ln' } } },
            { reasoningContent: { redactedContent: 'ZGF0YQ==' } },
            { text: 'Yes' },
          ],
        },
        user([{ text: 'And?' }]),
      ],
    },
  },
  {
    name: 'no reasoning replayed to families that do not sign it',
    model: oss,
    given: {
      messages: [
        user('Hi'),
        {
          role: 'assistant',
          content: 'Yes',
          reasoning_content: 'Hm',
          thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 'c2ln' }],
        },
        user('And?'),
      ],
    },
    wanted: {
      messages: [
        user([{ text: 'Hi' }]),
        { role: 'assistant', content: [{ text: 'Yes' }] },
        user([{ text: 'And?' }]),
      ],
    },
  },
])

describe('convertMessages', () => {
  it('makes one tool id of one call, so that results find it', () => {
    for (const model of [claude, 'mistral.mistral-large-2402-v1:0']) {
      const { body } = build(
        { tools: [tool], messages: [user('Weather?'), called, result] as Body['messages'] },
        { model },
      )
      const ids = [...JSON.stringify(body).matchAll(/"toolUseId":"([^"]+)"/g)].map(([, id]) => id)
      expect(ids).toHaveLength(2)
      expect(ids[0]).toBe(ids[1])
    }
  })
})
