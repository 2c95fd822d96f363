import type { ChatMessage, FilePart, ImagePart } from '../../core/openai.ts'
import type { Asset } from '../../core/provider.ts'
import { type InlineData, isDataUrl, parseDataUrl, readBase64 } from './data-url.ts'
import { invalid, unsupported } from './refusals.ts'

/** An image or file: its bytes, or where they are. A URL that was fetched (`call.assets`) counts as bytes. */
export type MediaSource =
  | ({ readonly kind: 'inline' } & InlineData)
  | { readonly kind: 'url'; readonly url: string }

export interface MediaOptions {
  readonly assets: ReadonlyMap<string, Asset>
  /** Where the part stands, as `messages[0].content[1]`. */
  readonly param: string
}

/** An image part of OpenAI's. Throws 400 `invalid_request` for what is neither a data URL nor an https URL. */
export function readImage(part: ImagePart, options: MediaOptions): MediaSource {
  const url = imageUrl(part)
  if (url === null) throw invalid(options.param, `\`${options.param}\` has no \`image_url.url\`.`)
  return readUrl(url, options)
}

/**
 * A file part of OpenAI's: a data URL, an https URL, or bare base64 whose type its name or first bytes tell.
 * Throws 400: `unsupported_parameter` for `file_id` (files stay with who took them), else `invalid_request`.
 */
export function readFile(
  part: FilePart,
  options: MediaOptions,
): MediaSource & { readonly filename: string | null } {
  const { param } = options
  const { file_data: data, file_id: id, filename } = part.file ?? {}
  const name = typeof filename === 'string' && filename !== '' ? filename : null
  if (typeof data === 'string' && data !== '') {
    if (isDataUrl(data) || data.startsWith('https://')) {
      return { ...named(readUrl(data, options), name), filename: name }
    }
    const base64 = readBase64(data, param)
    const mediaType = typeOfName(name) ?? typeOfBytes(base64)
    if (mediaType === null) throw invalid(param, `\`${param}\`: send \`file_data\` as a data URL.`)
    return { kind: 'inline', mediaType, base64, filename: name }
  }
  if ((id ?? null) !== null)
    throw unsupported(param, 'Files by `file_id` are not supported: send `file_data`.')
  throw invalid(param, `\`${param}\` has no \`file_data\`.`)
}

/** Every https URL of images and files in a conversation, once each: what a provider without URLs must have fetched. */
export function remoteUrls(messages: readonly ChatMessage[]): { images: string[]; files: string[] } {
  const images = new Set<string>()
  const files = new Set<string>()
  for (const { content } of messages) {
    if (!Array.isArray(content)) continue
    for (const part of content) {
      const url =
        part.type === 'image_url' ? imageUrl(part) : part.type === 'file' ? part.file?.file_data : null
      if (typeof url === 'string' && url.startsWith('https://'))
        (part.type === 'file' ? files : images).add(url)
    }
  }
  return { images: [...images], files: [...files] }
}

function imageUrl(part: ImagePart): string | null {
  const url = typeof part.image_url === 'string' ? part.image_url : part.image_url?.url
  return typeof url === 'string' && url !== '' ? url : null
}

function readUrl(url: string, { assets, param }: MediaOptions): MediaSource {
  if (isDataUrl(url)) return inline(parseDataUrl(url, param))
  const asset = assets.get(url)
  if (asset !== undefined) {
    return inline({ mediaType: asset.mediaType, base64: Buffer.from(asset.bytes).toString('base64') })
  }
  if (!url.startsWith('https://')) throw invalid(param, `\`${param}\` must be a data URL or an https URL.`)
  return { kind: 'url', url }
}

function inline({ mediaType, base64 }: InlineData): MediaSource {
  return { kind: 'inline', mediaType: mediaType === 'image/jpg' ? 'image/jpeg' : mediaType, base64 }
}

/** Browsers write `application/octet-stream` for what they do not know; the name may. */
function named(source: MediaSource, name: string | null): MediaSource {
  if (source.kind !== 'inline' || source.mediaType !== 'application/octet-stream') return source
  return { ...source, mediaType: typeOfName(name) ?? typeOfBytes(source.base64) ?? source.mediaType }
}

const typesByExtension: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  htm: 'text/html',
  json: 'application/json',
  xml: 'text/xml',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
}

function typeOfName(name: string | null): string | null {
  const extension = name === null ? '' : name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(typesByExtension, extension) ? (typesByExtension[extension] as string) : null
}

/** The first bytes of PDF, PNG, JPEG and GIF in base64. */
const typesByStart: readonly (readonly [string, string])[] = [
  ['JVBERi0', 'application/pdf'],
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
]

function typeOfBytes(base64: string): string | null {
  return typesByStart.find(([start]) => base64.startsWith(start))?.[1] ?? null
}
