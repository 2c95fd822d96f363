/** Google's generateContent request, as far as it is written here (providers' facts §8.2). */

export interface TextPart {
  text: string
}
export interface InlineDataPart {
  inlineData: { mimeType: string; data: string }
}
export interface FileDataPart {
  fileData: { mimeType?: string; fileUri: string }
}
export type MediaPart = InlineDataPart | FileDataPart
export interface FunctionCallPart {
  functionCall: { id?: string; name: string; args: Record<string, unknown> }
  thoughtSignature?: string
}
export interface FunctionResponsePart {
  functionResponse: {
    id?: string
    name: string
    response: Record<string, unknown>
    parts?: MediaPart[]
  }
}
export type Part = TextPart | MediaPart | FunctionCallPart | FunctionResponsePart

export interface Content {
  role: 'user' | 'model'
  parts: Part[]
}

export interface FunctionDeclaration {
  name: string
  description?: string
  parameters?: Record<string, unknown>
  parametersJsonSchema?: Record<string, unknown>
}

export interface FunctionCallingConfig {
  mode: 'AUTO' | 'ANY' | 'NONE'
  allowedFunctionNames?: string[]
}

export interface GenerationConfig {
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  candidateCount?: number
  stopSequences?: string[]
  seed?: number
  presencePenalty?: number
  frequencyPenalty?: number
  responseLogprobs?: true
  logprobs?: number
  responseMimeType?: 'application/json'
  responseSchema?: Record<string, unknown>
  responseJsonSchema?: Record<string, unknown>
  thinkingConfig?: ThinkingConfig
}

export interface ThinkingConfig {
  thinkingBudget?: number
  thinkingLevel?: string
  includeThoughts?: true
}

export interface GenerateContentBody {
  systemInstruction?: { parts: TextPart[] }
  contents: Content[]
  tools?: [{ functionDeclarations: FunctionDeclaration[] }]
  toolConfig?: { functionCallingConfig: FunctionCallingConfig }
  generationConfig?: GenerationConfig
  serviceTier?: string
}
