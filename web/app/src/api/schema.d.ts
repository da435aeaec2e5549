// Shaped after docs/api-design.md; replaced by `npm run types` once docs/api/openapi.json is exported.
type Uuid = string
type Instant = string
type None = Record<string, never>

type Headers = { 'If-Match'?: string; 'Idempotency-Key'?: string }
type Op<R, B = never, P = None, Q = None, Code extends number = 200> = {
  parameters: { query?: Q; header?: Headers; cookie?: never } & ([P] extends [None] ? { path?: never } : { path: P })
  responses: { [K in Code]: { headers: None; content: { 'application/json': R } } }
} & ([B] extends [never] ? { requestBody?: never } : { requestBody: { content: { 'application/json': B } } })
type ById = { id: Uuid }
interface Items<T> { items: T[] }
interface PageOf<T> { items: T[]; next_cursor: string | null }

type Trade = 'garage' | 'hotel' | 'restaurant' | 'other'
type Tone = 'neutral' | 'good' | 'bad' | 'info'
type Permission =
  | 'contacts.read' | 'contacts.write' | 'contacts.delete' | 'contacts.export' | 'contacts.import' | 'company.manage'
  | 'team.read' | 'team.manage' | 'roles.manage' | 'audit.read' | 'api_keys.manage'
type Visibility = 'own' | 'team' | 'all'
type Step = 'company' | 'look' | 'team' | 'import'

interface Session {
  access_token: string; token_type: string; expires_in: number
  user: { id: Uuid; email: string; full_name: string }
  tenant: { id: Uuid; slug: string; name: string }
}
interface Me {
  user: { id: Uuid; email: string; full_name: string; locale: 'fr' | 'en'; email_verified: boolean; totp_enabled: boolean; passkey_count: number }
  tenant: {
    id: Uuid; slug: string; name: string; trade: Trade; accent_color: string | null; has_logo: boolean; time_zone: string
    onboarding_step: Step | null; onboarding_completed_at: Instant | null
  }
  role: { id: Uuid; key: string; name: string; permissions: Permission[]; visibility: Visibility }
  tenants: { id: Uuid; slug: string; name: string; role_name: string }[]
  features: { test_mailbox: boolean; demo: boolean }
}
interface Tenant {
  id: Uuid; slug: string; name: string; legal_name: string | null; legal_form: string | null; siren: string | null; siret: string | null
  vat_number: string | null; address_line1: string | null; address_line2: string | null; postal_code: string | null; city: string | null
  country: string | null; phone: string | null; email: string | null; website: string | null; trade: Trade; time_zone: string
  accent_color: string | null; has_logo: boolean; plan: string; onboarding_step: Step | null; onboarding_completed_at: Instant | null; version: number
}
type TenantPatch = Partial<Omit<Tenant, 'id' | 'slug' | 'has_logo' | 'plan' | 'onboarding_step' | 'onboarding_completed_at' | 'version'>>
interface User {
  id: Uuid; email: string; full_name: string; role: { id: Uuid; key: string; name: string }; team: string | null
  status: 'active' | 'deactivated'; last_seen_at: Instant | null; created_at: Instant
}
interface Role { id: Uuid; key: string; name: string; builtin: boolean; permissions: Permission[]; visibility: Visibility; member_count: number; version: number }
interface Invitation { id: Uuid; email: string; role: { id: Uuid; key: string; name: string }; invited_by: { id: Uuid; name: string } | null; created_at: Instant; expires_at: Instant }
interface Change { field: string; before: unknown; after: unknown }
interface AuditEntry {
  id: Uuid; at: Instant; actor: { kind: string; id: Uuid | null; name: string | null }; action: string; object_type: string | null; object_id: Uuid | null
  object_label: string | null; changes: Change[]; ip: string | null
}
interface ApiKey { id: Uuid; name: string; prefix: string; permissions: Permission[]; created_at: Instant; last_used_at: Instant | null }
interface Device { id: Uuid; current: boolean; created_at: Instant; last_seen_at: Instant; ip: string | null; user_agent: string | null; device: string | null }
interface Passkey { id: Uuid; name: string; created_at: Instant; last_used_at: Instant | null }
interface Challenge { challenge_id: string; public_key: Record<string, unknown> }

type Status = 'prospect' | 'client' | 'dormant'
interface TagRef { id: Uuid; name: string; tone: Tone }
type CustomerKind = 'B2C' | 'B2B_FR' | 'B2B_EU' | 'B2B_NON_EU' | 'B2G'
interface ContactRow {
  id: Uuid; kind: 'person' | 'company'; display_name: string; company_name: string | null; email: string | null; phone: string | null
  phone_display: string | null; city: string | null; status: Status; tags: TagRef[]; owner: { id: Uuid; name: string } | null
  created_at: Instant; last_activity_at: Instant | null; archived: boolean
}
interface Address { label: string | null; line1: string | null; line2: string | null; postal_code: string | null; city: string | null; country: string | null }
interface LinkedContact { id: Uuid; name: string; role: string | null }
interface ContactFacts {
  kind: 'person' | 'company'; civility: string | null; first_name: string | null; last_name: string | null; company_name: string | null
  job_title: string | null; addresses: Address[]; siren: string | null; siret: string | null; vat_number: string | null
  customer_kind: CustomerKind; language: string; birthday: string | null; website: string | null; source: string | null; description: string | null
}
interface Contact extends ContactFacts {
  id: Uuid; display_name: string; emails: { email: string; label: string | null }[]; phones: { phone: string; display: string; label: string | null }[]
  owner: { id: Uuid; name: string } | null; tags: TagRef[]; companies: LinkedContact[]; people: LinkedContact[]; status: Status
  archived_at: Instant | null; created_at: Instant; updated_at: Instant; last_activity_at: Instant | null; version: number
}
type ContactIn = Partial<ContactFacts> & {
  emails?: { email: string; label?: string | null }[]; phones?: { phone: string; label?: string | null }[]
  owner_id?: Uuid | null; tags?: string[]; companies?: { id: Uuid; role?: string | null }[]
}
interface TimelineItem {
  id: Uuid; at: Instant; actor: { kind: 'user' | 'system' | 'api_key' | 'import'; id: Uuid | null; name: string | null }; kind: string
  contact: { id: Uuid; name: string } | null; changes: Change[]; data: Record<string, unknown> | null
}
interface Note { id: Uuid; body: string; pinned: boolean; author: { id: Uuid; name: string } | null; created_at: Instant; updated_at: Instant; version: number }
interface Tag { id: Uuid; name: string; tone: Tone; contact_count: number }
interface ContactFilter {
  q?: string; tag?: string; owner?: string; kind?: 'person' | 'company'; status?: Status; city?: string; source?: string; created_from?: string
  created_to?: string; active_since?: string; inactive_since?: string; archived?: boolean
}
type ContactSort = 'name' | '-name' | 'created' | '-created' | 'activity' | '-activity' | 'city' | '-city'
type Selection = { ids: Uuid[] } | { filter: ContactFilter; except_ids: Uuid[] }
type BulkAction =
  | { type: 'add_tags' | 'remove_tags'; tags: string[] } | { type: 'set_owner'; owner_id: Uuid | null } | { type: 'archive' } | { type: 'restore' }
interface Job {
  id: Uuid; kind: string; status: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'undoing' | 'undone'; total: number | null; done: number
  created_at: Instant; finished_at: Instant | null; can_cancel: boolean; can_undo: boolean; has_file: boolean; error: string | null
}
interface Import {
  id: Uuid; status: 'uploaded' | 'analysing' | 'analysed' | 'running' | 'done' | 'cancelled' | 'failed' | 'undoing' | 'undone'
  filename: string; format: string; encoding: string | null; delimiter: string | null; source: string | null
  columns: { header: string; sample: string[]; field: string | null; remembered: boolean }[]; fields: { key: string; group: string }[]
  duplicates: 'skip' | 'fill' | 'create'; total: number | null; done: number
  report: { rows: number; created: number; matched: number; rejected: number; warnings: number; examples: { row: number; outcome: string; label: string; warnings: { field: string; value: string }[] }[] } | null
  created_at: Instant; finished_at: Instant | null; can_undo: boolean; undo_until: Instant | null; error: string | null
}
interface ImportRow { row: number; outcome: 'created' | 'matched' | 'rejected'; reason: string | null; warnings: { field: string; value: string }[]; label: string | null; contact_id: Uuid | null }
interface Home { todos: { kind: string; count: number; id?: Uuid | null }[]; activity: TimelineItem[]; contacts: { total: number; capped: boolean; added_7d: number } }

export interface paths {
  '/auth/signup': { post: Op<None, { email: string; password: string; full_name: string; company_name: string; trade?: Trade; time_zone?: string }, None, None, 202> }
  '/auth/verify-email': { post: Op<Session, { token?: string; email?: string; code?: string }> }
  '/auth/verify-email/resend': { post: Op<None, { email: string }, None, None, 202> }
  '/auth/login': { post: Op<Session, { email: string; password: string; tenant_id?: Uuid }> }
  '/auth/mfa': { post: Op<Session, { mfa_token: string; code: string }> }
  '/auth/refresh': { post: Op<Session> }
  '/auth/logout': { post: Op<never, never, None, None, 204> }
  '/auth/logout-everywhere': { post: Op<never, never, None, None, 204> }
  '/auth/password/forgot': { post: Op<None, { email: string }, None, None, 202> }
  '/auth/password/reset': { post: Op<never, { token: string; password: string }, None, None, 204> }
  '/auth/passkeys/challenge': { post: Op<Challenge> }
  '/auth/passkeys/login': { post: Op<Session, { challenge_id: string; credential: Record<string, unknown> }> }
  '/auth/switch-tenant': { post: Op<Session, { tenant_id: Uuid }> }
  '/auth/invitations/{token}': { get: Op<{ tenant_name: string; email: string; role_name: string; inviter_name: string | null; account_exists: boolean }, never, { token: string }> }
  '/auth/invitations/{token}/accept': { post: Op<Session, { full_name?: string; password: string }, { token: string }> }
  '/me': { get: Op<Me>; patch: Op<Me, { full_name?: string; locale?: 'fr' | 'en' }> }
  '/me/password': { post: Op<never, { current_password: string; new_password: string }, None, None, 204> }
  '/me/sessions': { get: Op<Items<Device>> }
  '/me/sessions/{id}': { delete: Op<never, never, ById, None, 204> }
  '/me/totp': { post: Op<{ secret: string; otpauth_url: string; qr_png: string }> }
  '/me/totp/confirm': { post: Op<{ recovery_codes: string[] }, { code: string }> }
  '/me/totp/disable': { post: Op<never, { password: string }, None, None, 204> }
  '/me/recovery-codes': { post: Op<{ recovery_codes: string[] }, { password: string }> }
  '/me/passkeys': { get: Op<Items<Passkey>>; post: Op<Passkey, { challenge_id: string; name: string; credential: Record<string, unknown> }, None, None, 201> }
  '/me/passkeys/challenge': { post: Op<Challenge> }
  '/me/passkeys/{id}': { delete: Op<never, never, ById, None, 204> }
  '/tenant': { get: Op<Tenant>; patch: Op<Tenant, TenantPatch> }
  '/tenant/logo': { delete: Op<never, never, None, None, 204> }
  '/siren/{siren}': { get: Op<{ siren: string; valid: boolean; vat_number: string | null }, never, { siren: string }> }
  '/tenant/onboarding': { patch: Op<Tenant, { step?: Step | null; completed?: boolean }> }
  '/users': { get: Op<Items<User>> }
  '/users/{id}': { patch: Op<User, { full_name?: string; role_id?: Uuid; team?: string | null }, ById> }
  '/users/{id}/deactivate': { post: Op<User, never, ById> }
  '/users/{id}/reactivate': { post: Op<User, never, ById> }
  '/tenant/transfer-ownership': { post: Op<never, { user_id: Uuid; password: string }, None, None, 204> }
  '/invitations': { get: Op<Items<Invitation>>; post: Op<Invitation, { email: string; role_id: Uuid }, None, None, 201> }
  '/invitations/{id}': { delete: Op<never, never, ById, None, 204> }
  '/invitations/{id}/resend': { post: Op<Invitation, never, ById> }
  '/roles': { get: Op<Items<Role>>; post: Op<Role, { name: string; permissions: Permission[]; visibility: Visibility }, None, None, 201> }
  '/roles/{id}': { patch: Op<Role, { name?: string; permissions?: Permission[]; visibility?: Visibility }, ById>; delete: Op<never, never, ById, None, 204> }
  '/audit-log': { get: Op<PageOf<AuditEntry>, never, None, { cursor?: string; limit?: number; action?: string; actor_id?: Uuid; from?: string; to?: string }> }
  '/api-keys': { get: Op<Items<ApiKey>>; post: Op<ApiKey & { secret: string }, { name: string; permissions: Permission[] }, None, None, 201> }
  '/api-keys/{id}': { delete: Op<never, never, ById, None, 204> }
  '/contacts': {
    get: Op<PageOf<ContactRow>, never, None, ContactFilter & { sort?: ContactSort; limit?: number; cursor?: string }>
    post: Op<Contact, ContactIn, None, None, 201>
  }
  '/contacts/count': { get: Op<{ count: number; capped: boolean }, never, None, ContactFilter> }
  '/contacts/{id}': { get: Op<Contact, never, ById>; patch: Op<Contact, ContactIn, ById>; delete: Op<never, never, ById, None, 204> }
  '/contacts/{id}/archive': { post: Op<Contact, never, ById> }
  '/contacts/{id}/restore': { post: Op<Contact, never, ById> }
  '/contacts/{id}/timeline': { get: Op<PageOf<TimelineItem>, never, ById, { cursor?: string; limit?: number }> }
  '/contacts/{id}/notes': { get: Op<Items<Note>, never, ById>; post: Op<Note, { body: string; pinned?: boolean }, ById, None, 201> }
  '/notes/{id}': { patch: Op<Note, { body?: string; pinned?: boolean }, ById>; delete: Op<never, never, ById, None, 204> }
  '/contacts/{id}/companies/{company_id}': {
    put: Op<Contact, { role?: string | null }, { id: Uuid; company_id: Uuid }>
    delete: Op<Contact, never, { id: Uuid; company_id: Uuid }>
  }
  '/contacts/lookalikes': { get: Op<Items<ContactRow>, never, None, { email?: string; phone?: string; siren?: string; exclude?: Uuid }> }
  '/tags': { get: Op<Items<Tag>>; post: Op<Tag, { name: string; tone: Tone }, None, None, 201> }
  '/tags/{id}': { patch: Op<Tag, { name?: string; tone?: Tone }, ById>; delete: Op<never, never, ById, None, 204> }
  '/contacts/bulk': { post: Op<Job, { selection: Selection; action: BulkAction }, None, None, 202> }
  '/jobs': { get: Op<Items<Job>> }
  '/jobs/{id}': { get: Op<Job, never, ById> }
  '/jobs/{id}/cancel': { post: Op<Job, never, ById> }
  '/jobs/{id}/undo': { post: Op<Job, never, ById> }
  '/imports': { get: Op<Items<Import>> }
  '/imports/{id}': { get: Op<Import, never, ById>; patch: Op<Import, { mapping?: (string | null)[]; duplicates?: 'skip' | 'fill' | 'create' }, ById> }
  '/imports/{id}/dry-run': { post: Op<Import, never, ById, None, 202> }
  '/imports/{id}/start': { post: Op<Import, never, ById, None, 202> }
  '/imports/{id}/cancel': { post: Op<Import, never, ById, None, 202> }
  '/imports/{id}/undo': { post: Op<Import, never, ById, None, 202> }
  '/imports/{id}/rows': { get: Op<PageOf<ImportRow>, never, ById, { outcome?: 'created' | 'matched' | 'rejected' | 'warning'; cursor?: string; limit?: number }> }
  '/home': { get: Op<Home> }
}
