/** What other features may know of one. */
export interface Thing {
  id: string;
  name: string;
}

/** Things as their neighbours see them: JSON-safe, asynchronous, failing only with AppError. */
export interface ThingsContract {
  /** @throws {AppError} 404 `not_found`. */
  findThing(id: string): Promise<Thing>;
}
