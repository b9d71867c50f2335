import type { Admin } from '../scenarios/people.ts';
import type { Source } from '../vitals/source.ts';

/** What is put under load, and all that can be known of it meanwhile. */
export interface System {
  url: string;
  /** Who may add what visitors find. */
  admin: Admin;
  sources: Source[];
  /** The name of the part that answers with this `X-Served-By`. */
  partOf(servedBy: string): string;
  stop(): Promise<void>;
}
