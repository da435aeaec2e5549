import { pick } from '@/i18n'
import { fr } from './jobs.fr'

export const kinds = await pick(fr, async () => (await import('./jobs.en')).en)
