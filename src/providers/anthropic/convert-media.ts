import type { ContentPart } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { type MediaSource, readFile, readImage } from '../shared/media.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import { isBlank } from '../shared/text.ts'
import type { MediaBlock, TextBlock } from './types.ts'

export const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']
export const documentTypes = ['application/pdf']

export interface PartOptions {
  readonly assets: ReadonlyMap<string, Asset>
  readonly remoteUrls: boolean
  /** Where the part stands, as `messages[0].content[1]`. */
  readonly param: string
}

/**
 * A part of a user's or tool's content as a block (providers' facts §6.3); null for blank text, which is refused there.
 * Throws 400 for what cannot be read, and `unsupported_parameter` for what Claude cannot.
 */
export function convertPart(part: ContentPart, options: PartOptions): TextBlock | MediaBlock | null {
  switch (part.type) {
    case 'text':
      return isBlank(part.text) ? null : { type: 'text', text: part.text }
    case 'refusal':
      return isBlank(part.refusal) ? null : { type: 'text', text: part.refusal }
    case 'image_url':
      return imageBlock(readImage(part, options), options)
    case 'file': {
      const { filename, ...source } = readFile(part, options)
      return documentBlock(source, filename, options)
    }
    case 'input_audio':
      throw unsupported(options.param, 'Claude cannot take audio.')
    default:
      throw unsupported(
        options.param,
        `Parts of the type \`${(part as { type: string }).type}\` are not supported.`,
      )
  }
}

function imageBlock(source: MediaSource, options: PartOptions): MediaBlock {
  if (source.kind === 'url') return { type: 'image', source: urlSource(source.url, options) }
  const { mediaType, base64 } = source
  if (!imageTypes.includes(mediaType)) {
    throw unsupported(options.param, `Claude takes images as ${imageTypes.join(', ')}, not as ${mediaType}.`)
  }
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data: base64 } }
}

function documentBlock(source: MediaSource, filename: string | null, options: PartOptions): MediaBlock {
  const title = filename === null ? {} : { title: filename }
  if (source.kind === 'url') return { type: 'document', source: urlSource(source.url, options), ...title }
  const { mediaType, base64 } = source
  if (mediaType.startsWith('image/')) return imageBlock(source, options)
  if (mediaType === 'application/pdf') {
    return { type: 'document', source: { type: 'base64', media_type: mediaType, data: base64 }, ...title }
  }
  if (!isText(mediaType)) {
    throw unsupported(options.param, `Claude takes files as PDF or text, not as ${mediaType}.`)
  }
  const data = Buffer.from(base64, 'base64').toString('utf8')
  return { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...title }
}

function urlSource(url: string, { remoteUrls, param }: PartOptions): { type: 'url'; url: string } {
  // Where URLs are not taken every one of them was fetched first, so that none is left here.
  if (!remoteUrls) throw invalid(param, `\`${param}\` could not be fetched.`)
  return { type: 'url', url }
}

function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || mediaType === 'application/json' || mediaType === 'application/xml'
}
