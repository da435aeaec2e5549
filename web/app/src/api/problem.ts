// Every answer that is not 2xx becomes an ApiError here, and only here.
export interface FieldProblem {
  pointer: string
  code: string
  detail?: string
}

export interface Problem {
  type?: string
  title?: string
  status?: number
  detail?: string
  request_id?: string
  errors?: FieldProblem[]
  mfa_token?: string
  methods?: string[]
}

const PREFIX = 'urn:vision:problem:'

export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly requestId?: string
  readonly fields: FieldProblem[]
  readonly problem: Problem
  readonly retryAfter?: number

  constructor(status: number, problem: Problem, retryAfter?: number) {
    const code = codeOf(status, problem)
    super(problem.detail ?? problem.title ?? code)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.requestId = problem.request_id
    this.fields = problem.errors ?? []
    this.problem = problem
    this.retryAfter = retryAfter
  }

  /** Trying the same thing again can help: the network, an overloaded or restarting server. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

const BY_STATUS: Record<number, string> = {
  0: 'network',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  412: 'stale_version',
  413: 'too_large',
  415: 'unsupported_media_type',
  422: 'validation',
  429: 'rate_limited',
  503: 'unavailable',
}

/** A proxy's bare 502 or an HTML page carries no type: the status then speaks. */
function codeOf(status: number, problem: Problem): string {
  if (problem.type?.startsWith(PREFIX)) return problem.type.slice(PREFIX.length)
  return BY_STATUS[status] ?? (status === 502 || status === 504 ? 'unavailable' : 'internal')
}

export async function toApiError(response: Response): Promise<ApiError> {
  let problem: Problem = {}
  try {
    const body: unknown = await response.json()
    if (body && typeof body === 'object') problem = body as Problem
  } catch {
    // Not JSON: the status is all there is.
  }
  const retryAfter = Number(response.headers.get('Retry-After'))
  const requestId = problem.request_id ?? response.headers.get('X-Request-Id') ?? undefined
  return new ApiError(
    response.status,
    { ...problem, request_id: requestId },
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  )
}

export const networkError = () => new ApiError(0, {})
