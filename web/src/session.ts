import type { Schemas } from '@multiplex/client';
import { createState } from './state.ts';

/** Who is logged in by the session cookie; null for nobody, undefined until it is known. */
export const session = createState<Schemas['BrowserSession'] | null | undefined>(undefined);
