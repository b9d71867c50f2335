import { z } from 'zod';
import { id, pageOf, text } from '../../../../src/http/schemas.ts';

export const thingInput = z.strictObject({ name: text(100) });
export const thing = z.strictObject({ id, name: z.string() }).meta({ id: 'Thing' });
export const thingPage = pageOf(thing).meta({ id: 'ThingPage' });
