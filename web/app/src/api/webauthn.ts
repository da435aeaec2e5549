// WebAuthn speaks in ArrayBuffers, JSON in base64url. The browser's own converters do the work where they exist.
type Json = Record<string, unknown>

interface JsonConverters {
  parseCreationOptionsFromJSON?: (options: Json) => PublicKeyCredentialCreationOptions
  parseRequestOptionsFromJSON?: (options: Json) => PublicKeyCredentialRequestOptions
}

export const passkeysSupported = () => typeof PublicKeyCredential !== 'undefined'

/** Some servers wrap the options in `publicKey`, as the browser's API does. */
const bare = (options: Json): Json => (options.publicKey as Json | undefined) ?? options

function bytes(text: unknown): ArrayBuffer {
  const base64 = String(text).replace(/-/g, '+').replace(/_/g, '/')
  return Uint8Array.from(atob(base64), char => char.charCodeAt(0)).buffer
}

function base64url(buffer: ArrayBuffer | null): string | undefined {
  if (!buffer) return undefined
  const binary = Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte)).join('')
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const descriptors = (list: unknown) =>
  (list as Json[] | undefined)?.map(item => ({ ...item, id: bytes(item.id) }) as PublicKeyCredentialDescriptor)

export async function createPasskey(options: Json): Promise<Json> {
  const json = bare(options)
  const native = (PublicKeyCredential as unknown as JsonConverters).parseCreationOptionsFromJSON
  const publicKey =
    native?.call(PublicKeyCredential, json) ??
    ({
      ...json,
      challenge: bytes(json.challenge),
      user: { ...(json.user as Json), id: bytes((json.user as Json).id) },
      excludeCredentials: descriptors(json.excludeCredentials),
    } as unknown as PublicKeyCredentialCreationOptions)
  return asJson((await navigator.credentials.create({ publicKey })) as PublicKeyCredential)
}

export async function askPasskey(options: Json): Promise<Json> {
  const json = bare(options)
  const native = (PublicKeyCredential as unknown as JsonConverters).parseRequestOptionsFromJSON
  const publicKey =
    native?.call(PublicKeyCredential, json) ??
    ({
      ...json,
      challenge: bytes(json.challenge),
      allowCredentials: descriptors(json.allowCredentials),
    } as unknown as PublicKeyCredentialRequestOptions)
  return asJson((await navigator.credentials.get({ publicKey })) as PublicKeyCredential)
}

function asJson(credential: PublicKeyCredential): Json {
  const withJson = credential as PublicKeyCredential & { toJSON?: () => Json }
  if (withJson.toJSON) return withJson.toJSON()
  const response = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse
  return {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      clientDataJSON: base64url(response.clientDataJSON),
      attestationObject: base64url(response.attestationObject ?? null),
      authenticatorData: base64url(response.authenticatorData ?? null),
      signature: base64url(response.signature ?? null),
      userHandle: base64url(response.userHandle ?? null),
    },
  }
}

/** The person closed the browser's dialog: not an error to report. */
export const dismissed = (error: unknown) =>
  error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError')
