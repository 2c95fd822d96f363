import { describe, expect, it } from 'vitest'
import type { FilePart, ImagePart } from '../../core/openai.ts'
import { readFile, readImage, remoteUrls } from './media.ts'

const none = { assets: new Map(), param: 'messages[0].content[0]' }
const image = (url: string): ImagePart => ({ type: 'image_url', image_url: { url } })
const file = (part: FilePart['file']): FilePart => ({ type: 'file', file: part })

describe('readImage', () => {
  it('reads data URLs, https URLs and the bare string form', () => {
    expect(readImage(image('data:image/jpg;base64,aGk='), none)).toEqual({
      kind: 'inline',
      mediaType: 'image/jpeg',
      base64: 'aGk=',
    })
    const url = 'https://example.com/a.png'
    expect(readImage(image(url), none)).toEqual({ kind: 'url', url })
    expect(readImage({ type: 'image_url', image_url: url }, none)).toEqual({ kind: 'url', url })
  })

  it('takes the bytes of a URL that was fetched', () => {
    const assets = new Map([['https://example.com/a', { mediaType: 'image/png', bytes: Buffer.from('hi') }]])
    expect(readImage(image('https://example.com/a'), { ...none, assets })).toEqual({
      kind: 'inline',
      mediaType: 'image/png',
      base64: 'aGk=',
    })
  })

  it.each(['http://example.com/a.png', 'file:///etc/passwd', '', 'a.png'])('refuses %s', (url) => {
    expect(() => readImage(image(url), none)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[0].content[0]' }),
    )
  })
})

describe('readFile', () => {
  it.each([
    [{ file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' }, 'application/pdf', 'a.pdf'],
    [{ file_data: 'JVBERi0xLjQ=' }, 'application/pdf', null],
    [{ file_data: 'aGVsbG8=', filename: 'notes.TXT' }, 'text/plain', 'notes.TXT'],
    [{ file_data: 'data:application/octet-stream;base64,aGVsbG8=', filename: 'a.csv' }, 'text/csv', 'a.csv'],
  ])('%o', (part, mediaType, filename) => {
    expect(readFile(file(part), none)).toMatchObject({ kind: 'inline', mediaType, filename })
  })

  it('passes an https URL on', () => {
    expect(readFile(file({ file_data: 'https://example.com/a.pdf' }), none)).toMatchObject({ kind: 'url' })
  })

  it('refuses files kept elsewhere, files of no known type, and none', () => {
    expect(() => readFile(file({ file_id: 'file-1' }), none)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter' }),
    )
    expect(() => readFile(file({ file_data: 'aGVsbG8=' }), none)).toThrow('as a data URL')
    expect(() => readFile(file({}), none)).toThrow('has no `file_data`')
    expect(() => readFile({ type: 'file' } as unknown as FilePart, none)).toThrow('has no `file_data`')
  })
})

describe('remoteUrls', () => {
  it('lists each https URL once, images apart from files', () => {
    const urls = remoteUrls([
      { role: 'user', content: 'hi' },
      {
        role: 'user',
        content: [
          image('https://example.com/a.png'),
          image('https://example.com/a.png'),
          image('data:image/png;base64,aGk='),
          file({ file_data: 'https://example.com/b.pdf' }),
        ],
      },
    ])
    expect(urls).toEqual({ images: ['https://example.com/a.png'], files: ['https://example.com/b.pdf'] })
  })
})
