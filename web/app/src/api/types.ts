// The domain's names for the shapes the API speaks, taken from the generated paths so that they cannot drift.
import type { RefinedPaths } from './refine'
import type { components, paths as generated } from './schema'

export type paths = RefinedPaths<generated>
export type { OnboardingStep, Permission, Tone, Trade, Visibility } from './refine'

type Body<R> = R extends { content: { 'application/json': infer T } } ? T : never
type Responses<P extends keyof paths, M> = M extends keyof paths[P]
  ? paths[P][M] extends { responses: infer R }
    ? R
    : never
  : never
export type Answer<P extends keyof paths, M> = {
  [C in keyof Responses<P, M>]: C extends 200 | 201 | 202 ? Body<Responses<P, M>[C]> : never
}[keyof Responses<P, M>]
type Sent<P extends keyof paths, M> = M extends keyof paths[P]
  ? paths[P][M] extends { requestBody?: infer B }
    ? Body<NonNullable<B>>
    : never
  : never
type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never

export type Me = Answer<'/me', 'get'>
export type Tenant = Answer<'/tenant', 'get'>
export type TenantPatch = Sent<'/tenant', 'patch'>
export type User = Answer<'/users', 'get'>['items'][number]
export type Role = Answer<'/roles', 'get'>['items'][number]
export type Invitation = Answer<'/invitations', 'get'>['items'][number]
export type AuditEntry = Answer<'/audit-log', 'get'>['items'][number]
export type AuditQuery = Query<'/audit-log'>
export type ApiKey = Answer<'/api-keys', 'get'>['items'][number]
export type Device = Answer<'/me/sessions', 'get'>['items'][number]
export type Challenge = Answer<'/auth/passkeys/challenge', 'post'>

export type FilterNode = components['schemas']['FilterNode']

export type ContactRow = Answer<'/contacts', 'get'>['items'][number]
export type ContactQuery = Query<'/contacts'>
export type Contact = Answer<'/contacts/{id}', 'get'>
export type ContactIn = Sent<'/contacts', 'post'>
export type ContactPatch = Sent<'/contacts/{id}', 'patch'>
export type Address = Contact['addresses'][number]
export type TimelineItem = Answer<'/contacts/{id}/timeline', 'get'>['items'][number]
export type Change = TimelineItem['changes'][number]
export type Note = Answer<'/contacts/{id}/notes', 'get'>['items'][number]
export type Tag = Answer<'/tags', 'get'>['items'][number]
export type BulkIn = Sent<'/contacts/bulk', 'post'>
export type Job = Answer<'/jobs/{id}', 'get'>
export type Import = Answer<'/imports/{id}', 'get'>
export type ImportPatch = Sent<'/imports/{id}', 'patch'>
export type ImportRow = Answer<'/imports/{id}/rows', 'get'>['items'][number]
export type CustomField = Answer<'/custom-fields', 'get'>['items'][number]
export type View = Answer<'/views', 'get'>['items'][number]
export type ViewIn = Sent<'/views', 'post'>
export type FieldImpact = Answer<'/custom-fields/{id}/preview', 'post'>
export type Home = Answer<'/home', 'get'>

export type EntityRow = Answer<'/entities', 'get'>['items'][number]
export type EntityQuery = Query<'/entities'>
export type Entity = Answer<'/entities/{id}', 'get'>
export type EntityIn = Sent<'/entities', 'post'>
export type EntityKind = Entity['kind']
export type MileageReading = Answer<'/entities/{id}/readings', 'get'>['items'][number]
export type OwnKind = Answer<'/entity-kinds', 'get'>['own'][number]
export type Fact = OwnKind['facts'][number]
export type FoundCompany = Answer<'/company-lookup', 'get'>['items'][number]
export type Task = Answer<'/tasks', 'get'>['items'][number]
export type TaskQuery = Query<'/tasks'>
export type TaskIn = Sent<'/tasks', 'post'>
export type TaskAction = Sent<'/tasks/bulk', 'post'>['action']
export type TaskResultIn = Sent<'/tasks/{id}/complete', 'post'>
export type Notification = Answer<'/notifications', 'get'>['items'][number]
export type NotificationSettings = Answer<'/me/notification-settings', 'get'>
export type StoredFile = Answer<'/files/{id}', 'get'>
export type FileQuery = Query<'/files'>
export type ConsentState = Answer<'/contacts/{id}/consents', 'get'>['items'][number]
export type ConsentChannel = ConsentState['channel']
export type ConsentPurpose = ConsentState['purpose']
export type ConsentSource = Sent<'/contacts/{id}/consents', 'post'>['source']
export type Opposition = Answer<'/oppositions/check', 'post'>['items'][number]
export type SearchHit = Answer<'/search', 'get'>['items'][number]

export type CatalogItem = Answer<'/catalog-items/{id}', 'get'>
export type CatalogItemIn = Sent<'/catalog-items', 'post'>
export type InvoiceRow = Answer<'/invoices', 'get'>['items'][number]
export type InvoiceQuery = Query<'/invoices'>
export type Invoice = Answer<'/invoices/{id}', 'get'>
export type InvoiceIn = Sent<'/invoices', 'post'>
export type Payment = Answer<'/payments', 'get'>['items'][number]
export type BillingProfile = Answer<'/billing-profile', 'get'>
export type InvoiceOnline = Answer<'/invoices/{id}/online', 'get'>
export type PaymentAccount = Answer<'/payment-account', 'get'>
export type SealedChain = Answer<'/numbering-proof', 'get'>['chains'][number]
export type OrderRow = Answer<'/orders', 'get'>['items'][number]
export type OrderQuery = Query<'/orders'>
export type Order = Answer<'/orders/{id}', 'get'>
export type OrderIn = Sent<'/orders', 'post'>
export type OrderSettings = Answer<'/order-settings', 'get'>
export type Totals = Answer<'/invoice-totals', 'post'>
