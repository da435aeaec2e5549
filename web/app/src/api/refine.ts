// The document says "string" where the server only ever says one of a few words, and marks as optional what it always sends,
// null included. This reads the generated paths with those words put back; nothing else about a shape is written by hand.
export type Permission =
  | 'contacts.read'
  | 'contacts.write'
  | 'contacts.delete'
  | 'contacts.export'
  | 'contacts.import'
  | 'views.share'
  | 'company.manage'
  | 'team.read'
  | 'team.manage'
  | 'roles.manage'
  | 'audit.read'
  | 'api_keys.manage'
  | 'tasks.read'
  | 'tasks.write'
  | 'catalog.read'
  | 'catalog.write'
  | 'orders.read'
  | 'orders.write'
  | 'orders.send'
  | 'invoices.read'
  | 'invoices.write'
  | 'invoices.issue'
  | 'payments.write'
  | 'billing.manage'
  | 'accounting.export'
  | 'accounting.manage'
export type Visibility = 'own' | 'team' | 'all'
export type Trade = 'garage' | 'hotel' | 'restaurant' | 'other'
export type Tone = 'neutral' | 'good' | 'bad' | 'info'
export type OnboardingStep = 'company' | 'look' | 'team' | 'import'

interface ImportWarning {
  field: string
  value: string
  code: string
}
export interface ImportReport {
  rows: number
  created: number
  matched: number
  /** Absent from reports that were made before fillings were counted. */
  filled?: number
  rejected: number
  warnings: number
  examples: { row: number; outcome: string; label: string; reason: string | null; warnings: ImportWarning[] }[]
  undo?: { deleted: number; restored: number; kept: number }
}

/** Words that mean the same wherever the member appears. */
interface Everywhere {
  visibility: Visibility
  trade: Trade
  tone: Tone
  permissions: Permission[]
  locale: 'fr' | 'en'
  onboarding_step: OnboardingStep | null
  duplicates: 'skip' | 'fill' | 'create'
  report: ImportReport | null
  public_key: Record<string, unknown>
  data: Record<string, unknown> | null
}

type ContactWords = { kind: 'person' | 'company'; status: 'prospect' | 'client' | 'dormant' }
type ImportWords = {
  target: 'contacts' | 'entities' | 'tasks'
  status: 'uploaded' | 'analysing' | 'analysed' | 'running' | 'done' | 'cancelled' | 'failed' | 'undoing' | 'undone'
}
type JobWords = { status: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'undoing' | 'undone' }
type UserWords = { status: 'active' | 'deactivated' }
type RowWords = { warnings: ImportWarning[] }

/** `kind` and `status` depend on whose they are. */
type WordsOf<T> = T extends { display_name: string; status: string }
  ? ContactWords
  : T extends { filename: string; can_undo: boolean }
    ? ImportWords
    : T extends { has_file: boolean }
      ? JobWords
      : T extends { email: string; role: unknown; status: string }
        ? UserWords
        : T extends { outcome: string }
          ? RowWords
          : unknown

type Member<T, K extends keyof T> = K extends keyof WordsOf<T>
  ? WordsOf<T>[K]
  : K extends keyof Everywhere
    ? Everywhere[K]
    : Refined<T[K]>

/** A loose object ("any JSON") stays as it is. */
export type Refined<T> = unknown extends T
  ? T
  : T extends (infer Item)[]
    ? Refined<Item>[]
    : T extends object
      ? { [K in keyof T]-?: undefined extends T[K] ? Member<T, K> | Extract<T[K], null> : Member<T, K> }
      : T extends undefined
        ? never
        : T

type Content<C> = C extends { 'application/json': infer Body } ? { 'application/json': Refined<Body> } : C
type Response<R> = R extends { content: infer C } ? Omit<R, 'content'> & { content: Content<C> } : R
type Responses<R> = { [Code in keyof R]: Response<R[Code]> }
type Operation<O> = O extends { responses: infer R } ? Omit<O, 'responses'> & { responses: Responses<R> } : O

/** The generated paths without their common prefix, which is the client's base. */
export type RefinedPaths<P> = {
  [Path in keyof P as Path extends `/api/v1${infer Short}` ? Short : never]: {
    [Method in keyof P[Path]]: Operation<P[Path][Method]>
  }
}
