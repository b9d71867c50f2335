/** What other features may know of a screening. */
export interface Screening {
  id: string;
  movieId: string;
  auditorium: string;
  /** ISO 8601. */
  startsAt: string;
  rows: number;
  seatsPerRow: number;
  priceCents: number;
}

/** The catalog as its neighbours see it: JSON-safe, asynchronous, failing only with AppError. */
export interface CatalogContract {
  /** @throws {AppError} 404 `not_found`. */
  findScreening(id: string): Promise<Screening>;
}
