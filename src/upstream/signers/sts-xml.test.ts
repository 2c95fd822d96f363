import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readXmlTexts } from './sts-xml.ts'

describe('readXmlTexts', () => {
  it('reads texts by the path of their elements', () => {
    const document = `<?xml version="1.0" encoding="UTF-8"?>
      <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleResult><Credentials><AccessKeyId> ASIA1 </AccessKeyId><Empty/></Credentials></AssumeRoleResult>
        <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>
      </AssumeRoleResponse>`
    expect([...(readXmlTexts(document) ?? [])]).toEqual([
      ['AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId', 'ASIA1'],
      ['AssumeRoleResponse/ResponseMetadata/RequestId', 'r-1'],
    ])
  })

  it('decodes entities, by name and by number', () => {
    const texts = readXmlTexts('<a>&lt;&amp;lt;&gt;&quot;&apos;&#65;&#x1F600;+/=</a>')
    expect(texts?.get('a')).toBe('<&lt;>"\'A😀+/=')
  })

  it.each([
    ['', 'nothing'],
    ['text', 'no element'],
    ['<a>', 'an element without an end'],
    ['<a></b>', 'another end'],
    ['<a>x</a><b>y</b>', 'two roots'],
    ['<a>x</a>y', 'text after the root'],
    ['<a>x<b>y</b></a>', 'text beside elements'],
    ['<a><b>x</b><b>y</b></a>', 'the same path twice'],
    ['<a>&unknown;</a>', 'an unknown entity'],
    ['<a>&#xD800;</a>', 'half a character'],
    ['<a>&#0;</a>', 'no character'],
    ['<a>fish & chips</a>', 'a bare ampersand'],
    ['<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', 'a document type'],
    ['<a><![CDATA[x]]></a>', 'CDATA'],
    ['<a><!-- x -->y</a>', 'a comment'],
    ['<a b=c>x</a>', 'a bare attribute'],
    [`${'<a>'.repeat(20)}x${'</a>'.repeat(20)}`, 'too many levels'],
  ])('refuses %j: %s', (document) => {
    expect(readXmlTexts(document)).toBeNull()
  })

  it('is total, and reads back every text that is escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        readXmlTexts(text)
        const escaped = text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
        expect(readXmlTexts(`<a>${escaped}</a>`)?.get('a')).toBe(text.trim() === '' ? undefined : text.trim())
      }),
      { numRuns: 300, verbose: true },
    )
  })
})
