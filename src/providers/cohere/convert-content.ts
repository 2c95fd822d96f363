import type { ContentPart } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { readFile, readImage } from '../shared/media.ts'
import { unsupported } from '../shared/refusals.ts'
import { isBlank } from '../shared/text.ts'

export interface TextPart {
  readonly type: 'text'
  readonly text: string
}
export interface ImagePart {
  readonly type: 'image_url'
  readonly image_url: { readonly url: string; readonly detail?: string }
}
/** A text file, which stands beside the conversation. */
export interface CohereDocument {
  readonly data: { readonly title?: string; readonly text: string }
}

export type Converted =
  | { readonly kind: 'part'; readonly part: TextPart | ImagePart }
  | { readonly kind: 'document'; readonly document: CohereDocument }

export interface PartOptions {
  readonly assets: ReadonlyMap<string, Asset>
  /** The model takes images. */
  readonly images: boolean
  /** Where the part stands, as `messages[0].content[1]`. */
  readonly param: string
}

/**
 * A part of a message in Cohere's form (providers' facts §10.2); null for blank text. Images go as data URL or URL,
 * text files as documents. Throws 400 for what cannot be read, and `unsupported_parameter` for what Cohere cannot.
 */
export function convertPart(part: ContentPart, options: PartOptions): Converted | null {
  switch (part.type) {
    case 'text':
      return textPart(part.text)
    case 'refusal':
      return textPart(part.refusal)
    case 'image_url': {
      const detail = typeof part.image_url === 'object' ? part.image_url?.detail : undefined
      return imagePart(readImage(part, options), detail, options)
    }
    case 'file': {
      const { filename, ...source } = readFile(part, options)
      if (source.kind === 'inline' && source.mediaType.startsWith('image/')) {
        return imagePart(source, undefined, options)
      }
      if (source.kind === 'url' || !isText(source.mediaType)) {
        throw unsupported(options.param, 'Cohere takes files as text, in `file_data`.')
      }
      const text = Buffer.from(source.base64, 'base64').toString('utf8')
      const title = filename === null ? {} : { title: filename }
      return { kind: 'document', document: { data: { ...title, text } } }
    }
    case 'input_audio':
      throw unsupported(options.param, 'Cohere cannot take audio.')
    default: {
      const { type } = part as { type: string }
      throw unsupported(options.param, `Parts of the type \`${type}\` are not supported.`)
    }
  }
}

function textPart(text: string): Converted | null {
  return isBlank(text) ? null : { kind: 'part', part: { type: 'text', text } }
}

function imagePart(
  source: ReturnType<typeof readImage>,
  detail: string | undefined,
  { images, param }: PartOptions,
): Converted {
  if (!images) throw unsupported(param, 'This model cannot take images.')
  const url = source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.base64}`
  const asked = detail !== undefined && ['auto', 'low', 'high'].includes(detail) ? { detail } : {}
  return { kind: 'part', part: { type: 'image_url', image_url: { url, ...asked } } }
}

function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || mediaType === 'application/json' || mediaType === 'application/xml'
}
