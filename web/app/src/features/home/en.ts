import type { fr } from './fr'

const n = (value: number) => value.toLocaleString('en-GB')
const s = (value: number) => (value === 1 ? '' : 's')

export const en: typeof fr = {
  morning: name => `Hello ${name}`,
  evening: name => `Good evening ${name}`,
  todos: 'To do',
  todosNone: 'Everything is up to date.',
  kinds: {
    finish_onboarding: () => 'Finish introducing your company',
    onboarding: () => 'Finish introducing your company',
    import_ready: count => `${n(count)} import${s(count)} ready to start`,
    imports_ready: count => `${n(count)} import${s(count)} ready to start`,
    import_rejects: count => `${n(count)} row${s(count)} rejected by an import to correct`,
    import_rejected: count => `${n(count)} row${s(count)} rejected by an import to correct`,
    contacts_without_owner: count => `${n(count)} contact${s(count)} without an owner`,
    unassigned_contacts: count => `${n(count)} contact${s(count)} without an owner`,
    contacts_dormant: count => `${n(count)} customer${s(count)} not heard from for a long time`,
    dormant_clients: count => `${n(count)} customer${s(count)} not heard from for a long time`,
    contacts_unreachable: count => `${n(count)} contact${s(count)} with neither e-mail nor phone`,
    invitations_pending: count => `${n(count)} unanswered invitation${s(count)}`,
    pending_invitations: count => `${n(count)} unanswered invitation${s(count)}`,
    enable_mfa: () => 'Protect your account with a second step',
    enable_totp: () => 'Protect your account with a second step',
    no_contacts: () => 'Add your first contacts',
    first_contacts: () => 'Add your first contacts',
    invite_team: () => 'Invite your team',
    verify_email: () => 'Verify your e-mail address',
  },
  activity: 'Recent activity',
  activityNone: 'What your team does will appear here from the first contact on.',
  contacts: (total, capped) => `${capped ? 'More than ' : ''}${n(total)} contact${s(total)}`,
  added: count => (count ? `${n(count)} added in the last 7 days` : 'None added in the last 7 days'),
  newContact: 'New contact',
  importFile: 'Import a file',
}
