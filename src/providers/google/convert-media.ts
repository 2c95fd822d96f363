import type { AudioPart, ChatMessage, ContentPart, FilePart, ImagePart } from '../../core/openai.ts'
import type { Asset, AssetRequest } from '../../core/provider.ts'
import { readBase64 } from '../shared/data-url.ts'
import { asObject } from '../shared/json.ts'
import { type MediaSource, readFile, readImage, remoteUrls } from '../shared/media.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import { isBlank } from '../shared/text.ts'
import type { FileDataPart, MediaPart, TextPart } from './types.ts'

export interface FileRules {
  readonly vertex: boolean
  /** https URLs go as they are where their name tells the type. */
  readonly fileUrls: boolean
}

export interface ConvertPartOptions extends FileRules {
  readonly assets: ReadonlyMap<string, Asset>
  /** Where the part stands, as `messages[0].content[1]`. */
  readonly param: string
}

/** A request may hold about 20 MB (providers' facts §8.2). */
const maxBytes = 20 * 1024 * 1024
const imageTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']
const typesByExtension: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/md',
  csv: 'text/csv',
  html: 'text/html',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  flac: 'audio/flac',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  mov: 'video/mov',
  mpeg: 'video/mpeg',
  webm: 'video/webm',
}
const fileTypes = [...new Set([...Object.values(typesByExtension), 'text/markdown', 'audio/mpeg'])]

/** null: there is nothing in it. Throws 400 for what cannot be read, or not be sent to this host. */
export function convertPart(part: ContentPart, options: ConvertPartOptions): TextPart | MediaPart | null {
  switch (part.type) {
    case 'text':
      return isBlank(part.text) ? null : { text: part.text }
    case 'refusal':
      return isBlank(part.refusal) ? null : { text: part.refusal }
    case 'image_url':
    case 'file':
      return convertFile(part, options)
    case 'input_audio':
      return convertAudio(part, options.param)
    default:
      throw unsupported(options.param, 'This model does not read parts of this type.')
  }
}

/** What the gateway must fetch: every https URL that does not go as it is. */
export function remoteAssets(messages: readonly ChatMessage[], rules: FileRules): AssetRequest[] {
  const { images, files } = remoteUrls(messages)
  const ask = (urls: readonly string[], mediaTypes: readonly string[]) =>
    urls.filter((url) => fileReference(url, rules) === null).map((url) => ({ url, mediaTypes, maxBytes }))
  return [...ask(images, imageTypes), ...ask(files, fileTypes)]
}

function convertFile(part: ImagePart | FilePart, options: ConvertPartOptions): MediaPart {
  const uri = uriOf(part)
  const { param, assets } = options
  if (uri?.startsWith('gs://')) {
    if (!options.vertex) throw unsupported(param, 'Files of Cloud Storage can be read on Vertex AI only.')
    if (typeOfUri(uri) === null)
      throw invalid(param, `\`${param}\`: the type is not told by the file's name.`)
  }
  const reference = uri === null || assets.has(uri) ? null : fileReference(uri, options)
  if (reference !== null) return reference
  const source: MediaSource = part.type === 'file' ? readFile(part, options) : readImage(part, options)
  if (source.kind === 'url') throw invalid(param, `\`${param}\` could not be fetched.`)
  return { inlineData: { mimeType: source.mediaType, data: source.base64 } }
}

/** A URL that goes to Google as it is, or null. */
function fileReference(uri: string, { vertex, fileUrls }: FileRules): FileDataPart | null {
  if (/^https:\/\/(?:www\.youtube\.com\/watch\?|youtu\.be\/)/.test(uri)) {
    return { fileData: { mimeType: 'video/mp4', fileUri: uri } }
  }
  // The Files API knows the type of what was uploaded to it.
  const isUploaded = /^https:\/\/generativelanguage\.googleapis\.com\/v1(?:beta)?\/files\//.test(uri)
  if (!vertex && isUploaded) return { fileData: { fileUri: uri } }
  const goes = (vertex && uri.startsWith('gs://')) || (fileUrls && uri.startsWith('https://'))
  const mimeType = goes ? typeOfUri(uri) : null
  return mimeType === null ? null : { fileData: { mimeType, fileUri: uri } }
}

function uriOf(part: ImagePart | FilePart): string | null {
  const image = part.type === 'file' ? null : part.image_url
  const uri = part.type === 'file' ? part.file?.file_data : typeof image === 'string' ? image : image?.url
  return typeof uri === 'string' ? uri : null
}

function typeOfUri(uri: string): string | null {
  const extension = /\.([A-Za-z0-9]{2,5})(?:[?#]|$)/.exec(uri)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(typesByExtension, extension) ? (typesByExtension[extension] as string) : null
}

function convertAudio(part: AudioPart, param: string): MediaPart {
  const audio = asObject(part.input_audio)
  const { data, format } = audio ?? {}
  if (typeof data !== 'string') throw invalid(param, `\`${param}\` has no \`input_audio.data\`.`)
  if (typeof format !== 'string' || !/^[a-z0-9]{2,5}$/.test(format)) {
    throw invalid(param, `\`${param}\` has no \`input_audio.format\`.`)
  }
  return { inlineData: { mimeType: `audio/${format}`, data: readBase64(data, param) } }
}
