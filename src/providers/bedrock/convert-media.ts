import type { FilePart, ImagePart } from '../../core/openai.ts'
import type { Asset, AssetRequest, ChatCall } from '../../core/provider.ts'
import { type MediaSource, readFile, readImage, remoteUrls } from '../shared/media.ts'
import { unsupported } from '../shared/refusals.ts'
import type { ResultBlock } from './converse-types.ts'

const imageFormats: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'image/png': 'png',
    'image/jpeg': 'jpeg',
    'image/gif': 'gif',
    'image/webp': 'webp',
  }),
)

const documentFormats: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'application/pdf': 'pdf',
    'text/csv': 'csv',
    'application/msword': 'doc',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
    'application/vnd.ms-excel': 'xls',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
    'text/html': 'html',
    'text/plain': 'txt',
    'text/markdown': 'md',
    'application/json': 'txt',
    'text/xml': 'txt',
  }),
)

/** Converse's bounds: 3.75 MB an image, 4.5 MB a document. */
const maxImageBytes = 3.75 * 1024 * 1024
const maxDocumentBytes = 4.5 * 1024 * 1024

/** Every URL in the conversation: Converse takes bytes only. */
export function remoteMedia({ body }: ChatCall): AssetRequest[] {
  const { images, files } = remoteUrls(body.messages)
  const imageTypes = [...imageFormats.keys()]
  const fileTypes = [...documentFormats.keys(), ...imageTypes]
  return [
    ...images.map((url) => ({ url, mediaTypes: imageTypes, maxBytes: maxImageBytes })),
    ...files
      .filter((url) => !images.includes(url))
      .map((url) => ({ url, mediaTypes: fileTypes, maxBytes: maxDocumentBytes })),
  ]
}

/** Images and files of one conversation as blocks; documents get names of their own, as Converse demands. */
export interface MediaConverter {
  image(part: ImagePart, param: string): ResultBlock
  file(part: FilePart, param: string): ResultBlock
}

/** Throws 400 for what is neither in the request nor fetched, and for kinds that Converse does not take. */
export function createMediaConverter(assets: ReadonlyMap<string, Asset>): MediaConverter {
  const documentName = createDocumentNames()
  return {
    image: (part, param) => {
      const { mediaType, base64 } = requireBytes(readImage(part, { assets, param }), param)
      return imageBlock(mediaType, base64) ?? refuseType(mediaType, param)
    },
    file: (part, param) => {
      const file = readFile(part, { assets, param })
      const { mediaType, base64 } = requireBytes(file, param)
      const format = documentFormats.get(mediaType)
      if (format === undefined) return imageBlock(mediaType, base64) ?? refuseType(mediaType, param)
      return { document: { format, name: documentName(file.filename), source: { bytes: base64 } } }
    },
  }
}

function requireBytes(source: MediaSource, param: string): { mediaType: string; base64: string } {
  if (source.kind === 'inline') return source
  throw unsupported(param, 'Bedrock takes images and files as data, and this URL was not fetched.')
}

function imageBlock(mediaType: string, bytes: string): ResultBlock | null {
  const format = imageFormats.get(mediaType)
  return format === undefined ? null : { image: { format, source: { bytes } } }
}

function refuseType(mediaType: string, param: string): never {
  throw unsupported(param, `Bedrock does not take \`${mediaType}\`.`)
}

/**
 * Names of documents: letters, digits, single spaces, `-`, `()` and `[]` only (Bedrock API reference, DocumentBlock),
 * each once in a conversation, and the same whenever the conversation is sent again.
 */
function createDocumentNames(): (filename: string | null) => string {
  const taken = new Set<string>()
  return (filename) => {
    const base =
      (filename ?? '')
        .replace(/\.[A-Za-z0-9]{1,5}$/, '')
        .replace(/[^A-Za-z0-9()[\]-]+/g, ' ')
        .trim()
        .slice(0, 100)
        .trim() || 'Document'
    let name = base
    for (let count = 2; taken.has(name); count++) name = `${base} ${count}`
    taken.add(name)
    return name
  }
}
